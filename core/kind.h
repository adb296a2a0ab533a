/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are neither a kernel nor a boot entry: the likely mistake, and what to do about it. */
#ifndef CORE_KIND_H
#define CORE_KIND_H

#include "core/err.h"
#include "core/types.h"

/*
 * What begins with head (the first KiB, or all of a shorter file) is not to be started. ERR_FORMAT,
 * with a sentence in f (rung `image`), if its kind is known; 0 if not, or if head is a bzImage's.
 * uefi: EFI programs can be started here, and are none of the kinds.
 */
int kind_refuse(struct span head, bool uefi, struct failure *f) MUST_CHECK;

/* The same where a boot program of the BIOS's (NBP) may stand in the kernel's place. */
int kind_refuse_nbp(struct span head, struct failure *f) MUST_CHECK;

#endif
