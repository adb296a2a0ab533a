/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space by ports CF8h and CFCh, and device registers by what the BARs say. The
 * BIOS has assigned them; the device may answer anything. fn is bus << 8 | device << 3 | function.
 * Called through the seam.
 */
#include "arch/pcbios/bar.h"
#include "arch/pcbios/bios.h"
#include "arch/pcbios/pci.h"
#include "arch/port.h"
#include "arch/x86/io.h"
#include "core/assert.h"
#include "drivers/virtio_net.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc

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

int port_window_open(struct window *w, uintptr_t fn, unsigned bar, uint32_t off, uint32_t len)
{
	return bar_window(w, fn, bar, off, len);
}

uint32_t port_window_read(const struct window *w, uint32_t off, unsigned width)
{
	volatile void *at = bios_phys((uint32_t)w->base + off);

	if (w->kind == WINDOW_IO)
		return io_read((uint16_t)(w->base + off), width);
	assert(w->kind == WINDOW_MMIO);
	if (width == 1)
		return *(volatile uint8_t *)at;
	return width == 2 ? *(volatile uint16_t *)at : *(volatile uint32_t *)at;
}

void port_window_write(const struct window *w, uint32_t off, unsigned width, uint32_t value)
{
	volatile void *at = bios_phys((uint32_t)w->base + off);

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

/*
 * Rings and buffers of one device at a time. Nothing reads there what it has not written, so nobody
 * clears 9 MiB at the start.
 */
static uint8_t dma_memory[DMA_MEMORY_LEN] __attribute__((section(".noinit"), aligned(4096)));
static size_t dma_room = DMA_MEMORY_LEN;

uint32_t pci_dma_cut(size_t len)
{
	assert(len <= sizeof(dma_memory));
	dma_room = len;
	return (uint32_t)(uintptr_t)(dma_memory + len);
}

/*
 * Identity: no IOMMU is on while the BIOS's boot program runs, and x86 keeps caches and DMA
 * coherent.
 */
int port_dma_alloc(struct dma *d, uintptr_t fn, size_t len)
{
	(void)fn;
	if (len > dma_room)
		return ERR_NO_SPACE;
	d->va = dma_memory;
	d->dev = bios_linear(dma_memory);
	d->len = len;
	d->token = NULL;
	d->flat = true;
	return 0;
}

void port_dma_free(struct dma *d)
{
	d->va = NULL;
}
