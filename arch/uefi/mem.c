/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/mem.h for x86-64, in place of core/mem.c. The direction flag is clear before and after, as
 * the ABI has it. memcpy stores the payload that a device vouched for. Build with
 * -fno-tree-loop-distribute-patterns, or GCC turns loops into calls to themselves.
 */
#include "core/mem.h"

#ifndef MEM
#define MEM(name) name          /* unit tests link this beside the C version */
#endif

static ALWAYS_INLINE void move_words(void *dst, const void *src, size_t len)
{
	size_t words = len / 8, bytes = len % 8;

	__asm__ volatile("rep movsq\n\t"
			 "movq %3, %2\n\t"
			 "rep movsb"
			 : "+&D"(dst), "+&S"(src), "+&c"(words)
			 : "r"(bytes)
			 : "memory");
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

	if ((uintptr_t)dst - (uintptr_t)src >= len)     /* dst below src, or behind its end */
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
