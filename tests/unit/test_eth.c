/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/eth.c: what comes in for us and what goes out, seen through an echo request and its answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "net/eth.h"
#include "tests/model/packets.h"

#include <cmocka.h>

static struct stage stage;
static uint8_t frame[FAKE_NIC_FRAME_MAX], sent[FAKE_NIC_FRAME_MAX];

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

static uint32_t echo_request(uint32_t data_len)
{
	static const uint8_t data[1472];
	uint8_t message[8 + sizeof(data)];
	uint32_t len = packet_icmp(message, 8, 0, 0x12340001, data, data_len);

	return frame_ipv4(frame, PEER_IP, OUR_IP, 1, message, len);
}

/* Puts a VLAN tag into the frame. */
static uint32_t tag(uint16_t tci, uint32_t len)
{
	memmove(frame + 16, frame + 12, len - 12);
	put_be16(frame + 12, 0x8100);
	put_be16(frame + 14, tci);
	return len + 4;
}

static void a_frame_to_us_is_answered(void **state)
{
	(void)state;
	stage_rx(&stage, frame, echo_request(40));
	assert_int_equal(stage_tx(&stage, sent), 14 + 20 + 8 + 40);
	assert_memory_equal(sent, peer_mac, 6);
	assert_memory_equal(sent + 6, our_mac, 6);
	assert_int_equal(get_be16(sent + 12), 0x0800);
	assert_int_equal(stage.net.count.rx, 1);
	assert_int_equal(stage.net.count.tx, 1);
}

/* [ETH-01]: the fake nic's buffers come full of 0xa5. */
static void short_frames_are_padded_with_zeros(void **state)
{
	static const uint8_t zeros[60];

	(void)state;
	stage_rx(&stage, frame, echo_request(3));
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_memory_equal(sent + 14 + 20 + 8, zeros, 60 - 14 - 20 - 8);
}

/*
 * [ETH-02]: the right IP address in a frame for somebody else, and for groups that we have not
 * joined.
 */
static void frames_for_others_are_ignored(void **state)
{
	static const uint8_t others[][6] = {
		{ 0x52, 0x54, 0, 0x12, 0x34, 0x57 },
		{ 0x52, 0x54, 0, 0x12, 0x35, 0x56 },
		{ 0x53, 0x54, 0, 0x12, 0x34, 0x56 },
		{ 0x01, 0, 0x5e, 0, 0, 1 },
		{ 0x33, 0x33, 0, 0, 0, 1 },
		{ 0x01, 0x80, 0xc2, 0, 0, 0 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe },
		{ 0 },
	};
	uint8_t arp[28];
	uint32_t len;

	(void)state;
	packet_arp(arp, 1, peer_mac, PEER_IP, our_mac, OUR_IP);
	for (uint32_t i = 0; i < ARRAY_LEN(others); i++) {
		len = echo_request(40);
		memcpy(frame, others[i], 6);
		stage_rx(&stage, frame, len);
		stage_rx(&stage, frame,
			 packet_eth(frame, others[i], peer_mac, 0x0806, arp, sizeof(arp)));
	}
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [ETH-03] */
static void a_frame_too_short_for_anything_is_counted(void **state)
{
	(void)state;
	echo_request(40);
	for (uint32_t len = 0; len < 18; len++)
		stage_rx(&stage, frame, len);
	assert_int_equal(stage.net.count.bad_eth, 18);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ETH-03]: a length in place of the type is 802.3, as spanning tree uses it. */
static void lengths_and_unknown_types_are_no_fault(void **state)
{
	static const uint16_t types[] = {
		0, 0x0026, 0x05dc, 0x05ff, 0x0600, 0x8035, 0x86dd, 0x8809, 0x88cc, 0xffff,
	};
	uint32_t len = echo_request(40);

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(types); i++) {
		put_be16(frame + 12, types[i]);
		stage_rx(&stage, frame, len);
	}
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [ETH-04]: everybody would answer. */
static void nothing_but_udp_is_taken_from_a_frame_for_everybody(void **state)
{
	static const uint8_t syn[20] = { 0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2 };
	uint32_t len = echo_request(40);

	(void)state;
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	len = frame_ipv4(frame, PEER_IP, OUR_IP, 6, syn, sizeof(syn));
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	len = frame_udp(frame, PEER_IP, 1000, OUR_IP, 2000, "x", 1); /* nobody listens there */
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [ETH-06] */
static void a_priority_tag_is_skipped(void **state)
{
	(void)state;
	stage_rx(&stage, frame, tag(0xe000, echo_request(40)));
	assert_int_equal(stage_tx(&stage, sent), 14 + 20 + 8 + 40);
}

/* [ETH-06] */
static void other_vlans_are_ignored(void **state)
{
	uint32_t len = tag(1, echo_request(40));

	(void)state;
	stage_rx(&stage, frame, len);
	put_be16(frame + 14, 0x0fff);
	stage_rx(&stage, frame, len);
	put_be16(frame + 14, 0xf800);
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

static void a_tag_behind_a_tag_is_ignored(void **state)
{
	uint32_t len = tag(0, tag(0, echo_request(40)));

	(void)state;
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ETH-08] */
static void reflections_are_ignored(void **state)
{
	uint32_t len = echo_request(40);

	(void)state;
	memcpy(frame + 6, our_mac, 6);
	stage_rx(&stage, frame, len);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

static void what_the_driver_condemned_is_dropped(void **state)
{
	(void)state;
	stage_rx_marked(&stage, frame, echo_request(40), CSUM_BAD, 0, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* The device's fault is named where all that the user would see is that nothing arrives. */
static void what_the_driver_condemned_is_told_with_its_breach(void **state)
{
	struct fake_frame *f;
	char buf[200];
	struct text t;

	(void)state;
	net_begin(&stage.net, RUNG_ADDRESS);
	for (int i = 0; i < 2; i++) {
		f = fake_nic_receive(&stage.fake, frame, echo_request(40));
		f->csum = CSUM_BAD;
		f->breach = 7;
		stage_pass(&stage, 1);
	}
	text_init(&t, buf, sizeof(buf));
	net_breach_text(&stage.net, "datagrams", &t);
	assert_string_equal(buf, "; 2 frames had checksums (breach 7)");
}

static void a_nic_without_buffers_costs_a_packet_and_is_counted(void **state)
{
	(void)state;
	stage.fake.tx_buffers = 0;
	stage_rx(&stage, frame, echo_request(40));
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(stage.net.count.no_room, 1);
	stage.fake.tx_buffers = 1;
	stage_rx(&stage, frame, echo_request(40));
	assert_int_equal(stage_tx_count(&stage), 1);
}

static void a_frame_is_never_longer_than_mtu_and_buffer_allow(void **state)
{
	(void)state;
	assert_int_equal(eth_tx_room(&stage.net), 1500);
	stage.fake.nic.tx_max = 1200;
	assert_int_equal(eth_tx_room(&stage.net), 1186);
	stage.net.mtu = 600;
	assert_int_equal(eth_tx_room(&stage.net), 600);
}

/* [SEC-01]: the sanitizer sees each read beyond the end. */
static void no_frame_is_whole_before_its_last_byte(void **state)
{
	uint32_t whole = echo_request(40);

	(void)state;
	for (uint32_t len = 0; len < whole; len++)
		stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
	whole = tag(0, whole);
	for (uint32_t len = 0; len < whole; len++)
		stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [SEC-01] */
static void any_byte_may_be_wrong(void **state)
{
	uint32_t whole = tag(0, echo_request(40));

	(void)state;
	for (uint32_t i = 0; i < whole; i++) {
		for (uint32_t flip = 1; flip < 256; flip++) {
			frame[i] ^= (uint8_t)flip;
			stage_rx(&stage, frame, whole);
			frame[i] ^= (uint8_t)flip;
		}
		fake_nic_forget_sent(&stage.fake);
	}
	stage_rx(&stage, frame, whole);
	assert_int_equal(stage_tx_count(&stage), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, configured, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_frame_to_us_is_answered),
		TEST(short_frames_are_padded_with_zeros),
		TEST(frames_for_others_are_ignored),
		TEST(a_frame_too_short_for_anything_is_counted),
		TEST(lengths_and_unknown_types_are_no_fault),
		TEST(nothing_but_udp_is_taken_from_a_frame_for_everybody),
		TEST(a_priority_tag_is_skipped),
		TEST(other_vlans_are_ignored),
		TEST(a_tag_behind_a_tag_is_ignored),
		TEST(reflections_are_ignored),
		TEST(what_the_driver_condemned_is_dropped),
		TEST(what_the_driver_condemned_is_told_with_its_breach),
		TEST(a_nic_without_buffers_costs_a_packet_and_is_counted),
		TEST(a_frame_is_never_longer_than_mtu_and_buffer_allow),
		TEST(no_frame_is_whole_before_its_last_byte),
		TEST(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
