/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/flow.c: the short way of a segment says nothing that eth_rx() and ipv4_rx() do not say, and
 * the segments of a download take it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/csum.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/flow.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

#include <cmocka.h>

#define FRAMES 400000

static struct stage stage;
static uint8_t bytes[SEGMENT_FRAME_MAX], learnt[SEGMENT_FRAME_MAX];
static uint32_t frame_len, seed = 1;

static int configured(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static uint32_t chance(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static struct packet packet_of(struct frame *frame)
{
	*frame = (struct frame){ .head = bytes, .data = { bytes, frame_len } };
	return (struct packet){ .frame = frame };
}

static bool goes_the_long_way(struct packet *pkt)
{
	return eth_rx(&stage.net, pkt) == ETH_TYPE_IPV4 && ipv4_rx(&stage.net, pkt) == 6;
}

static void write_segment(uint32_t seq, uint32_t len)
{
	static const uint8_t data[1460];
	struct segment s = {
		.src = PEER_IP,
		.dst = OUR_IP,
		.src_port = 80,
		.dst_port = 50000,
		.seq = seq,
		.ack = 77,
		.flags = ACK,
		.wnd = 1000,
		.data = data,
		.len = len,
	};

	memcpy(s.dst_mac, our_mac, 6);
	memcpy(s.src_mac, peer_mac, 6);
	frame_len = segment_write(bytes, &s);
}

/* One whose headers are learnt. */
static void learn(void)
{
	struct frame frame;
	struct packet pkt;

	write_segment(1, 100);
	pkt = packet_of(&frame);
	assert_true(goes_the_long_way(&pkt));
	flow_learn(&stage.net.flow, &pkt);
	memcpy(learnt, bytes, sizeof(learnt));
}

static void sum_header(void)
{
	put_be16(bytes + 24, 0);
	put_be16(bytes + 24, (uint16_t)~csum_fold(csum_add(bytes + 14, 20, 0)));
}

static void the_next_segment_goes_the_short_way(void **state)
{
	struct frame frame;
	struct packet pkt;

	(void)state;
	learn();
	for (uint32_t len = 1; len <= 1460; len += 7) {
		write_segment(chance(UINT32_MAX), len);
		bytes[15] = (uint8_t)chance(256); /* type of service */
		put_be16(bytes + 18, (uint16_t)chance(65536));
		bytes[22] = (uint8_t)chance(256); /* TTL */
		sum_header();
		pkt = packet_of(&frame);
		assert_true(flow_rx(&stage.net.flow, &pkt));
		assert_int_equal(pkt.l4_len, 20 + len);
	}
}

/* Something of it is changed, or several things; sometimes its header is summed anew. */
static void change(void)
{
	memcpy(bytes, learnt, 200);
	frame_len = 14 + 20 + 20 + 100;
	for (uint32_t n = chance(3); n; n--)
		bytes[chance(FLOW_LEN)] ^= (uint8_t)(1u << chance(8));
	switch (chance(5)) {
	case 0:
		put_be16(bytes + 16, (uint16_t)chance(300));
		break;
	case 1:
		frame_len = chance(200);
		break;
	case 2:
		bytes[chance(FLOW_LEN)] = (uint8_t)chance(256);
		break;
	default:
		break;
	}
	if (chance(4))
		sum_header();
}

static void what_goes_the_short_way_would_have_gone_the_long_one(void **state)
{
	struct frame frame, again;
	struct packet quick, slow;
	uint32_t taken = 0;

	(void)state;
	learn();
	for (uint32_t i = 0; i < FRAMES; i++) {
		change();
		quick = packet_of(&frame);
		if (!flow_rx(&stage.net.flow, &quick))
			continue;
		taken++;
		slow = packet_of(&again);
		assert_true(goes_the_long_way(&slow));
		assert_int_equal(quick.l3_off, slow.l3_off);
		assert_int_equal(quick.l3_len, slow.l3_len);
		assert_int_equal(quick.l4_off, slow.l4_off);
		assert_int_equal(quick.l4_len, slow.l4_len);
		assert_int_equal(quick.src, slow.src);
		assert_int_equal(quick.dst, slow.dst);
		assert_false(quick.broadcast || slow.broadcast);
	}
	assert_int_equal(stage.net.count.bad_eth + stage.net.count.bad_ip, 0);
	assert_true(taken > FRAMES / 10 && taken < FRAMES / 2);
}

/* Options, a tag, and what went to more than us are looked at each time. */
static void other_headers_are_not_learnt(void **state)
{
	struct flow *flow = &stage.net.flow;
	struct frame frame;
	struct packet pkt;

	(void)state;
	learn();
	pkt = packet_of(&frame);
	assert_true(flow_rx(flow, &pkt));
	pkt.l4_off += 4;
	flow_learn(flow, &pkt);
	assert_false(flow_rx(flow, &pkt));
	pkt.l4_off -= 4;
	pkt.broadcast = true;
	flow_learn(flow, &pkt);
	assert_false(flow_rx(flow, &pkt));
}

/* [SEC-01]: of a frame that ends in TCP's ports nothing is read behind them. */
static void a_short_frame_is_not_learnt(void **state)
{
	struct frame frame;
	struct packet pkt;
	uint8_t *exact = malloc(36);

	(void)state;
	assert_non_null(exact);
	learn();
	memcpy(exact, bytes, 36);
	pkt = packet_of(&frame);
	frame.head = frame.data.at = exact;
	frame.data.len = 36;
	pkt.l4_off = 34;
	pkt.l4_len = 2;
	flow_learn(&stage.net.flow, &pkt);
	assert_false(flow_rx(&stage.net.flow, &pkt));
	free(exact);
}

/* An address that is not ours any more was good for the frames before. */
static void a_new_address_forgets_the_old_headers(void **state)
{
	struct frame frame;
	struct packet pkt;

	(void)state;
	learn();
	pkt = packet_of(&frame);
	assert_true(flow_rx(&stage.net.flow, &pkt));
	lease_configure(&stage.net, OUR_IP + 1, 0xffffff00, PEER_IP, 0);
	assert_false(flow_rx(&stage.net.flow, &pkt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_segment_goes_the_short_way, configured,
						gone),
		cmocka_unit_test_setup_teardown(
			what_goes_the_short_way_would_have_gone_the_long_one, configured, gone),
		cmocka_unit_test_setup_teardown(other_headers_are_not_learnt, configured, gone),
		cmocka_unit_test_setup_teardown(a_short_frame_is_not_learnt, configured, gone),
		cmocka_unit_test_setup_teardown(a_new_address_forgets_the_old_headers, configured,
						gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
