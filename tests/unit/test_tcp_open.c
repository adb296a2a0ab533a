/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: how connections begin, with honest and with odd peers. Segments of the peer are written by
 * hand (tests/model/tcp_lab.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

/* --- our SYN --------------------------------------------------------------------------------- */

/*
 * [TCP-04] RFC 6528 3: unpredictable over boots and connections, and rising with time on the same
 * four numbers.
 */
static void test_initial_sequence_numbers(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t isn[64];
	struct segment s;

	for (uint32_t i = 0; i < ARRAY_LEN(isn); i++) {
		if (i % 2)
			hosted_random_seed(1000 + i);
		tcp_init(lab->net);
		lab_open(lab, &s);
		isn[i] = s.seq;
		for (uint32_t j = 0; j < i; j++)
			assert_true(isn[i] - isn[j] > 1000 && isn[j] - isn[i] > 1000);
	}
	/* The same secret and time, another port. */
	lab_open(lab, &s);
	isn[1] = s.seq;
	lab_open(lab, &s);
	assert_true(isn[1] - s.seq > 1000 && s.seq - isn[1] > 1000);
	/* The same secret and port, a second later: 250,000 further. */
	hosted_random_seed(7);
	tcp_init(lab->net);
	lab_open(lab, &s);
	isn[0] = s.seq;
	hosted_time_advance(1000);
	hosted_random_seed(7);
	tcp_init(lab->net);
	lab_open(lab, &s);
	assert_int_equal(s.seq - isn[0], 250000);
}

/* [TCP-05]: fresh ports, so a machine that was reset does not meet its old connection. */
static void test_ports_are_random_and_dynamic(void **state)
{
	uint16_t port[32];
	struct tcp_lab *lab = *state;
	struct segment s;
	uint32_t same = 0;

	for (uint32_t i = 0; i < ARRAY_LEN(port); i++) {
		lab_open(lab, &s);
		port[i] = s.src_port;
		assert_true(port[i] >= 49152);
		for (uint32_t j = 0; j < i; j++)
			same += port[i] == port[j];
		tcp_abort(lab->net, lab->c);
	}
	assert_true(same <= 1);
	/* Chance repeats itself: two connections have two ports all the same. */
	hosted_random_seed(9);
	lab_open(lab, &s);
	port[0] = s.src_port;
	hosted_random_seed(9);
	lab_open(lab, &s);
	assert_int_not_equal(s.src_port, port[0]);
}

/* [TCP-07] RFC 6298 2.1, 5.5: SYNs at 0, 1, 3, 7, 15, 31, 63 s, all alike, then ERR_TIMEOUT. */
static void test_syn_is_retried_with_backoff_and_given_up(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment first, s;
	uint32_t waited = 0;

	lab_open(lab, &first);
	for (uint32_t i = 1; i < 64; i *= 2) {
		lab_pass(lab, i * 1000 - 1);
		lab_expect_silence(lab);
		lab_pass(lab, 1);
		lab_take(lab, &s);
		assert_int_equal(s.seq, first.seq);
		assert_int_equal(s.flags, SYN);
		assert_int_equal(s.options_len, 12);
		waited += i;
	}
	assert_int_equal(waited, 63);
	lab_pass(lab, 59999);
	assert_int_equal(lab->c->state, TCP_SYN_SENT);
	lab_pass(lab, 1);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_TIMEOUT);
	lab_expect_silence(lab);
}

/* [TCP-07] RFC 6298 5.7: the first four SYNs are lost; what follows is given 3 s. */
static void test_lost_syns_make_the_first_timeout_longer(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	lab_pass(lab, 7000);
	assert_int_equal(lab_drain(lab), 3);
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	lab_drain(lab);
	tcp_send(lab->net, lab->c, (struct span){ (const uint8_t *)"GET", 3 });
	lab_take(lab, &s);
	lab_pass(lab, 2999);
	lab_expect_silence(lab);
	lab_pass(lab, 1);
	lab_take(lab, &s);
	assert_int_equal(s.len, 3);
}

static void test_no_route_is_unreachable(void **state)
{
	struct tcp_lab *lab = *state;

	lease_configure(lab->net, LAB_IP, 0xffffff00, 0, 0);
	lab->c = tcp_open(lab->net, 0xc0000201, 80, &lab->user);
	assert_non_null(lab->c);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_UNREACHABLE);
	tcp_abort(lab->net, lab->c);
}

static void test_silent_arp_is_unreachable(void **state)
{
	struct tcp_lab *lab = *state;

	lab->mute_arp = true;
	lab->c = tcp_open(lab->net, LAB_PEER_IP, 80, &lab->user);
	assert_non_null(lab->c);
	lab_pass(lab, 10000);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_UNREACHABLE);
	lab_expect_silence(lab);
}

static void test_handshake_ends_with_a_bare_ack_before_the_request(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	tcp_send(lab->net, lab->c, (struct span){ (const uint8_t *)"GET / HTTP/1.1", 14 });
	lab_expect_silence(lab);
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.flags, ACK);
	assert_int_equal(s.len, 0);
	lab_take(lab, &s);
	assert_int_equal(s.flags, ACK | PSH);
	assert_int_equal(s.seq, lab->syn_seq + 1);
	assert_memory_equal(s.data, "GET / HTTP/1.1", 14);
	lab_expect_silence(lab);
}

/* Debian's passt drops packets behind which there is a pad: ours fill the shortest frame. */
static void test_bare_segments_need_no_pad(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	assert_true(14 + 20 + 20 + s.options_len >= 60);
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_true(14 + 20 + 20 + s.options_len >= 60);
	tcp_close(lab->net, lab->c);
	lab_take(lab, &s);
	assert_true((s.flags & FIN) && 14 + 20 + 20 + s.options_len >= 60);
	s = lab_data(lab, 0, 100);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_true((s.flags & RST) && 14 + 20 + 20 + s.options_len >= 60);
}

/* --- what is no answer ----------------------------------------------------------------------- */

/* [TCP-02] RFC 9293 3.10.7.3: only a RST that acknowledges our SYN refuses it. */
static void test_rst_in_syn_sent(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	s = lab_segment(lab, RST, 0, 0);
	lab_send(lab, &s);
	s = lab_segment(lab, RST | ACK, 0, 1); /* one byte more than we sent */
	lab_send(lab, &s);
	s = lab_segment(lab, RST | ACK, 0, UINT32_MAX); /* our ISN itself */
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_SYN_SENT);
	lab_expect_silence(lab);
	s = lab_segment(lab, RST | ACK, 0, 0);
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_REFUSED);
	lab_expect_silence(lab);
}

/* [TCP-02]: a segment with neither SYN nor RST is dropped. */
static void test_data_in_syn_sent(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	s = lab_data(lab, 0, 100);
	s.ack = lab->syn_seq + 1;
	lab_send(lab, &s);
	s.flags = 0;
	lab_send(lab, &s);
	s.flags = FIN;
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_SYN_SENT);
	lab_expect_silence(lab);
}

/*
 * [TCP-06] RFC 9293 3.5.1: the peer has an older connection of these two ends; our RST ends that,
 * the next SYN succeeds.
 */
static void test_old_half_open_connection_of_the_peer(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	s = lab_segment(lab, ACK, 77777, 12345);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.flags, RST);
	assert_int_equal(s.seq, lab->syn_seq + 1 + 12345);
	assert_int_equal(lab->c->state, TCP_SYN_SENT);
	s = lab_syn_ack(lab); /* for another SYN than ours */
	s.ack -= 1;
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.flags, RST);
	assert_int_equal(s.seq, lab->syn_seq);
	lab_pass(lab, 1000);
	lab_take(lab, &s);
	assert_int_equal(s.flags, SYN);
	assert_int_equal(s.seq, lab->syn_seq);
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
}

/* Another host, another port, theirs or ours: not this connection. */
static void test_only_the_exact_four_numbers_match(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s, right;

	lab_open(lab, &s);
	right = lab_syn_ack(lab);
	for (int i = 0; i < 3; i++) {
		s = right;
		s.src += i == 0;
		s.src_port ^= i == 1;
		s.dst_port ^= i == 2 ? 0x8000 : 0;
		lab_send(lab, &s);
		assert_int_equal(lab->c->state, TCP_SYN_SENT);
		assert_int_equal(lab_drain_rst(lab), 1);
	}
	lab_send(lab, &right);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
}

/* [ICMP-03] [ICMP-04] RFC 5927 4.1, 5.2 */
static void test_icmp_refuses_only_what_is_in_flight(void **state)
{
	struct tcp_lab *lab = *state;
	struct net *net = lab->net;
	struct segment s;

	lab_open(lab, &s);
	assert_false(tcp_icmp_unreachable(net, LAB_PEER_IP + 1, 80, lab->port, s.seq, true));
	assert_false(tcp_icmp_unreachable(net, LAB_PEER_IP, 81, lab->port, s.seq, true));
	assert_false(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port ^ 1, s.seq, true));
	assert_false(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port, s.seq + 1, true));
	assert_false(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port, s.seq - 1, true));
	assert_true(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port, s.seq, false));
	assert_int_equal(lab->c->state, TCP_SYN_SENT);
	assert_true(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port, s.seq, true));
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_REFUSED);
}

/* [ICMP-04]: an established connection is not ended by ICMP, even if the quote is right. */
static void test_icmp_does_not_break_a_connection(void **state)
{
	struct tcp_lab *lab = *state;
	struct net *net = lab->net;

	lab_connect(lab);
	assert_false(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port, lab->syn_seq, true));
	tcp_send(lab->net, lab->c, (struct span){ (const uint8_t *)"GET", 3 });
	assert_true(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port, lab->syn_seq + 1, true));
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	lab_drain(lab);
}

/* --- the unusual ----------------------------------------------------------------------------- */

/* [TCP-03] RFC 9293 3.5, figure 8 */
static void test_simultaneous_open(void **state)
{
	static const uint8_t options[] = { 2, 4, 5, 180, 3, 3, 2, 0 };
	struct tcp_lab *lab = *state;
	struct segment s;

	for (int by_syn_ack = 0; by_syn_ack < 2; by_syn_ack++) {
		lab_forget(lab);
		lab_open(lab, &s);
		s = lab_segment(lab, SYN, 0, 0);
		s.seq = lab->iss;
		s.options = options;
		s.options_len = sizeof(options);
		lab_send(lab, &s);
		assert_int_equal(lab->c->state, TCP_SYN_RECEIVED);
		lab_take(lab, &s);
		assert_int_equal(s.flags, SYN | ACK);
		assert_int_equal(s.seq, lab->syn_seq);
		assert_int_equal(s.ack, lab->iss + 1);
		assert_int_equal(s.mss, 1460);
		assert_false(s.sack_ok); /* the peer's SYN had none */
		assert_int_equal(s.shift, 4);
		lab_pass(lab, 1000); /* it is retried like a SYN */
		lab_take(lab, &s);
		assert_int_equal(s.flags, SYN | ACK);
		if (by_syn_ack) {
			s = lab_syn_ack(lab);
		} else {
			s = lab_data(lab, 0, 10);
			s.ack = lab->syn_seq + 1;
		}
		lab_send(lab, &s);
		assert_int_equal(lab->c->state, TCP_ESTABLISHED);
		lab_drain(lab);
		s = lab_data(lab, lab->c->rcv_off, 100);
		lab_send(lab, &s);
		lab_expect_got(lab, by_syn_ack ? 100 : 110);
		tcp_abort(lab->net, lab->c);
		lab_drain(lab);
	}
}

/*
 * RFC 9293 3.10.7.4: an ACK that acknowledges nothing of ours is answered by a RST in SYN-RECEIVED;
 * a RST that acknowledges our SYN refuses it, wherever it stands, as in SYN-SENT.
 */
static void test_syn_received_and_wrong_answers(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	s = lab_segment(lab, SYN, 0, 0);
	s.seq = lab->iss;
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_true(s.mss == 1460 && s.shift < 0 && !s.sack_ok); /* as that SYN had none */
	s = lab_segment(lab, ACK, 0, 500);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.flags, RST);
	assert_int_equal(s.seq, lab->syn_seq + 1 + 500);
	assert_int_equal(lab->c->state, TCP_SYN_RECEIVED);
	s = lab_segment(lab, RST | ACK, 0, 0);
	s.seq = 0;
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_REFUSED);
	lab_expect_silence(lab);
}

/* A blind SYN, from somebody who knows the ports and nothing else. */
static void put_forged_syn(struct tcp_lab *lab, uint32_t seq)
{
	static const uint8_t options[] = { 2, 4, 0, 64 };
	struct segment s = lab_segment(lab, SYN, 0, 0);

	s.seq = seq;
	s.wnd = 1;
	s.options = options;
	s.options_len = sizeof(options);
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_SYN_RECEIVED);
	lab_take(lab, &s);
	assert_int_equal(s.flags, SYN | ACK);
	assert_int_equal(s.ack, seq + 1);
	assert_int_equal(s.wnd, 65535);
}

/* The real peer's answer to our SYN opens the connection as if nothing had been before it. */
static void expect_opened(struct tcp_lab *lab)
{
	struct segment s = lab_syn_ack(lab);

	s.data = pattern_at(0, 100);
	s.len = 100;
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	assert_int_equal(lab->c->snd_mss, 1460);
	assert_int_equal(lab->c->snd_wnd, 65535);
	assert_int_equal(lab->c->snd_shift, 7);
	lab_take(lab, &s);
	assert_int_equal(s.flags, ACK);
	assert_int_equal(s.ack, lab->iss + 1);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 100);
	assert_int_equal((uint32_t)s.wnd << 4, 64 * 1460);
	s = lab_data(lab, 2000, 100);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 1);
	lab_expect_got(lab, 100);
}

/* [TCP-03] RFC 9293 3.5: a SYN-ACK that acknowledges our SYN outranks a SYN that knows nothing. */
static void test_a_blind_syn_does_not_take_the_connection(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	put_forged_syn(lab, 0xdeadbeef);
	expect_opened(lab);
	s = lab_segment(lab, RST, 0, 0); /* the peer's answer to our answer */
	s.seq = 0xdeadbeef + 1;
	lab_send(lab, &s);
	lab_expect_silence(lab);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
}

/*
 * [TCP-22]: nor does it end it: the real peer resets what it has not sent, as the forger may, too.
 * Neither has seen our SYN, which is sent again.
 */
static void test_a_blind_syn_and_a_rst_refuse_nothing(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	for (int with_ack = 0; with_ack < 2; with_ack++) {
		lab_forget(lab);
		lab_open(lab, &s);
		put_forged_syn(lab, 0xdeadbeef);
		s = lab_segment(lab, with_ack ? RST | ACK : RST, 0, 77);
		s.seq = 0xdeadbeef + 1;
		lab_send(lab, &s);
		assert_int_equal(lab->c->state, TCP_SYN_SENT);
		lab_expect_silence(lab);
		lab_pass(lab, 1000);
		lab_take(lab, &s);
		assert_int_equal(s.flags, SYN);
		assert_int_equal(s.seq, lab->syn_seq);
		assert_int_equal(s.shift, 4);
		assert_true(s.mss == 1460 && s.sack_ok);
		expect_opened(lab);
		tcp_abort(lab->net, lab->c);
		lab_drain(lab);
	}
}

/*
 * [TCP-02]: what was owed to a forger's SYN goes with it; in SYN-SENT there is nothing to
 * acknowledge.
 */
static void test_no_ack_is_left_of_a_blind_syn(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_open(lab, &s);
	put_forged_syn(lab, 0xdeadbeef);
	s = lab_segment(lab, ACK, 0, 0);
	s.seq = 0xdeadbeef - 100; /* an old byte, to be acknowledged at the end of the batch */
	s.data = pattern_at(0, 1);
	s.len = 1;
	lab_put(lab, &s);
	s = lab_segment(lab, RST, 0, 0);
	s.seq = 0xdeadbeef + 1;
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_SYN_SENT);
	lab_expect_silence(lab);
	expect_opened(lab);
}

/* [ICMP-04]: nor does it hide that nobody is there: what has not opened may still be refused. */
static void test_a_blind_syn_does_not_hide_an_icmp_error(void **state)
{
	struct tcp_lab *lab = *state;
	struct net *net = lab->net;
	struct segment s;

	lab_open(lab, &s);
	put_forged_syn(lab, 0xdeadbeef);
	assert_true(tcp_icmp_unreachable(net, LAB_PEER_IP, 80, lab->port, lab->syn_seq, true));
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_REFUSED);
}

/* [SEC-13]: whoever keeps us in circles does not renew the deadline. */
static void test_blind_syns_are_no_progress(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t began_ms = lab->net->progress_ms;
	struct segment s;

	lab_open(lab, &s);
	for (uint32_t i = 0; i < 10; i++) {
		lab_pass(lab, 10);
		put_forged_syn(lab, i);
		s = lab_segment(lab, RST, 0, 0);
		s.seq = i + 1;
		lab_send(lab, &s);
	}
	assert_int_equal(lab->net->progress_ms, began_ms);
	lab_pass(lab, 200000);
	assert_int_equal(lab->c->error, ERR_TIMEOUT);
	lab_drain(lab);
}

/* [TCP-39] RFC 9293 3.10.7.3: neither lost nor doubled, when the peer sends them again. */
static void test_data_and_fin_on_the_syn_ack(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s, again;

	lab_open(lab, &s);
	s = lab_syn_ack(lab);
	s.flags |= FIN;
	s.data = pattern_at(0, 300);
	s.len = 300;
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_CLOSE_WAIT);
	assert_true(lab->c->fin_received);
	lab_expect_got(lab, 300);
	lab_take(lab, &s);
	assert_int_equal(s.flags, ACK); /* the bare one */
	assert_int_equal(s.ack, lab->iss + 1);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 301);
	again = lab_data(lab, 0, 300);
	again.flags |= FIN;
	lab_send(lab, &again);
	lab_expect_got(lab, 300);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 301);
}

/* [TCP-43] RFC 9293 3.5.2, 3.10.7.1 */
static void test_segments_without_a_connection(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->port = 33333;
	s = lab_segment(lab, ACK, 0, 0);
	s.ack = 0x1234;
	s.len = 10;
	s.data = pattern_at(0, 10);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.flags, RST);
	assert_int_equal(s.seq, 0x1234);
	assert_int_equal(s.src_port, 33333);
	assert_int_equal(s.dst_port, 80);
	s = lab_segment(lab, SYN | FIN, 0, 0);
	s.len = 10;
	s.data = pattern_at(0, 10);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.seq, 0);
	assert_int_equal(s.ack, lab->iss + 1 + 12);
	s = lab_segment(lab, RST | ACK, 0, 0);
	lab_send(lab, &s);
	s = lab_segment(lab, RST, 0, 0);
	lab_send(lab, &s);
	lab_expect_silence(lab);
	/* Not for what was sent to everybody, and not before the checksum was right. */
	s = lab_segment(lab, ACK, 0, 0);
	memset(s.dst_mac, 0xff, 6);
	lab_send(lab, &s);
	s = lab_segment(lab, ACK, 0, 0);
	lab_put(lab, &s)->bytes[SEGMENT_L4 + 17] ^= 1;
	lab_poll(lab);
	lab_expect_silence(lab);
	assert_int_equal(lab->net->count.bad_tcp, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_initial_sequence_numbers),
		TEST(test_ports_are_random_and_dynamic),
		TEST(test_syn_is_retried_with_backoff_and_given_up),
		TEST(test_lost_syns_make_the_first_timeout_longer),
		TEST(test_no_route_is_unreachable),
		TEST(test_silent_arp_is_unreachable),
		TEST(test_handshake_ends_with_a_bare_ack_before_the_request),
		TEST(test_bare_segments_need_no_pad),
		TEST(test_rst_in_syn_sent),
		TEST(test_data_in_syn_sent),
		TEST(test_old_half_open_connection_of_the_peer),
		TEST(test_only_the_exact_four_numbers_match),
		TEST(test_icmp_refuses_only_what_is_in_flight),
		TEST(test_icmp_does_not_break_a_connection),
		TEST(test_simultaneous_open),
		TEST(test_syn_received_and_wrong_answers),
		TEST(test_a_blind_syn_does_not_take_the_connection),
		TEST(test_a_blind_syn_and_a_rst_refuse_nothing),
		TEST(test_no_ack_is_left_of_a_blind_syn),
		TEST(test_a_blind_syn_does_not_hide_an_icmp_error),
		TEST(test_blind_syns_are_no_progress),
		TEST(test_data_and_fin_on_the_syn_ack),
		TEST(test_segments_without_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
