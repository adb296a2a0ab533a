/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 (RFC 791, RFC 1122) without reassembly: fragments are dropped (net/README.md). */
#ifndef NET_IPV4_H
#define NET_IPV4_H

#include "core/nic.h"
#include "core/types.h"
#include "net/packet.h"

#define IPV4_HEADER_LEN 20
#define IPV4_PROTO_NONE 0
#define IPV4_PROTO_ICMP 1
#define IPV4_PROTO_TCP 6
#define IPV4_PROTO_UDP 17
#define IPV4_BROADCAST 0xffffffffu
#define IPV4_MTU_MIN NIC_MTU_LEAST

struct net;

/* A route of option 121 (RFC 3442); more than these are left out, and that is said. */
#define IPV4_ROUTES_MAX 32
struct ipv4_route {
	uint32_t dst, mask; /* dst has no bits outside of mask */
	uint32_t gateway;   /* 0: on the link itself */
};

/*
 * What pkt carries, of which eth_rx() has said that it is IPv4: its protocol, with src, dst,
 * l4_off, l4_len set and broadcast where it is everybody's; IPV4_PROTO_NONE for what is not for us,
 * or malformed or a fragment, which is counted. Before we have an address, whatever is sent to one
 * host counts as ours: DHCP alone may hear it.
 */
uint8_t ipv4_rx(struct net *net, struct packet *pkt) MUST_CHECK;

/*
 * Where the payload of the next IPv4 packet is to be built: net->mtu - 20 bytes of room, never more
 * than the nic's buffer. NULL, and counted, if there is no buffer. Same rule as eth_tx_buffer().
 */
uint8_t *ipv4_tx_buffer(struct net *net) MUST_CHECK;

/*
 * Sends len bytes of payload from the buffer of ipv4_tx_buffer(). src may be 0 (DHCP before a
 * lease). Next hop: on-link by mask, else the gateway; where its MAC is not known yet ARP keeps the
 * newest packet and sends it later. To a multicast group it goes on our link. 0; ERR_UNREACHABLE:
 * no route (nothing sent).
 */
int ipv4_tx_send(struct net *net, uint8_t proto, uint32_t src, uint32_t dst, uint32_t len)
	MUST_CHECK;

/*
 * The same from our own address for an answer to somebody with whom we have begun nothing: it takes
 * no room that an exchange of ours needs [ARP-06], and is lost where there is none, or no route.
 */
void ipv4_tx_answer(struct net *net, uint8_t proto, uint32_t dst, uint32_t len);

/*
 * The next hop for dst: dst itself, a gateway, or 0 if there is no route (and none to what is no
 * unicast address).
 */
uint32_t ipv4_next_hop(const struct net *net, uint32_t dst);

/* Whether ip can be one host's: not in 0/8, 127/8, 224/4, 240/4. */
static inline bool ipv4_is_unicast(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 24 != 127 && ip >> 24 < 224;
}

/*
 * Whether ip is everybody's on this link: the limited broadcast, or that of our subnet (a /31 or
 * /32 has none).
 */
bool ipv4_is_broadcast(const struct net *net, uint32_t ip);

/*
 * The ones-complement sum of the pseudo-header of TCP and UDP (RFC 9293 3.1), to be folded with the
 * rest.
 */
uint32_t ipv4_pseudo_sum(uint32_t src, uint32_t dst, uint8_t proto, uint32_t l4_len);

#endif
