/* SPDX-License-Identifier: BSD-2-Clause */
/* The PIT, a clock that every PC with a BIOS has. */
#ifndef ARCH_PCBIOS_PIT_H
#define ARCH_PCBIOS_PIT_H

#include "core/types.h"

/*
 * Ticks of the time-stamp counter in a millisecond, measured in some ms, on a busy host in up to
 * 200; 0: the PIT does not answer.
 */
uint32_t pit_ticks_per_ms(void);

#endif
