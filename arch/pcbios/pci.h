/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory that this port grants to a device (port_dma_alloc), behind all other of skiff's. */
#ifndef ARCH_PCBIOS_PCI_H
#define ARCH_PCBIOS_PCI_H

#include "core/types.h"

/*
 * From now on no device is granted more than len bytes, which are at most what a virtio-net driver
 * with all its slots asks for. Nothing is granted at this moment. Returns where skiff ends then.
 */
uint32_t pci_dma_cut(size_t len);

#endif
