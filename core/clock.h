/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time in milliseconds that wrap at 2^32 (49 days). Points in time are compared by their
 * difference, so no comparison here breaks at the wrap.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "arch/port.h"
#include "core/types.h"

static inline uint32_t clock_now_ms(void)
{
	return port_now_ms();
}

/* Whether `now` has reached `when`; both less than 24 days apart. */
static inline bool clock_reached(uint32_t now_ms, uint32_t when_ms)
{
	return (int32_t)(now_ms - when_ms) >= 0;
}

#endif
