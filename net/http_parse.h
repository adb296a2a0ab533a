/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An HTTP/1.1 response, byte by byte, split anywhere (RFC 9112). Knows nothing of connections. The
 * bytes are a stranger's; they are private by the time they come here.
 */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "core/image.h"
#include "core/types.h"
#include "net/uri.h"

#define HTTP_LINE_MAX (URI_MAX + 512) /* what is kept of one line; the rest of it is read past */
/* Bytes of all headers; of a chunk's line; of trailers. [HTTP-05] */
#define HTTP_HEADERS_MAX 65536
#define HTTP_REASON_MAX 64

enum http_state {
	HTTP_STATUS_LINE,
	HTTP_HEADERS,
	HTTP_BODY,
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_END,
	HTTP_TRAILERS,
	HTTP_DONE,   /* the body is complete */
	HTTP_FAILED, /* `failure` says why */
};

struct http_parse {
	enum http_state state;
	struct failure *failure;
	struct image *image; /* gets the body of a 200; the body of any other answer is read past */
	uint64_t seen;       /* bytes of the response so far */
	uint64_t body_at;    /* of these, those before the body; 0: not complete yet */
	uint64_t left;       /* bytes to come of the body, or of the chunk */
	uint32_t headers_len;

	unsigned status;
	char reason[HTTP_REASON_MAX];
	char location[HTTP_LINE_MAX]; /* empty: none */
	uint64_t length;              /* Content-Length; IMAGE_LEN_UNKNOWN: none */
	bool chunked, close, http_1_0, keep_alive;
	bool surplus; /* bytes came that nobody had asked for: the connection is of no more use */

	char line[HTTP_LINE_MAX]; /* being collected; NUL-terminated when looked at */
	uint32_t line_len;
	bool line_cut;   /* it was longer */
	bool line_ended; /* complete, unless the next one is its continuation */
};

void http_parse_init(struct http_parse *p, struct image *image, struct failure *failure);
/* No answer is being waited for: whatever comes is surplus. */
void http_parse_idle(struct http_parse *p, struct failure *failure);

/* The next bytes of the response, in order. After HTTP_DONE and HTTP_FAILED they are ignored. */
void http_parse_bytes(struct http_parse *p, struct span data);

/*
 * len body bytes have gone to where image_room() said, without passing through here (state
 * HTTP_BODY, image not NULL).
 */
void http_parse_landed(struct http_parse *p, uint64_t len);

/*
 * The connection has ended: the end of an until-close body, a failure of every other kind that is
 * not done [HTTP-12]. Not for the body of what is no 200, whose end nobody waits for: there is no
 * image to speak of.
 */
void http_parse_eof(struct http_parse *p);

/* Whether the connection may carry another request. */
bool http_parse_reusable(const struct http_parse *p);
/* Whether the answer is a redirect with a Location. */
bool http_parse_redirect(const struct http_parse *p);

#endif
