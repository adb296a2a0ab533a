/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory as QEMU shares it, and the one place where an address of the guest or of QEMU
 * becomes one of ours.
 */
#ifndef BACKEND_MEMORY_H
#define BACKEND_MEMORY_H

#include "tests/backend/backend.h"

#define REGIONS_MAX 8 /* of one SET_MEM_TABLE */

/* One region as the message has it. */
struct memory_region {
	uint64_t guest_addr, size, user_addr, mmap_offset;
};

struct memory {
	unsigned count;
	struct memory_region region[REGIONS_MAX];
	uint8_t *map[REGIONS_MAX]; /* of mmap_offset + size bytes */
};

enum address_space {
	GUEST_PHYSICAL, /* in descriptors */
	QEMU_VIRTUAL,   /* in SET_VRING_ADDR */
};

/*
 * Replaces what is mapped by `count` regions, each behind its fd. False, and nothing is mapped, if
 * a region cannot be. The fds stay the caller's.
 */
bool memory_set(struct memory *m, const struct memory_region *regions, const int *fds,
		unsigned count);
void memory_clear(struct memory *m);

/*
 * Our address of `addr`, or NULL where the guest has no memory; *len, which is more than 0, becomes
 * how much of it lies there in one piece, if less.
 */
uint8_t *memory_at(const struct memory *m, enum address_space space, uint64_t addr, uint32_t *len);

#endif
