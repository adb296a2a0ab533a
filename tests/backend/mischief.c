/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults of the ring. The plan is the user's; the ring's indices are the guest's and checked by
 * ring.c. Called by device.c and vhost_user.c.
 */
#include "tests/backend/mischief.h"

#include <string.h>

#define PIECEMEAL_NS (20 * NS_PER_MS)
#define FILL 0xa5
#define GHOST_WRITES 20
#define GHOST_LEN 256

/*
 * A descriptor that the guest has not posted: none that waits, nor the one that goes back now. The
 * last, which is the likeliest to be of no buffer at all.
 */
static uint32_t not_posted(struct ring *ring, uint16_t head)
{
	bool posted[RING_SIZE_MAX] = { false };
	uint16_t waiting = ring_waiting(ring);

	posted[head] = true;
	for (uint16_t n = 0; n < waiting; n++)
		posted[ring_head(ring, n) % ring->size] = true;
	for (uint32_t id = ring->size; id-- > 0;)
		if (!posted[id])
			return id;
	return ring->size;
}

static void overrun(const struct memory *memory, const struct chain *chain, uint32_t len)
{
	const struct piece *piece = &chain->piece[chain->count - 1];
	uint8_t *at = memory_at(memory, GUEST_PHYSICAL, piece->guest_addr + piece->len, &len);

	if (at)
		memset(at, FILL, len);
}

static void put(struct ring *ring, const struct plan *plan, const struct chain *chain, uint32_t len)
{
	uint32_t id = chain->head;

	if (planned(plan, USED_ID))
		id = (uint32_t)value_of(plan->value[USED_ID], id, 0, ring->size);
	if (planned(plan, NOT_POSTED))
		id = not_posted(ring, chain->head);
	if (planned(plan, USED_LEN))
		len = (uint32_t)value_of(plan->value[USED_LEN], len, chain->writable_len, 0);
	ring_put(ring, id, len);
	if (planned(plan, TWICE))
		ring_put(ring, id, len);
}

/* A chain's last descriptor has no successor: its `next` means nothing, so nothing else breaks. */
static void write_desc(struct ring *ring, const struct chain *chain)
{
	ring->desc[chain->last].next = 0xa5a5;
}

static void write_sent(const struct chain *chain)
{
	const struct piece *piece = &chain->piece[chain->readable - 1];

	if (chain->readable)
		piece->at[piece->len - 1] ^= 0xff;
}

static void to_the_ring(struct ring *ring, const struct plan *plan)
{
	uint16_t event = (uint16_t)plan->value[AVAIL_EVENT].number;
	int64_t ms = plan->value[STALL].number;

	if (planned(plan, IDX_JUMP))
		ring->used_idx = (uint16_t)(ring->used_idx + plan->value[IDX_JUMP].number);
	if (planned(plan, AVAIL_EVENT))
		memcpy(&ring->used->ring[ring->size], &event, sizeof(event));
	if (planned(plan, USED_FLAGS)) {
		ring->forced_flags = (int)plan->value[USED_FLAGS].number;
		__atomic_store_n(&ring->used->flags, (uint16_t)ring->forced_flags,
				 __ATOMIC_RELAXED);
	}
	if (planned(plan, STALL)) {
		ring_show(ring);
		ring->stalled_until_ns = ms ? now_ns() + (uint64_t)ms * NS_PER_MS : UINT64_MAX;
	}
}

void mischief_return(struct ring *ring, const struct memory *memory, const struct plan *plan,
		     const struct chain *chains, const uint32_t *len, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (i)
			ring_put(ring, chains[i].head, len[i]);
		else
			put(ring, plan, &chains[i], len[i]);
		if (i == 0 && count > 1 && planned(plan, PIECEMEAL)) {
			ring_show(ring);
			ring->stalled_until_ns = now_ns() + PIECEMEAL_NS;
		}
	}
	if (planned(plan, OVERRUN) && chains->writable_len)
		overrun(memory, &chains[count - 1], (uint32_t)plan->value[OVERRUN].number);
	if (planned(plan, WRITE_DESC))
		write_desc(ring, chains);
	if (planned(plan, WRITE_SENT))
		write_sent(chains);
	to_the_ring(ring, plan);
}

void ghost_rise(struct ghost *ghost, struct ring *ring, const struct memory *memory,
		int64_t period_ms, struct chain *scratch)
{
	uint16_t waiting = ring_running(ring) ? ring_waiting(ring) : 0;

	*ghost = (struct ghost){ .used = ring->used,
				 .size = ring->size,
				 .used_idx = ring->used_idx };
	while (ghost->buffers < sizeof(ghost->head) / sizeof(ghost->head[0]) &&
	       ghost->buffers < waiting) {
		if (!ring_read(ring, memory, (uint16_t)ghost->buffers, scratch) || !scratch->count)
			break;
		ghost->head[ghost->buffers] = scratch->head;
		ghost->buffer[ghost->buffers] = scratch->piece[scratch->count - 1];
		ghost->buffers++;
	}
	ghost->left = ghost->buffers ? GHOST_WRITES : 0;
	ghost->period_ns = (uint64_t)period_ms * NS_PER_MS;
	ghost->due_ns = now_ns() + ghost->period_ns;
}

void ghost_walk(struct ghost *ghost)
{
	const struct piece *buffer;
	struct vring_used_elem *elem;

	if (!ghost->left || !ghost->buffers || now_ns() < ghost->due_ns)
		return;
	buffer = &ghost->buffer[ghost->left % ghost->buffers];
	memset(buffer->at, FILL, buffer->len < GHOST_LEN ? buffer->len : GHOST_LEN);
	elem = &ghost->used->ring[ghost->used_idx++ % ghost->size];
	elem->id = ghost->head[ghost->left % ghost->buffers];
	elem->len = GHOST_LEN;
	__atomic_store_n(&ghost->used->idx, ghost->used_idx, __ATOMIC_RELEASE);
	ghost->left--;
	ghost->due_ns = now_ns() + ghost->period_ns;
}
