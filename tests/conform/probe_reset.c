/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a reset leaves in the common configuration (VIRTIO 1.4, 2.4.1, 4.1.4.3, 4.1.5.1.2.1): all
 * that a driver may write is written, but no queue is enabled, and looked at after a reset. Called
 * by probes.c.
 */
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/msix.h"
#include "tests/conform/probes.h"
#include "tests/conform/registers_impl.h"

#define QUEUES 2 /* receive, transmit: those that every device has */
#define SIZE_LEFT 2
#define PART_LEN 0x1000 /* from one part of a ring to the next */

struct residue {
	uint32_t size[QUEUES]; /* the queues' sizes at first */
	uint64_t part;         /* a device address, as that of the first part of the first ring */
};

static void write_queue(struct registers *r, uint32_t queue, struct residue *before, bool vectors)
{
	uint64_t part = before->part + queue * 3 * (uint64_t)PART_LEN;

	registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	before->size[queue] = registers_get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2);
	if (before->size[queue] > SIZE_LEFT)
		registers_put(r, VIRTIO_PCI_COMMON_Q_SIZE, 2, SIZE_LEFT);
	if (vectors)
		registers_put(r, COMMON_QUEUE_MSIX_VECTOR, 2, 0);
	registers_put_64(r, VIRTIO_PCI_COMMON_Q_DESCLO, part);
	registers_put_64(r, VIRTIO_PCI_COMMON_Q_AVAILLO, part + PART_LEN);
	registers_put_64(r, VIRTIO_PCI_COMMON_Q_USEDLO, part + 2 * (uint64_t)PART_LEN);
}

/* Features were accepted; selectors stay at what was asked for last. */
static void write_all(struct registers *r, struct residue *before, bool vectors)
{
	if (vectors)
		registers_put(r, COMMON_CONFIG_MSIX_VECTOR, 2, 0);
	for (uint32_t queue = 0; queue < QUEUES; queue++)
		write_queue(r, queue, before, vectors);
	registers_put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, 1);
	registers_put(r, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
}

/* --- afterwards ---------------------------------------------------------------------------- */

/* [DEV-62]: nothing forbids it, and a driver that relies on zeros does not know it. */
static void look_at_rest(struct registers *r, struct ledger *l, uint64_t accepted)
{
	uint32_t device = registers_get(r, VIRTIO_PCI_COMMON_DFSELECT, 4),
		 driver = registers_get(r, VIRTIO_PCI_COMMON_GFSELECT, 4),
		 queue = registers_get(r, VIRTIO_PCI_COMMON_Q_SELECT, 2);
	uint64_t features;

	ledger_seen(l, DEV_62);
	if (device || driver || queue)
		ledger_broken(l, DEV_62,
			      "after a reset device_feature_select is %u, driver_feature_select "
			      "%u, queue_select %u",
			      (unsigned)device, (unsigned)driver, (unsigned)queue);
	features = registers_driver_features(r);
	if (features)
		ledger_broken(l, DEV_62,
			      "after a reset driver_feature is 0x%llx; 0x%llx had been accepted",
			      (unsigned long long)features, (unsigned long long)accepted);
}

static void look_at_queue(struct registers *r, struct ledger *l, uint32_t queue,
			  const struct residue *before, bool vectors)
{
	uint32_t size, vector;

	registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	size = registers_get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2);
	ledger_seen(l, DEV_61);
	if (size != before->size[queue]) /* [DEV-61] */
		ledger_broken(l, DEV_61,
			      "after a reset queue_size of queue %u is %u; before the driver wrote "
			      "%u it was %u",
			      (unsigned)queue, (unsigned)size, SIZE_LEFT,
			      (unsigned)before->size[queue]);
	for (uint32_t off = VIRTIO_PCI_COMMON_Q_DESCLO; off <= VIRTIO_PCI_COMMON_Q_USEDLO;
	     off += 8) {
		uint64_t address = registers_get_64(r, off);

		if (address) /* [DEV-62] */
			ledger_broken(l, DEV_62,
				      "after a reset the address at 0x%02x of queue %u is 0x%llx",
				      (unsigned)off, (unsigned)queue, (unsigned long long)address);
	}
	vector = registers_get(r, COMMON_QUEUE_MSIX_VECTOR, 2);
	if (vectors && vector != VIRTIO_MSI_NO_VECTOR) /* [DEV-60] */
		ledger_broken(l, DEV_60, "after a reset queue_msix_vector of queue %u is 0x%04x",
			      (unsigned)queue, (unsigned)vector);
}

static void look_at_all(struct registers *r, struct ledger *l, const struct residue *before,
			uint64_t accepted, bool vectors)
{
	uint32_t vector = registers_get(r, COMMON_CONFIG_MSIX_VECTOR, 2);

	look_at_rest(r, l, accepted);
	if (vectors)
		ledger_seen(l, DEV_60);
	if (vectors && vector != VIRTIO_MSI_NO_VECTOR) /* [DEV-60] */
		ledger_broken(l, DEV_60, "after a reset config_msix_vector is 0x%04x",
			      (unsigned)vector);
	for (uint32_t queue = 0; queue < QUEUES; queue++)
		look_at_queue(r, l, queue, before, vectors);
}

static int run(struct conform *c)
{
	struct registers *r = &c->registers;
	struct virtio *v = &c->modern;
	struct residue before = { .part = c->dma.dev };
	struct msix msix;
	bool vectors = msix_find(&msix, c->fn);
	int err = registers_reset(r, v, &c->ledger, &c->failure);

	if (!err)
		err = virtio_begin(v, &c->failure);
	if (!err)
		err = virtio_accept(v, conform_features(c), &c->failure);
	if (err)
		return err;
	if (vectors)
		msix_enable(&msix);
	write_all(r, &before, vectors);
	err = registers_reset_blindly(v, &c->ledger, &c->failure);
	if (!err)
		look_at_all(r, &c->ledger, &before, v->accepted, vectors);
	if (vectors)
		msix_disable(&msix);
	return err;
}

const struct probe probe_after_reset = {
	.name = "after-reset",
	.time = PROBE_REGISTERS,
	.rows_len = 3,
	.rows = { DEV_60, DEV_61, DEV_62 },
	.run = run,
};
