/* SPDX-License-Identifier: BSD-2-Clause */
/* Leases for tests of net/ that do not care who granted them. */
#ifndef TESTS_MODEL_LEASE_H
#define TESTS_MODEL_LEASE_H

#include "net/net.h"

/* Takes a lease into use that says this and nothing else; mtu 0: nothing of that either. */
void lease_configure(struct net *net, uint32_t ip, uint32_t mask, uint32_t gateway, uint32_t mtu);

#endif
