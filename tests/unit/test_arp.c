/* SPDX-License-Identifier: BSD-2-Clause */
/* net/arp.c: what is answered, what is not, and our own address. */
#include "tests/unit/arp_lab.h"

/* --- answering ------------------------------------------------------------------------------- */

/* [ARP-02] */
static void a_request_for_us_is_answered_by_unicast(void **state)
{
	uint8_t packet[28];

	(void)state;
	hear_request(host_mac, HOST_IP, OUR_IP);
	assert_int_equal(stage_tx(&stage, sent), 60);
	packet_arp(packet, 2, our_mac, OUR_IP, host_mac, HOST_IP);
	assert_memory_equal(sent, host_mac, 6);
	assert_memory_equal(sent + 14, packet, sizeof(packet));
}

/* Virtual networks do not pad. */
static void a_request_without_pad_is_answered(void **state)
{
	(void)state;
	arp_frame(all_macs, 1, host_mac, HOST_IP, no_mac, OUR_IP);
	stage_rx(&stage, frame, ARP_LEN);
	assert_int_equal(stage_tx_count(&stage), 1);
}

static void without_a_buffer_nothing_is_answered_and_it_is_counted(void **state)
{
	(void)state;
	send_to(HOST_IP, 1);
	stage_tx_count(&stage);
	stage.fake.tx_buffers = 0;
	hear_request(host_mac, HOST_IP, OUR_IP);
	assert_int_equal(stage.net.count.no_room, 2); /* the packet that waited, and the answer */
	stage.fake.tx_buffers = 1;
	send_to(HOST_IP, 2);
	expect_payload(host_mac, 2);
}

static void a_request_for_somebody_else_is_not_answered(void **state)
{
	(void)state;
	hear_request(host_mac, HOST_IP, PEER_IP);
	hear_request(host_mac, HOST_IP, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

static void nobody_asks_for_us_before_we_have_an_address(void **state)
{
	(void)state;
	stage_close(&stage);
	stage_open(&stage);
	hear_request(host_mac, HOST_IP, OUR_IP);
	hear_request(host_mac, HOST_IP, 0);
	hear_request(host_mac, 0, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(entries(), 0);
}

/* [ARP-01] */
static void a_malformed_packet_is_counted(void **state)
{
	static const struct {
		uint8_t off, value;
	} broken[] = { { 1, 6 }, { 0, 1 }, { 2, 0x86 }, { 3, 1 }, { 4, 5 }, { 4, 8 }, { 5, 16 } };
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(broken); i++) {
		len = arp_frame(all_macs, 1, host_mac, HOST_IP, no_mac, OUR_IP);
		frame[14 + broken[i].off] = broken[i].value;
		stage_rx(&stage, frame, len);
		assert_int_equal(stage.net.count.bad_eth, i + 1);
	}
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_false(arp_failed(&stage.net, HOST_IP));
	assert_int_equal(entries(), 1);
}

/* [ARP-01] [SEC-01] */
static void a_packet_cut_short_is_counted(void **state)
{
	(void)state;
	arp_frame(all_macs, 1, host_mac, HOST_IP, no_mac, OUR_IP);
	for (uint32_t len = 18; len < ARP_LEN; len++)
		stage_rx(&stage, frame, len);
	assert_int_equal(stage.net.count.bad_eth, ARP_LEN - 18);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [SEC-01] */
static void any_byte_may_be_wrong(void **state)
{
	(void)state;
	for (uint32_t i = 12; i < ARP_LEN; i++) {
		for (uint32_t flip = 1; flip < 256; flip++) {
			uint32_t len = arp_frame(all_macs, 1, host_mac, HOST_IP, no_mac, OUR_IP);

			frame[i] ^= (uint8_t)flip;
			stage_rx(&stage, frame, len);
		}
		fake_nic_forget_sent(&stage.fake);
	}
	hear_request(host_mac, HOST_IP, OUR_IP);
	assert_int_equal(stage_tx_count(&stage), 1);
}

/* [ARP-01]: other operations, as reverse and inverse ARP have them, are no fault. */
static void other_operations_are_ignored(void **state)
{
	(void)state;
	for (uint16_t op = 0; op < 12; op++)
		if (op != 1 && op != 2)
			stage_rx(&stage, frame,
				 arp_frame(all_macs, op, host_mac, PEER_IP, no_mac, OUR_IP));
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
	send_to(PEER_IP, 1);
	expect_payload(peer_mac, 1);
}

/* [ARP-08] */
static void impossible_senders_are_refused(void **state)
{
	static const uint8_t group_mac[6] = { 0x01, 0, 0x5e, 0, 0, 1 };
	static const uint32_t not_hosts[] = {
		0xffffffff, 0x0a0002ff, 0xe0000001, 0xf0000001, 0x7f000001, 0x00000001,
	};

	(void)state;
	stage_rx(&stage, frame, arp_frame(all_macs, 1, group_mac, PEER_IP, no_mac, OUR_IP));
	stage_rx(&stage, frame, arp_frame(all_macs, 1, all_macs, PEER_IP, no_mac, OUR_IP));
	stage_rx(&stage, frame, arp_frame(all_macs, 1, no_mac, PEER_IP, no_mac, OUR_IP));
	for (uint32_t i = 0; i < ARRAY_LEN(not_hosts); i++)
		hear_request(host_mac, not_hosts[i], OUR_IP);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(stage.net.count.bad_eth, 3 + ARRAY_LEN(not_hosts));
	assert_int_equal(entries(), 1);
	send_to(PEER_IP, 1);
	expect_payload(peer_mac, 1);
}

/* [ARP-08]: in a frame of a bridge's, so that it is not taken for a reflection before. */
static void a_packet_with_our_own_mac_is_ignored(void **state)
{
	(void)state;
	stage_rx(&stage, frame, arp_frame(all_macs, 1, our_mac, HOST_IP, no_mac, OUR_IP));
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(entries(), 1);
}

/* [ARP-08]: RFC 5227 2.1.1. */
static void a_probe_is_answered_and_not_cached(void **state)
{
	(void)state;
	hear_request(host_mac, 0, OUR_IP);
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_memory_equal(sent, host_mac, 6);
	assert_int_equal(get_be16(sent + 14 + 6), 2);
	assert_int_equal(entries(), 1);
}

/* --- our address ---------------------------------------------------------------------------- */

/* [ARP-09] */
static void a_new_address_is_announced(void **state)
{
	(void)state;
	lease_configure(&stage.net, OUR_IP, OUR_MASK, PEER_IP, 0);
	expect_query(OUR_IP); /* RFC 5227 2.3: sender and target are the same */
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ARP-10] */
static void a_conflict_is_defended_at_most_once_in_ten_seconds(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		hear_request(other_mac, OUR_IP, OUR_IP);
		hear_reply(other_mac, OUR_IP);
		stage_pass(&stage, 200);
	}
	expect_query(OUR_IP);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(stage.net.arp.conflicts, 100);
	hear_reply(other_mac, OUR_IP);
	expect_query(OUR_IP);
	send_to(PEER_IP, 1); /* and the download goes on */
	expect_payload(peer_mac, 1);
	assert_int_equal(entries(), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_request_for_us_is_answered_by_unicast),
		TEST(a_request_without_pad_is_answered),
		TEST(without_a_buffer_nothing_is_answered_and_it_is_counted),
		TEST(a_request_for_somebody_else_is_not_answered),
		TEST(nobody_asks_for_us_before_we_have_an_address),
		TEST(a_malformed_packet_is_counted),
		TEST(a_packet_cut_short_is_counted),
		TEST(any_byte_may_be_wrong),
		TEST(other_operations_are_ignored),
		TEST(impossible_senders_are_refused),
		TEST(a_packet_with_our_own_mac_is_ignored),
		TEST(a_probe_is_answered_and_not_cached),
		TEST(a_new_address_is_announced),
		TEST(a_conflict_is_defended_at_most_once_in_ten_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
