/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's side of a split virtqueue (VIRTIO 1.4, 2.7). The guest writes descriptors and the
 * available ring; each is copied once and checked here. What it does wrong breaks the queue, with
 * a line on stderr, and harms nobody else.
 */
#ifndef BACKEND_RING_H
#define BACKEND_RING_H

#include "tests/backend/memory.h"

#define RING_SIZE_MAX 1024 /* of QEMU's queues; also the longest chain */

struct ring {
	enum direction dir;
	/* what vhost-user says */
	uint64_t desc_user, avail_user, used_user;
	uint16_t size;
	int kick_fd, call_fd, err_fd; /* -1: none */
	bool started, enabled;
	bool indirect, event_idx;
	/* our addresses; NULL: not mapped */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	/* indices run freely */
	uint16_t last_avail;          /* the next entry to take */
	uint16_t used_idx, shown_idx; /* the next entry to write; what the guest was shown */
	uint16_t called_idx;          /* shown_idx at the last call */
	uint16_t most_waiting;        /* the most buffers that ever waited */
	bool broken;
	int forced_flags;          /* of used.flags; -1: as they should be */
	uint64_t stalled_until_ns; /* 0: not */
};

struct piece {
	uint8_t *at;
	uint64_t guest_addr;
	uint32_t len;
};

/* One buffer of the guest: readable pieces, then writable ones. */
struct chain {
	uint16_t head, last; /* descriptors of the ring's table */
	unsigned descriptors;
	unsigned readable, count; /* pieces */
	uint32_t readable_len, writable_len;
	struct piece piece[2 * RING_SIZE_MAX];
};

void ring_init(struct ring *ring, enum direction dir);

/* Finds the three parts in memory again. False if they are not there, or not aligned (2.7.1). */
bool ring_map(struct ring *ring, const struct memory *memory);

/* Begins with the next entry of the available ring at `avail`. */
void ring_start(struct ring *ring, uint16_t avail);
bool ring_running(const struct ring *ring);

/* How many buffers wait to be taken. */
uint16_t ring_waiting(struct ring *ring);

/* The head of the nth of them, which may be any number. */
uint16_t ring_head(const struct ring *ring, uint16_t n);

/* Reads the nth of them, n < ring_waiting(), without taking it. False: the guest broke the ring. */
bool ring_read(struct ring *ring, const struct memory *memory, uint16_t n, struct chain *chain);
void ring_take(struct ring *ring, uint16_t count);

/* Writes a used entry; ring_show() lets the guest see all of them, up to used_idx. */
void ring_put(struct ring *ring, uint32_t id, uint32_t len);
void ring_show(struct ring *ring);

/* Tells the guest what it was shown, if it wants to be told. */
void ring_call(struct ring *ring);

/* Whether the guest should kick for the next buffer. */
void ring_want_kick(struct ring *ring, bool want);

#endif
