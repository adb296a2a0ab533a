/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a URL to an image full of bytes, whatever protocol its scheme names: this is the one place
 * that chooses, for redirects, too.
 */
#ifndef NET_BOOT_FETCH_H
#define NET_BOOT_FETCH_H

#include "core/console.h"
#include "core/image.h"
#include "net/http.h"
#include "net/net.h"
#include "net/uri.h"

#define FETCH_REDIRECTS_MAX 8 /* [HTTP-08] */

struct fetch {
	struct failure *failure;
	struct http http;
	struct uri uri;  /* after redirects: where the file came from */
	struct uri next; /* a redirect's target while it is being resolved */
};

/* console: where `dns:` and progress go. All outlive f. */
void fetch_init(struct fetch *f, struct net *net, struct console *console);

/*
 * Downloads uri into image (image_open() was called). 0: the whole file is in (image->stored bytes;
 * f->uri is where it came from). Otherwise an error, with a sentence (rungs name, connect,
 * transfer, image).
 */
int fetch_get(struct fetch *f, const struct uri *uri, struct image *image) MUST_CHECK;

/* When the request that brought the file was sent. */
static inline uint32_t fetch_started_ms(const struct fetch *f)
{
	return f->http.started_ms;
}

/* Leaves the network in order; bounded. 0, or ERR_ABORTED or ERR_DEVICE with a sentence. */
int fetch_close(struct fetch *f) MUST_CHECK;
/* After a failure: the peer is told, nobody is waited for. */
void fetch_abort(struct fetch *f);

#endif
