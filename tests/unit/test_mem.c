/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/mem.c, and what takes its place in the ROM and in the UEFI application, against the C
 * library. The program keeps the C library's functions for itself: ours are compiled here a second
 * time, under other names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define memcpy our_memcpy
#define memmove our_memmove
#define memset our_memset
#define memcmp our_memcmp
#include "core/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#ifdef __i386__
#define REGPARM __attribute__((regparm(3))) /* as the ROM is compiled */
REGPARM void *x86_memcpy(void *dst, const void *src, size_t len);
REGPARM void *x86_memmove(void *dst, const void *src, size_t len);
REGPARM void *x86_memset(void *dst, int byte, size_t len);
REGPARM int x86_memcmp(const void *a, const void *b, size_t len);
#elif defined(__x86_64__)
void *x86_memcpy(void *restrict dst, const void *restrict src, size_t len);
void *x86_memmove(void *dst, const void *src, size_t len);
void *x86_memset(void *dst, int byte, size_t len);
int x86_memcmp(const void *a, const void *b, size_t len);
#define MEM(name) x86_##name
#include "arch/x86/x86_64/mem.c"
#endif

#if defined(__i386__) || defined(__x86_64__)
#define VERSIONS 2 /* C, and this processor's */
#else
#define VERSIONS 1
#endif

static void *copy(int which, void *dst, const void *src, size_t len)
{
#if VERSIONS == 2
	if (which)
		return x86_memcpy(dst, src, len);
#endif
	(void)which;
	return our_memcpy(dst, src, len);
}

static void *move(int which, void *dst, const void *src, size_t len)
{
#if VERSIONS == 2
	if (which)
		return x86_memmove(dst, src, len);
#endif
	(void)which;
	return our_memmove(dst, src, len);
}

static void *set(int which, void *dst, int byte, size_t len)
{
#if VERSIONS == 2
	if (which)
		return x86_memset(dst, byte, len);
#endif
	(void)which;
	return our_memset(dst, byte, len);
}

static int compare(int which, const void *a, const void *b, size_t len)
{
#if VERSIONS == 2
	if (which)
		return x86_memcmp(a, b, len);
#endif
	(void)which;
	return our_memcmp(a, b, len);
}

#define SIZE 96
#define LEN_MAX 40

static void fill(uint8_t *p)
{
	for (int i = 0; i < SIZE; i++)
		p[i] = (uint8_t)(i * 37 + 11);
}

static void copies_any_length_between_any_alignments(void **state)
{
	uint8_t src[SIZE], ours[SIZE], theirs[SIZE];

	(void)state;
	fill(src);
	for (int which = 0; which < VERSIONS; which++)
		for (size_t from = 0; from < 8; from++)
			for (size_t to = 0; to < 8; to++)
				for (size_t len = 0; len <= LEN_MAX; len++) {
					memset(ours, 0, SIZE);
					memset(theirs, 0, SIZE);
					assert_ptr_equal(copy(which, ours + to, src + from, len),
							 ours + to);
					memcpy(theirs + to, src + from, len);
					assert_memory_equal(ours, theirs, SIZE);
				}
}

static void moves_overlapping_bytes_both_ways(void **state)
{
	uint8_t ours[SIZE], theirs[SIZE];

	(void)state;
	for (int which = 0; which < VERSIONS; which++)
		for (size_t from = 0; from < 24; from++)
			for (size_t to = 0; to < 24; to++)
				for (size_t len = 0; len <= LEN_MAX; len++) {
					fill(ours);
					fill(theirs);
					assert_ptr_equal(move(which, ours + to, ours + from, len),
							 ours + to);
					memmove(theirs + to, theirs + from, len);
					assert_memory_equal(ours, theirs, SIZE);
				}
}

static void sets_any_length(void **state)
{
	uint8_t ours[SIZE], theirs[SIZE];

	(void)state;
	for (int which = 0; which < VERSIONS; which++)
		for (size_t to = 0; to < 8; to++)
			for (size_t len = 0; len <= LEN_MAX; len++) {
				fill(ours);
				fill(theirs);
				assert_ptr_equal(set(which, ours + to, 0x1a5, len), ours + to);
				memset(theirs + to, 0x1a5, len);
				assert_memory_equal(ours, theirs, SIZE);
			}
}

static void compares_as_unsigned_bytes(void **state)
{
	(void)state;
	for (int which = 0; which < VERSIONS; which++) {
		assert_int_equal(compare(which, "abc", "abd", 2), 0);
		assert_true(compare(which, "abc", "abd", 3) < 0);
		assert_true(compare(which, "\x80", "\x7f", 1) > 0);
		assert_int_equal(compare(which, "a", "b", 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_any_length_between_any_alignments),
		cmocka_unit_test(moves_overlapping_bytes_both_ways),
		cmocka_unit_test(sets_any_length),
		cmocka_unit_test(compares_as_unsigned_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
