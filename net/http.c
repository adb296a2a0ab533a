/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP over TCP: a connection, a request, and what becomes of its answer, which http_parse.c reads.
 * Called by net/boot/fetch.c and, for an address of the server, net/boot/server.c.
 */
#include "core/assert.h"
#include "core/builtin.h"
#include "core/clock.h"
#include "core/mem.h"
#include "net/http.h"

#define CLOSE_WAIT_MS 1000
#define REDIRECT_BODY_MS 1000
#define REDIRECT_BODY_MAX 4096

static void landed(void *ctx, uint64_t off, uint32_t len)
{
	struct http *http = ctx;

	(void)off; /* in order, and the image counts for itself */
	http_parse_landed(&http->parse, len);
}

/* Behind the headers the next bytes are the file's, and their place may be known. */
static void data(void *ctx, uint64_t off, struct span bytes)
{
	struct http *http = ctx;
	struct nic *nic = http->net->nic;
	struct extent room;

	(void)off;
	http_parse_bytes(&http->parse, bytes);
	if (http->parse.state != HTTP_BODY || !http->parse.image)
		return;
	room = image_room(http->parse.image);
	/* Only bytes that are sure to come: nothing else ends the device's access to it. */
	nic->landing = nic->lands && http->image->file_len != IMAGE_LEN_UNKNOWN ?
			       &http->conn->landing :
			       NULL;
	tcp_land(http->conn, room.at, room.len < SIZE_MAX ? (size_t)room.len : SIZE_MAX);
}

void http_init(struct http *http, struct net *net, struct console *console)
{
	memset(http, 0, sizeof(*http));
	http->net = net;
	http->console = console;
	http->user = (struct tcp_user){ .landed = landed, .data = data, .ctx = http };
}

/* --- the connection -------------------------------------------------------------------------- */

/* err 0: by a FIN, not a RST [HTTP-17]. */
static void drop(struct http *http, int err)
{
	if (!http->conn)
		return;
	if (err)
		tcp_abort(http->net, http->conn);
	else
		tcp_close(http->net, http->conn);
	http->conn = NULL;
}

/*
 * A server may answer before it acknowledges: then the request is still TCP's, and there is no room
 * for another.
 */
bool http_is_open(const struct http *http, const struct uri *uri)
{
	const struct tcp_conn *c = http->conn;

	return c && c->state == TCP_ESTABLISHED && tcp_sent(c) && !c->fin_received &&
	       !http->parse.surplus && http->server.port == uri->port &&
	       text_eq(http->server.host, uri->host);
}

static bool connected(void *ctx)
{
	struct http *http = ctx;

	return http->conn->state != TCP_SYN_SENT && http->conn->state != TCP_SYN_RECEIVED;
}

int http_open(struct http *http, const struct uri *uri, uint32_t ip, uint32_t timeout_ms)
{
	int err;

	drop(http, 0);
	http->server = *uri;
	http->ip = ip;
	http->reused = false;
	http_parse_idle(&http->parse, http->net->failure);
	http->conn = tcp_open(http->net, ip, uri->port, &http->user);
	if (!http->conn)
		return ERR_NO_SPACE;
	err = net_wait(http->net, connected, http, timeout_ms);
	if (!err && http->conn->state == TCP_CLOSED)
		err = http->conn->error ? (int)http->conn->error : ERR_PROTO;
	if (err)
		drop(http, err);
	return err;
}

/* --- one request and its answer -------------------------------------------------------------- */

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
	text_fmt(&t,
		 "\r\nUser-Agent: skiff/%s\r\nAccept: */*\r\n"
		 "Accept-Encoding: identity\r\n\r\n",
		 skiff_version);
	assert(!t.cut);
	tcp_send(http->net, http->conn,
		 (struct span){ (const uint8_t *)http->request, (uint32_t)t.len });
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
 * [TCP-46]: nothing of the file has come, TCP suspects the path, and nothing else is known to be
 * wrong; asking again for smaller segments costs no more than that.
 */
static bool is_starved(const struct http *http)
{
	char breach[8];
	struct text t;

	if (http->image->stored || !tcp_starves(http->net, http->conn))
		return false;
	text_init(&t, breach, sizeof(breach));
	net_breach_text(http->net, "segments", &t);
	return !t.len;
}

bool http_answered(const struct http *http)
{
	const struct http_parse *p = &http->parse;
	const struct tcp_conn *c = http->conn;

	return p->state == HTTP_DONE || p->state == HTTP_FAILED || is_told(http) ||
	       c->state == TCP_CLOSED || c->fin_received || is_starved(http);
}

#define LOST_ON_THE_WAY \
	"it is slow, or packets of up to %u bytes are lost on the way: let " \
	"DHCP option 26 or host_mtu say less"

void http_why_text(const struct http *http, struct text *t)
{
	if (!http->conn)
		return;
	if (!t->len && tcp_starves(http->net, http->conn))
		text_fmt(t, "; " LOST_ON_THE_WAY, (unsigned)tcp_mtu(http->conn));
	else if (tcp_sent(http->conn) && !http->parse.seen)
		text_fmt(t, "; it has acknowledged the request");
}

/* Later connections are made for a narrow path; the user learns how to make them wide again. */
static void shrink(struct http *http)
{
	char to[IP_TEXT_LEN];

	console_line(http->console,
		     "tcp: %s:%u has acknowledged the request and sent no file: " LOST_ON_THE_WAY
		     "; asking for small ones",
		     ip_text(to, http->ip), http->uri.port, (unsigned)tcp_mtu(http->conn));
	tcp_shrink(http->net);
	drop(http, ERR_TIMEOUT);
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

static int answer_reset(struct http *http)
{
	char to[IP_TEXT_LEN];

	ip_text(to, http->ip);
	return fail(http->net->failure, RUNG_TRANSFER, http->conn->error,
		    "%s:%u broke the connection after %llu bytes of its answer", to, http->uri.port,
		    (unsigned long long)http->parse.seen);
}

/* What became of the answer, once http_answered() says so. */
static int judge_answer(struct http *http)
{
	struct http_parse *p = &http->parse;
	bool told = p->body_at && p->status != 200; /* then its end does not matter */

	if (p->state != HTTP_DONE && p->state != HTTP_FAILED && !told) {
		if (http->conn->error == ERR_TIMEOUT)
			return ERR_TIMEOUT;
		if (http->conn->error)
			return answer_reset(http);
		if (http->conn->fin_received)
			http_parse_eof(p);
	}
	if (p->state == HTTP_FAILED)
		return http->net->failure->err;
	if (p->status == 200 || http_parse_redirect(p))
		return p->status == 200 ? 0 : HTTP_MOVED;
	return fail(http->net->failure, RUNG_TRANSFER, ERR_REFUSED,
		    "the server answered %u%s%s to GET %.*s; check the URL", p->status,
		    p->reason[0] ? " " : "", p->reason, 160, http->uri.path);
}

int http_ask(struct http *http, const struct uri *uri, struct image *image)
{
	if (http->parse.surplus) /* RFC 9112 9.2: no answer to what was not asked yet */
		return fail(http->net->failure, RUNG_TRANSFER, ERR_PROTO,
			    "%s:%u spoke before it was asked; is it a web server?", uri->host,
			    uri->port);
	http->uri = *uri;
	http->image = image;
	http_parse_init(&http->parse, image, http->net->failure);
	send_request(http);
	return 0;
}

int http_end(struct http *http, int err)
{
	if (!err && is_starved(http)) { /* once: TCP_MSS_DEFAULT starves nobody */
		shrink(http);
		return HTTP_AGAIN;
	}
	if (!err && is_stale(http)) { /* once: a new one is not [HTTP-16] */
		drop(http, 0);
		return HTTP_AGAIN;
	}
	if (!err)
		err = judge_answer(http);
	if (err >= 0 && !http_parse_reusable(&http->parse))
		drop(http, 0);
	http->reused = true;
	return err;
}

const char *http_moved_to(const struct http *http)
{
	return http->parse.location;
}

int http_close(struct http *http)
{
	int err;

	drop(http, 0);
	err = net_wait(http->net, tcp_quiet, http->net, CLOSE_WAIT_MS);
	return err == ERR_TIMEOUT ? 0 : err; /* the peer's own affair: nothing depends on it */
}

void http_abort(struct http *http)
{
	drop(http, ERR_ABORTED);
}
