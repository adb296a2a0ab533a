/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PXE segment: its structures (PXE 2.1, 3.1), the interrupts that lead to it, and the memory
 * that the BIOS and its memory map no longer count while we are there [PXE-17]. Boot programs read
 * it, and may write it; nothing is read back but their calls. pxe.c calls.
 */
#include "arch/pcbios/layout.h"
#include "arch/pcbios/pxe/pxe_impl.h"
#include "core/mem.h"

#define BDA_BASE_MEMORY 0x413 /* KiB */
#define INT_15 0x15
#define INT_18 0x18
#define INT_1A 0x1a
#define LOW_LEN (LOW_BUFFER - LOW_BASE)
#define MIB 0x100000u

extern const uint8_t pxe_stub[], pxe_stub_end[], pxe_stub_bang[], pxe_stub_env[], pxe_stub_int15[],
	pxe_stub_int1a[], pxe_stub_int18[], pxe_stub_real_mode[];

uint8_t *pxe_segment;

/* What there was before. */
static struct {
	uint16_t base_memory; /* KiB */
	uint8_t low[LOW_LEN];
} found;

static uint16_t offset_of(const uint8_t *code)
{
	return (uint16_t)((uintptr_t)code - (uintptr_t)pxe_stub);
}

static uint16_t segment_number(void)
{
	return (uint16_t)(bios_linear(pxe_segment) >> 4);
}

static void put_pointer(uint8_t *p, uint16_t offset)
{
	put_le16(p, offset);
	put_le16(p + 2, segment_number());
}

/* --- structures ------------------------------------------------------------------------------ */

/* Makes the sum of len bytes 0. */
static void make_sum(uint8_t *p, uint32_t len, uint32_t sum_off)
{
	uint8_t sum = 0;

	p[sum_off] = 0;
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	p[sum_off] = (uint8_t)-sum;
}

#define BANG_SEGMENTS 7 /* stack, UNDI data, code, code to write to; base code's */

/*
 * !PXE: one segment is everything. Programs find the end of base memory by these [PXE-05]. No entry
 * in protected mode: EntryPointESP is 0.
 */
static void make_bang(uint8_t *p)
{
	memcpy(p, "!PXE", 4);
	p[4] = PXE_BANG_LEN;
	put_pointer(p + 0x10, offset_of(pxe_stub_bang));
	put_le32(p + 0x18, UINT32_MAX); /* no StatusCallout */
	p[0x1d] = BANG_SEGMENTS;
	for (unsigned i = 0; i < BANG_SEGMENTS; i++) {
		uint8_t *d = p + 0x20 + 8 * i;

		put_le16(d, segment_number());
		put_le32(d + 2, bios_linear(pxe_segment));
		put_le16(d + 6, PXE_SEGMENT_LEN);
	}
	make_sum(p, PXE_BANG_LEN, 5);
}

/* PXENV+, version 2.1 [PXE-04] */
static void make_env(uint8_t *p)
{
	memcpy(p, "PXENV+", 6);
	put_le16(p + 6, 0x0201);
	p[8] = PXE_ENV_LEN;
	put_pointer(p + 0x0a, offset_of(pxe_stub_env));
	for (uint32_t off = 0x14; off < 0x28; off += 4) { /* stack, base code, UNDI: all is one */
		put_le16(p + off, segment_number());
		put_le16(p + off + 2, PXE_SEGMENT_LEN);
	}
	put_pointer(p + 0x28, PXE_BANG);
	make_sum(p, PXE_ENV_LEN, 9);
}

static void set_base(uint8_t *descriptor, uint32_t base)
{
	put_le16(descriptor + 2, (uint16_t)base);
	descriptor[4] = (uint8_t)(base >> 16);
	descriptor[7] = (uint8_t)(base >> 24);
}

/* The BIOS side's GDT (rom.S), with our 16-bit segment, and the base of where skiff goes. */
static void make_gdt(uint8_t *s, uint32_t base)
{
	memcpy(s + PXE_GDT, bios_phys(LOW_GDT), GDT_LEN);
	put_le16(s + PXE_GDTR, GDT_LEN - 1);
	put_le32(s + PXE_GDTR + 2, bios_linear(s) + PXE_GDT);
	set_base(s + PXE_GDT + SEL_CODE, base);
	set_base(s + PXE_GDT + SEL_DATA, base);
	set_base(s + PXE_GDT + SEL_CODE16, bios_linear(s));
}

/* --- memory ---------------------------------------------------------------------------------- */

static uint16_t smaller(uint64_t value, uint16_t most)
{
	return value < most ? (uint16_t)value : most;
}

/* What INT 15h answers: E820, E801 and 88h, of which the last two know only what has no gap. */
static void make_map(uint8_t *s, const struct e820 *map)
{
	uint64_t end = e820_ram_end(map, MIB), high = e820_ram_end(map, 16 * MIB);
	uint8_t *entry = s + PXE_E820;

	put_le16(s + PXE_E820_COUNT, (uint16_t)map->count);
	for (uint32_t i = 0; i < map->count; i++, entry += PXE_E820_ENTRY) {
		put_le64(entry, map->range[i].start);
		put_le64(entry + 8, map->range[i].len);
		put_le32(entry + 16, map->range[i].type);
	}
	put_le16(s + PXE_E801_LOW, smaller((end - MIB) >> 10, 15 * 1024));
	put_le16(s + PXE_E801_HIGH, smaller((high - 16 * MIB) >> 16, UINT16_MAX));
	put_le16(s + PXE_INT15_88, smaller((end - MIB) >> 10, 63 * 1024));
}

static uint8_t *vector_of(unsigned number)
{
	return bios_phys(4 * number);
}

static void hook(uint8_t *s, unsigned number, uint32_t old_off, const uint8_t *handler)
{
	memcpy(s + old_off, vector_of(number), 4);
	put_pointer(vector_of(number), offset_of(handler));
}

static bool is_hooked(unsigned number, const uint8_t *handler)
{
	const uint8_t *v = vector_of(number);

	return get_le16(v) == offset_of(handler) && get_le16(v + 2) == segment_number();
}

/* False: somebody has hooked it behind us. Whom we went on to is 0:0 once it is done. */
static bool unhook(unsigned number, uint32_t old_off, const uint8_t *handler)
{
	uint8_t *old = pxe_segment + old_off;

	if (!get_le32(old))
		return true;
	if (!is_hooked(number, handler))
		return false;
	memcpy(vector_of(number), old, 4);
	put_le32(old, 0);
	return true;
}

bool pxe_segment_make(const struct pxe_homes *homes, const struct e820 *map)
{
	static struct e820 ours;
	uint8_t *s = bios_phys(homes->segment);

	memcpy(&ours, map, sizeof(ours));
	if (!e820_reserve(&ours, homes->segment, homes->segment + PXE_SEGMENT_LEN) ||
	    !e820_reserve(&ours, homes->skiff, (uint64_t)homes->skiff + homes->len))
		return false;
	pxe_segment = s;
	memset(s, 0, PXE_SEGMENT_LEN);
	memcpy(s, pxe_stub, (uintptr_t)pxe_stub_end - (uintptr_t)pxe_stub);
	make_bang(s + PXE_BANG);
	make_env(s + PXE_ENV);
	make_gdt(s, homes->skiff - BODY_BASE);
	memcpy(s + PXE_OLD_GDTR, bios_phys(LOW_BIOS_GDTR), 6);
	put_pointer(s + PXE_REAL, offset_of(pxe_stub_real_mode));
	make_map(s, &ours);
	s[PXE_HIDES] = s[PXE_FOUND] = 1;
	found.base_memory = bda_word(BDA_BASE_MEMORY - 0x400);
	put_le16(bios_phys(BDA_BASE_MEMORY), (uint16_t)(homes->segment >> 10));
	hook(s, INT_15, PXE_OLD_INT15, pxe_stub_int15);
	hook(s, INT_1A, PXE_OLD_INT1A, pxe_stub_int1a);
	hook(s, INT_18, PXE_OLD_INT18, pxe_stub_int18);
	return true;
}

bool pxe_segment_hide(void)
{
	pxe_segment[PXE_FOUND] = 0;
	return unhook(INT_1A, PXE_OLD_INT1A, pxe_stub_int1a);
}

/*
 * Who has hooked an interrupt behind us calls our handler, which must then stay where it is. The
 * map is the BIOS's own again in any case, since skiff is no longer needed.
 */
bool pxe_segment_unhook(void)
{
	bool all;

	pxe_segment[PXE_HIDES] = 0;
	all = pxe_segment_hide();
	all = unhook(INT_15, PXE_OLD_INT15, pxe_stub_int15) && all;
	return unhook(INT_18, PXE_OLD_INT18, pxe_stub_int18) && all;
}

void pxe_segment_release(void)
{
	uint8_t *base_memory = bios_phys(BDA_BASE_MEMORY);

	if (pxe_segment_unhook() && get_le16(base_memory) == bios_linear(pxe_segment) >> 10)
		put_le16(base_memory, found.base_memory);
}

/* --- the way to the BIOS --------------------------------------------------------------------- */

void pxe_low_save(void)
{
	memcpy(found.low, bios_phys(LOW_BASE), LOW_LEN);
}

void pxe_low_restore(void)
{
	uint8_t *gdt = bios_phys(LOW_GDT);

	memcpy(bios_phys(LOW_BASE), found.low, LOW_LEN);
	set_base(gdt + SEL_CODE, flat_base);
	set_base(gdt + SEL_DATA, flat_base);
	flat_gdt(bios_phys(LOW_FLAT_GDTR));
}
