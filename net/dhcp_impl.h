/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of DHCP share, and nobody else needs: dhcp.c (states), dhcp_lease.c (what a server
 * says), dhcp_out.c (what we say).
 */
#ifndef NET_DHCP_IMPL_H
#define NET_DHCP_IMPL_H

#include "net/dhcp.h"
#include "net/dhcp_options.h"

/*
 * Reads what an OFFER or ACK grants, message and its options o. Parts of options are joined in buf
 * of DHCP_OPTIONS_MAX bytes. False: it grants no address that a host can have; l is then undefined.
 * What else is missing or broken in it is left out: server is 0, boot.file is empty.
 */
bool dhcp_lease_read(struct dhcp_lease *l, struct span message, const struct dhcp_options *o,
		     uint8_t *buf) MUST_CHECK;

/* Writes the DISCOVER or REQUEST that net->dhcp's state calls for. Returns its length. */
uint32_t dhcp_message_write(const struct net *net, enum dhcp_type type,
			    uint8_t buf[DHCP_OPTIONS_MAX]);

#endif
