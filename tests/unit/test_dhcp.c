/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp.c: the exchange, with servers that are helpful, silent, hostile or slow. */
#include "tests/unit/dhcp_lab.h"

/* --- DISCOVER and REQUEST ------------------------------------------------------------------- */

/* [DHCP-01] [DHCP-02] [DHCP-04] [DHCP-25] */
static void the_first_discover_leaves_at_once(void **state)
{
	static const uint8_t zeros[236];
	const uint8_t *m;

	(void)state;
	dhcp_start(&stage.net, &identity, 0, false);
	m = take_message();
	assert_memory_equal(sent, all_macs, 6);
	assert_int_equal(get_be32(sent + 26), 0);
	assert_int_equal(get_be32(sent + 30), 0xffffffff);
	assert_int_equal(get_be16(sent + 34), 68);
	assert_int_equal(get_be16(sent + 36), 67);
	assert_int_equal(get_be32(m), 0x01010600);
	assert_int_equal(get_be32(m + 4), stage.net.dhcp.xid);
	assert_int_equal(get_be32(m + 8), 0);   /* secs, and no broadcast flag */
	assert_memory_equal(m + 12, zeros, 16); /* ciaddr, yiaddr, siaddr, giaddr */
	assert_memory_equal(m + 28, our_mac, 6);
	assert_memory_equal(m + 34, zeros, 202);
	assert_int_equal(get_be32(m + 236), 0x63825363);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	assert_false(dhcp_done(&stage.net));
}

/* [DHCP-01] */
static void transaction_ids_differ(void **state)
{
	uint32_t xid;

	(void)state;
	start(0);
	xid = stage.net.dhcp.xid;
	start(0);
	assert_int_not_equal(stage.net.dhcp.xid, xid);
}

/* [DHCP-03]: 4, 8, 8, 8 s, each ±1 s, and not each the same. */
static void discovers_are_repeated_every_eight_seconds(void **state)
{
	uint32_t ms, odd = 0, xid, total_ms = 0;
	const uint8_t *m;

	(void)state;
	start(0);
	xid = stage.net.dhcp.xid;
	for (uint32_t i = 0; i < 40; i++) {
		for (ms = 0; !stage.fake.sent_first; ms++)
			stage_pass(&stage, 1);
		total_ms += ms;
		assert_in_range(ms, i ? 7000 : 3000, i ? 9000 : 5000);
		odd += ms % 1000 != 0;
		m = take_message();
		assert_int_equal(sent_type(), DHCP_DISCOVER);
		assert_int_equal(get_be32(m + 4), xid);
		assert_int_equal(get_be16(m + 8), total_ms / 1000);
	}
	assert_true(odd > 0);
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
}

/* [DHCP-03]: as spanning tree does after a link has come up. */
static void a_switch_that_forwards_after_30_seconds_costs_no_boot(void **state)
{
	uint32_t ms;

	(void)state;
	start(0);
	stage_pass(&stage, 30000);
	stage_tx_count(&stage);
	for (ms = 0; !stage.fake.sent_first; ms++)
		stage_pass(&stage, 1);
	assert_in_range(ms, 0, 9000);
	take_message();
	assert_int_equal(sent_type(), DHCP_DISCOVER);
}

static void without_a_buffer_a_discover_is_tried_again_soon(void **state)
{
	(void)state;
	stage.fake.tx_buffers = 0;
	dhcp_start(&stage.net, &identity, 0, false);
	stage.fake.tx_buffers = 1;
	stage_pass(&stage, 99);
	assert_int_equal(stage_tx_count(&stage), 0);
	stage_pass(&stage, 1);
	take_message();
	assert_int_equal(sent_type(), DHCP_DISCOVER);
	stage_pass(&stage, 2999);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* --- the whole way -------------------------------------------------------------------------- */

static void an_offer_a_request_and_an_ack_make_a_lease(void **state)
{
	const struct dhcp_lease *l;
	uint8_t dns[12];

	(void)state;
	reach_requesting();
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	begin(DHCP_ACK, SERVER_IP);
	put_ip(1, 0xffffff00);
	put_ip(3, PEER_IP);
	put_be32(dns, 0x0a000203);
	put_be32(dns + 4, 0);
	put_be32(dns + 8, 0x08080808);
	put(6, dns, sizeof(dns));
	put(15, "example.org", 11);
	put(26, "\5\170", 2);
	put(67, "http://10.0.2.2/vmlinuz", 23);
	l = granted();
	assert_non_null(l);
	assert_true(dhcp_done(&stage.net));
	assert_int_equal(l->address.ip, YIADDR);
	assert_int_equal(l->address.mask, 0xffffff00);
	assert_int_equal(l->address.gateway, PEER_IP);
	assert_int_equal(l->server, SERVER_IP);
	assert_int_equal(l->address.dns[0], 0x0a000203);
	assert_int_equal(l->address.dns[1], 0x08080808);
	assert_int_equal(l->address.dns[2], 0);
	assert_int_equal(l->address.mtu, 1400);
	assert_string_equal(l->address.search, "example.org");
	assert_string_equal(l->boot.file, "http://10.0.2.2/vmlinuz");
	assert_int_equal(bad_frames(&stage.net), 0);
	assert_int_equal(stage.net.ip, 0); /* taking it into use is the caller's affair */
	stage_pass(&stage, 100000);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* PXE 2.1, 3.3.4: an ACK that is longer than a program may ask for is cut. */
static void the_packets_are_kept_as_they_were(void **state)
{
	const struct dhcp_packet *p = stage.net.dhcp.cached;
	uint8_t part[250] = { 0 };
	const uint8_t *m;

	(void)state;
	dhcp_start(&stage.net, &identity, 0, false);
	m = take_message();
	assert_int_equal(p[DHCP_CACHED_DISCOVER].len, sent_len - 42);
	assert_memory_equal(p[DHCP_CACHED_DISCOVER].data, m, sent_len - 42);
	offer();
	assert_int_equal(p[DHCP_CACHED_ACK].len, 0);
	take_message();
	begin(DHCP_ACK, SERVER_IP);
	assert_non_null(granted());
	for (uint32_t i = DHCP_CACHED_ACK; i <= DHCP_CACHED_REPLY; i++) {
		assert_int_equal(p[i].len, message_len);
		assert_memory_equal(p[i].data, message, message_len);
	}
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	for (uint32_t i = 0; i < 5; i++)
		put(224, part, sizeof(part));
	assert_non_null(granted());
	assert_int_equal(p[DHCP_CACHED_ACK].len, DHCP_PACKET_MAX);
	assert_memory_equal(p[DHCP_CACHED_ACK].data, message, DHCP_PACKET_MAX);
}

static void stopping_ends_the_attempt_and_keeps_a_lease(void **state)
{
	(void)state;
	start(0);
	dhcp_stop(&stage.net);
	offer();
	stage_pass(&stage, 100000);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_false(dhcp_done(&stage.net));
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	assert_non_null(granted());
	dhcp_stop(&stage.net);
	assert_true(dhcp_done(&stage.net));
	assert_int_equal(stage.net.dhcp.lease.address.ip, YIADDR);
	assert_null(stage.net.udp.sockets[0]);
}

/* [DHCP-25] */
static void answers_to_our_mac_and_to_the_offered_address_are_taken(void **state)
{
	(void)state;
	start(0);
	begin(DHCP_OFFER, SERVER_IP);
	message[message_len++] = 255;
	deliver_to(our_mac, YIADDR);
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	begin(DHCP_ACK, SERVER_IP);
	message[message_len++] = 255;
	deliver_to(our_mac, YIADDR);
	assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
}

/* [DHCP-05] */
static void messages_for_others_are_ignored(void **state)
{
	static const struct {
		uint8_t off, value;
	} wrong[] = {
		{ 0, 1 },     { 1, 6 },     { 2, 16 },     { 4, 0xee },   { 7, 0xee },
		{ 28, 0xee }, { 33, 0xee }, { 236, 0xee }, { 239, 0xee },
	};

	(void)state;
	start(0);
	for (uint32_t i = 0; i < ARRAY_LEN(wrong); i++) {
		begin(DHCP_OFFER, SERVER_IP);
		message[wrong[i].off] ^= wrong[i].value;
		deliver();
		assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	}
	assert_int_equal(stage_tx_count(&stage), 0);
	offer();
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
}

/* [DHCP-05] */
static void types_that_do_not_fit_the_state_are_ignored(void **state)
{
	(void)state;
	start(0);
	for (uint8_t type = 0; type < 20; type++)
		if (type != DHCP_OFFER) {
			begin(type, SERVER_IP);
			deliver();
			assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
		}
	begin(0, SERVER_IP);
	put(53, "\2\2", 2);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	offer();
	for (uint8_t type = 0; type < 20; type++)
		if (type != DHCP_ACK && type != DHCP_NAK) {
			begin(type, SERVER_IP);
			deliver();
			assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
		}
	begin(DHCP_ACK, SERVER_IP);
	deliver();
	for (uint8_t type = 0; type < 20; type++) {
		begin(type, SERVER_IP);
		put_be32(message + 16, 0x0a000263);
		deliver();
	}
	assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
	assert_int_equal(stage.net.dhcp.lease.address.ip, YIADDR);
}

/* [DHCP-18]: two servers; the other one's word does not count. */
static void only_the_chosen_server_confirms_or_refuses(void **state)
{
	(void)state;
	reach_requesting();
	begin(DHCP_ACK, OTHER_SERVER_IP);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	begin(DHCP_NAK, OTHER_SERVER_IP);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	begin(DHCP_ACK, SERVER_IP);
	assert_non_null(granted());
}

static void a_server_that_does_not_confirm_is_given_up(void **state)
{
	uint32_t xid, requests = 1, ms;

	(void)state;
	reach_requesting();
	xid = stage.net.dhcp.xid;
	for (ms = 0; ms < 40000; ms++) {
		stage_pass(&stage, 1);
		if (!stage.fake.sent_first)
			continue;
		take_message();
		if (sent_type() == DHCP_DISCOVER)
			break;
		assert_int_equal(sent_type(), DHCP_REQUEST);
		requests++;
	}
	assert_int_equal(requests, 3);
	assert_in_range(ms, 17000, 23001);
	assert_int_not_equal(stage.net.dhcp.xid, xid);
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	offer();
	begin(DHCP_ACK, SERVER_IP);
	assert_non_null(granted());
}

/* [DHCP-19] */
static void a_nak_starts_anew_three_times_after_a_pause_that_grows(void **state)
{
	static const uint32_t pause_ms[] = { 1500, 3000, 6000 };
	uint32_t ms, xid;

	(void)state;
	reach_requesting();
	for (uint32_t i = 0; i < 3; i++) {
		xid = stage.net.dhcp.xid;
		begin(DHCP_NAK, SERVER_IP);
		deliver();
		assert_false(dhcp_done(&stage.net));
		for (ms = 0; !stage.fake.sent_first; ms++)
			stage_pass(&stage, 1);
		assert_in_range(ms, pause_ms[i] - 1000, pause_ms[i] + 1000);
		take_message();
		assert_int_equal(sent_type(), DHCP_DISCOVER);
		assert_int_not_equal(stage.net.dhcp.xid, xid);
		offer();
		take_message();
		assert_int_equal(sent_type(), DHCP_REQUEST);
	}
	begin(DHCP_NAK, SERVER_IP);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_FAILED);
	assert_true(dhcp_done(&stage.net));
	stage_pass(&stage, 100000);
	assert_int_equal(stage_tx_count(&stage), 0);
	reach_requesting(); /* somebody may start it again all the same */
	assert_int_equal(stage.net.dhcp.naks, 0);
}

/* [DHCP-19]: else a server that refuses for ever would keep the deadline away for ever. */
static void coming_by_a_state_again_is_no_progress(void **state)
{
	uint32_t first;

	(void)state;
	hosted_time_advance(5);
	start(0);
	assert_int_equal(stage.net.progress_ms, clock_now_ms());
	stage_pass(&stage, 1000);
	offer();
	first = stage.net.progress_ms;
	assert_int_equal(first, clock_now_ms());
	begin(DHCP_NAK, SERVER_IP);
	deliver();
	stage_pass(&stage, 3000);
	stage_tx_count(&stage);
	offer();
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	assert_int_equal(stage.net.progress_ms, first);
	begin(DHCP_ACK, SERVER_IP);
	assert_non_null(granted());
	assert_int_equal(stage.net.progress_ms, clock_now_ms());
}

/* --- answers of no use ---------------------------------------------------------------------- */

static const char *unused(void)
{
	static char buf[400];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	dhcp_unused_text(&stage.net.dhcp, &t);
	assert_false(t.cut);
	return buf;
}

/* [DHCP-05] [DHCP-21]: what was ignored while we waited is told apart, and said. */
static void answers_of_no_use_are_counted_by_their_reason(void **state)
{
	(void)state;
	start(0);
	assert_string_equal(unused(), "");
	begin(DHCP_OFFER, SERVER_IP);
	message[0] = 1;
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	message[4] ^= 1;
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	message[28] ^= 2;
	deliver();
	assert_string_equal(unused(), "; not used: 1 malformed, 2 to another machine or question");
	begin(0, SERVER_IP);
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	put_be32(message + 16, 0);
	deliver();
	begin(DHCP_OFFER, 0);
	deliver();
	begin(DHCP_ACK, SERVER_IP);
	deliver();
	offer();
	begin(DHCP_ACK, OTHER_SERVER_IP);
	deliver();
	begin(DHCP_NAK, OTHER_SERVER_IP);
	deliver();
	begin(DHCP_NAK, SERVER_IP);
	deliver();
	assert_string_equal(unused(),
			    "; not used: 1 NAK, 1 malformed, 2 to another machine or question, "
			    "1 BOOTP (no option 53), 1 without an address, "
			    "1 without option 54, 2 from another server, 1 out of turn");
	stage_tx_count(&stage);
	start(0);
	assert_string_equal(unused(), "");
}

/* Whoever sends offers, ACKs or NAKs for ever renews nothing by it. */
static void useless_answers_without_end_renew_no_deadline(void **state)
{
	uint32_t first;

	(void)state;
	start(4000);
	first = stage.net.progress_ms;
	for (uint32_t i = 0; i < 1000; i++) {
		begin((uint8_t)(i % 9), i % 2 ? SERVER_IP : 0);
		if (i % 9 == DHCP_OFFER)
			put_be32(message + 16, 0);
		deliver();
		stage_pass(&stage, 10);
	}
	assert_int_equal(stage.net.progress_ms, first);
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	assert_int_equal(stage_tx_count(&stage), 1); /* the second DISCOVER, in its time */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_first_discover_leaves_at_once),
		TEST(transaction_ids_differ),
		TEST(discovers_are_repeated_every_eight_seconds),
		TEST(a_switch_that_forwards_after_30_seconds_costs_no_boot),
		TEST(without_a_buffer_a_discover_is_tried_again_soon),
		TEST(an_offer_a_request_and_an_ack_make_a_lease),
		TEST(the_packets_are_kept_as_they_were),
		TEST(stopping_ends_the_attempt_and_keeps_a_lease),
		TEST(answers_to_our_mac_and_to_the_offered_address_are_taken),
		TEST(messages_for_others_are_ignored),
		TEST(types_that_do_not_fit_the_state_are_ignored),
		TEST(only_the_chosen_server_confirms_or_refuses),
		TEST(a_server_that_does_not_confirm_is_given_up),
		TEST(a_nak_starts_anew_three_times_after_a_pause_that_grows),
		TEST(coming_by_a_state_again_is_no_progress),
		TEST(answers_of_no_use_are_counted_by_their_reason),
		TEST(useless_answers_without_end_renew_no_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
