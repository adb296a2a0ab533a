/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A received packet as the layers see it: the frame, and where they found things in it. Filled from
 * the top down (eth, ipv4), valid until the frame's callback returns.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "core/frame.h"
#include "core/types.h"

struct packet {
	const struct frame *frame;
	uint32_t src, dst; /* IPv4 addresses in host order */
	uint32_t l3_off;   /* of the IPv4 header, from the start of the frame: 14, or 18 behind a
			      priority tag */
	uint32_t l4_off;   /* of what IPv4 carries */
	uint32_t l4_len;   /* its length: total length less the header; the pad of a short frame is
			      not in it */
	uint8_t proto;
	bool broadcast; /* the frame or the packet went to more than us: no errors, no TCP in answer
			   [ETH-04] */
};

/* The packet's own bytes behind IPv4. The device can still write there: read each byte once. */
static inline struct span packet_l4(const struct packet *pkt)
{
	return (struct span){ pkt->frame->data.at + pkt->l4_off, pkt->l4_len };
}

#endif
