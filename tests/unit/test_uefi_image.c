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

#include "arch/uefi/pe.h"
#include "arch/uefi/ucs2.h"
#include "core/wire.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

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

static void assert_refusal_is_said(const struct failure *f)
{
	assert_int_equal(f->err, ERR_FORMAT);
	assert_int_equal(f->rung, RUNG_IMAGE);
	assert_int_not_equal(f->text[0], 0);
}

/* Whether the first len bytes are taken, in memory that ends there. */
static bool is_taken(uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct failure f = { 0 };
	bool taken;

	assert_non_null(copy);
	memcpy(copy, head, len);
	taken = pe_check((struct span){ copy, len }, &f) == 0;
	if (!taken)
		assert_refusal_is_said(&f);
	free(copy);
	return taken;
}

/* NULL: it is taken. */
static const char *refusal(void)
{
	static struct failure f;

	memset(&f, 0, sizeof(f));
	if (pe_check((struct span){ head, sizeof(head) }, &f) == 0)
		return NULL;
	assert_refusal_is_said(&f);
	return f.text;
}

static void an_efi_program_is_taken(void **state)
{
	(void)state;
	assert_true(is_taken(HEAD_LEN));
	assert_null(refusal());
	put_le16(head + AT + 92, 11);
	assert_null(refusal());
}

static void other_files_are_not_pe(void **state)
{
	(void)state;
	memcpy(head + AT, "NE\0\0", 4);
	assert_string_equal(refusal(), "the file is neither a Linux kernel nor an EFI program");
	make_efi_program(state);
	head[0] = '<';
	assert_non_null(strstr(refusal(), "looks like a web page"));
}

static void no_file_is_looked_at_beyond_its_end(void **state)
{
	(void)state;
	for (uint32_t len = 0; len <= HEAD_LEN; len++)
		assert_int_equal(is_taken(len), len >= 0x40);
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
		assert_true(is_taken(HEAD_LEN));
		assert_null(refusal());
	}
}

static void a_program_for_another_processor_is_named(void **state)
{
	(void)state;
	put_le16(head + AT + 4, 0xaa64);
	assert_string_equal(refusal(), "the file is a program for another processor");
	make_efi_program(state);
	put_le16(head + AT + 24, 0x10b);
	assert_string_equal(refusal(), "the file is a program for another processor");
}

/* Both are PE programs, too. */
static void a_kernel_for_another_processor_is_called_one(void **state)
{
	(void)state;
	put_le16(head + AT + 4, 0xaa64);
	memcpy(head + 56, "ARM\x64", 4);
	assert_string_equal(
		refusal(), "not a kernel: the file looks like an arm64 kernel; use one for x86-64");
	memset(head + 56, 0, 4);
	memcpy(head + 4, "zimg", 4);
	assert_non_null(strstr(refusal(), "EFI zboot"));
}

/* Its header is at 1F1h; without MZ it has no EFI stub. [LNX-11] */
static void a_kernel_for_a_bios_is_named(void **state)
{
	static uint8_t kernel[0x400];
	struct failure f = { 0 };

	(void)state;
	put_le16(kernel + 0x1fe, 0xaa55);
	memcpy(kernel + 0x202, "HdrS", 4);
	assert_int_equal(pe_check((struct span){ kernel, sizeof(kernel) }, &f), ERR_FORMAT);
	assert_non_null(strstr(f.text, "a Linux kernel without EFI stub (CONFIG_EFI_STUB)"));
	/* With one for another processor it is no disk, although it has a disk's signature. */
	memset(&f, 0, sizeof(f));
	memcpy(kernel, head, sizeof(head));
	put_le16(kernel + AT + 4, 0x14c);
	assert_int_equal(pe_check((struct span){ kernel, sizeof(kernel) }, &f), ERR_FORMAT);
	assert_string_equal(f.text, "the file is a program for another processor");
}

static void a_program_for_a_bios_is_named(void **state)
{
	(void)state;
	memset(head, 0x90, sizeof(head));
	memcpy(head, "\xea\x05\0\xc0\x07", 5);
	assert_string_equal(refusal(), "not a kernel: the file looks like a BIOS program (NBP); "
				       "UEFI cannot start it; offer an EFI program");
}

static void a_program_for_windows_is_named(void **state)
{
	(void)state;
	put_le16(head + AT + 92, 3);
	assert_string_equal(refusal(), "the file is a program for Windows, not for EFI");
	put_le16(head + AT + 92, 13);
	assert_non_null(refusal());
}

/* --- one build, or two ----------------------------------------------------------------------- */

#define OPTIONAL_LEN 240
#define SECTIONS 2
#define HEADERS_LEN (AT + 24 + OPTIONAL_LEN + 40 * SECTIONS)

static uint8_t built[HEADERS_LEN], loaded[HEADERS_LEN];

/* Headers without a zero byte where there is none in particular, twice. */
static int make_build(void **state)
{
	make_efi_program(state);
	memset(built, 0x11, sizeof(built));
	memcpy(built, head, 2);
	put_le32(built + LFANEW, AT);
	memcpy(built + AT, head + AT, 6);
	put_le16(built + AT + 6, SECTIONS);
	put_le16(built + AT + 20, OPTIONAL_LEN);
	memcpy(loaded, built, sizeof(built));
	return 0;
}

static bool is_build(uint32_t len, uint32_t loaded_len)
{
	uint8_t *a = malloc(len), *b = malloc(loaded_len);
	bool is;

	assert_true(a && b);
	memcpy(a, built, len);
	memcpy(b, loaded, loaded_len);
	is = pe_is_build((struct span){ a, len }, (struct span){ b, loaded_len });
	free(a);
	free(b);
	return is;
}

/* Where it lies in memory; the checksum and the place of the signature: no other byte. */
static bool may_differ(uint32_t off)
{
	return (off >= AT + 48 && off < AT + 56) || (off >= AT + 88 && off < AT + 92) ||
	       (off >= AT + 168 && off < AT + 176);
}

static void a_build_is_known_by_all_that_loaders_and_signers_leave(void **state)
{
	(void)state;
	assert_true(is_build(HEADERS_LEN, HEADERS_LEN));
	for (uint32_t i = 0; i < HEADERS_LEN; i++) {
		loaded[i] ^= 0x80;
		assert_int_equal(is_build(HEADERS_LEN, HEADERS_LEN), may_differ(i));
		loaded[i] ^= 0x80;
	}
	memset(loaded + AT + 48, 0x22, 8);
	memset(loaded + AT + 88, 0x22, 4);
	memset(loaded + AT + 168, 0x22, 8);
	assert_true(is_build(HEADERS_LEN, HEADERS_LEN));
}

static void headers_that_are_cut_are_no_build(void **state)
{
	(void)state;
	for (uint32_t len = 1; len < HEADERS_LEN; len++) {
		assert_false(is_build(len, HEADERS_LEN));
		assert_false(is_build(HEADERS_LEN, len));
	}
}

/* As odd as they are, they are equal: that is not enough. */
static void odd_headers_are_no_build(void **state)
{
	static const struct {
		uint32_t off;
		uint16_t value;
	} odd[] = {
		{ 0, 0 },
		{ AT, 0 },
		{ LFANEW + 2, 0xffff },
		{ LFANEW, HEADERS_LEN - 175 },
		{ AT + 20, 0xffff },
		{ AT + 6, 0xffff },
		{ AT + 6, SECTIONS + 1 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(odd); i++) {
		make_build(state);
		put_le16(built + odd[i].off, odd[i].value);
		memcpy(loaded, built, sizeof(built));
		assert_false(is_build(HEADERS_LEN, HEADERS_LEN));
	}
	make_build(state);
	put_le16(built + AT + 20, 151); /* the signature's place would be behind it */
	put_le16(built + AT + 6, 0);
	memcpy(loaded, built, sizeof(built));
	assert_false(is_build(HEADERS_LEN, HEADERS_LEN));
}

/* --- the command line ------------------------------------------------------------------------ */

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
			      three[] = { 0x800, 0x20ac, 0xffff },
			      around_surrogates[] = { 0xd7ff, 0xe000 };

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
		"\x80",
		"\xc3",
		"\xc3(",
		"\xe2\x82",
		"\xe2(\xac",
		"\xff",
		"a\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x9f\xbf", /* longer than need be */
		"\xed\xa0\x80",
		"\xed\xbf\xbf",     /* surrogates */
		"\xf0\x9f\x98\x80", /* beyond 16 bits */
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
		cmocka_unit_test_setup(a_kernel_for_another_processor_is_called_one,
				       make_efi_program),
		cmocka_unit_test_setup(a_kernel_for_a_bios_is_named, make_efi_program),
		cmocka_unit_test_setup(a_program_for_a_bios_is_named, make_efi_program),
		cmocka_unit_test_setup(a_program_for_windows_is_named, make_efi_program),
		cmocka_unit_test_setup(a_build_is_known_by_all_that_loaders_and_signers_leave,
				       make_build),
		cmocka_unit_test_setup(headers_that_are_cut_are_no_build, make_build),
		cmocka_unit_test(odd_headers_are_no_build),
		cmocka_unit_test(utf8_becomes_ucs2),
		cmocka_unit_test(what_is_not_utf8_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
