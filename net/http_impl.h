/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of HTTP share, and nobody else needs:
 *
 *   http.c          files, redirects, one request and its answer
 *   http_connect.c  from a URL's host to a connection
 *   http_parse.c    answers, byte by byte (http_parse.h: on its own)
 */
#ifndef NET_HTTP_IMPL_H
#define NET_HTTP_IMPL_H

#include "net/http.h"

/*
 * A connection to http->uri's server: the one that is there (http->reused), or a new one to the
 * first address that answers [DNS-09]. 0, or an error with its sentence (rungs dns, connect).
 */
int http_connect(struct http *http) MUST_CHECK;
/* Gives the connection up, if there is one. err 0: by a FIN, not a RST [HTTP-17]. */
void http_drop(struct http *http, int err);

#define HTTP_LOST_ON_THE_WAY \
	"it is slow, or packets of up to %u bytes are lost on the way: let " \
	"DHCP option 26 or host_mtu say less"
#define HTTP_WHY_MAX 300
/* What else is known to be wrong with this rung's packets, and the server's address. */
void http_why_text(struct http *http, char why[HTTP_WHY_MAX], char to[IP_TEXT_LEN]);

#endif
