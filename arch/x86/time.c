/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time by the time-stamp counter, whose rate the port has measured: no interrupt, no firmware's
 * tick, no midnight [SEC-15]. The counter has 64 bits and does not wrap; milliseconds wrap at 2^32.
 */
#include "arch/cpu.h"
#include "arch/x86/io.h"
#include "arch/x86/tsc.h"

static struct tsc_clock clock;

void cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

uint64_t cpu_ticks(void)
{
	return rdtsc();
}

void cpu_time_init(uint32_t ticks_per_ms)
{
	tsc_clock_init(&clock, ticks_per_ms, rdtsc());
}

uint32_t port_now_ms(void)
{
	return tsc_clock_ms(&clock, rdtsc());
}
