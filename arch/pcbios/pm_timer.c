/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI power management timer as a clock for the time-stamp counter's rate: one access reads
 * it, and nothing need be set. Called by main.c.
 */
#include "arch/pcbios/pm_timer.h"

#include "arch/pcbios/bios.h"
#include "arch/pcbios/acpi.h"
#include "arch/x86/io.h"
#include "arch/x86/tsc.h"

#define RSDP_AREA 0xe0000
#define RSDP_AREA_LEN 0x20000
#define COUNTS_MAX (ACPI_PM_HZ / 20) /* 50 ms */

static uint16_t port;
static uint32_t begin;

static const uint8_t *phys(uint32_t address)
{
	return bios_phys(address);
}

static void start(void)
{
	begin = inl(port);
}

static bool read(struct tsc_reading *r)
{
	r->before = (uint32_t)rdtsc();
	r->count = (inl(port) - begin) & ACPI_PM_MASK;
	r->after = (uint32_t)rdtsc();
	return r->count < COUNTS_MAX;
}

uint32_t pm_timer_ticks_per_ms(void)
{
	struct span area = { phys(RSDP_AREA), RSDP_AREA_LEN };

	port = acpi_pm_timer(area, phys);
	return port ? tsc_measure(start, read, ACPI_PM_HZ) : 0;
}
