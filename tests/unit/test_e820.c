/* SPDX-License-Identifier: BSD-2-Clause */
/* arch/x86/e820.c: memory that is taken out of a map, whatever the map looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/e820.h"

#include <cmocka.h>

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define SPAN 64 /* of the exhaustive maps, in bytes */

static struct e820 map;

static void add(uint64_t start, uint64_t len, uint32_t type)
{
	map.range[map.count++] = (struct e820_range){ start, len, type };
}

static void assert_range(uint32_t i, uint64_t start, uint64_t end, uint32_t type)
{
	assert_in_range(i, 0, map.count - 1);
	assert_int_equal(map.range[i].start, start);
	assert_int_equal(map.range[i].start + map.range[i].len, end);
	assert_int_equal(map.range[i].type, type);
}

static void a_piece_of_ram_is_cut_in_three(void **state)
{
	(void)state;
	map.count = 0;
	add(0, 639 * KIB, E820_RAM);
	add(MIB, 127 * MIB, E820_RAM);
	add(128 * MIB, MIB, E820_RESERVED);
	assert_true(e820_reserve(&map, 100 * MIB, 102 * MIB));
	assert_int_equal(map.count, 5);
	assert_range(1, MIB, 100 * MIB, E820_RAM);
	assert_range(2, 100 * MIB, 102 * MIB, E820_RESERVED);
	assert_range(3, 102 * MIB, 128 * MIB, E820_RAM);
	assert_range(4, 128 * MIB, 129 * MIB, E820_RESERVED);
	assert_true(e820_reserve(&map, 627 * KIB, 639 * KIB));
	assert_range(0, 0, 627 * KIB, E820_RAM);
	assert_range(1, 627 * KIB, 639 * KIB, E820_RESERVED);
	assert_int_equal(map.count, 6);
}

static bool is_ram(uint64_t at)
{
	for (uint32_t i = 0; i < map.count; i++)
		if (map.range[i].type == E820_RAM && map.range[i].start <= at &&
		    at - map.range[i].start < map.range[i].len)
			return true;
	return false;
}

/* Entries in any order, overlapping, empty: nothing of what was taken is RAM, all else is as
 * before. */
static void whatever_the_map_only_that_is_taken(void **state)
{
	bool before[SPAN];

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		uint64_t start = (uint64_t)rand() % SPAN, end = start + (uint64_t)rand() % 20;

		map.count = 0;
		for (int n = rand() % 6; n; n--)
			add((uint64_t)rand() % SPAN, (uint64_t)rand() % 30,
			    rand() % 3 ? E820_RAM : E820_RESERVED);
		for (unsigned at = 0; at < SPAN; at++)
			before[at] = is_ram(at);
		assert_true(e820_reserve(&map, start, end));
		for (unsigned at = 0; at < SPAN; at++)
			assert_int_equal(is_ram(at), before[at] && !(at >= start && at < end));
		for (unsigned at = 0; at < SPAN; at++) {
			uint64_t ram_end = e820_ram_end(&map, at);

			assert_true(ram_end >= at && !is_ram(ram_end));
			for (uint64_t i = at; i < ram_end; i++)
				assert_true(is_ram(i));
		}
	}
}

static void a_map_that_is_full_is_said_to_be(void **state)
{
	(void)state;
	map.count = 0;
	while (map.count < E820_MAX - 1)
		add(map.count * MIB, MIB, E820_RAM);
	assert_true(e820_reserve(&map, 0, KIB)); /* one more entry */
	assert_int_equal(map.count, E820_MAX);
	assert_true(e820_reserve(&map, 5 * MIB, 6 * MIB)); /* none */
	assert_int_equal(map.count, E820_MAX);
	assert_false(e820_reserve(&map, 7 * MIB, 7 * MIB + KIB));
}

static void lengths_that_wrap_end_at_the_top(void **state)
{
	(void)state;
	map.count = 0;
	add(MIB, UINT64_MAX, E820_RAM);
	assert_true(e820_ram_end(&map, MIB) == UINT64_MAX);
	assert_true(e820_reserve(&map, 2 * MIB, 3 * MIB));
	assert_true(e820_ram_end(&map, MIB) == 2 * MIB);
	assert_true(e820_ram_end(&map, 3 * MIB) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_piece_of_ram_is_cut_in_three),
		cmocka_unit_test(whatever_the_map_only_that_is_taken),
		cmocka_unit_test(a_map_that_is_full_is_said_to_be),
		cmocka_unit_test(lengths_that_wrap_end_at_the_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
