/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's UUID: good tables, and tables whose lengths lead astray. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/smbios.h"
#include "core/wire.h"

#define AREA_LEN 0x200

static const uint8_t some_uuid[16] = { 0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12,
				       0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc };
static const uint8_t zeros[16];

static void seal(uint8_t *p, unsigned len, unsigned at)
{
	p[at] = 0;
	for (unsigned i = 0; i < len; i++)
		if (i != at)
			p[at] = (uint8_t)(p[at] - p[i]);
}

static void put_32_bit_entry(uint8_t *p)
{
	memcpy(p, "_SM_", 4);
	p[5] = 0x1f;
	memcpy(p + 0x10, "_DMI_", 5);
	put_le16(p + 0x16, 0x123);
	put_le32(p + 0x18, 0xf5a00);
	seal(p + 0x10, 15, 5);
}

static void put_64_bit_entry(uint8_t *p)
{
	memcpy(p, "_SM3_", 5);
	p[6] = 0x18;
	put_le32(p + 0x0c, 0x456);
	put_le64(p + 0x10, 0x7fff0000);
	seal(p, 0x18, 5);
}

/* In memory that ends where it ends, for the address sanitizer. */
static uint8_t *area(size_t len)
{
	return calloc(1, len);
}

static void finds_the_32_bit_entry_point(void **state)
{
	uint8_t *p = area(AREA_LEN);
	struct smbios_table table;

	(void)state;
	put_32_bit_entry(p + 0x140);
	assert_true(smbios_find((struct span){ p, AREA_LEN }, &table));
	assert_int_equal(table.address, 0xf5a00);
	assert_int_equal(table.len, 0x123);
	free(p);
}

static void finds_the_64_bit_entry_point(void **state)
{
	uint8_t *p = area(AREA_LEN);
	struct smbios_table table;

	(void)state;
	put_64_bit_entry(p + 0x30);
	assert_true(smbios_find((struct span){ p, AREA_LEN }, &table));
	assert_int_equal(table.address, 0x7fff0000);
	assert_int_equal(table.len, 0x456);
	free(p);
}

static void an_entry_point_with_a_wrong_sum_is_none(void **state)
{
	uint8_t *p = area(AREA_LEN);
	struct smbios_table table;

	(void)state;
	put_32_bit_entry(p);
	p[0x18] ^= 1;
	put_64_bit_entry(p + 0x40);
	p[0x50] ^= 1;
	assert_false(smbios_find((struct span){ p, AREA_LEN }, &table));
	free(p);
}

static void an_entry_point_that_the_area_cuts_off_is_none(void **state)
{
	struct smbios_table table;

	(void)state;
	for (uint32_t len = 1; len < 0x1f; len++) {
		uint8_t whole[0x20] = { 0 }, *p = area(len);
		put_32_bit_entry(whole);
		memcpy(p, whole, len);
		assert_false(smbios_find((struct span){ p, len }, &table));
		free(p);
	}
	uint8_t *p = area(0x20);
	put_64_bit_entry(p);
	p[6] = 0x21; /* its own length: beyond the area */
	seal(p, 0x20, 5);
	assert_false(smbios_find((struct span){ p, 0x20 }, &table));
	free(p);
}

/* A type 0 structure with two strings, then type 1 with the UUID and one string. */
static uint32_t put_table(uint8_t *p, const uint8_t uuid[16])
{
	uint32_t off = 0;

	p[off] = 0;
	p[off + 1] = 0x18;
	memcpy(p + off + 0x18, "maker\0two\0", 11);
	off += 0x18 + 11;
	p[off] = 1;
	p[off + 1] = 0x1b;
	memcpy(p + off + 8, uuid, 16);
	memcpy(p + off + 0x1b, "x\0", 3);
	return off + 0x1b + 3;
}

static void assert_uuid(const uint8_t *table, uint32_t len, const uint8_t want[16])
{
	uint8_t *p = area(len ? len : 1), got[16];

	memcpy(p, table, len);
	memset(got, 0xaa, sizeof(got));
	assert_int_equal(smbios_uuid((struct span){ p, len }, got), memcmp(want, zeros, 16) != 0);
	assert_memory_equal(got, want, 16);
	free(p);
}

/* [DHCP-11] "in its stored order" */
static void reads_the_uuid_as_it_is_stored(void **state)
{
	uint8_t table[AREA_LEN] = { 0 };
	uint32_t len = put_table(table, some_uuid);

	(void)state;
	assert_uuid(table, len, some_uuid);
}

static void all_zeros_and_all_ones_are_no_uuid(void **state)
{
	uint8_t table[AREA_LEN] = { 0 }, ones[16];
	uint32_t len;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	len = put_table(table, ones);
	assert_uuid(table, len, zeros);
	len = put_table(table, zeros);
	assert_uuid(table, len, zeros);
}

static void a_table_cut_anywhere_has_none_and_reads_nothing_behind(void **state)
{
	uint8_t table[AREA_LEN] = { 0 };
	uint32_t len = put_table(table, some_uuid);

	(void)state;
	for (uint32_t cut = 0; cut < len; cut++)
		assert_uuid(table, cut, zeros);
}

/* The walk would find something that looks like a system structure in the middle of it. */
static void a_structure_shorter_than_its_header_ends_the_walk(void **state)
{
	uint8_t table[AREA_LEN] = { 0, 0, 1, 0x1b };

	(void)state;
	memcpy(table + 2 + 8, some_uuid, 16);
	assert_uuid(table, 2 + 0x1b + 2, zeros);
}

static void a_system_structure_too_short_for_a_uuid_has_none(void **state)
{
	uint8_t table[AREA_LEN] = { 1, 0x17 };

	(void)state;
	memcpy(table + 8, some_uuid, 15);
	assert_uuid(table, 0x17 + 2, zeros);
}

static void the_end_structure_ends_the_walk(void **state)
{
	uint8_t table[AREA_LEN] = { 0 };
	uint32_t len = put_table(table, some_uuid);

	(void)state;
	table[0] = 127;
	assert_uuid(table, len, zeros);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_32_bit_entry_point),
		cmocka_unit_test(finds_the_64_bit_entry_point),
		cmocka_unit_test(an_entry_point_with_a_wrong_sum_is_none),
		cmocka_unit_test(an_entry_point_that_the_area_cuts_off_is_none),
		cmocka_unit_test(reads_the_uuid_as_it_is_stored),
		cmocka_unit_test(all_zeros_and_all_ones_are_no_uuid),
		cmocka_unit_test(a_table_cut_anywhere_has_none_and_reads_nothing_behind),
		cmocka_unit_test(a_structure_shorter_than_its_header_ends_the_walk),
		cmocka_unit_test(a_system_structure_too_short_for_a_uuid_has_none),
		cmocka_unit_test(the_end_structure_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
