/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP over a path that is narrower than its two ends believe, and swallows large segments without a
 * word [TCP-46]: when that is suspected, and what is done then, in both directions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

#define QUARTER 15000 /* of the lab's deadline */

static const struct span get = { (const uint8_t *)"GET", 3 };

/* A connection whose request has been acknowledged. */
static void ask(struct tcp_lab *lab)
{
	struct segment s;

	lab_forget(lab);
	lab_connect(lab);
	tcp_send(lab->net, lab->c, get);
	s = lab_segment(lab, ACK, 0, 3);
	lab_send(lab, &s);
	lab_drain(lab);
}

static bool starves(struct tcp_lab *lab)
{
	return tcp_starves(lab->net, lab->c);
}

/* Time passes; keep-alives are answered. */
static void pass_alive(struct tcp_lab *lab, uint32_t ms)
{
	struct segment s;

	while (ms--) {
		lab_pass(lab, 1);
		if (lab_next(lab, &s)) {
			s = lab_segment(lab, ACK, lab->c->rcv_off, 3);
			lab_send(lab, &s);
		}
	}
}

static void drop(struct tcp_lab *lab)
{
	tcp_abort(lab->net, lab->c);
	lab_poll(lab);
	lab_drain(lab);
}

/* [TCP-46]: the request has come through, and a quarter of the deadline nothing else. */
static void test_a_request_that_is_only_acknowledged(void **state)
{
	struct tcp_lab *lab = *state;

	ask(lab);
	pass_alive(lab, QUARTER - 1);
	assert_false(starves(lab));
	pass_alive(lab, 1);
	assert_true(starves(lab));
}

/* A header, or a redirect, in a small segment, and then nothing: time counts from there. */
static void test_small_segments_come_through(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->place_from = LAB_STORE;
	ask(lab);
	pass_alive(lab, QUARTER - 1);
	s = lab_data(lab, 0, 300);
	lab_send(lab, &s);
	lab_drain(lab);
	pass_alive(lab, QUARTER - 1);
	assert_false(starves(lab));
	pass_alive(lab, 1);
	assert_true(starves(lab));
	/* The end of the answer is small again: it lies behind the hole. */
	s = lab_data(lab, 50000, 100);
	s.flags |= FIN;
	lab_send(lab, &s);
	assert_true(starves(lab));
}

/* What has another reason is not suspected. */
static void test_other_silences(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	ask(lab); /* a full segment has come through */
	s = lab_data(lab, 0, 1460);
	lab_send(lab, &s);
	lab_drain(lab);
	pass_alive(lab, 4 * QUARTER);
	assert_false(starves(lab));
	drop(lab);

	ask(lab); /* the peer is dead */
	lab_pass(lab, 4 * QUARTER);
	assert_false(starves(lab));
	lab_drain(lab);
	drop(lab);

	lab_connect(lab); /* our request does not arrive */
	tcp_send(lab->net, lab->c, get);
	lab_pass(lab, 2 * QUARTER);
	assert_false(starves(lab));
	lab_drain(lab);
	drop(lab);

	ask(lab); /* the peer has no more to say */
	s = lab_segment(lab, FIN | ACK, 0, 3);
	lab_send(lab, &s);
	lab_drain(lab);
	lab_pass(lab, 2 * QUARTER);
	assert_false(starves(lab));
}

/* [TCP-46] [TCP-10]: what every IPv4 path carries; nothing smaller is left to try. */
static void test_later_connections_announce_what_every_path_carries(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	tcp_shrink(lab->net);
	lab_open(lab, &s);
	assert_int_equal(s.mss, 536);
	assert_int_equal(s.wnd, 64 * 536);
	drop(lab);
	ask(lab);
	pass_alive(lab, 4 * QUARTER);
	assert_false(starves(lab));
	tcp_send(lab->net, lab->c, (struct span){ pattern_at(0, 2000), 2000 });
	lab_take(lab, &s);
	assert_int_equal(s.len, 536);
}

/*
 * [TCP-46] [TCP-34]: a request that is sent for the third time in vain goes in smaller pieces; all
 * of it arrives, the same bytes at the same place.
 */
static void test_a_long_request_is_cut_up(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;
	uint32_t got = 0;

	lab_connect(lab);
	tcp_send(lab->net, lab->c, (struct span){ pattern_at(0, 4000), 4000 });
	for (uint32_t ms = 0; ms < 60000; ms++) {
		lab_pass(lab, 1);
		while (lab_next(lab, &s)) {
			assert_true(pattern_is(s.data, s.seq - lab->syn_seq - 1, s.len));
			if (s.len > 1000 || s.seq - lab->syn_seq - 1 != got)
				continue; /* swallowed, or behind what was */
			got += s.len;
			s = lab_segment(lab, ACK, 0, got);
			lab_send(lab, &s);
		}
	}
	assert_int_equal(got, 4000);
	assert_true(tcp_sent(lab->c));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_request_that_is_only_acknowledged),
		TEST(test_small_segments_come_through),
		TEST(test_other_silences),
		TEST(test_later_connections_announce_what_every_path_carries),
		TEST(test_a_long_request_is_cut_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
