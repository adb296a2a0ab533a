/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: where bytes go, in order, out of order, twice, damaged or without a place; and what SACK
 * says of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

static void arrive(struct tcp_lab *lab, uint64_t off, uint32_t len)
{
	struct segment s = lab_data(lab, off, len);

	lab_send(lab, &s);
}

static void expect_sack(const struct tcp_lab *lab, const struct segment *s, uint32_t i,
			uint32_t from, uint32_t to)
{
	assert_true(i < s->sacks);
	assert_int_equal(s->sack[i][0] - lab->iss - 1, from);
	assert_int_equal(s->sack[i][1] - lab->iss - 1, to);
}

/*
 * [TCP-16] RFC 2018 4: the newest block first, then the next newest, four at most; filled holes
 * join.
 */
static void test_sack_blocks(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->net->mtu = IPV4_MTU_MIN; /* four fit the smallest packet */
	lab->nic.nic.tx_max = 14 + IPV4_MTU_MIN;
	lab_connect(lab);
	arrive(lab, 1000, 1000);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 1);
	expect_sack(lab, &s, 0, 1000, 2000);
	arrive(lab, 7000, 1000);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 2);
	expect_sack(lab, &s, 0, 7000, 8000);
	expect_sack(lab, &s, 1, 1000, 2000);
	arrive(lab, 3000, 1000);
	lab_take(lab, &s);
	expect_sack(lab, &s, 0, 3000, 4000);
	expect_sack(lab, &s, 1, 7000, 8000);
	expect_sack(lab, &s, 2, 1000, 2000);
	arrive(lab, 9000, 1000);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 4);
	arrive(lab, 5000, 1000);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 4);
	expect_sack(lab, &s, 0, 5000, 6000);
	expect_sack(lab, &s, 1, 9000, 10000);
	expect_sack(lab, &s, 2, 3000, 4000);
	expect_sack(lab, &s, 3, 7000, 8000);
	arrive(lab, 2000, 1000); /* joins two */
	lab_take(lab, &s);
	expect_sack(lab, &s, 0, 1000, 4000);
	expect_sack(lab, &s, 1, 5000, 6000);
	arrive(lab, 0, 1000);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 4000);
	assert_int_equal(s.sacks, 3);
	expect_sack(lab, &s, 0, 5000, 6000);
	arrive(lab, 4000, 6000); /* covers the rest */
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 10000);
	assert_int_equal(s.sacks, 0);
	lab_expect_got(lab, 10000);
	lab_expect_silence(lab);
}

/*
 * [TCP-20]: every order of six segments, two of them overlapping: each byte is delivered once, in
 * order.
 */
static void test_every_order_of_arrival(void **state)
{
	static const struct {
		uint32_t off, len;
	} piece[6] = {
		{ 0, 500 }, { 500, 700 }, { 1200, 100 }, { 1250, 400 }, { 1650, 1 }, { 1651, 900 },
	};
	struct tcp_lab *lab = *state;
	uint32_t k, left[6];
	struct segment s;

	for (uint32_t perm = 0; perm < 720; perm++) {
		lab_forget(lab);
		lab_connect(lab);
		for (uint32_t i = 0; i < 6; i++)
			left[i] = i;
		for (uint32_t i = 0, n = perm; i < 6; i++) {
			k = n % (6 - i);
			n /= 6 - i;
			s = lab_data(lab, piece[left[k]].off, piece[left[k]].len);
			memmove(&left[k], &left[k + 1], (5 - k) * sizeof(left[0]));
			lab_put(lab, &s);
		}
		lab_poll(lab);
		lab_expect_got(lab, 2551);
		assert_int_equal(lab->c->held_len, 0);
		tcp_abort(lab->net, lab->c);
		lab_drain(lab);
	}
}

/*
 * [TCP-20]: the list is bounded; what would be one range too many is not acknowledged, and comes
 * again.
 */
static void test_more_holes_than_can_be_held(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;
	uint32_t i;

	lab_connect(lab);
	for (i = 0; i < TCP_HELD_MAX; i++)
		arrive(lab, 10 + 20 * i, 10);
	assert_int_equal(lab->c->held_len, TCP_HELD_MAX);
	lab_drain(lab);
	arrive(lab, 10 + 20 * i, 10);
	arrive(lab, 23, 4); /* between two of them, not touching */
	assert_int_equal(lab->c->held_len, TCP_HELD_MAX);
	assert_int_equal(lab->net->count.no_room, 2);
	while (lab_next(lab, &s)) {
		assert_int_equal(s.ack, lab->iss + 1);
		expect_sack(lab, &s, 0, 10 + 20 * (i - 1), 20 + 20 * (i - 1));
	}
	arrive(lab, 20, 10); /* touching is welcome */
	assert_int_equal(lab->c->held_len, TCP_HELD_MAX - 1);
	arrive(lab, 10 + 20 * i, 10);
	assert_int_equal(lab->c->held_len, TCP_HELD_MAX);
	/* One segment over all of it fills every hole. */
	arrive(lab, 0, 20 * i + 20);
	lab_expect_got(lab, 20 * i + 20);
	assert_int_equal(lab->c->held_len, 0);
}

/* A retransmission that says something else: the bytes that came first stay, held or delivered. */
static void test_first_verified_bytes_win(void **state)
{
	static uint8_t evil[4000];
	struct tcp_lab *lab = *state;
	struct segment s;

	memset(evil, 0xee, sizeof(evil));
	lab_connect(lab);
	arrive(lab, 0, 500);
	arrive(lab, 1000, 500);
	arrive(lab, 2000, 500);
	s = lab_data(lab, 1000, 500); /* exactly a held range */
	s.data = evil;
	lab_send(lab, &s);
	s = lab_data(lab, 1100, 200); /* inside one */
	s.data = evil;
	lab_send(lab, &s);
	s = lab_data(lab, 0, 500); /* delivered ones */
	s.data = evil;
	lab_send(lab, &s);
	assert_true(pattern_is(lab->store + 1000, 1000, 500));
	memcpy(evil + 500, pattern_at(500, 500), 500);
	memcpy(evil + 1500, pattern_at(1500, 500), 500);
	memcpy(evil + 2500, pattern_at(2500, 500), 500);
	s = lab_data(lab, 0, 3000); /* over everything: only the holes are taken */
	s.data = evil;
	lab_send(lab, &s);
	lab_expect_got(lab, 3000);
}

/*
 * Stored before it was verified, in its place even; but a segment that fails its checksum is not
 * marked as held.
 */
static void test_damaged_segment_is_not_held(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (uint64_t off = 0; off < 4000; off += 1000) {
		s = lab_data(lab, off, 1000);
		lab_put(lab, &s)->bytes[SEGMENT_L4 + 20 + 500] ^= 4;
	}
	lab_poll(lab);
	assert_int_equal(lab->net->count.bad_tcp, 4);
	assert_int_equal(lab->c->held_len, 0);
	lab_expect_got(lab, 0);
	lab_expect_silence(lab);
	arrive(lab, 2000, 1000); /* held now, and a damaged duplicate must not spoil it */
	s = lab_data(lab, 2000, 1000);
	lab_put(lab, &s)->bytes[SEGMENT_L4 + 20 + 500] ^= 4;
	s = lab_data(lab, 1500, 1000);
	lab_put(lab, &s)->bytes[SEGMENT_L4 + 20 + 900] ^= 4;
	lab_poll(lab);
	assert_int_equal(lab->net->count.bad_tcp, 6);
	assert_true(pattern_is(lab->store + 2000, 2000, 1000));
	arrive(lab, 0, 2000);
	lab_expect_got(lab, 3000);
}

/*
 * Damage in every byte of a header and the payload's ends: dropped, or at least never believed
 * wrongly.
 */
static void test_damage_anywhere_is_noticed(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;
	uint32_t bit;

	lab_connect(lab);
	for (bit = 0; bit < (20 + 33) * 8; bit++) {
		s = lab_data(lab, 0, 33);
		lab_put(lab, &s)->bytes[SEGMENT_L4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	lab_poll(lab);
	lab_expect_got(lab, 0);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	assert_int_equal(lab->net->count.bad_tcp, bit);
	lab_expect_silence(lab);
}

/*
 * Without a place, as while a response's header is read or a body is chunked: in order only,
 * nothing held, nothing reported.
 */
static void test_bytes_without_a_place(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->place_from = 2000;
	lab_connect(lab);
	arrive(lab, 1000, 900);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 0);
	assert_int_equal(lab->got, 0);
	arrive(lab, 0, 1000);
	lab_expect_got(lab, 1000);
	assert_int_equal(lab->deliveries, 1);
	arrive(lab, 1000, 1100);
	lab_expect_got(lab, 2100);
	assert_int_equal(lab->deliveries, 2);
	assert_int_equal(lab->landings, 0);
}

/*
 * A landing becomes known by the bytes that the user is given; before, none is kept out of order. A
 * segment that reaches behind its end is the user's to take apart, and ends it.
 */
static void test_landing_becomes_known_on_the_way(void **state)
{
	struct tcp_lab *lab = *state;

	lab->place_from = 500;
	lab->place_to = 2000;
	lab_connect(lab);
	arrive(lab, 500, 100);
	assert_int_equal(lab->c->held_len, 0);
	arrive(lab, 0, 500);
	assert_int_equal(lab->deliveries, 1);
	arrive(lab, 1500, 500);
	assert_int_equal(lab->c->held_len, 1);
	arrive(lab, 500, 900);
	assert_int_equal(lab->landings, 1);
	arrive(lab, 1400, 700); /* up to what is held, what is held, and behind the end */
	assert_int_equal(lab->landings, 2);
	assert_int_equal(lab->deliveries, 2);
	arrive(lab, 2100, 100);
	assert_int_equal(lab->deliveries, 3);
	lab_expect_got(lab, 2200);
}

/*
 * [TCP-38]: data first, then the end; a FIN behind a hole waits for it. The sending half stays
 * usable.
 */
static void test_fin_behind_a_hole(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_data(lab, 1000, 1000);
	s.flags |= FIN;
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1);
	expect_sack(lab, &s, 0, 1000, 2000); /* without the FIN: RFC 2018 is about data */
	assert_false(lab->c->fin_received);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	arrive(lab, 0, 1000);
	assert_true(lab->c->fin_received);
	assert_int_equal(lab->c->state, TCP_CLOSE_WAIT);
	lab_expect_got(lab, 2000);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1 + 2001);
	tcp_send(lab->net, lab->c, (struct span){ (const uint8_t *)"still here", 10 });
	lab_take(lab, &s);
	assert_int_equal(s.len, 10);
	assert_int_equal(s.ack, lab->iss + 1 + 2001);
}

static void test_bare_fin_behind_a_hole(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_segment(lab, FIN | ACK, 700, 0);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.ack, lab->iss + 1);
	assert_int_equal(s.sacks, 0);
	arrive(lab, 0, 699);
	assert_false(lab->c->fin_received);
	arrive(lab, 699, 1);
	assert_true(lab->c->fin_received);
	lab_expect_got(lab, 700);
}

/* Bytes behind a FIN, or a FIN in front of bytes: the stream has one end. */
static void test_two_ends_of_the_stream(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	s = lab_segment(lab, FIN | ACK, 700, 0);
	lab_send(lab, &s);
	s = lab_segment(lab, FIN | ACK, 600, 0); /* another end */
	lab_send(lab, &s);
	arrive(lab, 500, 500); /* beyond: cut */
	arrive(lab, 800, 500); /* all beyond */
	assert_int_equal(lab->c->held_len, 1);
	assert_int_equal(lab->c->held[0].to, 700);
	arrive(lab, 0, 500);
	lab_expect_got(lab, 700);
	assert_true(lab->c->fin_received);
	assert_int_equal(lab->c->rcv_nxt, lab->iss + 1 + 701);
}

static void test_fin_in_front_of_held_bytes_is_ignored(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	arrive(lab, 1000, 500);
	s = lab_data(lab, 0, 500);
	s.flags |= FIN;
	lab_send(lab, &s);
	assert_false(lab->c->fin_received);
	arrive(lab, 500, 500);
	lab_expect_got(lab, 1500);
}

/*
 * [TCP-20]: as small as they get; the buffers of the nic are the bound, and nothing is lost but
 * time.
 */
static void test_flood_of_tiny_segments(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (uint32_t off = 0; off < 5000; off++) {
		s = lab_data(lab, off, 1);
		lab_put(lab, &s);
	}
	lab_poll(lab);
	lab_expect_got(lab, 5000);
	assert_true(lab_drain(lab) <= 5000 / 64 + 1); /* one ACK per batch of 64 */
	for (uint32_t off = 0; off < 5000; off++) {   /* and backwards */
		s = lab_data(lab, 10000 - off, 1);
		lab_put(lab, &s);
	}
	lab_poll(lab);
	lab_drain(lab);
	assert_int_equal(lab->c->held_len, 1);
	arrive(lab, 5000, 1);
	lab_expect_got(lab, 10001);
}

/* The whole of [TCP-21] in one byte: the hole is at 2^32 exactly. */
static void test_hole_at_the_wrap(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab->iss = 0xffffff00;
	lab_connect(lab);
	arrive(lab, 0, 255 - 10);
	arrive(lab, 255, 100);
	lab_drain(lab);
	arrive(lab, 400, 100);
	lab_take(lab, &s);
	assert_int_equal(s.ack, 0xffffff01u + 245);
	assert_int_equal(s.sack[0][0], 0xffffff01u + 400);
	assert_int_equal(s.sack[1][0], 0);
	assert_int_equal(s.sack[1][1], 100);
	arrive(lab, 240, 20);
	lab_expect_got(lab, 355);
	arrive(lab, 355, 45);
	lab_expect_got(lab, 500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sack_blocks),
		TEST(test_every_order_of_arrival),
		TEST(test_more_holes_than_can_be_held),
		TEST(test_first_verified_bytes_win),
		TEST(test_damaged_segment_is_not_held),
		TEST(test_damage_anywhere_is_noticed),
		TEST(test_bytes_without_a_place),
		TEST(test_landing_becomes_known_on_the_way),
		TEST(test_fin_behind_a_hole),
		TEST(test_bare_fin_behind_a_hole),
		TEST(test_two_ends_of_the_stream),
		TEST(test_fin_in_front_of_held_bytes_is_ignored),
		TEST(test_flood_of_tiny_segments),
		TEST(test_hole_at_the_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
