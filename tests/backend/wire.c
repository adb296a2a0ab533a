/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wire between the tap and the device. What it does to a frame happens before the device sees
 * it: a corrupted frame has a complete checksum and no flags, as from a cable. Called by device.c.
 */
#include "tests/backend/wire.h"

#include <stdlib.h>
#include <string.h>

#define ETH_LEN 14
#define HELD_MAX 4096
#define REORDER_NS (50 * NS_PER_MS) /* a frame that nothing overtakes waits so long */

void wire_init(struct wire *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->ready_end = &wire->ready;
}

static void ready(struct wire *wire, struct frame *frame)
{
	frame->next = NULL;
	*wire->ready_end = frame;
	wire->ready_end = &frame->next;
}

/*
 * Frames without a payload or a checksum lose a bit anywhere behind the addresses. A checksum that
 * is 0, or the pseudo-header's, does itself: it would look like one that nobody has computed.
 */
static void corrupt(struct frame *frame)
{
	const struct layout *at = &frame->at;
	uint32_t start = at->payload_len ? at->payload_off : 12;
	uint32_t len = at->payload_len ? at->payload_len : frame->len - start;
	uint64_t bit;

	if (frame->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && frame_has_csum(frame))
		frame_complete(frame);
	frame->header.flags = 0;
	if (frame_has_csum(frame) &&
	    (frame_csum(frame) == 0 || frame_csum(frame) == frame_pseudo_sum(frame))) {
		start = at->l4_off + at->csum_offset;
		len = 2;
	}
	bit = frame->plan.chance % (len * UINT64_C(8));
	frame->data[start + bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void put_16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* RFC 791 3.2: the IPv4 packet from `from`, `len` bytes of it, as a fragment of its own. */
static struct frame *fragment(const struct frame *frame, uint32_t from, uint32_t len, bool more)
{
	uint32_t l3 = frame->at.l3_off, l4 = frame->at.l4_off, sum = 0;
	struct frame *part = frame_copy(frame);
	uint8_t *ip = part->data + l3;

	memmove(part->data + l4, frame->data + l4 + from, len);
	part->len = l4 + len;
	put_16(ip + 2, l4 - l3 + len);
	put_16(ip + 6, from / 8 | (more ? 0x2000 : 0));
	put_16(ip + 10, 0);
	for (uint32_t i = 0; i < l4 - l3; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	put_16(ip + 10, ~(sum + (sum >> 16)) & 0xffff);
	frame_parse(part);
	return part;
}

/* Both halves keep the plan but for this. What is several segments already stays as it is. */
static struct frame *split(struct wire *wire, struct frame *frame)
{
	uint32_t first = frame->at.l4_len / 2 & ~7u;
	struct frame *second;

	frame->plan.actions &= ~BIT(FRAGMENT);
	if (!first || !frame_has_csum(frame) || frame->header.gso_type)
		return frame;
	if (frame->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		frame_complete(frame);
	ready(wire, fragment(frame, 0, first, true));
	second = fragment(frame, first, frame->at.l4_len - first, false);
	free(frame);
	return second;
}

/* Behind those that are held already: what comes due together leaves in order. */
static void hold(struct wire *wire, struct frame *frame)
{
	const struct plan *plan = &frame->plan;
	struct frame **end = &wire->held;

	frame->due_ns = now_ns();
	frame->due_count = UINT64_MAX;
	if (planned(plan, DELAY)) {
		frame->due_ns += (uint64_t)plan->value[DELAY].number * NS_PER_MS;
	} else {
		frame->due_ns += REORDER_NS;
		frame->due_count = wire->passed + (uint64_t)plan->value[REORDER].number;
	}
	while (*end)
		end = &(*end)->next;
	frame->next = NULL;
	*end = frame;
	wire->held_count++;
}

static void release(struct wire *wire)
{
	struct frame **at = &wire->held, *frame;
	uint64_t now = wire->held ? now_ns() : 0;

	while ((frame = *at)) {
		if (frame->due_ns > now && frame->due_count > wire->passed) {
			at = &frame->next;
			continue;
		}
		*at = frame->next;
		wire->held_count--;
		ready(wire, frame);
	}
}

void wire_in(struct wire *wire, struct frame *frame)
{
	const struct plan *plan = &frame->plan;

	wire->passed++;
	/* No checksum covers the pieces of a GSO frame yet: a NIC would drop it. */
	if (planned(plan, LOSE) || frame->len < ETH_LEN ||
	    (planned(plan, CORRUPT) && frame->header.gso_type)) {
		free(frame);
		return;
	}
	if (planned(plan, CORRUPT))
		corrupt(frame);
	if (planned(plan, DUPLICATE))
		ready(wire, frame_copy(frame));
	if (planned(plan, FRAGMENT))
		frame = split(wire, frame);
	if (frame->plan.actions & (BIT(REORDER) | BIT(DELAY)) && wire->held_count < HELD_MAX)
		hold(wire, frame);
	else
		ready(wire, frame);
}

struct frame *wire_next(struct wire *wire)
{
	release(wire);
	return wire->ready;
}

void wire_drop(struct wire *wire)
{
	struct frame *frame = wire->ready;

	wire->ready = frame->next;
	if (!wire->ready)
		wire->ready_end = &wire->ready;
	free(frame);
}

uint64_t wire_due_ns(const struct wire *wire)
{
	uint64_t due = UINT64_MAX;

	for (const struct frame *frame = wire->held; frame; frame = frame->next)
		if (frame->due_ns < due)
			due = frame->due_ns;
	return due;
}

void wire_clear(struct wire *wire)
{
	struct frame *next;

	for (; wire->held; wire->held = next) {
		next = wire->held->next;
		free(wire->held);
	}
	wire->held_count = 0;
	while (wire->ready)
		wire_drop(wire);
}
