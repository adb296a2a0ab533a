/* SPDX-License-Identifier: BSD-2-Clause */
/* The ACPI power management timer, a clock that most PCs have. */
#ifndef ARCH_PCBIOS_PM_TIMER_H
#define ARCH_PCBIOS_PM_TIMER_H

#include "core/types.h"

/*
 * Ticks of the time-stamp counter in a millisecond, measured in some ms; 0: there is no such timer.
 */
uint32_t pm_timer_ticks_per_ms(void);

#endif
