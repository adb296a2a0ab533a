/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps the first offence of each row. The bytes it quotes were written by the device. */
#include "tests/conform/ledger.h"

#include "core/mem.h"
#include "core/text.h"
#include "drivers/virtio.h"

void ledger_init(struct ledger *l)
{
	memset(l, 0, sizeof(*l));
}

void ledger_seen(struct ledger *l, enum row row)
{
	l->seen[row]++;
}

void ledger_seen_set(struct ledger *l, uint64_t rows)
{
	for (unsigned row = 0; row < ROWS_OF_FRAMES && row < ROWS; row++)
		l->seen[row] += (uint32_t)(rows >> row & 1);
}

void ledger_frame(struct ledger *l, struct span header, struct span frame)
{
	l->header = header;
	l->frame = frame;
}

static uint8_t keep(uint8_t *to, size_t cap, struct span from)
{
	uint8_t len = (uint8_t)(from.len < cap ? from.len : cap);

	memcpy(to, from.at, len);
	return len;
}

static void keep_frame(struct ledger *l, struct evidence *e)
{
	e->frame = l->frames;
	e->frame_len = l->frame.len;
	e->header_len = keep(e->header, sizeof(e->header), l->header);
	e->bytes_len = keep(e->bytes, sizeof(e->bytes), l->frame);
}

void ledger_broken(struct ledger *l, enum row row, const char *fmt, ...)
{
	struct evidence *e = &l->evidence[row];
	struct text t;
	va_list ap;

	if (l->seen[row] <= l->broken[row]) /* several offences at one look */
		l->seen[row] = l->broken[row] + 1;
	if (l->broken[row]++)
		return;
	e->accepted = l->v ? l->v->accepted : 0;
	text_init(&t, e->what, sizeof(e->what));
	va_start(ap, fmt);
	text_vfmt(&t, fmt, ap);
	va_end(ap);
	if (l->frame.at)
		keep_frame(l, e);
}
