/* SPDX-License-Identifier: BSD-2-Clause */
/* net/arp.c: neighbours, how long they are known, and what waits for them. */
#include "tests/unit/arp_lab.h"

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
