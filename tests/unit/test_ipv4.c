/* SPDX-License-Identifier: BSD-2-Clause */
/* net/ipv4.c: which packets are taken, and which way packets go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "tests/model/packets.h"

#include <cmocka.h>

#define PORT 2000
#define SUBNET_BROADCAST 0x0a0002ffu

static struct stage stage;
static struct udp_socket sock;
static uint32_t datagrams, datagram_len;
static uint8_t datagram[UDP_DATA_MAX];
static uint8_t frame[FAKE_NIC_FRAME_MAX], sent[FAKE_NIC_FRAME_MAX];

static void sock_rx(void *ctx, uint32_t src, uint16_t src_port, struct span data)
{
	(void)ctx;
	(void)src;
	(void)src_port;
	datagrams++;
	datagram_len = data.len;
	memcpy(datagram, data.at, data.len);
}

static void listen_on(uint16_t port)
{
	if (sock.open)
		udp_close(&stage.net, &sock);
	sock = (struct udp_socket){ .port = port, .rx = sock_rx };
	udp_open(&stage.net, &sock);
	datagrams = 0;
}

static int configured(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	memset(&sock, 0, sizeof(sock));
	listen_on(PORT);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static uint32_t udp_to(uint32_t src, uint32_t dst, uint16_t port)
{
	return frame_udp(frame, src, 1000, dst, port, "hello", 5);
}

static uint32_t echo_from(uint32_t src, uint32_t dst, uint32_t data_len)
{
	uint8_t message[1500];
	uint32_t len;

	memset(message, 0x5a, sizeof(message));
	len = packet_icmp(message, 8, 0, 1, message + 8, data_len);
	return frame_ipv4(frame, src, dst, 1, message, len);
}

/* A datagram behind a header with these options (a multiple of 4 bytes). */
static uint32_t udp_with_options(const uint8_t *options, uint32_t options_len)
{
	uint8_t packet[200];
	uint32_t len;

	len = packet_udp(packet + 20 + options_len, PEER_IP, 1000, OUR_IP, PORT, "hello", 5);
	packet_ipv4(packet, PEER_IP, OUR_IP, 17, packet + 20, 0);
	memcpy(packet + 20, options, options_len);
	packet[0] = (uint8_t)(0x40 | (20 + options_len) / 4);
	put_be16(packet + 2, (uint16_t)(20 + options_len + len));
	packet_ipv4_seal(packet);
	return packet_eth(frame, our_mac, peer_mac, 0x0800, packet, 20 + options_len + len);
}

/* --- in -------------------------------------------------------------------------------------- */

/* [IP4-01] */
static void a_header_that_contradicts_itself_is_counted(void **state)
{
	static const struct {
		uint8_t version_ihl;
		uint16_t total;
	} broken[] = {
		{ 0x55, 33 }, { 0x65, 33 }, { 0x05, 33 },     { 0x40, 33 },
		{ 0x44, 33 }, { 0x4f, 33 }, { 0x45, 0 },      { 0x45, 19 },
		{ 0x46, 20 }, { 0x45, 47 }, { 0x45, 0xffff },
	};
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(broken); i++) {
		len = udp_to(PEER_IP, OUR_IP, PORT);
		frame[14] = broken[i].version_ihl;
		put_be16(frame + 16, broken[i].total);
		packet_ipv4_seal(frame + 14);
		stage_rx(&stage, frame, len);
		assert_int_equal(stage.net.count.bad_ip, i + 1);
	}
	assert_int_equal(datagrams, 0);
}

/* [IP4-02] [SUM-08]: whatever the device says of the frame. */
static void a_wrong_header_sum_is_never_overlooked(void **state)
{
	static const enum csum_verdict verdicts[] = { CSUM_CHECK, CSUM_VOUCHED, CSUM_PARTIAL };
	uint32_t len = udp_to(PEER_IP, OUR_IP, PORT), n = 0;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(verdicts); i++)
		for (uint32_t bit = 0; bit < 20 * 8; bit++) {
			frame[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
			stage_rx_marked(&stage, frame, len, verdicts[i], 34, 6);
			frame[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_equal(stage.net.count.bad_ip, ++n);
		}
	assert_int_equal(datagrams, 0);
	stage_rx(&stage, frame, len);
	assert_int_equal(datagrams, 1);
}

/* [IP4-03]: 1 byte in a frame of 60, whose pad is not zero. */
static void the_pad_of_a_short_frame_is_not_payload(void **state)
{
	(void)state;
	stage_rx(&stage, frame, echo_from(PEER_IP, OUR_IP, 1));
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_int_equal(get_be16(sent + 16), 20 + 8 + 1);
	assert_int_equal(sent[42], 0x5a);
	assert_int_equal(sent[43], 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [IP4-04] */
static void udp_is_taken_from_the_limited_and_our_broadcast(void **state)
{
	uint32_t len;

	(void)state;
	stage_rx(&stage, frame, udp_to(PEER_IP, OUR_IP, PORT));
	assert_int_equal(datagrams, 1);
	len = udp_to(PEER_IP, 0xffffffff, PORT);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	assert_int_equal(datagrams, 2);
	len = udp_to(PEER_IP, SUBNET_BROADCAST, PORT);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	assert_int_equal(datagrams, 3);
}

/* [IP4-04] [ICMP-02] */
static void nothing_else_is_taken_from_a_broadcast(void **state)
{
	uint32_t len = echo_from(PEER_IP, SUBNET_BROADCAST, 8);

	(void)state;
	stage_rx(&stage, frame, len);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	len = echo_from(PEER_IP, 0xffffffff, 8);
	stage_rx(&stage, frame, len);
	stage_rx(&stage, frame, udp_to(PEER_IP, SUBNET_BROADCAST, 9)); /* nobody listens */
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [IP4-04] */
static void other_destinations_are_ignored(void **state)
{
	static const uint32_t others[] = {
		OUR_IP + 1, PEER_IP, 0x0a000200, 0xe0000001, 0xe00000fb,
		0x7f000001, 0,       0x0a0003ff, 0x0affffff,
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(others); i++) {
		stage_rx(&stage, frame, udp_to(PEER_IP, others[i], PORT));
		stage_rx(&stage, frame, echo_from(PEER_IP, others[i], 8));
	}
	assert_int_equal(datagrams, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [IP4-04]: a subnet of two or of one has no broadcast address. */
static void small_subnets_have_no_broadcast(void **state)
{
	(void)state;
	lease_configure(&stage.net, 0x0a000211, 0xfffffffe, PEER_IP, 0);
	assert_false(ipv4_is_broadcast(&stage.net, 0x0a000211));
	assert_false(ipv4_is_broadcast(&stage.net, 0x0a000210));
	lease_configure(&stage.net, 0x0a000211, 0xffffffff, PEER_IP, 0);
	assert_false(ipv4_is_broadcast(&stage.net, 0x0a000211));
	lease_configure(&stage.net, 0x0a000211, 0xfffffffc, PEER_IP, 0);
	assert_true(ipv4_is_broadcast(&stage.net, 0x0a000213));
	assert_false(ipv4_is_broadcast(&stage.net, 0x0a000212));
	assert_true(ipv4_is_broadcast(&stage.net, 0xffffffff));
}

/* [IP4-04] [DHCP-25]: its port 68, to everybody or to the address that it is about to give. */
static void without_an_address_only_dhcp_is_heard(void **state)
{
	static const struct {
		uint32_t dst;
		uint16_t port;
		uint32_t taken;
	} cases[] = {
		{ 0xffffffff, 68, 1 },
		{ OUR_IP, 68, 1 },
		{ 0xffffffff, PORT, 0 },
		{ OUR_IP, PORT, 0 },
		{ 0, 68, 0 },
		{ 0x7f000001, 68, 0 },
		{ 0xe0000001, 68, 0 },
		{ SUBNET_BROADCAST, 68, 1 },
	};

	(void)state;
	stage_close(&stage);
	stage_open(&stage);
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		sock.open = false;
		memset(&stage.net.udp.sockets, 0, sizeof(stage.net.udp.sockets));
		listen_on(cases[i].port);
		stage_rx(&stage, frame, udp_to(PEER_IP, cases[i].dst, cases[i].port));
		assert_int_equal(datagrams, cases[i].taken);
	}
	udp_close(&stage.net, &sock);
	stage_rx(&stage, frame, udp_to(PEER_IP, OUR_IP, 68)); /* nobody to say that it is closed */
	stage_rx(&stage, frame, echo_from(PEER_IP, OUR_IP, 8));
	stage_rx(&stage, frame, echo_from(PEER_IP, 0, 8));
	stage_rx(&stage, frame, frame_ipv4(frame, PEER_IP, OUR_IP, 17, "\0\1\0\104", 4));
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [IP4-05] */
static void impossible_sources_are_counted(void **state)
{
	static const uint32_t martians[] = {
		0x7f000001, 0xe0000001, 0xefffffff, 0xf0000001, 0xffffffff, SUBNET_BROADCAST,
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(martians); i++)
		stage_rx(&stage, frame, udp_to(martians[i], OUR_IP, PORT));
	assert_int_equal(datagrams, 0);
	assert_int_equal(stage.net.count.bad_ip, ARRAY_LEN(martians));
}

/*
 * [IP4-05]: nor are a neighbour's DISCOVER, and reflections by a router, which are everyday
 * traffic.
 */
static void sources_0_and_our_own_are_ignored(void **state)
{
	uint32_t len;

	(void)state;
	len = frame_udp(frame, 0, 68, 0xffffffff, PORT, "hello", 5);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	stage_rx(&stage, frame, udp_to(0x00010203, OUR_IP, PORT));
	stage_rx(&stage, frame, udp_to(OUR_IP, OUR_IP, PORT));
	assert_int_equal(datagrams, 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [IP4-06]: source routes, lengths that lead nowhere, as many as fit. */
static void options_are_skipped(void **state)
{
	static const uint8_t options[][40] = {
		{ 1, 1, 1, 0 },    { 0x83, 7, 4, 10, 0, 2, 99, 0 }, { 0x89, 0 }, { 0x83, 1, 0, 0 },
		{ 0x94, 4, 0, 0 }, { 0x44, 0xff, 0xff, 0xff },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(options); i++)
		for (uint32_t len = 4; len <= 40; len += 4) {
			datagrams = 0;
			stage_rx(&stage, frame, udp_with_options(options[i], len));
			assert_int_equal(datagrams, 1);
			assert_int_equal(datagram_len, 5);
			assert_memory_equal(datagram, "hello", 5);
		}
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/*
 * [IP4-07] [SUM-08]: the first, one between, the last, all with a UDP header that looks whole, and
 * vouched for.
 */
static void fragments_are_counted_and_never_taken_for_whole(void **state)
{
	static const uint16_t flags[] = { 0x2000, 0x2001, 0x0001, 0x1fff, 0x3fff, 0x6000 };
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(flags); i++) {
		len = udp_to(PEER_IP, OUR_IP, PORT);
		put_be16(frame + 14 + 6, flags[i]);
		packet_ipv4_seal(frame + 14);
		stage_rx_marked(&stage, frame, len, CSUM_VOUCHED, 0, 0);
		assert_int_equal(stage.net.count.bad_ip, i + 1);
	}
	assert_int_equal(datagrams, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [IP4-11] [IP4-15] */
static void ttl_dscp_ecn_id_and_the_reserved_flag_do_not_count(void **state)
{
	static const struct {
		uint8_t off, value;
	} harmless[] = {
		{ 8, 0 },    { 8, 1 },    { 8, 255 },  { 1, 0xff },
		{ 1, 0x03 }, { 4, 0xab }, { 6, 0x80 }, { 6, 0xc0 },
	};
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(harmless); i++) {
		len = udp_to(PEER_IP, OUR_IP, PORT);
		frame[14 + harmless[i].off] = harmless[i].value;
		packet_ipv4_seal(frame + 14);
		stage_rx(&stage, frame, len);
		assert_int_equal(datagrams, i + 1);
	}
	assert_int_equal(bad_frames(&stage.net), 0);
}

static void other_protocols_are_ignored(void **state)
{
	(void)state;
	for (uint32_t proto = 0; proto < 256; proto++)
		if (proto != 1 && proto != 6 && proto != 17)
			stage_rx(&stage, frame,
				 frame_ipv4(frame, PEER_IP, OUR_IP, (uint8_t)proto, "abcd", 4));
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [SEC-01]: what the device changes in its own memory after the driver's copy changes nothing. */
static void headers_are_read_from_the_private_copy_only(void **state)
{
	uint32_t len = udp_to(PEER_IP, OUR_IP, PORT);
	uint8_t head[FRAME_HEAD_MAX];
	struct frame f = { .head = head, .data = { frame, len } };

	(void)state;
	memcpy(head, frame, len);
	memset(frame, 0xff, 14 + 20 + 8);
	net_rx(&stage.net, &f);
	assert_int_equal(datagrams, 1);
	assert_memory_equal(datagram, "hello", 5);
}

/* [SEC-01] */
static void no_prefix_of_a_packet_is_a_packet(void **state)
{
	static const uint8_t options[40] = { 1, 1 };
	uint32_t whole = udp_with_options(options, sizeof(options));

	(void)state;
	for (uint32_t len = 18; len < whole; len++)
		stage_rx(&stage, frame, len);
	assert_int_equal(datagrams, 0);
	assert_int_equal(stage.net.count.bad_ip, whole - 18);
}

/* [SEC-01]: every byte wrong in every way, with a header sum that fits. */
static void any_header_byte_may_be_wrong(void **state)
{
	static const uint8_t options[8] = { 1, 1 };
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < 28; i++)
		for (uint32_t flip = 1; flip < 256; flip++) {
			len = udp_with_options(options, sizeof(options));
			frame[14 + i] ^= (uint8_t)flip;
			if ((frame[14] & 15) * 4u <= len - 14)
				packet_ipv4_seal(frame + 14);
			stage_rx(&stage, frame, len);
		}
	assert_true(datagrams > 0);
	assert_true(stage.net.count.bad_ip > 0);
}

/* --- out ------------------------------------------------------------------------------------- */

/* [IP4-09] [IP4-11] [IP4-15] */
static void a_header_of_ours_is_plain_and_may_not_be_fragmented(void **state)
{
	static const uint8_t expected[20] = {
		0x45, 0, 0, 23, 0, 0, 0x40, 0, 64, 253, 0, 0, 10, 0, 2, 15, 10, 0, 2, 2,
	};
	uint8_t *p = ipv4_tx_buffer(&stage.net);

	(void)state;
	memcpy(p, "abc", 3);
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, PEER_IP, 3), 0);
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_int_equal(packet_sum(0, sent + 14, 20), 0xffff);
	put_be16(sent + 14 + 10, 0);
	assert_memory_equal(sent + 14, expected, 20);
	assert_memory_equal(sent + 34, "abc", 3);
}

/*
 * RFC 791 3.1: 576 bytes are the least that there may be, and the longest of each kind fits there:
 * the model's buffer ends where the sanitizer sees it.
 */
static void what_we_send_fits_the_smallest_mtu(void **state)
{
	static const uint8_t no_operations[40] = {
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	};
	static const struct dhcp_identity id;
	static uint8_t data[IPV4_MTU_MIN];
	char name[254];
	uint32_t len;

	(void)state;
	stage.net.mtu = IPV4_MTU_MIN;
	stage.fake.nic.tx_max = 14 + IPV4_MTU_MIN;
	stage.net.dns_servers[0] = PEER_IP;
	for (uint32_t i = 0; i < 253; i++)
		name[i] = i % 64 == 63 ? '.' : 'x';
	name[253] = 0;
	dns_start(&stage.net, name);
	len = packet_icmp(data, 8, 0, 1, data + 8, IPV4_MTU_MIN - 20 - 8);
	stage_rx(&stage, frame, frame_ipv4(frame, PEER_IP, OUR_IP, 1, data, len));
	stage_rx(&stage, frame, udp_with_options(no_operations, 40));
	udp_close(&stage.net, &sock); /* the next one is for nobody: an error of ours */
	stage_rx(&stage, frame, udp_with_options(no_operations, 40));
	assert_in_range(stage_tx(&stage, sent), 14 + 20 + 8 + 12 + 255 + 4, 14 + IPV4_MTU_MIN);
	assert_int_equal(stage_tx(&stage, sent), 14 + IPV4_MTU_MIN);
	assert_int_equal(stage_tx(&stage, sent), 14 + 20 + 8 + 60 + 8);
	stage.net.ip = 0;
	dhcp_start(&stage.net, &id, 0, false);
	stage_pass(&stage, 1000);
	assert_in_range(stage_tx(&stage, sent), 300, 14 + IPV4_MTU_MIN);
	assert_int_equal(stage.net.count.no_room, 0);
}

static void broadcasts_go_to_every_mac(void **state)
{
	(void)state;
	assert_non_null(ipv4_tx_buffer(&stage.net));
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, SUBNET_BROADCAST, 3), 0);
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_memory_equal(sent, all_macs, 6);
	assert_non_null(ipv4_tx_buffer(&stage.net));
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, 0xffffffff, 3), 0);
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_memory_equal(sent, all_macs, 6);
}

/* [IP4-12] [IP4-13] */
static void the_next_hop(void **state)
{
	static const struct {
		uint32_t ip, mask, gateway, dst, hop;
	} cases[] = {
		{ OUR_IP, 0xffffff00, PEER_IP, PEER_IP, PEER_IP },
		{ OUR_IP, 0xffffff00, PEER_IP, 0x0a0002fe, 0x0a0002fe },
		{ OUR_IP, 0xffffff00, PEER_IP, 0x0a000302, PEER_IP },
		{ OUR_IP, 0xffffff00, PEER_IP, FAR_IP, PEER_IP },
		{ OUR_IP, 0xffffff00, 0, FAR_IP, 0 },
		{ OUR_IP, 0xffffff00, 0, PEER_IP, PEER_IP },
		/* /25 */
		{ 0x0a000281, 0xffffff80, 0x0a0002fe, 0x0a0002c8, 0x0a0002c8 },
		{ 0x0a000281, 0xffffff80, 0x0a0002fe, 0x0a000203, 0x0a0002fe },
		/* /31: RFC 3021 */
		{ 0x0a000210, 0xfffffffe, 0x0a000211, 0x0a000211, 0x0a000211 },
		{ 0x0a000210, 0xfffffffe, 0x0a000211, 0x0a000212, 0x0a000211 },
		/* /32, and a gateway that no mask covers */
		{ OUR_IP, 0xffffffff, PEER_IP, PEER_IP, PEER_IP },
		{ OUR_IP, 0xffffffff, PEER_IP, 0x0a000203, PEER_IP },
		{ OUR_IP, 0xffffffff, 0xa9fe0101, FAR_IP, 0xa9fe0101 },
		{ OUR_IP, 0xffffff00, 0xc0a80101, FAR_IP, 0xc0a80101 },
		/* what no host can have */
		{ OUR_IP, 0xffffff00, PEER_IP, 0, 0 },
		{ OUR_IP, 0xffffff00, PEER_IP, 0x7f000001, 0 },
		{ OUR_IP, 0xffffff00, PEER_IP, 0xe0000001, 0 },
		{ 0, 0xffffff00, PEER_IP, FAR_IP, 0 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		lease_configure(&stage.net, cases[i].ip, cases[i].mask, cases[i].gateway, 0);
		assert_int_equal(ipv4_next_hop(&stage.net, cases[i].dst), cases[i].hop);
	}
}

/* [IP4-12]: nobody is to be opened a connection to. */
static void what_is_not_one_host_s_has_no_next_hop(void **state)
{
	static const uint32_t nobody[] = {
		OUR_IP | ~OUR_MASK, IPV4_BROADCAST, 0,          0x00000001,
		0x7f000001,         0xe0000001,     0xf0000001,
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(nobody); i++)
		assert_int_equal(ipv4_next_hop(&stage.net, nobody[i]), 0);
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), PEER_IP);
}

/* [IP4-12] [DHCP-27] */
static void of_several_routes_the_longest_prefix_counts(void **state)
{
	static const struct ipv4_route routes[] = {
		{ 0xc0000000, 0xffff0000, 0x0a000216 }, /* 192.0/16 */
		{ 0xc0000200, 0xffffff00, 0x0a000224 }, /* 192.0.2/24 */
		{ 0xc0000207, 0xffffffff, 0 },          /* on the link itself */
		{ 0x0a000280, 0xffffff80, 0x0a000225 }, /* half of our own subnet */
		{ 0x0a000000, 0xff000000, 0x0a000208 }, /* less than our own subnet */
		{ 0xc0000000, 0xff000000, 0x0a000217 },
	};

	(void)state;
	memcpy(stage.net.route, routes, sizeof(routes));
	stage.net.routes = ARRAY_LEN(routes);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xc0000101), 0x0a000216);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xc0000208), 0x0a000224);
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), FAR_IP);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0a0002c8), 0x0a000225);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0a000203), 0x0a000203);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0a010203), 0x0a000208);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xc6336401), PEER_IP);
	stage.net.gateway = 0;
	assert_int_equal(ipv4_next_hop(&stage.net, 0xc6336401), 0);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xc0000208), 0x0a000224);
}

/* [IP4-12] */
static void without_a_route_sending_fails_at_once(void **state)
{
	(void)state;
	stage.net.gateway = 0;
	assert_non_null(ipv4_tx_buffer(&stage.net));
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, FAR_IP, 3), ERR_UNREACHABLE);
	assert_int_equal(stage_tx_count(&stage), 0);
}

static void the_pseudo_header_sums_like_its_bytes(void **state)
{
	static const uint32_t ips[] = { 0, 1, OUR_IP, PEER_IP, 0xffffffff, 0x8000ffff };
	uint32_t sum;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(ips); i++)
		for (uint32_t j = 0; j < ARRAY_LEN(ips); j++) {
			sum = ipv4_pseudo_sum(ips[i], ips[j], 17, 65535);
			sum = (sum & 0xffff) + (sum >> 16);
			sum = (sum & 0xffff) + (sum >> 16);
			assert_int_equal(sum, packet_pseudo(ips[i], ips[j], 17, 65535));
		}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, configured, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_header_that_contradicts_itself_is_counted),
		TEST(a_wrong_header_sum_is_never_overlooked),
		TEST(the_pad_of_a_short_frame_is_not_payload),
		TEST(udp_is_taken_from_the_limited_and_our_broadcast),
		TEST(nothing_else_is_taken_from_a_broadcast),
		TEST(other_destinations_are_ignored),
		TEST(small_subnets_have_no_broadcast),
		TEST(without_an_address_only_dhcp_is_heard),
		TEST(impossible_sources_are_counted),
		TEST(sources_0_and_our_own_are_ignored),
		TEST(options_are_skipped),
		TEST(fragments_are_counted_and_never_taken_for_whole),
		TEST(ttl_dscp_ecn_id_and_the_reserved_flag_do_not_count),
		TEST(other_protocols_are_ignored),
		TEST(headers_are_read_from_the_private_copy_only),
		TEST(no_prefix_of_a_packet_is_a_packet),
		TEST(any_header_byte_may_be_wrong),
		TEST(a_header_of_ours_is_plain_and_may_not_be_fragmented),
		TEST(what_we_send_fits_the_smallest_mtu),
		TEST(broadcasts_go_to_every_mac),
		TEST(the_next_hop),
		TEST(what_is_not_one_host_s_has_no_next_hop),
		TEST(of_several_routes_the_longest_prefix_counts),
		TEST(without_a_route_sending_fails_at_once),
		TEST(the_pseudo_header_sums_like_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
