/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP: what the two SYNs say of both ends, and what each makes of it. Garbage in options, too. */
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
 * [TCP-10] [TCP-14]: MSS = MTU - 40, SACK permitted, window scale, no timestamps (segment_read()
 * refuses them); window unscaled.
 */
static void test_syn_announces_what_we_can_do(void **state)
{
	static const uint16_t mtus[] = { 576, 1500, 9000, 65520, 65535 };
	struct tcp_lab *lab = *state;
	struct segment s;

	for (size_t i = 0; i < ARRAY_LEN(mtus); i++) {
		lab->nic.mtu_max = 65535;
		lab->nic.nic.rx_slots = 16;
		lease_configure(lab->net, LAB_IP, 0xffffff00, LAB_PEER_IP, mtus[i]);
		lab_poll(lab);
		lab_open(lab, &s);
		assert_int_equal(s.mss, mtus[i] - 40);
		assert_true(s.sack_ok);
		assert_int_equal(s.options_len, 12);
		assert_int_equal(s.wnd,
				 16u * (mtus[i] - 40u) < 65535 ? 16u * (mtus[i] - 40u) : 65535);
		assert_int_equal(s.shift, 4);
		tcp_abort(lab->net, lab->c);
	}
}

/* [TCP-29]: with 256 slots the window is more than 256 KiB even for the smallest usual MTU. */
static void test_window_is_as_large_as_the_slots_allow(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->nic.nic.rx_slots = 256;
	lab_open(lab, &s);
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_true((uint32_t)s.wnd << lab->c->rcv_shift > 256 * 1024);
	assert_true((uint32_t)s.wnd << lab->c->rcv_shift <= 256 * 1460);
	/* And no larger than TCP_WINDOW_MAX, 1 MiB less 16, with the largest. */
	tcp_abort(lab->net, lab->c);
	lab_drain(lab);
	lab->nic.mtu_max = 65535;
	lease_configure(lab->net, LAB_IP, 0xffffff00, LAB_PEER_IP, 65520);
	lab_connect(lab);
	s = lab_data(lab, 0, 1);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal((uint32_t)s.wnd << 4, TCP_WINDOW_MAX);
}

/*
 * [TCP-28] [TCP-29]: a device that makes one segment of many fills a buffer with more than the MSS;
 * a shorter one afterwards takes nothing back.
 */
static void test_window_grows_with_the_segments_that_come(void **state)
{
	static const uint32_t lens[] = { 1460, 2920, 100, 20000, 1460 };
	static const uint32_t widest[] = { 1460, 2920, 2920, 20000, 20000 };
	struct tcp_lab *lab = *state;
	struct segment s;
	uint64_t off = 0;

	lab->nic.nic.rx_slots = 8;
	lab_connect(lab);
	lab_drain(lab);
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		s = lab_data(lab, off, lens[i]);
		lab_send(lab, &s);
		lab_take(lab, &s);
		assert_int_equal((uint32_t)s.wnd << 4, 8 * widest[i] / 16 * 16);
		off += lens[i];
	}
	lab_expect_got(lab, off);
}

/* --- the answer ------------------------------------------------------------------------------ */

static void answer_with_options(struct tcp_lab *lab, const uint8_t *options, uint32_t len)
{
	struct segment s;

	lab_open(lab, &s);
	s = lab_syn_ack(lab);
	s.options = options;
	s.options_len = len;
	lab_send(lab, &s);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	lab_take(lab, &s);
}

/* [TCP-12] RFC 7323 2.2, 2.3: scale 0, 7, 14, 15; the SYN-ACK's own window is not scaled. */
static void test_window_scales(void **state)
{
	static const uint8_t shifts[] = { 0, 7, 14, 15, 255 };
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->nic.nic.rx_slots = 200;
	for (size_t i = 0; i < ARRAY_LEN(shifts); i++) {
		uint8_t options[] = { 2, 4, 5, 180, 3, 3, shifts[i], 0 };

		lab_open(lab, &s);
		assert_int_equal(s.shift, 4);
		s = lab_syn_ack(lab);
		s.options = options;
		s.options_len = sizeof(options);
		s.wnd = 1000;
		lab_send(lab, &s);
		assert_int_equal(lab->c->snd_wnd, 1000);
		lab_take(lab, &s);
		assert_int_equal((uint32_t)s.wnd << 4, 200 * 1460);
		s = lab_segment(lab, ACK, 0, 0);
		s.wnd = 1000;
		lab_send(lab, &s);
		assert_int_equal(lab->c->snd_wnd, 1000u << (shifts[i] < 14 ? shifts[i] : 14));
		tcp_abort(lab->net, lab->c);
		lab_drain(lab);
	}
}

/* [TCP-13]: a peer without the option gets no scaled window, and at most 65,535. */
static void test_peer_without_window_scale(void **state)
{
	static const uint8_t options[] = { 2, 4, 5, 180 };
	struct tcp_lab *lab = *state;
	struct segment s;
	uint64_t off;

	lab->nic.nic.rx_slots = 200;
	answer_with_options(lab, options, sizeof(options));
	for (off = 0; off < 100000; off += 1000) {
		s = lab_data(lab, off, 1000);
		lab_send(lab, &s);
		lab_take(lab, &s);
		assert_int_equal(s.ack, lab->iss + 1 + off + 1000);
		assert_int_equal(s.wnd, 65535);
	}
	s = lab_segment(lab, ACK, off, 0);
	s.wnd = 65535;
	lab_send(lab, &s);
	assert_int_equal(lab->c->snd_wnd, 65535);
	lab_expect_got(lab, off);
}

/* [TCP-16]: no SACK where it was not permitted. */
static void test_peer_without_sack(void **state)
{
	static const uint8_t options[] = { 2, 4, 5, 180 };
	struct tcp_lab *lab = *state;
	struct segment s;

	answer_with_options(lab, options, sizeof(options));
	s = lab_data(lab, 1000, 1000);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 0);
	assert_int_equal(s.ack, lab->iss + 1);
}

/*
 * [TCP-11] [TCP-10]: what we send fits the peer's MSS, and an absurd one is taken for 64; silence
 * means 536.
 */
static void test_peer_mss(void **state)
{
	static const struct {
		int said;
		uint16_t used;
	} mss[] = {
		{ -1, 536 },  { 0, 64 },      { 1, 64 },      { 63, 64 },     { 64, 64 },
		{ 536, 536 }, { 1400, 1400 }, { 1460, 1460 }, { 1461, 1460 }, { 65535, 1460 },
	};
	static const uint8_t body[3000];
	struct tcp_lab *lab = *state;
	struct segment s;

	for (size_t i = 0; i < ARRAY_LEN(mss); i++) {
		uint8_t options[] = { 2, 4, (uint8_t)(mss[i].said >> 8), (uint8_t)mss[i].said };

		answer_with_options(lab, options, mss[i].said < 0 ? 0 : 4);
		assert_int_equal(lab->c->snd_mss, mss[i].used);
		tcp_send(lab->net, lab->c, (struct span){ body, sizeof(body) });
		lab_take(lab, &s);
		assert_int_equal(s.len, mss[i].used);
		tcp_abort(lab->net, lab->c);
		lab_drain(lab);
	}
}

/*
 * [TCP-08] RFC 9293 3.1, 3.2: what is understood counts up to the place where the list breaks;
 * nothing is read beyond the header.
 */
static void test_options_that_are_garbage(void **state)
{
	static const struct {
		uint8_t options[40];
		uint32_t len;
		uint16_t mss;
		int shift;
	} odd[] = {
		{ { 1, 1, 1, 1 }, 4, 536, -1 },
		/* all behind the end */
		{ { 0, 2, 4, 5 }, 4, 536, -1 },
		{ { 2, 4, 3, 232, 0, 3, 3, 9 }, 8, 1000, -1 },
		/* unknown, skipped */
		{ { 254, 8, 2, 4, 9, 9, 9, 9, 2, 4, 3, 232 }, 12, 1000, -1 },
		{ { 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 3, 3, 5, 2, 4, 3, 232, 0, 0, 0 },
		  20,
		  1000,
		  5 }, /* timestamps unasked */
		/* length 0 */
		{ { 9, 0, 2, 4, 3, 232, 1, 1 }, 8, 536, -1 },
		/* length 1 */
		{ { 9, 1, 2, 4, 3, 232, 1, 1 }, 8, 536, -1 },
		/* no room for a length */
		{ { 1, 1, 1, 2 }, 4, 536, -1 },
		/* no room for the value */
		{ { 1, 1, 2, 4 }, 4, 536, -1 },
		/* an MSS of a wrong length */
		{ { 1, 2, 5, 3, 232, 0, 0, 0 }, 8, 536, -1 },
		/* a scale without a value */
		{ { 3, 2, 2, 4, 3, 232, 4, 3, 9 }, 12, 1000, -1 },
		/* beyond the header */
		{ { 2, 4, 3, 232, 77, 255, 1, 1 }, 8, 1000, -1 },
		{ { 2, 4, 3, 232, 77, 41 }, 40, 1000, -1 },
	};
	struct tcp_lab *lab = *state;

	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		answer_with_options(lab, odd[i].options, odd[i].len);
		assert_int_equal(lab->c->snd_mss, odd[i].mss);
		assert_int_equal(lab->c->snd_shift, odd[i].shift < 0 ? 0 : odd[i].shift);
		assert_int_equal(lab->c->scale_ok, odd[i].shift >= 0);
		tcp_abort(lab->net, lab->c);
		lab_drain(lab);
	}
}

/* [TCP-08]: options in a data segment, whatever they say, change nothing. */
static void test_options_of_later_segments_are_skipped(void **state)
{
	struct tcp_lab *lab = *state;
	uint8_t options[40];
	struct segment s;

	lab_connect(lab);
	for (uint64_t off = 0; off < 200; off++) {
		for (size_t i = 0; i < sizeof(options); i++)
			options[i] = (uint8_t)(off * 7 + i * off);
		s = lab_data(lab, off, 1);
		s.options = options;
		s.options_len = (uint32_t)(off % 11) * 4;
		lab_send(lab, &s);
	}
	lab_expect_got(lab, 200);
	assert_int_equal(lab->c->snd_mss, 1460);
	assert_int_equal(lab->c->snd_shift, 7);
}

/* [TCP-09]: below 5, and beyond the segment. */
static void test_data_offset_out_of_range(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (int words = -1; words < 16; words++) {
		if (words == 0 || words == 5)
			continue;
		s = lab_data(lab, 0, 3);
		s.data_offset = words;
		lab_send(lab, &s);
		if (words < 5 || words > 5)
			lab_expect_got(lab, 0);
	}
	assert_int_equal(lab->net->count.bad_tcp, 15);
	lab_expect_silence(lab);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_syn_announces_what_we_can_do),
		TEST(test_window_is_as_large_as_the_slots_allow),
		TEST(test_window_grows_with_the_segments_that_come),
		TEST(test_window_scales),
		TEST(test_peer_without_window_scale),
		TEST(test_peer_without_sack),
		TEST(test_peer_mss),
		TEST(test_options_that_are_garbage),
		TEST(test_options_of_later_segments_are_skipped),
		TEST(test_data_offset_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
