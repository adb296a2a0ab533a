/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address and what goes with it, for net_configure(): what DHCP grants, and what the user says
 * by the key `ip`, take this form. What to boot is no part of it (net/dhcp.h).
 */
#ifndef NET_LEASE_H
#define NET_LEASE_H

#include "core/types.h"
#include "net/dns.h"
#include "net/ipv4.h"

struct lease {
	uint32_t ip, mask, gateway; /* host order */
	uint32_t dns[DNS_SERVERS_MAX];
	/* Option 121, but for the default route, which is gateway unless it is on the link. */
	struct ipv4_route route[IPV4_ROUTES_MAX];
	uint32_t routes;
	uint32_t routes_lost; /* for which there was no room */
	uint32_t mtu;         /* option 26, 0: none */
	/* Options 119 and 15: domains, each with its NUL; an empty one ends them [DNS-10]. */
	char search[DNS_SEARCH_MAX];
};

#endif
