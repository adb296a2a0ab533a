/* SPDX-License-Identifier: BSD-2-Clause */
/* net/icmp.c: echo, errors that quote us, errors that only pretend to, and our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/packets.h"

#include <cmocka.h>

#define LOCAL_PORT 50000
#define REMOTE_PORT 53

static struct stage stage;
static struct udp_socket sock;
static uint32_t told;
static const char question[] = "a question, of 25 bytes.";
static uint8_t frame[FAKE_NIC_FRAME_MAX], sent[FAKE_NIC_FRAME_MAX];

/* The packet that an error quotes: ours, of protocol UDP or TCP, with 8 bytes of its payload. */
struct quote {
	uint8_t proto;
	uint32_t src, dst;
	uint16_t src_port, dst_port;
	uint32_t third; /* TCP: the sequence number; UDP: length and checksum */
};

/* Of what the socket has sent; its third word is known then. */
static struct quote udp_quote = { 17, OUR_IP, FAR_IP, LOCAL_PORT, REMOTE_PORT, 0 };

static void sock_rx(void *ctx, uint32_t src, uint16_t src_port, struct span data)
{
	(void)ctx;
	(void)src;
	(void)src_port;
	(void)data;
}

static void sock_unreachable(void *ctx)
{
	(void)ctx;
	told++;
}

static int configured(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	told = 0;
	sock = (struct udp_socket){
		.port = LOCAL_PORT,
		.peer_ip = FAR_IP,
		.peer_port = REMOTE_PORT,
		.rx = sock_rx,
		.unreachable = sock_unreachable,
	};
	udp_open(&stage.net, &sock);
	assert_int_equal(udp_send(&stage.net, &sock, FAR_IP, REMOTE_PORT,
				  (struct span){ (const uint8_t *)question, sizeof(question) }),
			 0);
	udp_quote.third = get_be32(stage.fake.sent_first->bytes + 38);
	fake_nic_forget_sent(&stage.fake);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static uint32_t icmp_frame(uint32_t src, uint8_t type, uint8_t code, uint32_t word,
			   const void *payload, uint32_t len)
{
	len = packet_icmp(frame + 34, type, code, word, payload, len);
	return frame_ipv4(frame, src, OUR_IP, 1, frame + 34, len);
}

static uint32_t error_frame(uint8_t type, uint8_t code, uint32_t word, const struct quote *q)
{
	uint8_t packet[28], l4[8];

	put_be16(l4, q->src_port);
	put_be16(l4 + 2, q->dst_port);
	put_be32(l4 + 4, q->third);
	packet_ipv4(packet, q->src, q->dst, q->proto, l4, sizeof(l4));
	return icmp_frame(PEER_IP, type, code, word, packet, sizeof(packet));
}

static const char *soft_text(void)
{
	static char buf[100];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	icmp_soft_text(&stage.net, &t);
	return buf;
}

/* --- echo ------------------------------------------------------------------------------------ */

/* [ICMP-01] */
static void echo_returns_id_sequence_and_data(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 2, 3, 17, 18, 56, 1471, 1472 };
	uint32_t n, len;
	uint8_t data[1472];

	(void)state;
	for (uint32_t j = 0; j < sizeof(data); j++)
		data[j] = (uint8_t)(j * 7 + 1);
	for (uint32_t i = 0; i < ARRAY_LEN(sizes); i++) {
		n = sizes[i];
		stage_rx(&stage, frame, icmp_frame(FAR_IP, 8, 0, 0xabcd0102, data, n));
		len = stage_tx(&stage, sent);
		assert_int_equal(len, 14 + 28 + n < 60 ? 60 : 14 + 28 + n);
		assert_int_equal(get_be16(sent + 16), 28 + n);
		assert_int_equal(get_be32(sent + 26), OUR_IP);
		assert_int_equal(get_be32(sent + 30), FAR_IP);
		assert_int_equal(get_be16(sent + 34), 0);
		assert_int_equal(get_be32(sent + 38), 0xabcd0102);
		assert_memory_equal(sent + 42, data, n);
		assert_int_equal(packet_sum(0, sent + 34, 8 + n), 0xffff);
	}
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [ICMP-01] */
static void an_echo_that_does_not_fit_our_mtu_is_not_answered(void **state)
{
	static const uint8_t data[1000];

	(void)state;
	stage.net.mtu = 600;
	stage_rx(&stage, frame, icmp_frame(PEER_IP, 8, 0, 1, data, 573));
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(stage.net.count.no_room, 1);
	stage_rx(&stage, frame, icmp_frame(PEER_IP, 8, 0, 1, data, 572));
	assert_int_equal(stage_tx(&stage, sent), 614);
}

/* [SUM-06]: the device's word is for TCP and UDP at most. */
static void a_wrong_checksum_is_seen_whatever_the_device_says(void **state)
{
	static const enum csum_verdict verdicts[] = { CSUM_CHECK, CSUM_VOUCHED, CSUM_PARTIAL };
	uint32_t len, n = 0;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(verdicts); i++)
		for (uint32_t at = 34; at < 34 + 8 + 9; at++) {
			len = icmp_frame(PEER_IP, 8, 0, 1, "ninebytes", 9);
			frame[at] ^= at == 34 ? 0 : 0x10;
			frame[at + 1] ^= at == 34 ? 0x10 : 0;
			stage_rx_marked(&stage, frame, len, verdicts[i], 34, 2);
			assert_int_equal(stage.net.count.bad_ip, ++n);
		}
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [SUM-06] */
static void a_checksum_of_0_is_a_value_like_others(void **state)
{
	uint8_t data[2];
	uint32_t len;

	(void)state;
	put_be16(data, (uint16_t)(0xffff - 0x0800 - 0x1234 - 0x0001));
	len = icmp_frame(PEER_IP, 8, 0, 0x12340001, data, 2);
	assert_int_equal(get_be16(frame + 36), 0);
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 1);
	len = icmp_frame(PEER_IP, 8, 0, 0x12340001, "xy", 2);
	put_be16(frame + 36, 0);
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ICMP-02] */
static void an_echo_to_everybody_is_not_answered(void **state)
{
	uint32_t len;

	(void)state;
	len = packet_icmp(frame + 34, 8, 0, 1, "x", 1);
	len = frame_ipv4(frame, PEER_IP, 0x0a0002ff, 1, frame + 34, len);
	stage_rx(&stage, frame, len);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	len = icmp_frame(PEER_IP, 8, 0, 1, "x", 1);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ICMP-08] [IP4-14] [ICMP-06]: and no error answers them. */
static void all_other_types_are_ignored(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 256; type++)
		if (type != 8)
			stage_rx(&stage, frame,
				 error_frame((uint8_t)type, 9, PEER_IP + 1, &udp_quote));
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(told, 0);
	assert_int_equal(stage.net.gateway, PEER_IP);
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), PEER_IP);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* --- errors from others ---------------------------------------------------------------------- */

/* [ICMP-04] */
static void port_and_protocol_unreachable_reach_the_socket_s_owner(void **state)
{
	(void)state;
	stage_rx(&stage, frame, error_frame(3, 3, 0, &udp_quote));
	assert_int_equal(told, 1);
	stage_rx(&stage, frame, error_frame(3, 2, 0, &udp_quote));
	assert_int_equal(told, 2);
	assert_string_equal(soft_text(), "");
	sock.unreachable = NULL;
	stage_rx(&stage, frame, error_frame(3, 3, 0, &udp_quote));
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ICMP-05] */
static void other_errors_are_remembered_and_change_nothing(void **state)
{
	static const struct {
		uint8_t type, code;
		const char *text;
	} soft[] = {
		{ 3, 0, "; 10.0.2.2 says: network unreachable" },
		{ 3, 1, "; 10.0.2.2 says: host unreachable" },
		{ 3, 13, "; 10.0.2.2 says: prohibited by a filter" },
		{ 3, 200, "; 10.0.2.2 says: destination unreachable" },
		{ 11, 0, "; 10.0.2.2 says: time to live exceeded" },
		{ 12, 0, "; 10.0.2.2 says: parameter problem" },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(soft); i++) {
		stage_rx(&stage, frame, error_frame(soft[i].type, soft[i].code, 0, &udp_quote));
		assert_string_equal(soft_text(), soft[i].text);
	}
	assert_int_equal(told, 0);
	assert_true(sock.open);
}

/*
 * [ICMP-03] RFC 5927 4.1: whoever does not know addresses, ports, length and checksum is not
 * believed. Of all these a stranger knows everything but our port and the checksum.
 */
static void quotes_of_what_we_did_not_send_are_ignored(void **state)
{
	const uint32_t third = udp_quote.third;
	const struct quote forged[] = {
		{ 17, OUR_IP + 1, FAR_IP, LOCAL_PORT, REMOTE_PORT, third },
		{ 17, FAR_IP, OUR_IP, REMOTE_PORT, LOCAL_PORT, third },
		{ 17, OUR_IP, FAR_IP + 1, LOCAL_PORT, REMOTE_PORT, third },
		{ 17, OUR_IP, FAR_IP, LOCAL_PORT + 1, REMOTE_PORT, third },
		{ 17, OUR_IP, FAR_IP, LOCAL_PORT, REMOTE_PORT + 1, third },
		{ 17, OUR_IP, FAR_IP, LOCAL_PORT, REMOTE_PORT, third ^ 1 },
		{ 17, OUR_IP, FAR_IP, LOCAL_PORT, REMOTE_PORT, third ^ 0x10000 },
		{ 17, OUR_IP, FAR_IP, LOCAL_PORT, REMOTE_PORT, 0 },
		{ 6, OUR_IP, FAR_IP, LOCAL_PORT, REMOTE_PORT, third },
		{ 1, OUR_IP, FAR_IP, LOCAL_PORT, REMOTE_PORT, third },
		{ 17, OUR_IP, 0, 0, 0, 0 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(forged); i++) {
		stage_rx(&stage, frame, error_frame(3, 3, 0, &forged[i]));
		stage_rx(&stage, frame, error_frame(3, 1, 0, &forged[i]));
	}
	assert_int_equal(told, 0);
	assert_string_equal(soft_text(), "");
}

/*
 * A gateway that answers for a server (passt) may quote a header of its own making, and the data
 * as they were; then these show that it has seen the datagram.
 */
static void a_quote_may_prove_itself_by_its_data(void **state)
{
	uint8_t packet[20 + 8 + 8];

	(void)state;
	for (uint32_t i = 0; i <= 4; i++) {
		put_be16(packet + 20, LOCAL_PORT);
		put_be16(packet + 22, REMOTE_PORT);
		put_be32(packet + 24, 0x00100000);
		memcpy(packet + 28, question, 8);
		packet[28 + i] ^= i < 4;
		packet_ipv4(packet, OUR_IP, FAR_IP, 17, packet + 20, 16);
		for (uint32_t len = 28; len <= sizeof(packet); len++)
			stage_rx(&stage, frame, icmp_frame(PEER_IP, 3, 3, 0, packet, len));
		assert_int_equal(told, i < 4 ? 0 : 5);
	}
}

/* [ICMP-03]: of an exchange that is over, or has not begun, nothing is believed. */
static void a_quote_without_an_exchange_is_ignored(void **state)
{
	(void)state;
	udp_close(&stage.net, &sock);
	stage_rx(&stage, frame, error_frame(3, 3, 0, &udp_quote));
	memset(sock.sent, 0, sizeof(sock.sent));
	udp_open(&stage.net, &sock);
	stage_rx(&stage, frame, error_frame(3, 3, 0, &udp_quote));
	assert_int_equal(told, 0);
}

/* [ICMP-03] [SEC-07] */
static void a_quote_of_a_later_fragment_has_no_ports(void **state)
{
	uint32_t len = error_frame(3, 3, 0, &udp_quote);

	(void)state;
	put_be16(frame + 42 + 6, 0x2001);
	packet_icmp(frame + 34, 3, 3, 0, frame + 42, 28);
	stage_rx(&stage, frame, len);
	assert_int_equal(told, 0);
	error_frame(3, 3, 0, &udp_quote);
	put_be16(frame + 42 + 6, 0x2000);
	packet_icmp(frame + 34, 3, 3, 0, frame + 42, 28);
	stage_rx(&stage, frame, len);
	assert_int_equal(told, 1);
}

/* [SEC-07]: options in the quote, and in the packet around it. */
static void a_quote_may_have_options_and_be_long(void **state)
{
	uint8_t packet[60 + 1000] = { 0 };

	(void)state;
	packet_ipv4(packet, OUR_IP, FAR_IP, 17, packet + 20, 0);
	packet[0] = 0x4f;
	put_be16(packet + 60, LOCAL_PORT);
	put_be16(packet + 62, REMOTE_PORT);
	put_be32(packet + 64, udp_quote.third);
	for (uint32_t len = 0; len < 68; len++)
		stage_rx(&stage, frame, icmp_frame(PEER_IP, 3, 3, 0, packet, len));
	assert_int_equal(told, 0);
	for (uint32_t len = 68; len <= sizeof(packet); len++)
		stage_rx(&stage, frame, icmp_frame(PEER_IP, 3, 3, 0, packet, len));
	assert_int_equal(told, sizeof(packet) - 67);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [SEC-07] */
static void a_quote_cut_short_or_bent_is_ignored(void **state)
{
	uint32_t len;

	(void)state;
	for (uint32_t n = 0; n < 28; n++) {
		error_frame(3, 3, 0, &udp_quote);
		len = packet_icmp(frame + 34, 3, 3, 0, frame + 42, n);
		stage_rx(&stage, frame, frame_ipv4(frame, PEER_IP, OUR_IP, 1, frame + 34, len));
	}
	for (uint32_t ihl = 0; ihl < 256; ihl++) {
		if (ihl == 0x45)
			continue;
		len = error_frame(3, 3, 0, &udp_quote);
		frame[42] = (uint8_t)ihl;
		packet_icmp(frame + 34, 3, 3, 0, frame + 42, 28);
		stage_rx(&stage, frame, len);
	}
	assert_int_equal(told, 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [SUM-06] */
static void an_error_with_a_wrong_checksum_is_counted(void **state)
{
	uint32_t len = error_frame(3, 3, 0, &udp_quote);

	(void)state;
	frame[34 + 8 + 27] ^= 1;
	stage_rx_marked(&stage, frame, len, CSUM_VOUCHED, 0, 0);
	assert_int_equal(told, 0);
	assert_int_equal(stage.net.count.bad_ip, 1);
}

static void a_message_shorter_than_its_header_is_counted(void **state)
{
	(void)state;
	for (uint32_t len = 0; len < 8; len++)
		stage_rx(&stage, frame,
			 frame_ipv4(frame, PEER_IP, OUR_IP, 1, "\10\0\367\377\0\0\0\0", len));
	assert_int_equal(stage.net.count.bad_ip, 8);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [SEC-07] */
static void any_byte_may_be_wrong(void **state)
{
	uint32_t len;

	(void)state;
	for (uint32_t i = 0; i < 36; i++)
		for (uint32_t flip = 1; flip < 256; flip++) {
			len = error_frame(3, 3, 0, &udp_quote);
			frame[34 + i] ^= (uint8_t)flip;
			put_be16(frame + 36, 0);
			put_be16(frame + 36, (uint16_t)~packet_sum(0, frame + 34, 36));
			stage_rx(&stage, frame, len);
		}
	assert_true(told > 0);
}

/* --- errors about TCP ------------------------------------------------------------------------ */

static struct tcp_conn *connecting(struct quote *q)
{
	static const struct tcp_user user;
	struct tcp_conn *c = tcp_open(&stage.net, FAR_IP, 80, &user);

	assert_non_null(c);
	stage_pass(&stage, 1);
	assert_true(stage_tx(&stage, sent) >= 54);
	*q = (struct quote){ 6, OUR_IP, FAR_IP, get_be16(sent + 34), 80, get_be32(sent + 38) };
	return c;
}

/* [ICMP-04] */
static void port_unreachable_ends_a_connection_attempt(void **state)
{
	struct quote q;
	struct tcp_conn *c = connecting(&q);

	(void)state;
	stage_rx(&stage, frame, error_frame(3, 3, 0, &q));
	assert_int_equal(c->state, TCP_CLOSED);
	assert_int_equal(c->error, ERR_REFUSED);
}

/* [ICMP-05] */
static void host_unreachable_is_only_remembered(void **state)
{
	struct quote q;
	struct tcp_conn *c = connecting(&q);

	(void)state;
	stage_rx(&stage, frame, error_frame(3, 1, 0, &q));
	assert_int_equal(c->state, TCP_SYN_SENT);
	assert_string_equal(soft_text(), "; 10.0.2.2 says: host unreachable");
}

/* [ICMP-03] */
static void a_sequence_number_that_is_not_in_flight_is_forged(void **state)
{
	struct quote q;
	struct tcp_conn *c = connecting(&q);

	(void)state;
	q.third += 1000000;
	stage_rx(&stage, frame, error_frame(3, 3, 0, &q));
	stage_rx(&stage, frame, error_frame(3, 1, 0, &q));
	assert_int_equal(c->state, TCP_SYN_SENT);
	assert_string_equal(soft_text(), "");
}

/* [IP4-10]: the MTU of the next hop, for the connection that is quoted and for no other. */
static void fragmentation_needed_makes_segments_smaller(void **state)
{
	struct quote q, forged;
	struct tcp_conn *c = connecting(&q);

	(void)state;
	c->snd_mss = 1460;
	forged = q;
	forged.third += 1000000;
	stage_rx(&stage, frame, error_frame(3, 4, 1000, &forged));
	stage_rx(&stage, frame, error_frame(3, 4, 1000, &udp_quote));
	stage_rx(&stage, frame, error_frame(11, 4, 1000, &q));
	assert_int_equal(c->snd_mss, 1460);
	assert_int_equal(c->state, TCP_SYN_SENT);
	stage_rx(&stage, frame, error_frame(3, 4, 1000, &q));
	assert_int_equal(c->snd_mss, 960);
}

/* --- our own errors -------------------------------------------------------------------------- */

/* [ICMP-07] */
static void a_datagram_to_a_closed_port_is_answered_with_its_header(void **state)
{
	uint8_t quote[28];

	(void)state;
	stage_rx(&stage, frame, frame_udp(frame, FAR_IP, 53, OUR_IP, 4000, "late", 4));
	memcpy(quote, frame + 14, sizeof(quote));
	assert_int_equal(stage_tx(&stage, sent), 14 + 20 + 8 + 28);
	assert_int_equal(get_be32(sent + 30), FAR_IP);
	assert_int_equal(sent[23], 1);
	assert_int_equal(get_be16(sent + 34), 0x0303);
	assert_int_equal(get_be32(sent + 38), 0);
	assert_memory_equal(sent + 42, quote, sizeof(quote));
	assert_int_equal(packet_sum(0, sent + 34, 36), 0xffff);
}

/* [ICMP-07] */
static void at_most_four_such_answers_a_second(void **state)
{
	uint32_t len = frame_udp(frame, FAR_IP, 53, OUR_IP, 4000, "late", 4);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 4);
	stage_pass(&stage, 999);
	stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 0);
	stage_pass(&stage, 1);
	for (uint32_t i = 0; i < 1000; i++)
		stage_rx(&stage, frame, len);
	assert_int_equal(stage_tx_count(&stage), 4);
}

static void without_a_buffer_there_is_no_such_answer(void **state)
{
	(void)state;
	stage.fake.tx_buffers = 0;
	stage_rx(&stage, frame, frame_udp(frame, FAR_IP, 53, OUR_IP, 4000, "late", 4));
	assert_int_equal(stage.net.count.no_room, 1);
}

/* [ICMP-06] */
static void nothing_broken_or_for_everybody_is_answered(void **state)
{
	uint32_t len;

	(void)state;
	len = frame_udp(frame, FAR_IP, 53, OUR_IP, 4000, "late", 4);
	frame[45] ^= 1; /* checksum */
	stage_rx(&stage, frame, len);
	len = frame_udp(frame, PEER_IP, 53, 0x0a0002ff, 4000, "late", 4);
	stage_rx(&stage, frame, len);
	len = frame_udp(frame, PEER_IP, 53, OUR_IP, 4000, "late", 4);
	memcpy(frame, all_macs, 6);
	stage_rx(&stage, frame, len);
	stage_rx(&stage, frame, frame_udp(frame, 0, 53, OUR_IP, 4000, "late", 4));
	stage_rx(&stage, frame,
		 error_frame(3, 3, 0, &(struct quote){ 17, OUR_IP, FAR_IP, 4000, 53, 0 }));
	assert_int_equal(stage_tx_count(&stage), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, configured, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(echo_returns_id_sequence_and_data),
		TEST(an_echo_that_does_not_fit_our_mtu_is_not_answered),
		TEST(a_wrong_checksum_is_seen_whatever_the_device_says),
		TEST(a_checksum_of_0_is_a_value_like_others),
		TEST(an_echo_to_everybody_is_not_answered),
		TEST(all_other_types_are_ignored),
		TEST(port_and_protocol_unreachable_reach_the_socket_s_owner),
		TEST(other_errors_are_remembered_and_change_nothing),
		TEST(quotes_of_what_we_did_not_send_are_ignored),
		TEST(a_quote_may_prove_itself_by_its_data),
		TEST(a_quote_without_an_exchange_is_ignored),
		TEST(a_quote_of_a_later_fragment_has_no_ports),
		TEST(a_quote_may_have_options_and_be_long),
		TEST(a_quote_cut_short_or_bent_is_ignored),
		TEST(an_error_with_a_wrong_checksum_is_counted),
		TEST(a_message_shorter_than_its_header_is_counted),
		TEST(any_byte_may_be_wrong),
		TEST(port_unreachable_ends_a_connection_attempt),
		TEST(host_unreachable_is_only_remembered),
		TEST(a_sequence_number_that_is_not_in_flight_is_forged),
		TEST(fragmentation_needed_makes_segments_smaller),
		TEST(a_datagram_to_a_closed_port_is_answered_with_its_header),
		TEST(at_most_four_such_answers_a_second),
		TEST(without_a_buffer_there_is_no_such_answer),
		TEST(nothing_broken_or_for_everybody_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
