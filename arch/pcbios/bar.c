/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a base address register to a range of ports or addresses that a driver may use. The BIOS has
 * assigned it; the device may answer anything. Called by pci.c.
 */
#include "arch/pcbios/bar.h"

#include "drivers/pci.h"

#define DECODE ((uint32_t)PCI_COMMAND_IO | PCI_COMMAND_MEMORY)
#define BAR0 0x10
#define BARS 6
#define BAR_IO 0x1
#define BAR_64 0x4
#define BAR_TYPE 0x6

#define IO_END 0x10000         /* a PC has as many ports, whatever a BAR says */
#define MEMORY_END 0x100000000 /* what flat mode reaches */

struct bar {
	uint64_t base, len;
	bool io;
};

/* Writes ones, and reads which of them stay. The register is then as it was. */
static uint32_t changeable(uintptr_t fn, unsigned off, uint32_t value)
{
	uint32_t mask;

	port_pci_write(fn, off, 4, UINT32_MAX);
	mask = port_pci_read(fn, off, 4);
	port_pci_write(fn, off, 4, value);
	return mask;
}

/*
 * One BAR's address and, by the bits of it that can be changed, its length (PCI 3.0 6.2.5.1).
 * Decoding is off meanwhile, so that the registers do not appear at another place. False if it is
 * not implemented.
 */
static bool read_bar(struct bar *b, uintptr_t fn, unsigned bar)
{
	unsigned off = BAR0 + 4 * bar;
	uint32_t command = port_pci_read(fn, PCI_COMMAND, 2);
	uint32_t low = port_pci_read(fn, off, 4), high = 0, low_mask, high_mask = UINT32_MAX, flags;
	bool wide = !(low & BAR_IO) && (low & BAR_TYPE) == BAR_64;

	if (wide && bar + 1 == BARS)
		return false;
	port_pci_write(fn, PCI_COMMAND, 2, command & ~DECODE);
	low_mask = changeable(fn, off, low);
	if (wide) {
		high = port_pci_read(fn, off + 4, 4);
		high_mask = changeable(fn, off + 4, high);
	}
	port_pci_write(fn, PCI_COMMAND, 2, command);

	b->io = low & BAR_IO;
	flags = b->io ? 0x3 : 0xf;
	low_mask &= ~flags;
	if (low_mask == 0 && (!wide || high_mask == 0))
		return false;
	uint64_t mask = (uint64_t)high_mask << 32 | low_mask;
	b->len = mask & (0 - mask); /* the lowest bit that can be set */
	b->base = (uint64_t)high << 32 | (low & ~flags);
	return true;
}

int bar_window(struct window *w, uintptr_t fn, unsigned bar, uint32_t off, uint32_t len)
{
	struct bar b;
	uint64_t end = (uint64_t)off + len, limit;

	if (bar >= BARS || !read_bar(&b, fn, bar) || b.base == 0 || end > b.len)
		return ERR_DEVICE;
	limit = b.io ? IO_END : MEMORY_END;
	if (end > limit || b.base > limit - end)
		return ERR_UNREACHABLE;
	w->base = b.base + off;
	w->fn = fn;
	w->len = len;
	w->kind = b.io ? WINDOW_IO : WINDOW_MMIO;
	w->bar = (uint8_t)bar;
	w->pci_cfg = 0;
	return 0;
}
