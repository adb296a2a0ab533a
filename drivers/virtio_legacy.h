/* SPDX-License-Identifier: BSD-2-Clause */
/* The legacy PCI transport (VIRTIO 1.4, 4.1.4.10). Used by virtio.c only. */
#ifndef DRIVERS_VIRTIO_LEGACY_H
#define DRIVERS_VIRTIO_LEGACY_H

#include "drivers/virtio.h"

/* Registers in BAR0. The device configuration follows them. */
enum virtio_legacy_register {
	VIRTIO_PCI_HOST_FEATURES = 0,
	VIRTIO_PCI_GUEST_FEATURES = 4,
	VIRTIO_PCI_QUEUE_PFN = 8,
	VIRTIO_PCI_QUEUE_NUM = 12,
	VIRTIO_PCI_QUEUE_SEL = 14,
	VIRTIO_PCI_QUEUE_NOTIFY = 16,
	VIRTIO_PCI_STATUS = 18,
	VIRTIO_LEGACY_CONFIG_OFF = 20,
	VIRTIO_LEGACY_CONFIG_OFF_MSIX = 24, /* while MSI-X is enabled */
};

/* A page number is an address shifted by this. */
enum { VIRTIO_PCI_QUEUE_ADDR_SHIFT = 12 };

extern const struct virtio_transport virtio_legacy;

#endif
