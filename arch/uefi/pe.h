/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of an EFI program (PE32+), as far as it decides what to tell the user; LoadImage()
 * checks the rest. Pure.
 */
#ifndef ARCH_UEFI_PE_H
#define ARCH_UEFI_PE_H

#include "core/types.h"

/*
 * Whether head, the first bytes of a file, begins as a PE program does; a Linux kernel with an
 * EFI stub is one as well.
 */
bool pe_is(struct span head);

/*
 * NULL: as far as head shows, pe_is() is an EFI program for this machine. Otherwise what it is
 * instead, as a noun.
 */
const char *pe_refusal(struct span head);

#endif
