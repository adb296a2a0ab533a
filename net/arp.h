/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP (RFC 826, RFC 5227 in part): a small cache, and one waiting packet per unresolved address. */
#ifndef NET_ARP_H
#define NET_ARP_H

#include "core/types.h"
#include "net/packet.h"

#define ARP_ENTRIES 8
#define ARP_HELD_MAX 1600 /* bytes of a waiting packet: whatever a transmit buffer holds */
#define ARP_TRIES 5       /* queries, one a second [ARP-04] */

struct net;

struct arp_entry {
	uint32_t ip; /* 0: free */
	uint8_t mac[6];
	bool resolved;
	uint8_t tries;     /* queries since the last answer; ARP_TRIES + 1: failed */
	uint32_t asked_ms; /* the last query or answer */
	uint32_t used_ms;  /* when a packet last went there, or it asked for us */
	bool ours;         /* an exchange of ours goes there: evicted last [ARP-06] */
	uint32_t held_len; /* the newest packet that waits for ip, 0: none [ARP-05] */
	uint8_t held[ARP_HELD_MAX];
};

struct arp {
	struct arp_entry entry[ARP_ENTRIES];
	uint32_t defended_ms;
	uint32_t conflicts; /* packets of somebody else who uses our address [ARP-10] */
};

/* From net_rx(): a frame whose EtherType is ARP. */
void arp_rx(struct net *net, const struct packet *pkt);

/*
 * Sends the IPv4 packet of len bytes that stands in the buffer from eth_tx_buffer() to ip on this
 * link: at once if its MAC is known, else it is kept (the newest one) and ip is asked for. ours: of
 * an exchange that we have begun; an answer to somebody who is unknown goes out only if there is
 * room for him.
 */
void arp_tx(struct net *net, uint32_t ip, uint32_t len, bool ours);

/* Announces our address after it was taken into use [ARP-09]. */
void arp_announce(struct net *net);

/*
 * Retransmissions to ip (or through it) mount: ask for its MAC again, and go on using what is known
 * until the answer comes [ARP-07].
 */
void arp_doubt(struct net *net, uint32_t ip);

/* Whether ARP_TRIES queries for ip, or for its next hop, have found nobody [ARP-04]. */
bool arp_failed(const struct net *net, uint32_t ip);

/* Timers. */
void arp_poll(struct net *net, uint32_t now_ms);

#endif
