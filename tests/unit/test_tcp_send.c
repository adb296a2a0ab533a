/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: what we send, how often, how fast; and what becomes of it when the peer is deaf, small or
 * gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

#define REQUEST_LEN 10000u

static void request(struct tcp_lab *lab, uint32_t len)
{
	tcp_send(lab->net, lab->c, (struct span){ pattern_at(0, REQUEST_LEN), len });
	lab_poll(lab);
}

static void expect_data(struct tcp_lab *lab, uint32_t off, uint32_t len, bool push)
{
	struct segment s;

	lab_take(lab, &s);
	assert_int_equal(s.seq - lab->syn_seq - 1, off);
	assert_int_equal(s.len, len);
	assert_true(pattern_is(s.data, off, len));
	assert_int_equal(s.flags, push ? ACK | PSH : ACK);
}

static void ack(struct tcp_lab *lab, uint32_t off, uint16_t wnd)
{
	struct segment s = lab_segment(lab, ACK, lab->c->rcv_off, off);

	s.wnd = wnd;
	lab_send(lab, &s);
}

/* [TCP-35] [TCP-36] [TCP-11]: two segments of the MSS in flight, no more; PSH on the last one. */
static void test_long_request(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	request(lab, 5000);
	expect_data(lab, 0, 1460, false);
	expect_data(lab, 1460, 1460, false);
	lab_expect_silence(lab);
	assert_false(tcp_sent(lab->c));
	ack(lab, 1460, 512);
	expect_data(lab, 2920, 1460, false);
	lab_expect_silence(lab);
	ack(lab, 4380, 512);
	expect_data(lab, 4380, 620, true);
	lab_expect_silence(lab);
	ack(lab, 5000, 512);
	assert_true(tcp_sent(lab->c));
	request(lab, 10); /* a second one, on the same connection */
	lab_take(lab, &(struct segment){ 0 });
	ack(lab, 5010, 512);
	assert_true(tcp_sent(lab->c));
	lab_pass(lab, 4000);
	lab_expect_silence(lab);
}

/*
 * [TCP-33] [TCP-34] RFC 6298: the same bytes after 1, 3, 7 s …; seven times in all, then
 * ERR_TIMEOUT and a RST.
 */
static void test_request_is_retransmitted_and_given_up(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t rto_ms = 1000;
	struct segment s;

	lab_connect(lab);
	request(lab, 300);
	expect_data(lab, 0, 300, true);
	for (uint32_t i = 0; i < 6; i++) {
		lab_pass(lab, rto_ms - 1);
		lab_expect_silence(lab);
		lab_pass(lab, 1);
		expect_data(lab, 0, 300, true);
		rto_ms = rto_ms * 2 < 60000 ? rto_ms * 2 : 60000; /* 2.5: the cap */
	}
	assert_int_equal(rto_ms, 60000);
	lab_pass(lab, 59999);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	lab_expect_silence(lab);
	lab_pass(lab, 1);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_TIMEOUT);
	lab_take(lab, &s);
	assert_true(s.flags & RST);
	lab_expect_silence(lab);
}

/* [TCP-33] RFC 6298 2.2, 2.3: RTO = SRTT + 4 RTTVAR, from the handshake on. */
static void test_timeout_follows_the_round_trip(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	lab_pass(lab, 800);
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(lab->c->rto_ms, 800 + 4 * 400);
	request(lab, 300);
	expect_data(lab, 0, 300, true);
	lab_pass(lab, 400);
	ack(lab, 300, 512);
	/* RTTVAR = 3/4 * 400 + 1/4 * 400 = 400; SRTT = 7/8 * 800 + 1/8 * 400 = 750 */
	assert_int_equal(lab->c->rto_ms, 750 + 4 * 400);
	request(lab, 100);
	lab_take(lab, &s);
	lab_pass(lab, 2349);
	lab_expect_silence(lab);
	lab_pass(lab, 1);
	lab_take(lab, &s);
	assert_int_equal(s.len, 100);
}

/*
 * [TCP-33] RFC 6298 3, Karn: a retransmitted segment's answer tells no time, and the timeout stays
 * doubled until one does.
 */
static void test_karn(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	request(lab, 300);
	lab_pass(lab, 1000);
	assert_int_equal(lab_drain(lab), 2);
	ack(lab, 300, 512);
	assert_int_equal(lab->c->rto_ms, 2000);
	request(lab, 200);
	lab_pass(lab, 1999);
	assert_int_equal(lab_drain(lab), 1);
	ack(lab, 500, 512);
	assert_true(lab->c->rto_ms > 2000); /* a true sample of 1999 ms */
}

/* [TCP-33] RFC 6298 5.3: an ACK of something new starts the timer anew. */
static void test_new_ack_restarts_the_timer(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	request(lab, 2000);
	assert_int_equal(lab_drain(lab), 2);
	lab_pass(lab, 900);
	ack(lab, 1460, 512);
	lab_pass(lab, (uint32_t)lab->c->rto_ms - 1);
	lab_expect_silence(lab);
	lab_pass(lab, 1);
	expect_data(lab, 1460, 540, true);
}

/*
 * [TCP-35] RFC 5681 3.2: the third duplicate ACK resends the first segment, at once; RFC 6582: a
 * partial ACK the next.
 */
static void test_three_duplicate_acks(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	ack(lab, 0, 512);
	request(lab, 2920);
	assert_int_equal(lab_drain(lab), 2);
	ack(lab, 0, 512);
	ack(lab, 0, 512);
	lab_expect_silence(lab);
	ack(lab, 0, 511); /* another window: no duplicate */
	ack(lab, 0, 512);
	lab_expect_silence(lab);
	ack(lab, 0, 512);
	expect_data(lab, 0, 1460, false);
	ack(lab, 0, 512);
	lab_expect_silence(lab);
	ack(lab, 1460, 512);
	expect_data(lab, 1460, 1460, true);
	ack(lab, 2920, 512);
	lab_expect_silence(lab);
	assert_true(tcp_sent(lab->c));
	request(lab, 100); /* the next time it takes three again */
	lab_drain(lab);
	ack(lab, 2920, 512);
	ack(lab, 2920, 512);
	lab_expect_silence(lab);
	ack(lab, 2920, 512);
	assert_int_equal(lab_drain(lab), 1);
}

/* [TCP-35] RFC 5681 2: a segment with data is no duplicate ACK, however often it says the same. */
static void test_data_is_no_duplicate_ack(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	request(lab, 100);
	lab_take(lab, &s);
	for (uint32_t i = 0; i < 6; i++) {
		s = lab_data(lab, i * 10, 20);
		lab_send(lab, &s);
		lab_take(lab, &s);
		assert_int_equal(s.len, 0);
	}
	lab_expect_silence(lab);
}

/* RFC 6582 3.2: after a timeout, too, a partial ACK brings the next segment at once. */
static void test_timeout_of_two_segments(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	request(lab, 5000);
	assert_int_equal(lab_drain(lab), 2);
	lab_pass(lab, 1000);
	expect_data(lab, 0, 1460, false);
	lab_expect_silence(lab);
	ack(lab, 1460, 512);
	expect_data(lab, 1460, 1460, false);
	lab_expect_silence(lab); /* nothing new before all that is repaired */
	ack(lab, 2920, 512);
	expect_data(lab, 2920, 1460, false);
	expect_data(lab, 4380, 620, true);
}

/* [TCP-33] Karn again: a segment that was resent because of duplicate ACKs tells no time either. */
static void test_fast_retransmission_tells_no_time(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t srtt_ms8;

	lab_connect(lab);
	ack(lab, 0, 512);
	request(lab, 2920);
	srtt_ms8 = lab->c->srtt_ms8;
	lab_pass(lab, 500);
	ack(lab, 0, 512);
	ack(lab, 0, 512);
	ack(lab, 0, 512);
	assert_int_equal(lab_drain(lab), 3);
	ack(lab, 2920, 512);
	assert_int_equal(lab->c->srtt_ms8, srtt_ms8);
}

/* [ARP-07]: retransmissions mount, and the peer's address is asked for anew: it may have moved. */
static void test_retransmissions_follow_a_peer_that_moved(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	request(lab, 100);
	lab_pass(lab, 1000);
	assert_int_equal(lab_drain(lab), 2);
	memcpy(lab->peer_mac, "\x02\x02\x02\x02\x02\x02", 6);
	lab_pass(lab, 2000); /* to the old one, and a question */
	fake_nic_forget_sent(&lab->nic);
	lab_pass(lab, 4000);
	expect_data(lab, 0, 100, true); /* lab_take() looks where it goes */
}

/* RFC 9293 3.8.6: never beyond the peer's window, and not in crumbs of it. */
static void test_small_window(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	lab->c->snd_wnd = lab->c->snd_max_wnd = 0;
	ack(lab, 0, 10); /* 1280 */
	request(lab, 3000);
	expect_data(lab, 0, 1280, false);
	lab_expect_silence(lab);
	ack(lab, 1280, 1); /* 128: waits, RFC 9293 3.8.6.2.1 */
	lab_expect_silence(lab);
	ack(lab, 1280, 5); /* 640: half of the largest */
	expect_data(lab, 1280, 640, false);
	ack(lab, 1920, 1);
	lab_expect_silence(lab);
	lab_pass(lab, 2000); /* nothing better comes: the crumb */
	expect_data(lab, 1920, 128, false);
	ack(lab, 2048, 512);
	expect_data(lab, 2048, 952, true);
	ack(lab, 3000, 512);
	assert_true(tcp_sent(lab->c));
}

/*
 * [TCP-31] RFC 9293 3.8.6.1: a closed window is probed with one byte, ever more rarely, for as long
 * as the peer answers.
 */
static void test_closed_window_is_probed(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t waits[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000, 60000 };
	struct segment s;

	lab_connect(lab);
	ack(lab, 0, 0);
	request(lab, 500);
	lab_expect_silence(lab);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		lab_pass(lab, waits[i] - 1);
		lab_expect_silence(lab);
		lab_pass(lab, 1);
		expect_data(lab, 0, 1, false);
		ack(lab, 0, 0);
	}
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	/* It opens, unasked: what the probe carried comes first, and all of it quickly. */
	ack(lab, 0, 512);
	lab_take(lab, &s);
	assert_int_equal(s.seq, lab->syn_seq + 1);
	assert_int_equal(s.len, 500);
	lab_pass(lab, 999);
	lab_expect_silence(lab);
	lab_pass(lab, 1); /* lost: after a second, not after the last probe's minute */
	assert_int_equal(lab_drain(lab), 1);
	ack(lab, 500, 512);
	assert_true(tcp_sent(lab->c));
	lab_pass(lab, 4000);
	lab_expect_silence(lab);
}

/* [TCP-31]: a peer that takes the probe's byte each time. */
static void test_probe_is_accepted(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	ack(lab, 0, 0);
	request(lab, 3);
	for (uint32_t i = 0; i < 3; i++) {
		lab_pass(lab, 60000);
		assert_true(lab_drain(lab) > 0);
		ack(lab, i + 1, 0);
	}
	assert_true(tcp_sent(lab->c));
}

/* [TCP-31]: a closed window and silence is given up like any other silence. */
static void test_closed_window_of_a_dead_peer(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	ack(lab, 0, 0);
	request(lab, 500);
	lab_pass(lab, 123001);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_TIMEOUT);
}

/*
 * [IP4-10] RFC 1191: a packet was too big; what is in flight is cut anew, not below 512 bytes, and
 * only for a true quote.
 */
static void test_path_mtu(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	request(lab, 2000);
	assert_int_equal(lab_drain(lab), 2);
	tcp_icmp_too_big(lab->net, LAB_PEER_IP, 80, lab->port, lab->syn_seq + 1 + 2000, 1000);
	tcp_icmp_too_big(lab->net, LAB_PEER_IP, 80, lab->port, lab->syn_seq, 1000);
	tcp_icmp_too_big(lab->net, LAB_PEER_IP, 80, lab->port, lab->syn_seq + 1, 1500);
	lab_expect_silence(lab);
	tcp_icmp_too_big(lab->net, LAB_PEER_IP, 80, lab->port, lab->syn_seq + 1, 1000);
	expect_data(lab, 0, 960, false);
	tcp_icmp_too_big(lab->net, LAB_PEER_IP, 80, lab->port, lab->syn_seq + 1, 68);
	expect_data(lab, 0, 512, false);
	ack(lab, 512, 512);
	ack(lab, 2000, 512);
	lab_drain(lab);
	request(lab, 2000);
	lab_take(lab, &(struct segment){ 0 });
	assert_int_equal(lab->c->snd_mss, 512);
}

/*
 * Our own transmit buffers are smaller than the MTU that we can receive: passt's 65,520 and a
 * buffer for 1500.
 */
static void test_segments_fit_our_buffers(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->nic.mtu_max = 65535;
	lease_configure(lab->net, LAB_IP, 0xffffff00, LAB_PEER_IP, 65520);
	lab_open(lab, &s);
	assert_int_equal(s.mss, 65480);
	s = lab_syn_ack(lab);
	s.options = (const uint8_t *)"\2\4\377\310";
	s.options_len = 4;
	lab_send(lab, &s);
	lab_drain(lab);
	request(lab, 9000);
	lab_take(lab, &s);
	assert_int_equal(s.len, 1518 - 14 - 40);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_long_request),
		TEST(test_request_is_retransmitted_and_given_up),
		TEST(test_timeout_follows_the_round_trip),
		TEST(test_karn),
		TEST(test_new_ack_restarts_the_timer),
		TEST(test_three_duplicate_acks),
		TEST(test_data_is_no_duplicate_ack),
		TEST(test_timeout_of_two_segments),
		TEST(test_fast_retransmission_tells_no_time),
		TEST(test_retransmissions_follow_a_peer_that_moved),
		TEST(test_small_window),
		TEST(test_closed_window_is_probed),
		TEST(test_probe_is_accepted),
		TEST(test_closed_window_of_a_dead_peer),
		TEST(test_path_mtu),
		TEST(test_segments_fit_our_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
