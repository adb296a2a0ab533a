/* SPDX-License-Identifier: BSD-2-Clause */
/* The initrd as Linux asks the firmware for it. */
#ifndef ARCH_UEFI_INITRD_H
#define ARCH_UEFI_INITRD_H

#include "arch/uefi/uefi.h"

/*
 * Offers what cargo.h has, if there is any. A status that is not EFI_SUCCESS: somebody else
 * offers one already.
 */
EFI_STATUS initrd_offer(void);

/* Ends the offer. */
void initrd_withdraw(void);

#endif
