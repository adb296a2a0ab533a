/* SPDX-License-Identifier: BSD-2-Clause */
/* arch/x86/tsc.c: the counter's rate on quiet, busy and slow hosts; time when the counter jumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/port.h"
#include "arch/x86/tsc.h"

#include <cmocka.h>

#define HZ 1193182
#define COUNTS 65535 /* then it has run out, as the PIT's channel 2 */

/*
 * A machine whose host lets it run for run_ns, or a random part of it, then stops it for away_ns.
 */
static struct host {
	uint64_t now_ns, until_ns, started_ns, run_ns, away_ns, random;
	uint32_t per_ms, access_ns; /* ticks; what an access to a port takes */
	bool stuck, absent;
	unsigned reads;
} host;

static uint64_t chance(uint64_t below)
{
	host.random = host.random * 6364136223846793005u + 1442695040888963407u;
	return (host.random >> 33) % below;
}

static void pass(uint64_t ns)
{
	host.now_ns += ns;
	while (host.away_ns && host.now_ns >= host.until_ns) {
		host.now_ns += host.away_ns;
		host.until_ns = host.now_ns + 1 + chance(host.run_ns);
	}
}

static uint32_t ticks(void)
{
	uint64_t now = host.now_ns * host.per_ms / 1000000;

	pass(20);
	return (uint32_t)now;
}

static void start(void)
{
	pass(4 * host.access_ns);
	host.started_ns = host.now_ns;
}

static bool read(struct tsc_reading *r)
{
	uint64_t count;

	host.reads++;
	r->before = ticks();
	pass(host.access_ns / 2);
	count = (host.now_ns - host.started_ns) * HZ / 1000000000;
	pass(host.access_ns / 2);
	r->after = ticks();
	pass(3 * host.access_ns);
	r->count = host.stuck ? 77 : (uint32_t)count;
	return !host.absent && count < COUNTS;
}

static uint32_t measure(uint32_t per_ms, uint32_t access_ns, uint64_t run_ns, uint64_t away_ns,
			uint64_t seed)
{
	host = (struct host){ .per_ms = per_ms,
			      .access_ns = access_ns,
			      .run_ns = run_ns,
			      .away_ns = away_ns,
			      .random = seed,
			      .now_ns = 5000000000 + seed * 977,
			      .until_ns = 5000000000 };
	return tsc_measure(start, read, HZ);
}

/* Never too small, so that no wait is cut short, and too large by less than 1 %. */
static void assert_rate(uint32_t per_ms, uint32_t measured)
{
	assert_true(measured >= per_ms);
	assert_true(measured < per_ms + per_ms / 100 + 2);
}

static void a_quiet_host_is_measured_within_a_few_milliseconds(void **state)
{
	static const uint32_t rates[] = { 60000, 133333, 1000000, 2499998, 5800000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rates); i++) {
		assert_rate(rates[i], measure(rates[i], 700, 0, 0, i));
		assert_true(host.now_ns - 5000000000 < 4000000);
	}
}

/* Sixteen others want the same processor: 3 ms for us, 48 for them. */
static void a_busy_host_does_not_slow_the_clock(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++)
		assert_rate(2500000, measure(2500000, 1500, 3000000, 48000000, seed));
}

/* Longer away than the clock runs, and longer than the counter's lower half lasts. */
static void what_is_away_too_long_for_the_clock_is_tried_again(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		assert_rate(4000000, measure(4000000, 1500, 9000000, 70000000, seed));
		assert_rate(4000000, measure(4000000, 1500, 9000000, 2000000000, seed));
	}
}

/* 50 µs an access: an interpreter, on a busy host. */
static void slow_registers_take_longer(void **state)
{
	(void)state;
	assert_rate(2000000, measure(2000000, 50000, 0, 0, 1));
	for (uint64_t seed = 0; seed < 200; seed++)
		assert_true(measure(2000000, 50000, 30000000, 1000000, seed) >= 2000000);
}

/*
 * A host that gives us less than a millisecond at a time: doubt makes the clock slow, never fast.
 */
static void a_host_that_is_never_there_draws_waits_out(void **state)
{
	uint32_t measured;

	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		measured = measure(2500000, 1500, 4000, 3000000, seed);
		assert_true(measured == 0 || measured >= 2500000);
	}
}

static void a_clock_that_is_absent_or_stands_still_is_none(void **state)
{
	(void)state;
	host = (struct host){ .per_ms = 2500000, .access_ns = 10, .absent = true };
	assert_int_equal(tsc_measure(start, read, HZ), 0);
	assert_true(host.reads <= 4);
	host = (struct host){ .per_ms = 2500000, .access_ns = 10, .stuck = true };
	assert_int_equal(tsc_measure(start, read, HZ), 0);
	assert_true(host.reads <= 4 * 50001);
}

/* [SEC-15] */
static void time_is_ticks_by_their_rate(void **state)
{
	struct tsc_clock c;

	(void)state;
	tsc_clock_init(&c, 2500000, 1000000000000);
	assert_int_equal(tsc_clock_ms(&c, 1000000000000), 0);
	assert_in_range(tsc_clock_ms(&c, 1000000000000 + 2500000 * 60000ull), 59998, 60000);
	/* 2^32 ms are 49 days; with 5 GHz ticks need 55 bits for them. */
	tsc_clock_init(&c, 5000000, 0);
	assert_in_range(tsc_clock_ms(&c, 5000000 * 4294967000ull), 4294940000u, 4294967000u);
}

/* [SEC-15]: another host after a migration, or the same one after a suspension. */
static void a_counter_that_steps_back_does_not_stop_time(void **state)
{
	struct tsc_clock c;
	uint32_t before_ms;

	(void)state;
	tsc_clock_init(&c, 1000000, 90000000000000);
	before_ms = tsc_clock_ms(&c, 90000000000000 + 7000 * 1000000ull);
	assert_in_range(before_ms, 6999, 7000);
	assert_int_equal(tsc_clock_ms(&c, 5000), before_ms);
	assert_in_range(tsc_clock_ms(&c, 5000 + 3000 * 1000000ull) - before_ms, 2999, 3001);
	assert_in_range(tsc_clock_ms(&c, 0) - before_ms, 2999, 3001);
	assert_in_range(tsc_clock_ms(&c, 1000 * 1000000ull) - before_ms, 3999, 4001);
}

/* Whatever the rate is said to be, time goes on, and not faster than it should. */
static void a_rate_that_nobody_knows_is_a_fast_one(void **state)
{
	struct tsc_clock c;

	(void)state;
	tsc_clock_init(&c, 0, 0);
	assert_in_range(tsc_clock_ms(&c, 4000000 * 1000ull), 999, 1000);
	tsc_clock_init(&c, 1, 0);
	assert_in_range(tsc_clock_ms(&c, 1000 * 1000), 999, 1000);
	tsc_clock_init(&c, UINT32_MAX, 0);
	assert_in_range(tsc_clock_ms(&c, 4294967295u * 1000ull), 990, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_host_is_measured_within_a_few_milliseconds),
		cmocka_unit_test(a_busy_host_does_not_slow_the_clock),
		cmocka_unit_test(what_is_away_too_long_for_the_clock_is_tried_again),
		cmocka_unit_test(slow_registers_take_longer),
		cmocka_unit_test(a_host_that_is_never_there_draws_waits_out),
		cmocka_unit_test(a_clock_that_is_absent_or_stands_still_is_none),
		cmocka_unit_test(time_is_ticks_by_their_rate),
		cmocka_unit_test(a_counter_that_steps_back_does_not_stop_time),
		cmocka_unit_test(a_rate_that_nobody_knows_is_a_fast_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
