/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of net/tftp*.c have in common: a transfer on the stage, what it sent last, and a
 * server that says what a test wants. What the user is given is held against the pattern. Included
 * by each of them once.
 */
#ifndef TESTS_UNIT_TFTP_LAB_H
#define TESTS_UNIT_TFTP_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"
#include "core/wire.h"
#include "net/tftp.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

#include <cmocka.h>

#define SERVER_IP PEER_IP
#define TID 4711 /* the server's */

static struct stage stage;
static struct tftp t;
static uint8_t frame[FAKE_NIC_FRAME_MAX], sent[FAKE_NIC_FRAME_MAX];
/* What was sent last: its datagram, whom it went to, from which port of ours. */
static const uint8_t *said = sent + 42;
static uint32_t said_len;
static uint16_t said_to, our_port;
/* What the user was told. */
static uint64_t begun_with;
static uint32_t begins;
static uint64_t got;
static int refuse_begin, refuse_data; /* errors that the user answers with */

static inline int sink_begin(void *ctx, uint64_t size)
{
	assert_ptr_equal(ctx, &begins);
	assert_int_equal(got, 0);
	begins++;
	begun_with = size;
	return refuse_begin;
}

static inline int sink_data(void *ctx, uint64_t off, struct span bytes)
{
	assert_ptr_equal(ctx, &begins);
	assert_int_equal(begins, 1);
	assert_true(off == got && bytes.len > 0);
	assert_true(pattern_is(bytes.at, off, bytes.len));
	if (!refuse_data)
		got += bytes.len;
	return refuse_data;
}

static inline int with_a_server(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	memset(&t, 0, sizeof(t));
	begins = 0;
	begun_with = got = 0;
	refuse_begin = refuse_data = 0;
	return 0;
}

static inline int gone(void **state)
{
	(void)state;
	tftp_close(&t);
	for (uint32_t i = 0; i < UDP_SOCKETS_MAX; i++)
		assert_null(stage.net.udp.sockets[i]);
	stage_close(&stage);
	return 0;
}

/* --- what we send ---------------------------------------------------------------------------- */

/* The next frame that was sent and is none of ARP's; 0: there is none. */
static inline uint32_t next_sent(void)
{
	uint32_t len;

	do
		len = stage_tx(&stage, sent);
	while (len && get_be16(sent + 12) == 0x0806);
	return len;
}

static inline uint32_t count_sent(void)
{
	uint32_t n = 0;

	while (next_sent())
		n++;
	return n;
}

/* Takes the next packet that was sent. */
static inline void take(void)
{
	assert_true(next_sent() >= 42 + 4);
	assert_int_equal(sent[23], 17);
	assert_int_equal(get_be32(sent + 30), SERVER_IP);
	our_port = get_be16(sent + 34);
	said_to = get_be16(sent + 36);
	said_len = get_be16(sent + 38) - 8u;
}

static inline void expect_silence(void)
{
	assert_int_equal(count_sent(), 0);
}

static inline void expect_request(const char *rest, uint32_t len)
{
	take();
	assert_int_equal(said_to, 69);
	assert_int_equal(get_be16(said), 1);
	assert_int_equal(said_len, 2 + len);
	assert_memory_equal(said + 2, rest, len);
	expect_silence();
}
#define EXPECT_REQUEST(rest) expect_request(rest, sizeof(rest))

static inline void expect_ack_to(uint16_t port, uint16_t block)
{
	take();
	assert_int_equal(said_to, port);
	assert_int_equal(said_len, 4);
	assert_int_equal(get_be16(said), 4);
	assert_int_equal(get_be16(said + 2), block);
	expect_silence();
}

static inline void expect_ack(uint16_t block)
{
	expect_ack_to(TID, block);
}

static inline void expect_error_to(uint16_t port, uint16_t code)
{
	take();
	assert_int_equal(said_to, port);
	assert_int_equal(get_be16(said), 5);
	assert_int_equal(get_be16(said + 2), code);
	assert_true(said_len > 5);
	assert_int_equal(said[said_len - 1], 0);
	assert_int_equal(strlen((const char *)said + 4), said_len - 5);
	expect_silence();
}

static inline void expect_error(uint16_t code)
{
	expect_error_to(TID, code);
}

/* --- what the server says -------------------------------------------------------------------- */

static inline void say_from(uint32_t ip, uint16_t port, const void *packet, uint32_t len)
{
	stage_rx(&stage, frame, frame_udp(frame, ip, port, OUR_IP, our_port, packet, len));
}

static inline void say(const void *packet, uint32_t len)
{
	say_from(SERVER_IP, TID, packet, len);
}

/* Options and values, each with its NUL but for the last, which has the string's own. */
#define SAY_OACK(rest) say("\0\6" rest, 2 + sizeof(rest))

static inline void say_error(uint16_t code, const char *text)
{
	uint8_t packet[200];

	put_be16(packet, 5);
	put_be16(packet + 2, code);
	strcpy((char *)packet + 4, text);
	say(packet, 4 + (uint32_t)strlen(text) + 1);
}

/* A block with len bytes of the pattern from off on. */
static inline void say_data_from(uint32_t ip, uint16_t port, uint16_t block, uint64_t off,
				 uint32_t len)
{
	static uint8_t packet[4 + 9000];

	put_be16(packet, 3);
	put_be16(packet + 2, block);
	memcpy(packet + 4, pattern_at(off, len), len);
	say_from(ip, port, packet, 4 + len);
}

static inline void say_data(uint16_t block, uint64_t off, uint32_t len)
{
	say_data_from(SERVER_IP, TID, block, off, len);
}

/* --- a transfer ------------------------------------------------------------------------------ */

static inline void start_as(struct tftp_request request)
{
	const struct tftp_sink sink = { sink_begin, sink_data, &begins };

	request.server = SERVER_IP;
	request.port = 69;
	request.name = "a";
	tftp_start(&t, &stage.net, &request, &sink);
}

/* Asked, and the server takes a blksize, and what else it may be. */
#define BEGIN(windowsize_, oack, ...) \
	do { \
		start_as((struct tftp_request){ .windowsize = windowsize_, __VA_ARGS__ }); \
		take(); \
		SAY_OACK(oack); \
	} while (0)

static inline void pass(uint32_t ms)
{
	while (ms--) {
		stage_pass(&stage, 1);
		tftp_poll(&t, clock_now_ms());
	}
}

static inline void expect_end(enum tftp_state state, enum tftp_cause cause)
{
	assert_int_equal(t.state, state);
	assert_int_equal(t.cause, cause);
	assert_true(tftp_done(&t));
	expect_silence();
	pass(20000); /* and that was all */
	expect_silence();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, with_a_server, gone)

#endif
