/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of an EFI program (PE32+), as far as it decides what to tell the user; LoadImage()
 * checks the rest. Pure.
 */
#ifndef ARCH_UEFI_PE_H
#define ARCH_UEFI_PE_H

#include "core/err.h"
#include "core/types.h"

/*
 * 0 if a file that begins with head is, as far as that shows, an EFI program for this machine; a
 * Linux kernel with an EFI stub is one. ERR_FORMAT, with a sentence in f (rung `image`), if it is
 * anything else.
 */
int pe_check(struct span head, struct failure *f) MUST_CHECK;

/*
 * Whether a file that begins with head is what was built together with the image whose memory
 * begins with loaded, be one of them signed and the other not.
 */
bool pe_is_build(struct span head, struct span loaded);

#endif
