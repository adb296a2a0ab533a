/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A station's queues: rings and buffers in the shape that is wanted, and the receive queue reset
 * alone. Sizes are the device's. Called by station_open.c and conform.c.
 */
#include "core/assert.h"
#include "core/mem.h"
#include "drivers/virtio_net.h"
#include "tests/conform/features.h"
#include "tests/conform/station.h"

#define SIZE_USUAL 256
#define SIZE_SMALLEST 2
#define SIZE_PACKED 5 /* no power of two: lists go around the end */
#define SIZE_MOST 32768
#define RX_SLOTS 64
#define RX_ROOM (2u << 20) /* bytes of an arena for receive buffers */

/*
 * The ring's size by the shape; the device's own on a legacy one. 0, with a sentence, if there is
 * none.
 */
static uint32_t choose_size(struct station *st, uint16_t queue)
{
	bool packed = virtio_has(st->v, VIRTIO_F_RING_PACKED);
	uint32_t max = st->v->transport->queue_max(st->v, queue), size = 1;
	uint32_t limit = st->shape.queue == QUEUE_SMALLEST                    ? SIZE_SMALLEST :
			 st->shape.queue == QUEUE_LARGEST || st->shape.legacy ? SIZE_MOST :
										SIZE_USUAL;

	/* A packed ring may have any size. */
	if (packed && st->shape.queue == QUEUE_SMALLEST && max >= SIZE_PACKED)
		return SIZE_PACKED;
	if (packed && limit > PACKED_SIZE_MAX)
		limit = PACKED_SIZE_MAX;
	while (size * 2 <= max && size * 2 <= limit)
		size *= 2;
	if (max >= 2 && (!st->shape.legacy || size == max))
		return size;
	(void)fail(st->failure, RUNG_QUEUES, ERR_DEVICE,
		   "queue %u has %u entries, which is no ring", queue, (unsigned)max);
	return 0;
}

static bool no_memory(struct station *st, const char *what)
{
	(void)fail(st->failure, RUNG_QUEUES, ERR_NO_SPACE, "no memory for %s", what);
	return false;
}

uint8_t station_pieces(const uint8_t layout[RING_PIECES_MAX - 1])
{
	uint8_t n = 0;

	while (n < RING_PIECES_MAX - 1 && layout[n])
		n++;
	return (uint8_t)(n + 1);
}

/*
 * As many slots as fit ring, shape and book; under IN_ORDER all of the ring, so it shrinks to them.
 */
static bool make_ring(struct station *st, struct ring *r, uint16_t queue, unsigned slots)
{
	bool receives = queue == VIRTIO_NET_RECEIVEQ;
	const uint8_t *layout = receives ? st->shape.rx_layout : st->shape.tx_layout;
	/* Buffers of a merged frame have one piece each, unless framing is the subject. */
	bool one = st->shape.one_descriptor ||
		   (receives && virtio_has(st->v, VIRTIO_NET_F_MRG_RXBUF));
	struct ring_shape shape = {
		.pieces = layout[0] ? station_pieces(layout) :
			  one       ? 1 :
				      2,
		.receives = receives,
		.event_idx = virtio_has(st->v, VIRTIO_F_EVENT_IDX),
		.indirect = virtio_has(st->v, VIRTIO_F_INDIRECT_DESC),
		.in_order = virtio_has(st->v, VIRTIO_F_IN_ORDER),
		.packed = virtio_has(st->v, VIRTIO_F_RING_PACKED),
		.header_len = receives ? st->header_len : 0,
	};
	uint32_t size = choose_size(st, queue), each = shape.indirect ? 1 : shape.pieces;

	if (!size)
		return false;
	if (each > size) {
		(void)fail(st->failure, RUNG_QUEUES, ERR_DEVICE,
			   "queue %u has %u entries, too few for a buffer of %u descriptors", queue,
			   (unsigned)size, (unsigned)each);
		return false;
	}
	while (slots * each > size)
		slots /= 2;
	while (shape.in_order && !shape.packed && !st->shape.legacy && slots * each < size)
		size /= 2;
	shape.size = (uint16_t)size;
	shape.slots = (uint16_t)slots;
	return ring_init(r, &shape, &st->arena[st->now], st->ledger) || no_memory(st, "a ring");
}

/* The lengths of a buffer's pieces, which are len in all: a header of its own, or as the shape has
 * it. */
static void cut(struct station *st, const struct ring *r, uint32_t len, struct ring_piece *piece)
{
	const uint8_t *layout = r->shape.receives ? st->shape.rx_layout : st->shape.tx_layout;
	unsigned last = r->shape.pieces - 1u;

	for (unsigned i = 0; i < last; i++) {
		piece[i].len = layout[0] ? layout[i] : st->header_len;
		len -= piece[i].len;
	}
	piece[last].len = len;
}

static bool bind_slots(struct station *st, struct ring *r, uint32_t len)
{
	struct arena *a = &st->arena[st->now];
	struct ring_piece piece[RING_PIECES_MAX];

	for (unsigned slot = 0; slot < r->shape.slots; slot++) {
		unsigned pieces = r->shape.pieces;

		assert(pieces <= RING_PIECES_MAX);
		cut(st, r, len, piece);
		for (unsigned i = 0; i < pieces; i++) {
			piece[i].at = arena_take(a, piece[i].len, 8);
			if (!piece[i].at)
				return no_memory(st, "buffers");
		}
		if (!ring_bind(r, slot, piece))
			return no_memory(st, "indirect tables");
	}
	return true;
}

int station_start_receiveq(struct station *st)
{
	unsigned slots = st->shape.rx_slots ? st->shape.rx_slots : RX_SLOTS;

	while (slots > 1 && slots * (st->rx_len + ARENA_PAGE) > RX_ROOM)
		slots /= 2;
	if (!make_ring(st, &st->rx, VIRTIO_NET_RECEIVEQ, slots) ||
	    !bind_slots(st, &st->rx, st->rx_len))
		return ERR_DEVICE;
	for (unsigned slot = 0; slot < st->rx.shape.slots; slot++)
		ring_post(&st->rx, slot);
	st->nic.rx_slots = st->rx.shape.slots;
	return st->v->transport->queue_start(st->v, VIRTIO_NET_RECEIVEQ, &st->rx.place,
					     st->failure);
}

int station_start_transmitq(struct station *st)
{
	if (!make_ring(st, &st->tx, VIRTIO_NET_TRANSMITQ, STATION_TX_SLOTS) ||
	    !bind_slots(st, &st->tx, STATION_TX_LEN))
		return ERR_DEVICE;
	st->tx_next = 0;
	return st->v->transport->queue_start(st->v, VIRTIO_NET_TRANSMITQ, &st->tx.place,
					     st->failure);
}

/* --- RING_RESET ---------------------------------------------------------------------------- */

/*
 * All that the receive queue has, ring and buffers, gets the pattern; who writes there now does
 * what DEV-29 forbids.
 */
static void poison_receiveq(struct station *st)
{
	for (unsigned slot = 0; slot < st->rx.shape.slots; slot++)
		for (unsigned i = 0; i < st->rx.slot[slot].pieces; i++)
			arena_fill(&st->arena[st->now], st->rx.slot[slot].piece[i].at,
				   st->rx.slot[slot].piece[i].len);
	st->rx.used->idx = 0;
}

bool station_stop_receiving(struct station *st)
{
	st->rx_off = registers_reset_queue(st->registers, VIRTIO_NET_RECEIVEQ, st->ledger);
	if (st->rx_off)
		poison_receiveq(st);
	return st->rx_off;
}

int station_resume_receiving(struct station *st)
{
	const uint8_t *wrong;

	ledger_seen(st->ledger, DEV_29);
	if (st->rx.used->idx) /* [DEV-29] */
		ledger_broken(st->ledger, DEV_29,
			      "the receive queue was reset, and then used.idx became %u",
			      st->rx.used->idx);
	for (unsigned slot = 0; slot < st->rx.shape.slots; slot++)
		for (unsigned i = 0; i < st->rx.slot[slot].pieces; i++)
			if (!arena_untouched(&st->arena[st->now], st->rx.slot[slot].piece[i].at,
					     st->rx.slot[slot].piece[i].len, &wrong))
				ledger_broken(st->ledger, DEV_29,
					      "the receive queue was reset, and then buffer %u was "
					      "written",
					      slot);
	st->rx_off = false;
	memset(&st->rx, 0, sizeof(st->rx));
	if (station_start_receiveq(st))
		return ERR_DEVICE;
	ring_publish(&st->rx);
	st->v->transport->notify(st->v, VIRTIO_NET_RECEIVEQ);
	return 0;
}
