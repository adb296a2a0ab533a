/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of net/dhcp*.c have in common: what the client has sent, taken apart, and what a
 * server says, put together. Included by each of them once.
 */
#ifndef TESTS_UNIT_DHCP_LAB_H
#define TESTS_UNIT_DHCP_LAB_H

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

static inline int fresh(void **state)
{
	(void)state;
	stage_open(&stage);
	return 0;
}

static inline int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

/* Takes the next frame that was sent, which must be a DHCP message. */
static inline const uint8_t *take_message(void)
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
static inline const uint8_t *sent_option(uint8_t code, uint32_t *len)
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

static inline void expect_option(uint8_t code, const void *value, uint32_t value_len)
{
	uint32_t len = 0;
	const uint8_t *p = sent_option(code, &len);

	assert_non_null(p);
	assert_int_equal(len, value_len);
	assert_memory_equal(p, value, value_len);
}

static inline uint8_t sent_type(void)
{
	uint32_t len = 0;
	const uint8_t *p = sent_option(53, &len);

	return p && len == 1 ? *p : 0;
}

static inline void start(uint32_t boot_wait_ms)
{
	dhcp_start(&stage.net, &identity, boot_wait_ms, false);
	take_message();
	assert_int_equal(sent_type(), DHCP_DISCOVER);
}

static inline void put(uint8_t code, const void *value, uint32_t len)
{
	message[message_len++] = code;
	message[message_len++] = (uint8_t)len;
	memcpy(message + message_len, value, len);
	message_len += len;
}

static inline void put_ip(uint8_t code, uint32_t ip)
{
	uint8_t value[4];

	put_be32(value, ip);
	put(code, value, 4);
}

/* A message of a type (0: none) from a server (0: none), so far without other options. */
static inline void begin(uint8_t type, uint32_t server)
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

static inline void deliver_to(const uint8_t mac[6], uint32_t dst)
{
	uint32_t len = packet_udp(frame + 34, SERVER_IP, 67, dst, 68, message, message_len);

	len = packet_ipv4(frame + 14, SERVER_IP, dst, 17, frame + 34, len);
	len = packet_eth(frame, mac, peer_mac, 0x0800, frame + 14, len);
	stage_rx(&stage, frame, len);
}

static inline void deliver(void)
{
	message[message_len++] = 255;
	deliver_to(all_macs, 0xffffffff);
}

static inline void offer(void)
{
	begin(DHCP_OFFER, SERVER_IP);
	deliver();
}

/* On to where the first server's ACK is expected. */
static inline void reach_requesting(void)
{
	start(0);
	offer();
	take_message();
	assert_int_equal(sent_type(), DHCP_REQUEST);
}

/* Finishes the ACK that was begun; the lease, or NULL if it was not accepted. */
static inline const struct dhcp_lease *granted(void)
{
	deliver();
	return stage.net.dhcp.state == DHCP_BOUND ? &stage.net.dhcp.lease : NULL;
}

/* The same for an ACK from its beginning, with one option. */
static inline const struct dhcp_lease *granted_with(uint8_t code, const void *value, uint32_t len)
{
	stage_close(&stage);
	stage_open(&stage);
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put(code, value, len);
	return granted();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

#endif
