/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first rungs of the boot story: a link, and an address on it, from the user or by DHCP. Called by
 * netboot.c.
 */
#include "core/boot.h"
#include "core/clock.h"
#include "core/mem.h"
#include "net/address.h"

static bool link_is_up(void *ctx)
{
	struct net *net = ctx;

	return net->nic->ops->link_up(net->nic);
}

/* [ETH-07] */
int address_wait_for_link(struct net *net, struct console *console)
{
	int err;

	net_begin(net, RUNG_LINK);
	if (link_is_up(net))
		return 0;
	console_line(console, "link: down, waiting");
	err = net_wait(net, link_is_up, net, 0);
	if (err == ERR_TIMEOUT)
		return fail(net->failure, RUNG_LINK, ERR_UNREACHABLE,
			    "the link stayed down for %u s; connect it, or raise the key deadline",
			    (unsigned)(net->deadline_ms / 1000));
	return err;
}

static unsigned prefix_len(uint32_t mask)
{
	unsigned n;

	for (n = 0; mask & 0x80000000u; n++)
		mask <<= 1;
	return n;
}

/* " gateway 10.0.2.2 dns 10.0.2.3", as far as there are any. */
static void address_text(const struct net *net, struct text *t)
{
	char ip[IP_TEXT_LEN];

	text_fmt(t, "%s/%u", ip_text(ip, net->ip), prefix_len(net->mask));
	if (net->gateway)
		text_fmt(t, " gateway %s", ip_text(ip, net->gateway));
	if (net->dns_servers[0])
		text_fmt(t, " dns %s", ip_text(ip, net->dns_servers[0]));
}

static void take_static(struct net *net, struct console *console, const struct config *c)
{
	char buf[100];
	struct text t;

	net->dns_servers[0] = c->dns;
	net_configure(net, c->ip, ~0u << (32 - c->prefix), c->gateway, 0);
	text_init(&t, buf, sizeof(buf));
	address_text(net, &t);
	console_line(console, "ip: %s", buf);
}

static int dhcp_failed(struct net *net, int err)
{
	char buf[200], server[IP_TEXT_LEN];
	struct text why;

	text_init(&why, buf, sizeof(buf));
	net_breach_text(net, "datagrams", &why);
	if (!err)
		return fail(net->failure, RUNG_DHCP, ERR_REFUSED,
			    "the DHCP server refused %u requests in a row (NAK); do two servers contradict each other?",
			    (unsigned)net->dhcp.naks);
	if (err != ERR_TIMEOUT)
		return err;
	if (net->dhcp.state == DHCP_REQUESTING)
		return fail(net->failure, RUNG_DHCP, err,
			    "the DHCP server %s offered an address and then did not confirm it%s",
			    ip_text(server, net->dhcp.offer.server), buf);
	return fail(net->failure, RUNG_DHCP, err,
		    "no DHCP answer within %u s; is there a server on this network? The key ip needs none%s",
		    (unsigned)(net->deadline_ms / 1000), buf);
}

static int take_dhcp(struct net *net, struct console *console, const struct config *config)
{
	const struct dhcp_lease *lease = &net->dhcp.lease;
	bool wants_url = !config_has(config, CONFIG_URL) && !config->fetch[0];
	struct dhcp_identity id = { .arch = boot_dhcp_arch() };
	uint32_t started_ms = clock_now_ms();
	char buf[100];
	struct text t;
	int err;

	boot_uuid(id.uuid);
	net_begin(net, RUNG_DHCP);
	dhcp_start(net, &id, wants_url);
	err = net_wait(net, dhcp_done, net, 0);
	if (err || net->dhcp.state != DHCP_BOUND)
		return dhcp_failed(net, err);
	memcpy(net->dns_servers, lease->dns, sizeof(net->dns_servers));
	net_configure(net, lease->ip, lease->mask, lease->gateway, lease->mtu);
	text_init(&t, buf, sizeof(buf));
	address_text(net, &t);
	console_line(console, "dhcp: %s, %u ms", buf, (unsigned)(clock_now_ms() - started_ms));
	return 0;
}

int address_take(struct net *net, struct console *console, const struct config *config)
{
	if (!config->ip_static)
		return take_dhcp(net, console, config);
	take_static(net, console, config);
	return 0;
}
