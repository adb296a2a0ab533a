/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/dhcp*.c against servers that are helpful, silent, hostile, or follow the RFCs in ways that
 * one does not expect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "tests/model/packets.h"

#include <cmocka.h>

#define SERVER_IP PEER_IP
#define OTHER_SERVER_IP 0x0a000203u
#define YIADDR OUR_IP

static const struct dhcp_identity identity = {
	.uuid = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	.arch = 0,
};
static struct stage stage;
static uint8_t frame[FAKE_NIC_FRAME_MAX], sent[FAKE_NIC_FRAME_MAX];
static uint32_t sent_len;

/* The server's message in the making. */
static uint8_t message[4000];
static uint32_t message_len;

static int fresh(void **state)
{
	(void)state;
	stage_open(&stage);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

/*
 * --- what we say
 * -----------------------------------------------------------------------------------
 */

/* Takes the next frame that was sent, which must be a DHCP message. */
static const uint8_t *take_message(void)
{
	uint32_t len;

	sent_len = stage_tx(&stage, sent);
	assert_true(sent_len >= 14 + 20 + 8 + 300);
	len = get_be16(sent + 38);
	assert_int_equal(packet_sum(packet_pseudo(0, 0xffffffff, 17, len), sent + 34, len), 0xffff);
	return sent + 42;
}

/*
 * An option of the message in `sent`: its value, and its length at *len; NULL if it is not there.
 */
static const uint8_t *sent_option(uint8_t code, uint32_t *len)
{
	const uint8_t *p = sent + 42 + 240;

	while (*p != 255) {
		if (*p == code) {
			*len = p[1];
			return p + 2;
		}
		p += 2 + p[1];
		assert_true(p < sent + sent_len);
	}
	return NULL;
}

static void expect_option(uint8_t code, const void *value, uint32_t value_len)
{
	uint32_t len = 0;
	const uint8_t *p = sent_option(code, &len);

	assert_non_null(p);
	assert_int_equal(len, value_len);
	assert_memory_equal(p, value, value_len);
}

static uint8_t sent_type(void)
{
	uint32_t len = 0;
	const uint8_t *p = sent_option(53, &len);

	return p && len == 1 ? *p : 0;
}

static void start(uint32_t url_wait_ms)
{
	dhcp_start(&stage.net, &identity, url_wait_ms);
	take_message();
	assert_int_equal(sent_type(), DHCP_DISCOVER);
}

/*
 * --- what servers say
 * ------------------------------------------------------------------------------
 */

static void put(uint8_t code, const void *value, uint32_t len)
{
	message[message_len++] = code;
	message[message_len++] = (uint8_t)len;
	memcpy(message + message_len, value, len);
	message_len += len;
}

static void put_ip(uint8_t code, uint32_t ip)
{
	uint8_t value[4];

	put_be32(value, ip);
	put(code, value, 4);
}

/* A message of a type (0: none) from a server (0: none), so far without other options. */
static void begin(uint8_t type, uint32_t server)
{
	memset(message, 0, sizeof(message));
	message[0] = 2;
	message[1] = 1;
	message[2] = 6;
	put_be32(message + 4, stage.net.dhcp.xid);
	put_be32(message + 16, type == DHCP_NAK ? 0 : YIADDR);
	memcpy(message + 28, our_mac, 6);
	put_be32(message + 236, 0x63825363);
	message_len = 240;
	if (type)
		put(53, &type, 1);
	if (server)
		put_ip(54, server);
}

static void deliver_to(const uint8_t mac[6], uint32_t dst)
{
	uint32_t len = packet_udp(frame + 34, SERVER_IP, 67, dst, 68, message, message_len);

	len = packet_ipv4(frame + 14, SERVER_IP, dst, 17, frame + 34, len);
	len = packet_eth(frame, mac, peer_mac, 0x0800, frame + 14, len);
	stage_rx(&stage, frame, len);
}

static void deliver(void)
{
	message[message_len++] = 255;
	deliver_to(all_macs, 0xffffffff);
}

static void offer(void)
{
	begin(DHCP_OFFER, SERVER_IP);
	deliver();
}

/* On to where the first server's ACK is expected. */
static void reach_requesting(void)
{
	start(0);
	offer();
	take_message();
	assert_int_equal(sent_type(), DHCP_REQUEST);
}

/* Finishes the ACK that was begun; the lease, or NULL if it was not accepted. */
static const struct dhcp_lease *granted(void)
{
	deliver();
	return stage.net.dhcp.state == DHCP_BOUND ? &stage.net.dhcp.lease : NULL;
}

/* The same for an ACK from its beginning, with one option. */
static const struct dhcp_lease *granted_with(uint8_t code, const void *value, uint32_t len)
{
	stage_close(&stage);
	stage_open(&stage);
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put(code, value, len);
	return granted();
}

/*
 * --- DISCOVER and REQUEST
 * ----------------------------------------------------------------------------
 */

/* [DHCP-01] [DHCP-02] [DHCP-04] [DHCP-25] */
static void the_first_discover_leaves_at_once(void **state)
{
	static const uint8_t zeros[236];
	const uint8_t *m;

	(void)state;
	dhcp_start(&stage.net, &identity, 0);
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

/* [DHCP-09] [DHCP-10] [DHCP-11] [DHCP-12] */
static void who_we_are(void **state)
{
	static const uint8_t client_id[7] = { 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	uint8_t uuid[17] = { 0 };
	struct dhcp_identity uefi = identity;
	uint32_t len;

	(void)state;
	memcpy(uuid + 1, identity.uuid, 16);
	start(0);
	expect_option(60, "PXEClient:Arch:00000:UNDI:002001", 32);
	expect_option(61, client_id, sizeof(client_id));
	expect_option(77, "skiff", 5);
	expect_option(93, "\0\0", 2);
	expect_option(94, "\1\2\1", 3);
	expect_option(97, uuid, sizeof(uuid));
	assert_null(sent_option(12, &len));
	assert_null(sent_option(50, &len));
	assert_null(sent_option(54, &len));
	uefi.arch = 7;
	dhcp_start(&stage.net, &uefi, 0);
	take_message();
	expect_option(60, "PXEClient:Arch:00007:UNDI:002001", 32);
	expect_option(93, "\0\7", 2);
}

/* [DHCP-06]: in any order, but 121 before 3. */
static void what_we_ask_for(void **state)
{
	static const uint8_t wanted[] = {
		1,   3,   6,   12,  15,  26,  28,  43,  54,  60,  66,  67,  119, 121,
		150, 128, 129, 130, 131, 132, 133, 134, 135, 208, 209, 210, 211,
	};
	uint32_t len = 0;
	const uint8_t *p;

	(void)state;
	start(0);
	p = sent_option(55, &len);
	assert_int_equal(len, sizeof(wanted));
	for (uint32_t i = 0; i < sizeof(wanted); i++)
		assert_non_null(memchr(p, wanted[i], len));
	assert_null(memchr(p, 42, len));
	assert_true(memchr(p, 121, len) < memchr(p, 3, len));
}

/* [DHCP-08] */
static void the_longest_message_is_one_that_we_can_take(void **state)
{
	static const struct {
		uint16_t mtu, len;
	} cases[] = {
		{ 1500, 1472 }, { 1400, 1372 }, { 604, 576 },    { 603, 576 },
		{ 576, 576 },   { 9000, 1500 }, { 65520, 1500 },
	};
	uint8_t value[2];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		stage.net.mtu = cases[i].mtu;
		start(0);
		put_be16(value, cases[i].len);
		expect_option(57, value, 2);
	}
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
	dhcp_start(&stage.net, &identity, 0);
	stage.fake.tx_buffers = 1;
	stage_pass(&stage, 99);
	assert_int_equal(stage_tx_count(&stage), 0);
	stage_pass(&stage, 1);
	take_message();
	assert_int_equal(sent_type(), DHCP_DISCOVER);
	stage_pass(&stage, 2999);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DHCP-18] [DHCP-07]: RFC 2131 3.1 3 wants the same secs too. */
static void a_request_repeats_the_discover_and_names_offer_and_server(void **state)
{
	static const uint8_t same[] = { 55, 57, 60, 61, 77, 93, 94, 97 };
	uint8_t fixed[240], value[4], options[sizeof(same)][64];
	uint32_t len[sizeof(same)];
	const uint8_t *m;

	(void)state;
	start(0);
	stage_pass(&stage, 5000);
	memcpy(fixed, take_message(), 240);
	assert_in_range(get_be16(fixed + 8), 3, 5);
	for (uint32_t i = 0; i < sizeof(same); i++)
		memcpy(options[i], sent_option(same[i], &len[i]), 64);
	stage_pass(&stage, 3000);
	offer();
	m = take_message();
	assert_int_equal(sent_type(), DHCP_REQUEST);
	assert_int_equal(get_be32(sent + 26), 0);
	assert_int_equal(get_be32(sent + 30), 0xffffffff);
	assert_memory_equal(m, fixed, sizeof(fixed));
	put_be32(value, YIADDR);
	expect_option(50, value, 4);
	put_be32(value, SERVER_IP);
	expect_option(54, value, 4);
	for (uint32_t i = 0; i < sizeof(same); i++)
		expect_option(same[i], options[i], len[i]);
}

/*
 * --- the whole way
 * -----------------------------------------------------------------------------------
 */

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

/*
 * Nothing but the boot file comes from the OFFER, whose other options the ACK replaces by having
 * none.
 */
static void an_ack_says_all_that_counts(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	start(0);
	begin(DHCP_OFFER, SERVER_IP);
	put_ip(1, 0xffff0000);
	put_ip(3, PEER_IP);
	put_ip(6, PEER_IP);
	put(121, "\30\12\11\11\12\0\2\11", 8);
	put(26, "\5\170", 2);
	deliver();
	begin(DHCP_ACK, 0); /* not even the server */
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->server, SERVER_IP);
	assert_int_equal(l->address.mask, 0xff000000);
	assert_int_equal(l->address.gateway, 0);
	assert_int_equal(l->address.routes, 0);
	assert_int_equal(l->address.dns[0], 0);
	assert_int_equal(l->address.mtu, 0);
}

static void no_more_dns_servers_than_there_is_room_for(void **state)
{
	const struct dhcp_lease *l;
	uint8_t dns[10 * 4];

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		put_be32(dns + 4 * i, PEER_IP + i);
	l = granted_with(6, dns, sizeof(dns));
	for (uint32_t i = 0; i < DNS_SERVERS_MAX; i++)
		assert_int_equal(l->address.dns[i], PEER_IP + i);
	assert_int_equal(l->address.routes, 0);
	assert_int_equal(l->address.route[0].dst, 0);
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

/*
 * --- which offer
 * -----------------------------------------------------------------------------------
 */

/* [DHCP-20] */
static void with_a_url_the_first_offer_will_do(void **state)
{
	(void)state;
	start(0);
	offer();
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
}

static void expect_request_to(uint32_t server)
{
	uint8_t value[4];

	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	take_message();
	put_be32(value, server);
	expect_option(54, value, 4);
}

/* [DHCP-20]: ISC's server pings the address for a second before it offers it. */
static void without_a_url_an_offer_with_one_is_waited_for(void **state)
{
	(void)state;
	start(4000);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	deliver();
	stage_pass(&stage, 3999);
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	expect_request_to(SERVER_IP);
}

/* [DHCP-20]: and the first of those without, if no other comes; no DISCOVER leaves meanwhile. */
static void without_a_boot_file_the_first_offer_waits(void **state)
{
	(void)state;
	start(4000);
	stage_pass(&stage, 2800);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	deliver();
	stage_pass(&stage, 3900);
	offer();
	stage_pass(&stage, 99);
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	assert_int_equal(stage_tx_count(&stage), 0);
	stage_pass(&stage, 1);
	expect_request_to(OTHER_SERVER_IP);
}

/* [DHCP-20]: a name for TFTP does not end the wait; it is better than none, for the sentence. */
static void a_boot_file_that_is_no_url_waits_too(void **state)
{
	(void)state;
	start(4000);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "pxelinux.0", 10);
	deliver();
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	put(67, "grub.0", 6);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	stage_pass(&stage, 4000);
	expect_request_to(SERVER_IP);
	start(4000);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	put(67, "grub.0", 6);
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	expect_request_to(SERVER_IP);
}

/* [DHCP-20]: an offer in the hand is progress, once, and not lost to the deadline. */
static void the_wait_for_a_url_ends_before_the_deadline(void **state)
{
	uint32_t offered_ms;

	(void)state;
	stage.net.deadline_ms = 3000;
	start(4000);
	stage_pass(&stage, 1000);
	offer();
	offered_ms = clock_now_ms();
	assert_int_equal(stage.net.progress_ms, offered_ms);
	stage_pass(&stage, 500);
	offer();
	assert_int_equal(stage.net.progress_ms, offered_ms);
	stage_pass(&stage, 999);
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	stage_pass(&stage, 1);
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
}

/* [DHCP-20] */
static void a_boot_file_that_the_ack_leaves_out_is_the_offer_s(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	start(4000);
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	begin(DHCP_ACK, SERVER_IP);
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "http://a/b");
	stage_close(&stage);
	stage_open(&stage);
	start(4000);
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	begin(DHCP_ACK, SERVER_IP);
	put(67, "http://c", 8);
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "http://c");
}

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
			    "1 BOOTP (no option 53), 1 without an address (a proxy's?), "
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

/* [DHCP-21] [DHCP-29] */
static void offers_without_an_address_or_server_are_no_leases(void **state)
{
	static const uint32_t yiaddr[] = {
		0, 0x7f000001, 0xe0000001, 0xffffffff, 0x00000001, 0xf0000000,
	};

	(void)state;
	start(0);
	begin(DHCP_OFFER, SERVER_IP);
	put_ip(1, OUR_MASK);
	put_be32(message + 16, OUR_IP | ~OUR_MASK);
	deliver();
	for (uint32_t i = 0; i < ARRAY_LEN(yiaddr); i++) {
		begin(DHCP_OFFER, SERVER_IP);
		put(60, "PXEClient", 9);
		put_be32(message + 16, yiaddr[i]);
		deliver();
	}
	begin(DHCP_OFFER, 0);
	deliver();
	begin(DHCP_OFFER, 0);
	put_ip(54, 0xffffffff);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	assert_int_equal(stage_tx_count(&stage), 0);
	offer();
	begin(DHCP_ACK, SERVER_IP);
	put_be32(message + 16, 0);
	assert_null(granted());
}

/*
 * --- what an option means
 * --------------------------------------------------------------------------
 */

/* [DHCP-29]: and an address's class has to do. */
static void broken_masks_are_no_masks(void **state)
{
	static const struct {
		uint32_t ip, given, mask;
	} cases[] = {
		{ 0x0a000005, 0xffffff00, 0xffffff00 }, { 0x0a000005, 0xffffffff, 0xffffffff },
		{ 0x0a000005, 0xfffffffe, 0xfffffffe }, { 0x0a000005, 0x80000000, 0x80000000 },
		{ 0x0a000005, 0xff00ff00, 0xff000000 }, { 0x0a000005, 0, 0xff000000 },
		{ 0x0a000005, 1, 0xff000000 },          { 0xac100005, 0x000000ff, 0xffff0000 },
		{ 0xc0a80105, 0x7fffffff, 0xffffff00 },
	};
	const struct dhcp_lease *l;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put_be32(message + 16, cases[i].ip);
		put_ip(1, cases[i].given);
		l = granted();
		assert_non_null(l);
		assert_int_equal(l->address.mask, cases[i].mask);
	}
	l = granted_with(1, "\377\377\377", 3);
	assert_int_equal(l->address.mask, 0xff000000);
	l = granted_with(2, "\0\0\0\0", 4);
	assert_int_equal(l->address.mask, 0xff000000);
}

/* [DHCP-29] */
static void the_relay_agent_is_no_router(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_be32(message + 24, 0x0a000209);
	put_be32(message + 20, 0x0a00020a);
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->address.gateway, 0);
	assert_int_equal(granted_with(3, "\0\0\0\0\12\0\2\11\12\0\2\10", 12)->address.gateway,
			 0x0a000209);
	assert_int_equal(granted_with(3, "\12\0\2", 3)->address.gateway, 0);
}

/* [DHCP-28] */
static void an_mtu_below_576_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(granted_with(26, "\0\104", 2)->address.mtu, 0);
	assert_int_equal(granted_with(26, "\2\77", 2)->address.mtu, 0);
	assert_int_equal(granted_with(26, "\2\100", 2)->address.mtu, 576);
	assert_int_equal(granted_with(26, "\5\170", 2)->address.mtu, 1400);
	assert_int_equal(granted_with(26, "\43\50", 2)->address.mtu, 9000);
	assert_int_equal(granted_with(26, "\377\360", 2)->address.mtu, 65520);
	assert_int_equal(granted_with(26, "\377\377", 2)->address.mtu, 65535);
	assert_int_equal(granted_with(26, "\5", 1)->address.mtu, 0);
	assert_int_equal(granted_with(26, "\0\0\5\170", 4)->address.mtu, 0);
}

/* [DHCP-28]: and what the nic cannot hold is cut to what it can. */
static void an_mtu_is_kept_within_what_the_nic_holds(void **state)
{
	(void)state;
	granted_with(26, "\377\360", 2);
	stage.fake.mtu_max = 9000;
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	assert_int_equal(stage.net.mtu, 9000);
	stage.net.dhcp.lease.address.mtu = 1400;
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	assert_int_equal(stage.net.mtu, 1400);
	stage.net.dhcp.lease.address.mtu = 0;
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	assert_int_equal(stage.net.mtu, 1400);
}

/* [DHCP-27]: RFC 3442, its own examples among them. */
static void classless_routes_replace_the_router(void **state)
{
	/* clang-format off */
	static const uint8_t routes[] = {
		0, 10, 17, 0, 1,                        /* default */
		8, 10, 10, 17, 0, 2,
		24, 10, 0, 0, 10, 17, 0, 3,
		16, 10, 17, 10, 17, 0, 4,
		25, 10, 229, 0, 128, 10, 17, 0, 5,
		32, 10, 198, 122, 47, 0, 0, 0, 0,       /* on the link */
		17, 10, 27, 129, 10, 17, 0, 6,          /* a bit beyond the prefix */
		24, 10, 9, 9, 224, 0, 0, 1,             /* to no router */
	};
	/* clang-format on */
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_ip(3, PEER_IP);
	put(121, routes, sizeof(routes));
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->address.gateway, 0x0a110001);
	assert_int_equal(l->address.routes, 6);
	assert_int_equal(l->address.route[0].dst, 0x0a000000);
	assert_int_equal(l->address.route[0].mask, 0xff000000);
	assert_int_equal(l->address.route[0].gateway, 0x0a110002);
	assert_int_equal(l->address.route[3].dst, 0x0ae50080);
	assert_int_equal(l->address.route[3].mask, 0xffffff80);
	assert_int_equal(l->address.route[4].mask, 0xffffffff);
	assert_int_equal(l->address.route[4].gateway, 0);
	assert_int_equal(l->address.route[5].dst, 0x0a1b8000);
	assert_int_equal(l->address.route[5].mask, 0xffff8000);
	net_configure(&stage.net, &l->address);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0ac67a2f), 0x0ac67a2f);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0ae50081), 0x0a110005);
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), 0x0a110001);
}

/* [DHCP-27] */
static void malformed_routes_leave_the_router(void **state)
{
	static const struct {
		uint32_t len;
		uint8_t bytes[12];
	} broken[] = {
		{ 1, { 0 } },
		{ 4, { 0, 10, 0, 2 } },
		{ 9, { 33, 10, 0, 0, 0, 10, 0, 2, 9 } },
		{ 5, { 255, 1, 1, 1, 1 } },
		{ 6, { 0, 10, 0, 2, 9, 24 } },
		{ 8, { 32, 10, 0, 0, 0, 10, 0, 2 } },
		{ 0, { 0 } },
	};
	const struct dhcp_lease *l;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(broken); i++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put_ip(3, PEER_IP);
		put(121, broken[i].bytes, broken[i].len);
		l = granted();
		assert_non_null(l);
		assert_int_equal(l->address.gateway, PEER_IP);
		assert_int_equal(l->address.routes, 0);
	}
}

/* [DHCP-27]: RFC 3442: "0.0.0.0" as router, and every host is a neighbour. */
static void a_default_route_may_lead_to_the_link_itself(void **state)
{
	static const uint8_t routes[] = {
		0, 0, 0, 0, 0, 24, 192, 0, 2, 10, 0, 2, 9, 0, 224, 0, 0, 1,
	};
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_ip(3, PEER_IP);
	put(121, routes, sizeof(routes));
	l = granted();
	assert_non_null(l);
	net_configure(&stage.net, &l->address);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xc6336401), 0xc6336401);
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), 0x0a000209);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0a000203), 0x0a000203);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xe0000001), 0);
	granted_with(121, "\0\0\0\0\0\0\12\0\2\11", 10);
	net_configure(&stage.net, &stage.net.dhcp.lease.address); /* both: the router's */
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), 0x0a000209);
}

/*
 * [DHCP-27] [SEC-03]: more routes than there is room for are counted; the default one behind them
 * still is one.
 */
static void too_many_routes_are_counted(void **state)
{
	uint8_t routes[35 * 7 + 5];
	const struct dhcp_lease *l;

	(void)state;
	for (uint32_t i = 0; i < 35; i++) {
		routes[i * 7] = 16;
		routes[i * 7 + 1] = 172;
		routes[i * 7 + 2] = (uint8_t)i;
		put_be32(routes + i * 7 + 3, PEER_IP);
	}
	routes[245] = 0;
	put_be32(routes + 246, 0x0a000209);
	l = granted_with(121, routes, sizeof(routes));
	assert_int_equal(l->address.routes, IPV4_ROUTES_MAX);
	assert_int_equal(l->address.routes_lost, 35 - IPV4_ROUTES_MAX);
	assert_int_equal(l->address.gateway, 0x0a000209);
	assert_int_equal(l->address.route[IPV4_ROUTES_MAX - 1].dst,
			 0xac000000 + (IPV4_ROUTES_MAX - 1) * 0x10000);
	l = granted_with(121, routes, IPV4_ROUTES_MAX * 7);
	assert_int_equal(l->address.routes, IPV4_ROUTES_MAX);
	assert_int_equal(l->address.routes_lost, 0);
}

/* The search list of a lease with these two options; "," stands for a NUL. */
static const char *searched(const void *list, uint32_t list_len, const char *domain)
{
	static char text[DNS_SEARCH_MAX];
	const struct dhcp_lease *l;
	uint32_t i = 0;

	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	for (; list_len > 255; list_len -= 255, list = (const uint8_t *)list + 255)
		put(119, list, 255);
	put(119, list, list_len);
	put(15, domain, (uint32_t)strlen(domain));
	l = granted();
	assert_non_null(l);
	for (; l->address.search[i]; i++) {
		for (; l->address.search[i]; i++)
			text[i] = l->address.search[i];
		text[i] = ',';
		assert_in_range(i, 0, DNS_SEARCH_MAX - 2);
	}
	text[i] = '\0';
	return text;
}

/* [DNS-10]: RFC 3397, its own example first; then option 15. */
static void the_search_list_and_the_domain_are_searched(void **state)
{
	static const uint8_t list[] = "\3eng\5apple\3com\0\11marketing\300\4";

	(void)state;
	assert_string_equal(searched(list, sizeof(list) - 1, ""),
			    "eng.apple.com,marketing.apple.com,");
	assert_string_equal(searched(list, sizeof(list) - 1, "example.org"),
			    "eng.apple.com,marketing.apple.com,example.org,");
	assert_string_equal(searched("", 0, "example.org"), "example.org,");
	assert_string_equal(searched("", 0, ""), "");
	assert_string_equal(searched("\0\3eng\0", 6, ""), "eng,"); /* the root is no domain */
	assert_string_equal(granted_with(15, "example.org\0x", 13)->address.search, "example.org");
}

/* [DNS-10] [SEC-04]: as if it were not there, in its whole. */
static void a_malformed_search_list_leaves_the_domain(void **state)
{
	(void)state;
	assert_string_equal(searched("\3eng\300\0", 6, "a.org"), "a.org,");
	assert_string_equal(searched("\3eng\0\3com", 9, "a.org"), "a.org,");
	assert_string_equal(searched("\7eng", 4, "a.org"), "a.org,");
	assert_string_equal(searched("\3eng\0\1a\300\20", 9, "a.org"), "a.org,");
}

/* [DNS-10] [SEC-03]: joined first (RFC 3396), and what has no room is left out. */
static void a_search_list_of_any_length_ends(void **state)
{
	uint8_t list[1200];
	char want[DNS_SEARCH_MAX];
	uint32_t i;

	(void)state;
	memset(list, 0, sizeof(list));
	for (i = 0; i < sizeof(list); i += 3)
		memcpy(list + i, "\1a", 3);
	memset(want, 0, sizeof(want));
	for (i = 0; i < 199; i++)
		memcpy(want + 2 * i, "a,", 2);
	assert_string_equal(searched(list, 3 * 199, ""), want);
	for (; i < (DNS_SEARCH_MAX - 2) / 2; i++)
		memcpy(want + 2 * i, "a,", 2);
	assert_string_equal(searched(list, 3 * 400, "b"), want);
}

/* [DHCP-32] */
static void options_of_other_programs_mean_nothing(void **state)
{
	static const uint8_t codes[] = { 114, 120, 175, 208, 209, 210, 211, 43, 60, 66, 150, 128 };
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	for (uint32_t i = 0; i < sizeof(codes); i++)
		put(codes[i], "http://10.0.2.2/x", 17);
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "");
	assert_string_equal(l->address.search, "");
	assert_int_equal(l->address.gateway, 0);
}

/*
 * --- the shape of options
 * ----------------------------------------------------------------------------
 */

/* [DHCP-17] */
static void text_ends_at_a_nul_or_with_its_room(void **state)
{
	char longest[DHCP_BOOT_FILE_MAX];
	const struct dhcp_lease *l;

	(void)state;
	assert_string_equal(granted_with(67, "http://a/b", 10)->boot.file, "http://a/b");
	assert_string_equal(granted_with(67, "http://a/b\0", 11)->boot.file, "http://a/b");
	assert_string_equal(granted_with(67, "http://a/b\0garbage", 18)->boot.file, "http://a/b");
	assert_string_equal(granted_with(67, "", 0)->boot.file, "");
	memset(longest, 'x', sizeof(longest));
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	memcpy(message + 108, longest, 128);
	memcpy(message + 44, "sname", 5);
	l = granted();
	assert_int_equal(strlen(l->boot.file), 128);
}

/* [DHCP-16] */
static void option_67_comes_before_the_file_field(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "tftp://10.0.2.2/old");
	put(67, "http://10.0.2.2/new", 19);
	l = granted();
	assert_string_equal(l->boot.file, "http://10.0.2.2/new");
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "tftp://10.0.2.2/old");
	put(67, "\0", 1);
	l = granted();
	assert_string_equal(l->boot.file, "tftp://10.0.2.2/old");
}

/* [DHCP-16]: RFC 2131 2, RFC 2132 8.4 and 9.4. The address knows nothing of it. */
static void what_a_server_says_about_booting_is_kept_as_it_came(void **state)
{
	static const uint8_t menu[] = { 6, 1, 8, 255 };
	const struct dhcp_boot *b;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_be32(message + 20, PEER_IP);
	memcpy(message + 44, "field", 5);
	memcpy(message + 108, "pxelinux.0", 10);
	put(43, menu, 2);
	put(43, menu + 2, 2);
	b = &granted()->boot;
	assert_int_equal(b->next_server, PEER_IP);
	assert_string_equal(b->server_name, "field");
	assert_string_equal(b->file, "pxelinux.0");
	assert_int_equal(b->vendor_len, sizeof(menu));
	assert_memory_equal(b->vendor, menu, sizeof(menu));
	b = &granted_with(66, "option", 6)->boot;
	assert_string_equal(b->server_name, "option");
	assert_int_equal(b->vendor_len, 0);
	assert_int_equal(b->next_server, 0);
}

/* [DHCP-14]: `file` and `sname` hold options and are no names. */
static void overloaded_fields_hold_options(void **state)
{
	static const uint8_t in_file[] = { 0, 0, 3, 4, 10, 0, 2, 9, 255, 3, 4, 1, 1, 1, 1 };
	static const uint8_t in_sname[] = { 26, 2, 5, 120 };
	const struct dhcp_lease *l;

	(void)state;
	for (uint8_t fields = 0; fields < 9; fields++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		memcpy(message + 108, in_file, sizeof(in_file));
		memcpy(message + 44, in_sname, sizeof(in_sname));
		put(52, &fields, 1);
		l = granted();
		assert_non_null(l);
		assert_int_equal(l->address.gateway, fields == 1 || fields == 3 ? 0x0a000209 : 0);
		assert_int_equal(l->address.mtu, fields == 2 || fields == 3 ? 1400 : 0);
		assert_string_equal(l->boot.file, "");
	}
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "http://a/b");
	put(52, "\2", 1);
	assert_string_equal(granted()->boot.file, "http://a/b");
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "http://a/b");
	put(52, "\1", 1);
	assert_string_equal(granted()->boot.file, "");
}

/* [DHCP-15]: RFC 3396: within an area, and from one area to the next in their order. */
static void the_parts_of_an_option_are_joined_first(void **state)
{
	static const uint8_t in_file[] = { 67, 3, '2', '.', '2', 255 };
	static const uint8_t in_sname[] = { 67, 2, '/', 'k', 255 };
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put(67, "http://", 7);
	put(52, "\3", 1);
	put(67, "10.0.", 5);
	put(121, "\30\12\11", 3);
	put(121, "\11\12\0", 3);
	put(121, "\2\11", 2);
	memcpy(message + 108, in_file, sizeof(in_file));
	memcpy(message + 44, in_sname, sizeof(in_sname));
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "http://10.0.2.2/k");
	assert_int_equal(l->address.routes, 1);
	assert_int_equal(l->address.route[0].dst, 0x0a090900);
	assert_int_equal(l->address.route[0].gateway, 0x0a000209);
}

/*
 * [SEC-03] [DHCP-15]: what is longer than its room is as if it were not there, neither cut nor
 * beyond. A boot file has room for all that a message can carry.
 */
static void a_boot_file_is_as_long_as_a_message_can_carry(void **state)
{
	uint8_t part[255];
	const struct dhcp_lease *l;

	(void)state;
	memset(part, 'a', sizeof(part));
	for (uint32_t parts = 1; parts < 14; parts++) {
		stage.net.mtu = 4028;
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		while (message_len < 240 + parts * 257)
			put(67, part, sizeof(part));
		put(15, part, sizeof(part));
		put(15, part, parts < 2 ? 0 : 1);
		l = granted();
		assert_non_null(l);
		assert_int_equal(strlen(l->boot.file), parts * 255);
		assert_int_equal(strlen(l->address.search), parts < 2 ? DNS_NAME_MAX - 1 : 0);
	}
}

/* [DHCP-13] */
static void pads_are_skipped_and_an_end_may_be_missing(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	message_len += 5;
	put_ip(3, PEER_IP);
	deliver_to(all_macs, 0xffffffff);
	assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
	assert_int_equal(stage.net.dhcp.lease.address.gateway, PEER_IP);
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	message[message_len++] = 255;
	put_ip(3, PEER_IP); /* behind the end: nothing */
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->address.gateway, 0);
}

/* [DHCP-13] */
static void an_option_beyond_the_end_is_not_there(void **state)
{
	(void)state;
	for (uint32_t cut = 1; cut <= 6; cut++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put_ip(3, PEER_IP);
		message_len -= cut;
		deliver_to(all_macs, 0xffffffff);
		assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
		assert_int_equal(stage.net.dhcp.lease.address.gateway, 0);
	}
}

/*
 * --- hostile bytes
 * -----------------------------------------------------------------------------------
 */

/* An ACK with one of everything. */
static void rich_ack(void)
{
	static const uint8_t routes[] = { 24, 10, 9, 9, 10, 0, 2, 9, 0, 10, 0, 2, 2 };

	begin(DHCP_ACK, SERVER_IP);
	put_ip(1, 0xffffff00);
	put_ip(3, PEER_IP);
	put_ip(6, PEER_IP);
	put(15, "example.org", 11);
	put(26, "\5\170", 2);
	put(67, "http://a/", 9);
	put(119, "\3eng\5apple\3com\0\1x\300\4", 19);
	put(121, routes, sizeof(routes));
	put(67, "b", 1);
	put(52, "\3", 1);
	message[message_len++] = 255;
}

/* [SEC-03] [DHCP-13] */
static void every_prefix_of_a_message_is_survived(void **state)
{
	uint32_t len, whole;

	(void)state;
	reach_requesting();
	rich_ack();
	whole = message_len;
	for (len = 0; len < 240 + 3; len++) {
		message_len = len;
		deliver_to(all_macs, 0xffffffff);
		assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	}
	for (; len < whole; len++) {
		reach_requesting();
		rich_ack();
		message_len = len;
		deliver_to(all_macs, 0xffffffff);
	}
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [SEC-03] */
static void any_byte_may_be_wrong(void **state)
{
	static const uint8_t values[] = { 0, 1, 3, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff };
	uint32_t whole, bound = 0;

	(void)state;
	reach_requesting();
	rich_ack();
	whole = message_len;
	for (uint32_t i = 0; i < whole; i++)
		for (uint32_t v = 0; v < sizeof(values); v++) {
			dhcp_start(&stage.net, &identity, 0);
			offer();
			rich_ack();
			message[i] = values[v];
			deliver_to(all_macs, 0xffffffff);
			bound += stage.net.dhcp.state == DHCP_BOUND;
			stage_tx_count(&stage);
		}
	assert_true(bound > 1000);
	assert_int_equal(bad_frames(&stage.net), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_first_discover_leaves_at_once),
		TEST(transaction_ids_differ),
		TEST(who_we_are),
		TEST(what_we_ask_for),
		TEST(the_longest_message_is_one_that_we_can_take),
		TEST(discovers_are_repeated_every_eight_seconds),
		TEST(a_switch_that_forwards_after_30_seconds_costs_no_boot),
		TEST(without_a_buffer_a_discover_is_tried_again_soon),
		TEST(a_request_repeats_the_discover_and_names_offer_and_server),
		TEST(an_offer_a_request_and_an_ack_make_a_lease),
		TEST(an_ack_says_all_that_counts),
		TEST(no_more_dns_servers_than_there_is_room_for),
		TEST(stopping_ends_the_attempt_and_keeps_a_lease),
		TEST(answers_to_our_mac_and_to_the_offered_address_are_taken),
		TEST(messages_for_others_are_ignored),
		TEST(types_that_do_not_fit_the_state_are_ignored),
		TEST(only_the_chosen_server_confirms_or_refuses),
		TEST(a_server_that_does_not_confirm_is_given_up),
		TEST(a_nak_starts_anew_three_times_after_a_pause_that_grows),
		TEST(coming_by_a_state_again_is_no_progress),
		TEST(with_a_url_the_first_offer_will_do),
		TEST(without_a_url_an_offer_with_one_is_waited_for),
		TEST(without_a_boot_file_the_first_offer_waits),
		TEST(a_boot_file_that_is_no_url_waits_too),
		TEST(the_wait_for_a_url_ends_before_the_deadline),
		TEST(a_boot_file_that_the_ack_leaves_out_is_the_offer_s),
		TEST(answers_of_no_use_are_counted_by_their_reason),
		TEST(useless_answers_without_end_renew_no_deadline),
		TEST(offers_without_an_address_or_server_are_no_leases),
		TEST(broken_masks_are_no_masks),
		TEST(the_relay_agent_is_no_router),
		TEST(an_mtu_below_576_is_ignored),
		TEST(an_mtu_is_kept_within_what_the_nic_holds),
		TEST(classless_routes_replace_the_router),
		TEST(malformed_routes_leave_the_router),
		TEST(a_default_route_may_lead_to_the_link_itself),
		TEST(too_many_routes_are_counted),
		TEST(the_search_list_and_the_domain_are_searched),
		TEST(a_malformed_search_list_leaves_the_domain),
		TEST(a_search_list_of_any_length_ends),
		TEST(options_of_other_programs_mean_nothing),
		TEST(text_ends_at_a_nul_or_with_its_room),
		TEST(option_67_comes_before_the_file_field),
		TEST(what_a_server_says_about_booting_is_kept_as_it_came),
		TEST(overloaded_fields_hold_options),
		TEST(the_parts_of_an_option_are_joined_first),
		TEST(a_boot_file_is_as_long_as_a_message_can_carry),
		TEST(pads_are_skipped_and_an_end_may_be_missing),
		TEST(an_option_beyond_the_end_is_not_there),
		TEST(every_prefix_of_a_message_is_survived),
		TEST(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
