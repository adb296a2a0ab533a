/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pattern: a word of 64 bits for each 8 bytes, made from its place and a key. The device may
 * write here at any time.
 */
#include "tests/conform/arena.h"

#include "core/assert.h"
#include "core/mem.h"

#define WORD 8

/* Odd multipliers: each place has a word of its own. */
static inline uint64_t word_at(const struct arena *a, uint32_t off)
{
	uint64_t v = (off / WORD + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ a->key;

	return v * UINT64_C(0xd1342543de82ef95) | UINT64_C(0x8000000000000001);
}

static inline volatile uint64_t *word(const struct arena *a, uint32_t off)
{
	return (volatile uint64_t *)(void *)(a->va + off);
}

static uint32_t offset(const struct arena *a, const uint8_t *at)
{
	assert(at >= a->va && at <= a->va + a->len);
	return (uint32_t)(at - a->va);
}

void arena_init(struct arena *a, uint8_t *va, uint64_t dev, uint32_t len, uint64_t key)
{
	*a = (struct arena){ .va = va, .dev = dev, .len = len, .dirty = len, .key = key };
}

void arena_begin(struct arena *a)
{
	arena_fill(a, a->va, a->dirty);
	a->used = a->dirty = 0;
}

uint8_t *arena_take(struct arena *a, uint32_t len, uint32_t align)
{
	uint32_t off = (a->used + align - 1) & ~(align - 1);
	uint32_t end = (off + len + ARENA_GUARD + WORD - 1) & ~(uint32_t)(WORD - 1);

	assert(align >= WORD && align <= ARENA_PAGE && len < a->len);
	if (end > a->len)
		return NULL;
	a->used = end;
	if (a->dirty < end)
		a->dirty = end;
	return a->va + off;
}

void arena_fill(struct arena *a, uint8_t *at, uint32_t len)
{
	uint32_t off = offset(a, at) & ~(uint32_t)(WORD - 1), end = offset(a, at + len);

	for (; off < end; off += WORD)
		*word(a, off) = word_at(a, off);
}

uint8_t arena_byte(const struct arena *a, const uint8_t *at)
{
	uint64_t v = word_at(a, offset(a, at) & ~(uint32_t)(WORD - 1));
	uint8_t bytes[WORD];

	memcpy(bytes, &v, WORD);
	return bytes[offset(a, at) % WORD];
}

bool arena_untouched(const struct arena *a, const uint8_t *at, uint32_t len, const uint8_t **wrong)
{
	uint32_t off = offset(a, at), end = off + len;

	for (; off < end; off++) {
		/* Whole words at once, where there are any. */
		while (off % WORD == 0 && end - off >= WORD && *word(a, off) == word_at(a, off))
			off += WORD;
		if (off == end)
			break;
		if (*(volatile uint8_t *)(a->va + off) != arena_byte(a, a->va + off)) {
			*wrong = a->va + off;
			return false;
		}
	}
	return true;
}

const uint8_t *arena_unwritten(const struct arena *a, const uint8_t *at, uint32_t len)
{
	uint32_t off = (offset(a, at) + WORD - 1) & ~(uint32_t)(WORD - 1),
		 end = offset(a, at) + len;

	for (; off + WORD <= end; off += WORD)
		if (*word(a, off) == word_at(a, off))
			return a->va + off;
	return NULL;
}
