/* SPDX-License-Identifier: BSD-2-Clause */
/* A DHCP client (RFC 2131, 2132, 3396, 4578) that wants one lease and the name of what to boot. */
#ifndef NET_DHCP_H
#define NET_DHCP_H

#include "core/types.h"
#include "net/dns.h"
#include "net/ipv4.h"
#include "net/udp.h"
#include "net/uri.h"

#define DHCP_BOOT_FILE_MAX (URI_MAX + 1)
#define DHCP_OPTIONS_MAX UDP_DATA_MAX   /* one option's parts, joined [DHCP-15, SEC-03] */
#define DHCP_NAKS_MAX 3           /* answered by a new start; the next one is the end */

struct net;

enum dhcp_state { DHCP_IDLE, DHCP_SELECTING, DHCP_REQUESTING, DHCP_BOUND, DHCP_FAILED };

/*
 * An address and what goes with it, for net_configure(); also what the user says by the key `ip`
 * takes this form.
 */
struct dhcp_lease {
	uint32_t ip, mask, gateway, server;      /* host order */
	uint32_t dns[DNS_SERVERS_MAX];
	/* Option 121, but for the default route, which is gateway unless it is on the link. */
	struct ipv4_route route[IPV4_ROUTES_MAX];
	uint32_t routes;
	uint32_t routes_lost;                    /* for which there was no room */
	uint32_t mtu;                            /* option 26, 0: none */
	char boot_file[DHCP_BOOT_FILE_MAX];      /* option 67 or `file`; empty: none [DHCP-16] */
	/* Options 119 and 15: domains, each with its NUL; an empty one ends them [DNS-10]. */
	char search[DNS_SEARCH_MAX];
};

/* uuid: SMBIOS, stored order; arch: RFC 4578 2.1. */
struct dhcp_identity {
	uint8_t uuid[16];
	uint16_t arch;
};

struct dhcp {
	enum dhcp_state state;
	enum dhcp_state furthest;  /* of all attempts */
	struct dhcp_identity id;
	bool want_boot_file;       /* wait at most 1 s for an offer that names one [DHCP-20] */
	uint8_t tries, naks;
	uint16_t secs;             /* from the start to the last DISCOVER */
	uint32_t xid;
	uint32_t started_ms, next_ms, first_offer_ms;
	struct udp_socket socket;
	struct dhcp_lease offer;   /* chosen, or kept while a better one may come; ip 0: none */
	struct dhcp_lease lease;   /* state DHCP_BOUND */
	uint8_t buf[DHCP_OPTIONS_MAX];   /* joins an option's parts, or holds a message of ours */
};

/* Starts: the first DISCOVER leaves at once [DHCP-04]. The lease is the caller's to use. */
void dhcp_start(struct net *net, const struct dhcp_identity *id, bool want_boot_file);
/* No more messages; a lease that there is stays readable. */
void dhcp_stop(struct net *net);
void dhcp_poll(struct net *net, uint32_t now_ms);

/*
 * How it ended, for net_wait(): BOUND (lease is valid; not yet in use: net_configure()), or FAILED
 * (refused naks times in a row, the last DHCP_NAKS_MAX of them after a new start). Silence is not
 * FAILED: it resends after 4, 8, 8, 8 … s until the caller's deadline.
 */
bool dhcp_done(void *net);

#endif
