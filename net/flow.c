/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way of a frame to TCP. Everybody on the wire wrote the bytes; they are read from
 * frame->head, which is private. Called by net_rx() for every frame.
 */
#include "net/flow.h"

#include "core/csum.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/ipv4.h"

#define L4_OFF (ETH_HEADER_LEN + IPV4_HEADER_LEN)
#define TOTAL_LEN 16 /* of the packet: its place in the frame */
#define SAME 0xff
#define OWN 0 /* of each segment; or nobody looks at it */

/* A word each, as in head[]. The fragment's place is the same: none. */
static const uint8_t masks[FLOW_LEN] = {
	SAME, SAME, SAME, SAME, /* addresses */
	SAME, SAME, SAME, SAME, SAME, SAME, SAME,
	SAME, SAME, SAME, SAME, OWN, /* EtherType, version and header length; type of service */
	OWN,  OWN,  OWN,  OWN,       /* total length, identification */
	SAME, SAME, OWN,  SAME,      /* flags and fragment offset; TTL; protocol */
	OWN,  OWN,  SAME, SAME,      /* checksum; source … */
	SAME, SAME, SAME, SAME,      /* … destination … */
	SAME, SAME, SAME, SAME,      /* … ports … */
	SAME, SAME, OWN,  OWN,       /* … and the sequence number begins */
};

void flow_learn(struct flow *flow, const struct packet *pkt)
{
	flow->known = pkt->l4_off == L4_OFF && pkt->l4_len >= FLOW_LEN - L4_OFF && !pkt->broadcast;
	if (!flow->known)
		return;
	flow->src = pkt->src;
	flow->dst = pkt->dst;
	memcpy(flow->head, pkt->frame->head, FLOW_LEN);
}

HOT_PATH bool flow_rx(const struct flow *flow, struct packet *pkt)
{
	/* cppcheck-suppress ctuuninitvar ; net_rx() has set frame */
	const uint8_t *head = pkt->frame->head;
	uint32_t total, differ = 0, len = pkt->frame->data.len;

	if (!flow->known || len < FLOW_LEN)
		return false;
#pragma GCC unroll 10
	for (uint32_t i = 0; i < FLOW_LEN; i += 4)
		differ |= (get_le32(head + i) ^ get_le32(flow->head + i)) & get_le32(masks + i);
	total = get_be16(head + TOTAL_LEN);
	if (differ || total < FLOW_LEN - ETH_HEADER_LEN || total > len - ETH_HEADER_LEN ||
	    !csum_header_ok(head + ETH_HEADER_LEN, IPV4_HEADER_LEN))
		return false;
	pkt->l3_off = ETH_HEADER_LEN;
	pkt->l3_len = len - ETH_HEADER_LEN;
	pkt->l4_off = L4_OFF;
	pkt->l4_len = total - IPV4_HEADER_LEN;
	pkt->src = flow->src;
	pkt->dst = flow->dst;
	pkt->broadcast = false;
	return true;
}
