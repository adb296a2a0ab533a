/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP: what silence does to a connection, and what counts as the opposite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

static void put(struct tcp_lab *lab, uint16_t flags, uint32_t off, uint32_t ack)
{
	struct segment s = lab_segment(lab, flags, off, ack);

	lab_send(lab, &s);
}

/*
 * [TCP-40] RFC 9293 3.8.4: silence is probed every 5 s; a peer that answers may take its time, one
 * that does not is dead at 65 s.
 */
static void test_keep_alive(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_data(lab, 0, 1000);
	lab_send(lab, &s);
	lab_drain(lab);
	for (int i = 0; i < 40; i++) {
		lab_pass(lab, 4999);
		lab_expect_silence(lab);
		lab_pass(lab, 1);
		lab_take(lab, &s);
		assert_int_equal(s.seq, lab->c->snd_nxt - 1);
		assert_int_equal(s.len, 0);
		assert_int_equal(s.flags, ACK);
		put(lab, ACK, 1000, 0);
	}
	for (int i = 0; i < 10; i++) { /* a slow server: what it sends is a sign of life */
		lab_pass(lab, 4000);
		s = lab_data(lab, 1000 + (uint64_t)i * 100, 100);
		lab_send(lab, &s);
		assert_int_equal(lab_drain(lab), 1);
	}
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	for (int i = 0; i < 12; i++) {
		lab_pass(lab, 5000);
		lab_take(lab, &s);
	}
	lab_pass(lab, 4999);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	lab_expect_silence(lab);
	lab_pass(lab, 1);
	assert_int_equal(lab->c->state, TCP_CLOSED);
	assert_int_equal(lab->c->error, ERR_TIMEOUT);
	assert_int_equal(lab_drain_rst(lab), 1);
}

/*
 * [TCP-40]: we were away for two minutes (a digest, slow firmware): the peer still gets its twelve
 * chances.
 */
static void test_keep_alive_after_a_long_absence(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	hosted_time_advance(120000);
	lab_poll(lab);
	assert_int_equal(lab_drain(lab), 1);
	lab_pass(lab, 4999);
	lab_expect_silence(lab);
	put(lab, ACK, 0, 0);
	lab_pass(lab, 4999);
	lab_expect_silence(lab);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
}

/*
 * [TCP-40]: a dead peer's keep-alives also look for it anew on the link: it may have moved to
 * another MAC.
 */
static void test_silence_makes_arp_ask_again(void **state)
{
	struct tcp_lab *lab = *state;

	lab_connect(lab);
	lab_pass(lab, 5000);
	assert_int_equal(lab_drain(lab), 1);
	memcpy(lab->peer_mac, "\x02\x02\x02\x02\x02\x02", 6);
	lab_pass(lab, 4990);
	while (lab->nic.sent_first)
		free(fake_nic_sent(&lab->nic));
	lab_pass(lab, 1000);
	while (lab->nic.sent_first)
		free(fake_nic_sent(&lab->nic));
	lab_pass(lab, 5000); /* to the new address: lab_take() looks */
	assert_true(lab_drain(lab) > 0);
}

/*
 * Progress, as the deadline counts it: states. Not keep-alives, duplicates, damage, or attacks; and
 * what bytes are worth only their user knows, who may throw them away.
 */
static void test_only_states_are_progress(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;
	uint32_t then_ms;

	lab_connect(lab);
	then_ms = lab->net->progress_ms;
	lab_pass(lab, 100);
	put(lab, ACK, 0, 0);
	put(lab, RST, 100, 0);
	put(lab, SYN, 0, 0);
	s = lab_data(lab, 0, 10);
	lab_put(lab, &s)->bytes[SEGMENT_L4 + 22] ^= 1;
	lab_poll(lab);
	lab_drain(lab);
	assert_int_equal(lab->net->progress_ms, then_ms);
	s = lab_data(lab, 50, 10);
	lab_send(lab, &s);
	lab_send(lab, &s); /* again */
	s = lab_data(lab, 0, 50);
	lab_send(lab, &s);
	assert_int_equal(lab->net->progress_ms, then_ms);
	put(lab, FIN | ACK, 60, 0);
	assert_int_equal(lab->net->progress_ms, then_ms + 100);
	lab_expect_got(lab, 60);
	lab_drain(lab);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keep_alive),
		TEST(test_keep_alive_after_a_long_absence),
		TEST(test_silence_makes_arp_ask_again),
		TEST(test_only_states_are_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
