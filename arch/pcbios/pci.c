/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space by ports CF8h and CFCh, and device registers by what the BARs say. The
 * BIOS has assigned them; the device may answer anything. fn is bus << 8 | device << 3 | function.
 * Called through the seam.
 */
#include "arch/port.h"
#include "arch/x86/io.h"
#include "core/assert.h"
#include "drivers/virtio_net.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc

#define COMMAND 0x04
#define COMMAND_DECODE 0x3u             /* I/O, memory */
#define BAR0 0x10
#define BARS 6
#define BAR_IO 0x1
#define BAR_64 0x4
#define BAR_TYPE 0x6

#define DMA_MEMORY_LEN sizeof(struct virtio_net_memory)

static uint16_t select_register(uintptr_t fn, unsigned off)
{
	outl(CONFIG_ADDRESS, 0x80000000 | (uint32_t)fn << 8 | (off & 0xfc));
	return (uint16_t)(CONFIG_DATA + (off & 3));
}

uint32_t port_pci_read(uintptr_t fn, unsigned off, unsigned width)
{
	return io_read(select_register(fn, off), width);
}

void port_pci_write(uintptr_t fn, unsigned off, unsigned width, uint32_t value)
{
	io_write(select_register(fn, off), width, value);
}

struct bar {
	uint64_t base, len;
	bool io;
};

/*
 * One BAR's address and, by writing ones and reading which of them stay, its length (PCI 3.0
 * 6.2.5.1). Decoding is off meanwhile, so that the registers do not appear at another place. False
 * if it is not implemented.
 */
static bool read_bar(struct bar *b, uintptr_t fn, unsigned bar)
{
	unsigned off = BAR0 + 4 * bar;
	uint32_t command = port_pci_read(fn, COMMAND, 2);
	uint32_t low = port_pci_read(fn, off, 4), high = 0, low_mask, high_mask = UINT32_MAX;
	bool wide = !(low & BAR_IO) && (low & BAR_TYPE) == BAR_64;

	if (wide && bar + 1 == BARS)
		return false;
	port_pci_write(fn, COMMAND, 2, command & ~COMMAND_DECODE);
	port_pci_write(fn, off, 4, UINT32_MAX);
	low_mask = port_pci_read(fn, off, 4);
	port_pci_write(fn, off, 4, low);
	if (wide) {
		high = port_pci_read(fn, off + 4, 4);
		port_pci_write(fn, off + 4, 4, UINT32_MAX);
		high_mask = port_pci_read(fn, off + 4, 4);
		port_pci_write(fn, off + 4, 4, high);
	}
	port_pci_write(fn, COMMAND, 2, command);

	b->io = low & BAR_IO;
	low_mask &= b->io ? ~0x3u : ~0xfu;
	if (low_mask == 0 && (!wide || high_mask == 0))
		return false;
	uint64_t mask = (uint64_t)high_mask << 32 | low_mask;
	b->len = mask & (0 - mask);             /* the lowest bit that can be set */
	b->base = ((uint64_t)high << 32 | low) & (b->io ? ~(uint64_t)0x3 : ~(uint64_t)0xf);
	return true;
}

int port_window_open(struct window *w, uintptr_t fn, unsigned bar, uint32_t off, uint32_t len)
{
	struct bar b;

	if (bar >= BARS || !read_bar(&b, fn, bar) || b.base == 0)
		return ERR_DEVICE;
	if ((uint64_t)off + len > b.len)
		return ERR_DEVICE;
	if (b.base > (b.io ? 0x10000 : 0x100000000) - ((uint64_t)off + len))
		return ERR_UNREACHABLE;
	w->base = b.base + off;
	w->fn = fn;
	w->len = len;
	w->kind = b.io ? WINDOW_IO : WINDOW_MMIO;
	w->bar = (uint8_t)bar;
	w->pci_cfg = 0;
	return 0;
}

uint32_t port_window_read(const struct window *w, uint32_t off, unsigned width)
{
	volatile void *at = (volatile void *)(uintptr_t)(w->base + off);

	if (w->kind == WINDOW_IO)
		return io_read((uint16_t)(w->base + off), width);
	assert(w->kind == WINDOW_MMIO);
	if (width == 1)
		return *(volatile uint8_t *)at;
	return width == 2 ? *(volatile uint16_t *)at : *(volatile uint32_t *)at;
}

void port_window_write(const struct window *w, uint32_t off, unsigned width, uint32_t value)
{
	volatile void *at = (volatile void *)(uintptr_t)(w->base + off);

	assert(w->kind == WINDOW_IO || w->kind == WINDOW_MMIO);
	if (w->kind == WINDOW_IO)
		io_write((uint16_t)(w->base + off), width, value);
	else if (width == 1)
		*(volatile uint8_t *)at = (uint8_t)value;
	else if (width == 2)
		*(volatile uint16_t *)at = (uint16_t)value;
	else
		*(volatile uint32_t *)at = value;
}

/* Rings and buffers of one device at a time. Nothing reads there what it has not written, so nobody clears 9 MiB at the start. */
static uint8_t dma_memory[DMA_MEMORY_LEN] __attribute__((section(".noinit"), aligned(4096)));

/*
 * Identity: no IOMMU is on while the BIOS's boot program runs, and x86 keeps caches and DMA
 * coherent.
 */
int port_dma_alloc(struct dma *d, uintptr_t fn, size_t len)
{
	(void)fn;
	if (len > sizeof(dma_memory))
		return ERR_NO_SPACE;
	d->va = dma_memory;
	d->dev = (uintptr_t)dma_memory;
	d->len = len;
	d->token = NULL;
	return 0;
}

void port_dma_free(struct dma *d)
{
	d->va = NULL;
}
