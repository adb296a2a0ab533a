/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of IPv6 as one question takes, which is no part of skiff's stack: an address of the
 * link's own, a neighbour who answers an echo request, and an advertisement when he asks who has
 * that address. Called by segments.c and probe_transmit.c.
 */
#ifndef TESTS_CONFORM_IPV6_H
#define TESTS_CONFORM_IPV6_H

#include "tests/conform/traffic.h"

#define ETH_TYPE_IPV6 0x86dd
#define IPV6_HEADER_LEN 40
#define IPV6_ADDRESS_LEN 16

struct ipv6 {
	struct traffic *t;
	uint8_t address[IPV6_ADDRESS_LEN]; /* ours: fe80::/64 and the MAC (RFC 4291, appendix A) */
	uint8_t token[8];                  /* what a reply to us brings back */
	bool found;
	uint8_t peer[IPV6_ADDRESS_LEN], peer_mac[6]; /* whoever was the first to answer */
};

/*
 * Asks all nodes on the link for an echo, twice before silence is believed; over t's station, which
 * is live, and net. 0, whether one is found or not; ERR_DEVICE, ERR_ABORTED, ERR_TIMEOUT.
 */
int ipv6_find(struct ipv6 *v6, struct traffic *t) MUST_CHECK;

/* For a watch of the station: answers a neighbour's solicitation, notes an echo reply. */
void ipv6_watch(struct ipv6 *v6, struct span frame);

/* Whether a frame is one of that protocol from the peer, to us, without extension headers. */
bool ipv6_is_answer(const struct ipv6 *v6, struct span frame, uint8_t proto);

/* The sum of the pseudo-header between us and the peer (RFC 8200, 8.1), to be folded. */
uint32_t ipv6_pseudo_sum(const struct ipv6 *v6, uint8_t proto, uint32_t len);

/* Where the payload of the next packet is to be built; NULL if there is no buffer. */
uint8_t *ipv6_tx_buffer(struct ipv6 *v6) MUST_CHECK;

/* Sends len bytes of it to the peer. */
void ipv6_tx_send(struct ipv6 *v6, uint8_t proto, uint32_t len);

#endif
