/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's memory map, and what of it this port grants. */
#ifndef ARCH_PCBIOS_MEMORY_H
#define ARCH_PCBIOS_MEMORY_H

#include "arch/x86/e820.h"

/* Reads the map; before any grant. False: the BIOS has none. */
bool memory_init(void);

const struct e820 *memory_map(void);

#endif
