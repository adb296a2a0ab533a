/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of net/arp.c have in common: what neighbours say, and what is said to them.
 * Included by each of them once.
 */
#ifndef TESTS_UNIT_ARP_LAB_H
#define TESTS_UNIT_ARP_LAB_H

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

static inline int configured(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	return 0;
}

static inline int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static inline uint32_t arp_frame(const uint8_t dst[6], uint16_t op, const uint8_t sha[6],
				 uint32_t spa, const uint8_t tha[6], uint32_t tpa)
{
	uint8_t packet[28];

	packet_arp(packet, op, sha, spa, tha, tpa);
	return packet_eth(frame, dst, bridge_mac, 0x0806, packet, sizeof(packet));
}

static inline void hear_request(const uint8_t sha[6], uint32_t spa, uint32_t tpa)
{
	stage_rx(&stage, frame, arp_frame(all_macs, 1, sha, spa, no_mac, tpa));
}

static inline void hear_reply(const uint8_t sha[6], uint32_t spa)
{
	stage_rx(&stage, frame, arp_frame(our_mac, 2, sha, spa, our_mac, OUR_IP));
}

/* Sends one byte of payload to dst. */
static inline void send_to(uint32_t dst, uint8_t payload)
{
	uint8_t *p = ipv4_tx_buffer(&stage.net);

	assert_non_null(p);
	*p = payload;
	assert_int_equal(ipv4_tx_send(&stage.net, 253, OUR_IP, dst, 1), 0);
}

static inline void expect_query(uint32_t ip)
{
	uint8_t packet[28];

	assert_int_equal(stage_tx(&stage, sent), 60);
	packet_arp(packet, 1, our_mac, OUR_IP, no_mac, ip);
	assert_memory_equal(sent, all_macs, 6);
	assert_memory_equal(sent + 6, our_mac, 6);
	assert_int_equal(get_be16(sent + 12), 0x0806);
	assert_memory_equal(sent + 14, packet, sizeof(packet));
}

static inline void expect_payload(const uint8_t mac[6], uint8_t payload)
{
	assert_int_equal(stage_tx(&stage, sent), 60);
	assert_memory_equal(sent, mac, 6);
	assert_int_equal(get_be16(sent + 12), 0x0800);
	assert_int_equal(sent[34], payload);
}

static inline uint32_t entries(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ARP_ENTRIES; i++)
		n += stage.net.arp.entry[i].ip != 0;
	return n;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, configured, gone)

#endif
