/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time by the time-stamp counter, whose rate is measured once against the PIT's channel 2: no
 * interrupt, no BIOS tick, no midnight [SEC-15]. The counter has 64 bits and does not wrap;
 * milliseconds wrap at 2^32.
 */
#include "arch/x86/time.h"

#include "arch/port.h"
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
 * Where there is no PIT: fast enough for any processor, so that no wait is cut short, only drawn
 * out. Time still advances.
 */
#define TICKS_PER_MS_UNKNOWN 4000000

/* Milliseconds are ticks * mult >> 40. */
static uint32_t mult;
static uint64_t first_tsc, last_tsc;

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

void time_init(void)
{
	uint32_t ticks_per_ms = TICKS_PER_MS_UNKNOWN, best = UINT32_MAX;

	first_tsc = last_tsc = rdtsc();

	for (int i = 0; i < MEASURE_TRIES; i++) {
		uint32_t slack, ticks = measure(&slack);
		if (!ticks)
			break;
		if (slack < best) {
			best = slack;
			ticks_per_ms = ticks / MEASURE_MS;
		}
		if (slack < ticks / 200)        /* half a percent */
			break;
	}
	if (ticks_per_ms < 1000)
		ticks_per_ms = 1000;            /* mult fits 32 bits */
	mult = (uint32_t)div_u64((uint64_t)1 << 40, ticks_per_ms, NULL);
}

uint32_t port_now_ms(void)
{
	uint64_t tsc = rdtsc();

	/* After a migration the counter may be behind. */
	if (tsc > last_tsc)
		last_tsc = tsc;
	uint64_t ticks = last_tsc - first_tsc;
	return (uint32_t)(((ticks >> 32) * mult + ((ticks & UINT32_MAX) * mult >> 32)) >> 8);
}

void port_idle(void)
{
	cpu_pause();
}
