/* SPDX-License-Identifier: BSD-2-Clause */
/* net/udp.c: what reaches a socket, what becomes of checksums, and what leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "tests/model/packets.h"

#include <cmocka.h>

#define LOCAL_PORT 50000
#define REMOTE_PORT 53

static struct stage stage;
static struct udp_socket sock;
static uint32_t datagrams, datagram_len, datagram_src;
static uint16_t datagram_src_port;
static uint8_t datagram[UDP_DATA_MAX];
static uint8_t data[FAKE_NIC_FRAME_MAX], frame[FAKE_NIC_FRAME_MAX], sent[FAKE_NIC_FRAME_MAX];

static void sock_rx(void *ctx, uint32_t src, uint16_t src_port, struct span bytes)
{
	assert_ptr_equal(ctx, &sock);
	assert_in_range(bytes.len, 0, UDP_DATA_MAX);
	datagrams++;
	datagram_src = src;
	datagram_src_port = src_port;
	datagram_len = bytes.len;
	memcpy(datagram, bytes.at, bytes.len);
}

static int configured(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	datagrams = 0;
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13 + i / 256);
	sock = (struct udp_socket){
		.port = LOCAL_PORT,
		.peer_ip = FAR_IP,
		.peer_port = REMOTE_PORT,
		.rx = sock_rx,
		.ctx = &sock,
	};
	udp_open(&stage.net, &sock);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static uint32_t from_peer(uint32_t len)
{
	return frame_udp(frame, FAR_IP, REMOTE_PORT, OUR_IP, LOCAL_PORT, data, len);
}

/* --- in -------------------------------------------------------------------------------------- */

/* [SUM-02]: every length, odd or even, with a checksum that must be right. */
static void a_datagram_reaches_its_socket_whole(void **state)
{
	(void)state;
	for (uint32_t len = 0; len <= 1472; len++) {
		stage_rx(&stage, frame, from_peer(len));
		assert_int_equal(datagrams, len + 1);
		assert_int_equal(datagram_len, len);
		assert_memory_equal(datagram, data, len);
	}
	assert_int_equal(datagram_src, FAR_IP);
	assert_int_equal(datagram_src_port, REMOTE_PORT);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [UDP-04] */
static void an_empty_datagram_is_delivered(void **state)
{
	(void)state;
	stage_rx(&stage, frame, from_peer(0));
	assert_int_equal(datagrams, 1);
	assert_int_equal(datagram_len, 0);
}

/* [UDP-01] */
static void a_length_that_is_no_length_is_counted(void **state)
{
	static const uint16_t lens[] = { 0, 1, 7, 19, 20, 0x7fff, 0xffff };
	uint32_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lens); i++) {
		len = from_peer(10);
		put_be16(frame + 38, lens[i]);
		put_be16(frame + 40, 0);
		stage_rx(&stage, frame, len);
		assert_int_equal(stage.net.count.bad_udp, i + 1);
	}
	for (len = 0; len < 8; len++)
		stage_rx(&stage, frame,
			 frame_ipv4(frame, FAR_IP, OUR_IP, 17, "\0\65\303\120\0\10\0\0", len));
	assert_int_equal(stage.net.count.bad_udp, i + 8);
	assert_int_equal(datagrams, 0);
}

/* [UDP-01]: what IPv4 carries behind the datagram is not part of it, nor of its sum. */
static void excess_is_ignored(void **state)
{
	uint8_t packet[100];
	uint32_t len = packet_udp(packet, FAR_IP, REMOTE_PORT, OUR_IP, LOCAL_PORT, data, 5);

	(void)state;
	memset(packet + len, 0x77, 20);
	stage_rx(&stage, frame, frame_ipv4(frame, FAR_IP, OUR_IP, 17, packet, len + 20));
	assert_int_equal(datagrams, 1);
	assert_int_equal(datagram_len, 5);
}

/* [UDP-02] */
static void only_the_peer_is_heard(void **state)
{
	(void)state;
	stage_rx(&stage, frame,
		 frame_udp(frame, FAR_IP + 1, REMOTE_PORT, OUR_IP, LOCAL_PORT, data, 5));
	stage_rx(&stage, frame,
		 frame_udp(frame, FAR_IP, REMOTE_PORT + 1, OUR_IP, LOCAL_PORT, data, 5));
	assert_int_equal(datagrams, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
	sock.peer_ip = 0;
	sock.peer_port = 0;
	stage_rx(&stage, frame,
		 frame_udp(frame, FAR_IP + 1, REMOTE_PORT + 1, OUR_IP, LOCAL_PORT, data, 5));
	assert_int_equal(datagrams, 1);
}

/* A socket for any port gets what is nobody else's, and knows which port that was. */
static void any_port_is_heard_where_nobody_listens(void **state)
{
	struct udp_socket any = { .any = true, .rx = sock_rx, .ctx = &sock };

	(void)state;
	udp_open(&stage.net, &any);
	stage_rx(&stage, frame, from_peer(5));
	assert_int_equal(datagrams, 1);
	assert_int_equal(any.port, 0); /* it was the other's */
	stage_rx(&stage, frame, frame_udp(frame, PEER_IP, 7, OUR_IP, 2069, data, 3));
	assert_int_equal(datagrams, 2);
	assert_int_equal(any.port, 2069);
	assert_int_equal(datagram_src_port, 7);

	struct udp_socket random = { .peer_ip = FAR_IP, .peer_port = 1, .rx = sock_rx };
	udp_open(&stage.net, &random); /* which ends, since ports of `any` are free */
	assert_in_range(random.port, 49152, 65535);
	udp_close(&stage.net, &random);
	udp_close(&stage.net, &any);
	stage_rx(&stage, frame, frame_udp(frame, PEER_IP, 7, OUR_IP, 2069, data, 3));
	assert_int_equal(datagrams, 2);
}

static void a_closed_socket_hears_nothing(void **state)
{
	(void)state;
	udp_close(&stage.net, &sock);
	assert_false(sock.open);
	udp_close(&stage.net, &sock);
	stage_rx(&stage, frame, from_peer(5));
	assert_int_equal(datagrams, 0);
}

static void a_datagram_longer_than_any_client_wants_is_counted(void **state)
{
	(void)state;
	stage_rx(&stage, frame, from_peer(UDP_DATA_MAX));
	assert_int_equal(datagrams, 1);
	stage_rx(&stage, frame, from_peer(UDP_DATA_MAX + 1));
	stage_rx(&stage, frame, from_peer(65507));
	assert_int_equal(datagrams, 1);
	assert_int_equal(stage.net.count.no_room, 2);
	stage_rx(&stage, frame, frame_udp(frame, FAR_IP, REMOTE_PORT, OUR_IP, 4, data, 65507));
	assert_int_equal(stage.net.count.no_room, 2);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [SUM-04] */
static void a_checksum_of_0_means_that_there_is_none(void **state)
{
	uint32_t len = from_peer(5);

	(void)state;
	put_be16(frame + 40, 0);
	frame[44] ^= 0xff;
	stage_rx(&stage, frame, len);
	assert_int_equal(datagrams, 1);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [SUM-04]: data that sums to nothing has the field FFFF. */
static void a_checksum_of_ffff_is_right(void **state)
{
	uint16_t rest;
	uint32_t len;

	(void)state;
	memset(data, 0, 2);
	from_peer(2);
	rest = get_be16(frame + 40); /* the complement of all the others */
	put_be16(data, rest);
	len = from_peer(2);
	assert_int_equal(get_be16(frame + 40), 0xffff);
	stage_rx(&stage, frame, len);
	assert_int_equal(datagrams, 1);
	frame[42] ^= 1;
	stage_rx(&stage, frame, len);
	assert_int_equal(stage.net.count.bad_udp, 1);
}

/* [SUM-07]: every byte of header and data, the addresses too. */
static void a_wrong_checksum_is_counted(void **state)
{
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < 8 + 9; i++) {
		len = from_peer(9);
		frame[34 + i] ^= 4;
		if (i >= 8 || i == 6 || i == 7) { /* the others find no socket, or no end */
			stage_rx(&stage, frame, len);
			assert_int_equal(datagrams, 0);
		}
	}
	assert_int_equal(stage.net.count.bad_udp, 11);
	len = packet_udp(frame + 34, FAR_IP, REMOTE_PORT, OUR_IP + 1, LOCAL_PORT, data, 9);
	stage_rx(&stage, frame, frame_ipv4(frame, FAR_IP, OUR_IP, 17, frame + 34, len));
	assert_int_equal(stage.net.count.bad_udp, 12);
	assert_int_equal(datagrams, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [SUM-07]: which verdicts spare the checksum, on a datagram whose checksum is wrong. */
static void a_checksum_is_spared_only_where_the_device_speaks_of_this_field(void **state)
{
	static const struct {
		enum csum_verdict csum;
		uint16_t start, offset;
		uint32_t taken, vouched, partial;
	} cases[] = {
		{ CSUM_CHECK, 0, 0, 0, 0, 0 },    { CSUM_CHECK, 34, 6, 0, 0, 0 },
		{ CSUM_BAD, 34, 6, 0, 0, 0 },     { CSUM_VOUCHED, 0, 0, 1, 1, 0 },
		{ CSUM_PARTIAL, 34, 6, 1, 0, 1 }, { CSUM_PARTIAL, 34, 16, 0, 0, 0 },
		{ CSUM_PARTIAL, 33, 7, 0, 0, 0 }, { CSUM_PARTIAL, 35, 5, 0, 0, 0 },
		{ CSUM_PARTIAL, 38, 2, 0, 0, 0 }, { CSUM_PARTIAL, 14, 10, 0, 0, 0 },
		{ CSUM_PARTIAL, 0, 40, 0, 0, 0 }, { CSUM_PARTIAL, 0, 0, 0, 0, 0 },
	};
	uint32_t len = from_peer(9);

	(void)state;
	frame[45] ^= 4;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		datagrams = 0;
		memset(datagram, 0, sizeof(datagram));
		memset(stage.net.udp.data, 0, sizeof(stage.net.udp.data));
		memset(&stage.net.count, 0, sizeof(stage.net.count));
		stage_rx_marked(&stage, frame, len, cases[i].csum, cases[i].start, cases[i].offset);
		assert_int_equal(datagrams, cases[i].taken);
		if (cases[i].taken)
			assert_memory_equal(datagram, frame + 42, 9);
		assert_int_equal(stage.net.count.vouched, cases[i].vouched);
		assert_int_equal(stage.net.count.partial, cases[i].partial);
		assert_int_equal(stage.net.count.bad_udp,
				 !cases[i].taken && cases[i].csum != CSUM_BAD);
	}
}

/* [SUM-07]: behind a priority tag and IP options the field lies elsewhere. */
static void the_place_of_the_field_is_computed_per_packet(void **state)
{
	uint8_t packet[200] = { 0 };
	uint32_t len = packet_udp(packet + 28, FAR_IP, REMOTE_PORT, OUR_IP, LOCAL_PORT, data, 9);

	(void)state;
	packet_ipv4(packet, FAR_IP, OUR_IP, 17, packet + 20, 8 + len);
	packet[0] = 0x47;
	packet_ipv4_seal(packet);
	packet[40] ^= 4;
	len = packet_eth(frame, our_mac, peer_mac, 0x0800, packet, 28 + len);
	stage_rx_marked(&stage, frame, len, CSUM_PARTIAL, 34, 6);
	assert_int_equal(datagrams, 0);
	stage_rx_marked(&stage, frame, len, CSUM_PARTIAL, 42, 6);
	assert_int_equal(datagrams, 1);
	memmove(frame + 16, frame + 12, len - 12);
	put_be16(frame + 12, 0x8100);
	put_be16(frame + 14, 0);
	stage_rx_marked(&stage, frame, len + 4, CSUM_PARTIAL, 42, 6);
	assert_int_equal(datagrams, 1);
	stage_rx_marked(&stage, frame, len + 4, CSUM_PARTIAL, 46, 6);
	assert_int_equal(datagrams, 2);
}

/* What stood in the field tells the device's fault from the wire's. */
static void failures_are_counted_by_what_the_field_held(void **state)
{
	const struct net_breach *b = &stage.net.breach[3];
	struct fake_frame *f;
	uint32_t len;

	(void)state;
	len = from_peer(9);
	put_be16(frame + 40, packet_sum(packet_pseudo(FAR_IP, OUR_IP, 17, 17), frame, 0));
	f = fake_nic_receive(&stage.fake, frame, len);
	f->breach = 3;
	put_be16(frame + 40, 0x1234);
	f = fake_nic_receive(&stage.fake, frame, len);
	f->breach = 3;
	fake_nic_receive(&stage.fake, frame, len);
	stage_pass(&stage, 1);
	assert_int_equal(b->zero, 0);
	assert_int_equal(b->pseudo, 1);
	assert_int_equal(b->wrong, 1);
	assert_int_equal(stage.net.breach[0].wrong, 1);
	assert_int_equal(stage.net.count.bad_udp, 3);
}

/* [SEC-01] */
static void no_prefix_of_a_packet_is_a_datagram(void **state)
{
	uint32_t whole = from_peer(100);

	(void)state;
	for (uint32_t len = 0; len < whole; len++)
		stage_rx(&stage, frame, len);
	assert_int_equal(datagrams, 0);
}

/* [SEC-01]: also where nobody looks at the checksum. */
static void any_header_byte_may_be_wrong(void **state)
{
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < 28; i++)
		for (uint32_t flip = 1; flip < 256; flip++) {
			len = from_peer(20);
			frame[14 + i] ^= (uint8_t)flip;
			if ((frame[14] & 15) * 4u <= len - 14)
				packet_ipv4_seal(frame + 14);
			stage_rx_marked(&stage, frame, len, CSUM_VOUCHED, 0, 0);
		}
	assert_true(datagrams > 0);
	assert_true(stage.net.count.bad_udp > 0);
}

/* --- out ------------------------------------------------------------------------------------- */

static int send_bytes(uint32_t len)
{
	return udp_send(&stage.net, &sock, FAR_IP, REMOTE_PORT, (struct span){ data, len });
}

static void a_datagram_of_ours_has_a_right_checksum(void **state)
{
	uint32_t len, pseudo;

	(void)state;
	for (uint32_t n = 0; n <= 1472; n++) {
		assert_int_equal(send_bytes(n), 0);
		len = stage_tx(&stage, sent);
		assert_int_equal(len, n < 18 ? 60 : 42 + n);
		assert_int_equal(get_be16(sent + 34), LOCAL_PORT);
		assert_int_equal(get_be16(sent + 36), REMOTE_PORT);
		assert_int_equal(get_be16(sent + 38), 8 + n);
		assert_memory_equal(sent + 42, data, n);
		pseudo = packet_pseudo(OUR_IP, FAR_IP, 17, 8 + n);
		assert_int_equal(packet_sum(pseudo, sent + 34, 8 + n), 0xffff);
	}
}

/* [SUM-04] */
static void a_computed_0_goes_out_as_ffff(void **state)
{
	(void)state;
	memset(data, 0, 2);
	assert_int_equal(send_bytes(2), 0);
	stage_tx(&stage, sent);
	put_be16(data, get_be16(sent + 40));
	assert_int_equal(send_bytes(2), 0);
	stage_tx(&stage, sent);
	assert_int_equal(get_be16(sent + 40), 0xffff);
}

/* [UDP-05] */
static void what_exceeds_the_mtu_is_not_sent(void **state)
{
	(void)state;
	assert_int_equal(send_bytes(1473), ERR_NO_SPACE);
	stage.net.mtu = 576;
	assert_int_equal(send_bytes(549), ERR_NO_SPACE);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(send_bytes(548), 0);
	assert_int_equal(stage_tx_count(&stage), 1);
}

static void no_buffer_and_no_route_are_told(void **state)
{
	(void)state;
	stage.fake.tx_buffers = 0;
	assert_int_equal(send_bytes(1), ERR_AGAIN);
	stage.fake.tx_buffers = 4;
	stage.net.gateway = 0;
	assert_int_equal(send_bytes(1), ERR_UNREACHABLE);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [UDP-03] */
static void random_ports_are_dynamic_ones_and_differ(void **state)
{
	struct udp_socket many[64];
	uint32_t equal = 0;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = (struct udp_socket){ .rx = sock_rx };
		udp_open(&stage.net, &many[i]);
		udp_close(&stage.net, &many[i]);
		assert_in_range(many[i].port, 49152, 65535);
		for (uint32_t j = 0; j < i; j++)
			equal += many[i].port == many[j].port;
	}
	assert_in_range(equal, 0, 3);
}

/* [UDP-03]: the generator gives the same port again, but it is taken. */
static void a_random_port_is_a_free_one(void **state)
{
	struct udp_socket a = { .rx = sock_rx }, b = { .rx = sock_rx };

	(void)state;
	hosted_random_seed(7);
	udp_open(&stage.net, &a);
	hosted_random_seed(7);
	udp_open(&stage.net, &b);
	assert_int_not_equal(a.port, b.port);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, configured, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_datagram_reaches_its_socket_whole),
		TEST(an_empty_datagram_is_delivered),
		TEST(a_length_that_is_no_length_is_counted),
		TEST(excess_is_ignored),
		TEST(only_the_peer_is_heard),
		TEST(any_port_is_heard_where_nobody_listens),
		TEST(a_closed_socket_hears_nothing),
		TEST(a_datagram_longer_than_any_client_wants_is_counted),
		TEST(a_checksum_of_0_means_that_there_is_none),
		TEST(a_checksum_of_ffff_is_right),
		TEST(a_wrong_checksum_is_counted),
		TEST(a_checksum_is_spared_only_where_the_device_speaks_of_this_field),
		TEST(the_place_of_the_field_is_computed_per_packet),
		TEST(failures_are_counted_by_what_the_field_held),
		TEST(no_prefix_of_a_packet_is_a_datagram),
		TEST(any_header_byte_may_be_wrong),
		TEST(a_datagram_of_ours_has_a_right_checksum),
		TEST(a_computed_0_goes_out_as_ffff),
		TEST(what_exceeds_the_mtu_is_not_sent),
		TEST(no_buffer_and_no_route_are_told),
		TEST(random_ports_are_dynamic_ones_and_differ),
		TEST(a_random_port_is_a_free_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
