/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The choice of a protocol by the scheme of a URL, and redirects from one URL to the next, which
 * may name another one. Users wrote the first URL, servers the others. Called by netboot.c.
 */
#include "net/boot/fetch.h"

#include "core/text.h"

void fetch_init(struct fetch *f, struct net *net, struct console *console)
{
	f->failure = net->failure;
	http_init(&f->http, net, console);
}

/* how: who named the URL, for a sentence. 0; HTTP_MOVED; an error. */
static int get_once(struct fetch *f, struct image *image, const char *how)
{
	switch (f->uri.scheme) {
	case URI_HTTP:
		return http_get(&f->http, &f->uri, image);
	case URI_HTTPS:
		return fail(f->failure, RUNG_TRANSFER, ERR_UNSUPPORTED,
			    "%s https://%s, and skiff does not speak TLS; offer it by http:// and "
			    "set the key sha256",
			    how, f->uri.host);
	case URI_TFTP:
		return fail(f->failure, RUNG_TRANSFER, ERR_UNSUPPORTED,
			    "%s tftp://%s, and this version does not speak TFTP; offer it by "
			    "http://",
			    how, f->uri.host);
	default:
		return fail(f->failure, RUNG_TRANSFER, ERR_UNSUPPORTED,
			    "%s a URL that is not http://", how);
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
	for (unsigned redirects = 0;; redirects++) {
		err = get_once(f, image, how);
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
	return http_close(&f->http);
}

void fetch_abort(struct fetch *f)
{
	http_abort(&f->http);
}
