/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control queue. Its used ring and the ack are the device's. Called by probe_control.c.
 */
#include "tests/conform/control.h"

#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/registers_impl.h"

#define SIZE 4 /* entries; a command takes three */
#define HEADER_LEN 2
#define ACK_LEN 1
#define ANSWER_MS 200

/* 4.1.4.4: the doorbell of the queue that is selected. */
static bool open_doorbell(struct control *q, const struct registers *r)
{
	const struct virtio *v = r->v;
	uint64_t off;

	return registers_doorbell_at(r, v, DOORBELL_LEN, &off) &&
	       port_window_open(&q->doorbell, v->fn, v->notify_bar, v->notify_off + (uint32_t)off,
				DOORBELL_LEN) == 0;
}

bool control_open(struct control *q, struct station *st, uint16_t queue)
{
	const struct registers *r = st->registers;
	struct arena *a = &st->arena[st->now];
	uint8_t *desc = arena_take(a, SIZE * sizeof(struct virtq_desc), 16),
		*avail = arena_take(a, 6 + 2 * SIZE, 8), *used = arena_take(a, 6 + 8 * SIZE, 8);

	memset(q, 0, sizeof(*q));
	q->ledger = st->ledger;
	q->queue = queue;
	q->bytes = arena_take(a, HEADER_LEN + CONTROL_DATA_MAX + ACK_LEN, 8);
	registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	if (!desc || !avail || !used || !q->bytes ||
	    registers_get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2) < SIZE || !open_doorbell(q, r))
		return false;
	q->dev = arena_dev(a, q->bytes);
	memset(avail, 0, 6 + 2 * SIZE);
	memset(used, 0, 6 + 8 * SIZE);
	q->desc = (volatile struct virtq_desc *)(void *)desc;
	q->avail = (volatile struct virtq_avail *)(void *)avail;
	q->used = (volatile struct virtq_used *)(void *)used;
	q->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	registers_put(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, SIZE);
	registers_put_64(r, VIRTIO_PCI_COMMON_Q_DESCLO, arena_dev(a, desc));
	registers_put_64(r, VIRTIO_PCI_COMMON_Q_AVAILLO, arena_dev(a, avail));
	registers_put_64(r, VIRTIO_PCI_COMMON_Q_USEDLO, arena_dev(a, used));
	registers_put(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	return true;
}

static void describe(struct control *q, unsigned i, uint32_t off, uint32_t len, uint16_t flags)
{
	q->desc[i].addr = q->dev + off;
	q->desc[i].len = len;
	q->desc[i].flags = flags;
	q->desc[i].next = (uint16_t)(i + 1);
}

/* 2.7.8: what was written is ack's one byte. [DEV-71] */
static void check_used(struct control *q, uint16_t at, unsigned class, unsigned command)
{
	uint32_t id = q->used->ring[at % SIZE].id, len = q->used->ring[at % SIZE].len;

	ledger_seen(q->ledger, DEV_71);
	if (id != 0 || len != ACK_LEN)
		ledger_broken(q->ledger, DEV_71,
			      "class %u, command %u came back with id %u and len %u; it was buffer "
			      "0, of which ack's byte can be written",
			      class, command, (unsigned)id, (unsigned)len);
}

uint8_t control_send(struct control *q, uint8_t class, uint8_t command, const void *data,
		     uint32_t len)
{
	const struct registers bell = { .common = q->doorbell };
	uint8_t *ack = q->bytes + HEADER_LEN + CONTROL_DATA_MAX;
	uint16_t at = q->idx;
	uint32_t begun_ms = clock_now_ms();

	assert(len > 0 && len <= CONTROL_DATA_MAX);
	if (q->silent)
		return CONTROL_ACK_NONE;
	q->bytes[0] = class;
	q->bytes[1] = command;
	memcpy(q->bytes + HEADER_LEN, data, len);
	*ack = CONTROL_ACK_NONE;
	describe(q, 0, 0, HEADER_LEN, VRING_DESC_F_NEXT);
	describe(q, 1, HEADER_LEN, len, VRING_DESC_F_NEXT);
	describe(q, 2, HEADER_LEN + CONTROL_DATA_MAX, ACK_LEN, VRING_DESC_F_WRITE);
	q->avail->ring[at % SIZE] = 0;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	q->avail->idx = ++q->idx;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	registers_put(&bell, 0, DOORBELL_LEN, q->queue);
	while (q->used->idx != q->idx) {
		q->silent = clock_reached(clock_now_ms(), begun_ms + ANSWER_MS);
		if (q->silent)
			return CONTROL_ACK_NONE;
		port_idle(0);
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	check_used(q, at, class, command);
	return *(volatile uint8_t *)ack;
}
