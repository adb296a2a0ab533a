/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libskiff.a and lwIP want of a platform, as far as it is not a PC's anyway: the clock is
 * arch/x86/time.c, PCI, registers and memory for devices are arch/pcbios/pci.c. arch/port.h has the
 * contracts.
 */
#include "arch/port.h"

#include <lwip/sys.h>

#include "arch/cpu.h"
#include "arch/x86/io.h"
#include "drivers/pci.h"
#include "tests/example/example.h"

#define COM1 0x3f8
#define COM1_STATUS (COM1 + 5)
#define RECEIVED 0x01
#define CAN_SEND 0x20

uint32_t flat_base; /* 0, for arch/pcbios/pci.c: our addresses are physical */

/* Nothing in here waits long, and no interrupt would end a sleep. */
void port_idle(uint32_t ms)
{
	(void)ms;
	cpu_pause();
}

void port_putc(char c)
{
	while (!(inb(COM1_STATUS) & CAN_SEND))
		port_idle(0);
	outb(COM1, (uint8_t)c);
}

void say(const char *text)
{
	while (*text)
		port_putc(*text++);
}

int port_key(void)
{
	return inb(COM1_STATUS) & RECEIVED ? inb(COM1) : -1;
}

/* A bug of the driver's: nobody will stop the device any more, so it loses the bus. */
_Noreturn void port_fatal(const char *file, int line)
{
	uintptr_t fn = 0;

	(void)line;
	if (virtio_net_pci_find(&fn))
		port_pci_write(fn, PCI_COMMAND, 2, 0);
	say("assertion failed in ");
	say(file);
	halt();
}

/* lwIP's: its clock, its dice, and a bug of its own. */
u32_t sys_now(void)
{
	return port_now_ms();
}

uint32_t example_random(void)
{
	uint32_t v;

	port_random(&v, sizeof(v));
	return v;
}

_Noreturn void example_bug(void)
{
	port_fatal("lwIP", 0);
}
