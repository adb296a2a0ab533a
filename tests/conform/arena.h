/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that the device sees, full of a pattern that nobody can guess or produce by accident. What
 * the device has not written still holds it: behind a buffer, inside one that was said to be
 * filled, and everywhere after a reset.
 */
#ifndef TESTS_CONFORM_ARENA_H
#define TESTS_CONFORM_ARENA_H

#include "core/types.h"

#define ARENA_PAGE 4096
#define ARENA_GUARD 64 /* bytes of pattern behind every piece that is handed out */

struct arena {
	uint8_t *va;
	uint64_t dev;       /* the device's address of the same */
	uint32_t len, used; /* handed out since arena_begin(), guards included */
	uint32_t dirty;     /* the furthest that was handed out since the pattern was there */
	uint64_t key;       /* chooses the pattern */
};

/*
 * len bytes at va, page-aligned both; a multiple of 8. All of it gets the pattern at its first
 * arena_begin().
 */
void arena_init(struct arena *a, uint8_t *va, uint64_t dev, uint32_t len, uint64_t key);

/* Everything handed out is taken back, and holds the pattern again. */
void arena_begin(struct arena *a);

/*
 * Hands out len bytes at a multiple of align (8 … ARENA_PAGE), with a guard behind them; NULL if
 * there are no more. They hold the pattern.
 */
uint8_t *arena_take(struct arena *a, uint32_t len, uint32_t align);

static inline uint64_t arena_dev(const struct arena *a, const uint8_t *at)
{
	return a->dev + (uint64_t)(at - a->va);
}

/* Writes the pattern into len bytes at `at`, and those around them in the same 8-byte words. */
void arena_fill(struct arena *a, uint8_t *at, uint32_t len);

/*
 * Whether all whole words of the len bytes at `at`, and the bytes around them, are the pattern;
 * *wrong is the first that is not.
 */
bool arena_untouched(const struct arena *a, const uint8_t *at, uint32_t len, const uint8_t **wrong);

/*
 * The first whole word among len bytes at `at` that is still the pattern, or NULL: all of them were
 * written.
 */
const uint8_t *arena_unwritten(const struct arena *a, const uint8_t *at, uint32_t len);

/* The byte that the pattern has at `at`. */
uint8_t arena_byte(const struct arena *a, const uint8_t *at);

#endif
