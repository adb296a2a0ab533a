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

void icmp_rx(struct net *net, const struct packet *pkt);

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
