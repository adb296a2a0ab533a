/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic on a memory map, which the firmware wrote: entries in any order, which may touch and
 * overlap. Called by a port that reserves memory for itself.
 */
#include "arch/x86/e820.h"

#include "core/mem.h"

static uint64_t end_of(const struct e820_range *r)
{
	return r->len > UINT64_MAX - r->start ? UINT64_MAX : r->start + r->len;
}

/* Makes room for n entries behind entry i. */
static bool widen(struct e820 *map, uint32_t i, uint32_t n)
{
	if (n > E820_MAX - map->count)
		return false;
	memmove(&map->range[i + 1 + n], &map->range[i + 1],
		(map->count - i - 1) * sizeof(map->range[0]));
	map->count += n;
	return true;
}

static void put(struct e820 *map, uint32_t *i, uint64_t low, uint64_t high, uint32_t type)
{
	if (low < high)
		map->range[(*i)++] = (struct e820_range){ low, high - low, type };
}

/* Entry i is RAM, and from start to end of it is not any more. */
static bool split(struct e820 *map, uint32_t i, uint64_t start, uint64_t end)
{
	uint64_t from = map->range[i].start, to = end_of(&map->range[i]);

	if (start < from)
		start = from;
	if (end > to)
		end = to;
	if (!widen(map, i, (uint32_t)(start > from) + (end < to)))
		return false;
	put(map, &i, from, start, E820_RAM);
	put(map, &i, start, end, E820_RESERVED);
	put(map, &i, end, to, E820_RAM);
	return true;
}

bool e820_reserve(struct e820 *map, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < map->count && start < end; i++) {
		const struct e820_range *r = &map->range[i];

		if (r->type == E820_RAM && r->len && r->start < end && end_of(r) > start &&
		    !split(map, i, start, end))
			return false;
	}
	return true;
}

static const struct e820_range *ram_at(const struct e820 *map, uint64_t at)
{
	for (uint32_t i = 0; i < map->count; i++) {
		const struct e820_range *r = &map->range[i];

		if (r->type == E820_RAM && r->start <= at && at < end_of(r))
			return r;
	}
	return NULL;
}

uint64_t e820_ram_end(const struct e820 *map, uint64_t at)
{
	for (const struct e820_range *r = ram_at(map, at); r; r = ram_at(map, at))
		at = end_of(r);
	return at;
}
