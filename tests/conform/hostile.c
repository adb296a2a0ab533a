/* SPDX-License-Identifier: BSD-2-Clause */
/* The acts. Whatever the device makes of them, it is reset behind each. Called by probe_hostile.c.
 */
#include "tests/conform/hostile.h"

#include "drivers/virtio_net.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/registers_impl.h"

#define WILD UINT64_C(0xfffffffffffff000)
#define INDIRECT (UINT64_C(1) << VIRTIO_F_INDIRECT_DESC)

/* --- registers ------------------------------------------------------------------------------- */

static void ring_bell(const struct station *st, uint16_t value)
{
	const struct registers bell = { .common = st->v->doorbell[VIRTIO_NET_TRANSMITQ] };

	if (bell.common.kind != WINDOW_NONE)
		registers_put(&bell, 0, 2, value);
}

static void enable(struct station *st, uint16_t queue, uint64_t address)
{
	struct registers *r = st->registers;

	registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	for (uint32_t off = VIRTIO_PCI_COMMON_Q_DESCLO; off <= VIRTIO_PCI_COMMON_Q_USEDLO; off += 8)
		registers_put_64(r, off, address);
	registers_put(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
}

static void no_queues(struct station *st)
{
	virtio_driver_ok(st->v);
	ring_bell(st, VIRTIO_NET_RECEIVEQ);
	ring_bell(st, VIRTIO_NET_TRANSMITQ);
}

static void no_addresses(struct station *st)
{
	enable(st, VIRTIO_NET_RECEIVEQ, 0);
	enable(st, VIRTIO_NET_TRANSMITQ, 0);
	no_queues(st);
}

static void wild_addresses(struct station *st)
{
	enable(st, VIRTIO_NET_RECEIVEQ, WILD);
	enable(st, VIRTIO_NET_TRANSMITQ, WILD);
	no_queues(st);
}

static void one_queue(struct station *st)
{
	if (station_start_transmitq(st) == 0)
		no_queues(st);
}

static void impossible_sizes(struct station *st)
{
	static const uint16_t sizes[] = { 0, 3, 0xffff };

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		registers_put(st->registers, VIRTIO_PCI_COMMON_Q_SELECT, 2, VIRTIO_NET_TRANSMITQ);
		registers_put(st->registers, VIRTIO_PCI_COMMON_Q_SIZE, 2, sizes[i]);
	}
	no_addresses(st);
}

/* Queues that do not exist are set up like others. */
static void absent_queues(struct station *st)
{
	enable(st, (uint16_t)registers_get(st->registers, COMMON_NUM_QUEUES, 2), st->arena[0].dev);
	enable(st, 0x8000, st->arena[0].dev);
	enable(st, 0xffff, st->arena[0].dev);
	no_queues(st);
}

static void absent_doorbells(struct station *st)
{
	ring_bell(st, (uint16_t)registers_get(st->registers, COMMON_NUM_QUEUES, 2));
	ring_bell(st, 0x8000);
	ring_bell(st, 0xffff);
}

/* --- chains to transmit: descriptors 0 and 1, or 0 and a table ------------------------------- */

static volatile struct virtq_desc *first(struct station *st)
{
	return st->tx.slot[0].table ? st->tx.slot[0].table : st->tx.desc;
}

static void loop(struct station *st)
{
	first(st)[1].flags = VRING_DESC_F_NEXT;
	first(st)[1].next = 0;
}

static void loop_of_one(struct station *st)
{
	first(st)[0].next = 0;
}

static void next_out_of_range(struct station *st)
{
	first(st)[0].next = 0xffff;
}

static void head_out_of_range(struct station *st)
{
	st->tx.avail->ring[0] = 0xffff;
}

static void index_out_of_range(struct station *st)
{
	st->tx.avail_idx = (uint16_t)(st->tx.avail_idx + st->tx.shape.size + 1);
}

static void zero_lengths(struct station *st)
{
	first(st)[0].len = first(st)[1].len = 0;
}

static void shorter_than_header(struct station *st)
{
	first(st)[0].flags = 0;
	first(st)[0].len = 5;
}

static void header_alone(struct station *st)
{
	first(st)[0].flags = 0;
}

static void huge_length(struct station *st)
{
	first(st)[1].len = UINT32_MAX;
}

static void wild_address(struct station *st)
{
	first(st)[1].addr = WILD;
}

static void writable_first(struct station *st)
{
	first(st)[0].flags = VRING_DESC_F_NEXT | VRING_DESC_F_WRITE;
}

static void writable_only(struct station *st)
{
	writable_first(st);
	first(st)[1].flags = VRING_DESC_F_WRITE;
}

static void indirect_unasked(struct station *st)
{
	first(st)[0].flags = VRING_DESC_F_INDIRECT;
	first(st)[0].len = sizeof(struct virtq_desc);
}

static void indirect_in_indirect(struct station *st)
{
	first(st)[0].flags = VRING_DESC_F_INDIRECT;
	first(st)[0].len = sizeof(struct virtq_desc);
	first(st)[0].addr = st->tx.desc[0].addr;
}

static void indirect_and_next(struct station *st)
{
	st->tx.desc[0].flags = VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT;
	st->tx.desc[0].next = 0;
}

static void table_of_odd_length(struct station *st)
{
	st->tx.desc[0].len = sizeof(struct virtq_desc) + 1;
}

static void table_of_no_length(struct station *st)
{
	st->tx.desc[0].len = 0;
}

/* --- buffers to receive, all of them ---------------------------------------------------------- */

static void change_buffers(struct station *st,
			   void (*change)(volatile struct virtq_desc *d, unsigned i))
{
	for (unsigned i = 0; i + 1u < st->rx.shape.size; i += 2)
		change(&st->rx.desc[i], i);
}

static void make_readable(volatile struct virtq_desc *d, unsigned i)
{
	(void)i;
	d[0].flags = VRING_DESC_F_NEXT;
	d[1].flags = 0;
}

static void make_loop(volatile struct virtq_desc *d, unsigned i)
{
	d[0].next = (uint16_t)i;
}

static void make_empty(volatile struct virtq_desc *d, unsigned i)
{
	(void)i;
	d[0].len = d[1].len = 0;
}

static void make_small(volatile struct virtq_desc *d, unsigned i)
{
	(void)i;
	d[0].flags = VRING_DESC_F_WRITE;
	d[0].len = 4;
}

static void make_wild(volatile struct virtq_desc *d, unsigned i)
{
	(void)i;
	d[1].addr = WILD;
}

static void receive_readable(struct station *st)
{
	change_buffers(st, make_readable);
}

static void receive_loop(struct station *st)
{
	change_buffers(st, make_loop);
}

static void receive_empty(struct station *st)
{
	change_buffers(st, make_empty);
}

static void receive_small(struct station *st)
{
	change_buffers(st, make_small);
}

static void receive_wild(struct station *st)
{
	change_buffers(st, make_wild);
}

const struct hostile_act hostile_acts[] = {
	{ .what = "DRIVER_OK and doorbells without queues", .commit_bare = no_queues },
	{ .what = "DRIVER_OK with one queue of two", .commit_bare = one_queue },
	{ .what = "queues at address 0", .commit_bare = no_addresses },
	{ .what = "queues at wild addresses", .commit_bare = wild_addresses },
	{ .what = "queue sizes 0, 3 and 65535", .commit_bare = impossible_sizes },
	{ .what = "queues that do not exist", .commit_bare = absent_queues },
	{ .what = "doorbells of queues that do not exist", .commit = absent_doorbells },
	{ .what = "a chain that is a loop", .commit = loop },
	{ .what = "a descriptor that is its own next", .commit = loop_of_one },
	{ .what = "a next out of range", .commit = next_out_of_range },
	{ .what = "a head out of range", .commit = head_out_of_range },
	{ .what = "an avail.idx beyond the ring", .commit = index_out_of_range },
	{ .what = "descriptors of no length", .commit = zero_lengths },
	{ .what = "a descriptor of 4 GiB", .commit = huge_length },
	{ .what = "a wild address", .commit = wild_address },
	{ .what = "a writable descriptor before a readable one", .commit = writable_first },
	{ .what = "nothing but writable descriptors to transmit", .commit = writable_only },
	{ .what = "INDIRECT that was not negotiated", .commit = indirect_unasked },
	{ .what = "a table in a table", .features = INDIRECT, .commit = indirect_in_indirect },
	{ .what = "INDIRECT and NEXT", .features = INDIRECT, .commit = indirect_and_next },
	{ .what = "a table of 17 bytes", .features = INDIRECT, .commit = table_of_odd_length },
	{ .what = "a table of no length", .features = INDIRECT, .commit = table_of_no_length },
	{ .what = "a loop in a table", .features = INDIRECT, .commit = loop },
	{ .what = "readable buffers to receive", .commit = receive_readable, .receive = true },
	{ .what = "loops to receive", .commit = receive_loop, .receive = true },
	{ .what = "buffers of no length to receive", .commit = receive_empty, .receive = true },
	{ .what = "wild addresses to receive", .commit = receive_wild, .receive = true },
	/* QEMU 7.2 ends at the second over back ends without a virtio header, at the third always.
	 */
	{ .what = "a header without a frame", .commit = header_alone },
	{ .what = "a buffer shorter than the header", .commit = shorter_than_header },
	{ .what = "buffers of 4 bytes to receive", .commit = receive_small, .receive = true },
};
const unsigned hostile_acts_len = ARRAY_LEN(hostile_acts);
