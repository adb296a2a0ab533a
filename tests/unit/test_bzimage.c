/* SPDX-License-Identifier: BSD-2-Clause */
/* core/bzimage.c: a good header, older ones, and one broken byte after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/port.h"
#include "core/bzimage.h"
#include "core/wire.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define FILE_LEN 0x100000u

/* What Debian's cloud kernel says, with smaller numbers. */
static void make_kernel(uint8_t head[IMAGE_HEAD_LEN])
{
	memset(head, 0, IMAGE_HEAD_LEN);
	head[0x1f1] = 39;
	put_le32(head + 0x1f4, (FILE_LEN - 40 * 512) / 16);
	put_le16(head + 0x1fe, 0xaa55);
	head[0x200] = 0xeb;
	head[0x201] = 0x6a;
	memcpy(head + 0x202, "HdrS", 4);
	put_le16(head + 0x206, 0x020f);
	put_le16(head + 0x20e, 0x100);
	head[0x211] = 1;
	put_le32(head + 0x214, 0x100000);
	put_le32(head + 0x22c, 0x7fffffff);
	put_le32(head + 0x230, 0x200000);
	head[0x234] = 1;
	put_le16(head + 0x236, 0x7d);
	put_le32(head + 0x238, 2047);
	put_le64(head + 0x258, 0x1000000);
	put_le32(head + 0x260, 0x378000);
	memcpy(head + 0x300, "6.1.0-56-cloud-amd64 (x@y)", 27);
}

static int parse(struct bzimage *bz, const uint8_t *head, uint32_t head_len, uint64_t file_len,
		 struct failure *f)
{
	memset(f, 0, sizeof(*f));
	return bzimage_parse(bz, (struct span){ head, head_len }, file_len, f);
}

static void assert_refused(const uint8_t *head, uint32_t head_len, uint64_t file_len,
			   const char *sentence)
{
	struct failure f;
	struct bzimage bz;

	assert_int_equal(parse(&bz, head, head_len, file_len, &f), ERR_FORMAT);
	assert_int_equal(f.rung, RUNG_IMAGE);
	assert_string_equal(f.text, sentence);
}

/* [LNX-01] [LNX-02] [LNX-04] [LNX-05] [LNX-06] */
static void reads_a_modern_header(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	assert_true(bzimage_is((struct span){ head, sizeof(head) }));
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_int_equal(bz.version, 0x020f);
	assert_int_equal(bz.setup_len, 40 * 512);
	assert_int_equal(bz.header_len, 0x26c - 0x1f1);
	assert_int_equal(bz.payload_len, FILE_LEN - 40 * 512);
	assert_true(bz.relocatable);
	assert_int_equal(bz.pref_address, 0x1000000);
	assert_int_equal(bz.alignment, 0x200000);
	assert_int_equal(bz.init_size, 0x378000);
	assert_int_equal(bz.initrd_addr_max, 0x7fffffff);
	assert_int_equal(bz.cmdline_max, 2047);
	assert_int_equal(bz.xloadflags, 0x7d);
	assert_int_equal(bz.code32_start, 0x100000);
	assert_int_equal(bz.kernel_version_off, 0x300);
}

/* [LNX-05] Such kernels say 7FFFFFFFh beside it, for loaders that do not know the flag. */
static void a_kernel_that_may_lie_above_4_gib_takes_initrds_up_to_there(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	put_le16(head + 0x236, 0x7f);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_true(bz.initrd_addr_max == 0xffffffff);
	/* Before 2.12 these bytes are something else. */
	put_le16(head + 0x206, 0x020b);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_int_equal(bz.initrd_addr_max, 0x7fffffff);
}

/* A signature behind the kernel (sbsign), and a last paragraph that is not complete. [LNX-02] */
static void the_file_may_differ_a_little_from_what_the_header_says(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN + 1472, &f), 0);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN - 15, &f), 0);
	assert_int_equal(parse(&bz, head, sizeof(head), IMAGE_LEN_UNKNOWN, &f), 0);
}

/* [LNX-02] */
static void no_setup_sectors_means_four(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	head[0x1f1] = 0;
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_int_equal(bz.setup_len, 5 * 512);
}

/* [LNX-01] */
static void the_burnt_version_is_read_as_the_one_before(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	put_le16(head + 0x206, 0x020e);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_int_equal(bz.version, 0x020d);
}

/* Fields that a version does not have are other bytes of the file. [LNX-04] [LNX-05] [LNX-06] */
static void old_versions_have_the_defaults(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	memset(head + 0x22c, 0xff, IMAGE_HEAD_LEN - 0x22c);
	put_le16(head + 0x206, 0x0202);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_int_equal(bz.payload_len, 0);
	assert_false(bz.relocatable);
	assert_int_equal(bz.alignment, 1);
	assert_int_equal(bz.pref_address, 0x100000);
	assert_int_equal(bz.init_size, 4 * (FILE_LEN - 40 * 512));
	assert_int_equal(bz.initrd_addr_max, 0x37ffffff);
	assert_int_equal(bz.cmdline_max, 255);
	assert_int_equal(bz.xloadflags, 0);

	put_le16(head + 0x206, 0x0204);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_int_equal(bz.payload_len, FILE_LEN - 40 * 512);
	assert_true(bz.initrd_addr_max == 0xffffffff);
	assert_int_equal(bz.init_size, 4 * (FILE_LEN - 40 * 512));
}

static void a_kernel_of_unknown_length_is_not_guessed(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];

	(void)state;
	make_kernel(head);
	put_le16(head + 0x206, 0x0203);
	assert_refused(head, sizeof(head), IMAGE_LEN_UNKNOWN,
		       "neither this old kernel (boot protocol 2.03) nor the server says "
		       "how long it is");
}

/* [SEC-08] [LNX-01] [LNX-02] [LNX-03] [LNX-06] */
static void each_broken_field_has_its_sentence(void **state)
{
	static const struct {
		uint16_t off;
		uint8_t width;
		uint64_t value;
		const char *sentence;
	} broken[] = {
		{ 0x1fe, 2, 0x55aa,
		  "not a Linux kernel: no boot signature AA55h at 1FEh with \"HdrS\" behind it" },
		{ 0x206, 2, 0x0201,
		  "too old a Linux kernel: boot protocol 2.01, but skiff needs 2.02 (Linux 2.4.0) "
		  "or newer" },
		{ 0x206, 2, 0,
		  "too old a Linux kernel: boot protocol 0.00, but skiff needs 2.02 (Linux 2.4.0) "
		  "or newer" },
		{ 0x201, 1, 0,
		  "broken Linux kernel: its header ends at 202h, before 22Ch, where protocol 2.15 "
		  "needs it" },
		{ 0x201, 1, 0x61,
		  "broken Linux kernel: its header ends at 263h, before 264h, where protocol 2.15 "
		  "needs it" },
		{ 0x211, 1, 0x80,
		  "a zImage, which loads below 1 MiB: skiff starts only kernels that were built as "
		  "bzImage" },
		{ 0x1f4, 4, 0, "broken Linux kernel: its header gives it a size of 0 bytes" },
		{ 0x1f4, 4, 0xffffffff,
		  "broken Linux kernel: its header gives it a size of 68719476720 bytes" },
		{ 0x1f4, 4, FILE_LEN / 16 - 40 * 32 + 1,
		  "broken Linux kernel: its header says 1048592 bytes, but the file has 1048576; "
		  "was it cut short?" },
		{ 0x230, 4, 0,
		  "broken Linux kernel: its header asks for an alignment to 0h, which is no power "
		  "of two" },
		{ 0x230, 4, 0x201000,
		  "broken Linux kernel: its header asks for an alignment to 201000h, which is no "
		  "power of two" },
		{ 0x260, 4, FILE_LEN - 40 * 512 - 1,
		  "broken Linux kernel: it has 1028096 bytes, and its header asks for 1028095 "
		  "bytes of memory" },
		{ 0x258, 8, 0xfffff,
		  "broken Linux kernel: its header asks for memory at FFFFFh, where none can be" },
		{ 0x258, 8, UINT64_MAX - 0x377fff,
		  "broken Linux kernel: its header asks for memory at FFFFFFFFFFC88000h, where "
		  "none can be" },
	};
	uint8_t head[IMAGE_HEAD_LEN], value[8];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		make_kernel(head);
		put_le64(value, broken[i].value);
		memcpy(head + broken[i].off, value, broken[i].width);
		assert_refused(head, sizeof(head), FILE_LEN, broken[i].sentence);
	}
}

/* [SEC-08] */
static void a_file_that_ends_early_is_refused_wherever_it_ends(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	for (uint32_t len = 0; len < IMAGE_HEAD_LEN; len++) {
		uint8_t exact[IMAGE_HEAD_LEN];

		memcpy(exact + IMAGE_HEAD_LEN - len, head, len); /* ends where ASan looks */
		assert_int_equal(parse(&bz, exact + IMAGE_HEAD_LEN - len, len, len, &f),
				 ERR_FORMAT);
		assert_int_not_equal(f.text[0], 0);
	}
	assert_refused(head, 0x207, 0x207, "not a Linux kernel: the file has only 519 bytes");
	assert_refused(head, 0x208, 0x208,
		       "broken Linux kernel: its header ends at 26Ch, behind the end of the file "
		       "at 208h");
	assert_refused(head, IMAGE_HEAD_LEN, 40 * 512,
		       "broken Linux kernel: 20480 bytes of set-up code in a file of 20480 bytes, "
		       "and nothing behind it");
}

/* Each byte of the header in turn with each value it can have. [SEC-08] */
static void whatever_is_accepted_keeps_the_promises(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN], saved;
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	for (unsigned off = 0x1f1; off < 0x26c; off++) {
		saved = head[off];
		for (unsigned value = 0; value < 256; value++) {
			head[off] = (uint8_t)value;
			if (parse(&bz, head, sizeof(head), FILE_LEN, &f) < 0) {
				assert_int_not_equal(f.text[0], 0);
				continue;
			}
			assert_in_range(bz.setup_len, 1024, FILE_LEN - 1);
			assert_in_range(bz.header_len, 0x22c - 0x1f1, IMAGE_HEAD_LEN - 0x1f1);
			assert_true(bz.setup_len + (uint64_t)bz.payload_len < FILE_LEN + 16ull);
			assert_true(bz.init_size >= bz.payload_len && bz.init_size > 0);
			assert_true(bz.pref_address >= 0x100000 &&
				    bz.pref_address + bz.init_size > bz.pref_address);
			assert_true(bz.alignment > 0 && (bz.alignment & (bz.alignment - 1)) == 0);
			assert_true(bz.kernel_version_off < bz.setup_len);
		}
		head[off] = saved;
	}
}

static void the_release_is_the_version_s_first_word(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	char release[65];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	bzimage_release(&bz, (struct span){ head, sizeof(head) }, release, sizeof(release));
	assert_string_equal(release, "6.1.0-56-cloud-amd64");
	bzimage_release(&bz, (struct span){ head, sizeof(head) }, release, 6);
	assert_string_equal(release, "6.1.0");
	bzimage_release(&bz, (struct span){ head, 0x303 }, release, sizeof(release));
	assert_string_equal(release, "6.1");
	bzimage_release(&bz, (struct span){ head, 0x300 }, release, sizeof(release));
	assert_string_equal(release, "?");
}

/* [SEC-10] */
static void the_release_shows_no_control_bytes(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	char release[65];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	memcpy(head + 0x300, "6\x1b[2J\n7 x", 9);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	bzimage_release(&bz, (struct span){ head, sizeof(head) }, release, sizeof(release));
	assert_string_equal(release, "6?[2J?7");
}

static void a_version_string_outside_of_the_set_up_code_is_none(void **state)
{
	uint8_t head[IMAGE_HEAD_LEN];
	char release[65];
	struct failure f;
	struct bzimage bz;

	(void)state;
	make_kernel(head);
	put_le16(head + 0x20e, 39 * 512);
	assert_int_equal(parse(&bz, head, sizeof(head), FILE_LEN, &f), 0);
	assert_int_equal(bz.kernel_version_off, 0);
	bzimage_release(&bz, (struct span){ head, sizeof(head) }, release, sizeof(release));
	assert_string_equal(release, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_modern_header),
		cmocka_unit_test(a_kernel_that_may_lie_above_4_gib_takes_initrds_up_to_there),
		cmocka_unit_test(the_file_may_differ_a_little_from_what_the_header_says),
		cmocka_unit_test(no_setup_sectors_means_four),
		cmocka_unit_test(the_burnt_version_is_read_as_the_one_before),
		cmocka_unit_test(old_versions_have_the_defaults),
		cmocka_unit_test(a_kernel_of_unknown_length_is_not_guessed),
		cmocka_unit_test(each_broken_field_has_its_sentence),
		cmocka_unit_test(a_file_that_ends_early_is_refused_wherever_it_ends),
		cmocka_unit_test(whatever_is_accepted_keeps_the_promises),
		cmocka_unit_test(the_release_is_the_version_s_first_word),
		cmocka_unit_test(the_release_shows_no_control_bytes),
		cmocka_unit_test(a_version_string_outside_of_the_set_up_code_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
