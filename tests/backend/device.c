/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receiving and sending (VIRTIO 1.4, 5.1.9). The kernel wrote the frames that the guest receives,
 * the guest those that it sends. Called by main.c and vhost_user.c.
 */
#include "tests/backend/device.h"

#include <string.h>

#include "tests/backend/header.h"
#include "tests/backend/tap.h"

#define BATCH_MAX 64
#define GUEST_NOTED_MAX 50

static struct chain chains[RING_SIZE_MAX];
static uint32_t lengths[RING_SIZE_MAX];

void device_init(struct device *dev, int tap)
{
	memset(dev, 0, sizeof(*dev));
	dev->tap = tap;
	for (int dir = RX; dir < DIRECTIONS; dir++) {
		ring_init(&dev->ring[dir], dir);
		wire_init(&dev->wire[dir]);
	}
}

static bool has(const struct device *dev, unsigned feature)
{
	return dev->features & BIT(feature);
}

/* 5.1.9.2.1; legacy: 5.1.9.1 */
static uint32_t header_len(const struct device *dev)
{
	bool long_one = has(dev, VIRTIO_F_VERSION_1) || has(dev, VIRTIO_NET_F_MRG_RXBUF);

	return sizeof(struct virtio_net_hdr_v1) - (long_one ? 0 : 2);
}

void device_features(struct device *dev, uint64_t features)
{
	dev->features = features;
	for (int dir = RX; dir < DIRECTIONS; dir++) {
		dev->ring[dir].indirect = has(dev, VIRTIO_RING_F_INDIRECT_DESC);
		dev->ring[dir].event_idx = has(dev, VIRTIO_RING_F_EVENT_IDX);
	}
	tap_offload(dev->tap, features);
}

static void decide(struct device *dev, enum direction dir, struct frame *frame)
{
	frame_parse(frame);
	rules_decide(&dev->rules, dir, has(dev, VIRTIO_NET_F_GUEST_CSUM), frame);
	wire_in(&dev->wire[dir], frame);
}

/* Over: the queue moves on, and what was held back of it is shown. */
static bool stalled(struct ring *ring)
{
	if (!ring->stalled_until_ns)
		return false;
	if (ring->stalled_until_ns == UINT64_MAX || now_ns() < ring->stalled_until_ns)
		return true;
	ring->stalled_until_ns = 0;
	ring_show(ring);
	return false;
}

static void finish(struct ring *ring)
{
	if (!ring->stalled_until_ns)
		ring_show(ring);
	ring_call(ring);
}

/* --- the guest receives ---------------------------------------------------------------------- */

enum outcome { DELIVERED, NO_BUFFERS, HOPELESS };

/* The room of a buffer, as far as the plan lets it be filled. */
static uint32_t room(const struct plan *plan, const struct chain *chain)
{
	uint32_t less = planned(plan, UNDERFILL) ? (uint32_t)plan->value[UNDERFILL].number : 0;

	return chain->writable_len > less ? chain->writable_len - less : chain->writable_len;
}

/*
 * Reads as many buffers as `len` bytes need, one without MRG_RXBUF, without taking them; their
 * number in *count, what goes into each in lengths[].
 */
static enum outcome gather(struct device *dev, const struct plan *plan, uint32_t len,
			   unsigned *count)
{
	struct ring *ring = &dev->ring[RX];
	uint16_t waiting = ring_waiting(ring);

	for (*count = 0; *count < waiting; ++*count) {
		struct chain *chain = &chains[*count];

		if (!ring_read(ring, &dev->memory, (uint16_t)*count, chain))
			return NO_BUFFERS;
		if (dev->rx_descriptors && chain->descriptors > dev->rx_descriptors)
			fail("a receive buffer of %u descriptors, and it can follow only %u "
			     "(--rx-descriptors)",
			     chain->descriptors, dev->rx_descriptors);
		if (len <= chain->writable_len) {
			lengths[(*count)++] = len;
			return DELIVERED;
		}
		if (!has(dev, VIRTIO_NET_F_MRG_RXBUF))
			return HOPELESS;
		lengths[*count] = room(plan, chain);
		len -= lengths[*count];
	}
	/* All that the guest ever posted waits here already: more will not come. */
	return waiting && waiting == ring->most_waiting ? HOPELESS : NO_BUFFERS;
}

/* Copies to the writable pieces of a chain; returns what did not fit. */
static uint32_t scatter(const struct chain *chain, uint32_t off, const uint8_t *from, uint32_t len)
{
	for (unsigned i = chain->readable; i < chain->count && len; i++) {
		const struct piece *piece = &chain->piece[i];
		uint32_t part;

		if (off >= piece->len) {
			off -= piece->len;
			continue;
		}
		part = len < piece->len - off ? len : piece->len - off;
		memcpy(piece->at + off, from, part);
		from += part;
		len -= part;
		off = 0;
	}
	return len;
}

static void write_frame(struct device *dev, const struct frame *frame, unsigned count)
{
	static uint8_t bytes[sizeof(struct virtio_net_hdr_v1) + FRAME_MAX + FRAME_SLACK];
	uint32_t head_len = header_len(dev), done = 0, end = head_len + frame->len;
	const struct plan *plan = &frame->plan;

	memcpy(bytes, &frame->header, head_len);
	memcpy(bytes + head_len, frame->data, frame->len);
	if (planned(plan, UNWRITTEN)) {
		uint32_t less = (uint32_t)plan->value[UNWRITTEN].number;

		end = less < frame->len ? end - less : head_len;
	}
	for (unsigned i = 0; i < count && done < end; i++) {
		uint32_t part = lengths[i] < end - done ? lengths[i] : end - done;

		scatter(&chains[i], 0, bytes + done, part);
		done += part;
	}
}

static enum outcome deliver(struct device *dev, struct frame *frame)
{
	struct ring *ring = &dev->ring[RX];
	const struct plan *plan = &frame->plan;
	uint16_t first = ring->used_idx;
	enum outcome outcome;
	unsigned count;

	if (!header_make(frame, dev->features)) {
		dev->no_form++;
		return DELIVERED;
	}
	outcome = gather(dev, plan, header_len(dev) + frame->len, &count);
	if (outcome != DELIVERED)
		return outcome;
	header_buffers(frame, count);
	write_frame(dev, frame, count);
	ring_take(ring, (uint16_t)count);
	mischief_return(ring, &dev->memory, plan, chains, lengths, count);
	pcap_write(&dev->pcap, RX, frame, ring->used->ring[first % ring->size].id,
		   ring->used->ring[first % ring->size].len);
	return DELIVERED;
}

/* Without a guest who listens, frames are lost, as with a cable that is not plugged in. */
static bool receive_one(struct device *dev, struct frame *frame)
{
	enum outcome outcome = DELIVERED;

	if (ring_running(&dev->ring[RX]))
		outcome = deliver(dev, frame);
	if (outcome == NO_BUFFERS)
		return false;
	dev->no_room += outcome == HOPELESS;
	wire_drop(&dev->wire[RX]);
	return true;
}

static bool fetch_one(struct device *dev)
{
	struct frame *frame = tap_read(dev->tap);

	if (!frame)
		return false;
	if (ring_running(&dev->ring[RX]))
		decide(dev, RX, frame);
	else
		wire_in(&dev->wire[RX], frame);
	return true;
}

static bool run_rx(struct device *dev)
{
	struct ring *ring = &dev->ring[RX];
	struct frame *frame;
	int budget = BATCH_MAX;

	dev->starved = false;
	if (ring_running(ring) && stalled(ring))
		return false;
	while (budget-- && !(ring_running(ring) && ring->stalled_until_ns)) {
		frame = wire_next(&dev->wire[RX]);
		if (!frame && fetch_one(dev))
			continue;
		if (!frame)
			break;
		if (receive_one(dev, frame))
			continue;
		if (!ring_running(ring))
			continue;
		/* Once more after asking for a kick, which otherwise might have been missed. */
		ring_want_kick(ring, true);
		dev->starved = !receive_one(dev, frame);
		if (dev->starved)
			break;
		ring_want_kick(ring, false);
	}
	if (ring_running(ring)) {
		finish(ring);
		if (!dev->starved)
			ring_want_kick(ring, false);
	}
	return dev->wire[RX].ready && ring_running(ring) && !dev->starved &&
	       !ring->stalled_until_ns;
}

/* --- the guest sends ------------------------------------------------------------------------- */

/* 5.1.9.2.1: what a driver must not write. An honest peer says so; the frame goes on. */
static void judge(struct device *dev, const struct frame *frame)
{
	const struct virtio_net_hdr_v1 *header = &frame->header;
	const char *what = NULL;

	if (header->flags & ~VIRTIO_NET_HDR_F_NEEDS_CSUM)
		what = "a flag that only devices may set";
	else if (header->flags && !has(dev, VIRTIO_NET_F_CSUM))
		what = "NEEDS_CSUM, but CSUM was not negotiated";
	else if (header->gso_type &&
		 !(has(dev, VIRTIO_NET_F_HOST_TSO4) || has(dev, VIRTIO_NET_F_HOST_TSO6)))
		what = "a gso_type, but no HOST_TSO was negotiated";
	else if (header_len(dev) == sizeof(*header) && header->num_buffers)
		what = "a num_buffers that is not 0";
	if (what && dev->guest_noted++ < GUEST_NOTED_MAX)
		note("guest: its virtio header has %s", what);
}

/* The frame of a chain, or NULL where there is none. */
static struct frame *sent_frame(struct device *dev, const struct chain *chain)
{
	static uint8_t bytes[sizeof(struct virtio_net_hdr_v1) + FRAME_MAX];
	uint32_t head_len = header_len(dev), len = 0;
	struct frame *frame;

	if (chain->readable_len <= head_len || chain->readable_len > head_len + FRAME_MAX) {
		if (dev->guest_noted++ < GUEST_NOTED_MAX)
			note("guest: it sends %u bytes, header included", chain->readable_len);
		return NULL;
	}
	for (unsigned i = 0; i < chain->readable; i++) {
		memcpy(bytes + len, chain->piece[i].at, chain->piece[i].len);
		len += chain->piece[i].len;
	}
	frame = frame_new(bytes + head_len, len - head_len);
	memcpy(&frame->header, bytes, head_len);
	judge(dev, frame);
	return frame;
}

static void send_one(struct device *dev)
{
	static const struct plan nothing;
	struct ring *ring = &dev->ring[TX];
	struct chain *chain = chains;
	struct frame *frame;
	struct plan plan = nothing;
	uint16_t first = ring->used_idx;

	if (!ring_read(ring, &dev->memory, 0, chain))
		return;
	ring_take(ring, 1);
	frame = sent_frame(dev, chain);
	if (frame) {
		frame_parse(frame);
		rules_decide(&dev->rules, TX, has(dev, VIRTIO_NET_F_GUEST_CSUM), frame);
		plan = frame->plan;
	}
	lengths[0] = 0; /* nothing was written (2.7.8.2) */
	mischief_return(ring, &dev->memory, &plan, chain, lengths, 1);
	if (!frame)
		return;
	pcap_write(&dev->pcap, TX, frame, ring->used->ring[first % ring->size].id,
		   ring->used->ring[first % ring->size].len);
	wire_in(&dev->wire[TX], frame);
}

static void to_tap(struct device *dev)
{
	struct frame *frame;

	while ((frame = wire_next(&dev->wire[TX]))) {
		frame->header.num_buffers = 0;
		dev->not_taken += !tap_write(dev->tap, frame);
		wire_drop(&dev->wire[TX]);
	}
}

static bool run_tx(struct device *dev)
{
	struct ring *ring = &dev->ring[TX];
	int budget = BATCH_MAX;

	if (ring_running(ring) && !stalled(ring)) {
		while (budget && ring_running(ring) && !ring->stalled_until_ns &&
		       ring_waiting(ring)) {
			send_one(dev);
			budget--;
		}
		finish(ring);
		if (budget)
			ring_want_kick(ring, true);
	}
	to_tap(dev);
	return ring_running(ring) && !ring->stalled_until_ns && ring_waiting(ring);
}

bool device_run(struct device *dev)
{
	bool more;

	ghost_walk(&dev->ghost);
	more = run_tx(dev);
	return run_rx(dev) || more;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t device_due_ns(const struct device *dev)
{
	uint64_t due = sooner(wire_due_ns(&dev->wire[RX]), wire_due_ns(&dev->wire[TX]));

	for (int dir = RX; dir < DIRECTIONS; dir++)
		if (ring_running(&dev->ring[dir]) && dev->ring[dir].stalled_until_ns)
			due = sooner(due, dev->ring[dir].stalled_until_ns);
	return dev->ghost.left ? sooner(due, dev->ghost.due_ns) : due;
}

bool device_listens(const struct device *dev)
{
	const struct ring *ring = &dev->ring[RX];

	return !ring_running(ring) || !(dev->starved || ring->stalled_until_ns);
}

void device_stop(struct device *dev, enum direction dir)
{
	struct ring *ring = &dev->ring[dir];
	struct value value;

	if (dir == RX && ring->started &&
	    rules_decide_event(&dev->rules, WRITE_AFTER_RESET, &value))
		ghost_rise(&dev->ghost, ring, &dev->memory, value.number, chains);
	ring->started = false;
	wire_clear(&dev->wire[dir]);
}

void device_summary(const struct device *dev)
{
	note("frames that went nowhere: %llu too long for the guest's buffers, %llu that it did "
	     "not "
	     "negotiate, %llu that the kernel refused",
	     (unsigned long long)dev->no_room, (unsigned long long)dev->no_form,
	     (unsigned long long)dev->not_taken);
	rules_summary(&dev->rules);
}
