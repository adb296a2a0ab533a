/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.1 (RFC 9110, 9112), the part that downloads a file: one GET after the other, the
 * connection kept for the next file of the same server. Bodies go to an image: straight from the
 * network where the stream runs in step with it (Content-Length, until close), through the parser
 * where it does not (chunked). Its user finds the server's address, waits, and follows redirects
 * (net/boot/fetch.h, which has the bounds of every wait, too [HTTP-18]).
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "core/console.h"
#include "core/image.h"
#include "net/http_parse.h"
#include "net/net.h"
#include "net/uri.h"

#define HTTP_REQUEST_MAX (URI_PATH_MAX + URI_HOST_MAX + 256)

struct http {
	struct net *net;
	struct console *console;

	/* The connection, kept between files [HTTP-16]. */
	struct tcp_conn *conn;
	struct tcp_user user;
	struct uri server; /* whom it leads to: scheme, host and port count */
	uint32_t ip;
	bool reused; /* it had served before */

	/* The request under way. */
	struct uri uri;
	struct image *image;
	struct http_parse parse;
	char request[HTTP_REQUEST_MAX];
};

/* console: where `tcp:` goes. All outlive http. */
void http_init(struct http *http, struct net *net, struct console *console);

/* Whether the kept connection leads to uri's server, and is good for another request. */
bool http_is_open(const struct http *http, const struct uri *uri);

/*
 * A new connection to uri's server at this address; an old one is closed. timeout_ms: 0, or as
 * net_wait() has it. 0; ERR_TIMEOUT, ERR_REFUSED, ERR_UNREACHABLE, ERR_PROTO, ERR_NO_SPACE without
 * a sentence; ERR_ABORTED, ERR_DEVICE with one.
 */
int http_open(struct http *http, const struct uri *uri, uint32_t ip, uint32_t timeout_ms)
	MUST_CHECK;

/*
 * Asks for uri over the connection, into image (image_open() was called). 0, or an error with its
 * sentence. What follows is waited for until http_answered(http), for net_wait().
 */
int http_ask(struct http *http, const struct uri *uri, struct image *image) MUST_CHECK;
bool http_answered(const struct http *http);

#define HTTP_MOVED 1
#define HTTP_AGAIN 2

/*
 * What became of the answer, err being how the wait for it ended. 0: the whole body is in
 * (image->stored bytes). HTTP_MOVED: it is elsewhere, http_moved_to() says where. HTTP_AGAIN: the
 * connection was no good, and is closed; on a new one the same request may do better, which is said
 * at most twice for one. ERR_TIMEOUT: silence, of which nothing was said yet. Other errors have
 * their sentence.
 */
int http_end(struct http *http, int err) MUST_CHECK;

/* The Location of the last answer, as the server wrote it; until the next http_ask(). */
const char *http_moved_to(const struct http *http);

/* Bytes of the answer so far; whether its headers are complete. */
static inline uint64_t http_heard(const struct http *http)
{
	return http->parse.seen;
}
static inline bool http_is_answering(const struct http *http)
{
	return http->parse.body_at != 0;
}

/* Appends what silence may be due to, if TCP knows that, or nothing. */
void http_why_text(const struct http *http, struct text *t);

/*
 * Closes the connection, if there is one, in order: FIN, and what the peer still has to say is
 * waited for, bounded [TCP-44]. 0, or ERR_ABORTED or ERR_DEVICE with a sentence.
 */
int http_close(struct http *http) MUST_CHECK;
/* After a failure: RST, no wait. */
void http_abort(struct http *http);

#endif
