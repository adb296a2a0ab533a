/* SPDX-License-Identifier: BSD-2-Clause */
/* core/kind.c: what people put where a kernel should be, by the heads that such files have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/port.h"
#include "core/bzimage.h"
#include "core/kind.h"
#include "core/wire.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define START "not a kernel: the file looks like "

/* A head with these bytes at off, in memory that ends with it; what is said of it, or "". */
static const char *said(uint32_t head_len, uint8_t fill, uint32_t off, const void *bytes,
			uint32_t len, bool uefi)
{
	static struct failure f;
	uint8_t *head = malloc(head_len + !head_len);
	int err;

	assert_non_null(head);
	assert_true(off + len <= head_len);
	memset(head, fill, head_len);
	memcpy(head + off, bytes, len);
	memset(&f, 0, sizeof(f));
	err = kind_refuse((struct span){ head, head_len }, uefi, &f);
	assert_int_equal(err, f.err);
	assert_true(err == 0 || (err == ERR_FORMAT && f.rung == RUNG_IMAGE));
	free(head);
	return f.text;
}

static void assert_named(uint32_t off, const char *bytes, const char *name)
{
	uint32_t len = (uint32_t)strlen(bytes);
	char expected[120];

	snprintf(expected, sizeof(expected), START "%s; ", name);
	for (int uefi = 0; uefi < 2; uefi++)
		assert_memory_equal(said(IMAGE_HEAD_LEN, 0x90, off, bytes, len, uefi), expected,
				    strlen(expected));
}

/* What may be a boot program, and what may not, by its head. */
static void assert_nbp(uint32_t off, const char *bytes, const char *name)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f = { 0 };
	int err;

	memset(head, 0x90, sizeof(head));
	memcpy(head + off, bytes, strlen(bytes));
	err = kind_refuse_nbp((struct span){ head, sizeof(head) }, &f);
	assert_int_equal(err, name ? ERR_FORMAT : 0);
	assert_true(!name || strstr(f.text, name));
}

static void boot_programs_are_what_is_nothing_else(void **state)
{
	(void)state;
	assert_nbp(0, "\xea\x05", NULL);
	assert_nbp(0, "\xeb\x3c", NULL);
	assert_nbp(0x1fe, "\x55\xaa", NULL); /* as a boot sector's, which says nothing here */
	assert_nbp(0, "MZ", "an EFI program");
	assert_nbp(0, "#!ipxe", "an iPXE script");
	assert_nbp(0, "<html>", "a web page");
	assert_nbp(0, "\177ELF", "an ELF file");
	assert_nbp(0, "\x1f\x8b", "a gzip file");
	assert_nbp(0, "\x55\xaa\x6e", "an option ROM");
}

static void boot_programs_have_a_remedy_of_their_own(void **state)
{
	(void)state;
	assert_non_null(strstr(said(IMAGE_HEAD_LEN, 0x90, 0, "\xea", 1, false), "nbp=1"));
	assert_non_null(strstr(said(IMAGE_HEAD_LEN, 0x90, 0, "\xea", 1, true), "UEFI cannot"));
}

static void text_that_is_no_entry_is_named(void **state)
{
	(void)state;
	assert_named(0, "<!DOCTYPE html>", "a web page");
	assert_named(0, "\r\n\t <html>", "a web page");
	assert_named(0, "\xef\xbb\xbf<html>", "a web page");
	assert_named(0, "{\"detail\":", "JSON");
	assert_named(0, "#!ipxe\nkernel", "an iPXE script");
}

static void what_belongs_elsewhere_is_named(void **state)
{
	(void)state;
	assert_named(0, "070701", "a cpio archive");
	assert_named(0, "070707", "a cpio archive");
	assert_named(0, "\x1f\x8b\x08", "a gzip file");
	assert_named(0,
		     "\xfd"
		     "7zXZ",
		     "an xz file");
	assert_named(0, "\x28\xb5\x2f\xfd", "a zstd file");
	assert_named(0, "\x02\x21\x4c\x18", "an lz4 file");
	assert_named(0, "hsqs", "a squashfs");
	assert_named(0, "\177ELF\x02", "an ELF file");
	assert_named(0, "\x55\xaa\x6e\xeb", "an option ROM");
}

static void kernels_of_other_processors_are_named(void **state)
{
	(void)state;
	assert_named(4, "zimg", "an EFI zboot kernel");
	assert_named(56, "ARM\x64", "an arm64 kernel");
	assert_named(56, "RSC\x05", "a RISC-V kernel");
}

static void programs_of_firmware_are_named_by_the_other_firmware(void **state)
{
	(void)state;
	assert_named(0, "\xea\x05", "a BIOS program (NBP)");
	assert_string_equal(said(IMAGE_HEAD_LEN, 0, 0, "MZ", 2, false),
			    START "an EFI program; a BIOS cannot start it, but skiff.efi can, "
				  "under UEFI");
	assert_string_equal(said(IMAGE_HEAD_LEN, 0x90, 0, "MZ", 2, true), "");
}

/* As far as the first KiB tells: with a boot sector, or with zeros in front. */
static void disks_and_iso_files_are_named(void **state)
{
	static const uint8_t zero;

	(void)state;
	assert_named(0x1fe, "\x55\xaa", "a disk or ISO image");
	assert_non_null(
		strstr(said(IMAGE_HEAD_LEN, 0, 0, &zero, 1, false), START "a disk or ISO image; "));
	assert_string_equal(said(511, 0, 0, &zero, 1, false), "");
}

static void kernels_and_entries_are_not_refused(void **state)
{
	uint8_t kernel[IMAGE_HEAD_LEN] = { 0 };
	static const char entry[] = "# an entry\nlinux k\n", *const others[] = { "", " ",
										 "\xef\xbb\xbf",
										 "#!ipx", "0707" };

	(void)state;
	put_le16(kernel + 0x1fe, 0xaa55);
	memcpy(kernel + 0x202, "HdrS", 4);
	for (int uefi = 0; uefi < 2; uefi++) {
		assert_string_equal(said(IMAGE_HEAD_LEN, 0, 0, kernel, sizeof(kernel), uefi), "");
		assert_string_equal(said(sizeof(entry) - 1, 0, 0, entry, sizeof(entry) - 1, uefi),
				    "");
		for (unsigned i = 0; i < ARRAY_LEN(others); i++)
			assert_string_equal(said((uint32_t)strlen(others[i]), 0, 0, others[i],
						 (uint32_t)strlen(others[i]), uefi),
					    "");
	}
}

/* [SEC-08] */
static void no_head_is_looked_at_beyond_its_end(void **state)
{
	(void)state;
	for (uint32_t len = 0; len < 600; len++) {
		said(len, 0x90, 0, "", 0, false);
		said(len, ' ', 0, "", 0, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_that_is_no_entry_is_named),
		cmocka_unit_test(boot_programs_are_what_is_nothing_else),
		cmocka_unit_test(boot_programs_have_a_remedy_of_their_own),
		cmocka_unit_test(what_belongs_elsewhere_is_named),
		cmocka_unit_test(kernels_of_other_processors_are_named),
		cmocka_unit_test(programs_of_firmware_are_named_by_the_other_firmware),
		cmocka_unit_test(disks_and_iso_files_are_named),
		cmocka_unit_test(kernels_and_entries_are_not_refused),
		cmocka_unit_test(no_head_is_looked_at_beyond_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
