/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP (RFC 792, RFC 1122 3.2.2, RFC 5927): echo is answered; errors are believed when they quote
 * what we sent.
 */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include "core/text.h"
#include "core/types.h"
#include "net/packet.h"

struct net;

struct icmp {
	uint32_t sent_ms; /* when the current second of our errors began; 0: none yet */
	uint8_t credit;   /* errors that may still go out in this second */
	/* The last soft error for a live flow, and who sent it; type 0: none [ICMP-05]. */
	uint8_t soft_type, soft_code;
	uint32_t soft_from;
};

#define ICMP_QUOTE_MAX (8 + 60 + 12) /* header, IPv4 header, and what is looked at behind it */

/* An error from somebody, about a packet that it says we have sent. */
struct icmp_error {
	uint8_t type, code, proto;
	bool hard;    /* RFC 1122 3.2.2.1: port or protocol unreachable; all others are soft */
	bool too_big; /* fragmentation needed: the next hop's MTU is mtu (RFC 1191 4) */
	uint16_t mtu;
	uint32_t from, dst;
	struct span l4; /* the packet's payload, 8 bytes of it or more, in bytes[] */
	uint8_t bytes[ICMP_QUOTE_MAX];
};

/*
 * From net_rx(): a packet that carries ICMP. Echo is answered. True: it is an error, *e says of
 * what; whether such a packet was sent is for its protocol to say.
 */
bool icmp_rx(struct net *net, const struct packet *pkt, struct icmp_error *e) MUST_CHECK;

/* A soft error of a live flow: remembered for icmp_soft_text() [ICMP-05]. */
void icmp_remember(struct net *net, const struct icmp_error *e);

/*
 * Answers a datagram to a port that nobody has open: 3/3 with its header and 8 bytes, rate-limited
 * [ICMP-07].
 */
void icmp_port_unreachable(struct net *net, const struct packet *pkt);

/*
 * Appends "; 192.0.2.7 says: host unreachable" if a soft error came in since the flow started, or
 * nothing.
 */
void icmp_soft_text(const struct net *net, struct text *t);

#endif
