/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio headers of received frames (VIRTIO 1.4, 5.1.9.4.1). The kernel wrote the header that came
 * with the frame, the user the plan. Called by device.c.
 */
#include "tests/backend/header.h"

#include <string.h>

#define GUEST_GSO (BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6))

/*
 * Only with GUEST_CSUM may a checksum be left undone, or vouched for. The kernel was told
 * (tap_offload()), but may have queued frames before the guest changed its mind.
 */
static bool honest(struct frame *frame, uint64_t features)
{
	struct virtio_net_hdr_v1 *header = &frame->header;

	if (header->gso_type && !(features & GUEST_GSO))
		return false;
	if (features & BIT(VIRTIO_NET_F_GUEST_CSUM))
		return true;
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && !frame_has_csum(frame))
		return false;
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		frame_complete(frame);
	header->flags = 0;
	return true;
}

/* Wrong, and nothing that another fault would have left there. */
static uint16_t bad_csum(struct frame *frame)
{
	uint16_t csum = frame_full_csum(frame) ^ 0x5555;

	return csum && csum != frame_pseudo_sum(frame) ? csum : csum ^ 0x0303;
}

static void set_csum(struct frame *frame, int64_t value)
{
	uint16_t csum = (uint16_t)value;

	if (!frame_has_csum(frame))
		return;
	if (frame->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		frame_complete(frame);
	if (value == CSUM_GOOD)
		csum = frame_full_csum(frame);
	else if (value == CSUM_PSEUDO)
		csum = frame_pseudo_sum(frame);
	else if (value == CSUM_BAD)
		csum = bad_csum(frame);
	frame_set_csum(frame, csum);
}

static void set_16(const struct plan *plan, enum action action, uint16_t *field)
{
	if (planned(plan, action))
		*field = (uint16_t)value_of(plan->value[action], *field, 0, 0);
}

static void set_flags(struct frame *frame)
{
	const struct value *value = &frame->plan.value[FLAGS];
	struct virtio_net_hdr_v1 *header = &frame->header;

	if (planned(&frame->plan, DATA_VALID))
		header->flags |= VIRTIO_NET_HDR_F_DATA_VALID;
	if (planned(&frame->plan, RSC_INFO))
		header->flags |= VIRTIO_NET_HDR_F_RSC_INFO;
	if (!planned(&frame->plan, FLAGS))
		return;
	if (value->base == FROM_HONEST)
		header->flags |= (uint8_t)value->number;
	else
		header->flags = (uint8_t)value->number;
}

bool header_make(struct frame *frame, uint64_t features)
{
	const struct plan *plan = &frame->plan;
	struct virtio_net_hdr_v1 *header = &frame->header;

	if (frame->made)
		return true;
	if (!honest(frame, features))
		return false;
	if (planned(plan, CSUM))
		set_csum(frame, plan->value[CSUM].number);
	if (planned(plan, NEEDS_CSUM) && frame_has_csum(frame))
		frame_make_partial(frame);
	set_flags(frame);
	if (planned(plan, GSO_TYPE))
		header->gso_type = (uint8_t)plan->value[GSO_TYPE].number;
	set_16(plan, GSO_SIZE, &header->gso_size);
	set_16(plan, HDR_LEN, &header->hdr_len);
	set_16(plan, CSUM_START, &header->csum_start);
	set_16(plan, CSUM_OFFSET, &header->csum_offset);
	if (planned(plan, TRAILER)) {
		uint32_t len = (uint32_t)plan->value[TRAILER].number;

		memset(frame->data + frame->len, 0, len);
		frame->len += len;
	}
	if (planned(plan, CUT)) {
		uint32_t less = (uint32_t)plan->value[CUT].number;

		frame->len -= less < frame->len ? less : frame->len;
	}
	frame->made = true;
	return true;
}

void header_buffers(struct frame *frame, unsigned buffers)
{
	frame->header.num_buffers = (uint16_t)buffers;
	set_16(&frame->plan, NUM_BUFFERS, &frame->header.num_buffers);
}
