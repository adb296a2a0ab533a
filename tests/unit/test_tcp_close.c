/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: how connections end, by us, by the peer, by both, by neglect; and how few of them there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

static void expect(struct tcp_lab *lab, uint16_t flags, uint32_t seq, uint32_t ack)
{
	struct segment s;

	lab_take(lab, &s);
	assert_int_equal(s.flags, flags);
	assert_int_equal(s.seq - lab->syn_seq - 1, seq);
	assert_int_equal(s.ack - lab->iss - 1, ack);
	lab_expect_silence(lab);
}

static void put(struct tcp_lab *lab, uint16_t flags, uint32_t off, uint32_t ack)
{
	struct segment s = lab_segment(lab, flags, off, ack);

	lab_send(lab, &s);
}

static void close_now(struct tcp_lab *lab)
{
	tcp_close(lab->net, lab->c);
	lab_poll(lab);
}

/* [TCP-41] [TCP-44] RFC 9293 3.6, figure 12: our FIN first. */
static void test_we_close_first(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	assert_false(tcp_quiet(lab->net));
	close_now(lab);
	expect(lab, FIN | ACK, 0, 0);
	assert_int_equal(lab->c->state, TCP_FIN_WAIT_1);
	assert_false(tcp_quiet(lab->net));
	put(lab, ACK, 0, 1);
	assert_int_equal(lab->c->state, TCP_FIN_WAIT_2);
	assert_true(tcp_quiet(lab->net));
	put(lab, FIN | ACK, 0, 1);
	expect(lab, ACK, 1, 1);
	assert_int_equal(lab->c->state, TCP_TIME_WAIT);
	assert_true(tcp_quiet(lab->net));
}

/* The peer's FIN carries the ACK of ours. */
static void test_fin_and_ack_in_one(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	close_now(lab);
	lab_drain(lab);
	put(lab, FIN | ACK, 0, 1);
	expect(lab, ACK, 1, 1);
	assert_int_equal(lab->c->state, TCP_TIME_WAIT);
}

/*
 * [TCP-44] RFC 9293 3.6, figure 13: both at once. libslirp acknowledges our FIN in its own, which
 * it repeats: that is not in the window, so its ACK does not count.
 */
static void test_both_close_at_once(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	close_now(lab);
	lab_drain(lab);
	put(lab, FIN | ACK, 0, 0);
	expect(lab, ACK, 1, 1);
	assert_int_equal(lab->c->state, TCP_CLOSING);
	assert_true(tcp_quiet(lab->net));
	put(lab, FIN | ACK, 0, 1);
	expect(lab, ACK, 1, 1);
	assert_int_equal(lab->c->state, TCP_CLOSING);
	assert_true(tcp_quiet(lab->net));
	put(lab, ACK, 1, 1);
	assert_int_equal(lab->c->state, TCP_TIME_WAIT);
	lab_expect_silence(lab);
}

static void test_peer_closes_first(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	put(lab, FIN | ACK, 0, 0);
	expect(lab, ACK, 0, 1);
	assert_int_equal(lab->c->state, TCP_CLOSE_WAIT);
	assert_true(lab->c->fin_received);
	lab_pass(lab, 30000); /* no hurry, and no keep-alive: nothing is waited for */
	lab_expect_silence(lab);
	close_now(lab);
	expect(lab, FIN | ACK, 0, 1);
	assert_int_equal(lab->c->state, TCP_LAST_ACK);
	assert_false(tcp_quiet(lab->net));
	put(lab, ACK, 1, 1);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_true(tcp_quiet(lab->net));
	lab_expect_silence(lab);
}

/*
 * [TCP-34] [TCP-41]: the FIN is retried; after 5 s nobody cares any more, and the peer gets a RST.
 */
static void test_fin_is_retried_and_given_up(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	close_now(lab);
	expect(lab, FIN | ACK, 0, 0);
	lab_pass(lab, 1000);
	expect(lab, FIN | ACK, 0, 0);
	lab_pass(lab, 2000);
	expect(lab, FIN | ACK, 0, 0);
	lab_pass(lab, 1999);
	lab_expect_silence(lab);
	lab_pass(lab, 1);
	lab_take(lab, &s);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_true(tcp_quiet(lab->net));
}

/* [TCP-41]: in FIN-WAIT-2, too: a peer that never closes. */
static void test_peer_that_never_closes(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	close_now(lab);
	put(lab, ACK, 0, 1);
	lab_drain(lab);
	lab_pass(lab, 4999);
	assert_int_equal(lab->c->state, TCP_FIN_WAIT_2);
	lab_expect_silence(lab);
	lab_pass(lab, 1);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab_drain_rst(lab), 1);
}

/*
 * [TCP-41] RFC 1122 4.2.2.13: unread bytes, bytes that come later, unacknowledged ones of ours: a
 * RST says that they are lost.
 */
static void test_close_that_loses_something_is_a_rst(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_data(lab, 100, 100); /* held behind a hole */
	lab_send(lab, &s);
	lab_drain(lab);
	close_now(lab);
	expect(lab, RST | ACK, 0, 0);
	assert_int_equal(lab->c->state, TCP_CLOSED);

	lab_connect(lab);
	close_now(lab);
	lab_drain(lab);
	s = lab_data(lab, 0, 100);
	lab_send(lab, &s);
	expect(lab, RST | ACK, 1, 0);
	assert_int_equal(lab->c->state, TCP_CLOSED);

	lab_connect(lab);
	close_now(lab);
	put(lab, ACK, 0, 1);
	lab_drain(lab);
	s = lab_data(lab, 200, 100); /* behind a hole */
	s.flags |= FIN;
	lab_send(lab, &s);
	assert_int_equal(lab_drain_rst(lab), 1);
	assert_int_equal(lab->c->state, TCP_CLOSED);

	lab_connect(lab);
	tcp_send(lab->net, lab->c, (struct span){ (const uint8_t *)"GET", 3 });
	lab_drain(lab);
	close_now(lab);
	expect(lab, RST | ACK, 3, 0);
	assert_int_equal(lab->c->state, TCP_CLOSED);
}

/* A user that has enough in the middle of a segment: it is not told of the rest. */
static void close_at_once(struct tcp_lab *lab)
{
	lab->told = NULL;
	tcp_close(lab->net, lab->c);
}

static void test_close_in_a_callback(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	lab->place_from = 100;
	lab->told = close_at_once;
	s = lab_data(lab, 0, 100);
	lab_send(lab, &s);
	assert_int_equal(lab->got, 100);
	lab_take(lab, &s);
	assert_int_equal(s.flags, FIN | ACK);
	assert_int_equal(s.ack, lab->iss + 1 + 100);
	lab_drain(lab);

	lab->place_from = 0;
	lab_forget(lab);
	lab_connect(lab);
	s = lab_data(lab, 200, 50);
	lab_send(lab, &s);
	lab_drain(lab);
	lab->told = close_at_once;
	s = lab_data(lab, 0, 100);
	lab_send(lab, &s);
	assert_int_equal(lab->got, 100);
	lab_take(lab, &s); /* of the held ones it is a loss */
	assert_true(s.flags & RST);
	lab_expect_silence(lab);
	assert_int_equal(lab->c->state, TCP_CLOSED);

	lab_forget(lab);
	lab_connect(lab);
	s = lab_data(lab, 0, 100);
	lab_send(lab, &s);
	lab_drain(lab);
	lab->told = close_at_once;
	s = lab_data(lab, 50, 100); /* all of it is wanted, not by the fast way */
	lab_send(lab, &s);
	expect(lab, FIN | ACK, 0, 150);

	lab_forget(lab);
	lab_connect(lab);
	lab->told = close_at_once;
	s = lab_data(lab, 0, 300); /* the fast way, and the FIN with the last bytes */
	lab_send(lab, &s);
	put(lab, FIN | ACK, 300, 1);
	assert_int_equal(lab->c->state, TCP_TIME_WAIT);
	assert_int_equal(lab_drain_rst(lab), 0);
}

/* RFC 9293 3.10.5 */
static void test_abort(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	tcp_abort(lab->net, lab->c);
	lab_poll(lab);
	lab_expect_silence(lab); /* nobody knows of it */
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	assert_int_equal(lab_drain_rst(lab), 1);
	lab_connect(lab);
	tcp_abort(lab->net, lab->c);
	lab_poll(lab);
	expect(lab, RST | ACK, 0, 0);
	assert_true(tcp_quiet(lab->net));
	put(lab, ACK, 0, 0);
	assert_int_equal(lab_drain_rst(lab), 1);
}

/*
 * [TCP-42] RFC 9293 3.10.7.4, RFC 1337: a tombstone answers the FIN again, ignores RST, and goes
 * after a minute.
 */
static void test_time_wait(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	close_now(lab);
	put(lab, FIN | ACK, 0, 1);
	lab_drain(lab);
	lab_pass(lab, 30000);
	put(lab, FIN | ACK, 0, 1);
	expect(lab, ACK, 1, 1);
	put(lab, RST, 1, 0);
	put(lab, RST | ACK, 1, 1);
	lab_expect_silence(lab);
	s = lab_data(lab, 1, 100); /* behind the end */
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_TIME_WAIT);
	lab_drain(lab);
	lab_pass(lab, 59999); /* since the last FIN */
	assert_int_equal(lab->c->state, TCP_TIME_WAIT);
	lab_pass(lab, 1);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	lab_expect_silence(lab);
}

/*
 * [TCP-42]: tombstones are bounded: the oldest one makes room; then who has been closing for
 * longest. Users are never robbed.
 */
static void test_slots_are_reused_oldest_tombstone_first(void **state)
{
	static const int close_order[] = { 3, 1, 2, 0 }, reuse_order[] = { 2, 1, 3, 0 };
	struct tcp_lab *lab = *state;
	struct tcp_lab at[TCP_CONNS_MAX]; /* the lab as it was with each connection */
	struct segment s;

	for (int i = 0; i < TCP_CONNS_MAX; i++) {
		lab_connect(lab);
		at[i] = *lab;
	}
	for (int i = 0; i < TCP_CONNS_MAX; i++) {
		tcp_close(lab->net, at[close_order[i]].c);
		lab_pass(lab, 10);
	}
	for (int i = 2; i >= 1; i--) { /* 2 is a tombstone first, then 1 */
		s = lab_segment(&at[i], FIN | ACK, 0, 1);
		lab_send(lab, &s);
		lab_pass(lab, 10);
	}
	lab_drain(lab);
	for (int i = 0; i < TCP_CONNS_MAX; i++) {
		lab->c = tcp_open(lab->net, LAB_PEER_IP, 80, &lab->user);
		assert_ptr_equal(lab->c, at[reuse_order[i]].c);
		assert_int_equal(lab_drain_rst(lab), i >= 2);
	}
	assert_null(tcp_open(lab->net, LAB_PEER_IP, 80, &lab->user));
}

/* A connection that has broken keeps its slot until its user has seen why. */
static void test_broken_connection_is_the_users_until_dropped(void **state)
{
	struct tcp_lab *lab = *state;
	struct tcp_conn *c;
	struct segment s;

	lab_connect(lab);
	c = lab->c;
	put(lab, RST, 0, 0);
	for (int i = 0; i < TCP_CONNS_MAX - 1; i++) {
		lab_open(lab, &s);
		assert_ptr_not_equal(lab->c, c);
	}
	assert_int_equal(c->error, ERR_PROTO);
	tcp_send(lab->net, c, (struct span){ (const uint8_t *)"GET", 3 });
	assert_null(tcp_open(lab->net, LAB_PEER_IP, 80, &lab->user));
	tcp_close(lab->net, c);
	lab_poll(lab);
	lab_expect_silence(lab);
	lab_open(lab, &s);
	assert_ptr_equal(lab->c, c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_we_close_first),
		TEST(test_fin_and_ack_in_one),
		TEST(test_both_close_at_once),
		TEST(test_peer_closes_first),
		TEST(test_fin_is_retried_and_given_up),
		TEST(test_peer_that_never_closes),
		TEST(test_close_that_loses_something_is_a_rst),
		TEST(test_close_in_a_callback),
		TEST(test_abort),
		TEST(test_time_wait),
		TEST(test_slots_are_reused_oldest_tombstone_first),
		TEST(test_broken_connection_is_the_users_until_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
