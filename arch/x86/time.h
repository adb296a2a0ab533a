/* SPDX-License-Identifier: BSD-2-Clause */
/* port_now_ms() by the time-stamp counter. */
#ifndef ARCH_X86_TIME_H
#define ARCH_X86_TIME_H

#include "core/types.h"

/*
 * The counter's rate, by a clock that the port trusts; 0: there is none. To be called once, before
 * port_now_ms().
 */
void time_init(uint32_t ticks_per_ms);

#endif
