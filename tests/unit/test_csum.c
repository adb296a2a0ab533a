/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The internet checksum: the C version, on a 32-bit x86 the ROM's assembly, and on x86-64 the UEFI
 * application's, against a slow one that is plainly right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/csum.h"
#include "core/wire.h"

#define MAX 70000

#ifdef __i386__
#define REGPARM __attribute__((regparm(3))) /* as the ROM is compiled */
REGPARM uint32_t x86_csum_add(const void *data, size_t len, uint32_t sum);
REGPARM uint32_t x86_csum_copy(void *dst, const void *src, size_t len, uint32_t sum);

static uint32_t assembly_add(const void *data, size_t len, uint32_t sum)
{
	return x86_csum_add(data, len, sum);
}

static uint32_t assembly_copy(void *dst, const void *src, size_t len, uint32_t sum)
{
	return x86_csum_copy(dst, src, len, sum);
}
#endif

#ifdef __x86_64__
uint32_t x64_csum_add(const void *data, size_t len, uint32_t sum);
uint32_t x64_csum_copy(void *dst, const void *src, size_t len, uint32_t sum);
#endif

struct implementation {
	const char *name;
	uint32_t (*add)(const void *data, size_t len, uint32_t sum);
	uint32_t (*copy)(void *dst, const void *src, size_t len, uint32_t sum);
};

static const struct implementation implementations[] = {
	{ "C", csum_add, csum_copy },
#ifdef __i386__
	{ "assembly", assembly_add, assembly_copy },
#endif
#ifdef __x86_64__
	{ "x86-64", x64_csum_add, x64_csum_copy },
#endif
};

static uint8_t *bytes, *copy;
static uint32_t random_state = 1;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

static int fill(void **state)
{
	(void)state;
	bytes = malloc(MAX);
	copy = malloc(MAX);
	for (size_t i = 0; i < MAX; i++)
		bytes[i] = (uint8_t)next_random();
	return bytes && copy ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	free(bytes);
	free(copy);
	return 0;
}

/* One carry at a time. */
static uint16_t slow_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

/* Both forms, each against the slow one. */
static void check(const struct implementation *im, const uint8_t *p, size_t len)
{
	uint16_t want = slow_sum(p, len);

	assert_int_equal(csum_fold(im->add(p, len, 0)), want);
	assert_int_equal(csum_fold(im->copy(copy, p, len, 0)), want);
	assert_memory_equal(copy, p, len);
}

#define EACH(im) \
	for (const struct implementation *im = implementations; \
	     im < implementations + ARRAY_LEN(implementations); im++)

static void the_example_of_rfc_1071(void **state)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	EACH(im)
	assert_int_equal(csum_fold(im->add(example, sizeof(example), 0)), 0xddf2);
}

/* Each length up to beyond the unrolled loops, at each alignment. */
static void every_short_length_at_every_alignment(void **state)
{
	(void)state;
	EACH(im)
	for (size_t len = 0; len < 600; len++)
		for (size_t start = 0; start < 4; start++)
			check(im, bytes + start, len);
}

/* [SUM-01] */
static void ones_in_64_kib(void **state)
{
	(void)state;
	uint8_t *ones = malloc(MAX);
	memset(ones, 0xff, MAX);
	EACH(im)
	{
		check(im, ones, 65535);
		check(im, ones, 65536);
		check(im, ones + 1, 65536);
		assert_int_equal(csum_fold(im->add(ones, 65536, 0xffffffff)), 0xffff);
	}
	free(ones);
}

/* A carry out of every word, and from every position into every other. */
static void carries_from_every_bit(void **state)
{
	static uint8_t p[260];

	(void)state;
	EACH(im)
	for (unsigned bit = 0; bit < 8 * sizeof(p); bit++) {
		memset(p, 0xff, sizeof(p));
		p[bit / 8] = (uint8_t) ~(1u << bit % 8);
		check(im, p, sizeof(p));
	}
}

/* [SUM-02] Even pieces chain; the last one may be odd. */
static void random_splits_into_even_pieces(void **state)
{
	(void)state;
	EACH(im)
	for (int round = 0; round < 500; round++) {
		size_t len = next_random() % 3000, at = 0;
		uint32_t sum = 0;
		while (at < len) {
			size_t piece = next_random() % 700 & ~(size_t)1;
			if (piece >= len - at)
				piece = len - at;
			sum = next_random() % 2 ? im->add(bytes + at, piece, sum) :
						  im->copy(copy, bytes + at, piece, sum);
			at += piece;
		}
		assert_int_equal(csum_fold(sum), slow_sum(bytes, len));
	}
}

/* [SUM-02] The odd byte stands for itself and a zero behind it, whatever is there in memory. */
static void an_odd_end_takes_nothing_from_behind(void **state)
{
	static const uint8_t p[] = { 0x12, 0x34, 0x56, 0xff, 0xff, 0xff };

	(void)state;
	EACH(im)
	assert_int_equal(csum_fold(im->add(p, 3, 0)), 0x1234 + 0x5600);
}

static void a_sum_begins_with_numbers_in_host_order(void **state)
{
	static const uint8_t p[] = { 0xff, 0xfe };

	(void)state;
	EACH(im)
	{
		assert_int_equal(csum_fold(im->add(p, 2, 0x0003)), 0x0002);
		assert_int_equal(csum_fold(im->copy(copy, p, 2, 0xffffffff)), 0xfffe);
	}
}

static void nothing_behind_the_destination_is_touched(void **state)
{
	(void)state;
	EACH(im)
	for (size_t len = 0; len < 300; len++) {
		memset(copy, 0xa5, 304);
		im->copy(copy, bytes, len, 0);
		assert_int_equal(copy[len], 0xa5);
	}
}

static void a_packet_with_its_checksum_sums_to_ffff(void **state)
{
	(void)state;
	EACH(im)
	{
		uint8_t packet[1501];
		memcpy(packet, bytes, sizeof(packet));
		put_be16(packet + 16, 0);
		put_be16(packet + 16, (uint16_t)~csum_fold(im->add(packet, sizeof(packet), 0)));
		assert_int_equal(csum_fold(im->add(packet, sizeof(packet), 0)), 0xffff);
		packet[1500] ^= 1;
		assert_int_not_equal(csum_fold(im->add(packet, sizeof(packet), 0)), 0xffff);
	}
}

static void folding_brings_the_second_carry_back(void **state)
{
	(void)state;
	assert_int_equal(csum_fold(0), 0);
	assert_int_equal(csum_fold(0xffff), 0xffff);
	assert_int_equal(csum_fold(0x10000), 1);
	assert_int_equal(csum_fold(0xffff0001), 1);
	assert_int_equal(csum_fold(0xffffffff), 0xffff);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_1071),
		cmocka_unit_test(every_short_length_at_every_alignment),
		cmocka_unit_test(ones_in_64_kib),
		cmocka_unit_test(carries_from_every_bit),
		cmocka_unit_test(random_splits_into_even_pieces),
		cmocka_unit_test(an_odd_end_takes_nothing_from_behind),
		cmocka_unit_test(a_sum_begins_with_numbers_in_host_order),
		cmocka_unit_test(nothing_behind_the_destination_is_touched),
		cmocka_unit_test(a_packet_with_its_checksum_sums_to_ffff),
		cmocka_unit_test(folding_brings_the_second_carry_back),
	};

	return cmocka_run_group_tests(tests, fill, drop);
}
