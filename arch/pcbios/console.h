/* SPDX-License-Identifier: BSD-2-Clause */
/* The screen, the serial port and the keyboard behind port_putc() and port_key(). */
#ifndef ARCH_PCBIOS_CONSOLE_H
#define ARCH_PCBIOS_CONSOLE_H

#include "drivers/fw_cfg.h"

/*
 * Finds out which consoles there are. Where the BIOS's own console is a serial port (fw says so),
 * only that port is written to; otherwise the screen, and the first serial port if the machine has
 * one. After cpu_time_init().
 */
void console_init(const struct fw_cfg *fw);

/* Text of the port's own, outside of any program. */
void console_print(const char *text);

/* Shows what is still held back for the screen. Before leaving. */
void console_flush(void);

#endif
