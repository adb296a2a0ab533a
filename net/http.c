/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP over TCP: from a URL to an image full of bytes. Asks, and tells the user how far it is.
 * Called by net/boot/fetch.c; http_connect.c finds the server, http_parse.c reads its answers.
 */
#include "core/assert.h"
#include "core/builtin.h"
#include "core/clock.h"
#include "core/mem.h"
#include "net/http_impl.h"

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

	(void)off; /* in order, and the image counts for itself */
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
	http->user =
		(struct tcp_user){ .place = place, .landed = landed, .data = data, .ctx = http };
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
	http->response_off = http->conn->rcv_off;
	tcp_send(http->net, http->conn,
		 (struct span){ (const uint8_t *)http->request, (uint32_t)t.len });
}

static void show_progress(struct http *http)
{
	const struct image *img = http->parse.image;
	uint32_t now_ms = clock_now_ms(), ms = now_ms - http->started_ms;
	char so_far[CONSOLE_MB_LEN], all[CONSOLE_MB_LEN] = "", rate[CONSOLE_MB_LEN];

	if (!img || ms < PROGRESS_AFTER_MS || now_ms - http->shown_ms < PROGRESS_EVERY_MS)
		return;
	http->shown_ms = now_ms;
	if (img->file_len != IMAGE_LEN_UNKNOWN)
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

	console_line(
		http->console,
		"tcp: %s:%u has acknowledged the request and sent no file: " HTTP_LOST_ON_THE_WAY
		"; asking for small ones",
		ip_text(to, http->ip), http->uri.port, (unsigned)tcp_mtu(http->conn));
	tcp_shrink(http->net);
	http_drop(http, ERR_TIMEOUT);
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
	char why[HTTP_WHY_MAX], to[IP_TEXT_LEN];

	http_why_text(http, why, to);
	if (!http->parse.seen)
		return fail(net->failure, RUNG_TRANSFER, err,
			    "%s:%u accepted the connection and then said nothing to GET %.*s%s", to,
			    http->uri.port, 60, http->uri.path, why);
	if (clock_now_ms() - http->heard_ms < net->deadline_ms / 2)
		return fail(net->failure, RUNG_TRANSFER, err,
			    "%s:%u sends too slowly: %llu bytes so far, and less than 1 kB/s of "
			    "the file%s",
			    to, http->uri.port, (unsigned long long)http->parse.seen, why);
	return fail(net->failure, RUNG_TRANSFER, err,
		    "%s:%u fell silent after %llu bytes of its answer%s", to, http->uri.port,
		    (unsigned long long)http->parse.seen, why);
}

static int answer_reset(struct http *http)
{
	char to[IP_TEXT_LEN];

	ip_text(to, http->ip);
	return fail(http->net->failure, RUNG_TRANSFER, http->conn->error,
		    "%s:%u broke the connection after %llu bytes of its answer", to, http->uri.port,
		    (unsigned long long)http->parse.seen);
}

/* What became of the answer, once answered() says so. */
static int judge_answer(struct http *http)
{
	struct http_parse *p = &http->parse;
	bool told = p->body_at && p->status != 200; /* then its end does not matter */

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
	return fail(http->net->failure, RUNG_TRANSFER, ERR_REFUSED,
		    "the server answered %u%s%s to GET %.*s; check the URL", p->status,
		    p->reason[0] ? " " : "", p->reason, 160, http->uri.path);
}

/* Sends one request and waits for its answer. */
static int exchange_once(struct http *http)
{
	int err = http_connect(http);

	if (err)
		return err;
	net_begin(http->net, RUNG_TRANSFER);
	if (http->parse.surplus) /* RFC 9112 9.2: no answer to what was not asked yet */
		return fail(http->net->failure, RUNG_TRANSFER, ERR_PROTO,
			    "%s:%u spoke before it was asked; is it a web server?", http->uri.host,
			    http->uri.port);
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
		if (!err && is_starved(http)) /* once: TCP_MSS_DEFAULT starves nobody */
			shrink(http);
		else if (!err && is_stale(http)) /* once: a new one is not [HTTP-16] */
			http_drop(http, 0);
		else
			break;
	}
	if (err == ERR_TIMEOUT && http->conn)
		err = answer_failed(http, err);
	else if (!err)
		err = judge_answer(http);
	if (err || !http_parse_reusable(&http->parse))
		http_drop(http, err);
	return err;
}

/* --- files ------------------------------------------------------------------------------------ */

int http_get(struct http *http, const struct uri *uri, struct image *image)
{
	int err;

	http->uri = *uri;
	http->image = image;
	err = exchange(http);
	return err || http->parse.status == 200 ? err : HTTP_MOVED;
}

const char *http_moved_to(const struct http *http)
{
	return http->parse.location;
}

int http_close(struct http *http)
{
	int err;

	http_drop(http, 0);
	err = net_wait(http->net, tcp_quiet, http->net, CLOSE_WAIT_MS);
	return err == ERR_TIMEOUT ? 0 : err; /* the peer's own affair: nothing depends on it */
}

void http_abort(struct http *http)
{
	http_drop(http, ERR_ABORTED);
}
