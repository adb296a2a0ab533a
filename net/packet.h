/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A received packet as the layers see it: the frame, and where they found things in it. Filled from
 * the bottom up (eth_rx, ipv4_rx), valid until the frame's callback returns.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "core/frame.h"
#include "core/types.h"

struct packet {
	const struct frame *frame;
	/* Set by eth_rx(). What the frame carries, from its start: at 14, or 18 behind a tag. */
	uint32_t l3_off, l3_len;
	/* Set by ipv4_rx(). Addresses in host order; l4: what IPv4 carries, without a pad. */
	uint32_t src, dst;
	uint32_t l4_off, l4_len;
	/* Set by both: it went to more than us, so no errors and no TCP in answer [ETH-04]. */
	bool broadcast;
};

/* The packet's own bytes behind IPv4. The device can still write there: read each byte once. */
static inline struct span packet_l4(const struct packet *pkt)
{
	return (struct span){ pkt->frame->data.at + pkt->l4_off, pkt->l4_len };
}

#endif
