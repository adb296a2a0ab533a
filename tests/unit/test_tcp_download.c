/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole downloads from a peer that speaks for itself (tests/model/peer.h), over links of every
 * kind. Each byte is compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/peer.h"
#include "tests/model/tcp_lab.h"

#include <cmocka.h>

#define MINUTE_MS 60000u

static const char request[] = "GET /vmlinuz HTTP/1.1\r\n\r\n";

struct download {
	struct tcp_lab *lab;
	struct peer peer;
};

/* As netboot does: the request follows the handshake, the connection is closed after the FIN. */
static bool all_in(void *ctx)
{
	struct download *d = ctx;
	struct tcp_conn *c = d->lab->c;

	if (c->state == TCP_ESTABLISHED && c->snd_nxt == c->iss + 1)
		tcp_send(d->lab->net, c,
			 (struct span){ (const uint8_t *)request, sizeof(request) });
	return c->fin_received || c->state == TCP_CLOSED;
}

static bool is_quiet(void *ctx)
{
	struct download *d = ctx;

	return tcp_quiet(d->lab->net) && d->peer.fin_got;
}

static struct download *begin(void **state, uint32_t seed, uint64_t file_len)
{
	struct download *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->lab = *state;
	peer_init(&d->peer, &d->lab->nic, seed);
	d->peer.file_len = file_len;
	d->peer.request_len = sizeof(request);
	return d;
}

static void fetch(struct download *d, uint32_t limit_ms)
{
	struct tcp_lab *lab = d->lab;

	lab->c = tcp_open(lab->net, d->peer.ip, d->peer.port, &lab->user);
	assert_non_null(lab->c);
	lab_land(lab);
	peer_run(&d->peer, lab->net, all_in, d, limit_ms);
	assert_string_equal(d->peer.complaint, "");
	assert_int_equal(lab->c->error, 0);
	assert_true(lab->c->fin_received);
	lab_expect_got(lab, d->peer.file_len);
	assert_memory_equal(d->peer.request, request, sizeof(request));
	assert_int_equal(d->peer.request_got, sizeof(request));
}

static void end(struct download *d)
{
	struct tcp_lab *lab = d->lab;

	tcp_close(lab->net, lab->c);
	assert_true(peer_run(&d->peer, lab->net, is_quiet, d, MINUTE_MS));
	assert_string_equal(d->peer.complaint, "");
	peer_free(&d->peer);
	free(d);
}

static void test_clean_download(void **state)
{
	struct download *d = begin(state, 1, 3000000);
	struct tcp_lab *lab = d->lab;

	fetch(d, MINUTE_MS);
	assert_int_equal(d->peer.retransmitted, 0);
	assert_int_equal(lab->deliveries, 0); /* all went straight to its place */
	assert_int_equal(lab->net->count.bad_tcp, 0);
	assert_int_equal(lab->net->count.no_room, 0);
	end(d);
}

/* A peer without SACK, and without scaling: a window of 64 KiB. */
static void test_clean_download_from_a_plain_peer(void **state)
{
	struct download *d = begin(state, 2, 1000000);

	d->peer.sack = false;
	d->peer.shift = -1;
	fetch(d, MINUTE_MS);
	assert_int_equal(d->peer.retransmitted, 0);
	end(d);
}

static void test_empty_file_and_one_byte(void **state)
{
	struct download *d = begin(state, 3, 0);

	fetch(d, MINUTE_MS);
	end(d);
	lab_forget(*state);
	d = begin(state, 4, 1);
	fetch(d, MINUTE_MS);
	end(d);
}

/* [TCP-21] RFC 9293 3.4: sequence numbers go through 2^32 in the middle. */
static void test_sequence_numbers_wrap(void **state)
{
	struct download *d = begin(state, 5, 2000000);

	d->peer.iss = 0xffffff00;
	d->peer.to_client.loss = 20;
	fetch(d, MINUTE_MS);
	end(d);
}

/*
 * [TCP-20] [TCP-16]: with holes everywhere, each byte is stored once and the peer is asked only for
 * what is missing.
 */
static void test_loss_of_1_to_5_percent(void **state)
{
	uint32_t sent = 0, lost = 0;

	for (uint32_t seed = 1; seed <= 15; seed++) {
		struct tcp_lab *lab = *state;
		struct download *d = begin(state, seed, 500000);

		lab_forget(lab);
		d->peer.to_client.loss = d->peer.to_peer.loss = 10 + 10 * (seed % 5);
		d->peer.to_client.delay_ms = seed % 3;
		fetch(d, 10 * MINUTE_MS);
		sent += d->peer.retransmitted;
		lost += d->peer.to_client.lost;
		assert_int_equal(lab->net->count.bad_tcp, 0);
		end(d);
	}
	assert_true(lost > 50 && sent < 2 * lost);
}

static void test_loss_without_sack(void **state)
{
	for (uint32_t seed = 20; seed < 26; seed++) {
		struct download *d = begin(state, seed, 200000);

		lab_forget(*state);
		d->peer.sack = false;
		d->peer.to_client.loss = d->peer.to_peer.loss = 30;
		fetch(d, 10 * MINUTE_MS);
		assert_true(d->peer.to_client.lost > 0);
		end(d);
	}
}

/* [TCP-20]: everything out of order, nothing lost. */
static void test_reordering(void **state)
{
	for (uint32_t seed = 30; seed < 36; seed++) {
		struct download *d = begin(state, seed, 400000);

		lab_forget(*state);
		d->peer.to_client.reorder = d->peer.to_peer.reorder = seed % 2 ? 500 : 50;
		d->peer.to_client.delay_ms = 2;
		fetch(d, 10 * MINUTE_MS);
		assert_true(d->peer.to_client.reordered > 10);
		end(d);
	}
}

static void test_duplication(void **state)
{
	struct download *d = begin(state, 40, 600000);

	d->peer.to_client.dup = d->peer.to_peer.dup = 300;
	fetch(d, MINUTE_MS);
	assert_true(d->peer.to_client.doubled > 100);
	end(d);
}

/* One bit flipped: caught by a checksum, never stored as good, never acknowledged. */
static void test_corruption(void **state)
{
	for (uint32_t seed = 50; seed < 56; seed++) {
		struct tcp_lab *lab = *state;
		struct download *d = begin(state, seed, 400000);
		const struct net_count *n = &lab->net->count;
		uint32_t bad = n->bad_tcp + n->bad_ip;

		lab_forget(lab);
		d->peer.to_client.corrupt = d->peer.to_peer.corrupt = 50;
		fetch(d, 10 * MINUTE_MS);
		assert_true(d->peer.to_client.corrupted > 5);
		assert_true(n->bad_tcp + n->bad_ip - bad > d->peer.to_client.corrupted / 2);
		end(d);
	}
}

/*
 * [TCP-20] [TCP-39]: all of it together, and the first bytes have no place, as a response's header
 * has none.
 */
static void test_everything_at_once(void **state)
{
	for (uint32_t seed = 60; seed < 72; seed++) {
		struct tcp_lab *lab = *state;
		struct download *d = begin(state, seed, 200000);

		lab_forget(lab);
		lab->place_from = 100 + 311 * (seed % 7);
		lab->place_to = seed % 4 == 0 ? 150000 : LAB_STORE;
		d->peer.iss = seed % 2 ? 0xfffff000 : seed * 0x1234567;
		d->peer.sack = seed % 3 != 0;
		d->peer.shift = seed % 5 ? (int)(seed % 15) : -1;
		d->peer.max_segment = seed % 4 ? 0 : 333;
		d->peer.to_client.loss = d->peer.to_peer.loss = 20;
		d->peer.to_client.dup = d->peer.to_peer.dup = 50;
		d->peer.to_client.reorder = d->peer.to_peer.reorder = 100;
		d->peer.to_client.corrupt = d->peer.to_peer.corrupt = 20;
		d->peer.to_client.delay_ms = d->peer.to_peer.delay_ms = seed % 5;
		fetch(d, 20 * MINUTE_MS);
		assert_true(lab->deliveries > 0);
		end(d);
	}
}

/* Transmit buffers run out: ACKs are late, and none is lost. */
static void test_transmit_buffers_run_out(void **state)
{
	struct download *d = begin(state, 80, 300000);
	struct tcp_lab *lab = *state;

	lab->nic.tx_buffers = 1;
	d->peer.to_client.reorder = 300;
	d->peer.to_client.delay_ms = 1;
	fetch(d, 10 * MINUTE_MS);
	assert_true(lab->nic.refused > 0);
	assert_in_range(lab->net->count.no_room, 0, 1); /* the request, once */
	end(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clean_download),
		TEST(test_clean_download_from_a_plain_peer),
		TEST(test_empty_file_and_one_byte),
		TEST(test_sequence_numbers_wrap),
		TEST(test_loss_of_1_to_5_percent),
		TEST(test_loss_without_sack),
		TEST(test_reordering),
		TEST(test_duplication),
		TEST(test_corruption),
		TEST(test_everything_at_once),
		TEST(test_transmit_buffers_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
