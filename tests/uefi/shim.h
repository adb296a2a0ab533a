/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accounts of the shim: what the program under test has got of PciIo. Kept by shim_pci.c,
 * printed by shim.c.
 */
#ifndef TESTS_UEFI_SHIM_H
#define TESTS_UEFI_SHIM_H

#include "tests/uefi/lab.h"

#define SHIM_BUFFERS 64

/* One AllocateBuffer, until FreeBuffer. */
struct shim_buffer {
	UINT8 *phys;   /* its address to us; the program knows another */
	UINTN pages;   /* 0: this entry is free */
	void *mapping; /* of the firmware's PciIo; NULL if it is not mapped */
};

struct shim_accounts {
	struct shim_buffer buffers[SHIM_BUFFERS];
	UINT64 allocated, freed, mapped, unmapped;
	UINT64 breaches; /* each was printed when it was committed */
	UINT64 writes;   /* of registers */
};

extern struct shim_accounts shim;

/* Puts itself between the PciIo of every virtio NIC and every image yet to come. How many NICs. */
UINTN shim_pci_insert(void);

/* Takes itself out again. PCI attributes left other than they were found are a breach. */
void shim_pci_remove(void);

/* Called by shim_pci.c after each register write of the program. */
void shim_register_written(void);

#endif
