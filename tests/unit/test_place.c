/* SPDX-License-Identifier: BSD-2-Clause */
/* Where kernels and initrds go, on memory maps as SeaBIOS and others report them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/pcbios/place.h"
#include "arch/port.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define OWN_START (5 * MIB)
#define OWN_END (14 * MIB)
#define SETUP_LEN 0x5000
#define RESERVED 2

static struct e820 map;
static struct place place;
static struct place_extent e;
static struct failure f;

static void add(uint64_t start, uint64_t len, uint32_t type)
{
	map.range[map.count++] = (struct e820_range){ start, len, type };
}

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

static void begin(void)
{
	memset(&f, 0, sizeof(f));
	place_init(&place, &map, OWN_START, OWN_END);
}

/* Debian's cloud kernel. */
static struct bzimage modern(void)
{
	return (struct bzimage){
		.version = 0x020f,
		.setup_len = SETUP_LEN,
		.payload_len = 14 * MIB,
		.relocatable = true,
		.pref_address = 16 * MIB,
		.alignment = 2 * MIB,
		.init_size = 52 * MIB,
		.initrd_addr_max = 0x7fffffff,
	};
}

#define MODERN_LEN (SETUP_LEN + 14 * MIB)

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

/* --- random maps against an oracle ------------------------------------------------------------ */

#define CUTS 40
#define ROUNDS 3000
#define LAST_PAGE 0xfffff000u

static uint64_t cut[CUTS + 1]; /* sorted; entries begin and end at them */
static bool oracle_free[CUTS]; /* cut[i] … cut[i + 1] */
static uint64_t seed = 1;

static uint64_t chance(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Entries between the cuts: unsorted, overlapping, empty, wrapping. */
static void make_random_map(void)
{
	bool ram[CUTS] = { false }, taken[CUTS] = { false };

	for (unsigned i = 0; i < CUTS; i++)
		cut[i] = chance(3) ? chance(4600) * MIB : chance(5 * GIB);
	cut[0] = 0;
	cut[1] = OWN_START;
	cut[2] = OWN_END;
	cut[3] = LAST_PAGE;
	cut[4] = 16 * MIB;
	cut[CUTS] = UINT64_MAX;
	qsort(cut, CUTS, sizeof(cut[0]), by_value);
	map.count = 0;
	for (uint64_t n = 1 + chance(12); n > 0; n--) {
		uint64_t from = chance(CUTS), to = from + chance(CUTS + 1 - from);
		uint32_t type = chance(3) ? E820_RAM : (uint32_t)chance(6);

		add(cut[from],
		    to == CUTS ? UINT64_MAX - chance(cut[from] + 1) : cut[to] - cut[from], type);
		for (uint64_t i = from; i < to; i++)
			*(type == E820_RAM ? &ram[i] : &taken[i]) = true;
	}
	for (unsigned i = 0; i < CUTS; i++)
		oracle_free[i] = ram[i] && !taken[i] && cut[i] < LAST_PAGE &&
				 !(cut[i] >= OWN_START && cut[i] < OWN_END);
}

static bool oracle(uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < CUTS; i++)
		if (cut[i] < end && cut[i + 1] > start && cut[i] < cut[i + 1] && !oracle_free[i])
			return false;
	return true;
}

/* Bytes from `start` on that are free, up to `end`. */
static uint64_t oracle_room(uint64_t start, uint64_t end)
{
	uint64_t at = start;

	for (unsigned i = 0; i < CUTS; i++)
		if (cut[i + 1] > at && cut[i] <= at && oracle_free[i])
			at = cut[i + 1];
	return (at < end ? at : end) - start;
}

/* The most that begins at a multiple of a page between the two. */
static uint64_t oracle_largest(uint64_t low, uint64_t high)
{
	uint64_t best = 0;

	for (unsigned i = 0; i < CUTS; i++) {
		uint64_t at = ((cut[i] > low ? cut[i] : low) + 4095) & ~(uint64_t)4095;
		uint64_t room = at < high ? oracle_room(at, high) : 0;
		best = room > best ? room : best;
	}
	return best;
}

static void check_queries(void)
{
	for (unsigned i = 0; i < 200; i++) {
		uint64_t start = cut[chance(CUTS)] + chance(3) - 1,
			 end = cut[chance(CUTS)] + chance(3) - 1;

		if (start < end && end <= UINT32_MAX && start <= UINT32_MAX)
			assert_int_equal(place_is_free(&place, (uint32_t)start, (uint32_t)end),
					 oracle(start, end));
	}
}

static void check_fetch(void)
{
	uint64_t most = oracle_largest(16 * MIB, place.ceiling);

	if (place_fetch(&place, IMAGE_LEN_UNKNOWN, &e, &f) == 0) {
		assert_true(e.at >= 16 * MIB && e.at % 4096 == 0 && e.len > 0);
		assert_true(oracle(e.at, (uint64_t)e.at + e.len));
		assert_int_equal(e.len, most);
		assert_int_equal(place_fetch(&place, most, &e, &f), 0);
	} else {
		assert_int_equal(most, 0);
	}
	assert_int_equal(place_fetch(&place, most + 1, &e, &f), ERR_NO_SPACE);
}

/* Whether any address would do for this kernel. */
static bool oracle_kernel(const struct bzimage *bz, uint64_t file_len)
{
	for (uint64_t at = bz->pref_address; at < LAST_PAGE; at += bz->alignment) {
		uint64_t file = oracle(at - SETUP_LEN, at) ? at - SETUP_LEN : at;
		uint64_t need = file_len - (at - file);

		if (oracle_room(at, UINT64_MAX) >= (need > bz->init_size ? need : bz->init_size) &&
		    file + file_len <= place.ceiling)
			return true;
		if (!bz->relocatable)
			break;
	}
	return false;
}

static void check_initrds(const struct bzimage *bz, uint64_t kernel_end)
{
	uint64_t last = (uint64_t)bz->initrd_addr_max + 1, end = kernel_end;

	for (unsigned i = 0; i < 3; i++) {
		uint64_t len = chance(4) ? chance(200 * MIB) : IMAGE_LEN_UNKNOWN;

		if (place_initrd(&place, len, &e, &f) != 0)
			return;
		assert_true(e.at >= end && e.len > 0 && (len == IMAGE_LEN_UNKNOWN || e.len >= len));
		assert_int_equal(e.at % (i ? 4 : 4096), 0);
		assert_true(i == 0 || e.at - end < 4);
		assert_true(oracle(e.at, (uint64_t)e.at + e.len));
		assert_true((uint64_t)e.at + e.len <=
			    (last < place.ceiling ? last : place.ceiling));
		if (len == IMAGE_LEN_UNKNOWN)
			len = chance((uint64_t)e.len + 1);
		place_initrd_done(&place, len);
		end = e.at + len;
	}
}

static void check_kernel(void)
{
	struct bzimage bz = modern();
	uint64_t file_len = MODERN_LEN + chance(60 * MIB), end;

	bz.relocatable = chance(4) != 0;
	bz.pref_address = MIB * 2 * (1 + chance(40));
	bz.alignment = bz.relocatable ? (uint32_t)(2 * MIB) : 1;
	bz.init_size = (uint32_t)(14 * MIB + chance(100 * MIB));
	bz.initrd_addr_max = (uint32_t)chance(4 * GIB);
	if (place_kernel(&place, &bz, file_len, &e, &f) != 0) {
		assert_false(oracle_kernel(&bz, file_len));
		return;
	}
	end = (uint64_t)e.at + file_len;
	if (end < (uint64_t)place.kernel_at + bz.init_size)
		end = (uint64_t)place.kernel_at + bz.init_size;
	assert_true(e.len >= file_len && (uint64_t)e.at + e.len <= place.ceiling);
	assert_true(oracle(e.at, end) && oracle(e.at, (uint64_t)e.at + e.len));
	assert_true(place.kernel_at % bz.alignment == 0 && place.kernel_at >= bz.pref_address);
	place_kernel_done(&place, file_len);
	check_initrds(&bz, end);
}

/*
 * Whatever a BIOS says: granted is what is RAM and nobody's, and of that nothing is overlooked.
 * [LNX-05] [LNX-06]
 */
static void random_maps_give_what_an_oracle_says(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		make_random_map();
		begin();
		check_queries();
		check_fetch();
		check_kernel();
	}
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
		cmocka_unit_test(random_maps_give_what_an_oracle_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
