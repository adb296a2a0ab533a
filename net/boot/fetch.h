/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a URL to an image full of bytes, whatever protocol its scheme names: this is the one place
 * that chooses, for redirects, too. What protocols have in common is here: the server's address,
 * waits, progress on the console, what is said of silence, another try.
 */
#ifndef NET_BOOT_FETCH_H
#define NET_BOOT_FETCH_H

#include "core/console.h"
#include "core/image.h"
#include "net/http.h"
#include "net/net.h"
#include "net/tftp.h"
#include "net/uri.h"

#define FETCH_REDIRECTS_MAX 8 /* [HTTP-08] */

/*
 * What is waited for, and for how long [HTTP-18]. "deadline" is net->deadline_ms; all else is bytes
 * that are counted or thrown away, and renews nothing: a dripping header, interim answers, chunk
 * lines, trailers, keep-alives, blocks that come twice, what another machine on the link says.
 *
 *   DNS                         deadline (and dns.c's own retries within it)
 *   each address's first answer 7 s or the deadline, whichever is less; the last of 8, the deadline
 *   the file                    the deadline starts anew each time the file has grown by a byte per
 *                               millisecond of it: n bytes end within n ms and one deadline, and
 *                               1 kB/s (8 kbit/s) is the least that gets through
 *
 * HTTP: a first answer is a handshake. Then
 *
 *   request to end of headers   deadline
 *   a 200's first byte          a quarter of it on a path that may swallow large segments; then all
 *                               of this once more for small ones, once in a boot [TCP-46]
 *   end of the chunks, trailers what is left of that deadline; 64 KiB
 *   a redirect's body           1 s, 4 KiB; then it is followed over a new connection
 *   an error's body             not at all
 *   redirects                   8, each with all of the above; twice, if the connection is stale
 *   closing                     1 s
 *
 * TFTP: a first answer is block 1, or options. Nothing is waited for at the end.
 */

struct fetch {
	struct net *net;
	struct console *console;
	struct failure *failure;
	struct http http;
	/* Taken in turn: one that is done answers its server while the next is at work [TFTP-11].
	 */
	struct tftp tftp[2];
	uint32_t files;
	char name[TFTP_NAME_MAX];

	struct uri uri;  /* after redirects: where the file came from */
	struct uri next; /* a redirect's target while it is being resolved */
	struct image *image;
	uint32_t ip; /* the server's, as far as it was tried */
	uint32_t started_ms, shown_ms;
	uint64_t renew_at; /* a file of so many bytes starts the deadline anew */
	uint64_t heard;    /* bytes of the answer when it grew last, */
	uint32_t heard_ms; /* and when that was */
};

/* console: where `dns:` and progress go. All outlive f. */
void fetch_init(struct fetch *f, struct net *net, struct console *console);

/*
 * Downloads uri into image (image_open() was called). 0: the whole file is in (image->stored bytes;
 * f->uri is where it came from, f->started_ms when it was asked for). Otherwise an error, with a
 * sentence (rungs name, connect, transfer, image); the failure's `protocol` is that of the URL that
 * was tried.
 */
int fetch_get(struct fetch *f, const struct uri *uri, struct image *image) MUST_CHECK;

/* "http" or "tftp": how the file came. */
const char *fetch_protocol(const struct fetch *f);

/* Leaves the network in order; bounded. 0, or ERR_ABORTED or ERR_DEVICE with a sentence. */
int fetch_close(struct fetch *f) MUST_CHECK;
/* After a failure: the peer is told, nobody is waited for. */
void fetch_abort(struct fetch *f);

#endif
