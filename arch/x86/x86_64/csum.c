/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/csum.h for x86-64, in place of core/csum.c: 64 bits a step. The bytes come from the
 * network and mean nothing here. Called for every received segment.
 *
 * As in arch/x86/i386/csum.S, movs moves a word and both pointers and leaves the flags alone, what
 * was stored is what is summed, and an `adc` stands behind at most two others, which is what QEMU's
 * TCG does well.
 */
#include "core/csum.h"

#include "core/mem.h"

#ifndef CSUM
#define CSUM(name) name /* unit tests link this beside the C version */
#endif

#define BLOCK_LEN 72 /* leaves little of segments of 1440, 1448 and 1460 bytes */

/* With the carry out of bit 63 coming back in at bit 0. */
static inline uint64_t add(uint64_t words, uint64_t word)
{
	words += word;
	return words + (words < word);
}

/* Words were summed as a little-endian machine reads them: RFC 1071 2 (B). */
static uint32_t finish(uint64_t words, uint32_t sum)
{
	words = (words >> 32) + (words & UINT32_MAX);
	words = (words >> 32) + (words & UINT32_MAX);
	uint16_t folded = csum_fold((uint32_t)words);
	folded = (uint16_t)(folded << 8 | folded >> 8);
	sum += folded;
	return sum + (sum < folded);
}

/* The last 0 to 7 bytes, with zeros behind them. */
static uint64_t tail(const uint8_t *p, size_t len)
{
	uint64_t word = 0;

	while (len-- > 0)
		word = word << 8 | p[len];
	return word;
}

HOT_PATH uint32_t CSUM(csum_add)(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;
	uint64_t words = 0;

	for (; len >= 8; p += 8, len -= 8)
		words = add(words, get_le64(p));
	return finish(add(words, tail(p, len)), sum);
}

HOT_PATH uint32_t CSUM(csum_copy)(void *dst, const void *src, size_t len, uint32_t sum)
{
	size_t blocks = len / BLOCK_LEN;
	uint64_t words = 0, word;
	uint8_t *to;

	if (blocks)
		__asm__ volatile("1: .rept 3\n\t"
				 "movsq\n\t"
				 "addq -8(%%rdi), %0\n\t"
				 "movsq\n\t"
				 "adcq -8(%%rdi), %0\n\t"
				 "movsq\n\t"
				 "adcq -8(%%rdi), %0\n\t"
				 "adcq $0, %0\n\t"
				 ".endr\n\t"
				 "decq %1\n\t"
				 "jnz 1b"
				 : "+&r"(words), "+&r"(blocks), "+&D"(dst), "+&S"(src)
				 :
				 : "memory", "cc");
	to = dst;
	const uint8_t *from = src;
	for (len %= BLOCK_LEN; len >= 8; to += 8, from += 8, len -= 8) {
		memcpy(&word, from, sizeof(word));
		memcpy(to, &word, sizeof(word));
		words = add(words, word);
	}
	word = tail(from, len);
	words = add(words, word);
	for (; len > 0; len--, word >>= 8)
		*to++ = (uint8_t)word;
	return finish(words, sum);
}
