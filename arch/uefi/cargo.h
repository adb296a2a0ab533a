/* SPDX-License-Identifier: BSD-2-Clause */
/* What was downloaded to be started. */
#ifndef ARCH_UEFI_CARGO_H
#define ARCH_UEFI_CARGO_H

#include "core/bzimage.h"
#include "core/types.h"

struct cargo_file {
	uint8_t *at;
	uint64_t len;
};

/* The kernel, or another EFI program. */
struct cargo_file cargo_kernel(void);

/* Its header, if it is a Linux kernel; NULL if it is another EFI program. */
const struct bzimage *cargo_linux(void);

/* All initrds as one file, each at a multiple of 4 with zeros between. */
uint64_t cargo_initrd_len(void);
void cargo_initrd_copy(uint8_t *to);

/* The kernel's file is not needed any more. */
void cargo_free_kernel(void);

/* Gives all of it back to the firmware. */
void cargo_free_all(void);

#endif
