/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's header, a memory map, and where kernel and initrds go: whatever is granted is RAM that
 * nobody else has, by a second, slow look at the map. fuzz: -max_len=600
 */
#include "arch/pcbios/place.h"
#include "arch/port.h"
#include "arch/x86/linux.h"
#include "core/wire.h"
#include "tests/fuzz/fuzz.h"

#define MIB UINT64_C(0x100000)
#define GIB4 UINT64_C(0x100000000)
#define KEPT (24 * MIB) /* below the top of RAM below 4 GiB */
#define RANGES_MAX 12
#define INITRDS 4

static struct e820 map;
static uint64_t own_start, own_end;
static struct place place;
static uint8_t head[IMAGE_HEAD_LEN];

struct range {
	uint64_t start, end;
};

/* --- the second look -------------------------------------------------------------------------- */

static struct range range_of(const struct e820_range *r)
{
	uint64_t end = r->start + r->len;

	return (struct range){ r->start, end < r->start ? UINT64_MAX : end };
}

static bool meet(struct range a, struct range b)
{
	return a.start < a.end && b.start < b.end && a.start < b.end && b.start < a.end;
}

/* How far RAM goes on from `at`, over however many entries. */
static uint64_t ram_end(uint64_t at)
{
	uint64_t before;

	do {
		before = at;
		for (uint32_t i = 0; i < map.count; i++) {
			struct range r = range_of(&map.range[i]);

			if (map.range[i].type == E820_RAM && r.start <= at && r.end > at)
				at = r.end;
		}
	} while (at != before);
	return at;
}

static void must_be_free(uint64_t start, uint64_t len, const char *what)
{
	struct range wanted = { start, start + len };

	must(start > 0, "something was granted at address 0");
	must(start + len <= GIB4, "something was granted above 4 GiB");
	must(!meet(wanted, (struct range){ own_start, own_end }), "our own memory was granted");
	if (len)
		must(ram_end(start) >= start + len, what);
	for (uint32_t i = 0; i < map.count; i++)
		if (map.range[i].type != E820_RAM)
			must(!meet(wanted, range_of(&map.range[i])), "reserved memory was granted");
}

/* Where the memory begins that other option ROMs have. */
static uint64_t ceiling(void)
{
	uint64_t top = 0;

	for (uint32_t i = 0; i < map.count; i++) {
		struct range r = range_of(&map.range[i]);

		if (map.range[i].type != E820_RAM || r.start >= GIB4)
			continue;
		if (r.end > top)
			top = r.end;
	}
	if (top > GIB4)
		top = GIB4;
	return top > KEPT ? top - KEPT : 0;
}

/* --- what the input says ---------------------------------------------------------------------- */

static uint64_t take_64(struct input *in)
{
	uint64_t low = take(in, 4);

	return low | (uint64_t)take(in, 4) << 32;
}

static void make_map(struct input *in)
{
	uint32_t n = take(in, 1) % (RANGES_MAX + 1);

	for (map.count = 0; map.count < n; map.count++) {
		struct e820_range *r = &map.range[map.count];
		uint32_t kind = take(in, 1);

		r->type = kind & 3 ? E820_RAM : kind >> 2 & 7;
		if (kind & 0x80) {
			r->start = take_64(in);
			r->len = take_64(in);
		} else { /* in pages, and often right behind the one before */
			r->start = (uint64_t)take(in, 3) << 12;
			if (kind & 0x40 && map.count)
				r->start = r[-1].start + r[-1].len;
			r->len = (uint64_t)take(in, 3) << 12;
		}
	}
}

static uint64_t take_len(struct input *in)
{
	uint32_t kind = take(in, 1);

	if (kind == 0xff)
		return IMAGE_LEN_UNKNOWN;
	if (kind >= 0xf0)
		return take_64(in);
	return (uint64_t)take(in, 2) << (kind & 15);
}

static void make_head(struct input *in)
{
	uint32_t choices = take(in, 1);
	struct span bytes;

	memset(head, 0, sizeof(head));
	put_le16(head + 0x1fe, 0xaa55);
	memcpy(head + 0x202, "HdrS", 4);
	head[0x201] = 0x62;
	head[0x211] = 1;
	put_le16(head + 0x206, (uint16_t)(0x0200 + choices % 17));
	head[0x1f1] = (uint8_t)take(in, 1);
	put_le32(head + 0x1f4, take(in, 3));
	put_le32(head + 0x22c, choices & 0x20 ? 0x7fffffff : take(in, 4));
	put_le32(head + 0x230, UINT32_C(1) << take(in, 1) % 32);
	head[0x234] = choices >> 6 & 1;
	put_le64(head + 0x258, choices & 0x80 ? take_64(in) : take(in, 2) * MIB / 8);
	put_le32(head + 0x260, take(in, 4));
	bytes = take_span(in, take(in, 1) % 64); /* and anything over it */
	memcpy(head + 0x1f0 + take(in, 1) % 64, bytes.at, bytes.len);
}

/* --- oracles ---------------------------------------------------------------------------------- */

static uint64_t kernel_end(const struct bzimage *bz, uint64_t file_len)
{
	uint64_t tail = file_len - (place.kernel_at - place.kernel_file);

	return place.kernel_at + (tail > bz->init_size ? tail : bz->init_size);
}

static void must_be_a_kernel(const struct bzimage *bz, uint64_t file_len)
{
	must(bz->setup_len >= 512 && bz->setup_len <= 256 * 512 && bz->setup_len < file_len,
	     "no room for set-up code");
	must(bz->alignment && !(bz->alignment & (bz->alignment - 1)), "an alignment that is none");
	must(bz->pref_address >= MIB && bz->pref_address + bz->init_size > bz->pref_address,
	     "an address that wraps");
	must(bz->init_size >= bz->payload_len, "less memory than the kernel has bytes");
	must(bz->header_len <= IMAGE_HEAD_LEN - 0x1f1, "a header that is longer than the head");
}

static void must_fit(const struct bzimage *bz, uint64_t file_len, const struct place_extent *e)
{
	must(e->at == place.kernel_file, "an extent that is not the file's place");
	must_be_free(e->at, e->len, "a kernel's file where no RAM is");
	must_be_free(place.kernel_at, bz->init_size, "a kernel where no RAM is");
	must((uint64_t)e->at + e->len <= ceiling(), "a kernel's file in what other ROMs have");
	must(file_len == IMAGE_LEN_UNKNOWN || e->len >= file_len,
	     "less memory than the kernel's file has bytes");
	must(place.kernel_at - place.kernel_file == bz->setup_len ||
		     place.kernel_at == place.kernel_file,
	     "a file that does not lie around its kernel");
	if (bz->relocatable)
		must(place.kernel_at >= bz->pref_address || place.kernel_at == bz->pref_address,
		     "below where it would move to");
	else
		must(place.kernel_at == bz->pref_address, "a kernel that is not where it must be");
	if (bz->relocatable && place.kernel_at != bz->pref_address)
		must(place.kernel_at % bz->alignment == 0, "a kernel that is not aligned");
}

static void try_initrds(struct input *in, const struct bzimage *bz, uint64_t kernel_len)
{
	struct range kernel = { place.kernel_at, kernel_end(bz, kernel_len) },
		     file = { place.kernel_file, place.kernel_file + kernel_len },
		     before = { 0, 0 }, now;
	struct place_extent e;
	uint64_t len;

	for (int i = 0; i < INITRDS && in->left; i++) {
		struct failure f = { .err = 0 };
		int err;

		len = take_len(in);
		err = place_initrd(&place, len, &e, &f);
		must_agree(err, &f);
		if (err)
			return;
		now = (struct range){ e.at, (uint64_t)e.at + e.len };
		must_be_free(e.at, e.len, "an initrd where no RAM is");
		must(e.at % 4 == 0, "an initrd that is not aligned");
		must(len == IMAGE_LEN_UNKNOWN || e.len >= len,
		     "less memory than the initrd has bytes");
		must(!meet(now, kernel) && !meet(now, file), "an initrd in the kernel's memory");
		must(!meet(now, before), "an initrd over the one before");
		must(now.end <= ceiling(), "an initrd in what other ROMs have");
		must(!e.len || now.end - 1 <= bz->initrd_addr_max,
		     "an initrd behind the kernel's limit");
		if (len == IMAGE_LEN_UNKNOWN)
			len = e.len ? take(in, 4) % (e.len + UINT64_C(1)) : 0;
		place_initrd_done(&place, len);
		before = (struct range){ e.at, e.at + len };
		must(place.initrd_at + (uint64_t)place.initrd_len == before.end,
		     "initrds that do not end where the last one does");
	}
}

static void try_zero_page(const struct bzimage *bz)
{
	static uint8_t page[LINUX_ZERO_PAGE_LEN];
	struct linux_params params = {
		.kernel = bz,
		.header = head + 0x1f1,
		.kernel_at = place.kernel_at,
		.map = &map,
		.initrd_at = place.initrd_at,
		.initrd_len = place.initrd_len,
	};

	linux_zero_page(page, &params);
	must(page[0x1e8] == map.count && get_le32(page + 0x218) == place.initrd_at &&
		     get_le32(page + 0x214) == place.kernel_at,
	     "a zero page that says something else");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct failure f = { .err = 0 }, g = { .err = 0 }, h = { .err = 0 };
	struct place_extent e;
	struct bzimage bz;
	uint64_t file_len;
	int err;

	make_map(&in);
	own_start = (1 + take(&in, 1) % 64) * MIB / 4;
	own_end = own_start + 9 * MIB;
	make_head(&in);
	file_len = take_len(&in);
	place_init(&place, &map, (uint32_t)own_start, (uint32_t)own_end);
	err = place_fetch(&place, file_len, &e, &h);
	must_agree(err, &h);
	if (!err) {
		must_be_free(e.at, e.len, "a file where no RAM is");
		must((uint64_t)e.at + e.len <= ceiling(), "a file in what other ROMs have");
		must(file_len == IMAGE_LEN_UNKNOWN || e.len >= file_len,
		     "less memory than the file has bytes");
	}
	err = bzimage_parse(
		&bz,
		(struct span){ head,
			       (uint32_t)(file_len < sizeof(head) ? file_len : sizeof(head)) },
		file_len, &f);
	must_agree(err, &f);
	if (err)
		return 0;
	must_be_a_kernel(&bz, file_len);
	err = place_kernel(&place, &bz, file_len, &e, &g);
	must_agree(err, &g);
	if (err)
		return 0;
	must_fit(&bz, file_len, &e);
	if (file_len == IMAGE_LEN_UNKNOWN && e.len <= bz.setup_len)
		return 0; /* no whole kernel will come in */
	if (file_len == IMAGE_LEN_UNKNOWN)
		file_len = bz.setup_len + 1 + take(&in, 4) % (e.len - bz.setup_len);
	place_kernel_done(&place, file_len);
	try_initrds(&in, &bz, file_len);
	try_zero_page(&bz);
	return 0;
}
