/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split virtqueue: descriptor table and available ring are written by us and never read back, the
 * used ring is written by the device and hostile until virtq_take() has checked an entry. Called by
 * virtio_net.c. All fences of the tree are here.
 */
#include "drivers/virtq.h"

#include "core/assert.h"
#include "core/err.h"
#include "core/mem.h"
#include "drivers/virtio.h"

#define USED_ALIGN 4096 /* asked for by legacy devices, 2.7.2 */

/*
 * Modern rings are little-endian, legacy ones native (2.7.3 [PCI-L7]): on most machines all this is
 * nothing.
 */
static inline uint16_t ring_16(const struct virtq *vq, uint16_t v)
{
	return VIRTIO_BIG_ENDIAN && vq->swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t ring_32(const struct virtq *vq, uint32_t v)
{
	return VIRTIO_BIG_ENDIAN && vq->swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t ring_64(const struct virtq *vq, uint64_t v)
{
	return VIRTIO_BIG_ENDIAN && vq->swap ? __builtin_bswap64(v) : v;
}

/*
 * 2.7.1 [SPLIT-01], 2.7 [SPLIT-02], 2.7.2 [PCI-L3]: the legacy layout satisfies every alignment, so
 * all rings have it. Zeroed, so that used.flags is 0 too (2.7.10.1 [SPLIT-03]). We poll: no
 * interrupts (2.7.7.1 [SPLIT-14]).
 */
void virtq_init(struct virtq *vq, uint8_t *memory, uint64_t dev, const struct virtq_layout *layout)
{
	uint16_t size = layout->size, most = layout->alone ? size / 2 : size;
	uint32_t avail_off = size * (uint32_t)sizeof(struct virtq_desc);
	uint32_t used_off = (avail_off + 6 + 2u * size + USED_ALIGN - 1) & ~(USED_ALIGN - 1u);

	assert(size >= 2 && size <= VIRTQ_SIZE_MAX && (size & (size - 1)) == 0);
	assert(layout->slots >= 1 && layout->slots <= VIRTQ_SLOTS_MAX && layout->header_len > 0);
	assert(used_off + 6 + 8u * size <= VIRTQ_MEMORY_LEN);
	memset(memory, 0, VIRTQ_MEMORY_LEN);
	memset(vq, 0, sizeof(*vq));
	vq->desc = (volatile struct virtq_desc *)(void *)memory;
	vq->avail = (volatile struct virtq_avail *)(void *)(memory + avail_off);
	vq->used = (const volatile struct virtq_used *)(void *)(memory + used_off);
	vq->desc_dev = dev;
	vq->avail_dev = dev + avail_off;
	vq->used_dev = dev + used_off;
	vq->size = size;
	vq->slots = layout->slots < most ? layout->slots : most;
	vq->header_len = layout->header_len;
	vq->least = layout->receives ? layout->header_len : 0;
	vq->alone = layout->alone;
	vq->swap = !layout->legacy;
	vq->receives = layout->receives;
	vq->avail->flags = ring_16(vq, VRING_AVAIL_F_NO_INTERRUPT);
}

static void describe(struct virtq *vq, unsigned i, uint64_t addr, uint32_t len, unsigned flags)
{
	vq->desc[i].addr = ring_64(vq, addr);
	vq->desc[i].len = ring_32(vq, len);
	vq->desc[i].flags = ring_16(vq, (uint16_t)flags);
	vq->desc[i].next = ring_16(vq, flags & VRING_DESC_F_NEXT ? (uint16_t)(i + 1) : 0);
}

/* The slot's first descriptor, which names its buffer in both rings. */
static inline uint32_t head_of(const struct virtq *vq, unsigned slot)
{
	return vq->alone ? 2 * slot : slot;
}

/* … and back; UINT32_MAX for one that no buffer begins with. */
static inline uint32_t slot_of(const struct virtq *vq, uint32_t id)
{
	if (!vq->alone)
		return id;
	return id % 2 == 0 ? id / 2 : UINT32_MAX;
}

/*
 * One descriptor, never indirect, or a chain of two of the same direction, never a loop (2.7.4.2
 * [SPLIT-04] [SPLIT-05], 2.7.5.3.1 [SPLIT-06] [SPLIT-07]).
 */
void virtq_bind(struct virtq *vq, unsigned slot, uint64_t dev, uint32_t len)
{
	unsigned flags = vq->receives ? VRING_DESC_F_WRITE : 0, i = head_of(vq, slot);

	assert(slot < vq->slots && !vq->in_flight[slot]);
	assert(len > vq->header_len && len > vq->alone);
	if (vq->alone)
		describe(vq, i++, dev, vq->alone, flags | VRING_DESC_F_NEXT);
	describe(vq, i, dev + vq->alone, len - vq->alone, flags);
	vq->room[slot] = vq->receives ? len - vq->least : UINT32_MAX;
}

void virtq_set_len(struct virtq *vq, unsigned slot, uint32_t len)
{
	assert(slot < vq->slots && !vq->in_flight[slot] && !vq->receives && len > vq->header_len);
	vq->desc[head_of(vq, slot) + (vq->alone > 0)].len = ring_32(vq, len - vq->alone);
}

void virtq_aim(struct virtq *vq, unsigned slot, uint64_t dev)
{
	assert(slot < vq->slots && !vq->in_flight[slot] && vq->alone);
	vq->desc[head_of(vq, slot) + 1].addr = ring_64(vq, dev);
}

/* 2.7.6.1 [SPLIT-09]: avail_idx only grows, modulo 65536. */
HOT_PATH void virtq_post(struct virtq *vq, unsigned slot)
{
	assert(slot < vq->slots && !vq->in_flight[slot]);
	vq->in_flight[slot] = true;
	vq->avail->ring[vq->avail_idx & (vq->size - 1)] = ring_16(vq, (uint16_t)head_of(vq, slot));
	vq->avail_idx++;
}

HOT_PATH bool virtq_publish(struct virtq *vq)
{
	if (vq->published_idx == vq->avail_idx)
		return false;
	vq->published_idx = vq->avail_idx;
	__atomic_thread_fence(__ATOMIC_RELEASE); /* 2.7.13.3.1 Updating idx [SPLIT-10] */
	vq->avail->idx = ring_16(vq, vq->avail_idx);
	/* 2.7.13.4.1 Notifying The Device [SPLIT-11] */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* 2.7.10.1 [SPLIT-12] */
	return !(ring_16(vq, vq->used->flags) & VRING_USED_F_NO_NOTIFY);
}

static __attribute__((noinline)) int broken(struct virtq *vq, enum virtq_fault fault,
					    uint32_t value)
{
	vq->fault = fault;
	vq->fault_value = value;
	return ERR_DEVICE;
}

/*
 * 2.7.14 [SPLIT-17]: the index, the barrier, and then the entries and buffers. 2.7.8 [SPLIT-20]: no
 * further than what is in flight.
 */
HOT_PATH int virtq_arrived(struct virtq *vq)
{
	uint16_t idx, arrived;

	if (vq->fault)
		return ERR_DEVICE;
	idx = ring_16(vq, vq->used->idx);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	arrived = (uint16_t)(idx - vq->used_idx);
	if (arrived > (uint16_t)(vq->published_idx - vq->used_idx))
		return broken(vq, VIRTQ_INDEX_JUMP, idx);
	return arrived;
}

/* The four checks of 2.7.8 [SPLIT-20]. */
HOT_PATH int virtq_take(struct virtq *vq, uint32_t *len)
{
	const volatile struct virtq_used_elem *elem;
	uint32_t id, slot;

	if (vq->fault)
		return ERR_DEVICE;
	elem = &vq->used->ring[vq->used_idx & (vq->size - 1u)];
	id = ring_32(vq, elem->id);
	slot = slot_of(vq, id);
	*len = ring_32(vq, elem->len);
	if (slot >= vq->slots)
		return broken(vq, VIRTQ_ID_UNKNOWN, id);
	if (!vq->in_flight[slot])
		return broken(vq, VIRTQ_ID_NOT_IN_FLIGHT, id);
	if (*len - vq->least > vq->room[slot]) /* wraps where it is less */
		return broken(vq, *len < vq->least ? VIRTQ_LEN_TOO_SHORT : VIRTQ_LEN_TOO_LONG,
			      *len);
	vq->in_flight[slot] = false;
	vq->used_idx++;
	return (int)slot;
}

const char *virtq_fault_text(enum virtq_fault fault)
{
	switch (fault) {
	case VIRTQ_SOUND:
		break;
	case VIRTQ_INDEX_JUMP:
		return "moved its used index past every buffer it had (VIRTIO 1.4, 2.7.8), to";
	case VIRTQ_ID_UNKNOWN:
		return "returned a buffer that does not exist (VIRTIO 1.4, 2.7.8), number";
	case VIRTQ_ID_NOT_IN_FLIGHT:
		return "returned a buffer that it did not have (VIRTIO 1.4, 2.7.8), number";
	case VIRTQ_LEN_TOO_LONG:
		return "wrote more than a buffer holds (VIRTIO 1.4, 2.7.8), bytes:";
	case VIRTQ_LEN_TOO_SHORT:
		return "returned less than a virtio header (VIRTIO 1.4, 5.1.9.4), bytes:";
	}
	return "is sound";
}
