/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of fetch share, and nobody else needs:
 *
 *   fetch.c         schemes, redirects, waits, progress; HTTP's way
 *   fetch_tftp.c    TFTP's way
 *   fetch_server.c  from a URL's host to an address that answers
 *   fetch_why.c     what is said of silence
 */
#ifndef NET_BOOT_FETCH_IMPL_H
#define NET_BOOT_FETCH_IMPL_H

#include "net/boot/fetch.h"

static inline bool fetch_is_tftp(const struct fetch *f)
{
	return f->uri.scheme == URI_TFTP;
}

/* The transfer under way, or the last one. */
static inline struct tftp *fetch_tftp(struct fetch *f)
{
	return &f->tftp[f->files & 1];
}

/*
 * Looks the URL's host up [DNS-09], and has each of its addresses tried until one answers: try() is
 * called with it and a bound as net_wait() has it, and returns 0, or an error: ERR_ABORTED and
 * ERR_DEVICE end it. 0, or an error with its sentence (rungs name, connect).
 */
typedef int (*fetch_try_fn)(struct fetch *f, uint32_t ip, uint32_t timeout_ms);
int fetch_find_server(struct fetch *f, fetch_try_fn try_one) MUST_CHECK;

/* The request leaves now: rung transfer, and the times that a file is measured by. */
void fetch_begin_transfer(struct fetch *f);

/* Until the file is there, or there is none; as net_wait(). */
int fetch_wait_for_file(struct fetch *f) MUST_CHECK;

/* Bytes of the server's answer so far. */
uint64_t fetch_heard(const struct fetch *f);

int fetch_by_tftp(struct fetch *f) MUST_CHECK;

/* The sentence about an address that was tried in vain; returns err. */
int fetch_no_server(struct fetch *f, int err);
/* The sentence about a server that has spoken, or should have, and says no more; ERR_TIMEOUT. */
int fetch_silence(struct fetch *f);

#endif
