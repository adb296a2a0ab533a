/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placement of kernels and initrds. The map was written by the BIOS, the kernel's wishes by the
 * network.
 */
#include "arch/pcbios/place.h"

#include "arch/boot.h"
#include "core/assert.h"

#define MIB (1u << 20)
#define TOP 0xfffff000u /* the last page below 4 GiB is the BIOS's anyway */
#define RESERVED_TOP (24 * MIB)
#define CARGO_BASE (16 * MIB) /* below: the BIOS's, ours, and old kernels' */
#define PAGE 4096u

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
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

/* Memory from start to before end. */
struct piece {
	uint32_t start, end;
};

/*
 * Whether `at` is RAM that nobody has; *next is where that may change. Entries of the map come in
 * any order, touch and overlap; where one of them says that it is not RAM, it is not.
 */
static bool is_free(const struct place *p, uint32_t at, uint32_t *next)
{
	bool ram = false, taken = false;

	*next = TOP;
	for (uint32_t i = 0; i <= p->map->count; i++) {
		const struct e820_range *r = i ? &p->map->range[i - 1] : &p->own;
		uint32_t start = below_top(r->start), end = range_end(r);

		if (at < start) {
			*next = min_u32(*next, start);
		} else if (at < end) {
			*next = min_u32(*next, end);
			*(r->type == E820_RAM ? &ram : &taken) = true;
		}
	}
	return ram && !taken;
}

/* The first free memory at or behind `at`, all of it; false if there is none. */
static bool next_piece(const struct place *p, uint32_t at, struct piece *q)
{
	uint32_t next;

	for (; at < TOP && !is_free(p, at, &next); at = next)
		;
	q->start = at;
	for (; at < TOP && is_free(p, at, &next); at = next)
		;
	q->end = at;
	return q->start < at;
}

void place_init(struct place *p, const struct e820 *map, uint32_t own_start, uint32_t own_end)
{
	struct piece q = { 0, 0 };

	*p = (struct place){ .map = map, .own = { own_start, own_end - own_start, 0 } };
	while (next_piece(p, q.end, &q))
		p->ceiling = q.end > RESERVED_TOP ? q.end - RESERVED_TOP : 0;
}

/* The end of the free memory that `at` is in; at itself if it is in none. */
static uint32_t free_end(const struct place *p, uint32_t at)
{
	struct piece q;

	return next_piece(p, at, &q) && q.start == at ? q.end : at;
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

	for (struct piece q = { low, low }; next_piece(p, q.end, &q);) {
		uint32_t at = align_up(q.start, PAGE), end = min_u32(q.end, high);
		if (at < end && end - at > best.len)
			best = (struct place_extent){ at, end - at };
	}
	return best;
}

/* Memory that the kernel needs from kernel_at on: to start, and for its file. */
static uint64_t kernel_need(const struct place *p)
{
	uint64_t tail = p->kernel_file_len == IMAGE_LEN_UNKNOWN ?
				p->kernel.payload_len :
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
	uint64_t file_len = p->kernel_file_len == IMAGE_LEN_UNKNOWN ? 0 : p->kernel_file_len;
	return kernel_need(p) <= free_end(p, at) - at && p->kernel_file < p->ceiling &&
	       file_len <= p->ceiling - p->kernel_file;
}

/*
 * At pref_address; a relocatable one else at the next place, never below: it would move itself up
 * there.
 */
static bool find_kernel(struct place *p)
{
	uint32_t pref = below_top(p->kernel.pref_address);

	for (struct piece q = { pref, pref }; next_piece(p, q.end, &q);)
		if (q.start > pref && !p->kernel.relocatable)
			break;
		else if (try_kernel(p, align_up(q.start, p->kernel.alignment)))
			return true;
	return false;
}

int place_kernel(struct place *p, const struct bzimage *bz, uint64_t file_len,
		 struct place_extent *e, struct failure *f)
{
	uint64_t end = bz->pref_address + bz->init_size, own_end = p->own.start + p->own.len;
	bool ours = !bz->relocatable && bz->pref_address < own_end && end > p->own.start;
	uint64_t want = bz->init_size;

	p->kernel = *bz;
	p->kernel_file_len = file_len;
	p->initrd_at = p->initrd_len = 0;
	if (find_kernel(p)) {
		e->at = p->kernel_file;
		e->len = min_u32(free_end(p, p->kernel_at), p->ceiling) - p->kernel_file;
		return 0;
	}
	p->kernel_at = 0;
	if (file_len != IMAGE_LEN_UNKNOWN && file_len > want)
		want = file_len;
	return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
		    "the kernel wants %llu bytes of memory at %llXh%s, %s",
		    (unsigned long long)want, (unsigned long long)bz->pref_address,
		    bz->relocatable ? " or behind" : " and nowhere else",
		    ours ? "where skiff itself lies" :
			   "and this machine has no such place; give it more memory");
}

void place_kernel_done(struct place *p, uint64_t file_len)
{
	p->kernel_file_len = file_len;
}

/* A file has an address, even if it is empty or may turn out to be. */
static int check_room(uint64_t file_len, uint32_t room, const char *what, struct failure *f)
{
	if (file_len == IMAGE_LEN_UNKNOWN || file_len == 0)
		file_len = 1;
	if (file_len <= room)
		return 0;
	return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
		    "%llu bytes do not fit into memory: %u bytes are left for %s",
		    (unsigned long long)file_len, (unsigned)room, what);
}

/*
 * Where an initrd may lie that ends at `high` at the latest. [LNX-05] The first one decides in
 * which piece of memory all of them lie; the next begins at a multiple of 4 [LNX-12].
 */
static struct place_extent initrd_room(const struct place *p, uint32_t high)
{
	uint32_t at = align_up(p->initrd_at + p->initrd_len, 4), end;

	if (p->initrd_at == 0)
		return largest(p, p->kernel_at + (uint32_t)kernel_need(p), high);
	end = min_u32(free_end(p, p->initrd_at), high);
	return (struct place_extent){ at, at < end ? end - at : 0 };
}

int place_initrd(struct place *p, uint64_t file_len, struct place_extent *e, struct failure *f)
{
	uint32_t last = p->kernel.initrd_addr_max;
	bool kernels;

	assert(p->kernel_at != 0 && p->kernel_file_len != IMAGE_LEN_UNKNOWN);
	*e = initrd_room(p, last < p->ceiling ? last + 1 : p->ceiling);
	kernels = e->len < initrd_room(p, p->ceiling).len;
	if (check_room(file_len, e->len,
		       kernels ? "the initrd behind the kernel; the limit is the kernel's own "
				 "(initrd_addr_max)" :
				 "the initrd behind the kernel; the limit is this machine's memory "
				 "below 4 GiB",
		       f))
		return ERR_NO_SPACE;
	if (p->initrd_at == 0)
		p->initrd_at = e->at;
	p->initrd_next = e->at;
	return 0;
}

void place_initrd_done(struct place *p, uint64_t file_len)
{
	p->initrd_len = p->initrd_next + (uint32_t)file_len - p->initrd_at;
}

int place_fetch(struct place *p, uint64_t file_len, struct place_extent *e, struct failure *f)
{
	*e = largest(p, CARGO_BASE, p->ceiling);
	return check_room(file_len, e->len, "it", f);
}

int place_nbp(struct place *p, uint64_t file_len, uint32_t room, struct place_extent *e,
	      struct failure *f)
{
	*e = largest(p, CARGO_BASE, p->ceiling);
	e->len = min_u32(e->len, room);
	p->nbp_at = e->at;
	return check_room(file_len, e->len, "a boot program, below 640 KiB", f);
}

void place_nbp_done(struct place *p, uint64_t file_len)
{
	p->nbp_len = (uint32_t)file_len;
}

uint32_t place_resident(const struct place *p, uint32_t len)
{
	uint32_t found = 0;

	for (struct piece q = { CARGO_BASE, CARGO_BASE }; next_piece(p, q.end, &q);) {
		uint32_t end = min_u32(q.end, p->ceiling) & ~(PAGE - 1), low = q.start;

		if (p->nbp_at >= q.start && p->nbp_at < q.end)
			low = p->nbp_at + p->nbp_len;
		if (end > low && end - low >= len)
			found = (end - len) & ~(PAGE - 1);
		if (found < low)
			found = 0;
	}
	return found;
}
