/* SPDX-License-Identifier: BSD-2-Clause */
/* Leases for tests; see lease.h. */
#include "tests/model/lease.h"

void lease_configure(struct net *net, uint32_t ip, uint32_t mask, uint32_t gateway, uint32_t mtu)
{
	const struct lease lease = { .ip = ip, .mask = mask, .gateway = gateway, .mtu = mtu };

	net_configure(net, &lease);
}
