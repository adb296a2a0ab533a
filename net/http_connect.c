/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP's way from a URL's host to a connection: the kept one, or a name looked up and its addresses
 * tried in turn. What went wrong on it is said here. Called by http.c.
 */
#include "core/clock.h"
#include "net/http_impl.h"
#include "net/ipv4.h"

static int dns_failed(struct http *http, int err)
{
	struct net *net = http->net;
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
				    http->uri.host);
		if (net->dns.rcode)
			return fail(net->failure, RUNG_NAME, ERR_REFUSED,
				    "no DNS server would look up %s (the last one answered "
				    "with code %u)%s",
				    http->uri.host, net->dns.rcode, buf);
		return fail(net->failure, RUNG_NAME, ERR_TIMEOUT,
			    "no DNS server answered when asked for %s%s", http->uri.host, buf);
	}
	if (net->dns.state == DNS_CUT)
		return fail(net->failure, RUNG_NAME, ERR_UNSUPPORTED,
			    "the answer for %s does not fit a datagram; give fewer addresses to "
			    "that name",
			    http->uri.host);
	if (net->dns.state == DNS_NO_NAME)
		return fail(net->failure, RUNG_NAME, ERR_UNREACHABLE,
			    "there is no address for %s; check the name in the URL",
			    http->uri.host);
	return err;
}

/* The server's addresses into net->dns, whether by a literal [DNS-11] or by asking. */
static int resolve(struct http *http)
{
	struct net *net = http->net;
	uint32_t ip, started_ms = clock_now_ms();
	char text[IP_TEXT_LEN];
	int err;

	if (uri_host_ip(&http->uri, &ip)) {
		if (!ipv4_is_unicast(ip) || ipv4_is_broadcast(net, ip))
			return fail(net->failure, RUNG_CONNECT, ERR_UNREACHABLE,
				    "%s is not the address of one machine; check the URL",
				    http->uri.host);
		net->dns.address[0] = ip;
		net->dns.addresses = 1;
		return 0;
	}
	net_begin(net, RUNG_NAME);
	dns_start(net, http->uri.host);
	err = net_wait(net, dns_done, net, 0);
	dns_stop(net);
	if (err || net->dns.state != DNS_DONE)
		return dns_failed(http, err);
	console_line(http->console, "dns: %s %s, %u ms", http->uri.host,
		     ip_text(text, net->dns.address[0]), (unsigned)(clock_now_ms() - started_ms));
	return 0;
}

static bool connected(void *ctx)
{
	struct http *http = ctx;

	return http->conn->state != TCP_SYN_SENT && http->conn->state != TCP_SYN_RECEIVED;
}

/* How long one of several addresses may stay silent before the next has its turn. */
#define ADDRESS_TRY_MS 7000

void http_drop(struct http *http, int err)
{
	if (!http->conn)
		return;
	if (err)
		tcp_abort(http->net, http->conn);
	else
		tcp_close(http->net, http->conn); /* a FIN, not a RST [HTTP-17] */
	http->conn = NULL;
}

static int connect_one(struct http *http, uint32_t ip, uint32_t timeout_ms)
{
	int err;

	http->ip = ip;
	net_progress(http->net);
	http_parse_idle(&http->parse, http->net->failure);
	http->conn = tcp_open(http->net, ip, http->uri.port, &http->user);
	if (!http->conn)
		return ERR_NO_SPACE;
	err = net_wait(http->net, connected, http, timeout_ms);
	if (!err && http->conn->state == TCP_CLOSED)
		err = http->conn->error ? (int)http->conn->error : ERR_PROTO;
	if (err) {
		tcp_abort(http->net, http->conn);
		http->conn = NULL;
	}
	return err;
}

/* What else is known to be wrong with this rung's packets, and the server's address. */
void http_why_text(struct http *http, char why[HTTP_WHY_MAX], char to[IP_TEXT_LEN])
{
	struct text t;

	text_init(&t, why, HTTP_WHY_MAX);
	net_breach_text(http->net, "segments", &t);
	icmp_soft_text(http->net, &t);
	if (!t.len && http->conn && tcp_starves(http->net, http->conn))
		text_fmt(&t, "; " HTTP_LOST_ON_THE_WAY, (unsigned)tcp_mtu(http->conn));
	else if (http->conn && tcp_sent(http->conn) && !http->parse.seen)
		text_fmt(&t, "; it has acknowledged the request");
	ip_text(to, http->ip);
}

static int connect_failed(struct http *http, int err)
{
	struct net *net = http->net;
	char why[HTTP_WHY_MAX], to[IP_TEXT_LEN];

	http_why_text(http, why, to);
	if (err == ERR_REFUSED)
		return fail(net->failure, RUNG_CONNECT, err,
			    "%s:%u refuses the connection; is the server running, on this port?",
			    to, http->uri.port);
	if (err == ERR_UNREACHABLE && !ipv4_next_hop(net, http->ip))
		return fail(net->failure, RUNG_CONNECT, err,
			    "there is no route to %s; give a gateway by DHCP or the key ip", to);
	if (err == ERR_UNREACHABLE)
		return fail(net->failure, RUNG_CONNECT, err,
			    "nobody on this link answers for %s; check the address, the gateway "
			    "and the cable%s",
			    to, why);
	return fail(net->failure, RUNG_CONNECT, err, "no usable answer from %s:%u%s", to,
		    http->uri.port, why);
}

/*
 * A server may answer before it acknowledges: then the request is still TCP's, and there is no room
 * for another.
 */
static bool is_connected_to(const struct http *http, const struct uri *uri)
{
	const struct tcp_conn *c = http->conn;

	return c && c->state == TCP_ESTABLISHED && tcp_sent(c) && !c->fin_received &&
	       !http->parse.surplus && http->server.port == uri->port &&
	       text_eq(http->server.host, uri->host);
}

int http_connect(struct http *http)
{
	struct net *net = http->net;
	uint32_t n;
	int err;

	http->reused = is_connected_to(http, &http->uri);
	if (http->reused)
		return 0;
	http_drop(http, 0);
	err = resolve(http);
	if (err)
		return err;
	net_begin(net, RUNG_CONNECT);
	n = net->dns.addresses;
	err = ERR_UNREACHABLE;
	for (uint32_t i = 0; i < n; i++) {
		err = connect_one(http, net->dns.address[i], i + 1 < n ? ADDRESS_TRY_MS : 0);
		if (!err || err == ERR_DEVICE || err == ERR_ABORTED)
			break;
	}
	if (err)
		return connect_failed(http, err);
	http->server = http->uri;
	return 0;
}
