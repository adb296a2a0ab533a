/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * [TCP-21]: a stream of more than 2^32 bytes. Every one of the 5 GiB really goes through the stack,
 * in segments of 64 KiB, and is compared; nothing is skipped. Most frames are vouched for, to save
 * the time of summing them under a sanitizer; every 61st is summed.
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

#define FILE_LEN (5ull << 30)
/* The virtual image: offset off lies at off % RING; each lap is a landing. */
#define RING LAB_STORE

struct sink {
	struct tcp_lab *lab;
	struct peer peer;
	uint64_t got, wrong, without_place;
};

static void land(struct sink *sink)
{
	uint32_t at = (uint32_t)(sink->got % RING);

	tcp_land(sink->lab->c, sink->lab->store + at, RING - at);
}

static void landed(void *ctx, uint64_t off, uint32_t len)
{
	struct sink *sink = ctx;

	sink->wrong += off != sink->got;
	sink->got += len;
	while (len) {
		uint32_t at = (uint32_t)(off % RING), room = RING - at;
		uint32_t n = room < len ? room : (uint32_t)len;

		sink->wrong += !pattern_is(sink->lab->store + at, off, n);
		off += n;
		len -= n;
	}
}

static void data(void *ctx, uint64_t off, struct span bytes)
{
	struct sink *sink = ctx;

	sink->wrong += off != sink->got || !pattern_is(bytes.at, off, bytes.len);
	sink->got += bytes.len;
	sink->without_place++;
	land(sink);
}

static bool all_in(void *ctx)
{
	struct sink *sink = ctx;

	return sink->lab->c->fin_received || sink->lab->c->state == TCP_CLOSED || sink->wrong;
}

static void test_5_gib(void **state)
{
	struct tcp_lab *lab = *state;
	struct sink *sink = calloc(1, sizeof(*sink));
	struct tcp_user user = { landed, data, sink };
	struct peer *peer = &sink->peer;

	assert_non_null(sink);
	sink->lab = lab;
	lab->nic.mtu_max = 65535;
	lab->nic.nic.rx_slots = 16;
	lease_configure(lab->net, LAB_IP, 0xffffff00, LAB_PEER_IP, 65520);
	fake_nic_forget_sent(&lab->nic);
	peer_init(peer, &lab->nic, 5);
	peer->iss = 0xffffff00;
	peer->mss = 65480;
	peer->file_len = FILE_LEN;
	peer->sum_every = 61;
	peer->to_client.reorder = 1; /* one in a thousand: some go the other way */
	lab->c = tcp_open(lab->net, peer->ip, peer->port, &user);
	assert_non_null(lab->c);
	land(sink);
	peer_run(peer, lab->net, all_in, sink, UINT32_MAX / 4);
	assert_string_equal(peer->complaint, "");
	assert_int_equal(sink->wrong, 0);
	assert_true(lab->c->fin_received);
	assert_true(sink->got == FILE_LEN && lab->c->rcv_off == FILE_LEN);
	assert_int_equal(lab->c->rcv_nxt, peer->iss + 2 + (uint32_t)FILE_LEN);
	assert_true(sink->without_place > 100 && peer->to_client.reordered > 10);
	assert_true(lab->net->count.vouched > 80000);
	assert_int_equal(lab->net->count.bad_tcp, 0);
	peer_free(peer);
	free(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_5_gib, lab_setup, lab_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
