/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP's binary wants of a C library on the paths that the example takes: memory and time;
 * build.mk has the rest.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/port.h"

/*
 * lwIP asks for a frame at a time, and larger ones are dropped. A connection that we close keeps
 * one for two minutes: so many are 1,024 a minute.
 */
union slot {
	union slot *next; /* while it is free */
	uint8_t bytes[2048] __attribute__((aligned(16)));
};

static union slot slots[2048], *spare;

void *malloc(size_t size)
{
	static size_t used;
	union slot *slot = spare;

	if (size > sizeof(*slot))
		return NULL;
	if (slot)
		spare = slot->next;
	else if (used < sizeof(slots) / sizeof(*slots))
		slot = &slots[used++];
	return slot;
}

void free(void *ptr)
{
	union slot *slot = ptr; /* lwIP frees no NULL */

	slot->next = spare;
	spare = slot;
}

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	uint32_t ms = port_now_ms();

	(void)clock_id;
	*tp = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	return 0;
}

int rand(void)
{
	unsigned v;

	port_random(&v, sizeof(v));
	return (int)(v & RAND_MAX);
}

/* pthread_self(), pthread_mutex_lock(), pthread_mutex_unlock(): there is one thread. */
unsigned long one_thread(void);
unsigned long one_thread(void)
{
	return 1;
}
