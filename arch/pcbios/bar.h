/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI base address registers, as a PC's BIOS has assigned them. */
#ifndef ARCH_PCBIOS_BAR_H
#define ARCH_PCBIOS_BAR_H

#include "arch/port.h"

/*
 * port_window_open() of this port, by nothing but configuration space. The answers are the
 * device's.
 */
int bar_window(struct window *w, uintptr_t fn, unsigned bar, uint32_t off, uint32_t len) MUST_CHECK;

#endif
