/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets for tests of net/, made with code of its own (the checksum is the slow reference, byte by
 * byte), and a stage: a net over a fake nic, with its address and one neighbour whose MAC it knows.
 */
#ifndef TESTS_MODEL_PACKETS_H
#define TESTS_MODEL_PACKETS_H

#include "net/net.h"
#include "tests/model/fake_nic.h"
#include "tests/model/lease.h"

#define OUR_IP 0x0a00020fu /* 10.0.2.15/24 */
#define OUR_MASK 0xffffff00u
#define PEER_IP 0x0a000202u /* 10.0.2.2, and the gateway */
#define FAR_IP 0xc0000207u  /* 192.0.2.7, behind it */

extern const uint8_t our_mac[6], peer_mac[6], all_macs[6];

struct stage {
	struct fake_nic fake;
	struct net net;
};

/* Time, chance and the net are new, nothing is configured, no ARP entry exists. */
void stage_open(struct stage *s);
/*
 * The same, with OUR_IP, and PEER_IP as gateway in the ARP cache; nothing sent that was not taken.
 */
void stage_open_configured(struct stage *s);
void stage_close(struct stage *s);

/* A frame comes in and is looked at; its verdict is csum. */
void stage_rx(struct stage *s, const uint8_t *frame, uint32_t len);
void stage_rx_marked(struct stage *s, const uint8_t *frame, uint32_t len, enum csum_verdict csum,
		     uint16_t start, uint16_t offset);
/* Time passes, a millisecond at a time as far as timers can tell. */
void stage_pass(struct stage *s, uint32_t ms);
/* The oldest frame sent, copied, or 0 if there is none; its length. */
uint32_t stage_tx(struct stage *s, uint8_t frame[FAKE_NIC_FRAME_MAX]);
/* How many frames were sent and not taken; they are gone then. */
uint32_t stage_tx_count(struct stage *s);

/* Everything behind the bar of the counter line, in all. */
uint32_t bad_frames(const struct net *net);

/* The ones-complement sum of start and the bytes, folded, not inverted. */
uint16_t packet_sum(uint32_t start, const uint8_t *bytes, uint32_t len);
/* The pseudo-header's part of it. */
uint32_t packet_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint32_t l4_len);

/*
 * Each writes headers before a payload and returns the length of both; payload may be the place
 * itself where it belongs. Frames are padded to 60 bytes with 0xee.
 */
uint32_t packet_eth(uint8_t *frame, const uint8_t dst[6], const uint8_t src[6], uint16_t type,
		    const void *payload, uint32_t len);
uint32_t packet_ipv4(uint8_t *packet, uint32_t src, uint32_t dst, uint8_t proto,
		     const void *payload, uint32_t len);
uint32_t packet_udp(uint8_t *datagram, uint32_t src, uint16_t src_port, uint32_t dst,
		    uint16_t dst_port, const void *payload, uint32_t len);
/* type, code and the header's second word; the payload behind them. */
uint32_t packet_icmp(uint8_t *message, uint8_t type, uint8_t code, uint32_t word,
		     const void *payload, uint32_t len);
uint32_t packet_arp(uint8_t *packet, uint16_t op, const uint8_t sha[6], uint32_t spa,
		    const uint8_t tha[6], uint32_t tpa);

/* The checksum of an IPv4 header, written anew. */
void packet_ipv4_seal(uint8_t *packet);

/* Whole frames from peer_mac to our_mac. */
uint32_t frame_ipv4(uint8_t *frame, uint32_t src, uint32_t dst, uint8_t proto, const void *payload,
		    uint32_t len);
uint32_t frame_udp(uint8_t *frame, uint32_t src, uint16_t src_port, uint32_t dst, uint16_t dst_port,
		   const void *payload, uint32_t len);

#endif
