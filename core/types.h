/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types and attributes that every file may use. Freestanding: only headers that the compiler
 * itself brings.
 */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
/* Where a call costs more than what it calls, also when the compiler counts bytes. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A function on the way of a received byte, from the used ring to the store. They stand side by
 * side in one section: a path that straddles a page halves the rate under an emulator, and costs an
 * instruction-cache line on a processor.
 */
#define HOT_PATH __attribute__((section(".text.hot_path")))

/* Bytes that somebody else owns, and how many. */
struct span {
	const uint8_t *at;
	uint32_t len;
};

#endif
