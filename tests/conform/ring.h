/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue, split or packed, that watches its device (VIRTIO 1.4, 2.7, 2.8). Beyond what a
 * driver needs it keeps an order book of all that is in flight, knows what each descriptor and each
 * readable byte was, and takes shapes that drivers/virtq.c has no use for: one descriptor for all,
 * indirect tables, EVENT_IDX, IN_ORDER, any size.
 *
 * What the used ring does wrong goes to the ledger; a fault that leaves no sense in what follows
 * breaks the ring for good.
 */
#ifndef TESTS_CONFORM_RING_H
#define TESTS_CONFORM_RING_H

#include "core/types.h"
#include "drivers/virtq.h"
#include "tests/conform/arena.h"
#include "tests/conform/ledger.h"
#include "tests/conform/ring_packed.h"

#define VRING_DESC_F_INDIRECT 4 /* 2.7.5; drivers/virtq.h has the others */
#define RING_SLOTS_MAX 256      /* a power of two */
#define RING_PIECES_MAX 4
#define RING_LEN_UNKNOWN \
	UINT32_MAX /* IN_ORDER: one element closed a batch, this one was not its last */

struct ring_piece {
	uint8_t *at; /* in the arena */
	uint32_t len;
};

struct ring_slot {
	struct ring_piece piece[RING_PIECES_MAX];
	struct virtq_desc *table; /* INDIRECT: in the arena */
	uint8_t pieces;
	bool in_flight;
	uint16_t posted_idx; /* where in the avail ring */
	uint16_t place;      /* packed: of its first descriptor */
	uint32_t room;       /* all pieces */
};

struct ring_shape {
	uint16_t size; /* entries: a power of two, 1 … 32768; packed: any, 1 … PACKED_SIZE_MAX */
	uint16_t slots; /* 1 … RING_SLOTS_MAX; slots * descriptors of each ≤ size */
	uint8_t pieces; /* of each slot */
	bool receives, event_idx, indirect, in_order, packed;
	uint32_t header_len; /* receiving: the least that a first buffer holds; 0 transmitting */
};

struct ring {
	struct ring_shape shape;
	struct arena *arena;
	struct ledger *ledger;
	struct virtq place;   /* size and addresses, as virtio_transport.queue_start() wants them */
	struct packed packed; /* if the shape is; of the next four nothing then */
	volatile struct virtq_desc *desc;
	volatile struct virtq_avail *avail;
	volatile struct virtq_used *used;
	const volatile uint16_t *avail_event;        /* behind it */
	uint16_t avail_idx, published_idx, used_idx; /* run freely */
	uint16_t behind;   /* IN_ORDER: buffers that the last element closed and that are not yet
			      taken */
	uint32_t last_len; /* its length */
	bool broken;
	struct ring_slot slot[RING_SLOTS_MAX];
	uint16_t book[RING_SLOTS_MAX]; /* the slot at each place of the avail ring, by its index */
};

/*
 * Lays out an empty ring in the arena, always as legacy devices want it. False if there is no room.
 * The caller binds the slots' pieces next.
 */
bool ring_init(struct ring *r, const struct ring_shape *shape, struct arena *arena,
	       struct ledger *ledger);

/*
 * Gives a slot its pieces (shape.pieces of them). False if there is no room for its indirect table.
 */
bool ring_bind(struct ring *r, unsigned slot, const struct ring_piece *pieces);

/* Changes the length of a slot's last piece. The slot is ours. */
void ring_set_len(struct ring *r, unsigned slot, uint32_t len);

/* Hands a slot to the device. Under IN_ORDER slots go in their own order, around and around. */
void ring_post(struct ring *r, unsigned slot);

/* Shows what was posted. Whether the device wants a doorbell for that. */
bool ring_publish(struct ring *r);

/*
 * How many buffers the device has shown as used and were not taken; ERR_DEVICE if the ring is
 * broken.
 */
int ring_arrived(struct ring *r) MUST_CHECK;

/*
 * Takes the next one: the slot, and how many bytes the device says it wrote. Only where
 * ring_arrived() said so. ERR_DEVICE if the ring is broken; ERR_AGAIN under IN_ORDER if its element
 * is not there yet.
 */
int ring_take(struct ring *r, uint32_t *len) MUST_CHECK;

/* The slot that the next one is, without taking it, or NULL: none is there, or it names none. */
const struct ring_slot *ring_peek(struct ring *r);

/* Packed: all used descriptors whose places were not needed again are as they were [DEV-28]. */
void ring_look_back(struct ring *r);

/* Before DRIVER_OK: whether the device has used anything. */
bool ring_touched(const struct ring *r);

static inline unsigned ring_in_flight(const struct ring *r)
{
	return (uint16_t)(r->avail_idx - r->used_idx) + 0u;
}

#endif
