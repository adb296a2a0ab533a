/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMBIOS: entry points in an area, and the table of structures.
 * fuzz: -max_len=1000
 */
#include "arch/smbios.h"
#include "tests/fuzz/fuzz.h"

/* Makes the checksum of an entry point at its front right, as half of the inputs want it. */
static void seal(uint8_t *p, uint32_t len)
{
	uint8_t sum = 0;
	uint32_t i, end = len > 6 ? p[6] : 0;

	if (end > len || end < 6)
		return;
	for (p[5] = 0, i = 0; i < end; i++)
		sum = (uint8_t)(sum + p[i]);
	p[5] = (uint8_t)-sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	uint32_t choices = take(&in, 1);
	struct span bytes = take_rest(&in);
	struct smbios_table table;
	uint8_t *copy, uuid[16], zeros[16] = { 0 };
	bool found = false;

	if (smbios_uuid(bytes, uuid)) {
		must(memcmp(uuid, zeros, 16), "a UUID of zeros");
		for (uint32_t i = 0; i + 16 <= bytes.len && !found; i++)
			found = !memcmp(bytes.at + i, uuid, 16);
		must(found, "a UUID that does not stand in the table");
	} else {
		must(!memcmp(uuid, zeros, 16), "a UUID that there is not");
	}
	copy = malloc(bytes.len ? bytes.len : 1);
	memcpy(copy, bytes.at, bytes.len);
	if (choices & 1)
		seal(copy, bytes.len);
	smbios_find((struct span){ copy, bytes.len }, &table);
	free(copy);
	return 0;
}
