/* SPDX-License-Identifier: BSD-2-Clause */
/* Where kernels and initrds go on random memory maps: an oracle that is slow and plain says it too.
 */
#include <stdlib.h>

#include "tests/unit/place_lab.h"

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
		cmocka_unit_test(random_maps_give_what_an_oracle_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
