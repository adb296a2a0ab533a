/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI power management timer (ACPI 6.5, 4.8.3.3) by way of RSDP, RSDT and FADT. Firmware wrote
 * them; what they name is used only if it then counts (tsc.c). Called by the BIOS port.
 */
#include "arch/pcbios/acpi.h"

#include "arch/smbios.h"
#include "core/mem.h"
#include "core/wire.h"

#define GRAIN 16
#define RSDP_LEN 20 /* of revision 0, which its checksum is over */
#define RSDP_RSDT 16
#define TABLE_LEN 4
#define TABLE_HEADER_LEN 36
#define TABLE_MAX 4096
#define FADT_PM_TMR_BLK 76
#define FADT_PM_TMR_LEN 91

/* The FADT's word; 0 if the table at t is another one or the machine has no timer. */
static uint16_t read_fadt(const uint8_t *t)
{
	uint32_t port = get_le32(t + FADT_PM_TMR_BLK);

	if (memcmp(t, "FACP", 4) != 0 || get_le32(t + TABLE_LEN) <= FADT_PM_TMR_LEN ||
	    t[FADT_PM_TMR_LEN] != 4 || port > UINT16_MAX)
		return 0;
	return (uint16_t)port;
}

static uint16_t read_rsdt(const uint8_t *rsdt, acpi_phys_fn phys)
{
	uint32_t len = get_le32(rsdt + TABLE_LEN);
	uint16_t port = 0;

	if (memcmp(rsdt, "RSDT", 4) != 0 || len > TABLE_MAX)
		return 0;
	for (uint32_t at = TABLE_HEADER_LEN; at + 4 <= len && !port; at += 4)
		port = read_fadt(phys(get_le32(rsdt + at)));
	return port;
}

uint16_t acpi_pm_timer(struct span area, acpi_phys_fn phys)
{
	for (uint32_t at = 0; at + RSDP_LEN <= area.len; at += GRAIN)
		if (memcmp(area.at + at, "RSD PTR ", 8) == 0 && sums_to_0(area.at + at, RSDP_LEN))
			return read_rsdt(phys(get_le32(area.at + at + RSDP_RSDT)), phys);
	return 0;
}
