/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: which segments are summed, and what is said of those that fail. The verdicts are the
 * driver's (core/frame.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

static void put_sum(struct fake_frame *f, uint16_t sum)
{
	f->bytes[SEGMENT_L4 + 16] = (uint8_t)(sum >> 8);
	f->bytes[SEGMENT_L4 + 17] = (uint8_t)sum;
}

/* Of the pseudo-header alone, as a sender leaves it that lets a device do the rest. */
static uint16_t pseudo_sum(const struct fake_frame *f, uint32_t l4_len)
{
	return segment_csum(f->bytes + 26, 8, 6 + l4_len);
}

/*
 * [SUM-03] RFC 9293 3.1: the length in the pseudo-header is the packet's, not the frame's; the pad
 * is neither summed nor data.
 */
static void test_padded_frame(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (uint32_t len = 1; len < 10; len++) { /* 54 + len bytes, padded to 60 with 5a */
		s = lab_data(lab, lab->got, len);
		lab_send(lab, &s);
	}
	lab_expect_got(lab, 45);
	assert_int_equal(lab->net->count.bad_tcp, 0);
}

/* [SUM-06]: a right checksum that is 0000, and a wrong one that is. */
static void test_field_of_zero_is_a_value(void **state)
{
	struct tcp_lab *lab = *state;
	uint8_t data[4] = { 1, 2, 0, 0 };
	struct fake_frame *f;
	struct segment s;
	uint32_t i;

	lab_connect(lab);
	/* Two bytes of payload make up for everything else. */
	s = lab_data(lab, 0, 4);
	s.data = data;
	for (i = 0; i < 65536; i++) {
		data[2] = (uint8_t)(i >> 8);
		data[3] = (uint8_t)i;
		f = lab_put(lab, &s);
		if (!f->bytes[SEGMENT_L4 + 16] && !f->bytes[SEGMENT_L4 + 17])
			break;
		f->csum = CSUM_BAD; /* not this one: net_rx() drops it */
	}
	assert_true(i < 65536);
	lab_poll(lab);
	assert_int_equal(lab->got, 4);
	assert_memory_equal(lab->store, data, 4);
	assert_int_equal(lab->net->count.bad_tcp, 0);
	s = lab_data(lab, 4, 100);
	put_sum(lab_put(lab, &s), 0);
	lab_poll(lab);
	assert_int_equal(lab->got, 4);
	assert_int_equal(lab->net->count.bad_tcp, 1);
	assert_int_equal(lab->net->breach[0].zero, 1);
}

/* [SUM-07]: vouched for is not summed, and counted; for every kind of segment. */
static void test_vouched(void **state)
{
	struct tcp_lab *lab = *state;
	struct fake_frame *f;
	struct segment s;

	lab_open(lab, &s);
	s = lab_syn_ack(lab);
	f = lab_put(lab, &s);
	put_sum(f, 0);
	f->csum = CSUM_VOUCHED;
	lab_poll(lab);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	s = lab_data(lab, 0, 1000);
	f = lab_put(lab, &s);
	put_sum(f, 0x1234);
	f->csum = CSUM_VOUCHED;
	s = lab_data(lab, 500, 1000); /* not the fast way: it overlaps */
	f = lab_put(lab, &s);
	put_sum(f, 0x1234);
	f->csum = CSUM_VOUCHED;
	lab_poll(lab);
	lab_expect_got(lab, 1500);
	assert_int_equal(lab->net->count.vouched, 3);
	assert_int_equal(lab->net->count.bad_tcp, 0);
}

/* [SUM-07] [SUM-08]: the sum was left to us exactly here, or it is verified. */
static void test_partial(void **state)
{
	static const struct {
		uint16_t start, offset;
		bool taken;
	} where[] = {
		{ SEGMENT_L4, 16, true },
		{ SEGMENT_L4, 6, false },
		{ SEGMENT_L4 - 20, 16, false },
		{ SEGMENT_L4 - 20, 36, false },
		{ SEGMENT_L4 + 4, 12, false },
		{ 0, 50, false },
		{ 0, 0, false },
	};
	struct tcp_lab *lab = *state;
	struct fake_frame *f;
	struct segment s;

	lab_connect(lab);
	for (size_t i = 0; i < ARRAY_LEN(where); i++) {
		s = lab_data(lab, 0, 100);
		f = lab_put(lab, &s);
		put_sum(f, pseudo_sum(f, 120));
		f->csum = CSUM_PARTIAL;
		f->csum_start = where[i].start;
		f->csum_offset = where[i].offset;
		lab_poll(lab);
		assert_int_equal(lab->got, 100); /* by the first one, and never again */
		assert_int_equal(lab->net->count.partial, 1);
		assert_int_equal(lab->net->count.bad_tcp, i);
		assert_int_equal(lab->net->breach[0].pseudo, i);
	}
	/* Elsewhere and right all the same: verified, taken. */
	s = lab_data(lab, 100, 100);
	f = lab_put(lab, &s);
	f->csum = CSUM_PARTIAL;
	f->csum_start = 14;
	f->csum_offset = 10;
	lab_poll(lab);
	lab_expect_got(lab, 200);
	assert_int_equal(lab->net->count.partial, 1);
}

/* A failure says what stood in the field, and under which breach of the device. */
static void test_failures_are_counted_by_breach_and_kind(void **state)
{
	struct tcp_lab *lab = *state;
	struct fake_frame *f;
	struct segment s;

	lab_connect(lab);
	for (uint8_t id = 0; id < 4; id++) {
		s = lab_data(lab, 0, 100);
		f = lab_put(lab, &s);
		f->breach = id;
		put_sum(f, id == 1 ? 0 : id == 2 ? pseudo_sum(f, 120) : 0x4711);
	}
	s = lab_segment(lab, ACK, 0, 0); /* for nobody */
	s.src_port ^= 1;
	f = lab_put(lab, &s);
	f->breach = 1;
	put_sum(f, 0);
	lab_poll(lab);
	assert_int_equal(lab->net->breach[0].wrong, 1);
	assert_int_equal(lab->net->breach[1].zero, 2);
	assert_int_equal(lab->net->breach[2].pseudo, 1);
	assert_int_equal(lab->net->breach[3].wrong, 1);
	assert_int_equal(lab->net->count.bad_tcp, 5);
	lab_expect_got(lab, 0);
	lab_expect_silence(lab);
}

/* Shorter than a header. */
static void test_runts(void **state)
{
	struct tcp_lab *lab = *state;
	struct fake_frame *f;
	struct segment s;
	uint16_t sum;

	lab_connect(lab);
	for (uint32_t len = 0; len < 20; len++) {
		s = lab_segment(lab, ACK, 0, 0);
		f = lab_put(lab, &s);
		f->bytes[17] = (uint8_t)(20 + len);
		f->bytes[24] = f->bytes[25] = 0;
		sum = (uint16_t)~segment_csum(f->bytes + 14, 20, 0);
		f->bytes[24] = (uint8_t)(sum >> 8);
		f->bytes[25] = (uint8_t)sum;
	}
	lab_poll(lab);
	assert_int_equal(lab->net->count.bad_tcp, 20);
	assert_int_equal(lab->net->count.bad_ip, 0);
}

/* The largest packet there is, of all ones and of an odd length. */
static void test_largest_segment(void **state)
{
	static uint8_t ones[65495];
	struct tcp_lab *lab = *state;
	struct segment s;

	memset(ones, 0xff, sizeof(ones));
	lab->nic.mtu_max = 65535;
	lease_configure(lab->net, LAB_IP, 0xffffff00, LAB_PEER_IP, 65535);
	lab_connect(lab);
	s = lab_data(lab, 0, sizeof(ones));
	s.data = ones;
	lab_send(lab, &s);
	assert_int_equal(lab->got, sizeof(ones));
	assert_memory_equal(lab->store, ones, sizeof(ones));
	s = lab_data(lab, 1000, sizeof(ones)); /* by the stage */
	s.data = ones;
	lab_send(lab, &s);
	assert_int_equal(lab->got, 1000 + sizeof(ones));
	assert_int_equal(lab->net->count.bad_tcp, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_padded_frame),
		TEST(test_field_of_zero_is_a_value),
		TEST(test_vouched),
		TEST(test_partial),
		TEST(test_failures_are_counted_by_breach_and_kind),
		TEST(test_runts),
		TEST(test_largest_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
