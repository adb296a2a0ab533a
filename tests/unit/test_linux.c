/* SPDX-License-Identifier: BSD-2-Clause */
/* The zero page, byte by byte where it matters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/x86/linux.h"
#include "core/wire.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static uint8_t header[512];
static uint8_t page[LINUX_ZERO_PAGE_LEN];
static struct bzimage kernel;
static struct e820 map;

static void build(struct linux_params params)
{
	params.kernel = &kernel;
	params.header = header;
	params.map = &map;
	memset(page, 0xee, sizeof(page));
	linux_zero_page(page, &params);
}

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(header); i++)
		header[i] = (uint8_t)(i + 1);
	kernel = (struct bzimage){ .version = 0x020f, .header_len = 0x7b };
	map.count = 0;
	return 0;
}

/* [LNX-08] */
static void the_header_is_copied_and_no_byte_behind_it(void **state)
{
	(void)state;
	build((struct linux_params){ 0 });
	assert_memory_equal(page + 0x1f1, header, 0x1f); /* up to type_of_loader */
	assert_int_equal(page[0x1f1 + 0x7a], header[0x7a]);
	assert_int_equal(page[0x1f1 + 0x7b], 0);
}

/* [LNX-04] [LNX-06] [LNX-10] */
static void the_loader_s_fields_are_set_and_no_others(void **state)
{
	static const struct {
		unsigned off, len;
	} ours[] = { { 0x210, 1 }, { 0x214, 4 }, { 0x218, 4 }, { 0x21c, 4 }, { 0x228, 4 } };

	(void)state;
	build((struct linux_params){
		.kernel_at = 0x1200000,
		.cmdline_at = 0x12000,
		.initrd_at = 0x4378000,
		.initrd_len = 99,
	});
	assert_int_equal(page[0x210], 0xff);
	assert_int_equal(get_le32(page + 0x214), 0x1200000);
	assert_int_equal(get_le32(page + 0x218), 0x4378000);
	assert_int_equal(get_le32(page + 0x21c), 99);
	assert_int_equal(get_le32(page + 0x228), 0x12000);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		memcpy(page + ours[i].off, header + ours[i].off - 0x1f1, ours[i].len);
	assert_memory_equal(page + 0x1f1, header, 0x7b);
}

/* [LNX-08] */
static void the_map_is_handed_over_whole_and_truthful(void **state)
{
	(void)state;
	map.count = E820_MAX;
	for (uint32_t i = 0; i < E820_MAX; i++)
		map.range[i] = (struct e820_range){
			0x100000000u * i + 1,
			0x200000000u + i,
			i % 5 + 1,
		};
	build((struct linux_params){ 0 });
	assert_int_equal(page[0x1e8], 128);
	for (uint32_t i = 0; i < E820_MAX; i++) {
		const uint8_t *entry = page + 0x2d0 + 20 * i;
		assert_int_equal(get_le64(entry), 0x100000000u * i + 1);
		assert_int_equal(get_le64(entry + 8), 0x200000000u + i);
		assert_int_equal(get_le32(entry + 16), i % 5 + 1);
	}
	assert_int_equal(page[0x2d0 + 20 * 128], 0);
}

/* 2 + 255 bytes behind 200h is as far as a header can say that it reaches. */
static void the_longest_header_does_not_reach_into_the_map(void **state)
{
	(void)state;
	kernel.header_len = 0x202 + 255 - 0x1f1;
	map.count = 3;
	for (uint32_t i = 0; i < 3; i++)
		map.range[i] = (struct e820_range){ i, 1, E820_RAM };
	build((struct linux_params){ 0 });
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(get_le64(page + 0x2d0 + 20 * i), i);
}

static void the_screen_is_described(void **state)
{
	(void)state;
	build((struct linux_params){ .screen = {
					     .column = 3,
					     .row = 7,
					     .page = 0x0102,
					     .mode = 3,
					     .columns = 80,
					     .lines = 25,
					     .ega_bx = 0x0003,
					     .is_vga = 1,
					     .points = 16,
				     } });
	static const uint8_t want[] = {
		3, 7, 0, 0, 2, 1, 3, 80, 0, 0, 3, 0, 0, 0, 25, 1, 16, 0, 0,
	};
	assert_memory_equal(page, want, sizeof(want));
}

/* The kernel takes a page that is not zero elsewhere for an old loader's ("sentinel", 1EFh). */
static void all_else_is_zero(void **state)
{
	(void)state;
	build((struct linux_params){ 0 });
	for (unsigned i = 0; i < sizeof(page); i++)
		if (i < 0x1f1 || i >= 0x1f1 + 0x7b)
			assert_int_equal(page[i], 0);
}

static void refused(const struct bzimage *bz, bool long_mode, const char *why)
{
	assert_string_equal(linux_refusal(bz, long_mode), why);
}

/* [LNX-08] */
static void a_64_bit_kernel_wants_a_64_bit_processor(void **state)
{
	struct bzimage bz = { .code32_start = 0x100000, .xloadflags = 0x7f };

	(void)state;
	assert_null(linux_refusal(&bz, true));
	refused(&bz, false,
		"is a 64-bit one, and this machine's processor has 32 bits; use a 32-bit kernel");
	bz.xloadflags = 0x7e;
	assert_null(linux_refusal(&bz, false));
	assert_null(linux_refusal(&bz, true));
}

/* ipxe.lkrn for one. [LNX-08] */
static void a_kernel_without_a_32_bit_entry_is_refused(void **state)
{
	struct bzimage bz = { .code32_start = 0 };

	(void)state;
	refused(&bz, true,
		"has no 32-bit entry (code32_start is 0), and skiff knows no other; is it "
		"ipxe.lkrn?");
	refused(&bz, false,
		"has no 32-bit entry (code32_start is 0), and skiff knows no other; is it "
		"ipxe.lkrn?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_header_is_copied_and_no_byte_behind_it, set_up),
		cmocka_unit_test_setup(the_loader_s_fields_are_set_and_no_others, set_up),
		cmocka_unit_test_setup(the_map_is_handed_over_whole_and_truthful, set_up),
		cmocka_unit_test_setup(the_longest_header_does_not_reach_into_the_map, set_up),
		cmocka_unit_test_setup(the_screen_is_described, set_up),
		cmocka_unit_test_setup(all_else_is_zero, set_up),
		cmocka_unit_test(a_64_bit_kernel_wants_a_64_bit_processor),
		cmocka_unit_test(a_kernel_without_a_32_bit_entry_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
