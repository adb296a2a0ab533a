/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive side of a station: used buffers become a frame in private memory, which is examined,
 * handed up and forgotten; the buffers get their pattern back and return to the device. The device
 * wrote all of it. Called by station.c.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "drivers/vnet.h"
#include "tests/conform/station.h"

#define BATCH_MAX 32
#define ETH_LEN_LEAST 60
#define TOGETHER_MS \
	100 /* that the rest of a frame's buffers is waited for: to tell late from never */

/* Copies the bytes off … off + len of a slot's pieces, which are as long as that. */
static void copy_out(const struct ring_slot *s, uint32_t off, uint32_t len, uint8_t *to)
{
	for (unsigned i = 0; i < s->pieces && len; i++) {
		uint32_t n;

		if (off >= s->piece[i].len) {
			off -= s->piece[i].len;
			continue;
		}
		n = s->piece[i].len - off < len ? s->piece[i].len - off : len;
		memcpy(to, s->piece[i].at + off, n);
		to += n;
		len -= n;
		off = 0;
	}
}

/*
 * Bytes from … to of the slot that still hold the pattern, although the device says that it wrote
 * them [DEV-22].
 */
static void check_written(struct station *st, const struct ring_slot *s, uint32_t from, uint32_t to)
{
	const struct arena *a = &st->arena[st->now];
	const uint8_t *hole;

	ledger_seen(st->ledger, DEV_22);
	for (unsigned i = 0; i < s->pieces; i++) {
		uint32_t len = s->piece[i].len, end = to < len ? to : len;

		if (from < end) {
			hole = arena_unwritten(a, s->piece[i].at + from, end - from);
			st->frame_has_holes |= hole != NULL;
			if (hole)
				ledger_broken(
					st->ledger, DEV_22,
					"byte %u of %u still holds what the driver had put there",
					(unsigned)(hole - s->piece[i].at), (unsigned)to);
		}
		from = from > len ? from - len : 0;
		to = to > len ? to - len : 0;
	}
}

/* A buffer goes back to the device as new, as far as it says that it wrote there. */
static void post_again(struct station *st, unsigned slot, uint32_t written)
{
	const struct ring_slot *s = &st->rx.slot[slot];
	struct arena *a = &st->arena[st->now];

	for (unsigned i = 0; i < s->pieces; i++) {
		uint32_t len = s->piece[i].len;

		arena_fill(a, s->piece[i].at, written < len ? written : len);
		arena_fill(a, s->piece[i].at + len, ARENA_GUARD);
		written = written > len ? written - len : 0;
	}
	ring_post(&st->rx, slot);
}

/* Appends the frame bytes of one used buffer and posts it again; `from`: where they begin. */
static void append(struct station *st, unsigned slot, uint32_t from, uint32_t len)
{
	const struct ring_slot *s = &st->rx.slot[slot];
	uint32_t n = len - from;

	if (n > STATION_FRAME_MAX - st->frame_len)
		n = STATION_FRAME_MAX - st->frame_len;
	check_written(st, s, from, len);
	copy_out(s, from, n, st->frame + st->frame_len);
	st->frame_len += n;
	post_again(st, slot, len);
}

static struct span frame_span(const struct station *st)
{
	return (struct span){ st->frame, st->frame_len };
}

static void evidence_begin(struct station *st)
{
	ledger_frame(st->ledger, (struct span){ st->header, st->header_len }, frame_span(st));
}

static void evidence_end(struct station *st)
{
	ledger_frame(st->ledger, (struct span){ NULL, 0 }, (struct span){ NULL, 0 });
}

/* --- MRG_RXBUF ----------------------------------------------------------------------------- */

/*
 * Whether n more buffers are there, now or (another row) a little later. A device that lies is not
 * waited for twice.
 */
static bool more_there(struct station *st, unsigned n)
{
	uint32_t begun_ms = clock_now_ms();
	int arrived = ring_arrived(&st->rx);

	ledger_seen(st->ledger, DEV_34);
	if (arrived < 0 || arrived >= (int)n || st->ledger->broken[DEV_32])
		return arrived >= (int)n;
	while (arrived >= 0 && arrived < (int)n &&
	       !clock_reached(clock_now_ms(), begun_ms + TOGETHER_MS)) {
		port_idle(0);
		arrived = ring_arrived(&st->rx);
	}
	if (arrived >= (int)n) /* [DEV-34] */
		ledger_broken(st->ledger, DEV_34,
			      "num_buffers is %u, but %u of them became used later", n + 1, n);
	return arrived >= (int)n;
}

/*
 * Takes the next buffer of the frame under way; its length is in *len. 0; ERR_AGAIN if it is not
 * there; ERR_DEVICE.
 */
static int take_more(struct station *st, uint32_t *len)
{
	int slot;

	st->rx.shape.header_len = 0; /* only the first has one [DEV-30] */
	slot = ring_take(&st->rx, len);
	st->rx.shape.header_len = st->header_len;
	if (slot < 0)
		return slot;
	if (*len == RING_LEN_UNKNOWN)
		*len = st->rx_len;
	append(st, (unsigned)slot, 0, *len);
	return 0;
}

/* Ours, everybody's, or a group of IPv4's, IPv6's or a bridge's. */
static bool is_destination(const struct station *st, const uint8_t *dst)
{
	static const uint8_t groups[][3] = { { 0xff, 0xff, 0xff },
					     { 0x01, 0x00, 0x5e },
					     { 0x33, 0x33, 0x00 },
					     { 0x33, 0x33, 0xff },
					     { 0x01, 0x80, 0xc2 } };

	for (unsigned i = 0; i < ARRAY_LEN(groups); i++)
		if (memcmp(dst, groups[i], sizeof(groups[i])) == 0)
			return true;
	return memcmp(dst, st->nic.mac, sizeof(st->nic.mac)) == 0;
}

/*
 * Whether there is a next used buffer, and it does not begin a frame for us or for all: a header,
 * and then the address. That is what it looks like if the frame before had no need of it, or was
 * cut short. One look decides: the buffer that comes a moment later was not seen.
 */
static bool next_continues(struct station *st)
{
	uint8_t start[JUDGE_HEADER_LEN + 6];
	const struct ring_slot *s = ring_peek(&st->rx);

	if (!s || s->room < sizeof(start))
		return s != NULL;
	copy_out(s, 0, sizeof(start), start);
	return !is_destination(st, start + st->header_len);
}

/*
 * What num_buffers says, held against the buffers that are in flight and the length that the packet
 * itself gives: 0, if it cannot be true. What follows a full buffer may be a trailer of the packet.
 */
static unsigned believe(struct station *st, uint16_t num_buffers, uint32_t whole, bool full)
{
	bool complete = whole && st->frame_len >= whole;

	if (num_buffers == 0 || num_buffers - 1u > ring_in_flight(&st->rx) ||
	    (num_buffers > 1 && complete && !full))
		return 0;
	if (num_buffers > 1 && !more_there(st, num_buffers - 1u))
		return 0;
	return num_buffers > 1 && complete && !next_continues(st) ? 0 : num_buffers;
}

/* The buffers that continue a frame, whose first had len bytes. */
static int gather_rest(struct station *st, uint16_t num_buffers, uint32_t len)
{
	uint32_t whole = judge_whole_len(frame_span(st)), room = st->rx_len;
	unsigned n, used = 1;
	int err = 0;

	/* A full buffer may end in the middle of what pads a short frame. */
	if (whole && whole < ETH_LEN_LEAST && len == room)
		whole = ETH_LEN_LEAST;
	n = believe(st, num_buffers, whole, len == room);
	for (; used < n && !err; used++) {
		ledger_seen(st->ledger, DEV_33);
		if (len != room) /* [DEV-33] */
			ledger_broken(st->ledger, DEV_33,
				      "%u bytes in a buffer of %u, which is number %u of %u",
				      (unsigned)len, (unsigned)room, used, n);
		err = take_more(st, &len);
	}
	/*
	 * What continues unannounced is swallowed, so that its bytes are not taken for a header;
	 * but not the next frame, where this one has lost its end.
	 */
	while (!err && len == room && (whole ? st->frame_len < whole : !n) && next_continues(st)) {
		err = take_more(st, &len);
		used += !err;
	}
	if (err == ERR_DEVICE) /* there is no sense in what follows a broken ring */
		return err;
	evidence_begin(st);
	ledger_seen(st->ledger, DEV_32);
	if (used != num_buffers) /* [DEV-32] */
		ledger_broken(st->ledger, DEV_32,
			      "num_buffers is %u; the frame of %u bytes is in %u buffers of %u",
			      num_buffers, (unsigned)st->frame_len, used, (unsigned)room);
	evidence_end(st);
	return 0;
}

/* --- one frame ----------------------------------------------------------------------------- */

/*
 * net/ is to keep the conversation going, whatever the checksum is: what is wrong with it is in the
 * ledger by now.
 */
static void hand_up(struct station *st)
{
	struct frame frame = { .head = st->frame, .data = frame_span(st), .csum = CSUM_VOUCHED };

	if (st->watch)
		st->watch(st->watch_ctx, frame.data);
	if (st->nic.rx)
		st->nic.rx(st->nic.rx_ctx, &frame);
}

static void examine(struct station *st)
{
	struct judgement j;
	char words[EVIDENCE_TEXT_MAX];
	struct text t;

	judge(&st->rules, st->header, frame_span(st), &j);
	if (st->frame_has_holes) { /* its checksum tells of these, if of anything */
		j.seen &= ~JUDGE_WRONG_CSUM;
		j.broken &= ~JUDGE_WRONG_CSUM;
	}
	ledger_seen_set(st->ledger, j.seen);
	evidence_begin(st);
	for (unsigned row = 0; row < ROWS_OF_FRAMES && row < ROWS; row++) {
		if (!(j.broken >> row & 1))
			continue;
		text_init(&t, words, sizeof(words));
		judge_text(&j, (enum row)row, &t);
		if (row == DEV_35 || row == DEV_36)
			text_fmt(&t, "; the frame has %u bytes", (unsigned)st->frame_len);
		if (row == DEV_55)
			text_fmt(&t, "; the frame has %u bytes, its headers want %u",
				 (unsigned)st->frame_len,
				 (unsigned)judge_whole_len(frame_span(st)));
		if (row == DEV_31 && !st->num_buffers_written)
			text_fmt(&t, ", which is what the driver had put there: the device has not "
				     "written it");
		ledger_broken(st->ledger, (enum row)row, "%s", words);
	}
	evidence_end(st);
	hand_up(st);
}

/* The byte at an offset of a slot's pieces. */
static const uint8_t *byte_at(const struct ring_slot *s, uint32_t off)
{
	unsigned i = 0;

	while (off >= s->piece[i].len)
		off -= s->piece[i++].len;
	return s->piece[i].at + off;
}

/* Whether num_buffers, the header's end, differs from the pattern that was there. */
static bool header_written(const struct station *st, const struct ring_slot *s)
{
	for (uint32_t off = st->header_len - 2; off < st->header_len; off++)
		if (*byte_at(s, off) != arena_byte(&st->arena[st->now], byte_at(s, off)))
			return true;
	return false;
}

/* The first buffer of a frame, which has been taken, and those that follow. */
static int receive_frame(struct station *st, unsigned slot, uint32_t len)
{
	struct judge_header h;
	int err = 0;

	st->num_buffers_written = header_written(st, &st->rx.slot[slot]);
	memset(st->header, 0, sizeof(st->header));
	copy_out(&st->rx.slot[slot], 0, st->header_len, st->header);
	judge_parse_header(&h, st->header);
	st->frame_len = 0;
	st->frame_has_holes = false;
	st->ledger->frames++;
	append(st, slot, st->header_len, len);
	if (virtio_has(st->v, (enum virtio_feature)VIRTIO_NET_F_MRG_RXBUF))
		err = gather_rest(st, h.num_buffers, len);
	record_frame(st->record, true, (struct span){ st->header, st->header_len }, frame_span(st),
		     len);
	if (!err)
		examine(st);
	return err;
}

int station_receive(struct station *st)
{
	int frames = 0, arrived = 0, slot, err = 0;
	uint32_t len;

	while (!err && frames < BATCH_MAX && (arrived = ring_arrived(&st->rx)) > 0) {
		slot = ring_take(&st->rx, &len);
		if (slot == ERR_AGAIN)
			break;
		if (slot < 0)
			return slot;
		station_note_use(st);
		if (len == RING_LEN_UNKNOWN)
			post_again(st, (unsigned)slot, st->rx_len);
		else
			err = receive_frame(st, (unsigned)slot, len);
		frames++;
	}
	if (err || arrived < 0)
		return err ? err : arrived;
	station_publish(st, &st->rx);
	return frames;
}
