/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receive buffers whose payload goes where TCP wants it, in the image itself: the first piece takes
 * the headers, and the second one is the place that the frame will have if all that are posted
 * before it come, each as long as the longest so far. Where it did not come like this TCP moves it.
 *
 * A device may write to a posted buffer whatever it likes, until it has returned it. So TCP accepts
 * no byte from the lowest posted landing on, the frame's floor; and a frame is whole only if no
 * other landing is posted that reaches over it. Called by virtio_net.c.
 */
#include "core/mem.h"
#include "drivers/virtio_net.h"

/* Posted while there is a landing: as many as fill the window. More only displaces more. */
#define POSTED_MOST 17
#define PIECE_LEN (VIRTIO_NET_RX_TSO - FRAME_APART_OFF)

/*
 * The place for a frame when `posted` others come before it. NULL: it would not be wholly inside
 * the landing, or not behind that of the frame before.
 */
static uint8_t *predict(const struct virtio_net *vn, const struct landing *l, uint32_t posted)
{
	size_t off = posted * (size_t)l->stride;

	if (off + PIECE_LEN > l->len)
		return NULL;
	return vn->landings && l->at + off < vn->last_landing + l->stride ? NULL : l->at + off;
}

void virtio_net_post_landings(struct virtio_net *vn)
{
	uint32_t posted;
	uint8_t *at, slot;

	while (vn->idle_count) {
		posted = (uint16_t)(vn->rx.avail_idx - vn->rx.used_idx);
		if (posted >= POSTED_MOST)
			break;
		slot = vn->idle[--vn->idle_count];
		at = predict(vn, vn->nic.landing, posted);
		if (at) {
			virtq_aim(&vn->rx, slot, virtio_net_address(vn, at));
			vn->landing[slot] = vn->last_landing = at;
			vn->landings++;
		}
		virtq_post(&vn->rx, slot);
	}
}

static const uint8_t *lowest(const struct virtio_net *vn)
{
	const uint8_t *floor = NULL;

	for (unsigned slot = 0; slot < vn->rx.slots; slot++)
		if (vn->landing[slot] && (!floor || vn->landing[slot] < floor))
			floor = vn->landing[slot];
	return floor;
}

/* A frame's bytes at `at`: where all are wanted, for who is not TCP, they join the others. */
static void arrange(struct virtio_net *vn, unsigned slot, struct frame *frame, const uint8_t *at,
		    uint32_t len)
{
	uint8_t *head = (uint8_t *)vn->copy + VIRTIO_NET_FRAME_OFF;

	if (frame->csum_offset == FRAME_TCP_CSUM_OFFSET)
		frame->data.at = at - FRAME_APART_OFF;
	else
		memcpy(virtio_net_behind(vn, slot), at, len);
	if (len > FRAME_HEAD_MAX - FRAME_APART_OFF)
		len = FRAME_HEAD_MAX - FRAME_APART_OFF;
	memcpy(head + FRAME_APART_OFF, at, len);
}

bool virtio_net_landed(struct virtio_net *vn, unsigned slot, struct frame *frame)
{
	uint8_t *at = vn->landing[slot];
	uint32_t len;

	if (at) {
		vn->landing[slot] = NULL;
		vn->landings--;
		virtq_aim(&vn->rx, slot, virtio_net_address(vn, virtio_net_behind(vn, slot)));
	}
	frame->floor = lowest(vn);
	if (!at || frame->data.len <= FRAME_APART_OFF)
		return true;
	len = frame->data.len - FRAME_APART_OFF;
	if (frame->floor && at + len > frame->floor) {
		vn->nic.landing = NULL; /* it keeps no order, or its frames no length */
		return false;
	}
	arrange(vn, slot, frame, at, len);
	return true;
}
