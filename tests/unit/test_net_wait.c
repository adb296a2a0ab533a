/* SPDX-License-Identifier: BSD-2-Clause */
/* net/net.c, net_wait(): when it looks, how long it sleeps in between, and where it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"
#include "tests/model/packets.h"

#include <cmocka.h>
#undef fail

#define SLEEP_MOST_MS 60
#define DEADLINE_MS 60000

static struct stage stage;

/* What a wait was like: how often it looked, and how long it was away in between. */
static struct watch {
	uint32_t start_ms, last_ms; /* of the wait; when it looked */
	uint32_t looks, longest_ms;
} watch;

static uint32_t sends_at_ms, hears_at_ms; /* from a wait's start; 0: never */

static uint32_t past_ms(void)
{
	return clock_now_ms() - watch.start_ms;
}

static bool never(void *ctx)
{
	uint32_t away_ms = clock_now_ms() - watch.last_ms;

	(void)ctx;
	watch.looks++;
	watch.last_ms += away_ms;
	if (away_ms > watch.longest_ms)
		watch.longest_ms = away_ms;
	if (sends_at_ms && past_ms() >= sends_at_ms) {
		sends_at_ms = 0;
		arp_announce(&stage.net);
	}
	return false;
}

static void receive(void)
{
	uint8_t arp[28], frame[60];
	uint32_t len = packet_arp(arp, 1, peer_mac, PEER_IP + 5, all_macs, PEER_IP + 6);

	fake_nic_receive(&stage.fake, frame,
			 packet_eth(frame, all_macs, peer_mac, 0x0806, arp, len));
}

static void hears_a_frame(void *ctx)
{
	(void)ctx;
	if (past_ms() == hears_at_ms)
		receive();
}

static void hears_one_each_31_ms(void *ctx)
{
	(void)ctx;
	if (past_ms() % 31 == 0)
		receive();
}

static void begin(void)
{
	memset(&watch, 0, sizeof(watch));
	watch.start_ms = watch.last_ms = clock_now_ms();
}

static void wait(uint32_t timeout_ms)
{
	begin();
	assert_int_equal(net_wait(&stage.net, never, NULL, timeout_ms), ERR_TIMEOUT);
}

static int fresh(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	sends_at_ms = hears_at_ms = 0;
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

/* --- how long it sleeps ---------------------------------------------------------------------- */

static void it_looks_each_millisecond_at_first(void **state)
{
	(void)state;
	wait(64);
	assert_int_equal(watch.looks, 64 + 1);
}

static void it_sleeps_for_a_32nd_of_the_silence(void **state)
{
	(void)state;
	for (uint32_t ms = 200; ms < 32 * SLEEP_MOST_MS; ms += 100) {
		gone(state);
		fresh(state);
		wait(ms);
		assert_in_range(watch.longest_ms, (ms - 2 * SLEEP_MOST_MS) / 32, ms / 32);
	}
}

static void however_long_the_silence_no_sleep_is_longer_than_60_ms(void **state)
{
	(void)state;
	wait(20000);
	assert_int_equal(watch.longest_ms, SLEEP_MOST_MS);
	wait(6000);
	assert_int_equal(watch.looks, 6000 / SLEEP_MOST_MS + 1);
}

static void it_does_not_sleep_while_frames_come(void **state)
{
	(void)state;
	hosted_idle_hook(hears_one_each_31_ms, NULL);
	wait(10000);
	assert_int_equal(watch.longest_ms, 1);
}

static void a_frame_that_comes_ends_the_silence(void **state)
{
	(void)state;
	hosted_idle_hook(hears_a_frame, NULL);
	hears_at_ms = 10000;
	wait(10000 + SLEEP_MOST_MS);
	wait(30);
	assert_in_range(watch.longest_ms, 1, (SLEEP_MOST_MS + 30) / 32);
}

static void a_frame_that_leaves_ends_the_silence(void **state)
{
	(void)state;
	sends_at_ms = 10000;
	wait(10000 + SLEEP_MOST_MS);
	wait(30);
	assert_in_range(watch.longest_ms, 1, (SLEEP_MOST_MS + 30) / 32);
}

/* As a menu waits, which looks at the clock four times a second. */
static void silence_lasts_from_one_wait_to_the_next(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		wait(250);
	assert_int_equal(watch.looks, (250 + SLEEP_MOST_MS - 1) / SLEEP_MOST_MS + 1);
}

/* --- where it ends --------------------------------------------------------------------------- */

static void no_sleep_goes_beyond_the_time_that_the_caller_gave(void **state)
{
	(void)state;
	wait(10007);
	assert_int_equal(past_ms(), 10007);
}

static void no_sleep_goes_beyond_the_deadline(void **state)
{
	(void)state;
	wait(0);
	assert_int_equal(past_ms(), DEADLINE_MS);
	net_progress(&stage.net);
	wait(2 * DEADLINE_MS);
	assert_int_equal(past_ms(), DEADLINE_MS);
}

static void presses_esc(void *ctx)
{
	(void)ctx;
	if (past_ms() == 10000)
		hosted_type("\33");
}

static void a_key_is_asked_for_in_silence_too(void **state)
{
	(void)state;
	hosted_idle_hook(presses_esc, NULL);
	begin();
	assert_int_equal(net_wait(&stage.net, never, NULL, 0), ERR_ABORTED);
	assert_in_range(past_ms(), 10000, 10000 + 100 + SLEEP_MOST_MS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_looks_each_millisecond_at_first),
		TEST(it_sleeps_for_a_32nd_of_the_silence),
		TEST(however_long_the_silence_no_sleep_is_longer_than_60_ms),
		TEST(it_does_not_sleep_while_frames_come),
		TEST(a_frame_that_comes_ends_the_silence),
		TEST(a_frame_that_leaves_ends_the_silence),
		TEST(silence_lasts_from_one_wait_to_the_next),
		TEST(no_sleep_goes_beyond_the_time_that_the_caller_gave),
		TEST(no_sleep_goes_beyond_the_deadline),
		TEST(a_key_is_asked_for_in_silence_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
