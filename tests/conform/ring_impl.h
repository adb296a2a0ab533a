/* SPDX-License-Identifier: BSD-2-Clause */
/* What ring.c and ring_packed.c share. */
#ifndef TESTS_CONFORM_RING_IMPL_H
#define TESTS_CONFORM_RING_IMPL_H

#include "tests/conform/ring.h"

/* Descriptors of the ring itself that a slot has. */
static inline unsigned ring_per_slot(const struct ring *r)
{
	return r->shape.indirect ? 1 : r->shape.pieces;
}

static inline const char *ring_name(const struct ring *r)
{
	return r->shape.receives ? "receive" : "transmit";
}

/* ERR_DEVICE, and the ring is of no more use. */
int ring_broken(struct ring *r) MUST_CHECK;
/* Posted, and published too. */
bool ring_with_device(const struct ring *r, uint32_t slot);
/* [DEV-23] [DEV-25]: what is behind each piece. */
void ring_check_guards(struct ring *r, unsigned slot);
/* [DEV-23] [DEV-24] [DEV-30] */
int ring_check_len(struct ring *r, unsigned slot, uint32_t len) MUST_CHECK;
/* [DEV-27]: sets r->behind. `arrived`: as many buffers may the element stand for. */
int ring_check_order(struct ring *r, unsigned slot, unsigned arrived) MUST_CHECK;

/* --- ring_packed.c: the functions of ring.h ------------------------------------------------- */

bool packed_init(struct ring *r) MUST_CHECK;
void packed_bind_table(struct ring *r, unsigned slot);
void packed_post(struct ring *r, unsigned slot);
bool packed_publish(struct ring *r);
int packed_arrived(struct ring *r) MUST_CHECK;
int packed_take(struct ring *r, uint32_t *len) MUST_CHECK;
const struct ring_slot *packed_peek(struct ring *r);
bool packed_touched(const struct ring *r);

#endif
