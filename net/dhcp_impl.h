/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of DHCP share, and nobody else needs: dhcp.c (states), dhcp_pxe.c (questions to
 * PXE servers), dhcp_lease.c and dhcp_boot.c (what a server says), dhcp_out.c (what we say).
 */
#ifndef NET_DHCP_IMPL_H
#define NET_DHCP_IMPL_H

#include "net/dhcp.h"
#include "net/dhcp_options.h"

/* A message, its options, and where to join their parts: DHCP_OPTIONS_MAX bytes. */
struct dhcp_reader {
	struct span message;
	struct dhcp_options options;
	uint8_t *buf;
	uint32_t sender; /* host order */
};

/* An option's value, valid until the next one is asked for. */
struct span dhcp_get(const struct dhcp_reader *r, enum dhcp_option code);
/* The first usable address in an option that lists some; 0: there is none. */
uint32_t dhcp_get_ip(const struct dhcp_reader *r, enum dhcp_option code);
/*
 * Text with or without a NUL, by then or at the end of its room [DHCP-17] [SEC-03]. What does not
 * fit is left out: half a name is another one.
 */
void dhcp_copy_text(char *dst, uint32_t cap, struct span text);
/* Whether option 60 begins with PXEClient. */
bool dhcp_is_pxe(const struct dhcp_reader *r);

/*
 * Reads what an OFFER or ACK grants. False: it grants no address that a host can have; l is then
 * undefined. What else is missing or broken in it is left out: server is 0, boot.file is empty.
 */
bool dhcp_lease_read(struct dhcp_lease *l, const struct dhcp_reader *r) MUST_CHECK;

/* Reads what any answer says about booting. */
void dhcp_boot_read(struct dhcp_boot *b, const struct dhcp_reader *r, enum dhcp_by by);

/*
 * Writes the DISCOVER or REQUEST that net->dhcp's state, or its question, calls for. Returns its
 * length.
 */
uint32_t dhcp_message_write(const struct net *net, enum dhcp_type type,
			    uint8_t buf[DHCP_OPTIONS_MAX]);

/* Keeps a packet for programs that ask for it. */
void dhcp_keep(struct dhcp *d, enum dhcp_cached which, struct span message);

/*
 * dhcp_renew.c's part: the times that a message grants a lease, and what comes in and is due in
 * state BOUND.
 */
void dhcp_times_read(struct dhcp_lease *l, const struct dhcp_reader *r);
enum dhcp_fate dhcp_renew_rx(struct net *net, const struct dhcp_reader *r, uint8_t type);
void dhcp_renew_poll(struct net *net, uint32_t now_ms);

/* dhcp_pxe.c's part of what comes in, and of time, while ask.state is DHCP_ASKED. */
enum dhcp_fate dhcp_ask_rx(struct net *net, const struct dhcp_reader *r, uint8_t type);
void dhcp_ask_poll(struct net *net, uint32_t now_ms);

#endif
