/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first rungs of the boot story: a link, and an address on it, from the user or by DHCP. Called
 * by netboot.c.
 */
#include "arch/boot.h"
#include "core/clock.h"
#include "core/mem.h"
#include "net/boot/address.h"

/*
 * A server that looks first whether an address is in use (ISC's pings it for a second) answers
 * later than one that does not. Where nothing else says what to boot, waiting for it, or for a
 * proxy, beats failing. What was built in yields to a URL only, and does not wait as long for one.
 */
#define BOOT_WAIT_MS 4000
#define BOOT_WAIT_BUILTIN_MS 1000

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

void address_static(struct lease *lease, const struct config *c)
{
	memset(lease, 0, sizeof(*lease));
	lease->ip = c->ip;
	lease->mask = ~0u << (32 - c->prefix);
	lease->gateway = c->gateway;
	lease->dns[0] = c->dns;
}

static int dhcp_failed(struct net *net, int err)
{
	char buf[300], server[IP_TEXT_LEN];
	struct text why;

	if (err && err != ERR_TIMEOUT)
		return err;
	text_init(&why, buf, sizeof(buf));
	net_breach_text(net, "datagrams", &why);
	dhcp_unused_text(&net->dhcp, &why);
	if (!err)
		return fail(net->failure, RUNG_ADDRESS, ERR_REFUSED,
			    "the DHCP server refused %u requests in a row (NAK); do two servers "
			    "contradict each other?",
			    (unsigned)net->dhcp.naks);
	if (net->dhcp.furthest > DHCP_SELECTING)
		return fail(net->failure, RUNG_ADDRESS, err,
			    "the DHCP server %s offered an address and then did not confirm it%s",
			    ip_text(server, net->dhcp.offer.server), buf);
	return fail(net->failure, RUNG_ADDRESS, err,
		    "no DHCP answer within %u s; is there a server on this network? The key ip "
		    "needs none%s",
		    (unsigned)(net->deadline_ms / 1000), buf);
}

/*
 * How long an offer that is silent about what to boot waits for one that is not [DHCP-20].
 */
static uint32_t boot_wait_ms(const struct config *config, bool has_builtin_url)
{
	if (config_has(config, CONFIG_URL) || config->fetch[0])
		return 0;
	return has_builtin_url ? BOOT_WAIT_BUILTIN_MS : BOOT_WAIT_MS;
}

static void print_wait(const struct dhcp *d, struct console *console)
{
	char ip[IP_TEXT_LEN];

	console_line(console,
		     "dhcp: %s offers an address and no %s; waiting up to %u ms for a server that "
		     "names one",
		     ip_text(ip, d->offer.server), d->url_only ? "URL to boot" : "boot file",
		     (unsigned)d->boot_wait_ms);
}

static int take_dhcp(struct net *net, struct console *console, uint32_t wait_ms, bool url_only)
{
	struct dhcp_identity id = { .arch = boot_dhcp_arch() };
	int err;

	boot_uuid(id.uuid);
	net_begin(net, RUNG_ADDRESS);
	dhcp_start(net, &id, wait_ms, url_only);
	err = net_wait(net, dhcp_offered, net, 0);
	if (!err && net->dhcp.state == DHCP_CHOOSING)
		print_wait(&net->dhcp, console);
	if (!err)
		err = net_wait(net, dhcp_done, net, 0);
	return err || net->dhcp.state != DHCP_BOUND ? dhcp_failed(net, err) : 0;
}

int address_take(struct net *net, struct console *console, const struct config *config,
		 bool has_builtin_url)
{
	struct lease *lease = &net->dhcp.lease.address;
	uint32_t started_ms = clock_now_ms();
	char buf[100];
	struct text t;
	int err = 0;

	if (config->ip_static)
		address_static(lease, config);
	else
		err = take_dhcp(net, console, boot_wait_ms(config, has_builtin_url),
				has_builtin_url);
	if (err)
		return err;
	net_configure(net, lease);
	text_init(&t, buf, sizeof(buf));
	address_text(net, &t);
	if (config->ip_static)
		console_line(console, "ip: %s", buf);
	else
		console_line(console, "dhcp: %s, %u ms", buf,
			     (unsigned)(clock_now_ms() - started_ms));
	if (lease->routes_lost)
		console_line(
			console,
			"dhcp: option 121 has %u routes more than the %u that there is room for",
			(unsigned)lease->routes_lost, IPV4_ROUTES_MAX);
	return 0;
}
