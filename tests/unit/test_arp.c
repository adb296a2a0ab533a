/* SPDX-License-Identifier: BSD-2-Clause */
/* net/arp.c: resolving, answering, and neighbours that mean no good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "net/eth.h"
#include "tests/model/packets.h"

#include <cmocka.h>

#define HOST_IP 0x0a000207u /* a neighbour that is not known yet */
#define ARP_LEN (14 + 28)

static const uint8_t host_mac[6] = { 0x52, 0x54, 0, 0, 0, 7 };
static const uint8_t other_mac[6] = { 0x52, 0x54, 0, 0, 0, 8 };
static const uint8_t bridge_mac[6] = { 0x52, 0x54, 0, 0, 0, 9 }; /* sends others' packets */
static const uint8_t no_mac[6];
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

static uint32_t arp_frame(const uint8_t dst[6], uint16_t op, const uint8_t sha[6], uint32_t spa,
			  const uint8_t tha[6], uint32_t tpa)
{
	uint8_t packet[28];

	packet_arp(packet, op, sha, spa, tha, tpa);
	return packet_eth(frame, dst, bridge_mac, 0x0806, packet, sizeof(packet));
}

static void hear_request(const uint8_t sha[6], uint32_t spa, uint32_t tpa)
{
	stage_rx(&stage, frame, arp_frame(all_macs, 1, sha, spa, no_mac, tpa));
}

static void hear_reply(const uint8_t sha[6], uint32_t spa)
{
	stage_rx(&stage, frame, arp_frame(our_mac, 2, sha, spa, our_mac, OUR_IP));
}

/* Sends one byte of payload to dst. */
static void send_to(uint32_t dst, uint8_t payload)
{
	uint8_t *p = ipv4_tx_buffer(&stage.net);

	assert_non_null(p);
	*p = payload;
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, dst, 1), 0);
}

static void expect_query(uint32_t ip)
{
	uint8_t packet[28];

	assert_int_equal(stage_tx(&stage, sent), 60);
	packet_arp(packet, 1, our_mac, OUR_IP, no_mac, ip);
	assert_memory_equal(sent, all_macs, 6);
	assert_memory_equal(sent + 6, our_mac, 6);
	assert_int_equal(get_be16(sent + 12), 0x0806);
	assert_memory_equal(sent + 14, packet, sizeof(packet));
}

static void expect_payload(const uint8_t mac[6], uint8_t payload)
{
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_memory_equal(sent, mac, 6);
	assert_int_equal(get_be16(sent + 12), 0x0800);
	assert_int_equal(sent[34], payload);
}

static uint32_t entries(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ARP_ENTRIES; i++)
		n += stage.net.arp.entry[i].ip != 0;
	return n;
}

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

/* --- the cache ------------------------------------------------------------------------------- */

/* [ARP-05] */
static void the_first_packet_waits_for_the_answer(void **state)
{
	(void)state;
	send_to(HOST_IP, 1);
	expect_query(HOST_IP);
	hear_reply(host_mac, HOST_IP);
	expect_payload(host_mac, 1);
	send_to(HOST_IP, 2);
	expect_payload(host_mac, 2);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [ARP-05]: and only once. */
static void the_newest_packet_is_the_one_that_waits(void **state)
{
	(void)state;
	send_to(HOST_IP, 1);
	send_to(HOST_IP, 2);
	expect_query(HOST_IP);
	hear_reply(host_mac, HOST_IP);
	expect_payload(host_mac, 2);
	hear_reply(host_mac, HOST_IP);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ARP-05] */
static void a_packet_too_long_to_wait_is_counted_and_the_query_goes_out(void **state)
{
	(void)state;
	stage.net.mtu = 9000;
	stage.fake.nic.tx_max = 9014;
	assert_non_null(ipv4_tx_buffer(&stage.net));
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, HOST_IP, ARP_HELD_MAX + 1 - 20), 0);
	assert_int_equal(stage.net.count.no_room, 1);
	expect_query(HOST_IP);
	hear_reply(host_mac, HOST_IP);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_non_null(ipv4_tx_buffer(&stage.net));
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, HOST_IP + 1, ARP_HELD_MAX - 20), 0);
	expect_query(HOST_IP + 1);
	hear_reply(host_mac, HOST_IP + 1);
	assert_int_equal(stage_tx(&stage, sent), 14 + ARP_HELD_MAX);
	assert_int_equal(stage.net.count.no_room, 1);
}

/* [ARP-05] */
static void a_waiting_packet_of_the_mtu_leaves_unless_the_mtu_shrank(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		assert_non_null(ipv4_tx_buffer(&stage.net));
		assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, HOST_IP + i, 1480), 0);
		expect_query(HOST_IP + i);
		stage.net.mtu = (uint16_t)(1500 - i);
		hear_reply(host_mac, HOST_IP + i);
		assert_int_equal(stage_tx(&stage, sent), i ? 0 : 1514);
	}
}

/* [ARP-04] */
static void five_queries_a_second_apart_then_it_has_failed(void **state)
{
	(void)state;
	send_to(HOST_IP, 1);
	for (int i = 0; i < ARP_TRIES; i++) {
		expect_query(HOST_IP);
		assert_false(arp_failed(&stage.net, HOST_IP));
		stage_pass(&stage, 999);
		assert_int_equal(stage_tx_count(&stage), 0);
		stage_pass(&stage, 1);
	}
	assert_true(arp_failed(&stage.net, HOST_IP));
	assert_false(arp_failed(&stage.net, PEER_IP));
	stage_pass(&stage, 10000);
	assert_int_equal(stage_tx_count(&stage), 0);
	hear_reply(host_mac, HOST_IP); /* too late for the packet that waited */
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_false(arp_failed(&stage.net, HOST_IP));
}

/* [ARP-04]: behind a gateway it is the gateway that has failed. */
static void failure_is_found_by_the_final_address_too(void **state)
{
	(void)state;
	stage.net.gateway = HOST_IP;
	send_to(FAR_IP, 1);
	stage_pass(&stage, 5000);
	assert_true(arp_failed(&stage.net, FAR_IP));
	assert_true(arp_failed(&stage.net, HOST_IP));
}

/* [ARP-04] */
static void after_a_failure_each_packet_asks_again_but_not_twice_a_second(void **state)
{
	(void)state;
	send_to(HOST_IP, 1);
	stage_pass(&stage, 5000);
	stage_tx_count(&stage);
	send_to(HOST_IP, 2);
	send_to(HOST_IP, 3);
	expect_query(HOST_IP);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_true(arp_failed(&stage.net, HOST_IP));
	hear_reply(host_mac, HOST_IP);
	assert_false(arp_failed(&stage.net, HOST_IP));
	expect_payload(host_mac, 3);
}

/* [ARP-03] */
static void unsolicited_replies_create_nothing(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t stranger = 0x0a000264 + i % 100;

		hear_reply(other_mac, stranger);
		hear_request(other_mac, stranger, stranger);
		hear_request(other_mac, stranger, PEER_IP);
	}
	assert_int_equal(entries(), 1);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ARP-03] */
static void who_asks_for_us_is_remembered(void **state)
{
	(void)state;
	hear_request(host_mac, HOST_IP, OUR_IP);
	stage_tx_count(&stage);
	send_to(HOST_IP, 1);
	expect_payload(host_mac, 1);
}

/* [ARP-07]: any valid packet of its owner moves an entry. */
static void a_known_neighbour_may_change_its_mac(void **state)
{
	(void)state;
	hear_request(other_mac, PEER_IP, PEER_IP);
	send_to(PEER_IP, 1);
	expect_payload(other_mac, 1);
	hear_reply(host_mac, PEER_IP);
	send_to(PEER_IP, 2);
	expect_payload(host_mac, 2);
}

/* [ARP-06] */
static void ten_thousand_strangers_do_not_evict_the_gateway(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		hear_request(other_mac, 0x0a000300 + i, OUR_IP);
	assert_int_equal(stage_tx_count(&stage), 10000);
	assert_int_equal(entries(), ARP_ENTRIES);
	send_to(FAR_IP, 1);
	expect_payload(peer_mac, 1);
	assert_int_equal(bad_frames(&stage.net), 0);
}

static void answer_to(uint32_t dst)
{
	assert_non_null(ipv4_tx_buffer(&stage.net));
	ipv4_tx_answer(&stage.net, 253, dst, 1);
}

/* [ARP-06]: neither by strangers whom we even answer. */
static void answers_push_nobody_out(void **state)
{
	(void)state;
	hear_request(host_mac, HOST_IP, OUR_IP);
	send_to(HOST_IP, 1);
	for (uint32_t i = 0; i < 100; i++) {
		answer_to(HOST_IP + 100 + i);
		stage_pass(&stage, 1);
	}
	assert_int_equal(stage.net.count.no_room, 100 - (ARP_ENTRIES - 2));
	assert_int_equal(entries(), ARP_ENTRIES);
	stage_tx_count(&stage);
	send_to(HOST_IP, 1);
	expect_payload(host_mac, 1);
	send_to(PEER_IP, 2);
	expect_payload(peer_mac, 2);
}

/* [ARP-06]: however long ago we sent there, and however often he has asked since. */
static void a_stranger_goes_before_whom_we_ask(void **state)
{
	(void)state;
	hear_request(host_mac, HOST_IP, OUR_IP);
	send_to(HOST_IP, 1);
	stage_pass(&stage, 1000);
	for (uint32_t i = 1; entries() < ARP_ENTRIES; i++)
		hear_request(other_mac, HOST_IP + i, OUR_IP);
	stage_pass(&stage, 1);
	stage_tx_count(&stage);
	send_to(HOST_IP + 100, 1);
	expect_query(HOST_IP + 100);
	send_to(HOST_IP, 2);
	expect_payload(host_mac, 2);
}

/* [ARP-06] */
static void of_our_own_the_longest_unused_goes_and_never_the_gateway(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARP_ENTRIES - 1; i++) {
		hear_request(host_mac, HOST_IP + i, OUR_IP);
		stage_pass(&stage, 1);
		send_to(HOST_IP + i, 1);
	}
	stage_pass(&stage, 1);
	send_to(HOST_IP, 1);
	stage_tx_count(&stage);
	send_to(HOST_IP + 100, 1);
	expect_query(HOST_IP + 100);
	send_to(FAR_IP, 2);
	expect_payload(peer_mac, 2);
	send_to(HOST_IP, 3);
	expect_payload(host_mac, 3);
	send_to(HOST_IP + 2, 4);
	expect_payload(host_mac, 4);
	send_to(HOST_IP + 1, 5); /* this one had to go */
	expect_query(HOST_IP + 1);
}

/*
 * [ARP-06]: the gateways of routes that nobody takes are not in use, however many there are and
 * however often they ask for us.
 */
static void gateways_of_unused_routes_keep_nobody_out(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARP_ENTRIES; i++) {
		stage.net.route[i] = (struct ipv4_route){ 0xc6336400 + i, 0xffffffff, HOST_IP + i };
		hear_request(host_mac, HOST_IP + i, OUR_IP);
	}
	stage.net.routes = ARP_ENTRIES;
	stage_tx_count(&stage);
	send_to(HOST_IP + 100, 1);
	expect_query(HOST_IP + 100);
}

static void the_least_recently_used_entry_goes_first(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARP_ENTRIES - 1; i++) {
		hear_request(host_mac, HOST_IP + i, OUR_IP);
		stage_pass(&stage, 1);
	}
	send_to(HOST_IP, 1);
	stage_tx_count(&stage);
	send_to(HOST_IP + 100, 2); /* the cache is full: HOST_IP + 1 was used least recently */
	expect_query(HOST_IP + 100);
	send_to(HOST_IP + 100, 2); /* of which nothing is left */
	assert_int_equal(stage_tx_count(&stage), 0);
	send_to(HOST_IP, 3);
	expect_payload(host_mac, 3);
	send_to(HOST_IP + 2, 4);
	expect_payload(host_mac, 4);
	send_to(HOST_IP + 1, 5);
	expect_query(HOST_IP + 1);
}

/* --- doubt ---------------------------------------------------------------------------------- */

/* [ARP-07] */
static void in_doubt_the_known_mac_is_used_until_another_answers(void **state)
{
	(void)state;
	stage_pass(&stage, 1000);
	arp_doubt(&stage.net, FAR_IP); /* through the gateway */
	expect_query(PEER_IP);
	send_to(FAR_IP, 1);
	expect_payload(peer_mac, 1);
	hear_reply(other_mac, PEER_IP);
	send_to(FAR_IP, 2);
	expect_payload(other_mac, 2);
}

/* [ARP-04] [ARP-07] */
static void doubt_asks_at_most_once_a_second_and_never_fails(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		arp_doubt(&stage.net, PEER_IP);
		stage_pass(&stage, 1);
	}
	assert_in_range(stage_tx_count(&stage), 9, 10);
	assert_false(arp_failed(&stage.net, PEER_IP));
	arp_doubt(&stage.net, HOST_IP); /* nobody has been asked for that */
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ARP-07] */
static void an_old_entry_in_use_is_confirmed_once_a_minute(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 599; i++) {
		send_to(PEER_IP, 1);
		stage_pass(&stage, 100);
	}
	assert_int_equal(stage_tx_count(&stage), 599);
	stage_pass(&stage, 100);
	expect_query(PEER_IP);
	hear_reply(peer_mac, PEER_IP);
	stage_pass(&stage, 59000);
	assert_int_equal(stage_tx_count(&stage), 0);
}

static void an_entry_that_nobody_uses_is_left_alone(void **state)
{
	(void)state;
	stage_pass(&stage, 200000);
	assert_int_equal(stage_tx_count(&stage), 0);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, configured, gone)

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
		TEST(the_first_packet_waits_for_the_answer),
		TEST(the_newest_packet_is_the_one_that_waits),
		TEST(a_packet_too_long_to_wait_is_counted_and_the_query_goes_out),
		TEST(a_waiting_packet_of_the_mtu_leaves_unless_the_mtu_shrank),
		TEST(five_queries_a_second_apart_then_it_has_failed),
		TEST(failure_is_found_by_the_final_address_too),
		TEST(after_a_failure_each_packet_asks_again_but_not_twice_a_second),
		TEST(unsolicited_replies_create_nothing),
		TEST(who_asks_for_us_is_remembered),
		TEST(a_known_neighbour_may_change_its_mac),
		TEST(ten_thousand_strangers_do_not_evict_the_gateway),
		TEST(answers_push_nobody_out),
		TEST(a_stranger_goes_before_whom_we_ask),
		TEST(of_our_own_the_longest_unused_goes_and_never_the_gateway),
		TEST(gateways_of_unused_routes_keep_nobody_out),
		TEST(the_least_recently_used_entry_goes_first),
		TEST(in_doubt_the_known_mac_is_used_until_another_answers),
		TEST(doubt_asks_at_most_once_a_second_and_never_fails),
		TEST(an_old_entry_in_use_is_confirmed_once_a_minute),
		TEST(an_entry_that_nobody_uses_is_left_alone),
		TEST(a_new_address_is_announced),
		TEST(a_conflict_is_defended_at_most_once_in_ten_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
