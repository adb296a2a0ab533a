/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One direction of a bad link: frames are lost, doubled, held back, damaged, and come out later, by
 * seeded chance. Time is the hosted port's.
 */
#ifndef TESTS_MODEL_LINK_H
#define TESTS_MODEL_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct link_frame;

struct link {
	/*
	 * In thousandths of the frames. A reordered one comes 1 … 8 ms later than it should; a
	 * damaged one has one bit flipped, behind the Ethernet header.
	 */
	uint32_t loss, dup, reorder, corrupt;
	uint32_t delay_ms;
	void (*out)(void *ctx, const uint8_t *frame, uint32_t len);
	void *ctx;

	uint32_t random;          /* not 0 */
	struct link_frame *queue; /* by due time */
	uint32_t frames, lost, doubled, reordered, corrupted;
};

void link_init(struct link *l, uint32_t seed,
	       void (*out)(void *ctx, const uint8_t *frame, uint32_t len), void *ctx);
void link_free(struct link *l);
void link_send(struct link *l, const uint8_t *frame, uint32_t len);
/* Delivers what is due; true if there was anything. */
bool link_poll(struct link *l);

#endif
