/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split virtqueue as an honest device works it. The guest wrote all that is read here. Called by
 * device.c, mischief.c and vhost_user.c.
 */
#include "tests/backend/ring.h"

#include <string.h>
#include <unistd.h>

/* The two event words are behind the rings (2.7.6, 2.7.8). */
#define USED_EVENT(ring) ((ring)->avail->ring[(ring)->size])
#define AVAIL_EVENT_OFF(ring) \
	(offsetof(struct vring_used, ring) + (ring)->size * sizeof(struct vring_used_elem))

void ring_init(struct ring *ring, enum direction dir)
{
	memset(ring, 0, sizeof(*ring));
	ring->dir = dir;
	ring->kick_fd = ring->call_fd = ring->err_fd = -1;
	ring->forced_flags = -1;
}

static void *part(const struct memory *memory, uint64_t addr, uint32_t len, uint32_t align)
{
	uint32_t there = len;
	uint8_t *at = memory_at(memory, QEMU_VIRTUAL, addr, &there);

	return at && there == len && (uintptr_t)at % align == 0 ? at : NULL;
}

bool ring_map(struct ring *ring, const struct memory *memory)
{
	uint32_t n = ring->size;

	ring->desc = part(memory, ring->desc_user, n * 16, 16);
	ring->avail = part(memory, ring->avail_user, 6 + 2 * n, 2);
	ring->used = part(memory, ring->used_user, 6 + 8 * n, 4);
	if (ring->desc && ring->avail && ring->used)
		return true;
	ring->desc = NULL;
	return false;
}

void ring_start(struct ring *ring, uint16_t avail)
{
	ring->last_avail = avail;
	ring->used_idx = __atomic_load_n(&ring->used->idx, __ATOMIC_RELAXED);
	ring->shown_idx = ring->called_idx = ring->used_idx;
	ring->most_waiting = 0;
	ring->broken = false;
	ring->forced_flags = -1;
	ring->stalled_until_ns = 0;
	ring->started = true;
	ring_want_kick(ring, true);
}

bool ring_running(const struct ring *ring)
{
	return ring->started && ring->enabled && ring->desc && !ring->broken;
}

static bool guest_broke(struct ring *ring, const char *how)
{
	uint64_t one = 1;

	note("guest: its %s queue %s", ring->dir == RX ? "receive" : "transmit", how);
	ring->broken = true;
	if (ring->err_fd >= 0 && write(ring->err_fd, &one, sizeof(one)) < 0)
		note("guest: QEMU cannot be told of it");
	return false;
}

uint16_t ring_waiting(struct ring *ring)
{
	uint16_t waiting;

	waiting = __atomic_load_n(&ring->avail->idx, __ATOMIC_ACQUIRE);
	waiting = (uint16_t)(waiting - ring->last_avail);
	if (waiting > ring->size) {
		guest_broke(ring, "has more available buffers than entries");
		return 0;
	}
	if (waiting > ring->most_waiting)
		ring->most_waiting = waiting;
	return waiting;
}

/* A descriptor's memory, in as many pieces as QEMU has made of it. */
static const char *add_pieces(const struct memory *memory, struct chain *chain, uint64_t addr,
			      uint32_t len)
{
	while (len) {
		struct piece *piece = &chain->piece[chain->count];

		if (chain->count == sizeof(chain->piece) / sizeof(chain->piece[0]))
			return "has a chain in too many pieces";
		piece->guest_addr = addr;
		piece->len = len;
		piece->at = memory_at(memory, GUEST_PHYSICAL, addr, &piece->len);
		if (!piece->at)
			return "has a descriptor of memory that is not there";
		addr += piece->len;
		len -= piece->len;
		chain->count++;
	}
	return NULL;
}

/* One descriptor of a chain: 2.7.4.2 (readable ones come first), 2.7.5.2 (at most 2^32 bytes). */
static const char *add(const struct memory *memory, struct chain *chain,
		       const struct vring_desc *desc)
{
	bool write = desc->flags & VRING_DESC_F_WRITE;
	uint32_t *len = write ? &chain->writable_len : &chain->readable_len;
	const char *why;

	if (!write && chain->writable_len)
		return "has a readable descriptor behind a writable one";
	if (desc->len > UINT32_MAX - *len)
		return "has a chain of more than 2^32 bytes";
	if ((why = add_pieces(memory, chain, desc->addr, desc->len)))
		return why;
	*len += desc->len;
	if (!write)
		chain->readable = chain->count;
	chain->descriptors++;
	return NULL;
}

/* Follows a chain through a table of `size` entries, which a loop would exceed. */
static const char *walk(const struct memory *memory, const struct vring_desc *table, uint32_t size,
			uint32_t i, struct chain *chain, bool indirect)
{
	struct vring_desc desc;
	const char *why;

	for (uint32_t n = 0; n < size; n++) {
		if (i >= size)
			return "names a descriptor that does not exist";
		memcpy(&desc, &table[i], sizeof(desc));
		if (desc.flags & VRING_DESC_F_INDIRECT)
			return "has an indirect descriptor where none may be";
		if ((why = add(memory, chain, &desc)))
			return why;
		if (!indirect)
			chain->last = (uint16_t)i;
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return NULL;
		i = desc.next;
	}
	return "has a chain longer than its table";
}

/* 2.7.5.3 */
static const char *walk_indirect(const struct memory *memory, const struct vring_desc *desc,
				 struct chain *chain)
{
	uint32_t len = desc->len;
	uint8_t *table = memory_at(memory, GUEST_PHYSICAL, desc->addr, &len);

	if (!len || !table || len != desc->len || len % sizeof(*desc) ||
	    len / sizeof(*desc) > RING_SIZE_MAX || desc->flags & VRING_DESC_F_NEXT)
		return "has an indirect table of a wrong length or place";
	return walk(memory, (const struct vring_desc *)(void *)table, len / (uint32_t)sizeof(*desc),
		    0, chain, true);
}

uint16_t ring_head(const struct ring *ring, uint16_t n)
{
	uint16_t i = (uint16_t)(ring->last_avail + n) % ring->size;

	return __atomic_load_n(&ring->avail->ring[i], __ATOMIC_RELAXED);
}

bool ring_read(struct ring *ring, const struct memory *memory, uint16_t n, struct chain *chain)
{
	struct vring_desc desc;
	const char *why;

	chain->head = chain->last = ring_head(ring, n);
	chain->descriptors = chain->readable = chain->count = 0;
	chain->readable_len = chain->writable_len = 0;
	if (chain->head >= ring->size)
		return guest_broke(ring, "offers a descriptor that does not exist");
	memcpy(&desc, &ring->desc[chain->head], sizeof(desc));
	if (desc.flags & VRING_DESC_F_INDIRECT && ring->indirect)
		why = walk_indirect(memory, &desc, chain);
	else
		why = walk(memory, ring->desc, ring->size, chain->head, chain, false);
	return why ? guest_broke(ring, why) : true;
}

void ring_take(struct ring *ring, uint16_t count)
{
	ring->last_avail = (uint16_t)(ring->last_avail + count);
}

void ring_put(struct ring *ring, uint32_t id, uint32_t len)
{
	struct vring_used_elem *elem = &ring->used->ring[ring->used_idx++ % ring->size];

	elem->id = id;
	elem->len = len;
}

/* 2.7.8.2: everything is written before the index is. */
void ring_show(struct ring *ring)
{
	if (ring->shown_idx == ring->used_idx)
		return;
	ring->shown_idx = ring->used_idx;
	__atomic_store_n(&ring->used->idx, ring->shown_idx, __ATOMIC_RELEASE);
}

void ring_call(struct ring *ring)
{
	uint16_t old = ring->called_idx;
	uint64_t one = 1;
	bool wanted;

	if (old == ring->shown_idx)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (ring->event_idx)
		wanted = vring_need_event(USED_EVENT(ring), ring->shown_idx, old);
	else
		wanted = !(ring->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
	ring->called_idx = ring->shown_idx;
	if (wanted && ring->call_fd >= 0 && write(ring->call_fd, &one, sizeof(one)) < 0)
		return; /* QEMU is gone, which its socket will say */
}

/* 2.7.10.2; an avail_event in the past is as good as none. */
void ring_want_kick(struct ring *ring, bool want)
{
	uint16_t flags = ring->event_idx || want ? 0 : VRING_USED_F_NO_NOTIFY;
	uint16_t event = (uint16_t)(ring->last_avail - !want);

	if (ring->event_idx)
		memcpy((char *)ring->used + AVAIL_EVENT_OFF(ring), &event, sizeof(event));
	if (ring->forced_flags >= 0)
		flags = (uint16_t)ring->forced_flags;
	__atomic_store_n(&ring->used->flags, flags, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
