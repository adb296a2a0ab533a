/* SPDX-License-Identifier: BSD-2-Clause */
/* Where ACPI's tables say that the power management timer is. */
#ifndef ARCH_PCBIOS_ACPI_H
#define ARCH_PCBIOS_ACPI_H

#include "core/types.h"

#define ACPI_PM_HZ 3579545
#define ACPI_PM_MASK 0xffffff /* 24 bits, at least */

/* Physical memory: the tables' addresses are the firmware's word. */
typedef const uint8_t *(*acpi_phys_fn)(uint32_t address);

/*
 * The I/O port of the timer, a counter of 32 bits by ACPI_PM_HZ; 0: there is none. area: where a
 * BIOS has the RSDP (ACPI 6.5, 5.2.5.1). Only the tables' first 4 KiB are read.
 */
uint16_t acpi_pm_timer(struct span area, acpi_phys_fn phys);

#endif
