/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 (RFC 791, RFC 1122 3.2.1). Hosts anywhere wrote what comes in; net_rx() calls. The header is
 * read from frame->head, which is private. There is no reassembly: a fragment is dropped and
 * counted.
 */
#include "core/assert.h"
#include "core/csum.h"
#include "core/wire.h"
#include "net/arp.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "net/net.h"

#define VERSION_IHL 0x45 /* version 4; a header of 5 words, the least there may be */
#define VERSION_IHL_MAX 0x4f
#define TTL 64
#define DONT_FRAGMENT 0x4000
#define MORE_FRAGMENTS 0x2000
#define FRAGMENT_OFFSET 0x1fff

/* A /31 or /32 has no broadcast address. The first test nearly always settles it. */
static inline bool is_our_broadcast(const struct net *net, uint32_t ip)
{
	return (ip | net->mask) == UINT32_MAX && ((ip ^ net->ip) & net->mask) == 0 &&
	       ~net->mask > 1 && net->ip;
}

bool ipv4_is_broadcast(const struct net *net, uint32_t ip)
{
	return ip == IPV4_BROADCAST || is_our_broadcast(net, ip);
}

/* --- in -------------------------------------------------------------------------------------- */

/*
 * Whether a packet that is not simply sent to our address is for us all the same: to everybody, or
 * to the address that a server offers, which it may use before that is ours (RFC 2131 4.1) [IP4-04]
 * [DHCP-25].
 */
static bool accept_other(const struct net *net, struct packet *pkt)
{
	if (ipv4_is_broadcast(net, pkt->dst))
		pkt->broadcast = true;
	else if (net->ip || !ipv4_is_unicast(pkt->dst))
		return false;
	return true;
}

/*
 * Type of service, the reserved flag, TTL and options are for others: ignored, options skipped by
 * the header's length [IP4-06] [IP4-11] [IP4-15].
 */
uint8_t ipv4_rx(struct net *net, struct packet *pkt)
{
	const uint8_t *h = pkt->frame->head + pkt->l3_off;
	uint32_t total, header_len;

	/* RFC 791 3.1. frame->head has room for the longest header here [IP4-01] [SEC-01]. */
	if (pkt->l3_len < IPV4_HEADER_LEN)
		goto bad;
	header_len = (h[0] & 15u) * 4;
	total = get_be16(h + 2);
	if (h[0] < VERSION_IHL || h[0] > VERSION_IHL_MAX || total < header_len ||
	    total > pkt->l3_len)
		goto bad;
	/* RFC 1122 3.2.1.2: whatever the device says about the frame [IP4-02] [SUM-08]. */
	if (!csum_header_ok(h, header_len))
		goto bad;
	if (get_be16(h + 6) & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) /* [IP4-07] */
		goto bad;
	pkt->src = get_be32(h + 12);
	pkt->dst = get_be32(h + 16);
	pkt->l4_off = pkt->l3_off + header_len;
	pkt->l4_len = total - header_len; /* without the pad of a short frame [IP4-03] */
	/* RFC 1122 3.2.1.3. A neighbour's DISCOVER, or a reflection, is no fault [IP4-05]. */
	if (pkt->src >> 24 == 0 || pkt->src == net->ip)
		return IPV4_PROTO_NONE;
	if (!ipv4_is_unicast(pkt->src) || is_our_broadcast(net, pkt->src))
		goto bad;
	if ((pkt->dst != net->ip || !net->ip) && !accept_other(net, pkt))
		return IPV4_PROTO_NONE;
	return h[9];
bad:
	net->count.bad_ip++;
	return IPV4_PROTO_NONE;
}

/* --- out ------------------------------------------------------------------------------------- */

/*
 * RFC 1122 3.3.1, RFC 3442: of our own subnet and the routes the longest prefix; else the gateway,
 * even one outside of our subnet, which then is taken to be on the link [IP4-12] [IP4-13].
 */
uint32_t ipv4_next_hop(const struct net *net, uint32_t dst)
{
	uint32_t hop = net->gateway, best = 0;

	if (!net->ip || !ipv4_is_unicast(dst) || is_our_broadcast(net, dst))
		return 0;
	if (((dst ^ net->ip) & net->mask) == 0) {
		hop = dst;
		best = net->mask;
	}
	for (uint32_t i = 0; i < net->routes; i++) {
		const struct ipv4_route *r = &net->route[i];

		if ((dst & r->mask) == r->dst && (r->mask > best || !hop)) {
			hop = r->gateway ? r->gateway : dst;
			best = r->mask;
		}
	}
	return hop;
}

uint8_t *ipv4_tx_buffer(struct net *net)
{
	uint8_t *p = eth_tx_buffer(net);

	return p ? p + IPV4_HEADER_LEN : NULL;
}

/*
 * RFC 791 3.1. Nobody may fragment what we send, so the identification means nothing and is 0: RFC
 * 6864 4.1 [IP4-09]. Type of service 0 [IP4-15].
 */
static void write_header(uint8_t *h, uint8_t proto, uint32_t src, uint32_t dst, uint32_t total)
{
	h[0] = VERSION_IHL;
	h[1] = 0;
	put_be16(h + 2, (uint16_t)total);
	put_be16(h + 4, 0);
	put_be16(h + 6, DONT_FRAGMENT);
	h[8] = TTL; /* [IP4-11] */
	h[9] = proto;
	put_be16(h + 10, 0);
	put_be32(h + 12, src);
	put_be32(h + 16, dst);
}

/* As addends: 16-bit words may come in any order, and two of them at once. */
uint32_t ipv4_pseudo_sum(uint32_t src, uint32_t dst, uint8_t proto, uint32_t l4_len)
{
	return (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + proto + l4_len;
}

static bool is_multicast(uint32_t ip)
{
	return ip >> 28 == 14;
}

/* RFC 1112 6.4: the lower 23 bits of the group. */
static void send_multicast(struct net *net, uint32_t group, uint32_t len)
{
	uint8_t mac[6] = { 0x01, 0x00, 0x5e };

	mac[3] = (uint8_t)(group >> 16 & 0x7f);
	put_be16(mac + 4, (uint16_t)group);
	eth_tx_send(net, mac, ETH_TYPE_IPV4, len);
}

static int send(struct net *net, uint8_t proto, uint32_t src, uint32_t dst, uint32_t len, bool ours)
{
	uint8_t *h = eth_tx_buffer(net);
	bool broadcast = ipv4_is_broadcast(net, dst);
	uint32_t hop = broadcast ? 0 : ipv4_next_hop(net, dst);

	assert(h && len <= eth_tx_room(net) - IPV4_HEADER_LEN);
	if (!broadcast && !is_multicast(dst) && !hop)
		return ERR_UNREACHABLE;
	len += IPV4_HEADER_LEN;
	write_header(h, proto, src, dst, len);
	put_be16(h + 10, (uint16_t)~csum_fold(csum_add(h, IPV4_HEADER_LEN, 0)));
	if (broadcast)
		eth_tx_send(net, eth_broadcast, ETH_TYPE_IPV4, len);
	else if (is_multicast(dst))
		send_multicast(net, dst, len);
	else
		arp_tx(net, hop, len, ours);
	return 0;
}

int ipv4_tx_send(struct net *net, uint8_t proto, uint32_t src, uint32_t dst, uint32_t len)
{
	return send(net, proto, src, dst, len, true);
}

void ipv4_tx_answer(struct net *net, uint8_t proto, uint32_t dst, uint32_t len)
{
	err_ignore(send(net, proto, net->ip, dst, len, false));
}
