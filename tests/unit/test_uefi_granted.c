/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/uefi/granted.c: pages for files of any length, any firmware's memory map, initrds in a row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/uefi/granted.h"
#include "core/wire.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define EACH 48 /* more than a descriptor has, as OVMF does it */

static void put_range(uint8_t *map, unsigned i, uint32_t type, uint64_t pages)
{
	put_le32(map + i * EACH, type);
	put_le64(map + i * EACH + 24, pages);
}

static void a_file_gets_the_pages_that_it_needs(void **state)
{
	(void)state;
	assert_int_equal(granted_want(0, 100), 1);
	assert_int_equal(granted_want(1, 100), 1);
	assert_int_equal(granted_want(4096, 100), 1);
	assert_int_equal(granted_want(4097, 100), 2);
	assert_int_equal(granted_want(IMAGE_LEN_UNKNOWN, 100), 50);
	assert_int_equal(granted_want(IMAGE_LEN_UNKNOWN, 1), 1);
}

/* A Content-Length is anything below 2^64 - 1. [HTTP-20] */
static void no_announced_length_wraps(void **state)
{
	static const uint64_t lens[] = {
		UINT64_MAX - 1,
		UINT64_MAX - 4095,
		UINT64_MAX - 4096,
		1ull << 63,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		assert_true(granted_want(lens[i], 1u << 20) > 1u << 20);
		assert_true(granted_bytes(granted_pages(lens[i])) >= lens[i]);
	}
}

static void the_sentence_has_the_file_s_length_and_the_memory_s(void **state)
{
	struct failure f = { 0 };

	(void)state;
	assert_int_equal(granted_refuse(UINT64_MAX - 1, 16, &f), ERR_NO_SPACE);
	assert_string_equal(f.text, "the file needs 18446744073709551614 bytes of memory, but the "
				    "firmware's largest free range has 65536");
	memset(&f, 0, sizeof(f));
	assert_int_equal(granted_refuse(IMAGE_LEN_UNKNOWN, 0, &f), ERR_NO_SPACE);
	assert_string_equal(f.text, "the file needs 4096 bytes of memory, but the firmware's "
				    "largest free range has 0");
	memset(&f, 0, sizeof(f));
	assert_int_equal(granted_refuse(5, 1ull << 52, &f), ERR_NO_SPACE);
	assert_non_null(strstr(f.text, "range has 18446744073709551615"));
}

static void the_largest_conventional_range_counts(void **state)
{
	uint8_t *map = calloc(4, EACH);

	(void)state;
	assert_non_null(map);
	put_range(map, 0, 7, 10);
	put_range(map, 1, 7, 30);
	put_range(map, 2, 4, 1000);
	put_range(map, 3, 7, 20);
	assert_int_equal(granted_largest((struct span){ map, 4 * EACH }, EACH), 30);
	assert_int_equal(granted_largest((struct span){ map, 2 * EACH - 1 }, EACH), 10);
	free(map);
}

static void a_map_without_sense_has_no_memory(void **state)
{
	static const uint64_t each[] = { 0, 1, 39, 4 * EACH + 1, UINT32_MAX, UINT64_MAX };
	uint8_t *map = calloc(4, EACH);

	(void)state;
	assert_non_null(map);
	put_range(map, 0, 7, 10);
	for (unsigned i = 0; i < ARRAY_LEN(each); i++)
		assert_int_equal(granted_largest((struct span){ map, 4 * EACH }, each[i]), 0);
	assert_int_equal(granted_largest((struct span){ map, 0 }, EACH), 0);
	free(map);
}

/* [LNX-12] */
static void initrds_lie_at_multiples_of_four_with_zeros_between(void **state)
{
	uint8_t first[] = "abcde", last[] = "xyz", *all;
	struct granted g = {
		.count = 4,
		.file = {
			{ CARGO_KERNEL, first, 1, 5 },
			{ CARGO_INITRD, first, 1, 5 },
			{ CARGO_INITRD, NULL, 1, 0 },
			{ CARGO_INITRD, last, 1, 3 },
		},
	};

	(void)state;
	assert_int_equal(granted_initrd_len(&g), 11);
	all = malloc(11);
	assert_non_null(all);
	memset(all, 0xa5, 11);
	g.file[2].at = last;
	granted_initrd_copy(&g, all);
	assert_memory_equal(all, "abcde\0\0\0xyz", 11);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_the_pages_that_it_needs),
		cmocka_unit_test(no_announced_length_wraps),
		cmocka_unit_test(the_sentence_has_the_file_s_length_and_the_memory_s),
		cmocka_unit_test(the_largest_conventional_range_counts),
		cmocka_unit_test(a_map_without_sense_has_no_memory),
		cmocka_unit_test(initrds_lie_at_multiples_of_four_with_zeros_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
