/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placement of kernels and initrds. The map was written by the BIOS, the kernel's wishes by the
 * network.
 */
#include "arch/pcbios/place.h"

#include "arch/port.h"
#include "core/assert.h"

#define MIB (1u << 20)
#define TOP 0xfffff000u                 /* the last page below 4 GiB is the BIOS's anyway */
#define RESERVED_TOP (24 * MIB)
#define CARGO_BASE (16 * MIB)           /* below: the BIOS's, ours, and old kernels' */
#define PAGE 4096u

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* To a power of two; 0 if there is no such address. */
static uint32_t align_up(uint32_t value, uint32_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

static uint32_t below_top(uint64_t address)
{
	return address < TOP ? (uint32_t)address : TOP;
}

/* A range's end; lengths that would wrap end at the top. */
static uint32_t range_end(const struct e820_range *r)
{
	return r->len > TOP || r->start > TOP ? TOP : below_top(r->start + r->len);
}

static void add_piece(struct place *p, uint32_t start, uint32_t end)
{
	if (start < end && p->pieces < PLACE_PIECES_MAX)
		p->piece[p->pieces++] = (struct place_piece){ start, end };
}

/* Somebody else has start … end. */
static void take_away(struct place *p, uint32_t start, uint32_t end)
{
	for (uint32_t i = 0; i < p->pieces; i++) {
		struct place_piece *q = &p->piece[i];
		if (end <= q->start || start >= q->end)
			continue;
		add_piece(p, end, q->end);
		q->end = max_u32(start, q->start);
	}
}

void place_init(struct place *p, const struct e820 *map, uint32_t own_start, uint32_t own_end)
{
	const struct e820_range *r, *behind = map->range + map->count;
	uint32_t top = 0;

	*p = (struct place){ .own_start = own_start, .own_end = own_end };
	for (r = map->range; r < behind; r++)
		if (r->type == E820_RAM && r->start < TOP) {
			add_piece(p, below_top(r->start), range_end(r));
			top = max_u32(top, range_end(r));
		}
	for (r = map->range; r < behind; r++)
		if (r->type != E820_RAM)
			take_away(p, below_top(r->start), range_end(r));
	take_away(p, own_start, own_end);
	p->ceiling = top > RESERVED_TOP ? top - RESERVED_TOP : 0;
}

/* The end of the free memory that `at` is in; at itself if it is in none. */
static uint32_t free_end(const struct place *p, uint32_t at)
{
	for (uint32_t i = 0; i < p->pieces; i++)
		if (at >= p->piece[i].start && at < p->piece[i].end)
			return p->piece[i].end;
	return at;
}

bool place_is_free(const struct place *p, uint32_t start, uint32_t end)
{
	return free_end(p, start) >= end;
}

/*
 * The largest piece of free memory between low and high, beginning at a multiple of a page. len is
 * 0 if there is none.
 */
static struct place_extent largest(const struct place *p, uint32_t low, uint32_t high)
{
	struct place_extent best = { 0, 0 };

	for (uint32_t i = 0; i < p->pieces; i++) {
		uint32_t at = align_up(max_u32(p->piece[i].start, low), PAGE);
		uint32_t end = min_u32(p->piece[i].end, high);
		if (at < end && end - at > best.len)
			best = (struct place_extent){ at, end - at };
	}
	return best;
}

/* Memory that the kernel needs from kernel_at on: to start, and for its file. */
static uint64_t kernel_need(const struct place *p)
{
	uint64_t tail = p->kernel_file_len == CARGO_LEN_UNKNOWN ? p->kernel.payload_len :
		p->kernel_file_len - (p->kernel_at - p->kernel_file);

	return tail > p->kernel.init_size ? tail : p->kernel.init_size;
}

/* Whether the kernel can run at `at`; then its members of p say where it goes. [LNX-06] */
static bool try_kernel(struct place *p, uint32_t at)
{
	uint32_t in_front = at - p->kernel.setup_len;

	if (at < MIB)
		return false;
	p->kernel_at = at;
	p->kernel_file = place_is_free(p, in_front, at) ? in_front : at;
	uint64_t file_len = p->kernel_file_len == CARGO_LEN_UNKNOWN ? 0 : p->kernel_file_len;
	return kernel_need(p) <= free_end(p, at) - at && p->kernel_file < p->ceiling &&
	       file_len <= p->ceiling - p->kernel_file;
}

/* At pref_address; a relocatable one else above, never below: it would move itself up there. */
static bool find_kernel(struct place *p)
{
	uint32_t pref = below_top(p->kernel.pref_address);

	if (try_kernel(p, pref))
		return true;
	for (uint32_t i = 0; p->kernel.relocatable && i < p->pieces; i++)
		if (try_kernel(p, align_up(max_u32(p->piece[i].start, pref), p->kernel.alignment)))
			return true;
	return false;
}

int place_kernel(struct place *p, const struct bzimage *bz, uint64_t file_len,
		 struct place_extent *e, struct failure *f)
{
	uint64_t end = bz->pref_address + bz->init_size;
	bool ours = !bz->relocatable && bz->pref_address < p->own_end && end > p->own_start;

	p->kernel = *bz;
	p->kernel_file_len = file_len;
	p->initrd_at = p->initrd_len = 0;
	if (find_kernel(p)) {
		e->at = p->kernel_file;
		e->len = min_u32(free_end(p, p->kernel_at), p->ceiling) - p->kernel_file;
		return 0;
	}
	p->kernel_at = 0;
	return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
		"the kernel wants %u bytes of memory at %llXh%s, %s",
		(unsigned)bz->init_size, (unsigned long long)bz->pref_address,
		bz->relocatable ? " or behind" : " and nowhere else", ours ? "where skiff itself lies" :
		"and this machine has no such place; give it more memory");
}

void place_kernel_done(struct place *p, uint64_t file_len)
{
	p->kernel_file_len = file_len;
}

static int check_room(uint64_t file_len, uint32_t room, const char *what, struct failure *f)
{
	if (file_len == CARGO_LEN_UNKNOWN)
		file_len = 1;
	if (file_len <= room)
		return 0;
	return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
		"%llu bytes do not fit into memory: %u bytes are left %s",
		(unsigned long long)file_len, (unsigned)room, what);
}

/*
 * [LNX-05] The first one decides in which piece of memory all of them lie; the next begins at a
 * multiple of 4 [LNX-12].
 */
int place_initrd(struct place *p, uint64_t file_len, struct place_extent *e, struct failure *f)
{
	uint32_t last = p->kernel.initrd_addr_max, high = last < p->ceiling ? last + 1 : p->ceiling;

	assert(p->kernel_at != 0 && p->kernel_file_len != CARGO_LEN_UNKNOWN);
	if (p->initrd_at == 0) {
		*e = largest(p, p->kernel_at + (uint32_t)kernel_need(p), high);
		p->initrd_at = e->at;
		p->initrd_limit = e->at + e->len;
	} else {
		e->at = min_u32(align_up(p->initrd_at + p->initrd_len, 4), p->initrd_limit);
		e->len = p->initrd_limit - e->at;
	}
	p->initrd_next = e->at;
	return check_room(file_len, e->len, "for the initrd behind the kernel", f);
}

void place_initrd_done(struct place *p, uint64_t file_len)
{
	p->initrd_len = p->initrd_next + (uint32_t)file_len - p->initrd_at;
}

int place_fetch(struct place *p, uint64_t file_len, struct place_extent *e, struct failure *f)
{
	*e = largest(p, CARGO_BASE, p->ceiling);
	return check_room(file_len, e->len, "for it", f);
}
