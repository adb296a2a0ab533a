/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver and the model device joined. The bytes it sees are those of tests. */
#include "tests/model/rig.h"

#include <stdio.h>
#include <string.h>

#include "core/wire.h"

static struct rig rig;

static void receive(void *ctx, const struct frame *frame)
{
	struct rig *r = ctx;
	uint32_t head_len = frame->data.len < FRAME_HEAD_MAX ? frame->data.len : FRAME_HEAD_MAX;

	if (r->on_rx)
		r->on_rx(r, frame);
	r->received++;
	r->last = *frame;
	memcpy(r->last_head, frame->head, head_len);
	memcpy(r->last_bytes, frame->data.at, frame->data.len);
	r->last.head = r->last_head;
	r->last.data.at = r->last_bytes;
}

struct rig *rig_new(void)
{
	struct rig *r = &rig;

	hosted_reset();
	memset(r, 0, sizeof(*r));
	device_init(&r->device);
	r->options.features = UINT64_MAX;
	return r;
}

int rig_open(struct rig *r)
{
	int err;

	if (!r->nic)
		device_attach(&r->device);
	r->device.no_chains = true;
	memset(&r->failure, 0, sizeof(r->failure));
	memset(&r->vn, 0x5a, sizeof(r->vn));
	err = virtio_net_open(&r->vn, DEVICE_FN, &r->options, &r->failure);
	r->nic = virtio_net_nic(&r->vn);
	r->nic->rx = receive;
	r->nic->rx_ctx = r;
	return err;
}

bool rig_end(struct rig *r)
{
	int err = r->nic->ops->close(r->nic);

	if (err)
		fprintf(stderr, "close: %s\n", r->failure.text);
	if (hosted_dma_live())
		fprintf(stderr, "%u mappings are left\n", hosted_dma_live());
	return !err && !hosted_dma_live() && device_content(&r->device);
}

const uint8_t *rig_frame(uint32_t number, uint32_t len)
{
	static uint8_t bytes[RIG_FRAME_MAX];
	uint32_t v = number * 2654435761u + len;

	for (uint32_t i = 0; i < len; i++) {
		v = v * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(v >> 24);
	}
	if (len >= 4)
		put_be32(bytes, number);
	return bytes;
}

uint8_t *rig_send(struct rig *r, uint32_t number, uint32_t len)
{
	uint8_t *buf = r->nic->ops->tx_buffer(r->nic);

	if (buf) {
		memcpy(buf, rig_frame(number, len), len);
		r->nic->ops->tx_send(r->nic, len);
	}
	return buf;
}

bool rig_passes(struct rig *r, uint32_t number, uint32_t len, enum csum_verdict csum)
{
	const uint8_t *frame = rig_frame(number, len);
	uint32_t head_len = len < FRAME_HEAD_MAX ? len : FRAME_HEAD_MAX;
	unsigned before = r->received;

	return device_receive(&r->device, NULL, frame, len) && r->nic->ops->poll(r->nic) == 1 &&
	       r->received == before + 1 && r->last.data.len == len && r->last.csum == csum &&
	       memcmp(r->last_bytes, frame, len) == 0 && memcmp(r->last_head, frame, head_len) == 0;
}
