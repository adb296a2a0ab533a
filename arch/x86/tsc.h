/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of the time-stamp counter: its rate by a clock of known frequency, and
 * milliseconds by its rate. Touches no hardware.
 */
#ifndef ARCH_X86_TSC_H
#define ARCH_X86_TSC_H

#include "core/types.h"

/*
 * What a clock that counts upwards said, and the counter's lower half just before and just after it
 * was asked: two readings that count are less than 60 ms apart.
 */
struct tsc_reading {
	uint32_t before, after;
	uint32_t count;
};

/* False: the clock has run out since its start, or is not there. */
typedef bool (*tsc_read_fn)(struct tsc_reading *r);

/*
 * Ticks of the counter in a millisecond, by a clock of hz that `start` starts, that counts for at
 * most 60 ms and then says so; a few starts if the host is busy. Being stopped between two readings
 * does no harm, since the clocks go on; being stopped inside of one makes it wide, and then it is
 * not believed. What doubt is left makes the result too large, by less than 1 % unless a reading
 * takes a millisecond: waits may be drawn out, none is cut short. 0: there is no such clock.
 */
uint32_t tsc_measure(void (*start)(void), tsc_read_fn read, uint32_t hz);

/* Milliseconds since tsc_clock_init(). The caller owns it. */
struct tsc_clock {
	uint64_t first, last;
	uint32_t mult; /* milliseconds are ticks * mult >> 40 */
};

/* ticks_per_ms 0: nobody could measure; then waits are drawn out, but they end. */
void tsc_clock_init(struct tsc_clock *c, uint32_t ticks_per_ms, uint64_t tsc);

/* Never goes back, and goes on from where it was when the counter steps back. Wraps at 2^32. */
uint32_t tsc_clock_ms(struct tsc_clock *c, uint64_t tsc);

#endif
