/* SPDX-License-Identifier: BSD-2-Clause */
/* A DNS stub resolver (RFC 1034, 1035, 5452) for A records. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "core/types.h"
#include "net/udp.h"

#define DNS_SERVERS_MAX 4
#define DNS_ADDRESSES_MAX 8
#define DNS_NAME_MAX 256        /* text, with the NUL */
#define DNS_LABEL_MAX 64        /* the same */
#define DNS_SEARCH_MAX 512      /* bytes of a search list */

struct net;

enum dns_state { DNS_IDLE, DNS_ASKING, DNS_DONE, DNS_NO_NAME, DNS_NO_SERVER, DNS_CUT };

struct dns {
	enum dns_state state;
	char name[DNS_NAME_MAX];                 /* asked for: the name, or where its CNAME led */
	char label[DNS_LABEL_MAX];               /* to be tried without the suffix too; or empty */
	uint32_t address[DNS_ADDRESSES_MAX];     /* host order */
	uint32_t addresses;
	uint8_t tries, server, requeries;
	uint8_t refused;                         /* servers that will not help, as bits */
	uint8_t rcode;                           /* the last one seen, for the sentence */
	uint16_t id;
	uint32_t next_ms;
	struct udp_socket socket;
};

/*
 * Starts a question for name (a host name, not a literal; any length: what is no DNS name ends in
 * DNS_NO_NAME). Servers are net->dns_servers. suffix (may be NULL) is tried first behind a name
 * without a dot; a dot at the end says that none is wanted [DNS-10].
 */
void dns_start(struct net *net, const char *name, const char *suffix);
void dns_stop(struct net *net);
void dns_poll(struct net *net, uint32_t now_ms);

/*
 * For net_wait(): state is DONE (addresses ≥ 1), NO_NAME (NXDOMAIN, or no address behind it),
 * NO_SERVER (none answered usefully, or none is known), CUT (the answer does not fit a datagram).
 */
bool dns_done(void *net);

#endif
