/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors and failures. A function that can fail returns 0 or more, or one of these negative
 * numbers. The place that knows why an operation failed says so once, in one English sentence, with
 * fail(); the first sentence is kept, whatever follows.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include "core/types.h"

enum err {
	ERR_AGAIN = -1,        /* not yet; call again */
	ERR_TIMEOUT = -2,      /* nobody answered within the bound */
	ERR_DEVICE = -3,       /* the device broke a rule or does not respond */
	ERR_PROTO = -4,        /* the peer broke a rule of the protocol */
	ERR_REFUSED = -5,      /* the peer, or the firmware, said no */
	ERR_NO_SPACE = -6,     /* does not fit */
	ERR_DIGEST = -7,       /* the SHA-256 is another one */
	ERR_CONFIG = -8,       /* a key or URL is malformed */
	ERR_FORMAT = -9,       /* not a kernel, not an entry */
	ERR_UNREACHABLE = -10, /* no route, no link, no such name */
	ERR_ABORTED = -11,     /* the user pressed Esc or Ctrl-C */
	ERR_UNSUPPORTED = -12, /* understood, but not something that skiff does */
};

/* The rungs of the ladder, bottom first. Users' scripts read their names. */
enum rung {
	RUNG_CONFIG,
	RUNG_DEVICE,
	RUNG_QUEUES,
	RUNG_LINK,
	RUNG_ADDRESS,
	RUNG_NAME,
	RUNG_CONNECT,
	RUNG_TRANSFER,
	RUNG_IMAGE,
	RUNG_DIGEST,
	RUNG_HAND_OVER,
};

struct failure {
	enum err err; /* 0: nothing has failed */
	enum rung rung;
	/* The protocol of rung transfer, as failures show it; NULL: none was tried. */
	const char *protocol;
	char text[400]; /* one sentence or two, without the final full stop's line end */
};

/* The rung's name as it stands in the failure line ("hand-over"). */
const char *rung_name(enum rung rung);

/* For a call that may fail without consequence: where MUST_CHECK asks, this is the answer. */
static inline void err_ignore(int err)
{
	(void)err;
}

/*
 * Records the failure if it is the first, formatted as text_fmt() does; control bytes that came
 * from outside are replaced by '?'. Returns err, so that a caller writes `return fail(…)`.
 */
int fail(struct failure *f, enum rung rung, enum err err, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
