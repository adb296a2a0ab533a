/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8 to UCS-2 (RFC 3629; UEFI 2.10, 2.3.1). The bytes are a command line that a user or a boot
 * entry wrote. Called by start.c.
 */
#include "arch/uefi/ucs2.h"

#define SURROGATE_FIRST 0xd800
#define SURROGATE_LAST 0xdfff

/* The character at *s, which moves behind it; 0 if it is none that UCS-2 has. */
static uint32_t next(const uint8_t **s)
{
	static const uint32_t least[] = { 1, 0x80, 0x800 };
	const uint8_t *p = *s;
	unsigned more = p[0] < 0x80 ? 0 : p[0] >> 5 == 6 ? 1 : p[0] >> 4 == 14 ? 2 : 3;
	uint32_t c;

	if (more == 3)
		return 0;
	c = more ? p[0] & (0x3fu >> more) : p[0];
	for (unsigned i = 1; i <= more; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	*s = p + 1 + more;
	return c < least[more] || (c >= SURROGATE_FIRST && c <= SURROGATE_LAST) ? 0 : c;
}

int64_t ucs2_from_utf8(uint16_t *buf, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	int64_t len = 0;
	uint32_t c;

	while (*p) {
		c = next(&p);
		if (!c)
			return -1;
		buf[len++] = (uint16_t)c;
	}
	buf[len] = 0;
	return len;
}
