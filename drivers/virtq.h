/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One split virtqueue (VIRTIO 1.4, 2.7), polled. There is no free list: slot i owns descriptor i
 * for ever, its buffer the header with the frame behind it; where first bytes stand alone, it owns
 * descriptors 2i and 2i + 1. All state is private; of the memory that the device can write
 * only the used ring is read, each entry once.
 *
 * A device that breaks a rule of the used ring breaks the queue for good: the first fault is kept,
 * nothing more is taken, and only a device reset cures it.
 */
#ifndef DRIVERS_VIRTQ_H
#define DRIVERS_VIRTQ_H

#include "core/types.h"

#define VIRTQ_SIZE_MAX 1024
#define VIRTQ_SLOTS_MAX 128
#define VIRTQ_MEMORY_LEN 32768 /* for the largest ring in the legacy layout; page-aligned */

enum virtq_flag {
	VRING_DESC_F_NEXT = 1,
	VRING_DESC_F_WRITE = 2,
	VRING_AVAIL_F_NO_INTERRUPT = 1,
	VRING_USED_F_NO_NOTIFY = 1,
};

/* What a used ring can do wrong. */
enum virtq_fault {
	VIRTQ_SOUND,
	VIRTQ_INDEX_JUMP,       /* [DEV-21] */
	VIRTQ_ID_UNKNOWN,       /* [DEV-20] */
	VIRTQ_ID_NOT_IN_FLIGHT, /* [DEV-20] */
	VIRTQ_LEN_TOO_LONG,     /* [DEV-23] */
	VIRTQ_LEN_TOO_SHORT,    /* [DEV-30] */
};

struct virtq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct virtq_avail {
	uint16_t flags, idx;
	uint16_t ring[];
};

struct virtq_used_elem {
	uint32_t id, len;
};

struct virtq_used {
	uint16_t flags, idx;
	struct virtq_used_elem ring[];
};

/*
 * The caller owns it, and the ring's memory. Members are for virtq.c, but size, slots and the
 * addresses.
 */
struct virtq {
	volatile struct virtq_desc *desc;
	volatile struct virtq_avail *avail;
	const volatile struct virtq_used *used;
	uint64_t desc_dev, avail_dev, used_dev; /* the device's addresses of the same */
	uint16_t size;                          /* entries of each ring: a power of two */
	uint16_t slots;
	bool swap;              /* the ring's byte order is not ours */
	bool receives;          /* the device writes what is posted */
	uint16_t avail_idx;     /* next entry to fill; runs freely */
	uint16_t published_idx; /* what the device was told */
	uint16_t used_idx;      /* next entry to take; runs freely */
	enum virtq_fault fault;
	uint32_t fault_value; /* the index, id or length that was wrong */
	uint32_t header_len, alone;
	/* What may have been written to a buffer: receiving, the header at least; else anything. */
	uint32_t least;
	uint32_t room[VIRTQ_SLOTS_MAX]; /* beyond the least */
	bool in_flight[VIRTQ_SLOTS_MAX];
};

struct virtq_layout {
	uint16_t size;      /* entries: a power of two, 2 … VIRTQ_SIZE_MAX */
	uint16_t slots;     /* at most; no more than VIRTQ_SLOTS_MAX or the ring has room for */
	uint8_t header_len; /* of each buffer's first bytes, which are the virtio header */
	uint8_t alone; /* first bytes, header included, in a descriptor of their own; 0: none */
	bool legacy;   /* guest-native byte order */
	bool receives; /* the device writes to the buffers, otherwise it reads them */
};

/*
 * Makes an empty ring in VIRTQ_MEMORY_LEN bytes at memory, which the device sees at dev; both
 * page-aligned.
 */
void virtq_init(struct virtq *vq, uint8_t *memory, uint64_t dev, const struct virtq_layout *layout);

/* Gives slot its buffer: len bytes at the device's address dev, the header and then the frame. */
void virtq_bind(struct virtq *vq, unsigned slot, uint64_t dev, uint32_t len);

/* Sets the length of a transmit queue's buffer, header included. The slot is ours. */
void virtq_set_len(struct virtq *vq, unsigned slot, uint32_t len);

/*
 * What follows the bytes that stand alone goes to the device's address dev instead, up to as many
 * bytes as ever. The slot is ours.
 */
void virtq_aim(struct virtq *vq, unsigned slot, uint64_t dev);

/* Hands slot to the device, who learns of it by virtq_publish(). The slot is ours. */
void virtq_post(struct virtq *vq, unsigned slot);

/* Shows the device what was posted. Returns whether it wants a doorbell for that. */
bool virtq_publish(struct virtq *vq);

/*
 * How many used buffers are waiting: so many calls of virtq_take() may follow. ERR_DEVICE if the
 * queue is broken. Everything that was posted is published.
 */
int virtq_arrived(struct virtq *vq) MUST_CHECK;

/*
 * Takes the next used buffer: its slot, which is ours then, and the bytes that the device says it
 * wrote, in *len. On a receive queue header_len ≤ *len ≤ the buffer's; on a transmit queue *len is
 * noise. ERR_DEVICE if the queue is broken.
 */
int virtq_take(struct virtq *vq, uint32_t *len) MUST_CHECK;

/*
 * What the fault is, as half a sentence without its value ("returned a buffer that it did not have,
 * number"), and the section that it breaks.
 */
const char *virtq_fault_text(enum virtq_fault fault);

#endif
