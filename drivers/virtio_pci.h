/* SPDX-License-Identifier: BSD-2-Clause */
/* The modern PCI transport (VIRTIO 1.4, 4.1). Used by virtio.c and virtio_legacy.c. */
#ifndef DRIVERS_VIRTIO_PCI_H
#define DRIVERS_VIRTIO_PCI_H

#include "drivers/virtio.h"

enum virtio_pci_cfg_type {
	VIRTIO_PCI_CAP_COMMON_CFG = 1,
	VIRTIO_PCI_CAP_NOTIFY_CFG = 2,
	VIRTIO_PCI_CAP_DEVICE_CFG = 4,
	VIRTIO_PCI_CAP_PCI_CFG = 5,
};

/* struct virtio_pci_cap and those that extend it, 4.1.4: offsets from the capability. */
enum virtio_pci_cap_member {
	VIRTIO_PCI_CAP_LEN = 2,
	VIRTIO_PCI_CAP_CFG_TYPE = 3,
	VIRTIO_PCI_CAP_BAR = 4,
	VIRTIO_PCI_CAP_OFFSET = 8,
	VIRTIO_PCI_CAP_LENGTH = 12,
	VIRTIO_PCI_CAP_MEMBERS_LEN = 16,
	VIRTIO_PCI_NOTIFY_CAP_MULT = 16,
	VIRTIO_PCI_CFG_DATA = 16,
};

/*
 * struct virtio_pci_common_cfg, 4.1.4.3. We need no member behind these 56 bytes ([PCI-13]), nor
 * the vectors: MSI-X stays off (4.1.5.1.2.2 [PCI-18]).
 */
enum virtio_pci_common {
	VIRTIO_PCI_COMMON_DFSELECT = 0,
	VIRTIO_PCI_COMMON_DF = 4,
	VIRTIO_PCI_COMMON_GFSELECT = 8,
	VIRTIO_PCI_COMMON_GF = 12,
	VIRTIO_PCI_COMMON_STATUS = 20,
	VIRTIO_PCI_COMMON_CFGGENERATION = 21,
	VIRTIO_PCI_COMMON_Q_SELECT = 22,
	VIRTIO_PCI_COMMON_Q_SIZE = 24,
	VIRTIO_PCI_COMMON_Q_ENABLE = 28,
	VIRTIO_PCI_COMMON_Q_NOFF = 30,
	VIRTIO_PCI_COMMON_Q_DESCLO = 32,
	VIRTIO_PCI_COMMON_Q_AVAILLO = 40,
	VIRTIO_PCI_COMMON_Q_USEDLO = 48,
	VIRTIO_PCI_COMMON_LEN = 56,
};

extern const struct virtio_transport virtio_pci;

/*
 * What both transports over PCI share, and operations of struct virtio_transport. open: lets the
 * device answer on its BARs, and has `find` look for its registers, which returns NULL, or why it
 * found none; so does open, and all is as it was then.
 */
const char *virtio_pci_open(struct virtio *v, const char *(*find)(struct virtio *v));
void virtio_pci_release(const struct virtio *v);
void virtio_pci_allow_dma(const struct virtio *v);
void virtio_pci_name(const struct virtio *v, struct text *t);

#endif
