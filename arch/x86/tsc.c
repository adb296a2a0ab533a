/* SPDX-License-Identifier: BSD-2-Clause */
/* The arithmetic of the time-stamp counter. Called by time.c and by ports that measure its rate. */
#include "arch/x86/tsc.h"

#include "core/text.h"

#define TRIES 4
#define READS_MAX 50000            /* bounds a try whose clock stands still */
#define SPAN_MIN(hz) ((hz) / 1000) /* a millisecond: many counts */
#define SURE 128                   /* so much longer than both readings is what they bracket */

/* Fast enough for any processor, so that no wait is cut short. */
#define TICKS_PER_MS_UNKNOWN 4000000

static uint32_t width(const struct tsc_reading *r)
{
	return r->after - r->before;
}

/*
 * The most ticks that can lie in a millisecond: from before the first reading to behind the last,
 * while the clock took at least one count less than it shows. 0 if the readings are too near each
 * other.
 */
static uint32_t most_per_ms(const struct tsc_reading *first, const struct tsc_reading *last,
			    uint32_t hz)
{
	uint32_t ticks = last->after - first->before, counts = last->count - first->count;

	if (counts < SPAN_MIN(hz))
		return 0;
	return (uint32_t)div_u64((uint64_t)ticks * (hz / 1000 + 1), counts - 1, NULL);
}

/*
 * One try: readings from *first to *last. True if what lies between them outweighs what they took.
 */
static bool bracket(tsc_read_fn read, uint32_t hz, struct tsc_reading *first,
		    struct tsc_reading *last)
{
	struct tsc_reading r;

	if (!read(first))
		return false;
	*last = *first;
	for (unsigned i = 0; i < READS_MAX && read(&r); i++) {
		*last = r;
		if (r.count - first->count >= SPAN_MIN(hz) &&
		    (r.before - first->after) / SURE >= width(first) + width(&r))
			return true;
	}
	return false;
}

uint32_t tsc_measure(void (*start)(void), tsc_read_fn read, uint32_t hz)
{
	struct tsc_reading first = { 0 }, last = { 0 };
	uint32_t least = 0, most;
	bool sure = false;

	for (int i = 0; i < TRIES && !sure; i++) {
		start();
		sure = bracket(read, hz, &first, &last);
		most = most_per_ms(&first, &last, hz);
		if (most && (!least || most < least))
			least = most;
	}
	return least;
}

void tsc_clock_init(struct tsc_clock *c, uint32_t ticks_per_ms, uint64_t tsc)
{
	if (ticks_per_ms == 0)
		ticks_per_ms = TICKS_PER_MS_UNKNOWN;
	if (ticks_per_ms < 1000)
		ticks_per_ms = 1000; /* mult fits 32 bits */
	c->mult = (uint32_t)div_u64((uint64_t)1 << 40, ticks_per_ms, NULL);
	c->first = c->last = tsc;
}

uint32_t tsc_clock_ms(struct tsc_clock *c, uint64_t tsc)
{
	uint64_t ticks;

	/* Behind: the machine has moved to another host, or was suspended on this one. */
	if (tsc < c->last)
		c->first -= c->last - tsc;
	c->last = tsc;
	ticks = tsc - c->first;
	return (uint32_t)(((ticks >> 32) * c->mult + ((ticks & UINT32_MAX) * c->mult >> 32)) >> 8);
}
