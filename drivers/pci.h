/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a virtio driver needs of PCI: finding the function, walking its capabilities, its command
 * register. Configuration space is written by the device and by firmware: nothing in it is believed
 * beyond what is checked here.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include "core/types.h"

enum pci_register {
	PCI_VENDOR_ID = 0x00,
	PCI_DEVICE_ID = 0x02,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_HEADER_TYPE = 0x0e,
	PCI_CAPABILITY_LIST = 0x34,
};

enum pci_command {
	PCI_COMMAND_IO = 0x1,
	PCI_COMMAND_MEMORY = 0x2,
	PCI_COMMAND_MASTER = 0x4,
	PCI_COMMAND_INTX_DISABLE = 0x400,
};

enum pci_cap_id {
	PCI_CAP_ID_VNDR = 0x09,
	PCI_CAP_ID_MSIX = 0x11,
};

#define PCI_CONFIG_LEN 256

/* Whether fn is a virtio network device: 1af4:1000 (transitional) or 1af4:1041, any revision. */
bool virtio_net_pci_is(uintptr_t fn);

/*
 * Finds the first one at or behind *fn, on any bus; false if there is none. Only for ports that
 * number functions as a PC does (bus << 8 | device << 3 | function). Begin with 0, then *fn + 1.
 */
bool virtio_net_pci_find(uintptr_t *fn);

/* A walk over the capability list, which may be a loop: it ends after as many as fit. */
struct pci_caps {
	uintptr_t fn;
	uint8_t next; /* where the next one lies, by the device's word */
	uint8_t left;
};

void pci_caps_begin(struct pci_caps *caps, uintptr_t fn);
/* The offset of the next capability with this id, a multiple of 4, 40h to fch; 0 at the end. */
unsigned pci_cap_next(struct pci_caps *caps, enum pci_cap_id id);

/* What the command register was before us. */
struct pci_command_saved {
	uintptr_t fn;
	uint16_t command;
};

/*
 * Saves the command register, lets the device answer on its BARs, and keeps its interrupt pin
 * quiet. DMA stays as it is.
 */
void pci_enable(struct pci_command_saved *saved, uintptr_t fn);
/* Lets the device access memory. */
void pci_enable_dma(uintptr_t fn);
/* Takes that right from it, for good. */
void pci_disable_dma(uintptr_t fn);
/*
 * The command register as it was found, but without that right: whoever drives the device next
 * gives it again.
 */
void pci_restore(const struct pci_command_saved *saved);

#endif
