/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unpacked program's pages, protected as its sections ask: nothing is writable and executable
 * at a time. On firmware without EFI_MEMORY_ATTRIBUTE_PROTOCOL the pages stay as AllocatePages()
 * gives them, which such firmware leaves executable.
 */
#ifndef ARCH_UEFI_UNPACK_PROTECT_H
#define ARCH_UEFI_UNPACK_PROTECT_H

#include "arch/uefi/uefi.h"
#include "arch/uefi/unpack/plain.h"

struct protection {
	struct EFI_MEMORY_ATTRIBUTE_PROTOCOL *protocol; /* NULL: nothing is protected */
	UINT64 before;                                  /* attributes of all of the pages */
};

/* An error: the program must not be started; unprotect() is due. */
EFI_STATUS protect(struct protection *t, EFI_BOOT_SERVICES *boot, const struct plain *p) MUST_CHECK;

/* As the firmware gave the pages, which it can give to others then. */
void unprotect(const struct protection *t, const struct plain *p);

#endif
