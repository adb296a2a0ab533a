/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program in skiff.efi, once unpacked: what the loader believes of its headers, and what not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/uefi/unpack/plain.h"
#include "core/wire.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define LEN (4 * PLAIN_PAGE)
#define PE 0x80
#define OPTIONAL_LEN 0xf0
#define TABLE (PE + 24 + OPTIONAL_LEN)
#define CODE PLAIN_PAGE /* two pages of it, not filled to the end */
#define CODE_LEN (PLAIN_PAGE + 1)
#define RELOCS (3 * PLAIN_PAGE)
#define ADDRESS 0x123456789000

static uint8_t *image;
static struct plain p;

static void put_section(uint8_t *entry, uint32_t off, uint32_t len, uint32_t flags)
{
	put_le32(entry + 8, len);
	put_le32(entry + 12, off);
	put_le32(entry + 16, LEN);
	put_le32(entry + 20, off);
	put_le32(entry + 36, flags);
}

static int make_program(void **state)
{
	(void)state;
	image = calloc(1, LEN);
	assert_non_null(image);
	memcpy(image, "MZ", 2);
	put_le32(image + 0x3c, PE);
	memcpy(image + PE, "PE\0\0", 4);
	put_le16(image + PE + 4, 0x8664);
	put_le16(image + PE + 6, 2);
	put_le16(image + PE + 20, OPTIONAL_LEN);
	put_le16(image + PE + 24, 0x20b);
	put_le32(image + PE + 40, CODE + 5);
	put_le32(image + PE + 80, LEN);
	put_le32(image + PE + 176, RELOCS);
	put_section(image + TABLE, CODE, CODE_LEN, 0x60000020);
	put_section(image + TABLE + 40, RELOCS, 12, 0xc0000040);
	return 0;
}

static int free_program(void **state)
{
	(void)state;
	free(image);
	return 0;
}

/* The relocations are so many blocks, each of a page and some entries. */
static uint32_t relocs_len;

static uint8_t *add_block(uint32_t page, uint32_t len)
{
	uint8_t *block = image + RELOCS + relocs_len;

	put_le32(block, page);
	put_le32(block + 4, len);
	relocs_len += len;
	put_le32(image + PE + 180, relocs_len);
	return block + 8;
}

static int make_relocated(void **state)
{
	make_program(state);
	relocs_len = 0;
	put_le16(add_block(CODE, 10), 0xa008);
	return 0;
}

static bool relocates(void)
{
	assert_true(plain_open(&p, image, LEN));
	return plain_relocate(&p, ADDRESS);
}

static void a_program_is_taken(void **state)
{
	(void)state;
	assert_true(plain_open(&p, image, LEN));
	assert_int_equal(p.entry_off, CODE + 5);
	assert_int_equal(p.sections, 2);
}

/* Every single byte that the loader looks at, changed. */
static void a_header_that_is_not_its_own_is_refused(void **state)
{
	static const uint32_t fields[] = {
		0x3c,    PE,      PE + 3,  PE + 4,  PE + 24,  PE + 43,  PE + 48,
		PE + 55, PE + 80, PE + 81, PE + 83, PE + 179, PE + 183,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		image[fields[i]] ^= 0x80;
		assert_false(plain_open(&p, image, LEN));
		image[fields[i]] ^= 0x80;
	}
	assert_true(plain_open(&p, image, LEN));
}

static void offsets_are_followed_to_the_last_byte_only(void **state)
{
	static const uint32_t ends[] = { LEN - 183, LEN, 0xffffff80, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		put_le32(image + 0x3c, ends[i]);
		assert_false(plain_open(&p, image, LEN));
	}
	put_le32(image + 0x3c, PE);
	put_le32(image + PE + 40, LEN - 1);
	assert_true(plain_open(&p, image, LEN));
	put_le32(image + PE + 40, LEN);
	assert_false(plain_open(&p, image, LEN));
}

static void a_table_of_sections_beyond_the_end_is_refused(void **state)
{
	(void)state;
	put_le16(image + PE + 6, (LEN - TABLE) / 40);
	assert_true(plain_open(&p, image, LEN));
	put_le16(image + PE + 6, (LEN - TABLE) / 40 + 1);
	assert_false(plain_open(&p, image, LEN));
	put_le16(image + PE + 6, 0xffff);
	put_le16(image + PE + 20, 0xffff);
	assert_false(plain_open(&p, image, LEN));
}

static void a_length_that_is_not_whole_pages_is_refused(void **state)
{
	(void)state;
	put_le32(image + PE + 80, LEN - 1);
	assert_false(plain_open(&p, image, LEN - 1));
	assert_false(plain_open(&p, image + LEN, 0));
}

static void sections_are_whole_pages_with_their_rights(void **state)
{
	struct plain_section s;

	(void)state;
	assert_true(plain_open(&p, image, LEN));
	assert_true(plain_section(&p, 0, &s));
	assert_int_equal(s.off, CODE);
	assert_int_equal(s.len, 2 * PLAIN_PAGE);
	assert_true(s.executable && !s.writable);
	assert_true(plain_section(&p, 1, &s));
	assert_int_equal(s.off, RELOCS);
	assert_int_equal(s.len, PLAIN_PAGE);
	assert_true(s.writable && !s.executable);
}

static void sections_elsewhere_are_refused(void **state)
{
	static const struct {
		uint32_t off, file_off, len;
	} bad[] = {
		{ CODE + 1, CODE + 1, 1 },  { CODE, RELOCS, 1 }, { CODE, CODE, LEN - CODE + 1 },
		{ CODE, CODE, UINT32_MAX }, { LEN, LEN, 1 },     { 0xfffff000, 0xfffff000, 0x2000 },
	};
	struct plain_section s;

	(void)state;
	assert_true(plain_open(&p, image, LEN));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put_section(image + TABLE, bad[i].off, bad[i].len, 0);
		put_le32(image + TABLE + 20, bad[i].file_off);
		assert_false(plain_section(&p, 0, &s));
	}
	put_section(image + TABLE, CODE, LEN - CODE, 0);
	assert_true(plain_section(&p, 0, &s));
}

static void addresses_are_moved(void **state)
{
	uint8_t *entries;

	(void)state;
	entries = add_block(CODE, 16);
	put_le16(entries, 0xaffc); /* across the end of its page */
	put_le16(entries + 2, 0);  /* fills up */
	put_le16(entries + 4, 0xa100);
	put_le64(image + CODE + 8, 0x10);
	put_le64(image + CODE + 0x100, UINT64_MAX);
	assert_true(relocates());
	assert_int_equal(get_le64(image + CODE + 8), ADDRESS + 0x10);
	assert_int_equal(get_le64(image + 2 * PLAIN_PAGE - 4), ADDRESS);
	assert_int_equal(get_le64(image + CODE + 0x100), ADDRESS - 1);
	assert_int_equal(get_le64(image + CODE), 0);
}

static void relocations_outside_of_the_program_are_refused(void **state)
{
	uint8_t *entries = image + RELOCS + 8;

	(void)state;
	put_le32(image + RELOCS, RELOCS);
	put_le16(entries, 0xaff8);
	assert_true(relocates());
	put_le16(entries, 0xaff9);
	assert_false(relocates());
	put_le16(entries, 0xa000);
	put_le32(image + RELOCS, LEN);
	assert_false(relocates());
	put_le32(image + RELOCS, 0xfffff001);
	put_le16(entries, 0xafff);
	assert_false(relocates());
}

static void unknown_relocations_are_refused(void **state)
{
	(void)state;
	put_le16(image + RELOCS + 8, 0x3008);
	assert_false(relocates());
}

static void blocks_that_do_not_end_are_refused(void **state)
{
	static const uint32_t lens[] = { 0, 7, 9, 12, 0x80000000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		put_le32(image + RELOCS + 4, lens[i]);
		assert_false(relocates());
	}
	put_le32(image + RELOCS + 4, 8);
	assert_false(relocates());            /* 2 bytes are left */
	put_le32(image + PE + 176, LEN - 11); /* half an entry, at the very end */
	put_le32(image + PE + 180, 11);
	put_le32(image + LEN - 7, 11);
	assert_false(relocates());
	put_le32(image + PE + 176, LEN - 2); /* half a block */
	put_le32(image + PE + 180, 2);
	assert_false(relocates());
}

static void relocations_beyond_the_end_are_refused(void **state)
{
	(void)state;
	put_le32(image + PE + 180, PLAIN_PAGE);
	assert_true(plain_open(&p, image, LEN));
	put_le32(image + PE + 180, PLAIN_PAGE + 1);
	assert_false(plain_open(&p, image, LEN));
	put_le32(image + PE + 180, UINT32_MAX);
	assert_false(plain_open(&p, image, LEN));
}

#define TEST(name, make) cmocka_unit_test_setup_teardown(name, make, free_program)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_program_is_taken, make_program),
		TEST(a_header_that_is_not_its_own_is_refused, make_program),
		TEST(offsets_are_followed_to_the_last_byte_only, make_program),
		TEST(a_table_of_sections_beyond_the_end_is_refused, make_program),
		TEST(a_length_that_is_not_whole_pages_is_refused, make_program),
		TEST(sections_are_whole_pages_with_their_rights, make_program),
		TEST(sections_elsewhere_are_refused, make_program),
		TEST(addresses_are_moved, make_relocated),
		TEST(relocations_outside_of_the_program_are_refused, make_relocated),
		TEST(unknown_relocations_are_refused, make_relocated),
		TEST(blocks_that_do_not_end_are_refused, make_relocated),
		TEST(relocations_beyond_the_end_are_refused, make_relocated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
