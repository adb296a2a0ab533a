/* SPDX-License-Identifier: BSD-2-Clause */
/* The first failure and its sentence. Arguments may quote the network: only print is kept. */
#include "core/assert.h"
#include "core/err.h"
#include "core/text.h"

const char *rung_name(enum rung rung)
{
	static const char *const names[] = {
		[RUNG_CONFIG] = "config",       [RUNG_DEVICE] = "device",
		[RUNG_QUEUES] = "queues",       [RUNG_LINK] = "link",
		[RUNG_ADDRESS] = "address",     [RUNG_NAME] = "name",
		[RUNG_CONNECT] = "connect",     [RUNG_TRANSFER] = "transfer",
		[RUNG_IMAGE] = "image",         [RUNG_DIGEST] = "digest",
		[RUNG_HAND_OVER] = "hand-over",
	};

	assert((size_t)rung < ARRAY_LEN(names));
	return names[rung];
}

int fail(struct failure *f, enum rung rung, enum err err, const char *fmt, ...)
{
	struct text t;
	va_list ap;

	assert(err < 0);
	if (f->err != 0)
		return err;
	f->err = err;
	f->rung = rung;
	text_init(&t, f->text, sizeof(f->text));
	va_start(ap, fmt);
	text_vfmt(&t, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < t.len; i++) /* [SEC-10] */
		f->text[i] = text_printable(f->text[i]);
	return err;
}
