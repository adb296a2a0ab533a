/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a DHCP server grants, made usable: each option is checked by itself, and a broken one is as
 * if it were not there. dhcp.c calls.
 */
#include "core/mem.h"
#include "core/text.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/dns_parse.h"

struct span dhcp_get(const struct dhcp_reader *r, enum dhcp_option code)
{
	return dhcp_options_get(&r->options, code, r->buf, DHCP_OPTIONS_MAX);
}

uint32_t dhcp_get_ip(const struct dhcp_reader *r, enum dhcp_option code)
{
	struct span v = dhcp_get(r, code);

	for (uint32_t i = 0; i + 4 <= v.len; i += 4)
		if (ipv4_is_unicast(get_be32(v.at + i)))
			return get_be32(v.at + i);
	return 0;
}

void dhcp_copy_text(char *dst, uint32_t cap, struct span text)
{
	uint32_t len = 0;

	while (len < text.len && text.at[len])
		len++;
	if (len >= cap)
		len = 0;
	if (len)
		memcpy(dst, text.at, len);
	dst[len] = '\0';
}

/*
 * A mask with holes, or of nothing, is none; the address's class has to do then (RFC 950 3)
 * [DHCP-29].
 */
static uint32_t read_mask(const struct dhcp_reader *r, uint32_t ip)
{
	struct span v = dhcp_get(r, DHCP_OPTION_MASK);
	uint32_t mask = v.len == 4 ? get_be32(v.at) : 0;

	if (mask && (~mask & (~mask + 1)) == 0)
		return mask;
	if (ip >> 31 == 0)
		return 0xff000000;
	return ip >> 30 == 2 ? 0xffff0000 : 0xffffff00;
}

/*
 * One route of option 121: its length there, or 0 if it is malformed. Bits beyond the prefix do not
 * count.
 */
static uint32_t read_route(struct span v, struct ipv4_route *route)
{
	uint32_t width = v.at[0], octets = (width + 7) / 8;

	if (width > 32 || v.len < 1 + octets + 4)
		return 0;
	route->dst = 0;
	for (uint32_t i = 0; i < octets; i++)
		route->dst |= (uint32_t)v.at[1 + i] << (24 - 8 * i);
	route->mask = width ? UINT32_MAX << (32 - width) : 0;
	route->dst &= route->mask;
	route->gateway = get_be32(v.at + 1 + octets);
	return 1 + octets + 4;
}

/*
 * RFC 3442. False, and nothing changed, if the option is not there or malformed. A default route on
 * the link itself stays a route: there is no gateway that could stand for it.
 */
static bool read_routes(struct lease *l, const struct dhcp_reader *r)
{
	struct span v = dhcp_get(r, DHCP_OPTION_ROUTES);
	uint32_t len, gateway = 0, routes = 0;
	struct ipv4_route route;

	if (!v.len)
		return false;
	for (; v.len; v.at += len, v.len -= len) {
		len = read_route(v, &route);
		if (!len)
			return false;
		if (route.gateway && !ipv4_is_unicast(route.gateway))
			continue;
		if (!route.mask && route.gateway)
			gateway = route.gateway;
		else if (routes++ < IPV4_ROUTES_MAX)
			l->route[routes - 1] = route;
	}
	l->gateway = gateway;
	l->routes = routes < IPV4_ROUTES_MAX ? routes : IPV4_ROUTES_MAX;
	l->routes_lost = routes - l->routes;
	return true;
}

static void read_dns(struct lease *l, const struct dhcp_reader *r)
{
	struct span v = dhcp_get(r, DHCP_OPTION_DNS);
	uint32_t n = 0;

	for (uint32_t i = 0; i + 4 <= v.len && n < DNS_SERVERS_MAX; i += 4)
		if (ipv4_is_unicast(get_be32(v.at + i)))
			l->dns[n++] = get_be32(v.at + i);
}

/* Puts a name behind the first len bytes of the list. Returns how many it takes. */
static uint32_t copy_name(struct lease *l, uint32_t len, const char *name)
{
	uint32_t n = (uint32_t)text_len(name) + 1;

	if (n == 1 || n >= sizeof(l->search) - len)
		return 0;
	memcpy(l->search + len, name, n);
	return n;
}

/*
 * RFC 3397's list, then the domain; as much of them as there is room for, with an empty name at the
 * end [DNS-10].
 */
static void read_search(struct lease *l, const struct dhcp_reader *r)
{
	struct span v = dhcp_get(r, DHCP_OPTION_SEARCH);
	uint32_t off = 0, len = 0;
	char name[DNS_NAME_MAX];

	while (off < v.len && dns_name_read(v, &off, name))
		len += copy_name(l, len, name);
	if (off < v.len) /* broken: as if it were not there */
		len = 0;
	dhcp_copy_text(name, sizeof(name), dhcp_get(r, DHCP_OPTION_DOMAIN));
	len += copy_name(l, len, name);
	l->search[len] = '\0';
}

/* False: no address that a host can have. */
static bool read_address(struct lease *l, const struct dhcp_reader *r, uint32_t yiaddr)
{
	struct span v;

	l->ip = yiaddr;
	if (!ipv4_is_unicast(l->ip)) /* RFC 1122 3.2.1.3 [DHCP-29] */
		return false;
	l->mask = read_mask(r, l->ip);
	if (~l->mask > 1 && (l->ip | l->mask) == UINT32_MAX) /* everybody's */
		return false;
	/* Routers are named by options only: giaddr is a relay agent, RFC 1542 4.1.1 [DHCP-29]. */
	if (!read_routes(l, r)) /* RFC 3442: routes replace the router [DHCP-27] */
		l->gateway = dhcp_get_ip(r, DHCP_OPTION_ROUTER);
	read_dns(l, r);
	v = dhcp_get(r, DHCP_OPTION_MTU);
	if (v.len == 2 && get_be16(v.at) >= IPV4_MTU_MIN) /* [DHCP-28] */
		l->mtu = get_be16(v.at);
	read_search(l, r);
	return true;
}

bool dhcp_lease_read(struct dhcp_lease *l, const struct dhcp_reader *r)
{
	memset(l, 0, sizeof(*l));
	if (!read_address(&l->address, r, get_be32(r->message.at + DHCP_YIADDR_OFF)))
		return false;
	l->server = dhcp_get_ip(r, DHCP_OPTION_SERVER);
	dhcp_times_read(l, r);
	dhcp_boot_read(&l->boot, r, DHCP_BY_LEASE);
	return true;
}
