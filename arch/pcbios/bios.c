/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BIOS services for the rest of the port. The BIOS wrote the answers; it is trusted as far as it
 * has to be.
 */
#include "arch/pcbios/bios.h"

#include "arch/pcbios/layout.h"
#include "core/mem.h"
#include "core/wire.h"

#define SMAP 0x534d4150
#define E820_ENTRY_LEN 20

#define BDA_CURSOR 0x50 /* column, row; one pair for each of eight pages */
#define BDA_PAGE 0x62

void (*bios_over)(void);

void bios_int(struct bios_regs *r, uint8_t vector)
{
	const uint16_t *handler = bios_phys(4u * vector);

	r->ip = handler[0];
	r->cs = handler[1];
	memcpy(bios_phys(LOW_REGS), r, sizeof(*r));
	flat_bios_call();
	memcpy(r, bios_phys(LOW_REGS), sizeof(*r));
}

void bios_print(const char *text, uint32_t len)
{
	while (len > 0) {
		uint32_t piece = len < LOW_BUFFER_LEN ? len : LOW_BUFFER_LEN;
		uint8_t page = bda_byte(BDA_PAGE) & 7;
		struct bios_regs r = {
			.eax = 0x1301, /* write string, move the cursor */
			.ebx = (uint32_t)page << 8 | 0x07,
			.ecx = piece,
			.edx = bda_word(BDA_CURSOR + 2u * page),
			.ebp = LOW_BUFFER,
		};
		memcpy(bios_phys(LOW_BUFFER), text, piece);
		bios_int(&r, 0x10);
		text += piece;
		len -= piece;
	}
}

int bios_key(void)
{
	struct bios_regs r = { .eax = 0x0100 };

	bios_int(&r, 0x16);
	if (r.flags & BIOS_ZERO)
		return -1;
	r.eax = 0;
	bios_int(&r, 0x16);
	return (int)(r.eax & 0xff);
}

bool bios_e820(struct e820 *map)
{
	const uint8_t *entry = bios_phys(LOW_BUFFER);
	struct bios_regs r = { .ebx = 0 };

	map->count = 0;
	do {
		r.eax = 0xe820;
		r.edx = SMAP;
		r.ecx = E820_ENTRY_LEN;
		r.edi = LOW_BUFFER;
		r.es = 0;
		bios_int(&r, 0x15);
		if ((r.flags & BIOS_CARRY) || r.eax != SMAP || r.ecx < E820_ENTRY_LEN)
			break;
		struct e820_range *range = &map->range[map->count];
		range->start = get_le64(entry);
		range->len = get_le64(entry + 8);
		range->type = get_le32(entry + 16);
		if (range->len > 0)
			map->count++;
	} while (r.ebx && map->count < E820_MAX);
	return map->count > 0;
}
