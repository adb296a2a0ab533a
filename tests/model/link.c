/* SPDX-License-Identifier: BSD-2-Clause */
/* A bad link; see link.h. */
#include "tests/model/link.h"

#include <stdlib.h>
#include <string.h>

#include "arch/port.h"
#include "core/assert.h"

struct link_frame {
	struct link_frame *next;
	uint32_t due_ms, len;
	uint8_t bytes[];
};

void link_init(struct link *l, uint32_t seed,
	       void (*out)(void *ctx, const uint8_t *frame, uint32_t len), void *ctx)
{
	memset(l, 0, sizeof(*l));
	l->random = seed * 2654435761u | 1;
	l->out = out;
	l->ctx = ctx;
}

void link_free(struct link *l)
{
	while (l->queue) {
		struct link_frame *f = l->queue;

		l->queue = f->next;
		free(f);
	}
}

static uint32_t chance(struct link *l, uint32_t below)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 17;
	l->random ^= l->random << 5;
	return (l->random >> 8) % below;
}

static void enqueue(struct link *l, const uint8_t *frame, uint32_t len)
{
	struct link_frame *f = malloc(sizeof(*f) + len), **at = &l->queue;
	uint32_t bit;

	assert(f);
	memcpy(f->bytes, frame, len);
	f->len = len;
	f->due_ms = port_now_ms() + l->delay_ms;
	if (chance(l, 1000) < l->reorder) {
		f->due_ms += 1 + chance(l, 8);
		l->reordered++;
	}
	if (chance(l, 1000) < l->corrupt) {
		bit = chance(l, (len - 14) * 8);
		f->bytes[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		l->corrupted++;
	}
	while (*at && (int32_t)(f->due_ms - (*at)->due_ms) >= 0)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
}

void link_send(struct link *l, const uint8_t *frame, uint32_t len)
{
	l->frames++;
	if (chance(l, 1000) < l->loss) {
		l->lost++;
		return;
	}
	enqueue(l, frame, len);
	if (chance(l, 1000) < l->dup) {
		enqueue(l, frame, len);
		l->doubled++;
	}
}

bool link_poll(struct link *l)
{
	bool any = false;

	while (l->queue && (int32_t)(port_now_ms() - l->queue->due_ms) >= 0) {
		struct link_frame *f = l->queue;

		l->queue = f->next;
		l->out(l->ctx, f->bytes, f->len);
		free(f);
		any = true;
	}
	return any;
}
