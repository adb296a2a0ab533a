/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/mem.h for x86-64, in place of core/mem.c. The direction flag is clear before and after, as
 * the ABI has it. memcpy stores the payload that a device vouched for. Build with
 * -fno-tree-loop-distribute-patterns, or GCC turns loops into calls to themselves.
 */
#include "core/mem.h"

#ifndef MEM
#define MEM(name) name /* unit tests link this beside the C version */
#endif

/*
 * By blocks of 8 words, then what is left: TCG takes each round of a `rep` for a block of code of
 * its own.
 */
static ALWAYS_INLINE void move_words(void *dst, const void *src, size_t len)
{
	size_t blocks = len / 64, words = len / 8 % 8, bytes = len % 8;

	__asm__ volatile("jrcxz 2f\n"
			 "1: .rept 8\n\t"
			 "movsq\n\t"
			 ".endr\n\t"
			 "decq %%rcx\n\t"
			 "jnz 1b\n"
			 "2: movq %3, %%rcx\n\t"
			 "rep movsq\n\t"
			 "movq %4, %%rcx\n\t"
			 "rep movsb"
			 : "+&D"(dst), "+&S"(src), "+&c"(blocks)
			 : "r"(words), "r"(bytes)
			 : "memory", "cc");
}

HOT_PATH void *MEM(memcpy)(void *restrict dst, const void *restrict src, size_t len)
{
	move_words(dst, src, len);
	return dst;
}

void *MEM(memmove)(void *dst, const void *src, size_t len)
{
	const uint8_t *from = src;
	uint8_t *to = dst;

	if ((uintptr_t)dst - (uintptr_t)src >= len) /* dst below src, or behind its end */
		move_words(dst, src, len);
	else
		while (len-- > 0)
			to[len] = from[len];
	return dst;
}

void *MEM(memset)(void *dst, int byte, size_t len)
{
	size_t words = len / 8, bytes = len % 8;
	void *to = dst;

	__asm__ volatile("rep stosq\n\t"
			 "movq %2, %1\n\t"
			 "rep stosb"
			 : "+&D"(to), "+&c"(words)
			 : "r"(bytes), "a"(UINT64_MAX / 255 * (uint8_t)byte)
			 : "memory");
	return dst;
}

int MEM(memcmp)(const void *a, const void *b, size_t len)
{
	const uint8_t *p = a, *q = b;

	for (; len > 0; len--, p++, q++)
		if (*p != *q)
			return *p < *q ? -1 : 1;
	return 0;
}
