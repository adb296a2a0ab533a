/* SPDX-License-Identifier: BSD-2-Clause */
/* The PIT's channel 2 as a clock for the time-stamp counter's rate. Called by main.c. */
#include "arch/pcbios/pit.h"

#include "arch/x86/io.h"
#include "arch/x86/tsc.h"

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_ONE_SHOT 0xb0  /* low byte, high byte; mode 0: down from there; binary */
#define PIT_READ_BACK_CHANNEL2 0xc8 /* latches status and count */
#define PIT_STATUS_OUT 0x80         /* it has come to 0 */
#define PIT_START 0xffff
#define PIT_HZ 1193182

#define PORT61 0x61
#define PORT61_GATE2 0x01
#define PORT61_SPEAKER 0x02

static void start(void)
{
	outb(PORT61, (uint8_t)((inb(PORT61) & ~PORT61_SPEAKER) | PORT61_GATE2));
	outb(PIT_COMMAND, PIT_CHANNEL2_ONE_SHOT);
	outb(PIT_CHANNEL2, PIT_START & 0xff);
	outb(PIT_CHANNEL2, PIT_START >> 8);
	(void)inb(PORT61); /* takes a µs: meanwhile the PIT loads the count */
}

static bool read(struct tsc_reading *r)
{
	uint8_t status;
	uint32_t left;

	r->before = (uint32_t)rdtsc();
	outb(PIT_COMMAND, PIT_READ_BACK_CHANNEL2);
	r->after = (uint32_t)rdtsc();
	status = inb(PIT_CHANNEL2);
	left = inb(PIT_CHANNEL2);
	left |= (uint32_t)inb(PIT_CHANNEL2) << 8;
	r->count = PIT_START - left;
	return !(status & PIT_STATUS_OUT);
}

uint32_t pit_ticks_per_ms(void)
{
	uint8_t port61 = inb(PORT61);
	uint32_t ticks = tsc_measure(start, read, PIT_HZ);

	outb(PORT61, port61);
	return ticks;
}
