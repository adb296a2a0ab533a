/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's memory map, in the form that INT 15h E820 returns and the Linux zero page takes.
 */
#ifndef ARCH_X86_E820_H
#define ARCH_X86_E820_H

#include "core/types.h"

#define E820_MAX 128 /* what the zero page holds */
#define E820_RAM 1

struct e820_range {
	uint64_t start, len;
	uint32_t type;
};

struct e820 {
	uint32_t count;
	struct e820_range range[E820_MAX];
};

#endif
