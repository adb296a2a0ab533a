/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP over TCP: from a URL to an image full of bytes. Finds the server, keeps its connection, follows redirects, tells
 * the user how far it is. Called by netboot; http_parse.c reads the answers.
 */
#include "core/assert.h"
#include "core/builtin.h"
#include "core/clock.h"
#include "core/mem.h"
#include "net/http.h"
#include "net/ipv4.h"

#define PROGRESS_AFTER_MS 1000
#define PROGRESS_EVERY_MS 250
#define CLOSE_WAIT_MS 1000
#define REDIRECT_BODY_MS 1000
#define REDIRECT_BODY_MAX 4096

static uint8_t *place(void *ctx, uint64_t off, uint32_t len)
{
	struct http *http = ctx;
	struct http_parse *p = &http->parse;
	uint64_t body_off = http->response_off + p->body_at;

	if (p->state != HTTP_BODY || !p->image || off < body_off)
		return NULL;
	return image_accept(p->image, off - body_off, len);
}

static void landed(void *ctx, uint64_t off, uint64_t len)
{
	struct http *http = ctx;

	(void)off;      /* in order, and the image counts for itself */
	http_parse_landed(&http->parse, len);
}

static void data(void *ctx, uint64_t off, struct span bytes)
{
	struct http *http = ctx;

	(void)off;
	http_parse_bytes(&http->parse, bytes);
}

void http_init(struct http *http, struct net *net, struct console *console)
{
	memset(http, 0, sizeof(*http));
	http->net = net;
	http->console = console;
	http->user = (struct tcp_user){ .place = place, .landed = landed, .data = data, .ctx = http };
}

/* --- from a name to a connection ---------------------------------------------------------------- */

static int dns_failed(struct http *http, int err)
{
	struct net *net = http->net;
	char buf[200];
	struct text why;

	text_init(&why, buf, sizeof(buf));
	net_breach_text(net, "datagrams", &why);
	if (net->dns.foreign)
		text_fmt(&why, "; not used: %u that did not fit the question", (unsigned)net->dns.foreign);
	if (err == ERR_TIMEOUT || net->dns.state == DNS_NO_SERVER) {
		if (!net->dns_servers[0])
			return fail(net->failure, RUNG_DNS, ERR_UNREACHABLE,
				    "no DNS server is known to look up %s; DHCP or the key ip can name one",
				    http->uri.host);
		if (net->dns.rcode)
			return fail(net->failure, RUNG_DNS, ERR_REFUSED,
				    "no DNS server would look up %s (the last one answered with code %u)%s",
				    http->uri.host, net->dns.rcode, buf);
		return fail(net->failure, RUNG_DNS, ERR_TIMEOUT,
			    "no DNS server answered when asked for %s%s", http->uri.host, buf);
	}
	if (net->dns.state == DNS_CUT)
		return fail(net->failure, RUNG_DNS, ERR_UNSUPPORTED,
			    "the answer for %s does not fit a datagram; give fewer addresses to that name",
			    http->uri.host);
	if (net->dns.state == DNS_NO_NAME)
		return fail(net->failure, RUNG_DNS, ERR_UNREACHABLE,
			    "there is no address for %s; check the name in the URL", http->uri.host);
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
				    "%s is not the address of one machine; check the URL", http->uri.host);
		net->dns.address[0] = ip;
		net->dns.addresses = 1;
		return 0;
	}
	net_begin(net, RUNG_DNS);
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

static void drop_connection(struct http *http, int err)
{
	if (!http->conn)
		return;
	if (err)
		tcp_abort(http->net, http->conn);
	else
		tcp_close(http->net, http->conn);       /* a FIN, not a RST [HTTP-17] */
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

#define LOST_ON_THE_WAY "packets of up to %u bytes are probably lost on the way; let DHCP option 26 " \
	"or host_mtu say less"
#define WHY_MAX 300

/* What else is known to be wrong with this rung's packets, and the server's address. */
static void why_text(struct http *http, char why[WHY_MAX], char to[IP_TEXT_LEN])
{
	struct text t;

	text_init(&t, why, WHY_MAX);
	net_breach_text(http->net, "segments", &t);
	icmp_soft_text(http->net, &t);
	if (http->conn && tcp_starves(http->net, http->conn))
		text_fmt(&t, "; " LOST_ON_THE_WAY, (unsigned)tcp_mtu(http->conn));
	else if (http->conn && tcp_sent(http->conn) && !http->parse.seen)
		text_fmt(&t, "; it has acknowledged the request");
	ip_text(to, http->ip);
}

static int connect_failed(struct http *http, int err)
{
	struct net *net = http->net;
	char why[WHY_MAX], to[IP_TEXT_LEN];

	why_text(http, why, to);
	if (err == ERR_REFUSED)
		return fail(net->failure, RUNG_CONNECT, err,
			    "%s:%u refuses the connection; is the server running, on this port?", to,
			    http->uri.port);
	if (err == ERR_UNREACHABLE && !ipv4_next_hop(net, http->ip))
		return fail(net->failure, RUNG_CONNECT, err,
			    "there is no route to %s; give a gateway by DHCP or the key ip", to);
	if (err == ERR_UNREACHABLE)
		return fail(net->failure, RUNG_CONNECT, err,
			    "nobody on this link answers for %s; check the address, the gateway and the cable%s",
			    to, why);
	return fail(net->failure, RUNG_CONNECT, err, "no usable answer from %s:%u%s", to, http->uri.port, why);
}

/*
 * A server may answer before it acknowledges: then the request is still TCP's, and there is no room
 * for another.
 */
static bool is_connected_to(const struct http *http, const struct uri *uri)
{
	const struct tcp_conn *c = http->conn;

	return c && c->state == TCP_ESTABLISHED && tcp_sent(c) && !c->fin_received &&
	       !http->parse.surplus &&
	       http->server.port == uri->port && text_eq(http->server.host, uri->host);
}

/* A connection to http->uri's server: the one that is there, or a new one to the first address that answers [DNS-09]. */
static int connect_server(struct http *http)
{
	struct net *net = http->net;
	uint32_t i, n;
	int err;

	http->reused = is_connected_to(http, &http->uri);
	if (http->reused)
		return 0;
	drop_connection(http, 0);
	err = resolve(http);
	if (err)
		return err;
	net_begin(net, RUNG_CONNECT);
	n = net->dns.addresses;
	err = ERR_UNREACHABLE;
	for (i = 0; i < n; i++) {
		err = connect_one(http, net->dns.address[i], i + 1 < n ? ADDRESS_TRY_MS : 0);
		if (!err || err == ERR_DEVICE || err == ERR_ABORTED)
			break;
	}
	if (err)
		return connect_failed(http, err);
	http->server = http->uri;
	return 0;
}

/* --- one request and its answer ------------------------------------------------------------------- */

/*
 * RFC 9112 3.2: origin-form and one Host [HTTP-01]; the URL's parts were checked when it was parsed
 * [HTTP-03]. No encoding is undone, and who is not told so may send any: RFC 9110 12.5.3 [HTTP-15].
 */
static void send_request(struct http *http)
{
	struct text t;

	text_init(&t, http->request, sizeof(http->request));
	text_fmt(&t, "GET %s HTTP/1.1\r\nHost: %s", http->uri.path, http->uri.host);
	if (http->uri.port != 80)
		text_fmt(&t, ":%u", http->uri.port);
	text_fmt(&t, "\r\nUser-Agent: skiff/%s\r\nAccept: */*\r\n"
		 "Accept-Encoding: identity\r\n\r\n", skiff_version);
	assert(!t.cut);
	http->response_off = http->conn->rcv_off;
	tcp_send(http->net, http->conn, (struct span){ (const uint8_t *)http->request, (uint32_t)t.len });
}

static void show_progress(struct http *http)
{
	const struct image *img = http->parse.image;
	uint32_t now_ms = clock_now_ms(), ms = now_ms - http->started_ms;
	char so_far[CONSOLE_MB_LEN], all[CONSOLE_MB_LEN] = "", rate[CONSOLE_MB_LEN];

	if (!img || ms < PROGRESS_AFTER_MS || now_ms - http->shown_ms < PROGRESS_EVERY_MS)
		return;
	http->shown_ms = now_ms;
	if (img->file_len != CARGO_LEN_UNKNOWN)
		console_mb(all, img->file_len);
	console_progress(http->console, "%s%s%s MB, %s MB/s", console_mb(so_far, img->stored),
			 all[0] ? " of " : "", all, console_mb_per_s(rate, img->stored, ms));
}

/* The headers are complete, or the file has grown by what a deadline's time is worth. */
static void renew_deadline(struct http *http)
{
	const struct http_parse *p = &http->parse;
	uint64_t stored = p->image ? p->image->stored : 0;

	if (p->seen != http->heard_len) {
		http->heard_len = p->seen;
		http->heard_ms = clock_now_ms();
	}
	if (!p->body_at || stored < http->renew_at)
		return;
	http->renew_at = stored + http->net->deadline_ms;
	net_progress(http->net);
}

/*
 * Whether there is nothing more to wait for in an answer that is not the file. An error's body is
 * of no use. A redirect's only keeps the connection, so it must be short; its headers were the last
 * progress.
 */
static bool is_told(const struct http *http)
{
	const struct http_parse *p = &http->parse;

	if (!p->body_at || p->status == 200)
		return false;
	return !http_parse_redirect(p) || p->seen - p->body_at > REDIRECT_BODY_MAX ||
	       (p->state == HTTP_BODY && p->left > REDIRECT_BODY_MAX) ||
	       clock_reached(clock_now_ms(), http->net->progress_ms + REDIRECT_BODY_MS);
}

/*
 * [TCP-46]: nothing of the file has come, and TCP suspects the path; asking again for smaller
 * segments costs no more than that.
 */
static bool is_starved(const struct http *http)
{
	return !http->image->stored && tcp_starves(http->net, http->conn);
}

static bool answered(void *ctx)
{
	struct http *http = ctx;
	struct http_parse *p = &http->parse;
	struct tcp_conn *c = http->conn;

	if (p->state == HTTP_DONE || p->state == HTTP_FAILED)
		return true;
	renew_deadline(http);
	if (is_told(http))
		return true;
	show_progress(http);
	return c->state == TCP_CLOSED || c->fin_received || is_starved(http);
}

/* Later connections are made for a narrow path; the user learns how to make them wide again. */
static void shrink(struct http *http)
{
	char to[IP_TEXT_LEN];

	console_line(http->console, "tcp: %s:%u has acknowledged the request and sent no file: "
		     LOST_ON_THE_WAY "; asking for small ones",
		     ip_text(to, http->ip), http->uri.port, (unsigned)tcp_mtu(http->conn));
	tcp_shrink(http->net);
	drop_connection(http, ERR_TIMEOUT);
}

/*
 * The connection that had served before was closed by the server meanwhile: its right. Some say so
 * by a 408 (RFC 9110 15.5.9), which was on its way before they were asked. Ask again on a new one.
 */
static bool is_stale(const struct http *http)
{
	const struct http_parse *p = &http->parse;
	bool ended = http->conn->state == TCP_CLOSED || http->conn->fin_received;

	return http->reused && ((ended && !p->seen) || (p->body_at && p->status == 408));
}

static int answer_failed(struct http *http, int err)
{
	struct net *net = http->net;
	char why[WHY_MAX], to[IP_TEXT_LEN];

	why_text(http, why, to);
	if (!http->parse.seen)
		return fail(net->failure, RUNG_HTTP, err,
			    "%s:%u accepted the connection and then said nothing to GET %.*s%s", to,
			    http->uri.port, 60, http->uri.path, why);
	if (clock_now_ms() - http->heard_ms < net->deadline_ms / 2)
		return fail(net->failure, RUNG_HTTP, err,
			    "%s:%u sends too slowly: %llu bytes so far, and less than 1 kB/s of the file%s", to,
			    http->uri.port, (unsigned long long)http->parse.seen, why);
	return fail(net->failure, RUNG_HTTP, err, "%s:%u fell silent after %llu bytes of its answer%s", to,
		    http->uri.port, (unsigned long long)http->parse.seen, why);
}

static int answer_reset(struct http *http)
{
	char to[IP_TEXT_LEN];

	ip_text(to, http->ip);
	return fail(http->net->failure, RUNG_HTTP, http->conn->error,
		    "%s:%u broke the connection after %llu bytes of its answer", to, http->uri.port,
		    (unsigned long long)http->parse.seen);
}

/* What became of the answer, once answered() says so. */
static int judge_answer(struct http *http)
{
	struct http_parse *p = &http->parse;
	bool told = p->body_at && p->status != 200;     /* then its end does not matter */

	if (p->state != HTTP_DONE && p->state != HTTP_FAILED && !told) {
		if (http->conn->error == ERR_TIMEOUT)
			return answer_failed(http, ERR_TIMEOUT);
		if (http->conn->error)
			return answer_reset(http);
		if (http->conn->fin_received)
			http_parse_eof(p);
	}
	if (p->state == HTTP_FAILED)
		return http->net->failure->err;
	if (p->status == 200 || http_parse_redirect(p))
		return 0;
	return fail(http->net->failure, RUNG_HTTP, ERR_REFUSED, "the server answered %u%s%s to GET %.*s; check the URL",
		    p->status, p->reason[0] ? " " : "", p->reason, 160, http->uri.path);
}

/* Sends one request and waits for its answer. */
static int exchange_once(struct http *http)
{
	int err = connect_server(http);

	if (err)
		return err;
	net_begin(http->net, RUNG_HTTP);
	if (http->parse.surplus)                /* RFC 9112 9.2: not the answer to what was not asked yet */
		return fail(http->net->failure, RUNG_HTTP, ERR_PROTO,
			    "%s:%u spoke before it was asked; is it a web server?", http->uri.host, http->uri.port);
	http_parse_init(&http->parse, http->image, http->net->failure);
	http->started_ms = http->shown_ms = http->heard_ms = clock_now_ms();
	http->renew_at = http->heard_len = 0;
	send_request(http);
	return net_wait(http->net, answered, http, 0);
}

static int exchange(struct http *http)
{
	int err;

	for (;;) {
		err = exchange_once(http);
		if (!err && is_starved(http))           /* once: TCP_MSS_DEFAULT starves nobody */
			shrink(http);
		else if (!err && is_stale(http))        /* once: a new connection is not reused [HTTP-16] */
			drop_connection(http, 0);
		else
			break;
	}
	if (err == ERR_TIMEOUT && http->conn)
		err = answer_failed(http, err);
	else if (!err)
		err = judge_answer(http);
	if (err || !http_parse_reusable(&http->parse))
		drop_connection(http, err);
	return err;
}

/* --- files ------------------------------------------------------------------------------------------ */

static int check_scheme(struct http *http, const char *how)
{
	struct failure *f = http->net->failure;

	switch (http->uri.scheme) {
	case URI_HTTP:
		return 0;
	case URI_HTTPS:
		return fail(f, RUNG_HTTP, ERR_UNSUPPORTED,
			    "%s https://%s, and skiff does not speak TLS; offer it by http:// and set the key sha256",
			    how, http->uri.host);
	case URI_TFTP:
		return fail(f, RUNG_HTTP, ERR_UNSUPPORTED,
			    "%s tftp://%s, and this version does not speak TFTP; offer it by http://", how,
			    http->uri.host);
	default:
		return fail(f, RUNG_HTTP, ERR_UNSUPPORTED, "%s a URL that is not http://", how);
	}
}

/* RFC 9110 15.4, 10.2.2: Location may be relative to what was asked for [HTTP-08]. */
static int follow_redirect(struct http *http)
{
	const char *to = http->parse.location;
	int err;

	err = uri_resolve(&http->next, &http->uri, to, text_len(to), http->net->failure, RUNG_HTTP);
	if (err)
		return err;
	http->uri = http->next;
	return check_scheme(http, "the server redirects to");
}

int http_get(struct http *http, const struct uri *uri, struct image *image)
{
	unsigned redirects;
	int err;

	http->uri = *uri;
	http->image = image;
	err = check_scheme(http, "the URL names");
	for (redirects = 0; !err; redirects++) {
		err = exchange(http);
		if (err || http->parse.status == 200)
			return err;
		if (redirects == HTTP_REDIRECTS_MAX)
			return fail(http->net->failure, RUNG_HTTP, ERR_PROTO,
				    "more than %u redirects, the last one to %.*s; does the server send them in a circle?",
				    HTTP_REDIRECTS_MAX, 160, http->parse.location);
		err = follow_redirect(http);
	}
	return err;
}

int http_close(struct http *http)
{
	int err;

	drop_connection(http, 0);
	err = net_wait(http->net, tcp_quiet, http->net, CLOSE_WAIT_MS);
	return err == ERR_TIMEOUT ? 0 : err;    /* the peer's own affair: nothing of ours depends on it */
}

void http_abort(struct http *http)
{
	drop_connection(http, ERR_ABORTED);
}
