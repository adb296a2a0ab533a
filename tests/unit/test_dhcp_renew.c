/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp_renew.c: a lease in the course of a long download. */
#include "tests/unit/dhcp_lab.h"

/* The times of a lease in the making, in seconds; 0: not said. */
static void put_times(uint32_t end_s, uint32_t t1_s, uint32_t t2_s)
{
	if (end_s)
		put_ip(51, end_s);
	if (t1_s)
		put_ip(58, t1_s);
	if (t2_s)
		put_ip(59, t2_s);
}

/* In use, with the server's MAC known; no time has passed. */
static void bind(uint32_t end_s, uint32_t t1_s, uint32_t t2_s)
{
	uint8_t arp[28];
	uint32_t len;

	gone(NULL);
	fresh(NULL);
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_ip(1, OUR_MASK);
	put_times(end_s, t1_s, t2_s);
	assert_non_null(granted());
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	len = packet_arp(arp, 1, peer_mac, SERVER_IP, our_mac, OUR_IP);
	len = packet_eth(frame, our_mac, peer_mac, 0x0806, arp, len);
	stage_rx(&stage, frame, len);
	stage_tx_count(&stage);
}

/* Whether a message of ours has left; it is in `sent`. ARP confirms meanwhile what it knows. */
static bool message_left(void)
{
	while (stage.fake.sent_first) {
		sent_len = stage_tx(&stage, sent);
		if (get_be16(sent + 12) != 0x0806)
			return true;
	}
	return false;
}

/* The seconds until one leaves, which is a REQUEST; at most max_s. */
static uint32_t next_request(uint32_t max_s)
{
	uint32_t ms;

	for (ms = 0; !message_left(); ms++) {
		assert_true(ms <= 1000 * max_s);
		stage_pass(&stage, 1);
	}
	assert_int_equal(get_be16(sent + 36), 67);
	assert_int_equal(sent_type(), DHCP_REQUEST);
	return ms / 1000;
}

static void expect_quiet(uint32_t s)
{
	for (uint32_t i = 0; i < s; i++) {
		stage_pass(&stage, 1000);
		assert_false(message_left());
	}
}

/* [DHCP-26]: RFC 2131 4.3.6, table 4. */
static void it_is_renewed_at_half_its_time_by_its_server(void **state)
{
	const struct dhcp *d = &stage.net.dhcp;
	uint32_t len, xid;

	(void)state;
	bind(120, 0, 0);
	xid = d->xid;
	assert_int_equal(next_request(61), 60);
	assert_memory_equal(sent, peer_mac, 6);
	assert_int_equal(get_be32(sent + 26), OUR_IP);
	assert_int_equal(get_be32(sent + 30), SERVER_IP);
	assert_int_equal(get_be32(sent + 42 + 12), OUR_IP);
	assert_int_not_equal(get_be32(sent + 42 + 4), xid);
	assert_null(sent_option(50, &len));
	assert_null(sent_option(54, &len));
	begin(DHCP_ACK, SERVER_IP);
	put_times(120, 0, 0);
	message[message_len++] = 255;
	deliver_to(our_mac, OUR_IP);
	assert_false(d->renewing);
	assert_int_equal(next_request(61), 60); /* and so on */
	assert_int_equal(d->state, DHCP_BOUND);
}

/* [DHCP-26]: T1 and T2 of the server's choice; a minute between two, unless T2 is nearer. */
static void a_silent_server_is_replaced_by_any_at_t2(void **state)
{
	const struct dhcp *d = &stage.net.dhcp;

	(void)state;
	bind(1000, 100, 400);
	assert_int_equal(next_request(101), 100);
	assert_int_equal(next_request(151), 150); /* half of 300 */
	assert_int_equal(next_request(76), 75);
	assert_int_equal(next_request(61), 60);
	assert_memory_equal(sent, peer_mac, 6);
	assert_int_equal(next_request(16), 15);
	assert_memory_equal(sent, all_macs, 6);
	assert_int_equal(get_be32(sent + 30), 0xffffffff);
	assert_int_equal(get_be32(sent + 42 + 12), OUR_IP);
	begin(DHCP_ACK, OTHER_SERVER_IP);
	put_times(1000, 500, 0);
	deliver();
	assert_int_equal(d->lease.server, OTHER_SERVER_IP);
	assert_int_equal(d->lease.t1_ms, 500000);
	assert_int_equal(d->lease.t2_ms, 875000);
}

/* [DHCP-26]: after its end nobody is asked any more, and the boot goes on. */
static void a_lease_that_runs_out_is_let_go(void **state)
{
	(void)state;
	bind(16, 0, 0);
	assert_int_equal(next_request(9), 8);
	assert_int_equal(next_request(7), 6);
	expect_quiet(1000);
	assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
	assert_int_equal(stage.net.ip, OUR_IP);
}

/* [DHCP-26] */
static void times_that_are_none_are_not_kept(void **state)
{
	static const struct {
		uint32_t end_s, t1_s, t2_s, t1_ms, t2_ms;
	} cases[] = {
		{ 0, 0, 0, 0, 0 },
		{ UINT32_MAX, 0, 0, 0, 0 },
		{ 0, 10, 20, 0, 0 },
		{ 1000001, 0, 0, 0, 0 },
		{ 1000000, 0, 0, 500000000, 875000000 },
		{ 80, 70, 60, 40000, 60000 },
		{ 80, 0, 30, 30000, 30000 },
		{ 80, 0, 80, 40000, 70000 },
		{ 80, 10, 0, 10000, 70000 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		bind(cases[i].end_s, cases[i].t1_s, cases[i].t2_s);
		assert_int_equal(stage.net.dhcp.lease.t1_ms, cases[i].t1_ms);
		assert_int_equal(stage.net.dhcp.lease.t2_ms, cases[i].t2_ms);
		if (!cases[i].t1_ms)
			expect_quiet(300);
	}
}

/* [DHCP-05] */
static void what_answers_no_renewal_is_ignored(void **state)
{
	const struct dhcp *d = &stage.net.dhcp;

	(void)state;
	bind(120, 0, 0);
	begin(DHCP_ACK, SERVER_IP);
	put_times(9000, 0, 0);
	deliver(); /* not asked for */
	next_request(61);
	begin(DHCP_ACK, SERVER_IP);
	put_be32(message + 16, YIADDR + 1);
	put_times(9000, 0, 0);
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	put_times(9000, 0, 0);
	deliver();
	assert_true(d->renewing);
	assert_int_equal(d->lease.end_ms, 120000);
	begin(DHCP_NAK, SERVER_IP);
	deliver();
	assert_false(d->renewing);
	expect_quiet(300);
}

/* [DHCP-26]: nothing is released: who is started next may have the address. */
static void stopping_says_nothing(void **state)
{
	(void)state;
	bind(120, 0, 0);
	dhcp_stop(&stage.net);
	expect_quiet(300);
}

/* Who serves boot programs (PXE) opens the device again, and leaves port 68 to them. */
static void a_stack_that_goes_on_for_others_keeps_address_and_packets_alone(void **state)
{
	struct net *net = &stage.net;

	(void)state;
	bind(120, 0, 0);
	net_resume(net);
	expect_quiet(300);
	assert_int_equal(net->ip, OUR_IP);
	assert_true(net->dhcp.cached[DHCP_CACHED_ACK].len > 0);
	assert_false(net->dhcp.socket.open);
	for (uint32_t i = 0; i < UDP_SOCKETS_MAX; i++)
		assert_null(net->udp.sockets[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_is_renewed_at_half_its_time_by_its_server),
		TEST(a_silent_server_is_replaced_by_any_at_t2),
		TEST(a_lease_that_runs_out_is_let_go),
		TEST(times_that_are_none_are_not_kept),
		TEST(what_answers_no_renewal_is_ignored),
		TEST(stopping_says_nothing),
		TEST(a_stack_that_goes_on_for_others_keeps_address_and_packets_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
