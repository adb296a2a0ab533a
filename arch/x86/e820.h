/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's memory map, in the form that INT 15h E820 returns and the Linux zero page takes.
 */
#ifndef ARCH_X86_E820_H
#define ARCH_X86_E820_H

#include "core/types.h"

#define E820_MAX 128 /* what the zero page holds */
#define E820_RAM 1
#define E820_RESERVED 2

struct e820_range {
	uint64_t start, len;
	uint32_t type;
};

struct e820 {
	uint32_t count;
	struct e820_range range[E820_MAX];
};

/*
 * What is RAM from start to before end is reserved from now on. False if the map has no room for
 * the entries that this takes; it is then undefined.
 */
bool e820_reserve(struct e820 *map, uint64_t start, uint64_t end) MUST_CHECK;

/* The end of the RAM that `at` is in, as far as it goes without a gap; `at` if it is in none. */
uint64_t e820_ram_end(const struct e820 *map, uint64_t at);

#endif
