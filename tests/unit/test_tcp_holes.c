/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: windows with many holes. What arrived is noted, and not asked for again; and random segments
 * against a map of all bytes.
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

/*
 * [TCP-20]: the largest window, of which every second or third segment is lost; then those come,
 * and nothing else has to.
 */
static void fill_holes(struct tcp_lab *lab, uint32_t size, uint32_t every, bool backwards)
{
	uint32_t segments, holes;

	lab_forget(lab);
	lab_connect(lab);
	assert_int_equal(lab->c->rcv_wnd, TCP_WINDOW_MAX);
	segments = TCP_WINDOW_MAX / size / every * every;
	holes = segments / every;
	for (uint32_t i = 0; i < segments; i++)
		if (i % every)
			arrive(lab, (uint64_t)i * size, size);
	assert_int_equal(lab->c->held_len, holes);
	for (uint32_t i = 0; i < holes; i++)
		arrive(lab, (uint64_t)(backwards ? holes - 1 - i : i) * every * size, size);
	lab_expect_got(lab, (uint64_t)segments * size);
	assert_int_equal(lab->c->held_len, 0);
	assert_int_equal(lab->net->count.no_room, 0);
	tcp_abort(lab->net, lab->c);
	lab_drain(lab);
}

static uint32_t announced(struct tcp_lab *lab)
{
	struct segment s = { 0 };

	while (lab_next(lab, &s))
		;
	return (uint32_t)s.wnd << lab->c->rcv_shift;
}

/*
 * [TCP-28] RFC 8985 3.2: what is held waits for no buffer, so in whole windows as much may come in
 * addition, and what is on its way is never more than two windows; the largest is TCP_WINDOW_MAX.
 */
static void test_window_makes_room_for_what_is_held(void **state)
{
	struct tcp_lab *lab = *state;
	uint32_t wnd, held = 0;

	lab->nic.nic.rx_slots = 32;
	lab_connect(lab);
	lab_drain(lab);
	wnd = lab->c->rcv_wnd;
	for (uint32_t n = 2; n <= TCP_WINDOW_MAX / wnd; n++) {
		for (; held < (n - 1) * wnd; held += 1460) {
			arrive(lab, 1460 + held, 1460);
			assert_int_equal(announced(lab), (1 + (held + 1460 + wnd - 1) / wnd) * wnd);
		}
	}
	arrive(lab, 1460 + held, 1460);
	assert_int_equal(announced(lab), TCP_WINDOW_MAX);
	/* In order again: what was announced stands, until it is used up. */
	arrive(lab, 0, 1460);
	assert_int_equal(lab->c->held_bytes, 0);
	assert_true(announced(lab) >= TCP_WINDOW_MAX - (uint32_t)lab->c->rcv_off);
	for (uint32_t n = 0; n < 20; n++)
		arrive(lab, lab->c->rcv_off, 1460);
	assert_int_equal(announced(lab), wnd);
}

static void test_window_full_of_holes(void **state)
{
	static const uint32_t sizes[] = { 1460, 1440, 1024 };
	struct tcp_lab *lab = *state;

	lab->nic.nic.rx_slots = 1024;
	for (unsigned i = 0; i < 3; i++) {
		for (uint32_t every = 2; every <= 3; every++) {
			fill_holes(lab, sizes[i], every, false);
			fill_holes(lab, sizes[i], every, true);
		}
	}
}

/* The peer sends on while it fills holes: the window moves, as full as it was. */
static void test_window_that_moves_full_of_holes(void **state)
{
	struct tcp_lab *lab = *state;

	lab->nic.nic.rx_slots = 1024;
	lab_connect(lab);
	for (uint32_t i = 0; i < 700; i += 2)
		arrive(lab, (i + 1) * UINT64_C(1460), 1460);
	for (uint32_t i = 0; i < 2000; i += 2) {
		arrive(lab, i * UINT64_C(1460), 1460);
		assert_int_equal(lab->c->rcv_off, (i + 2) * UINT64_C(1460));
		arrive(lab, (i + 701) * UINT64_C(1460), 1460);
		assert_int_equal(lab->c->held_len, 350);
	}
	assert_int_equal(lab->net->count.no_room, 0);
	assert_true(pattern_is(lab->store, 0, lab->got));
}

/* [TCP-16] RFC 2018 4: the segment that is answered stands first, also if it came before. */
static void test_segment_that_comes_twice_is_reported_first(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	arrive(lab, 1000, 500);
	arrive(lab, 3000, 500);
	lab_drain(lab);
	arrive(lab, 1100, 200);
	lab_take(lab, &s);
	assert_int_equal(s.sacks, 2);
	assert_int_equal(s.sack[0][0] - lab->iss - 1, 1000);
	assert_int_equal(s.sack[0][1] - lab->iss - 1, 1500);
}

/* [TCP-16]: the ones that came last are delivered; then those from before are repeated. */
static void test_ranges_that_came_long_ago_are_reported_again(void **state)
{
	struct tcp_lab *lab = *state;
	struct segment s;

	lab_connect(lab);
	for (uint32_t off = 8000; off; off -= 1000)
		arrive(lab, off, 500);
	lab_drain(lab);
	arrive(lab, 0, 5000);
	while (lab_next(lab, &s))
		;
	assert_int_equal(s.ack - lab->iss - 1, 5500);
	assert_int_equal(s.sacks, 3);
}

/* --- random segments -------------------------------------------------------------------------- */

#define START (UINT64_C(0x300000000) - 3000) /* the stream's offsets: the low halves wrap */
#define STREAM (1u << 17)
#define STEPS 1500

/* What should be there: stream bytes from START on, by when a segment came that has them. */
struct map {
	uint32_t next, now;    /* bytes delivered; segments, by number */
	uint32_t advanced;     /* the last segment that moved next */
	uint32_t came[STREAM]; /* 0: not yet */
	uint32_t refused;
	struct map_run {
		uint32_t from, to, came; /* came: the newest */
	} run[TCP_HELD_MAX + 1];
	uint32_t runs;
};

static uint64_t seed;

static uint32_t chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed % below);
}

static void find_runs(struct map *m, uint32_t end)
{
	struct map_run *r = NULL;

	m->runs = 0;
	for (uint32_t i = m->next; i < end; i++) {
		if (!m->came[i]) {
			r = NULL;
			continue;
		}
		if (!r) {
			assert_true(m->runs < TCP_HELD_MAX);
			r = &m->run[m->runs++];
			*r = (struct map_run){ .from = i };
		}
		r->to = i + 1;
		if (m->came[i] > r->came)
			r->came = m->came[i];
	}
}

/* The bytes of a segment that stand together and are new, or are not. */
static void map_piece(struct map *m, uint32_t from, uint32_t to)
{
	bool starts = !m->came[from] && from != m->next && !m->came[from - 1] && !m->came[to];

	if (starts && m->runs == TCP_HELD_MAX) {
		m->refused++;
		return;
	}
	m->now++;
	for (uint32_t i = from; i < to; i++)
		m->came[i] = m->now;
	for (; m->came[m->next]; m->next++)
		m->advanced = m->now;
}

static void map_segment(struct map *m, uint32_t from, uint32_t to)
{
	uint32_t at = from, end;

	for (; at < to; at = end) {
		for (end = at + 1; end < to && !m->came[end] == !m->came[at]; end++)
			;
		if (end > m->next)
			map_piece(m, at, end);
	}
}

static void map_landed(void *ctx, uint64_t off, uint32_t len)
{
	struct tcp_lab *lab = ctx;

	assert_int_equal(off - START, lab->got);
	lab->got += len;
}

static void expect_held(const struct tcp_lab *lab, const struct map *m)
{
	const struct tcp_conn *c = lab->c;

	assert_int_equal(c->rcv_off - START, m->next);
	assert_int_equal(lab->got, m->next);
	assert_int_equal(lab->net->count.no_room, m->refused);
	assert_int_equal(c->held_len, m->runs);
	for (uint32_t i = 0; i < m->runs; i++) {
		assert_int_equal(c->held[i].from, (uint32_t)START + m->run[i].from);
		assert_int_equal(c->held[i].to, (uint32_t)START + m->run[i].to);
	}
}

/*
 * [TCP-16] RFC 2018 4: whole runs, different ones, as many as there are and fit; first the one for
 * which a segment came last, and each in as many ACKs as an option has blocks, if RCV.NXT does not
 * move.
 */
static void expect_reported(const struct tcp_lab *lab, struct map *m, const struct segment *s)
{
	assert_int_equal(s->ack - lab->iss - 1, m->next);
	assert_int_equal(s->sacks, m->runs < TCP_SACK_BLOCKS ? m->runs : TCP_SACK_BLOCKS);
	for (uint32_t b = 0; b < s->sacks; b++) {
		struct map_run *r = NULL;
		uint32_t left = 0;

		for (uint32_t i = 0; i < m->runs; i++) {
			if (m->run[i].from == s->sack[b][0] - lab->iss - 1)
				r = &m->run[i];
			if (m->run[i].came > left)
				left = m->run[i].came;
		}
		assert_non_null(r);
		assert_int_equal(r->to, s->sack[b][1] - lab->iss - 1);
		assert_true(r->came > 0); /* not reported yet */
		if (left > m->advanced && left + TCP_SACK_BLOCKS > m->now)
			assert_int_equal(r->came, left);
		r->came = 0;
	}
}

/* Segments of up to `longest` bytes in `span` bytes, which move on as they fill. */
static void come_at_random(struct tcp_lab *lab, struct map *m, uint32_t longest, uint32_t span)
{
	struct segment s;
	uint32_t from, to, end;

	for (uint32_t n = 0; n < STEPS && m->next + span + 2 * longest < STREAM; n++) {
		from = m->next + (chance(40) ? chance(span) : 0);
		to = from + 1 + chance(longest);
		from -= chance(8) || from < longest ? 0 : chance(longest); /* old bytes in front */
		end = m->next + span + longest;
		find_runs(m, end);
		map_segment(m, from, to);
		find_runs(m, end);
		arrive(lab, from, to - from);
		expect_held(lab, m);
		while (lab_next(lab, &s))
			if (!lab->nic.sent_first)
				expect_reported(lab, m, &s);
	}
	assert_true(pattern_is(lab->store, 0, m->next));
}

static void test_random_segments_against_a_map_of_bytes(void **state)
{
	static const struct {
		uint32_t longest, span;
	} shape[] = { { 1, 6000 }, { 3, 6000 }, { 3, 400 }, { 40, 9000 }, { 1460, 14000 } };
	struct tcp_lab *lab = *state;
	struct map *m = malloc(sizeof(*m));
	uint32_t refused = 0;

	assert_non_null(m);
	lab->net->mtu = IPV4_MTU_MIN; /* four blocks fit, and no ACK is lengthened */
	for (uint32_t round = 0; round < 10; round++) {
		seed = round + 1;
		memset(m, 0, sizeof(*m));
		lab_forget(lab);
		lab->iss = chance(UINT32_MAX);
		lab->net->count.no_room = 0;
		lab->user.landed = map_landed;
		lab_connect(lab);
		tcp_land(lab->c, lab->store, STREAM);
		lab->c->rcv_off = START;
		come_at_random(lab, m, shape[round % 5].longest, shape[round % 5].span);
		assert_true(pattern_is(lab->store, 0, m->next));
		refused += m->refused;
		tcp_abort(lab->net, lab->c);
		lab_drain(lab);
	}
	assert_true(refused > 0);
	free(m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_window_makes_room_for_what_is_held),
		TEST(test_window_full_of_holes),
		TEST(test_window_that_moves_full_of_holes),
		TEST(test_segment_that_comes_twice_is_reported_first),
		TEST(test_ranges_that_came_long_ago_are_reported_again),
		TEST(test_random_segments_against_a_map_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
