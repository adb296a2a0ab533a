/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a station transmits, in the pieces that the shape wants: put there, and compared when it
 * comes back. Called by station.c.
 */
#include "core/mem.h"
#include "core/wire.h"
#include "tests/conform/station.h"

#define CHANGED_MAX 16 /* bytes of a change that are shown */
#define CHANGED_TEXT_MAX 160
#define MEANINGLESS_LEN 60
#define TYPE_EXPERIMENT 0x88b5 /* IEEE 802: for local experiments */

/* n bytes as " 01 02 03". */
static void hex(struct text *t, const uint8_t *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		text_fmt(t, " %02x", at[i]);
}

/*
 * The bytes from the first that differs on, as they were and as they are; those before `base` are
 * in another piece.
 */
static void check_same(struct station *st, const char *what, uint32_t base, const uint8_t *now,
		       const uint8_t *then, uint32_t len)
{
	char words[CHANGED_TEXT_MAX];
	uint32_t first = 0, n;
	struct text t;

	while (first < len && now[first] == then[first])
		first++;
	if (first == len)
		return;
	n = len - first < CHANGED_MAX ? len - first : CHANGED_MAX;
	text_init(&t, words, sizeof(words));
	text_fmt(&t, "from byte %u on it was", (unsigned)(base + first));
	hex(&t, then + first, n);
	text_fmt(&t, " and is");
	hex(&t, now + first, n);
	ledger_broken(st->ledger, DEV_25, "a transmitted %s was changed: %s", what, words);
}

/* Byte i of header and frame as one. */
static uint8_t sent_byte(const struct station *st, const struct station_tx *sent, uint32_t i)
{
	return i < st->header_len ? sent->header[i] : sent->bytes[i - st->header_len];
}

void station_put_sent(struct station *st, unsigned slot)
{
	const struct station_tx *sent = &st->sent[slot];
	struct ring_slot *s = &st->tx.slot[slot];
	struct ring_piece *last = &s->piece[s->pieces - 1];
	uint32_t before = 0, i = 0;

	for (unsigned k = 0; k + 1u < s->pieces; k++)
		before += s->piece[k].len;
	arena_fill(st->arena + st->now, last->at, last->len + ARENA_GUARD);
	ring_set_len(&st->tx, slot, st->header_len + sent->len - before);
	for (unsigned k = 0; k < s->pieces; k++)
		for (uint32_t off = 0; off < s->piece[k].len; off++)
			s->piece[k].at[off] = sent_byte(st, sent, i++);
}

/* Header and frame, by piece. */
void station_check_sent(struct station *st, unsigned slot)
{
	const struct ring_slot *s = &st->tx.slot[slot];
	const struct station_tx *sent = &st->sent[slot];
	uint32_t off = 0, header, frame;

	for (unsigned i = 0; i < s->pieces; off += s->piece[i++].len) {
		header = off < st->header_len ? st->header_len - off : 0;
		header = header < s->piece[i].len ? header : s->piece[i].len;
		frame = off + header - st->header_len;
		check_same(st, "header", off, s->piece[i].at, sent->header + off, header);
		if (s->piece[i].len > header)
			check_same(st, "frame", frame, s->piece[i].at + header, sent->bytes + frame,
				   s->piece[i].len - header);
	}
}

void station_post_meaningless(struct station *st)
{
	uint8_t *frame = st->nic.ops->tx_buffer(&st->nic);

	if (!frame)
		return;
	memset(frame, 0, MEANINGLESS_LEN);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, st->nic.mac, 6);
	put_be16(frame + 12, TYPE_EXPERIMENT);
	st->nic.ops->tx_send(&st->nic, MEANINGLESS_LEN);
}
