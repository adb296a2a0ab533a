/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a legacy device, in BAR0's I/O space. The device wrote what is read. Called through
 * struct virtio_transport.
 */
#include "drivers/virtio_legacy.h"

#include "drivers/virtio_pci.h"
#include "drivers/virtq.h"

#define TRANSITIONAL_FIRST 0x1000
#define TRANSITIONAL_LAST 0x103f
#define MSIX_CONTROL 2 /* offset in its capability */
#define MSIX_ENABLE 0x8000
#define CONFIG_LEN 12 /* of struct virtio_net_config we read no more */

static uint8_t legacy_status(const struct virtio *v)
{
	return (uint8_t)port_window_read(&v->common, VIRTIO_PCI_STATUS, 1);
}

static void legacy_set_status(const struct virtio *v, uint8_t status)
{
	port_window_write(&v->common, VIRTIO_PCI_STATUS, 1, status);
}

/* 4.1.4.10 [PCI-L5]: bits 0 to 31 exist. */
static uint64_t legacy_features(const struct virtio *v)
{
	return port_window_read(&v->common, VIRTIO_PCI_HOST_FEATURES, 4);
}

static void legacy_accept(const struct virtio *v, uint64_t features)
{
	port_window_write(&v->common, VIRTIO_PCI_GUEST_FEATURES, 4, (uint32_t)features);
}

static uint16_t legacy_queue_max(const struct virtio *v, uint16_t queue)
{
	port_window_write(&v->common, VIRTIO_PCI_QUEUE_SEL, 2, queue);
	return (uint16_t)port_window_read(&v->common, VIRTIO_PCI_QUEUE_NUM, 2);
}

/* 4.1.5.1.3.1 [PCI-L4]: a page number of 32 bits. The size is the device's, 2.7.2 [PCI-L3]. */
static int legacy_queue_start(struct virtio *v, uint16_t queue, const struct virtq *vq,
			      struct failure *f)
{
	uint64_t page = vq->desc_dev >> VIRTIO_PCI_QUEUE_ADDR_SHIFT;

	if (page > UINT32_MAX)
		return fail(f, RUNG_QUEUES, ERR_DEVICE,
			    "queue %d lies at 0x%llx, which a legacy virtio device cannot "
			    "address; use a device that is not disable-modern=on",
			    queue, (unsigned long long)vq->desc_dev);
	port_window_write(&v->common, VIRTIO_PCI_QUEUE_SEL, 2, queue);
	port_window_write(&v->common, VIRTIO_PCI_QUEUE_PFN, 4, (uint32_t)page);
	return 0;
}

static void legacy_notify(const struct virtio *v, uint16_t queue)
{
	port_window_write(&v->common, VIRTIO_PCI_QUEUE_NOTIFY, 2, queue);
}

static uint32_t legacy_config(const struct virtio *v, uint32_t off, unsigned width)
{
	return port_window_read(&v->common, v->config_off + off, width);
}

/* 4.1.4.10 [PCI-L2] */
static bool msix_enabled(uintptr_t fn)
{
	struct pci_caps caps;
	unsigned at;

	pci_caps_begin(&caps, fn);
	at = pci_cap_next(&caps, PCI_CAP_ID_MSIX);
	return at && port_pci_read(fn, at + MSIX_CONTROL, 2) & MSIX_ENABLE;
}

static bool open_registers(struct virtio *v, uint32_t config_len)
{
	v->config_len = config_len;
	return port_window_open(&v->common, v->fn, 0, 0, v->config_off + config_len) == 0;
}

/* 4.1.4.10 [PCI-L1]. The BAR's length is not ours to see: as much configuration as will open. */
static const char *legacy_find(struct virtio *v)
{
	uint32_t device = port_pci_read(v->fn, PCI_DEVICE_ID, 2);

	if (device < TRANSITIONAL_FIRST || device > TRANSITIONAL_LAST)
		return "it has no legacy interface";
	v->config_off = VIRTIO_LEGACY_CONFIG_OFF;
	if (msix_enabled(v->fn))
		v->config_off = VIRTIO_LEGACY_CONFIG_OFF_MSIX;
	for (uint32_t len = CONFIG_LEN; !open_registers(v, len); len -= 2)
		if (len == 0)
			return "the legacy registers in BAR 0 are out of reach or unassigned";
	if (v->common.kind != WINDOW_IO)
		return "BAR 0 is not in I/O space, where legacy registers are";
	return NULL;
}

static const char *legacy_open(struct virtio *v)
{
	return virtio_pci_open(v, legacy_find);
}

const struct virtio_transport virtio_legacy = {
	.legacy = true,
	.open = legacy_open,
	.release = virtio_pci_release,
	.allow_dma = virtio_pci_allow_dma,
	.name = virtio_pci_name,
	.status = legacy_status,
	.set_status = legacy_set_status,
	.features = legacy_features,
	.accept = legacy_accept,
	.queue_max = legacy_queue_max,
	.queue_start = legacy_queue_start,
	.notify = legacy_notify,
	.config = legacy_config,
};
