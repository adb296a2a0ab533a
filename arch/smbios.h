/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's UUID from SMBIOS tables (DSP0134 3.x). Pure functions over memory that the port has
 * found.
 */
#ifndef ARCH_SMBIOS_H
#define ARCH_SMBIOS_H

#include "core/types.h"

struct smbios_table {
	uint64_t address; /* physical */
	uint32_t len;
};

/*
 * Finds an entry point, "_SM3_" or "_SM_", in area (a BIOS: F0000h … FFFFFh), at multiples of 16.
 */
bool smbios_find(struct span area, struct smbios_table *table);

/*
 * The system UUID as it is stored (RFC 4578 2.3 takes it so). False, and zeros, if the table has
 * none.
 */
bool smbios_uuid(struct span table, uint8_t uuid[16]);

/* Whether the bytes' sum is 0, as all tables of firmware have it. */
bool sums_to_0(const uint8_t *p, uint32_t len);

#endif
