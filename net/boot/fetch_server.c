/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a URL's host to a server that answers: a name looked up, and its addresses tried in turn.
 * What went wrong with the name is said here. Called by fetch.c and fetch_tftp.c.
 */
#include "core/clock.h"
#include "net/boot/fetch_impl.h"
#include "net/ipv4.h"

/* How long one of several addresses may stay silent before the next has its turn. */
#define ADDRESS_TRY_MS 7000

static int dns_failed(struct fetch *f, int err)
{
	struct net *net = f->net;
	char buf[200];
	struct text why;

	text_init(&why, buf, sizeof(buf));
	net_breach_text(net, "datagrams", &why);
	if (net->dns.foreign)
		text_fmt(&why, "; not used: %u that did not fit the question",
			 (unsigned)net->dns.foreign);
	if (err == ERR_TIMEOUT || net->dns.state == DNS_NO_SERVER) {
		if (!net->dns_servers[0])
			return fail(net->failure, RUNG_NAME, ERR_UNREACHABLE,
				    "no DNS server is known to look up %s; DHCP or the key "
				    "ip can name one",
				    f->uri.host);
		if (net->dns.rcode)
			return fail(net->failure, RUNG_NAME, ERR_REFUSED,
				    "no DNS server would look up %s (the last one answered "
				    "with code %u)%s",
				    f->uri.host, net->dns.rcode, buf);
		return fail(net->failure, RUNG_NAME, ERR_TIMEOUT,
			    "no DNS server answered when asked for %s%s", f->uri.host, buf);
	}
	if (net->dns.state == DNS_CUT)
		return fail(net->failure, RUNG_NAME, ERR_UNSUPPORTED,
			    "the answer for %s does not fit a datagram; give fewer addresses to "
			    "that name",
			    f->uri.host);
	if (net->dns.state == DNS_NO_NAME)
		return fail(net->failure, RUNG_NAME, ERR_UNREACHABLE,
			    "there is no address for %s; check the name in the URL", f->uri.host);
	return err;
}

/* The server's addresses into net->dns, whether by a literal [DNS-11] or by asking. */
static int resolve(struct fetch *f)
{
	struct net *net = f->net;
	uint32_t ip, started_ms = clock_now_ms();
	char text[IP_TEXT_LEN];
	int err;

	if (uri_host_ip(&f->uri, &ip)) {
		if (!ipv4_is_unicast(ip) || ipv4_is_broadcast(net, ip))
			return fail(net->failure, RUNG_CONNECT, ERR_UNREACHABLE,
				    "%s is not the address of one machine; check the URL",
				    f->uri.host);
		net->dns.address[0] = ip;
		net->dns.addresses = 1;
		return 0;
	}
	net_begin(net, RUNG_NAME);
	dns_start(net, f->uri.host);
	err = net_wait(net, dns_done, net, 0);
	dns_stop(net);
	if (err || net->dns.state != DNS_DONE)
		return dns_failed(f, err);
	console_line(f->console, "dns: %s %s, %u ms", f->uri.host,
		     ip_text(text, net->dns.address[0]), (unsigned)(clock_now_ms() - started_ms));
	return 0;
}

int fetch_find_server(struct fetch *f, fetch_try_fn try_one)
{
	int err = resolve(f);
	uint32_t n;

	if (err)
		return err;
	net_begin(f->net, RUNG_CONNECT);
	n = f->net->dns.addresses;
	err = ERR_UNREACHABLE;
	for (uint32_t i = 0; i < n; i++) {
		f->ip = f->net->dns.address[i];
		net_progress(f->net);
		err = try_one(f, f->ip, i + 1 < n ? ADDRESS_TRY_MS : 0);
		if (!err || err == ERR_DEVICE || err == ERR_ABORTED)
			break;
	}
	return err ? fetch_no_server(f, err) : 0;
}
