/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unpacker in skiff.efi, on what xz packs with the options of the build, and on what it never
 * wrote. All memory ends where its bytes end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/uefi/unpack/lzma.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define XZ "xz -T1 --format=raw --lzma1=preset=9e,lc=3,lp=0,pb=0 -c "
#define LEN_MAX 400000

static uint8_t data[LEN_MAX], packed[LEN_MAX + 1000];
static uint32_t data_len, packed_len;

static void pack(void)
{
	char name[] = "/tmp/skiff-lzma-XXXXXX", command[sizeof(XZ) + sizeof(name)];
	int file = mkstemp(name);
	FILE *xz;

	assert_true(file >= 0);
	assert_int_equal(write(file, data, data_len), data_len);
	close(file);
	snprintf(command, sizeof(command), XZ "%s", name);
	xz = popen(command, "r");
	assert_non_null(xz);
	packed_len = (uint32_t)fread(packed, 1, sizeof(packed), xz);
	assert_int_equal(pclose(xz), 0);
	assert_true(packed_len > 0 && packed_len < sizeof(packed));
	unlink(name);
}

/* Whether the first in_len bytes of `packed` are out_len bytes of data. */
static bool unpacks(uint32_t in_len, uint32_t out_len)
{
	uint8_t *in = malloc(in_len ? in_len : 1), *out = malloc(out_len ? out_len : 1);
	struct lzma *l = malloc(sizeof(*l));
	bool good;

	assert_true(in && out && l);
	memcpy(in, packed, in_len);
	memset(l, 0xa5, sizeof(*l));
	good = lzma_unpack(l, out, out_len, (struct span){ in, in_len });
	if (good && out_len <= data_len)
		assert_memory_equal(out, data, out_len);
	free(l);
	free(in);
	free(out);
	return good;
}

static uint32_t noise(void)
{
	static uint32_t x = 1;

	x = x * 1664525 + 1013904223;
	return x >> 16;
}

static void fill_with_noise(uint8_t *at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		at[i] = (uint8_t)noise();
}

/* Lines that are alike: short and long matches, near and far, and the last four distances. */
static void make_text(uint32_t len)
{
	data_len = 0;
	while (data_len < len)
		data_len += (uint32_t)snprintf((char *)data + data_len, LEN_MAX - data_len,
					       "%u: the %s brown %s of %u\n", noise() % 1000,
					       noise() & 1 ? "quick" : "slow",
					       noise() & 1 ? "fox" : "elephant", noise());
}

static int make_small(void **state)
{
	(void)state;
	make_text(600);
	pack();
	return 0;
}

static void assert_round_trip(uint32_t len)
{
	data_len = len;
	pack();
	assert_true(unpacks(packed_len, data_len));
}

static void text_comes_back(void **state)
{
	(void)state;
	make_text(LEN_MAX - 100);
	assert_round_trip(data_len);
	assert_true(packed_len < data_len / 3);
}

static void a_program_comes_back(void **state)
{
	FILE *self = fopen("/proc/self/exe", "rb");

	(void)state;
	assert_non_null(self);
	data_len = (uint32_t)fread(data, 1, LEN_MAX, self);
	fclose(self);
	assert_round_trip(data_len);
}

static void zeros_and_noise_come_back(void **state)
{
	(void)state;
	memset(data, 0, sizeof(data));
	assert_round_trip(LEN_MAX);
	assert_true(packed_len < 200);
	fill_with_noise(data + 1000, 5000);
	assert_round_trip(7000);
}

static void no_bytes_and_few_come_back(void **state)
{
	(void)state;
	fill_with_noise(data, 20);
	for (uint32_t len = 0; len <= 20; len++)
		assert_round_trip(len);
}

static void a_cut_input_is_refused(void **state)
{
	(void)state;
	for (uint32_t len = 0; len < packed_len; len++)
		assert_false(unpacks(len, data_len));
}

/* What no bytes at all become ends in zeros, and zeros are what is made up beyond the end. */
static void a_cut_end_mark_is_refused(void **state)
{
	(void)state;
	assert_round_trip(0);
	assert_int_equal(packed[packed_len - 1], 0);
	for (uint32_t len = 0; len < packed_len; len++)
		assert_false(unpacks(len, 0));
}

/* What an encoder writes of a match of two bytes at distance 1, where there is no byte yet. */
static void a_match_before_the_first_byte_is_refused(void **state)
{
	static const uint8_t far[] = {
		0x00, 0x80, 0x08, 0x44, 0x62, 0x03, 0xff, 0xfb, 0x9e, 0x10, 0x00,
	};

	(void)state;
	memcpy(packed, far, sizeof(far));
	memset(data, 0, 2);
	data_len = 2;
	assert_false(unpacks(sizeof(far), data_len));
}

static void bytes_behind_the_end_mark_are_refused(void **state)
{
	(void)state;
	packed[packed_len] = 0;
	assert_false(unpacks(packed_len + 1, data_len));
}

static void another_length_is_refused(void **state)
{
	(void)state;
	for (uint32_t len = 0; len < data_len + 300; len++)
		assert_int_equal(unpacks(packed_len, len), len == data_len);
}

static void a_flipped_bit_is_refused(void **state)
{
	(void)state;
	for (uint32_t bit = 0; bit < packed_len * 8; bit++) {
		packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(unpacks(packed_len, data_len));
		packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* A beginning that is good leads the decoder into all of its states. */
static void noise_is_refused(void **state)
{
	static uint8_t before[sizeof(packed)];
	uint32_t good;

	(void)state;
	memcpy(before, packed, packed_len);
	for (int i = 0; i < 2000; i++) {
		good = noise() % packed_len;
		memcpy(packed, before, good);
		fill_with_noise(packed + good, 400);
		assert_false(unpacks(good + 400, noise() % 5000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_back),
		cmocka_unit_test(a_program_comes_back),
		cmocka_unit_test(zeros_and_noise_come_back),
		cmocka_unit_test(no_bytes_and_few_come_back),
		cmocka_unit_test_setup(a_cut_input_is_refused, make_small),
		cmocka_unit_test(a_cut_end_mark_is_refused),
		cmocka_unit_test(a_match_before_the_first_byte_is_refused),
		cmocka_unit_test_setup(bytes_behind_the_end_mark_are_refused, make_small),
		cmocka_unit_test_setup(another_length_is_refused, make_small),
		cmocka_unit_test_setup(a_flipped_bit_is_refused, make_small),
		cmocka_unit_test_setup(noise_is_refused, make_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
