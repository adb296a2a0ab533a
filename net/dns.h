/* SPDX-License-Identifier: BSD-2-Clause */
/* A DNS stub resolver (RFC 1034, 1035, 5452, 6891) for A records. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "core/types.h"
#include "net/udp.h"

#define DNS_SERVERS_MAX 4
#define DNS_ADDRESSES_MAX 8
#define DNS_NAME_MAX 256   /* text, with the NUL */
#define DNS_LABEL_MAX 64   /* the same */
#define DNS_SEARCH_MAX 512 /* bytes of a search list */

struct net;

enum dns_state { DNS_IDLE, DNS_ASKING, DNS_DONE, DNS_NO_NAME, DNS_NO_SERVER, DNS_CUT };

struct dns {
	enum dns_state state;
	char name[DNS_NAME_MAX];   /* asked for: the name, or where its CNAME led */
	char label[DNS_LABEL_MAX]; /* a name without a dot, to be tried further; or empty */
	uint32_t search_off;       /* in net->search: the next domain to try behind it */
	uint32_t address[DNS_ADDRESSES_MAX]; /* host order */
	uint32_t addresses;
	uint8_t tries, server, requeries;
	/* Servers, as bits: */
	uint8_t refused;  /* will not help */
	uint8_t failed;   /* could not help in this round, but may later */
	uint8_t plain;    /* are to be asked without EDNS */
	uint8_t old;      /* do not know EDNS, as they say */
	uint8_t rcode;    /* the last one seen, for the sentence */
	bool cut;         /* an answer did not fit, and held no address */
	uint32_t foreign; /* answers that did not fit the question */
	uint16_t id;
	uint32_t next_ms;
	struct udp_socket socket;
};

/*
 * Starts a question for name (a host name, not a literal; any length: what is no DNS name ends in
 * DNS_NO_NAME). Servers are net->dns_servers. A name without a dot is tried with each domain of
 * net->search behind it, at last alone; one with a dot, be it at its end, as it stands [DNS-10].
 */
void dns_start(struct net *net, const char *name);
void dns_stop(struct net *net);
void dns_poll(struct net *net, uint32_t now_ms);

/*
 * For net_wait(): state is DONE (addresses ≥ 1), NO_NAME (NXDOMAIN, or no address behind it),
 * NO_SERVER (none answered usefully, or none is known), CUT (the same, and there was an answer that
 * did not fit a datagram).
 */
bool dns_done(void *net);

#endif
