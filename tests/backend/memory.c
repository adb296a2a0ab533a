/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory. QEMU wrote the regions, the guest the addresses. Called by vhost_user.c,
 * ring.c, mischief.c.
 */
#include "tests/backend/memory.h"

#include <string.h>
#include <sys/mman.h>

#define MAP_LEN_MAX (UINT64_C(1) << 46) /* far beyond any machine, and sums cannot wrap */

static uint64_t map_len(const struct memory_region *region)
{
	return region->mmap_offset + region->size;
}

void memory_clear(struct memory *m)
{
	for (unsigned i = 0; i < m->count; i++)
		munmap(m->map[i], (size_t)map_len(&m->region[i]));
	m->count = 0;
}

static bool region_is_sound(const struct memory_region *region)
{
	return region->size && region->size <= MAP_LEN_MAX && region->mmap_offset <= MAP_LEN_MAX &&
	       region->guest_addr <= UINT64_MAX - region->size &&
	       region->user_addr <= UINT64_MAX - region->size;
}

bool memory_set(struct memory *m, const struct memory_region *regions, const int *fds,
		unsigned count)
{
	memory_clear(m);
	for (unsigned i = 0; i < count; i++) {
		void *map = MAP_FAILED;

		/* From the file's start, as an offset need not be one that mmap() takes. */
		if (region_is_sound(&regions[i]))
			map = mmap(NULL, (size_t)map_len(&regions[i]), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_NORESERVE, fds[i], 0);
		if (map == MAP_FAILED) {
			memory_clear(m);
			return false;
		}
		m->map[i] = map;
		m->region[i] = regions[i];
		m->count = i + 1;
	}
	return true;
}

uint8_t *memory_at(const struct memory *m, enum address_space space, uint64_t addr, uint32_t *len)
{
	for (unsigned i = 0; i < m->count; i++) {
		const struct memory_region *region = &m->region[i];
		uint64_t start = space == GUEST_PHYSICAL ? region->guest_addr : region->user_addr;
		uint64_t offset = addr - start;

		if (addr < start || offset >= region->size)
			continue;
		if (*len > region->size - offset)
			*len = (uint32_t)(region->size - offset);
		return m->map[i] + region->mmap_offset + offset;
	}
	return NULL;
}
