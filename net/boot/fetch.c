/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The choice of a protocol by the scheme of a URL, redirects from one URL to the next, which may
 * name another one, and the wait for a file. Users wrote the first URL, servers the others. Called
 * by netboot.c.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "net/boot/fetch_impl.h"

#define PROGRESS_AFTER_MS 1000
#define PROGRESS_EVERY_MS 250

void fetch_init(struct fetch *f, struct net *net, struct console *console)
{
	memset(f, 0, sizeof(*f));
	f->net = net;
	f->console = console;
	f->failure = net->failure;
	http_init(&f->http, net, console);
}

/* --- the wait for a file ---------------------------------------------------------------------- */

uint64_t fetch_heard(const struct fetch *f)
{
	return fetch_is_tftp(f) ? f->tftp[f->files & 1].off : http_heard(&f->http);
}

void fetch_begin_transfer(struct fetch *f)
{
	f->started_ms = f->shown_ms = f->heard_ms = clock_now_ms();
	f->renew_at = f->heard = 0;
}

/* The server has begun, or the file has grown by what a deadline's time is worth. */
static void renew_deadline(struct fetch *f)
{
	bool begun = fetch_is_tftp(f) || http_is_answering(&f->http);

	if (fetch_heard(f) != f->heard) {
		f->heard = fetch_heard(f);
		f->heard_ms = clock_now_ms();
	}
	if (!begun || f->image->stored < f->renew_at)
		return;
	f->renew_at = f->image->stored + f->net->deadline_ms;
	net_progress(f->net);
}

static void show_progress(struct fetch *f)
{
	const struct image *img = f->image;
	uint32_t now_ms = clock_now_ms(), ms = now_ms - f->started_ms;
	char so_far[CONSOLE_MB_LEN], all[CONSOLE_MB_LEN] = "", rate[CONSOLE_MB_LEN];

	if (!img->begun || ms < PROGRESS_AFTER_MS || now_ms - f->shown_ms < PROGRESS_EVERY_MS)
		return;
	f->shown_ms = now_ms;
	if (img->file_len != IMAGE_LEN_UNKNOWN)
		console_mb(all, img->file_len);
	console_progress(f->console, "%s%s%s MB, %s MB/s", console_mb(so_far, img->stored),
			 all[0] ? " of " : "", all, console_mb_per_s(rate, img->stored, ms));
}

static bool is_over(struct fetch *f)
{
	if (!fetch_is_tftp(f))
		return http_answered(&f->http);
	tftp_poll(fetch_tftp(f), clock_now_ms());
	return tftp_done(fetch_tftp(f));
}

static bool arrived(void *ctx)
{
	struct fetch *f = ctx;

	renew_deadline(f);
	if (is_over(f))
		return true;
	show_progress(f);
	return false;
}

int fetch_wait_for_file(struct fetch *f)
{
	return net_wait(f->net, arrived, f, 0);
}

/* --- HTTP ------------------------------------------------------------------------------------- */

static int try_http(struct fetch *f, uint32_t ip, uint32_t timeout_ms)
{
	return http_open(&f->http, &f->uri, ip, timeout_ms);
}

static int connect_http(struct fetch *f)
{
	if (!http_is_open(&f->http, &f->uri))
		return fetch_find_server(f, try_http);
	f->ip = f->http.ip;
	return 0;
}

/* One request; again, on a new connection, where the old one was no good. */
static int get_http(struct fetch *f)
{
	int err;

	do {
		err = connect_http(f);
		if (err)
			break;
		net_begin(f->net, RUNG_TRANSFER);
		fetch_begin_transfer(f);
		err = http_ask(&f->http, &f->uri, f->image);
		if (!err)
			err = http_end(&f->http, fetch_wait_for_file(f));
		if (err == ERR_TIMEOUT)
			err = fetch_silence(f);
	} while (err == HTTP_AGAIN);
	if (err < 0)
		http_abort(&f->http);
	return err;
}

/* --- files ------------------------------------------------------------------------------------ */

const char *fetch_protocol(const struct fetch *f)
{
	return fetch_is_tftp(f) ? "tftp" : "http";
}

/* how: who named the URL, for a sentence. 0; HTTP_MOVED; an error. */
static int get_once(struct fetch *f, const char *how)
{
	f->failure->protocol = fetch_protocol(f);
	switch (f->uri.scheme) {
	case URI_HTTP:
		return get_http(f);
	case URI_TFTP:
		return fetch_by_tftp(f);
	case URI_HTTPS:
		return fail(f->failure, RUNG_TRANSFER, ERR_UNSUPPORTED,
			    "%s https://%s, and skiff does not speak TLS; offer it by http:// and "
			    "set the key sha256",
			    how, f->uri.host);
	default:
		return fail(f->failure, RUNG_TRANSFER, ERR_UNSUPPORTED,
			    "%s a URL that is neither http:// nor tftp://", how);
	}
}

/* RFC 9110 15.4, 10.2.2: Location may be relative to what was asked for [HTTP-08]. */
static int follow(struct fetch *f, const char *to)
{
	int err = uri_resolve(&f->next, &f->uri, to, text_len(to), f->failure, RUNG_TRANSFER);

	if (!err)
		f->uri = f->next;
	return err;
}

int fetch_get(struct fetch *f, const struct uri *uri, struct image *image)
{
	const char *how = "the URL names", *to;
	int err;

	f->uri = *uri;
	f->image = image;
	for (unsigned redirects = 0;; redirects++) {
		err = get_once(f, how);
		if (err != HTTP_MOVED)
			return err;
		to = http_moved_to(&f->http);
		if (redirects == FETCH_REDIRECTS_MAX)
			return fail(f->failure, RUNG_TRANSFER, ERR_PROTO,
				    "more than %u redirects, the last one to %.*s; does the "
				    "server send them in a circle?",
				    FETCH_REDIRECTS_MAX, 160, to);
		err = follow(f, to);
		if (err)
			return err;
		how = "the server redirects to";
	}
}

int fetch_close(struct fetch *f)
{
	tftp_close(&f->tftp[0]);
	tftp_close(&f->tftp[1]);
	return http_close(&f->http);
}

void fetch_abort(struct fetch *f)
{
	tftp_abort(&f->tftp[0], TFTP_NOT_DEFINED, "given up");
	tftp_abort(&f->tftp[1], TFTP_NOT_DEFINED, "given up");
	http_abort(&f->http);
}
