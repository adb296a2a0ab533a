/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Framing (VIRTIO 1.4, 2.7.4): buffers whose header ends in the middle of a descriptor, begins and
 * ends in several, or shares one with the first bytes of the frame; to transmit, to receive, and
 * merged [DEV-78]. Called by probes.c.
 */
#include "drivers/virtio_net.h"
#include "tests/conform/features.h"
#include "tests/conform/judge.h"
#include "tests/conform/probes.h"

#define MRG (UINT64_C(1) << VIRTIO_NET_F_MRG_RXBUF)
#define INDIRECT (UINT64_C(1) << VIRTIO_F_INDIRECT_DESC)

static const struct framing {
	const char *what;
	struct shape shape;
} framings[] = {
	{ "transmitted in pieces of 5, 7 and the frame", { .tx_layout = { 5, 7 } } },
	{ "transmitted in pieces of 1, 12, 21 and the rest", { .tx_layout = { 1, 12, 21 } } },
	{ "transmitted in pieces of 20 and the rest", { .tx_layout = { 20 } } },
	{ "received in pieces of 5, 7 and the frame", { .rx_layout = { 5, 7 } } },
	{ "received in pieces of 1, 12, 21 and the rest", { .rx_layout = { 1, 12, 21 } } },
	{ "received in pieces of 20 and the rest", { .rx_layout = { 20 } } },
	{ "merged from buffers of 7, 5, 40 and 12 bytes",
	  { .features = MRG,
	    .needs = MRG,
	    .rx_len = 64,
	    .rx_slots = 64,
	    .rx_layout = { 7, 5, 40 } } },
	{ "transmitted in pieces of 1, 12, 21 and the rest, by a table",
	  { .features = INDIRECT, .needs = INDIRECT, .tx_layout = { 1, 12, 21 } } },
};

/* Whether a split ring, whose size is a power of two, has the descriptors of such a buffer. */
static bool fits(const struct conform *c, uint16_t queue, const uint8_t layout[RING_PIECES_MAX - 1])
{
	const struct virtio *v = &c->modern;
	unsigned size = 1;

	while (size < station_pieces(layout))
		size *= 2;
	return size <= v->transport->queue_max(v, queue);
}

/* What it needs is offered and wanted, and its buffers have room in the queues. */
static bool makes_sense(const struct conform *c, const struct shape *shape)
{
	if (shape->needs & ~(c->modern.offered & c->knobs.config.features))
		return false;
	return fits(c, VIRTIO_NET_RECEIVEQ, shape->rx_layout) &&
	       (shape->features & INDIRECT || fits(c, VIRTIO_NET_TRANSMITQ, shape->tx_layout));
}

static int try(struct conform *c, const struct framing *framing)
{
	struct shape shape = framing->shape;
	bool answered;
	int err;

	shape.name = "framing";
	shape.one_descriptor = true; /* in the other direction */
	err = probe_life(c, &c->modern, &shape, &answered);

	if (!err)
		ledger_seen(&c->ledger, DEV_78);
	if (!err && !answered)
		ledger_broken(&c->ledger, DEV_78,
			      "no answer comes with frames that are %s; with a header of its own "
			      "it does. %s",
			      framing->what, c->failure.text);
	return err;
}

static int run(struct conform *c)
{
	bool somebody;
	int err = probe_somebody(c, &somebody);

	for (unsigned i = 0; i < ARRAY_LEN(framings) && !err && somebody; i++)
		if (makes_sense(c, &framings[i].shape))
			err = try(c, &framings[i]);
	return err;
}

const struct probe probe_framing = {
	.name = "framing",
	.time = PROBE_TRAFFIC,
	.rows_len = 1,
	.rows = { DEV_78 },
	.run = run,
};
