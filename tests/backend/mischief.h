/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be done wrong in a ring. The guest's memory stays the only thing that is harmed. */
#ifndef BACKEND_MISCHIEF_H
#define BACKEND_MISCHIEF_H

#include "tests/backend/ring.h"
#include "tests/backend/rules.h"

/*
 * Returns `count` buffers, whose used lengths honestly are len[], as the plan wants it; they are
 * taken already and not shown yet.
 */
void mischief_return(struct ring *ring, const struct memory *memory, const struct plan *plan,
		     const struct chain *chains, const uint32_t *len, unsigned count);

/* A receive queue that goes on after its reset: what it had, and how often it still writes. */
struct ghost {
	unsigned left, buffers;
	uint64_t due_ns, period_ns;
	struct vring_used *used;
	uint16_t size, used_idx;
	uint16_t head[4];
	struct piece buffer[4];
};

/* Before the ring stops: remembers what it had. period_ms between two writes. */
void ghost_rise(struct ghost *ghost, struct ring *ring, const struct memory *memory,
		int64_t period_ms, struct chain *scratch);

/* Writes, if it is time. */
void ghost_walk(struct ghost *ghost);

#endif
