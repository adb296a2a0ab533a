/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: each event in each state [TCP-01], as a table from RFC 9293 3.10.7; and random events, after
 * which what must always hold still holds [SEC-02].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

static void put(struct tcp_lab *lab, uint16_t flags, uint64_t off, uint32_t ack, uint32_t len)
{
	struct segment s = lab_segment(lab, flags, off, ack);

	s.data = pattern_at(off, len);
	s.len = len;
	lab_send(lab, &s);
}

/*
 * Brings a new connection into the state; the peer's next byte is then at next_off(), ours at
 * next_ack().
 */
static void bring_to(struct tcp_lab *lab, enum tcp_state state)
{
	struct segment s;

	lab_forget(lab);
	if (state == TCP_SYN_SENT || state == TCP_SYN_RECEIVED)
		lab_open(lab, &s);
	else
		lab_connect(lab);
	if (state == TCP_SYN_RECEIVED) {
		s = lab_syn_ack(lab);
		s.flags = SYN;
		s.ack = 0;
		lab_send(lab, &s);
	}
	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
		put(lab, FIN | ACK, 0, 0, 0);
	if (state >= TCP_FIN_WAIT_1 && state != TCP_CLOSE_WAIT)
		tcp_close(lab->net, lab->c);
	if (state == TCP_FIN_WAIT_2 || state == TCP_TIME_WAIT)
		put(lab, ACK, 0, 1, 0);
	if (state == TCP_CLOSING)
		put(lab, FIN | ACK, 0, 0, 0);
	if (state == TCP_TIME_WAIT)
		put(lab, FIN | ACK, 0, 1, 0);
	lab_poll(lab);
	lab_drain(lab);
	assert_int_equal(lab->c->state, state);
}

static uint32_t next_off(enum tcp_state state)
{
	return state == TCP_CLOSE_WAIT || state == TCP_CLOSING || state == TCP_LAST_ACK ||
	       state == TCP_TIME_WAIT;
}

static uint32_t next_ack(enum tcp_state state)
{
	return state >= TCP_FIN_WAIT_1 && state != TCP_CLOSE_WAIT;
}

/* What is answered. */
enum answer { NOTHING, AN_ACK, A_RST };

struct expected {
	enum tcp_state state;
	enum answer answer;
};

static void check(struct tcp_lab *lab, const char *event, enum tcp_state from, struct expected e)
{
	enum answer answer = NOTHING;
	struct segment s;

	while (lab_next(lab, &s))
		answer = s.flags & RST ? A_RST : AN_ACK;
	if (lab->c->state != e.state || answer != e.answer)
		fail_msg("%s in state %d: now %d, answer %d; expected %d, %d", event, from,
			 lab->c->state, answer, e.state, e.answer);
	if (lab->c->state != TCP_CLOSED)
		tcp_abort(lab->net, lab->c);
	lab->c->user = NULL;
	lab_poll(lab);
	lab_drain(lab);
}

/* clang-format off */
/* What is then: the state, and what was answered. */
#define SAME(s) { TCP_##s, NOTHING }
#define ACKED(s) { TCP_##s, AN_ACK }
#define RESET(s) { TCP_##s, A_RST }
/* clang-format on */

static const enum tcp_state states[] = {
	TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,   TCP_CLOSING,     TCP_LAST_ACK,   TCP_TIME_WAIT,
};

struct event {
	const char *name;
	uint16_t flags;
	int32_t off, ack; /* from what is next in order */
	uint32_t len;
	struct expected expected[8]; /* in the order of states[] */
};

/* clang-format off */
/* ack 0: all that we have sent is acknowledged. */
static const struct event events[] = {
	{ "an ACK of everything", ACK, 0, 0, 0, {
		SAME(ESTABLISHED), SAME(ESTABLISHED), SAME(FIN_WAIT_2), SAME(FIN_WAIT_2),
		SAME(CLOSE_WAIT), SAME(TIME_WAIT), SAME(CLOSED), SAME(TIME_WAIT) } },
	{ "an ACK of one byte less", ACK, 0, -1, 0, {
		RESET(SYN_RECEIVED), SAME(ESTABLISHED), SAME(FIN_WAIT_1), SAME(FIN_WAIT_2),
		SAME(CLOSE_WAIT), SAME(CLOSING), SAME(LAST_ACK), SAME(TIME_WAIT) } },
	{ "an ACK of what was never sent", ACK, 0, 1, 0, {
		RESET(SYN_RECEIVED), ACKED(ESTABLISHED), ACKED(FIN_WAIT_1), ACKED(FIN_WAIT_2),
		ACKED(CLOSE_WAIT), ACKED(CLOSING), ACKED(LAST_ACK), ACKED(TIME_WAIT) } },
	{ "data", ACK, 0, 0, 100, {
		ACKED(ESTABLISHED), ACKED(ESTABLISHED), RESET(CLOSED), RESET(CLOSED),
		SAME(CLOSE_WAIT), SAME(TIME_WAIT), SAME(CLOSED), SAME(TIME_WAIT) } },
	{ "data before the window", ACK, -100, 0, 50, {
		ACKED(SYN_RECEIVED), ACKED(ESTABLISHED), ACKED(FIN_WAIT_1), ACKED(FIN_WAIT_2),
		ACKED(CLOSE_WAIT), ACKED(CLOSING), ACKED(LAST_ACK), ACKED(TIME_WAIT) } },
	{ "a FIN", FIN | ACK, 0, 0, 0, {
		ACKED(CLOSE_WAIT), ACKED(CLOSE_WAIT), ACKED(TIME_WAIT), ACKED(TIME_WAIT),
		SAME(CLOSE_WAIT), SAME(TIME_WAIT), SAME(CLOSED), SAME(TIME_WAIT) } },
	{ "the same FIN again, or the SYN's place", FIN | ACK, -1, 0, 0, {
		ACKED(SYN_RECEIVED), ACKED(ESTABLISHED), ACKED(FIN_WAIT_1), ACKED(FIN_WAIT_2),
		ACKED(CLOSE_WAIT), ACKED(CLOSING), ACKED(LAST_ACK), ACKED(TIME_WAIT) } },
	{ "a FIN that does not acknowledge our last", FIN | ACK, 0, -1, 0, {
		RESET(SYN_RECEIVED), ACKED(CLOSE_WAIT), ACKED(CLOSING), ACKED(TIME_WAIT),
		SAME(CLOSE_WAIT), SAME(CLOSING), SAME(LAST_ACK), SAME(TIME_WAIT) } },
	{ "a FIN without ACK", FIN, 0, 0, 0, {
		SAME(SYN_RECEIVED), SAME(ESTABLISHED), SAME(FIN_WAIT_1), SAME(FIN_WAIT_2),
		SAME(CLOSE_WAIT), SAME(CLOSING), SAME(LAST_ACK), SAME(TIME_WAIT) } },
	{ "a RST in its place", RST, 0, 0, 0, {
		SAME(SYN_SENT), SAME(CLOSED), SAME(CLOSED), SAME(CLOSED),
		SAME(CLOSED), SAME(CLOSED), SAME(CLOSED), SAME(TIME_WAIT) } },
	{ "a RST in its place that acknowledges all", RST | ACK, 0, 0, 0, {
		SAME(CLOSED), SAME(CLOSED), SAME(CLOSED), SAME(CLOSED),
		SAME(CLOSED), SAME(CLOSED), SAME(CLOSED), SAME(TIME_WAIT) } },
	{ "a RST elsewhere in the window", RST, 5, 0, 0, {
		ACKED(SYN_RECEIVED), ACKED(ESTABLISHED), ACKED(FIN_WAIT_1), ACKED(FIN_WAIT_2),
		ACKED(CLOSE_WAIT), ACKED(CLOSING), ACKED(LAST_ACK), SAME(TIME_WAIT) } },
	{ "a RST outside of the window", RST | ACK, -5, 0, 0, {
		SAME(CLOSED), SAME(ESTABLISHED), SAME(FIN_WAIT_1), SAME(FIN_WAIT_2),
		SAME(CLOSE_WAIT), SAME(CLOSING), SAME(LAST_ACK), SAME(TIME_WAIT) } },
	{ "a SYN in the window", SYN, 5, 0, 0, {
		ACKED(SYN_RECEIVED), ACKED(ESTABLISHED), ACKED(FIN_WAIT_1), ACKED(FIN_WAIT_2),
		ACKED(CLOSE_WAIT), ACKED(CLOSING), ACKED(LAST_ACK), ACKED(TIME_WAIT) } },
	{ "a SYN outside of it", SYN, -50, 0, 0, {
		ACKED(SYN_RECEIVED), ACKED(ESTABLISHED), ACKED(FIN_WAIT_1), ACKED(FIN_WAIT_2),
		ACKED(CLOSE_WAIT), ACKED(CLOSING), ACKED(LAST_ACK), ACKED(TIME_WAIT) } },
	{ "no flag at all", 0, 0, 0, 100, {
		SAME(SYN_RECEIVED), SAME(ESTABLISHED), SAME(FIN_WAIT_1), SAME(FIN_WAIT_2),
		SAME(CLOSE_WAIT), SAME(CLOSING), SAME(LAST_ACK), SAME(TIME_WAIT) } },
	{ "data behind a hole", ACK, 100, 0, 100, {
		ACKED(ESTABLISHED), ACKED(ESTABLISHED), RESET(CLOSED), RESET(CLOSED),
		SAME(CLOSE_WAIT), SAME(TIME_WAIT), SAME(CLOSED), SAME(TIME_WAIT) } },
	{ "a FIN behind a hole", FIN | ACK, 100, 0, 0, {
		ACKED(ESTABLISHED), ACKED(ESTABLISHED), RESET(CLOSED), RESET(CLOSED),
		SAME(CLOSE_WAIT), SAME(TIME_WAIT), SAME(CLOSED), SAME(TIME_WAIT) } },
};
/* clang-format on */

/* [TCP-01] RFC 9293 3.10.7.4, as far as an active opener gets */
static void test_every_event_in_every_state(void **state)
{
	struct tcp_lab *lab = *state;

	for (size_t e = 0; e < ARRAY_LEN(events); e++)
		for (size_t i = 0; i < ARRAY_LEN(states); i++) {
			const struct event *ev = &events[e];
			enum tcp_state from = states[i];

			bring_to(lab, from);
			put(lab, ev->flags, (uint64_t)(int64_t)((int32_t)next_off(from) + ev->off),
			    (uint32_t)((int32_t)next_ack(from) + ev->ack), ev->len);
			check(lab, ev->name, from, ev->expected[i]);
		}
}

/* What the user may do in each state, and what leaves then. */
static void test_every_call_in_every_state(void **state)
{
	static const struct {
		enum tcp_state from, closed;
		enum answer close, abort;
	} calls[] = {
		{ TCP_SYN_SENT, TCP_CLOSED, NOTHING, NOTHING },
		{ TCP_SYN_RECEIVED, TCP_CLOSED, A_RST, A_RST },
		{ TCP_ESTABLISHED, TCP_FIN_WAIT_1, AN_ACK, A_RST },
		{ TCP_CLOSE_WAIT, TCP_LAST_ACK, AN_ACK, A_RST },
	};
	struct tcp_lab *lab = *state;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		bring_to(lab, calls[i].from);
		tcp_close(lab->net, lab->c);
		lab_poll(lab);
		check(lab, "tcp_close()", calls[i].from,
		      (struct expected){ calls[i].closed, calls[i].close });
		bring_to(lab, calls[i].from);
		tcp_abort(lab->net, lab->c);
		lab_poll(lab);
		check(lab, "tcp_abort()", calls[i].from,
		      (struct expected){ TCP_CLOSED, calls[i].abort });
	}
}

/* --- random events --------------------------------------------------------------------------- */

static uint32_t chance(uint32_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	*random ^= *random << 5;
	return (*random >> 8) % below;
}

static void check_invariants(const struct tcp_lab *lab)
{
	const struct tcp_conn *c = lab->c;
	uint64_t end = c->rcv_off + (c->rcv_adv - c->rcv_nxt);
	uint32_t held = 0;

	if (c->state == TCP_CLOSED || c->state == TCP_SYN_SENT)
		return;
	assert_true((int32_t)(c->rcv_adv - c->rcv_nxt) >= 0);
	assert_true(c->rcv_adv - c->rcv_nxt <= 2 * c->rcv_wnd + c->held_bytes + 15 ||
		    c->fin_received);
	assert_int_equal(c->rcv_nxt, c->irs + 1 + (uint32_t)c->rcv_off + c->fin_received);
	assert_true((int32_t)(c->snd_nxt - c->snd_una) >= 0);
	assert_true(c->held_len <= TCP_HELD_MAX);
	assert_false(c->fin_received && c->held_len);
	for (uint32_t i = 0; i < c->held_len; i++) {
		assert_true(c->held[i].from > (i ? c->held[i - 1].to : c->rcv_off));
		assert_true(c->held[i].to > c->held[i].from && c->held[i].to <= end);
		held += c->held[i].to - c->held[i].from;
		/* What is held is what was sent first, and true. */
		assert_true(pattern_is(lab->store + c->held[i].from, c->held[i].from,
				       c->held[i].to - c->held[i].from));
	}
	assert_int_equal(held, c->held_bytes);
	if (c->user)
		assert_int_equal(lab->got, c->rcv_off);
	assert_true(pattern_is(lab->store, 0, lab->got));
}

static struct segment random_segment(struct tcp_lab *lab, uint32_t *r)
{
	static const uint16_t flags[] = {
		ACK, ACK,       ACK, ACK,       ACK, ACK | PSH, ACK | URG, ACK | FIN,
		RST, RST | ACK, SYN, SYN | ACK, 0,   FIN,       0xfff,
	};
	static uint8_t options[40];
	uint64_t base = lab->c->rcv_off > 3000 ? lab->c->rcv_off - 3000 : 0,
		 off = base + chance(r, 12000);
	struct segment s = lab_segment(lab, flags[chance(r, ARRAY_LEN(flags))], off, 0);

	if (chance(r, 3) == 0)
		s.seq = lab->iss + 1 + (uint32_t)(off = lab->c->rcv_off);
	if ((s.flags & SYN) && lab->c->state <= TCP_SYN_RECEIVED)
		s.seq = lab->iss + (uint32_t)(off = 0); /* the pattern begins behind it */
	s.ack = lab->c->snd_una + (chance(r, 4) ? 0 : chance(r, 5) - 2);
	s.wnd = (uint16_t)(chance(r, 3) ? 512 : chance(r, 3));
	if (chance(r, 3)) {
		s.len = chance(r, chance(r, 2) ? 3000 : 20);
		s.data = pattern_at(off, s.len);
	}
	if ((s.flags & FIN) && chance(r, 20))
		s.flags &= (uint16_t)~FIN;
	if ((s.flags & RST) && s.seq == lab->c->rcv_nxt && chance(r, 30))
		s.seq++;
	for (size_t i = 0; i < sizeof(options); i++)
		options[i] = (uint8_t)chance(r, 12);
	if (chance(r, 10) == 0) {
		s.options = options;
		s.options_len = chance(r, 11) * 4;
	}
	if (chance(r, 50) == 0)
		s.data_offset = (int)chance(r, 6) - 1;
	return s;
}

/*
 * [SEC-02]: a stranger who knows all our numbers, in any state, with time passing; what is held
 * never exceeds the window.
 */
static void test_random_segments_break_no_invariant(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t random = 4711, flips = 0;

	for (uint32_t round = 0; round < 300; round++) {
		lab_forget(lab);
		lab->iss = round * 0x1fffffff;
		lab->place_from = chance(&random, 2) ? 0 : chance(&random, 5000);
		bring_to(lab, states[chance(&random, 5) ? 1 : chance(&random, 8)]);
		for (uint32_t i = 0; i < 150 && lab->c->state != TCP_CLOSED; i++) {
			struct segment s = random_segment(lab, &random);
			struct fake_frame *f = lab_put(lab, &s);

			if (chance(&random, 20) == 0) {
				f->bytes[SEGMENT_L4 + chance(&random, f->len - SEGMENT_L4)] ^= 0x10;
				flips++;
			}
			if (chance(&random, 3))
				continue;
			lab_poll(lab);
			check_invariants(lab);
			if (chance(&random, 10) == 0)
				lab_pass(lab, chance(&random, 2000));
			if (lab->c->user && tcp_sent(lab->c) && chance(&random, 20) == 0)
				tcp_send(lab->net, lab->c,
					 (struct span){ pattern_at(0, 5000), 5000 });
			if (lab->c->user && chance(&random, 200) == 0)
				tcp_close(lab->net, lab->c);
			check_invariants(lab);
		}
		lab_poll(lab);
		check_invariants(lab);
		if (lab->c->user)
			tcp_abort(lab->net, lab->c);
		lab_pass(lab, 10);
		fake_nic_forget_sent(&lab->nic);
		tcp_init(lab->net);
	}
	assert_true(flips > 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_event_in_every_state),
		TEST(test_every_call_in_every_state),
		TEST(test_random_segments_break_no_invariant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
