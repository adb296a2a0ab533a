/* SPDX-License-Identifier: BSD-2-Clause */
/* The time-stamp counter's rate, measured against the PIT's channel 2. Called by main.c. */
#include "arch/pcbios/pit.h"

#include "arch/x86/io.h"

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_ONE_SHOT 0xb0      /* low byte, high byte; mode 0; binary */
#define PORT61 0x61
#define PORT61_GATE2 0x01
#define PORT61_SPEAKER 0x02
#define PORT61_OUT2 0x20

#define PIT_HZ 1193182
#define MEASURE_MS 5
#define MEASURE_COUNT (PIT_HZ * MEASURE_MS / 1000)
#define MEASURE_TRIES 16                /* as long as the host is too busy for a good one */
#define MEASURE_POLLS 200000            /* a port read takes 0.5 µs or more: 100 ms */

/*
 * Ticks in MEASURE_MS; 0 if the PIT does not answer. *slack: how long before the end was seen it
 * may have been: a hypervisor may have stopped us just then.
 */
static uint32_t measure(uint32_t *slack)
{
	uint8_t port61 = inb(PORT61);

	outb(PORT61, (uint8_t)((port61 & ~PORT61_SPEAKER) | PORT61_GATE2));
	outb(PIT_COMMAND, PIT_CHANNEL2_ONE_SHOT);
	outb(PIT_CHANNEL2, MEASURE_COUNT & 0xff);
	outb(PIT_CHANNEL2, MEASURE_COUNT >> 8);

	uint64_t start = rdtsc(), before = start, now = start;
	uint32_t polls = 0;
	while (!(inb(PORT61) & PORT61_OUT2) && ++polls < MEASURE_POLLS) {
		before = now;
		now = rdtsc();
	}
	now = rdtsc();
	outb(PORT61, port61);
	*slack = (uint32_t)(now - before);
	return polls > 1 && polls < MEASURE_POLLS ? (uint32_t)(now - start) : 0;
}

uint32_t pit_ticks_per_ms(void)
{
	uint32_t slack, ticks, ticks_per_ms = 0, best = UINT32_MAX;

	for (int i = 0; i < MEASURE_TRIES; i++) {
		ticks = measure(&slack);
		if (!ticks)
			break;
		if (slack < best) {
			best = slack;
			ticks_per_ms = ticks / MEASURE_MS;
		}
		if (slack < ticks / 200)        /* half a percent */
			break;
	}
	return ticks_per_ms;
}
