/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: which segments an established connection accepts, which ones it answers, which ones are
 * attacks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

/* The one ACK that is there, which says that everything below off has arrived. */
static void expect_ack(struct tcp_lab *lab, uint64_t off)
{
	struct segment s;

	lab_take(lab, &s);
	assert_int_equal(s.flags, ACK);
	assert_int_equal(s.seq, lab->c->snd_nxt);
	assert_int_equal(s.ack, lab->iss + 1 + (uint32_t)off);
	assert_int_equal(s.len, 0);
	lab_expect_silence(lab);
}

/*
 * [TCP-09] [SEC-01]: of a segment that ends in its header nothing is read behind its end, and the
 * length of its payload is not reckoned, also where payload may land.
 */
static void test_a_short_segment_beside_landings(void **state)
{
	static const uint8_t floor;
	static const struct landing landing;
	struct tcp_lab *lab = *state;
	uint8_t *exact = malloc(14 + 20 + 3);
	struct frame frame = { .head = exact, .data = { exact, 14 + 20 + 3 }, .floor = &floor };
	struct packet pkt = { .frame = &frame, .l4_off = 14 + 20, .l4_len = 3 };

	assert_non_null(exact);
	memset(exact, 0, 14 + 20 + 3);
	lab->net->nic->landing = &landing;
	tcp_rx(lab->net, &pkt);
	assert_int_equal(lab->net->count.bad_tcp, 1);
	assert_ptr_equal(lab->net->nic->landing, &landing);
	lab->net->nic->landing = NULL;
	lab->net->count.bad_tcp = 0;
	free(exact);
}

/* 10,000 bytes of window, of which 1000 are used: NXT at 1000, the edge at 11000. */
static void connect_with_window(struct tcp_lab *lab)
{
	static const uint8_t options[] = { 2, 4, 5, 180 };
	struct segment s;

	lab->nic.nic.rx_slots = 1;
	lease_configure(lab->net, LAB_IP, 0xffffff00, LAB_PEER_IP, 0);
	lab->net->mtu = 10040;
	lab_poll(lab);
	lab_open(lab, &s);
	s = lab_syn_ack(lab);
	s.options = options;
	s.options_len = 4;
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.wnd, 10000);
	s = lab_data(lab, 0, 1000);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.wnd, 10000);
	lab_expect_silence(lab);
}

/*
 * [TCP-18] RFC 9293 3.10.7.4, the four cases at their edges. An empty segment that is not
 * acceptable is answered, one that is, not.
 */
static void test_edges_of_acceptance(void **state)
{
	static const struct {
		uint32_t off, len;
		bool ok;
	} edge[] = {
		{ 1000, 0, true },         { 999, 0, false },   { 10999, 0, true },
		{ 11000, 0, false },       { 900, 100, false }, { 900, 101, true },
		{ 10999, 1, true },        { 10999, 2, true },  { 11000, 1, false },
		{ 0, 1000, false },        { 0, 1001, true },   { 1000 + 0x80000000u, 10, false },
		{ 0xfffffff0, 10, false },
	};
	struct tcp_lab *lab;
	struct segment s;

	for (size_t i = 0; i < ARRAY_LEN(edge); i++) {
		uint64_t held;

		lab_setup(state);
		lab = *state;
		connect_with_window(lab);
		s = lab_data(lab, edge[i].off, edge[i].len);
		lab_send(lab, &s);
		held = lab->c->held_len ? lab->c->held[0].to - lab->c->held[0].from : 0;
		if (!edge[i].ok) {
			assert_int_equal(lab->got, 1000);
			assert_int_equal(held, 0);
			expect_ack(lab, 1000);
		} else if (edge[i].len) {
			assert_true(lab->got > 1000 || held == 1);
			assert_true(lab_drain(lab) == 1);
		} else {
			lab_expect_silence(lab);
		}
		if (i + 1 < ARRAY_LEN(edge))
			lab_teardown(state);
	}
}

/*
 * [TCP-19]: old bytes in front, bytes beyond the window behind; a FIN that is beyond does not
 * count.
 */
static void test_trimming(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	connect_with_window(lab);
	s = lab_data(lab, 500, 5500);
	lab_send(lab, &s);
	lab_expect_got(lab, 6000);
	expect_ack(lab, 6000);
	s = lab_data(lab, 6000, 11000);
	s.flags |= FIN;
	lab_send(lab, &s);
	lab_expect_got(lab, 16000);
	assert_false(lab->c->fin_received);
	expect_ack(lab, 16000);
	/* The FIN just beyond the edge, then just inside. */
	s = lab_data(lab, 16000, 10000);
	s.flags |= FIN;
	lab_send(lab, &s);
	lab_expect_got(lab, 26000);
	assert_false(lab->c->fin_received);
	expect_ack(lab, 26000);
	s = lab_data(lab, 25000, 10999);
	s.flags |= FIN;
	lab_send(lab, &s);
	lab_expect_got(lab, 35999);
	assert_true(lab->c->fin_received);
	expect_ack(lab, 36000);
	/* Behind it there is nothing. */
	s = lab_data(lab, 35999, 100);
	lab_send(lab, &s);
	lab_expect_got(lab, 35999);
}

/*
 * [TCP-22] RFC 5961 3: exactly RCV.NXT ends the connection; elsewhere in the window: a challenge;
 * outside: nothing.
 */
static void test_blind_rst(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;
	uint32_t off;

	connect_with_window(lab);
	for (uint32_t i = 0; i < 1000; i++) {
		off = i * 7919;
		if (off == 1000)
			continue;
		s = lab_segment(lab, i % 2 ? RST : RST | ACK, off, 0);
		lab_send(lab, &s);
		assert_int_equal(lab->c->state, TCP_ESTABLISHED);
		if (off > 1000 && off < 11000)
			expect_ack(lab, 1000);
		else
			lab_expect_silence(lab);
	}
	s = lab_segment(lab, RST, 1001, 0);
	lab_send(lab, &s);
	expect_ack(lab, 1000);
	s = lab_segment(lab, RST, 10999, 0);
	lab_send(lab, &s);
	expect_ack(lab, 1000);
	s = lab_segment(lab, RST, 999, 0);
	lab_send(lab, &s);
	s = lab_segment(lab, RST, 11000, 0);
	lab_send(lab, &s);
	lab_expect_silence(lab);
	s = lab_segment(lab, RST, 1000, 0);
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_PROTO);
	lab_expect_silence(lab);
}

/*
 * [TCP-22]: RST answers our challenge exactly, as a peer does that has really forgotten us behind a
 * hole.
 */
static void test_rst_behind_a_hole(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_data(lab, 1000, 1000);
	lab_send(lab, &s);
	lab_drain(lab);
	s = lab_segment(lab, RST, 2000, 0);
	lab_send(lab, &s);
	lab_take(lab, &s);
	s = lab_segment(lab, RST, s.ack - lab->iss - 1, 0);
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_CLOSED);
}

/* [TCP-23] RFC 5961 4: a SYN never resets, wherever it stands. */
static void test_syn_on_a_live_connection(void **state)
{
	static const uint32_t offs[] = { UINT32_MAX, 0, 1000, 5000, 10999, 11000, 0x7fffffff };
	struct tcp_lab *lab = *state;
	struct segment s;

	connect_with_window(lab);
	for (size_t i = 0; i < ARRAY_LEN(offs); i++) {
		s = lab_segment(lab, SYN, offs[i], 0);
		lab_send(lab, &s);
		expect_ack(lab, 1000);
	}
	s = lab_segment(lab, SYN | ACK, 1000, 0);
	lab_send(lab, &s);
	expect_ack(lab, 1000);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	s = lab_data(lab, 1000, 100);
	lab_send(lab, &s);
	lab_expect_got(lab, 1100);
}

/* [TCP-25] RFC 5961 7: at most ten challenge ACKs in a second, per connection. */
static void test_challenges_are_limited(void **state)
{
	static const uint16_t flags[] = { SYN, RST, ACK };
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (int second = 0; second < 3; second++) {
		for (int i = 0; i < 500; i++) {
			s = lab_segment(lab, flags[i % 3], 500, 0x100000);
			lab_send(lab, &s);
		}
		assert_int_equal(lab_drain(lab), 10);
		lab_pass(lab, 1000);
	}
	/* What is no challenge is not limited. */
	for (int i = 0; i < 50; i++) {
		s = lab_data(lab, 0, 100);
		lab_send(lab, &s);
		lab_take(lab, &s);
	}
}

/* Two ends that both find the other unacceptable do not talk for ever. */
static void test_no_ack_war(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s, answer;
	uint32_t answers = 0;

	lab_connect(lab);
	s = lab_segment(lab, ACK, 0x40000000, 0x40000000);
	lab_send(lab, &s);
	while (lab_next(lab, &answer)) { /* each of our ACKs is answered by another */
		answers++;
		lab_send(lab, &s);
	}
	assert_int_equal(answers, 10);
}

/*
 * [TCP-24] RFC 5961 5: ACK from UNA - MAX.SND.WND to NXT; else a challenge, and the data is not
 * taken. No ACK: dropped.
 */
static void test_acceptable_acknowledgments(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_segment(lab, ACK, 0, 0);
	s.wnd = 10; /* times 128 */
	lab_send(lab, &s);
	lab->c->snd_max_wnd = 1280; /* as if the SYN-ACK had said no more */
	s = lab_data(lab, 0, 100);
	s.ack += 1;
	lab_send(lab, &s);
	lab_expect_got(lab, 0);
	expect_ack(lab, 0);
	s = lab_data(lab, 0, 100);
	s.ack -= 1281;
	lab_send(lab, &s);
	lab_expect_got(lab, 0);
	expect_ack(lab, 0);
	s = lab_data(lab, 0, 100);
	s.flags = 0;
	lab_send(lab, &s);
	s.flags = PSH;
	lab_send(lab, &s);
	s.flags = FIN;
	lab_send(lab, &s);
	lab_expect_got(lab, 0);
	lab_expect_silence(lab);
	s = lab_data(lab, 0, 100);
	s.ack -= 1280;
	lab_send(lab, &s);
	lab_expect_got(lab, 100);
	expect_ack(lab, 100);
}

/* [TCP-21] [TCP-24]: numbers as far apart as there are, of which neither is before the other. */
static void test_numbers_half_the_space_away(void **state)
{
	static const uint32_t away[] = { 0x7fffffff, 0x80000000, 0x80000001 };
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (size_t i = 0; i < ARRAY_LEN(away); i++) {
		s = lab_data(lab, 0, 100);
		s.ack += away[i];
		lab_send(lab, &s);
		expect_ack(lab, 0);
		s = lab_data(lab, 0, 100);
		s.seq += away[i];
		lab_send(lab, &s);
		expect_ack(lab, 0);
	}
	lab_expect_got(lab, 0);
}

/*
 * [TCP-32] RFC 9293 3.10.7.4: SND.WND is what the newest segment says, not the one that came last.
 */
static void test_window_of_the_newest_segment(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_data(lab, 1000, 10);
	s.wnd = 7;
	lab_send(lab, &s);
	assert_int_equal(lab->c->snd_wnd, 7 * 128);
	s = lab_data(lab, 0, 10); /* older */
	s.wnd = 9;
	lab_send(lab, &s);
	assert_int_equal(lab->c->snd_wnd, 7 * 128);
	s = lab_segment(lab, ACK, 1010, 0);
	s.wnd = 0;
	lab_send(lab, &s);
	assert_int_equal(lab->c->snd_wnd, 0);
	s.wnd = 3; /* as new, as far */
	lab_send(lab, &s);
	assert_int_equal(lab->c->snd_wnd, 3 * 128);
	/* Same SEQ, older ACK. */
	tcp_send(lab->net, lab->c, (struct span){ (const uint8_t *)"GET", 3 });
	s = lab_segment(lab, ACK, 1010, 3);
	s.wnd = 50;
	lab_send(lab, &s);
	s = lab_segment(lab, ACK, 1010, 0);
	s.wnd = 60;
	lab_send(lab, &s);
	assert_int_equal(lab->c->snd_wnd, 50 * 128);
}

/*
 * [TCP-26] RFC 5681 4.2: one ACK for what a batch brought in order, at its end; one for each
 * segment behind a hole.
 */
static void test_acks_per_batch(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (uint32_t i = 0; i < 8; i++) {
		s = lab_data(lab, i * 1000, 1000);
		lab_put(lab, &s);
	}
	lab_poll(lab);
	expect_ack(lab, 8000);
	for (uint32_t i = 9; i < 14; i++) {
		s = lab_data(lab, i * 1000, 1000);
		lab_put(lab, &s);
	}
	lab_poll(lab);
	for (uint32_t i = 9; i < 14; i++) {
		lab_take(lab, &s);
		assert_int_equal(s.ack, lab->iss + 1 + 8000);
		assert_int_equal(s.sacks, 1);
		assert_int_equal(s.sack[0][1], lab->iss + 1 + (i + 1) * 1000);
	}
	lab_expect_silence(lab);
	lab->place_to = 14000; /* the same for bytes that are not kept */
	for (uint32_t i = 15; i < 18; i++) {
		s = lab_data(lab, i * 1000, 1000);
		lab_put(lab, &s);
	}
	lab_poll(lab);
	assert_int_equal(lab_drain(lab), 3);
	s = lab_data(lab, 8000, 1000); /* the gap is filled: at once */
	lab_send(lab, &s);
	expect_ack(lab, 14000);
	s = lab_data(lab, 3000, 1000); /* a duplicate: at once */
	lab_send(lab, &s);
	expect_ack(lab, 14000);
	lab_pass(lab, 3000);
	lab_expect_silence(lab); /* nothing is owed */
}

/* An ACK that leaves carries the one that is owed. */
static void test_no_ack_twice(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_data(lab, 0, 1000);
	lab_put(lab, &s);
	s = lab_data(lab, 2000, 1000);
	lab_put(lab, &s);
	lab_poll(lab);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 1000);
	assert_int_equal(s.sacks, 1);
	lab_expect_silence(lab);
}

/* No transmit buffer for the ACK: it follows when there is one, without another frame coming in. */
static void test_ack_waits_for_a_buffer(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	lab->nic.tx_buffers = 0;
	s = lab_data(lab, 0, 1000);
	lab_send(lab, &s);
	lab_pass(lab, 5);
	lab_expect_silence(lab);
	lab->nic.tx_buffers = 1;
	lab_pass(lab, 1);
	expect_ack(lab, 1000);
	lab_pass(lab, 100);
	lab_expect_silence(lab);
	assert_int_equal(lab->net->count.no_room, 0); /* nothing was lost */
}

/*
 * [TCP-28]: however much arrives, and in which order, the edge goes right, and by whole segments.
 */
static void test_right_edge_never_retreats(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t edge = 0, last = 0, off = 0;
	struct segment s;

	lab_connect(lab);
	last = lab->c->rcv_adv;
	for (uint32_t i = 0; i < 400; i++) {
		s = lab_data(lab, off + (i % 3 == 1 ? 3000 : 0), 1 + i * 37 % 1460);
		if (i % 3 != 1)
			off += s.len;
		lab_send(lab, &s);
		off = (uint32_t)lab->c->rcv_off;
		while (lab_next(lab, &s)) {
			edge = s.ack + ((uint32_t)s.wnd << lab->c->rcv_shift);
			assert_true((int32_t)(edge - last) >= 0);
			last = edge;
		}
	}
	for (uint32_t i = 0; i < 2 * lab->c->rcv_wnd / 1460; i++) {
		s = lab_data(lab, off, 1460);
		lab_send(lab, &s);
		lab_take(lab, &s);
		off += 1460;
	}
	assert_int_equal((uint32_t)s.wnd << lab->c->rcv_shift, lab->c->rcv_wnd);
	lab_expect_got(lab, off);
}

/*
 * [TCP-30] RFC 9293 3.8.6.1: our window never closes, and who thinks so and probes is told
 * otherwise.
 */
static void test_probes_of_a_window_are_answered(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	connect_with_window(lab);
	s = lab_data(lab, 1000, 10000);
	lab_send(lab, &s);
	lab_take(lab, &s); /* lost, say */
	assert_int_equal(s.wnd, 10000);
	s = lab_data(lab, 10999, 1); /* a byte before the edge that it knows */
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 11000);
	assert_int_equal(s.wnd, 10000);
	s = lab_data(lab, 11000, 1); /* or the byte behind it */
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 11001);
	assert_int_equal(s.wnd, 10000);
	s = lab_data(lab, 21001, 1); /* or one that is really too far */
	lab_send(lab, &s);
	expect_ack(lab, 11001);
}

/*
 * [TCP-36] [TCP-37] [TCP-45]: PSH, URG, the reserved bits, ECE and CWR make no difference, alone or
 * together.
 */
static void test_flags_that_mean_nothing_here(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (uint32_t bits = 0; bits < 256; bits++) {
		s = lab_data(lab, bits * 10, 10);
		s.flags |= (uint16_t)((bits & 1) << 3 | (bits & 2) << 4 | (bits & 0xfc) << 4);
		s.urgent = (uint16_t)(bits * 3);
		lab_send(lab, &s);
		lab_expect_got(lab, bits * 10 + 10);
		lab_take(lab, &s); /* and ours has none: segment_read() */
	}
}

/* [TCP-40]: somebody's keep-alive, with and without its byte of garbage. */
static void test_keep_alives_of_the_peer_are_answered(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	connect_with_window(lab);
	s = lab_segment(lab, ACK, 999, 0);
	lab_send(lab, &s);
	expect_ack(lab, 1000);
	s = lab_data(lab, 999, 1);
	s.data = (const uint8_t *)"!";
	lab_send(lab, &s);
	expect_ack(lab, 1000);
	lab_expect_got(lab, 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_edges_of_acceptance, lab_teardown),
		TEST(test_trimming),
		TEST(test_a_short_segment_beside_landings),
		TEST(test_blind_rst),
		TEST(test_rst_behind_a_hole),
		TEST(test_syn_on_a_live_connection),
		TEST(test_challenges_are_limited),
		TEST(test_no_ack_war),
		TEST(test_acceptable_acknowledgments),
		TEST(test_numbers_half_the_space_away),
		TEST(test_window_of_the_newest_segment),
		TEST(test_acks_per_batch),
		TEST(test_no_ack_twice),
		TEST(test_ack_waits_for_a_buffer),
		TEST(test_right_edge_never_retreats),
		TEST(test_probes_of_a_window_are_answered),
		TEST(test_flags_that_mean_nothing_here),
		TEST(test_keep_alives_of_the_peer_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
