/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of PXE servers when there is a lease (PXE 2.1, 2.2): a proxy, on port 4011, for
 * what its offer left open; and boot servers of a type, wherever option 43 says that they are. A
 * question is a DHCPREQUEST with our address, an answer a DHCPACK. Whoever is on the link may give
 * it: its xid must fit, and what it says is checked by dhcp_boot.c. The boot story asks; dhcp.c
 * passes on what comes in.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/net.h"

#define PXE_PORT 4011
#define SERVER_PORT 67
#define TRIES_MAX 4
#define PAUSE_MS 1000 /* longer by that with each try */
#define SERVERS_MAX 8 /* of those listed for a type, that are asked */

/* One that is not sent, for want of a buffer or a route, is as good as lost on the way. */
static void send(struct net *net, uint32_t to, uint16_t port, uint32_t len)
{
	struct dhcp *d = &net->dhcp;

	err_ignore(udp_send(net, &d->socket, to, port, (struct span){ d->buf, len }));
}

/* The addresses that are listed for the type asked for; false: the type is not listed. */
static bool listed(const struct dhcp_ask *a, struct span *ips)
{
	struct span list = a->vendor.servers;
	struct dhcp_boot_servers s;

	while (dhcp_vendor_servers(&list, &s)) {
		if (s.type != a->type)
			continue;
		*ips = s.ips;
		return true;
	}
	*ips = (struct span){ NULL, 0 };
	return false;
}

/*
 * To all that may be asked, at once: nobody is waited for in vain. Bits 0 and 1 forbid broadcast
 * and multicast; who is listed is asked in any case [DHCP-24].
 */
static void send_to_boot_servers(struct net *net, uint32_t len)
{
	const struct dhcp_ask *a = &net->dhcp.ask;
	struct span ips;

	listed(a, &ips);
	for (uint32_t i = 0; i + 4 <= ips.len && i < 4 * SERVERS_MAX; i += 4)
		send(net, get_be32(ips.at + i), PXE_PORT, len);
	if (a->vendor.multicast && !(a->vendor.control & DHCP_CONTROL_NO_MULTICAST))
		send(net, a->vendor.multicast, PXE_PORT, len);
	if (!(a->vendor.control & DHCP_CONTROL_NO_BROADCAST))
		send(net, IPV4_BROADCAST, SERVER_PORT, len);
}

static void ask(struct net *net, uint32_t now_ms)
{
	struct dhcp *d = &net->dhcp;
	uint32_t len = dhcp_message_write(net, DHCP_REQUEST, d->buf);

	if (d->ask.proxy)
		send(net, d->ask.proxy, PXE_PORT, len);
	else
		send_to_boot_servers(net, len);
	d->ask.tries++;
	d->next_ms = now_ms + (uint32_t)d->ask.tries * PAUSE_MS;
}

static void begin(struct net *net)
{
	struct dhcp *d = &net->dhcp;

	d->xid = random_u32();
	d->ask.state = DHCP_ASKED;
	ask(net, clock_now_ms());
}

void dhcp_ask_proxy(struct net *net, uint32_t proxy)
{
	net->dhcp.ask = (struct dhcp_ask){ .proxy = proxy };
	begin(net);
}

void dhcp_ask_boot_server(struct net *net, const struct dhcp_vendor *vendor, uint16_t type)
{
	net->dhcp.ask = (struct dhcp_ask){ .type = type, .vendor = *vendor };
	begin(net);
}

void dhcp_ask_poll(struct net *net, uint32_t now_ms)
{
	struct dhcp *d = &net->dhcp;

	if (!clock_reached(now_ms, d->next_ms))
		return;
	if (d->ask.tries < TRIES_MAX)
		ask(net, now_ms);
	else
		dhcp_ask_end(net);
}

void dhcp_ask_end(struct net *net)
{
	if (net->dhcp.ask.state == DHCP_ASKED)
		net->dhcp.ask.state = DHCP_UNANSWERED;
}

/* --- in -------------------------------------------------------------------------------------- */

static bool may_answer(const struct dhcp_ask *a, uint32_t server)
{
	struct span ips;

	if (!(a->vendor.control & DHCP_CONTROL_LISTED_ONLY))
		return true;
	if (!listed(a, &ips))
		return false;
	for (uint32_t i = 0; i + 4 <= ips.len; i += 4)
		if (get_be32(ips.at + i) == server)
			return true;
	return !ips.len;
}

/*
 * A boot server repeats the type. That keeps it apart from a DHCP server, to which our question
 * looks like one for a longer lease (RFC 2131 4.3.2, REBINDING).
 */
static bool is_for_type(const struct dhcp_ask *a, const struct dhcp_boot *b)
{
	struct dhcp_vendor v;

	dhcp_vendor_read(&v, (struct span){ b->vendor, b->vendor_len });
	return v.has_item && v.type == a->type;
}

/* The boot file is what was asked for; of a proxy it may be a menu. */
static bool is_of_use(const struct dhcp_ask *a, const struct dhcp_boot *b)
{
	return b->file[0] || (a->proxy && b->vendor_len);
}

enum dhcp_fate dhcp_ask_rx(struct net *net, const struct dhcp_reader *r, uint8_t type)
{
	struct dhcp *d = &net->dhcp;
	bool proxy = d->ask.proxy != 0;

	if (type != DHCP_ACK || !dhcp_is_pxe(r))
		return DHCP_OUT_OF_TURN;
	dhcp_boot_read(&d->answer, r, proxy ? DHCP_BY_PROXY : DHCP_BY_BOOT_SERVER);
	if (!proxy && (!is_for_type(&d->ask, &d->answer) || !may_answer(&d->ask, d->answer.from)))
		return DHCP_NOT_CHOSEN;
	if (!is_of_use(&d->ask, &d->answer))
		return DHCP_NO_FILE;
	dhcp_keep(d, DHCP_CACHED_REPLY, r->message);
	d->ask.state = DHCP_ANSWERED;
	return DHCP_TAKEN;
}

bool dhcp_asked(void *net)
{
	return ((struct net *)net)->dhcp.ask.state != DHCP_ASKED;
}
