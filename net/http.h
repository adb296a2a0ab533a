/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.1 (RFC 9110, 9112), the part that downloads a file: one GET after the other, redirects
 * followed, the connection kept for the next file of the same server. Bodies go to an image:
 * straight from the network where the stream runs in step with it (Content-Length, until close),
 * through the parser where it does not (chunked).
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "core/console.h"
#include "core/image.h"
#include "net/http_parse.h"
#include "net/net.h"
#include "net/uri.h"

#define HTTP_REQUEST_MAX (URI_PATH_MAX + URI_HOST_MAX + 256)

/*
 * What is waited for, and for how long [HTTP-18]. "deadline" is net->deadline_ms; all else is bytes
 * that are counted or thrown away, and renews nothing: a dripping header, interim answers, chunk
 * lines, trailers, keep-alives, what another machine on the link says.
 *
 *   DNS                         deadline (and dns.c's own retries within it)
 *   each address's handshake    7 s or the deadline, whichever is less; the last of 8, the deadline
 *   request to end of headers   deadline
 *   a 200's first byte          a quarter of it on a path that may swallow large segments; then all
 *                               of this once more for small ones, once in a boot [TCP-46]
 *   a 200's body                the deadline starts anew each time the file has grown by a byte per
 *                               millisecond of it: n bytes end within n ms and one deadline, and
 *                               1 kB/s (8 kbit/s) is the least that gets through
 *   end of the chunks, trailers what is left of that deadline; 64 KiB
 *   a redirect's body           1 s, 4 KiB; then it is followed over a new connection
 *   an error's body             not at all
 *   redirects                   8, each with all of the above; twice, if the connection is stale
 *   closing                     1 s
 */

struct http {
	struct net *net;
	struct console *console;

	/* The connection, kept between files [HTTP-16]. */
	struct tcp_conn *conn;
	struct tcp_user user;
	struct uri server; /* whom it leads to: scheme, host and port count */
	uint32_t ip;

	/* The request under way. */
	struct uri uri;
	struct image *image;
	struct http_parse parse;
	uint64_t response_off; /* stream offset of the response's first byte */
	bool reused;           /* on a connection that had served before */
	uint32_t started_ms, shown_ms;
	uint64_t renew_at;  /* a file of so many bytes starts the deadline anew */
	uint64_t heard_len; /* parse.seen when it grew last, */
	uint32_t heard_ms;  /* and when that was */
	char request[HTTP_REQUEST_MAX];
};

/* console: where `dns:` and progress go. All outlive http. */
void http_init(struct http *http, struct net *net, struct console *console);

#define HTTP_MOVED 1

/*
 * Asks for uri, into image (image_open() was called). 0: the whole body is in (image->stored bytes;
 * http->started_ms when its request was sent). HTTP_MOVED: it is elsewhere, http_moved_to() says
 * where. Otherwise an error, with a sentence in net->failure (rungs name, connect, transfer,
 * image). The body's time ends when this returns.
 */
int http_get(struct http *http, const struct uri *uri, struct image *image) MUST_CHECK;

/* The Location of the last answer, as the server wrote it; until the next http_get(). */
const char *http_moved_to(const struct http *http);

/*
 * Closes the connection, if there is one, in order: FIN, and what the peer still has to say is
 * waited for, bounded [TCP-44]. 0, or ERR_ABORTED or ERR_DEVICE with a sentence.
 */
int http_close(struct http *http) MUST_CHECK;
/* After a failure: RST, no wait. */
void http_abort(struct http *http);

#endif
