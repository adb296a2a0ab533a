/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file by TFTP, block by block into its image. What a server's ERROR says is repeated here, and
 * what else can end a transfer. Called by fetch.c.
 */
#include "core/clock.h"
#include "net/boot/fetch_impl.h"

_Static_assert(TFTP_SIZE_UNKNOWN == IMAGE_LEN_UNKNOWN, "both say so");

#define NAME_SHOWN_MAX 160

static int file_begin(void *ctx, uint64_t size)
{
	struct fetch *f = ctx;

	return image_begin(f->image, size);
}

static int file_data(void *ctx, uint64_t off, struct span bytes)
{
	struct fetch *f = ctx;

	(void)off; /* in order, and the image counts for itself */
	return image_store(f->image, bytes.at, bytes.len);
}

/* The server has spoken, or cannot. */
static bool has_answered(void *ctx)
{
	struct fetch *f = ctx;

	tftp_poll(fetch_tftp(f), clock_now_ms());
	return fetch_tftp(f)->state != TFTP_ASKING;
}

/* Another address may do better. */
static bool is_absent(const struct tftp *t)
{
	return !t->peer_port &&
	       (t->cause == TFTP_CLOSED || t->cause == TFTP_NO_ROUTE || t->cause == TFTP_NOBODY);
}

static int try_tftp(struct fetch *f, uint32_t ip, uint32_t timeout_ms)
{
	const struct tftp_request request = {
		.server = ip,
		.port = f->uri.port,
		.name = f->name,
		.windowsize = TFTP_WINDOWSIZE,
	};
	const struct tftp_sink sink = { .begin = file_begin, .data = file_data, .ctx = f };
	struct tftp *t = fetch_tftp(f);
	int err;

	fetch_begin_transfer(f);
	tftp_start(t, f->net, &request, &sink);
	err = net_wait(f->net, has_answered, f, timeout_ms);
	if (err)
		tftp_close(t);
	else if (is_absent(t))
		err = t->err;
	return err;
}

/* " (File not found)", or nothing. */
static int refused(struct fetch *f)
{
	const struct tftp *t = fetch_tftp(f);
	const char *open = t->text[0] ? " (" : "", *close = t->text[0] ? ")" : "";

	if (t->off)
		return fail(f->failure, RUNG_TRANSFER, ERR_REFUSED,
			    "the server broke off after %llu bytes of the file: error %u%s%s%s",
			    (unsigned long long)t->off, t->code, open, t->text, close);
	return fail(f->failure, RUNG_TRANSFER, ERR_REFUSED,
		    "the server answered error %u%s%s%s to the request for %.*s; check the name",
		    t->code, open, t->text, close, NAME_SHOWN_MAX, f->name);
}

static int failed(struct fetch *f)
{
	const struct tftp *t = fetch_tftp(f);
	char to[IP_TEXT_LEN];

	switch (t->cause) {
	case TFTP_SAID_NO:
		return refused(f);
	case TFTP_TOO_SHORT:
		return image_end(f->image);
	case TFTP_TOO_LONG:
		return fail(f->failure, RUNG_TRANSFER, t->err,
			    "the server sent more than the %llu bytes it announced",
			    (unsigned long long)t->size);
	case TFTP_BAD_ANSWER:
		return fail(f->failure, RUNG_TRANSFER, t->err,
			    "the server insists on TFTP options that were not asked for, or on "
			    "larger values");
	case TFTP_CLOSED:
		return fail(f->failure, RUNG_TRANSFER, t->err,
			    "%s:%u closed its port after %llu bytes of the file",
			    ip_text(to, f->ip), t->peer_port, (unsigned long long)t->off);
	default: /* TFTP_SINK: the image has said why */
		return t->err;
	}
}

int fetch_by_tftp(struct fetch *f)
{
	struct tftp *t;
	int err;

	if (!uri_file_name(&f->uri, f->name, sizeof(f->name)))
		return fail(f->failure, RUNG_TRANSFER, ERR_UNSUPPORTED,
			    "the file name \"%.*s...\" is too long for TFTP", NAME_SHOWN_MAX,
			    f->name);
	f->files++;
	t = fetch_tftp(f);
	err = fetch_find_server(f, try_tftp);
	if (err)
		return err;
	net_begin(f->net, RUNG_TRANSFER);
	err = fetch_wait_for_file(f);
	if (err == ERR_TIMEOUT)
		err = fetch_silence(f);
	else if (!err && t->state == TFTP_FAILED)
		err = failed(f);
	else if (!err)
		err = image_end(f->image);
	if (err)
		tftp_abort(t, TFTP_NOT_DEFINED, "given up");
	return err;
}
