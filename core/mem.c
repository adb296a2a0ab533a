/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that GCC may call by itself, a word at a time. Weak: a processor's folder in
 * arch/ may have better ones, and a hosted program uses its C library's. Build with
 * -fno-tree-loop-distribute-patterns, or GCC turns these loops into calls to themselves.
 */
#include "core/mem.h"

#define WEAK __attribute__((weak))

/* A word at any address, which may be part of any object. */
struct word {
	uintptr_t value;
} __attribute__((packed, may_alias));

#define WORD_LEN sizeof(struct word)

static void copy_up(uint8_t *dst, const uint8_t *src, size_t len)
{
	for (; len >= WORD_LEN; len -= WORD_LEN, dst += WORD_LEN, src += WORD_LEN)
		((struct word *)dst)->value = ((const struct word *)src)->value;
	while (len-- > 0)
		*dst++ = *src++;
}

static void copy_down(uint8_t *dst, const uint8_t *src, size_t len)
{
	for (; len >= WORD_LEN; len -= WORD_LEN)
		((struct word *)(dst + len - WORD_LEN))->value =
			((const struct word *)(src + len - WORD_LEN))->value;
	while (len-- > 0)
		dst[len] = src[len];
}

WEAK void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	copy_up(dst, src, len);
	return dst;
}

WEAK void *memmove(void *dst, const void *src, size_t len)
{
	if ((uintptr_t)dst - (uintptr_t)src >= len) /* dst below src, or behind its end */
		copy_up(dst, src, len);
	else
		copy_down(dst, src, len);
	return dst;
}

WEAK void *memset(void *dst, int byte, size_t len)
{
	uintptr_t word = (uintptr_t)-1 / 255 * (uint8_t)byte;
	uint8_t *p = dst;

	for (; len >= WORD_LEN; len -= WORD_LEN, p += WORD_LEN)
		((struct word *)p)->value = word;
	while (len-- > 0)
		*p++ = (uint8_t)byte;
	return dst;
}

WEAK int memcmp(const void *a, const void *b, size_t len)
{
	const uint8_t *p = a, *q = b;

	for (; len > 0; len--, p++, q++)
		if (*p != *q)
			return *p < *q ? -1 : 1;
	return 0;
}
