/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time by the time-stamp counter, whose rate the port has measured: no interrupt, no firmware's
 * tick, no midnight [SEC-15]. The counter has 64 bits and does not wrap; milliseconds wrap at 2^32.
 */
#include "arch/x86/time.h"

#include "arch/port.h"
#include "arch/x86/io.h"

/*
 * Where nobody could measure: fast enough for any processor, so that no wait is cut short, only
 * drawn out. Time still advances.
 */
#define TICKS_PER_MS_UNKNOWN 4000000

/* Milliseconds are ticks * mult >> 40. */
static uint32_t mult;
static uint64_t first_tsc, last_tsc;

void time_init(uint32_t ticks_per_ms)
{
	if (ticks_per_ms == 0)
		ticks_per_ms = TICKS_PER_MS_UNKNOWN;
	if (ticks_per_ms < 1000)
		ticks_per_ms = 1000;            /* mult fits 32 bits */
	mult = (uint32_t)div_u64((uint64_t)1 << 40, ticks_per_ms, NULL);
	first_tsc = last_tsc = rdtsc();
}

uint32_t port_now_ms(void)
{
	uint64_t tsc = rdtsc();

	/* After a migration the counter may be behind. */
	if (tsc > last_tsc)
		last_tsc = tsc;
	uint64_t ticks = last_tsc - first_tsc;
	return (uint32_t)(((ticks >> 32) * mult + ((ticks & UINT32_MAX) * mult >> 32)) >> 8);
}

void port_idle(void)
{
	cpu_pause();
}
