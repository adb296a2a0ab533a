/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio network driver at work (VIRTIO 1.4, 5.1): receiving, transmitting, the rest of struct
 * nic_ops. Headers and frames were written by the device and the network; what is decided on them
 * is decided on private copies. virtio_net_open.c brings the device up; net/ calls through struct
 * nic_ops.
 */
#include "drivers/virtio_net.h"

#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"

#define STATUS_LINK_UP 1 /* VIRTIO_NET_S_LINK_UP */
#define EMPTY_POLLS 64   /* before the clock is asked */
/*
 * Frames that one poll hands over, at most. A peer with a small window, such as libslirp with its
 * 64 KiB, waits for the ACK that leaves behind them: with a whole window of 45 segments in one
 * batch it and we take turns, and each batch costs a doorbell. 64 MiB over user by batches of 8,
 * 12, 24, 32 and 45: 367, 392, 404, 409, 370 MB/s (QEMU 7.2), 333, 335, 353, 338, 327 (10.0).
 */
#define BATCH_MAX 24
#define DRAIN_MS 10
/* What lands: copying less saves little, and of frames as long none grows by another segment. */
#define STRIDE_LEAST 60000
#define QUIET_MS 1000 /* without a frame, before the device is asked */

_Static_assert(offsetof(struct virtio_net, nic) == 0, "self() relies on it");
_Static_assert(VIRTIO_NET_RX_SLOTS <= 256, "a slot's number fits a byte");

static inline struct virtio_net *self(struct nic *nic)
{
	return (struct virtio_net *)(void *)nic;
}

/* --- receiving ------------------------------------------------------------------------------ */

static int break_down(struct virtio_net *vn, const struct virtq *vq)
{
	vn->broken = true;
	vn->counts.dev_ring++;
	return fail(
		vn->nic.failure, RUNG_QUEUES, ERR_DEVICE,
		"the virtio device broke its %s queue: it %s %u; it or its back end needs repair",
		vq->receives ? "receive" : "transmit", virtq_fault_text(vq->fault),
		vq->fault_value);
}

static void count_rows(struct virtio_net *vn, uint32_t rows)
{
	vn->counts.dev_flags += (rows & VNET_FLAG_ROWS) != 0;
	for (; rows; rows &= rows - 1)
		vn->counts.row[__builtin_ctz(rows)]++;
}

/*
 * After a second without frames: has the device broken down (2.1.1 [INIT-09])? Did a notification
 * get lost? Doorbells cost little then, and spurious ones do no harm (as theirs do none to us:
 * 2.7.7.1 [SPLIT-15]).
 */
static int look_around(struct virtio_net *vn)
{
	struct virtio *v = &vn->virtio;
	uint32_t now_ms = clock_now_ms();
	uint8_t status;

	vn->empty_polls = 0;
	if (vn->counts.rx != vn->quiet_rx) {
		vn->quiet_rx = vn->counts.rx;
		vn->quiet_since_ms = now_ms;
	}
	if (now_ms - vn->quiet_since_ms < QUIET_MS)
		return 0;
	vn->quiet_since_ms = now_ms;
	if (!virtio_healthy(v, &status)) {
		vn->broken = true;
		return fail(vn->nic.failure, RUNG_QUEUES, ERR_DEVICE,
			    "the virtio device stopped working (status 0x%02x); it or its back end "
			    "needs repair",
			    status);
	}
	v->transport->notify(v, VIRTIO_NET_RECEIVEQ);
	v->transport->notify(v, VIRTIO_NET_TRANSMITQ);
	return 0;
}

/*
 * 2.7.8.3 [SPLIT-16], 5.1.9.4 [NET-29]: a frame is as long as the device says, without the header.
 * Header and first bytes are copied, once, before anything is decided on them.
 */
HOT_PATH static void deliver(struct virtio_net *vn, unsigned slot, uint32_t len)
{
	const volatile uintptr_t *shared = vn->memory->rx[slot];
	struct frame frame;
	uint32_t rows;

	frame.data.at = (const uint8_t *)vn->memory->rx[slot] + VIRTIO_NET_FRAME_OFF;
	frame.data.len = len - vn->header_len;
	frame.head = (const uint8_t *)vn->copy + VIRTIO_NET_FRAME_OFF;
	frame.floor = NULL;
#pragma GCC unroll 38 /* VIRTIO_NET_COPY_WORDS, on 32 bits */
	for (unsigned i = 0; i < VIRTIO_NET_COPY_WORDS; i++)
		vn->copy[i] = shared[i];
	rows = vnet_police(&vn->rules, frame.head - vn->header_len, &frame);
	if (rows)
		count_rows(vn, rows);
	vn->counts.rx++;
	if (vn->landings && !virtio_net_landed(vn, slot, &frame))
		return;
	vn->nic.rx(vn->nic.rx_ctx, &frame);
}

HOT_PATH static inline void post_idle(struct virtio_net *vn)
{
	for (unsigned i = 0; i < vn->idle_count; i++)
		virtq_post(&vn->rx, vn->idle[i]);
	vn->idle_count = 0;
}

HOT_PATH static int virtio_net_poll(struct nic *nic)
{
	struct virtio_net *vn = self(nic);
	int arrived, slot;
	uint32_t len;

	if (vn->broken)
		return ERR_DEVICE;
	arrived = virtq_arrived(&vn->rx);
	if (arrived > BATCH_MAX)
		arrived = BATCH_MAX;
	if (arrived == 0)
		return ++vn->empty_polls < EMPTY_POLLS ? 0 : look_around(vn);
	for (int i = 0; i < arrived; i++) {
		slot = virtq_take(&vn->rx, &len);
		if (slot < 0)
			return break_down(vn, &vn->rx);
		deliver(vn, (unsigned)slot, len);
		vn->idle[vn->idle_count++] = (uint8_t)slot;
	}
	if (arrived < 0)
		return break_down(vn, &vn->rx);
	/* Not before all are taken: one that comes twice is not in flight then (2.7.8 [DEV-20]). */
	if (vn->nic.landing && vn->nic.landing->stride >= STRIDE_LEAST)
		virtio_net_post_landings(vn);
	else
		post_idle(vn);
	if (virtq_publish(&vn->rx))
		vn->virtio.transport->notify(&vn->virtio, VIRTIO_NET_RECEIVEQ);
	return arrived;
}

/* --- transmitting --------------------------------------------------------------------------- */

static void virtio_net_tx_flush(struct nic *nic)
{
	struct virtio_net *vn = self(nic);

	if (!vn->broken && virtq_publish(&vn->tx))
		vn->virtio.transport->notify(&vn->virtio, VIRTIO_NET_TRANSMITQ);
}

/*
 * Takes back what was sent. Lengths are noise on old devices (5.1.9.1 [NET-L2]); on modern ones
 * counted [DEV-24].
 */
static void reap(struct virtio_net *vn)
{
	int arrived, slot;
	uint32_t len;

	virtio_net_tx_flush(&vn->nic);
	arrived = virtq_arrived(&vn->tx);
	for (int i = 0; i < arrived; i++) {
		slot = virtq_take(&vn->tx, &len);
		if (slot < 0)
			break;
		vn->counts.tx_len += len != 0 && !vn->rules.legacy;
		vn->tx_free |= UINT32_C(1) << slot;
	}
	if (vn->tx.fault)
		(void)break_down(vn, &vn->tx); /* the next poll() says so */
}

static uint8_t *virtio_net_tx_buffer(struct nic *nic)
{
	struct virtio_net *vn = self(nic);

	if (!vn->broken && !vn->tx_free)
		reap(vn);
	if (vn->broken || !vn->tx_free)
		return NULL;
	vn->tx_slot = (uint16_t)__builtin_ctz(vn->tx_free);
	return vn->memory->tx[vn->tx_slot] + VIRTIO_NET_FRAME_OFF;
}

/*
 * 5.1.4.2 [NET-05]: never longer than the device's MTU allows. The header is zeros: no flags, no
 * GSO, num_buffers 0 (5.1.9.2.1 [NET-11] [NET-12] [NET-14] [NET-15]); each time, because there are
 * devices that write to what they were to read [DEV-25].
 */
static void virtio_net_tx_send(struct nic *nic, uint32_t len)
{
	struct virtio_net *vn = self(nic);

	assert(len <= nic->tx_max && vn->tx_free >> vn->tx_slot & 1);
	memset(vn->memory->tx[vn->tx_slot], 0, VIRTIO_NET_FRAME_OFF);
	virtq_set_len(&vn->tx, vn->tx_slot, vn->header_len + len);
	virtq_post(&vn->tx, vn->tx_slot);
	vn->tx_free &= ~(UINT32_C(1) << vn->tx_slot);
	vn->counts.tx++;
}

/* --- the rest of struct nic_ops ------------------------------------------------------------- */

/* 5.1.4.2 [NET-04] */
static bool virtio_net_link_up(struct nic *nic)
{
	struct virtio_net *vn = self(nic);

	if (!vn->open || !virtio_has(&vn->virtio, VIRTIO_NET_F_STATUS))
		return vn->open;
	return virtio_config_u16(&vn->virtio, VIRTIO_NET_CONFIG_STATUS) & STATUS_LINK_UP;
}

static uint16_t virtio_net_mtu_max(struct nic *nic)
{
	return self(nic)->mtu_max;
}

/*
 * What was sent last, perhaps a RST, leaves before a reset takes the queue from the device.
 * Bounded: a device that has stopped keeps it.
 */
static void drain(struct virtio_net *vn)
{
	uint32_t start_ms = clock_now_ms();

	while (vn->open && !vn->broken && vn->tx.used_idx != vn->tx.avail_idx &&
	       clock_now_ms() - start_ms < DRAIN_MS) {
		reap(vn);
		port_idle(0);
	}
}

/*
 * The device has been reset, or may not access memory any more: only then the mapping ends
 * (3.3.1 [INIT-23]).
 */
static int virtio_net_close(struct nic *nic)
{
	struct virtio_net *vn = self(nic);
	int err;

	drain(vn);
	err = virtio_close(&vn->virtio, nic->failure);
	vn->broken = true;
	vn->open = false;
	if (vn->dma.len)
		port_dma_free(&vn->dma);
	return err;
}

static void virtio_net_breach_text(struct nic *nic, uint8_t breach, struct text *t)
{
	vnet_breach_text(&self(nic)->rules, breach, t);
}

static void virtio_net_count_text(struct nic *nic, struct text *t)
{
	const struct virtio_net_counts *counts = &self(nic)->counts;

	text_fmt(t, "dev_flags %u dev_ring %u", counts->dev_flags, counts->dev_ring);
}

const struct nic_ops virtio_net_ops = {
	.poll = virtio_net_poll,
	.tx_buffer = virtio_net_tx_buffer,
	.tx_send = virtio_net_tx_send,
	.tx_flush = virtio_net_tx_flush,
	.link_up = virtio_net_link_up,
	.mtu_max = virtio_net_mtu_max,
	.close = virtio_net_close,
	.breach_text = virtio_net_breach_text,
	.count_text = virtio_net_count_text,
};
