/* SPDX-License-Identifier: BSD-2-Clause */
/* A link, and an address on it: what a nic needs before it can load anything. */
#ifndef NET_BOOT_ADDRESS_H
#define NET_BOOT_ADDRESS_H

#include "core/console.h"
#include "net/boot/config.h"
#include "net/net.h"

/*
 * Waits until the nic has a link, and says so if it has to. 0; ERR_UNREACHABLE with a sentence
 * (rung `link`) if it stays down for the net's deadline; net_wait()'s other errors.
 */
int address_wait_for_link(struct net *net, struct console *console) MUST_CHECK;

/* The lease that the user grants by the key `ip`, which is there. */
void address_static(struct lease *lease, const struct config *config);

/*
 * Takes the address of the key `ip` into use, or a lease (net->dhcp.lease), and prints the `ip:` or
 * `dhcp:` line. Without a key `url` or `fetch` an offer that says what to boot is waited for
 * [DHCP-20]: shortly, and a URL only, if has_builtin_url says that there is one. 0, or an error
 * with a sentence (rung `address`).
 */
int address_take(struct net *net, struct console *console, const struct config *config,
		 bool has_builtin_url) MUST_CHECK;

#endif
