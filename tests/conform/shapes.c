/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configurations with traffic, in the order of the run, and which rows each can show. Read by
 * conform.c.
 */
#include "drivers/virtio.h"
#include "tests/conform/conform.h"
#include "tests/conform/features.h"

#define BIT(n) (UINT64_C(1) << (n))
#define R(row) ROW_BIT(DEV_##row)

#define PLAIN (BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_MTU))
#define SKIFF (PLAIN | BIT(VIRTIO_NET_F_GUEST_CSUM))
#define TSO \
	(BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) | BIT(VIRTIO_NET_F_GUEST_ECN))
#define GSO (JUDGE_GSO_FEATURES | BIT(VIRTIO_NET_F_GUEST_ECN))
#define MRG BIT(VIRTIO_NET_F_MRG_RXBUF)
#define RINGS (BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX))

#define PACKED BIT(VIRTIO_F_RING_PACKED)

#define RX_LARGEST (65601 + 4) /* 5.1.9.3.1, and a VLAN tag */

#define ONE(...) ACT(ACT_TRAFFIC, .one_descriptor = true, __VA_ARGS__)
#define CHAINS(...) ACT(ACT_TRAFFIC, __VA_ARGS__)
#define ACT(what, ...) \
	{ \
		.shape = { __VA_ARGS__ }, .act = what \
	}

/*
 * A device may die of one, which costs what stands behind it: buffers that hold no whole frame come
 * late, chains of descriptors after all that makes do with one, legacy last. What reset-in-flight
 * leaves in the air arrives while before-driver-ok waits.
 */
const struct configuration shapes[] = {
	ONE(.name = "as-skiff", .features = SKIFF | TSO, .rx_len = RX_LARGEST, .rx_slots = 16),
	ONE(.name = "no-csum", .features = PLAIN, .needs = BIT(VIRTIO_NET_F_GUEST_CSUM)),
	ONE(.name = "one-descriptor", .features = SKIFF),
	ONE(.name = "event-idx", .features = SKIFF | BIT(VIRTIO_F_EVENT_IDX),
	    .needs = BIT(VIRTIO_F_EVENT_IDX)),
	ONE(.name = "in-order", .features = SKIFF | BIT(VIRTIO_F_IN_ORDER),
	    .needs = BIT(VIRTIO_F_IN_ORDER)),
	ONE(.name = "mrg-1526", .features = SKIFF | MRG, .needs = MRG),
	ONE(.name = "gso", .features = SKIFF | GSO, .needs = JUDGE_GSO_FEATURES, .rx_slots = 16),
	ONE(.name = "mrg-gso", .features = SKIFF | GSO | MRG, .needs = MRG, .rx_len = 4096,
	    .rx_slots = 128),
	ONE(.name = "as-linux", .features = SKIFF | GSO | MRG | RINGS, .needs = RINGS),
	ONE(.name = "queue-largest", .features = SKIFF, .queue = QUEUE_LARGEST),
	ONE(.name = "packed", .features = SKIFF | PACKED, .all = PACKED),
	ONE(.name = "packed-linux", .features = SKIFF | GSO | MRG | RINGS | PACKED, .all = PACKED),
	ONE(.name = "packed-in-order", .features = SKIFF | PACKED | BIT(VIRTIO_F_IN_ORDER),
	    .all = PACKED | BIT(VIRTIO_F_IN_ORDER)),
	ACT(ACT_RING_RESET, .name = "ring-reset", .features = SKIFF | BIT(VIRTIO_F_RING_RESET),
	    .needs = BIT(VIRTIO_F_RING_RESET), .one_descriptor = true),
	ACT(ACT_RESET, .name = "reset-in-flight", .features = SKIFF, .one_descriptor = true),
	ONE(.name = "before-driver-ok", .features = SKIFF, .linger_ms = 50),
	ONE(.name = "mrg-64", .features = PLAIN | MRG, .needs = MRG, .rx_len = 64, .rx_slots = 256),
	CHAINS(.name = "indirect", .features = SKIFF | BIT(VIRTIO_F_INDIRECT_DESC),
	       .needs = BIT(VIRTIO_F_INDIRECT_DESC)),
	CHAINS(.name = "minimal", .features = 0),
	CHAINS(.name = "queue-smallest", .features = SKIFF, .queue = QUEUE_SMALLEST),
	ONE(.name = "packed-mrg", .features = PLAIN | MRG | PACKED, .all = PACKED | MRG,
	    .rx_len = 64, .rx_slots = 256),
	CHAINS(.name = "packed-smallest", .features = SKIFF | PACKED, .all = PACKED,
	       .queue = QUEUE_SMALLEST),
	CHAINS(.name = "legacy", .features = SKIFF | BIT(VIRTIO_F_ANY_LAYOUT), .legacy = true),
	CHAINS(.name = "legacy-mrg", .features = PLAIN | MRG | BIT(VIRTIO_F_ANY_LAYOUT),
	       .needs = MRG, .legacy = true),
};
const unsigned shapes_len = ARRAY_LEN(shapes);
_Static_assert(ARRAY_LEN(shapes) <= 64, "conform.mute has a bit for each");

unsigned shapes_legacy(void)
{
	unsigned i = 0;

	while (i < shapes_len && !shapes[i].shape.legacy)
		i++;
	return i;
}

/* Bringing it up. */
static uint64_t rows_of_opening(const struct virtio *v)
{
	uint64_t rows = v->offered >> VIRTIO_NET_F_MTU & 1 ? R(09) : 0;

	return v->transport->legacy ? rows : rows | R(04) | R(06) | R(07) | R(08) | R(10) | R(12);
}

static uint64_t rows_of_headers(const struct virtio *v)
{
	uint64_t rows = R(48) | R(49) | R(50) | R(54);

	rows |= v->accepted & JUDGE_GSO_FEATURES ? R(47) | R(53) : R(51);
	if (v->accepted >> VIRTIO_NET_F_GUEST_ECN & 1)
		rows |= R(52);
	if (v->accepted >> VIRTIO_NET_F_GUEST_CSUM & 1)
		return rows | R(43) | R(43B) | R(44) | R(45) | R(46) | R(56);
	return rows | R(40) | R(41) | R(42) | R(42B);
}

/* What a packed ring has in the place of a split one's rows. */
static struct row_set packed(uint64_t rows)
{
	struct row_set set = { { (rows & ~(R(21) | R(26))) | R(28) } };

	return row_set_or(set, ROW_SET(DEV_82, DEV_83, DEV_84));
}

struct row_set shapes_rows(const struct configuration *configuration, const struct virtio *v,
			   bool opened)
{
	uint64_t rows = rows_of_opening(v);

	if (!opened)
		return (struct row_set){ { rows & ~R(12) } };
	rows |= R(55) | R(57) | R(11) | R(13) | R(20) | R(21) | R(22) | R(23) | R(24) | R(25) |
		R(26) | R(30) | rows_of_headers(v);
	rows |= v->accepted >> VIRTIO_NET_F_MTU & 1 ? R(35) : R(36);
	rows |= v->offered >> VIRTIO_NET_F_STATUS & 1 ? R(58) : 0;
	if (v->accepted & MRG)
		rows |= R(32) | R(33) | R(34);
	else if (!v->transport->legacy)
		rows |= R(31);
	if (v->accepted >> VIRTIO_F_IN_ORDER & 1)
		rows |= R(27);
	if (configuration->act == ACT_RING_RESET)
		rows |= R(16) | R(29);
	if (v->accepted & PACKED)
		return packed(rows);
	return (struct row_set){ { rows } };
}
