/* SPDX-License-Identifier: BSD-2-Clause */
/* One direction of the wire: loses, corrupts, doubles and holds frames, as their plans say. */
#ifndef BACKEND_WIRE_H
#define BACKEND_WIRE_H

#include "tests/backend/frame.h"

struct wire {
	struct frame *ready, **ready_end; /* in the order in which they leave */
	struct frame *held;               /* in the order in which they came */
	unsigned held_count;
	uint64_t passed; /* frames that came in */
};

void wire_init(struct wire *wire);

/* Takes over a frame with its plan. */
void wire_in(struct wire *wire, struct frame *frame);

/* The next frame that is due; it stays the wire's until wire_drop(). NULL: none. */
struct frame *wire_next(struct wire *wire);
void wire_drop(struct wire *wire);

/* When the next held frame is due by time; UINT64_MAX: none. */
uint64_t wire_due_ns(const struct wire *wire);

void wire_clear(struct wire *wire);

#endif
