/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio NIC that is ours for a while: found, taken from the firmware's driver, given back. */
#ifndef ARCH_UEFI_CONTROLLER_H
#define ARCH_UEFI_CONTROLLER_H

#include "arch/uefi/uefi.h"

#define CONTROLLER_PLACE_LEN 16

struct controller {
	EFI_HANDLE handle; /* NULL: none is ours */
	EFI_PCI_IO_PROTOCOL *pci_io;
	UINT64 attributes;                /* as the firmware had them */
	char place[CONTROLLER_PLACE_LEN]; /* "00:03.0"; "0001:00:03.0" in another segment */
};

/*
 * Takes the NIC that we were loaded over; if that is none of virtio's, the first one with a link;
 * else the first. 0; ERR_DEVICE with a sentence in f (rung `device`).
 */
int controller_take(struct controller *c, struct failure *f) MUST_CHECK;

/* The device has been reset. Nothing, if it is not ours. */
void controller_give_back(struct controller *c);

/* Where the device is, as the firmware says it; NULL if that is unknown. */
const uint8_t *controller_path(EFI_HANDLE handle);

#endif
