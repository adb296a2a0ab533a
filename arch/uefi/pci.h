/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI functions as this port names them: fn is the function's EFI_PCI_IO_PROTOCOL. */
#ifndef ARCH_UEFI_PCI_H
#define ARCH_UEFI_PCI_H

#include "arch/uefi/uefi.h"

static inline uintptr_t pci_fn(EFI_PCI_IO_PROTOCOL *pci_io)
{
	return (uintptr_t)pci_io;
}

static inline EFI_PCI_IO_PROTOCOL *pci_io(uintptr_t fn)
{
	return (EFI_PCI_IO_PROTOCOL *)fn;
}

/* Ends what was granted by port_dma_alloc() and not freed. The devices have lost the bus. */
void pci_free_all(void);

#endif
