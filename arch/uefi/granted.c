/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic on pages and files. The firmware wrote the memory map, a server announced the lengths.
 * Called by cargo.c.
 */
#include "arch/uefi/granted.h"

#include "core/mem.h"
#include "core/wire.h"

#define PAGE_LEN 4096
#define INITRD_ALIGN 4 /* Linux, early-userspace/buffer-format.rst */
#define CONVENTIONAL 7 /* EfiConventionalMemory */

enum descriptor {
	TYPE = 0,
	PAGES = 24,
	DESCRIPTOR_END = 40,
};

uint64_t granted_pages(uint64_t len)
{
	return len ? (len - 1) / PAGE_LEN + 1 : 1;
}

uint64_t granted_bytes(uint64_t pages)
{
	return pages <= UINT64_MAX / PAGE_LEN ? pages * PAGE_LEN : UINT64_MAX;
}

uint64_t granted_largest(struct span map, uint64_t each)
{
	uint64_t largest = 0, pages;

	if (each < DESCRIPTOR_END)
		return 0;
	for (uint64_t at = 0; each <= map.len - at; at += each) {
		pages = get_le64(map.at + at + PAGES);
		if (get_le32(map.at + at + TYPE) == CONVENTIONAL && pages > largest)
			largest = pages;
	}
	return largest;
}

uint64_t granted_want(uint64_t file_len, uint64_t free_pages)
{
	if (file_len != IMAGE_LEN_UNKNOWN)
		return granted_pages(file_len);
	return free_pages > 1 ? free_pages / 2 : 1;
}

int granted_refuse(uint64_t file_len, uint64_t free_pages, struct failure *f)
{
	return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
		    "the file needs %llu bytes of memory, but the firmware's largest free range "
		    "has %llu",
		    (unsigned long long)(file_len == IMAGE_LEN_UNKNOWN ? PAGE_LEN : file_len),
		    (unsigned long long)granted_bytes(free_pages));
}

static uint64_t padded(uint64_t len)
{
	return (len + INITRD_ALIGN - 1) / INITRD_ALIGN * INITRD_ALIGN;
}

/* Cannot wrap: the files lie in memory. */
uint64_t granted_initrd_len(const struct granted *g)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < g->count; i++)
		if (g->file[i].kind == CARGO_INITRD)
			len = padded(len) + g->file[i].len;
	return len;
}

void granted_initrd_copy(const struct granted *g, uint8_t *to)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < g->count; i++) {
		const struct granted_file *file = &g->file[i];

		if (file->kind != CARGO_INITRD)
			continue;
		memset(to + len, 0, (size_t)(padded(len) - len));
		len = padded(len);
		memcpy(to + len, file->at, (size_t)file->len);
		len += file->len;
	}
}
