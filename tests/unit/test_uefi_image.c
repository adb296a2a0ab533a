/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the UEFI port finds out about a program before the firmware does, and its command line in
 * 16 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/uefi/pe.h"
#include "arch/uefi/ucs2.h"
#include "core/wire.h"

#define LFANEW 0x3c
#define AT 0x80
#define HEAD_LEN 0x100

static uint8_t head[HEAD_LEN];

static int make_efi_program(void **state)
{
	(void)state;
	memset(head, 0, sizeof(head));
	memcpy(head, "MZ", 2);
	put_le32(head + LFANEW, AT);
	memcpy(head + AT, "PE\0\0", 4);
	put_le16(head + AT + 4, 0x8664);
	put_le16(head + AT + 24, 0x20b);
	put_le16(head + AT + 92, 10);
	return 0;
}

/* The first len bytes, in memory that ends there. */
static bool is_pe(uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool is;

	assert_non_null(copy);
	memcpy(copy, head, len);
	is = pe_is((struct span){ copy, len });
	if (is)
		pe_refusal((struct span){ copy, len });
	free(copy);
	return is;
}

static const char *refusal(void)
{
	return pe_refusal((struct span){ head, sizeof(head) });
}

static void an_efi_program_is_taken(void **state)
{
	(void)state;
	assert_true(is_pe(HEAD_LEN));
	assert_null(refusal());
	put_le16(head + AT + 92, 11);
	assert_null(refusal());
}

static void other_files_are_not_pe(void **state)
{
	(void)state;
	memcpy(head + AT, "NE\0\0", 4);
	assert_false(is_pe(HEAD_LEN));
	make_efi_program(state);
	head[0] = '<';
	assert_false(is_pe(HEAD_LEN));
}

static void no_file_is_looked_at_beyond_its_end(void **state)
{
	uint32_t len;

	(void)state;
	for (len = 0; len <= HEAD_LEN; len++)
		assert_int_equal(is_pe(len), len >= 0x40);
}

static void a_header_out_of_sight_is_the_firmware_s(void **state)
{
	static const uint32_t places[] = {
		HEAD_LEN - 93, HEAD_LEN - 4, HEAD_LEN - 3, HEAD_LEN, 0x7fffffff, UINT32_MAX,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		make_efi_program(state);
		put_le32(head + LFANEW, places[i]);
		if (places[i] <= HEAD_LEN - 4)
			memcpy(head + places[i], "PE\0\0", 4);
		assert_true(is_pe(HEAD_LEN));
		assert_null(refusal());
	}
}

static void a_program_for_another_processor_is_named(void **state)
{
	(void)state;
	put_le16(head + AT + 4, 0xaa64);
	assert_string_equal(refusal(), "a program for another processor than x86-64");
	make_efi_program(state);
	put_le16(head + AT + 24, 0x10b);
	assert_string_equal(refusal(), "a program for another processor than x86-64");
}

static void a_program_for_windows_is_named(void **state)
{
	(void)state;
	put_le16(head + AT + 92, 3);
	assert_string_equal(refusal(), "a program for Windows, not for EFI");
	put_le16(head + AT + 92, 13);
	assert_non_null(refusal());
}

static void assert_ucs2(const char *s, int64_t len, const uint16_t *expected)
{
	uint16_t *buf = malloc((strlen(s) + 1) * sizeof(*buf));

	assert_non_null(buf);
	assert_int_equal(ucs2_from_utf8(buf, s), len);
	if (len >= 0) {
		assert_memory_equal(buf, expected, (size_t)len * sizeof(*buf));
		assert_int_equal(buf[len], 0);
	}
	free(buf);
}

static void utf8_becomes_ucs2(void **state)
{
	static const uint16_t ascii[] = { 'a', ' ', '~' }, two[] = { 0x80, 0xe4, 0x7ff },
		three[] = { 0x800, 0x20ac, 0xffff }, around_surrogates[] = { 0xd7ff, 0xe000 };

	(void)state;
	assert_ucs2("", 0, ascii);
	assert_ucs2("a ~", 3, ascii);
	assert_ucs2("\xc2\x80\xc3\xa4\xdf\xbf", 3, two);
	assert_ucs2("\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbf", 3, three);
	assert_ucs2("\xed\x9f\xbf\xee\x80\x80", 2, around_surrogates);
}

static void what_is_not_utf8_is_refused(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xc3", "\xc3(", "\xe2\x82", "\xe2(\xac", "\xff", "a\xbf",
		"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",         /* longer than need be */
		"\xed\xa0\x80", "\xed\xbf\xbf",                 /* surrogates */
		"\xf0\x9f\x98\x80",                             /* beyond 16 bits */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_ucs2(bad[i], -1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_efi_program_is_taken, make_efi_program),
		cmocka_unit_test_setup(other_files_are_not_pe, make_efi_program),
		cmocka_unit_test_setup(no_file_is_looked_at_beyond_its_end, make_efi_program),
		cmocka_unit_test_setup(a_header_out_of_sight_is_the_firmware_s, make_efi_program),
		cmocka_unit_test_setup(a_program_for_another_processor_is_named, make_efi_program),
		cmocka_unit_test_setup(a_program_for_windows_is_named, make_efi_program),
		cmocka_unit_test(utf8_becomes_ucs2),
		cmocka_unit_test(what_is_not_utf8_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
