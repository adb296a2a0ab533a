/* SPDX-License-Identifier: BSD-2-Clause */
/* Where kernels and initrds go, on memory maps as SeaBIOS and others report them. */
#include "tests/unit/place_lab.h"

#define RESERVED 2

/* A PC of QEMU with so much RAM below and above 4 GiB. */
static void make_pc(uint64_t low, uint64_t high)
{
	map.count = 0;
	add(0, 0x9fc00, E820_RAM);
	add(0x9fc00, 0x400, RESERVED);
	add(0xf0000, 0x10000, RESERVED);
	add(MIB, low - MIB - 0x20000, E820_RAM);
	add(low - 0x20000, 0x20000, RESERVED);
	add(0xfffc0000, 0x40000, RESERVED);
	if (high)
		add(4 * GIB, high, E820_RAM);
}

static struct bzimage old(uint32_t init_size)
{
	return (struct bzimage){
		.version = 0x0204,
		.setup_len = SETUP_LEN,
		.payload_len = (uint32_t)MIB,
		.relocatable = false,
		.pref_address = MIB,
		.alignment = 1,
		.init_size = init_size,
		.initrd_addr_max = 0x37ffffff,
	};
}

static void put_kernel(const struct bzimage *bz, uint64_t len)
{
	assert_int_equal(place_kernel(&place, bz, len, &e, &f), 0);
	place_kernel_done(&place, len);
}

static void assert_refused(int result, const char *sentence)
{
	assert_int_equal(result, ERR_NO_SPACE);
	assert_int_equal(f.rung, RUNG_IMAGE);
	assert_string_equal(f.text, sentence);
	memset(&f, 0, sizeof(f));
}

/* [LNX-06] */
static void a_kernel_runs_at_its_pref_address_and_its_setup_lies_in_front(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	make_pc(512 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place.kernel_at, 16 * MIB);
	assert_int_equal(e.at, 16 * MIB - SETUP_LEN);
	assert_true(e.len >= MODERN_LEN);
}

/* [LNX-05] */
static void an_initrd_lies_behind_init_size_on_a_page(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	bz.init_size += 123;
	make_pc(512 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place_initrd(&place, 5000, &e, &f), 0);
	assert_int_equal(e.at, 68 * MIB + 4096);
}

static void a_kernel_longer_than_init_size_keeps_its_end(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	bz.init_size = 14 * MIB;
	make_pc(512 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN + 9 * MIB);
	assert_int_equal(place_initrd(&place, 5000, &e, &f), 0);
	assert_int_equal(e.at, 16 * MIB + 23 * MIB);
}

static void a_kernel_of_unknown_length_may_be_as_long_as_memory(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	make_pc(512 * MIB, 0);
	begin();
	assert_int_equal(place_kernel(&place, &bz, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at + e.len, 512 * MIB - 0x20000 - 24 * MIB);
	place_kernel_done(&place, MODERN_LEN + 200 * MIB);
	assert_int_equal(place_initrd(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at, 16 * MIB + 214 * MIB);
}

/* [LNX-12] */
static void initrds_follow_each_other_at_multiples_of_4(void **state)
{
	struct bzimage bz = modern();
	uint64_t first;

	(void)state;
	make_pc(512 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place_initrd(&place, 1001, &e, &f), 0);
	first = e.at;
	place_initrd_done(&place, 1001);
	assert_int_equal(place_initrd(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at, first + 1004);
	place_initrd_done(&place, 0);
	assert_int_equal(place_initrd(&place, 7, &e, &f), 0);
	assert_int_equal(e.at, first + 1004);
	place_initrd_done(&place, 7);
	assert_int_equal(place.initrd_at, first);
	assert_int_equal(place.initrd_len, 1011);
}

/* PMM blocks of other option ROMs are there. */
static void the_top_24_mib_below_4_gib_stay_untouched(void **state)
{
	struct bzimage bz = modern();
	uint64_t top = 128 * MIB - 0x20000;

	(void)state;
	make_pc(128 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(e.at + e.len, top - 24 * MIB);
	assert_int_equal(place_initrd(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at + e.len, top - 24 * MIB);
	begin();
	assert_int_equal(place_fetch(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at, 16 * MIB);
	assert_int_equal(e.at + e.len, top - 24 * MIB);
}

/* The kernel itself may use them: it runs when nobody else does. */
static void init_size_may_reach_into_the_top_24_mib(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	bz.init_size = 100 * MIB;
	make_pc(128 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_refused(place_initrd(&place, 1, &e, &f),
		       "1 bytes do not fit into memory: "
		       "0 bytes are left for the initrd behind the kernel; "
		       "the limit is this machine's memory below 4 GiB");
}

/* There is no address for it, and what is granted has one. */
static void an_empty_file_without_memory_is_refused(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	make_pc(40 * MIB, 0);
	begin();
	assert_refused(place_fetch(&place, 0, &e, &f),
		       "1 bytes do not fit into memory: 0 bytes are left for it");
	bz.init_size = 100 * MIB;
	make_pc(128 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_refused(place_initrd(&place, 0, &e, &f),
		       "1 bytes do not fit into memory: "
		       "0 bytes are left for the initrd behind the kernel; "
		       "the limit is this machine's memory below 4 GiB");
}

static void an_empty_initrd_behind_one_that_fills_memory_is_refused(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	make_pc(128 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place_initrd(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	place_initrd_done(&place, e.len);
	assert_int_equal(place_initrd(&place, 0, &e, &f), ERR_NO_SPACE);
}

/* [LNX-05] */
static void an_initrd_ends_at_initrd_addr_max(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	bz.initrd_addr_max = 0x37ffffff;
	make_pc(3 * GIB, 5 * GIB);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place_initrd(&place, 0x38000000 - 68 * MIB, &e, &f), 0);
	assert_int_equal(e.at + e.len, 0x38000000);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_refused(place_initrd(&place, 0x38000001 - 68 * MIB, &e, &f),
		       "868220929 bytes do not fit into memory: "
		       "868220928 bytes are left for the initrd behind the kernel; "
		       "the limit is the kernel's own (initrd_addr_max)");
}

/* That which made it so few bytes. */
static void the_sentence_says_whose_limit_an_initrd_meets(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	bz.initrd_addr_max = 0x37ffffff;
	make_pc(GIB, 5 * GIB);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_refused(place_initrd(&place, GIB, &e, &f),
		       "1073741824 bytes do not fit into memory: "
		       "868220928 bytes are left for the initrd behind the kernel; "
		       "the limit is the kernel's own (initrd_addr_max)");
	/* The second one meets it as the first would have. */
	assert_int_equal(place_initrd(&place, 800 * MIB, &e, &f), 0);
	place_initrd_done(&place, 800 * MIB);
	assert_refused(place_initrd(&place, 50 * MIB, &e, &f),
		       "52428800 bytes do not fit into memory: "
		       "29360128 bytes are left for the initrd behind the kernel; "
		       "the limit is the kernel's own (initrd_addr_max)");
	assert_int_equal(place_initrd(&place, 28 * MIB, &e, &f), 0);
	make_pc(512 * MIB, 5 * GIB);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_refused(place_initrd(&place, GIB, &e, &f),
		       "1073741824 bytes do not fit into memory: "
		       "440270848 bytes are left for the initrd behind the kernel; "
		       "the limit is this machine's memory below 4 GiB");
}

static void nothing_is_placed_above_4_gib(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	make_pc(2 * GIB, 6 * GIB);
	begin();
	assert_int_equal(place_fetch(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at + e.len, 2 * GIB - 0x20000 - 24 * MIB);
	bz.initrd_addr_max = 0xffffffff;
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place_initrd(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at + e.len, 2 * GIB - 0x20000 - 24 * MIB);
	bz.pref_address = 4 * GIB;
	assert_int_equal(place_kernel(&place, &bz, MODERN_LEN, &e, &f), ERR_NO_SPACE);
	map.count = 0;
	add(MIB, 8 * GIB, E820_RAM);
	begin();
	assert_int_equal(place_fetch(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at + e.len, 4 * GIB - 4096 - 24 * MIB);
	bz.pref_address = 4 * GIB - 40 * MIB;
	assert_int_equal(place_kernel(&place, &bz, MODERN_LEN, &e, &f), ERR_NO_SPACE);
}

/* The largest piece, where devices have torn a hole. */
static void a_fetch_gets_the_largest_piece(void **state)
{
	(void)state;
	map.count = 0;
	add(MIB, 127 * MIB, E820_RAM);
	add(256 * MIB, 512 * MIB, E820_RAM);
	add(400 * MIB, 1 * MIB, RESERVED); /* inside of RAM: some BIOSes overlap */
	add(900 * MIB, 30 * MIB, E820_RAM);
	begin();
	assert_int_equal(place_fetch(&place, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_int_equal(e.at, 401 * MIB);
	assert_int_equal(e.at + e.len, 768 * MIB);
	assert_int_equal(place_fetch(&place, 367 * MIB, &e, &f), 0);
	assert_int_equal(place_fetch(&place, 367 * MIB + 1, &e, &f), ERR_NO_SPACE);
}

/*
 * An ISA hole at 15 MiB: the file lies at 16 MiB, and moves down by its setup when it is started.
 */
static void without_ram_in_front_the_file_begins_where_the_kernel_runs(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	map.count = 0;
	add(MIB, 14 * MIB, E820_RAM);
	add(16 * MIB, 240 * MIB, E820_RAM);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place.kernel_at, 16 * MIB);
	assert_int_equal(e.at, 16 * MIB);
	assert_int_equal(place.kernel_file, 16 * MIB);
	/* A hole of one byte is one too. */
	map.count = 0;
	add(MIB, 255 * MIB, E820_RAM);
	add(16 * MIB - 1, 1, RESERVED);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(e.at, 16 * MIB);
}

/* Upward only: below its pref_address it would not stay. [LNX-06] */
static void a_relocatable_kernel_moves_up_to_where_it_fits(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	map.count = 0;
	add(MIB, 40 * MIB, E820_RAM);
	add(99 * MIB, 200 * MIB, E820_RAM);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place.kernel_at, 100 * MIB);
	assert_int_equal(e.at, 100 * MIB - SETUP_LEN);
	bz.relocatable = false;
	assert_refused(place_kernel(&place, &bz, MODERN_LEN, &e, &f),
		       "the kernel wants 54525952 bytes of memory at 1000000h and nowhere else, "
		       "and this machine has no such place; "
		       "give it more memory");
}

static void an_old_kernel_runs_at_1_mib_below_skiff(void **state)
{
	struct bzimage bz = old((uint32_t)(4 * MIB));

	(void)state;
	make_pc(512 * MIB, 0);
	begin();
	put_kernel(&bz, SETUP_LEN + MIB);
	assert_int_equal(place.kernel_at, MIB);
	assert_int_equal(e.at, MIB);
	assert_int_equal(e.len, 4 * MIB);
	/* Its initrd is not in skiff either. */
	assert_int_equal(place_initrd(&place, 9 * MIB, &e, &f), 0);
	assert_int_equal(e.at, OWN_END);
}

static void an_old_kernel_that_reaches_into_skiff_is_refused(void **state)
{
	struct bzimage bz = old((uint32_t)(4 * MIB + 1));

	(void)state;
	make_pc(512 * MIB, 0);
	begin();
	assert_refused(place_kernel(&place, &bz, SETUP_LEN + MIB, &e, &f),
		       "the kernel wants 4194305 bytes of memory at 100000h and nowhere else, "
		       "where skiff itself lies");
}

static void a_kernel_that_needs_more_than_there_is_is_refused(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	make_pc(64 * MIB, 0);
	begin();
	assert_refused(place_kernel(&place, &bz, MODERN_LEN, &e, &f),
		       "the kernel wants 54525952 bytes of memory at 1000000h or behind, "
		       "and this machine has no such place; "
		       "give it more memory");
}

/* A file may be longer than its kernel says: signatures, or an attack. */
static void a_kernel_file_longer_than_memory_is_refused(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	make_pc(512 * MIB, 0);
	begin();
	assert_refused(place_kernel(&place, &bz, 100000000000, &e, &f),
		       "the kernel wants 100000000000 bytes of memory at 1000000h or behind, "
		       "and this machine has no such place; "
		       "give it more memory");
	assert_int_equal(place_fetch(&place, 100000000000, &e, &f), ERR_NO_SPACE);
}

/* Values at the edges of 64 bits neither wrap nor loop. */
static void a_nonsensical_map_gives_nothing(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	map.count = 0;
	add(UINT64_MAX - 10, 100, E820_RAM);
	add(UINT64_MAX, UINT64_MAX, RESERVED);
	add(0, 0, E820_RAM);
	begin();
	bz.pref_address = UINT64_MAX - bz.init_size;
	assert_int_equal(place_kernel(&place, &bz, MODERN_LEN, &e, &f), ERR_NO_SPACE);
	assert_int_equal(place_fetch(&place, 1, &e, &f), ERR_NO_SPACE);
	map.count = 0;
	begin();
	assert_int_equal(place_fetch(&place, IMAGE_LEN_UNKNOWN, &e, &f), ERR_NO_SPACE);
}

static void ram_that_something_else_overlaps_is_not_free(void **state)
{
	(void)state;
	map.count = 0;
	add(0, 0xa0000, E820_RAM);
	add(0x9000, 0x1000, RESERVED);
	begin();
	assert_true(place_is_free(&place, 0, 0x9000));
	assert_false(place_is_free(&place, 0, 0x9001));
	assert_true(place_is_free(&place, 0xa000, 0xa0000));
	assert_false(place_is_free(&place, 0xa000, 0xa0001));
}

/* As some BIOSes report it: one piece of memory in several entries, in any order. */
static void ram_in_adjacent_or_overlapping_entries_is_one_piece(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	map.count = 0;
	add(40 * MIB, 200 * MIB, E820_RAM);
	add(0x12000, 0x8e000, E820_RAM);
	add(MIB, 16 * MIB, E820_RAM);
	add(0, 0x12000, E820_RAM);
	add(300 * MIB, 0, E820_RAM);
	add(15 * MIB, 25 * MIB, E820_RAM);
	begin();
	assert_true(place_is_free(&place, 0x10000, 0x13000));
	assert_true(place_is_free(&place, 0, 0xa0000));
	assert_false(place_is_free(&place, 0, 0xa0001));
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(e.at, 16 * MIB - SETUP_LEN);
	assert_int_equal(e.at + e.len, 240 * MIB - 24 * MIB);
}

/* However often others have cut it: what they have is never granted, what is left is. */
static void a_map_full_of_holes_loses_nothing(void **state)
{
	(void)state;
	map.count = 0;
	add(0, 2 * GIB, E820_RAM);
	for (uint64_t i = 1; i < E820_MAX; i++)
		add((E820_MAX - i) * 8 * MIB, MIB, RESERVED);
	begin();
	for (uint64_t i = 2; i < E820_MAX; i++) {
		assert_false(place_is_free(&place, (uint32_t)(i * 8 * MIB),
					   (uint32_t)(i * 8 * MIB + 1)));
		assert_true(place_is_free(&place, (uint32_t)(i * 8 * MIB + MIB),
					  (uint32_t)(i * 8 * MIB + 8 * MIB)));
	}
}

/*
 * A kernel that is asked for at no multiple of its alignment would move itself up, over what is
 * behind it.
 */
static void a_relocatable_kernel_is_aligned_even_at_its_pref_address(void **state)
{
	struct bzimage bz = modern();

	(void)state;
	bz.pref_address += 0x1000;
	make_pc(512 * MIB, 0);
	begin();
	put_kernel(&bz, MODERN_LEN);
	assert_int_equal(place.kernel_at, 18 * MIB);
}

/* --- boot programs --------------------------------------------------------------------------- */

#define ROOM 0x90000

/* As high as may be, below what other ROMs have, and not where the boot program waits. */
static void skiff_moves_to_the_highest_free_memory(void **state)
{
	uint32_t at;

	(void)state;
	make_pc(128 * MIB, 0);
	begin();
	assert_int_equal(place_nbp(&place, 42430, ROOM, &e, &f), 0);
	assert_int_equal(e.at, 16 * MIB);
	assert_int_equal(e.len, ROOM);
	place_nbp_done(&place, 42430);
	at = place_resident(&place, (uint32_t)(2 * MIB));
	assert_int_equal(at % 4096, 0);
	assert_true(at + 2 * MIB <= 104 * MIB && at + 2 * MIB > 103 * MIB);
	assert_int_equal(place_resident(&place, (uint32_t)(100 * MIB)), 0);
	/* All there is behind the program, and a page more. */
	assert_true(place_resident(&place, (uint32_t)(87 * MIB)) >= e.at + 42430);
	make_pc(4096 * MIB - GIB, GIB); /* not above 4 GiB */
	begin();
	assert_int_equal(place_nbp(&place, IMAGE_LEN_UNKNOWN, ROOM, &e, &f), 0);
	at = place_resident(&place, (uint32_t)(2 * MIB));
	assert_in_range(at, 3000 * MIB, 3072 * MIB - 26 * MIB);
}

static void a_boot_program_must_fit_base_memory(void **state)
{
	(void)state;
	make_pc(128 * MIB, 0);
	begin();
	assert_int_equal(place_nbp(&place, ROOM, ROOM, &e, &f), 0);
	assert_int_equal(place_nbp(&place, ROOM + 1, ROOM, &e, &f), ERR_NO_SPACE);
	assert_int_equal(f.rung, RUNG_IMAGE);
	assert_non_null(strstr(f.text, "boot program"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_runs_at_its_pref_address_and_its_setup_lies_in_front),
		cmocka_unit_test(an_initrd_lies_behind_init_size_on_a_page),
		cmocka_unit_test(a_kernel_longer_than_init_size_keeps_its_end),
		cmocka_unit_test(a_kernel_of_unknown_length_may_be_as_long_as_memory),
		cmocka_unit_test(initrds_follow_each_other_at_multiples_of_4),
		cmocka_unit_test(the_top_24_mib_below_4_gib_stay_untouched),
		cmocka_unit_test(init_size_may_reach_into_the_top_24_mib),
		cmocka_unit_test(an_empty_file_without_memory_is_refused),
		cmocka_unit_test(an_empty_initrd_behind_one_that_fills_memory_is_refused),
		cmocka_unit_test(an_initrd_ends_at_initrd_addr_max),
		cmocka_unit_test(the_sentence_says_whose_limit_an_initrd_meets),
		cmocka_unit_test(nothing_is_placed_above_4_gib),
		cmocka_unit_test(a_fetch_gets_the_largest_piece),
		cmocka_unit_test(skiff_moves_to_the_highest_free_memory),
		cmocka_unit_test(a_boot_program_must_fit_base_memory),
		cmocka_unit_test(without_ram_in_front_the_file_begins_where_the_kernel_runs),
		cmocka_unit_test(a_relocatable_kernel_moves_up_to_where_it_fits),
		cmocka_unit_test(an_old_kernel_runs_at_1_mib_below_skiff),
		cmocka_unit_test(an_old_kernel_that_reaches_into_skiff_is_refused),
		cmocka_unit_test(a_kernel_that_needs_more_than_there_is_is_refused),
		cmocka_unit_test(a_kernel_file_longer_than_memory_is_refused),
		cmocka_unit_test(a_nonsensical_map_gives_nothing),
		cmocka_unit_test(ram_that_something_else_overlaps_is_not_free),
		cmocka_unit_test(ram_in_adjacent_or_overlapping_entries_is_one_piece),
		cmocka_unit_test(a_map_full_of_holes_loses_nothing),
		cmocka_unit_test(a_relocatable_kernel_is_aligned_even_at_its_pref_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
