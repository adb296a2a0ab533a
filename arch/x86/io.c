/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O ports by the width of an access, and QEMU's fw_cfg, which lies at the same ports whatever the
 * firmware is. Called by the ports, and through the seam.
 */
#include "arch/x86/io.h"

#include "arch/cpu.h"

#define FW_CFG_PORT 0x510

uint32_t io_read(uint16_t port, unsigned width)
{
	return width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);
}

void io_write(uint16_t port, unsigned width, uint32_t value)
{
	if (width == 1)
		outb(port, (uint8_t)value);
	else if (width == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
}

/*
 * The ports exist on QEMU's PCs only; elsewhere something else could be there, which reading leaves
 * alone as far as anyone can say. drivers/fw_cfg.c asks for the signature.
 */
void cpu_fw_cfg_window(struct window *w)
{
	outw(FW_CFG_PORT, 0);
	w->kind = WINDOW_NONE;
	for (const char *p = "QEMU"; *p; p++)
		if (inb(FW_CFG_PORT + 1) != (uint8_t)*p)
			return;
	w->base = FW_CFG_PORT;
	w->fn = 0;
	w->len = 2;
	w->kind = WINDOW_IO;
	w->bar = w->pci_cfg = 0;
}

uint32_t cpu_window_read(const struct window *w, uint32_t off, unsigned width)
{
	return io_read((uint16_t)(w->base + off), width);
}

void cpu_window_write(const struct window *w, uint32_t off, unsigned width, uint32_t value)
{
	io_write((uint16_t)(w->base + off), width, value);
}
