/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's UUID from SMBIOS (DSP0134 3.x 5.2, 7.2). The tables were written by the firmware
 * and are trusted no further than that they are read: no length in them leads out of the table that
 * the entry point describes.
 */
#include "arch/smbios.h"

#include "core/mem.h"
#include "core/wire.h"

#define TYPE_SYSTEM 1
#define TYPE_END 127
#define SYSTEM_UUID 8
#define HEADER_LEN 4
#define ENTRY_GRAIN 16

bool sums_to_0(const uint8_t *p, uint32_t len)
{
	uint8_t sum = 0;

	while (len-- > 0)
		sum = (uint8_t)(sum + *p++);
	return sum == 0;
}

/* Describes in *table what the entry point at p, of at most `left` bytes, points to. */
static bool read_entry(const uint8_t *p, uint32_t left, struct smbios_table *table)
{
	if (left >= 0x18 && memcmp(p, "_SM3_", 5) == 0 && p[6] >= 0x18 && p[6] <= left &&
	    sums_to_0(p, p[6])) {
		table->address = get_le64(p + 0x10);
		table->len = get_le32(p + 0x0c);
		return true;
	}
	if (left >= 0x1f && memcmp(p, "_SM_", 4) == 0 && p[5] >= 0x1f && p[5] <= left &&
	    memcmp(p + 0x10, "_DMI_", 5) == 0 && sums_to_0(p + 0x10, 15)) {
		table->address = get_le32(p + 0x18);
		table->len = get_le16(p + 0x16);
		return true;
	}
	return false;
}

bool smbios_find(struct span area, struct smbios_table *table)
{
	for (uint32_t off = 0; off < area.len; off += ENTRY_GRAIN)
		if (read_entry(area.at + off, area.len - off, table))
			return true;
	return false;
}

/* The length of the structure at p with its strings; 0 if it is not wholly inside `left` bytes. */
static uint32_t structure_len(const uint8_t *p, uint32_t left)
{
	if (left < HEADER_LEN || p[1] < HEADER_LEN)
		return 0;
	for (uint32_t end = p[1]; end + 2 <= left; end++)
		if (p[end] == 0 && p[end + 1] == 0)
			return end + 2;
	return 0;
}

bool smbios_uuid(struct span table, uint8_t uuid[16])
{
	const uint8_t *p = table.at;
	uint32_t left = table.len, len;
	unsigned any_set = 0, all_set = 0xff;

	memset(uuid, 0, 16);
	while ((len = structure_len(p, left)) > 0 && p[0] != TYPE_SYSTEM && p[0] != TYPE_END) {
		p += len;
		left -= len;
	}
	if (len == 0 || p[0] != TYPE_SYSTEM || p[1] < SYSTEM_UUID + 16)
		return false;
	for (unsigned i = 0; i < 16; i++) {
		any_set |= p[SYSTEM_UUID + i];
		all_set &= p[SYSTEM_UUID + i];
	}
	/* 7.2.1: all ones is "not set", all zeros "not present" */
	if (any_set == 0 || all_set == 0xff)
		return false;
	memcpy(uuid, p + SYSTEM_UUID, 16);
	return true;
}
