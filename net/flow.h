/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of the last TCP segment. Nearly every frame of a download has the same, but for
 * numbers, lengths and checksums: of such a frame eth_rx() and ipv4_rx() can say nothing new, and
 * net_rx() need not ask them. Nothing is decided here that they do not decide: what is not the same
 * goes their way.
 */
#ifndef NET_FLOW_H
#define NET_FLOW_H

#include "core/types.h"
#include "net/packet.h"

#define FLOW_LEN 40 /* Ethernet, IPv4, and TCP's ports, in whole words */

struct flow {
	uint32_t src, dst; /* host order */
	bool known;
	uint8_t head[FLOW_LEN];
};

/* pkt went by way of eth_rx() and ipv4_rx(): it carries TCP, to us. */
void flow_learn(struct flow *flow, const struct packet *pkt);

/*
 * Whether pkt->frame is the same but for what each segment has of its own, and its length and the
 * IPv4 header's checksum are right. Fills in pkt.
 */
bool flow_rx(const struct flow *flow, struct packet *pkt);

#endif
