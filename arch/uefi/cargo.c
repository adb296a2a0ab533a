/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for downloads, from the firmware's pages, anywhere: LoadImage() and LoadFile2 copy a
 * kernel and its initrds to where they will run. The bytes of a kernel's head come from the
 * network; pe.c and core/bzimage.c check them. Called through the seam, and by start.c.
 */
#include "arch/uefi/cargo.h"

#include "arch/port.h"
#include "arch/uefi/pe.h"
#include "arch/uefi/uefi.h"
#include "core/assert.h"
#include "core/mem.h"
#include "core/text.h"

#define PAGE_LEN 4096
#define FILES_MAX 16
#define RELEASE_LEN 80
#define INITRD_ALIGN 4                  /* Linux, early-userspace/buffer-format.rst */
#define MAP_SLACK 8                     /* descriptors that a memory map may grow by meanwhile */

struct granted {
	enum cargo kind;
	uint8_t *at;
	uint64_t pages, len;
};

static struct {
	struct granted file[FILES_MAX];
	unsigned count;
	struct granted *kernel;
	struct bzimage bz;
	bool is_linux;
	char release[RELEASE_LEN];
} cargo;

static uint64_t pages_of(uint64_t len)
{
	return len / PAGE_LEN + (len % PAGE_LEN != 0);
}

/* Pages of the largest free range; 0 if the firmware has no map. */
static uint64_t largest_free(void)
{
	UINTN size = 0, key, each = 0;
	UINT32 version;
	VOID *map = NULL;
	uint64_t largest = 0;

	(void)uefi.boot->GetMemoryMap(&size, NULL, &key, &each, &version);
	size += MAP_SLACK * each;
	if (uefi.boot->AllocatePool(EfiLoaderData, size, &map) != EFI_SUCCESS)
		return 0;
	if (uefi.boot->GetMemoryMap(&size, map, &key, &each, &version) == EFI_SUCCESS)
		for (UINTN at = 0; at + each <= size; at += each) {
			const EFI_MEMORY_DESCRIPTOR *d = (const void *)((const uint8_t *)map + at);

			if (d->Type == EfiConventionalMemory && d->NumberOfPages > largest)
				largest = d->NumberOfPages;
		}
	(void)uefi.boot->FreePool(map);
	return largest;
}

/* A file of unknown length gets half of the largest free range: what starts it needs memory too. */
static int allocate(struct granted *g, uint64_t file_len, struct failure *f)
{
	uint64_t free_pages = largest_free();
	EFI_PHYSICAL_ADDRESS at = 0;

	g->pages = file_len == CARGO_LEN_UNKNOWN ? free_pages / 2 : pages_of(file_len);
	if (g->pages == 0)
		g->pages = 1;
	if (g->pages > free_pages ||
	    uefi.boot->AllocatePages(AllocateAnyPages, EfiLoaderData, g->pages, &at) != EFI_SUCCESS)
		return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
			    "the file needs %llu bytes of memory, but the firmware's largest free "
			    "range has %llu", (unsigned long long)g->pages * PAGE_LEN,
			    (unsigned long long)free_pages * PAGE_LEN);
	g->at = (uint8_t *)(uintptr_t)at;
	return 0;
}

/* The pages from `keep` on go back to the firmware. */
static void free_from(struct granted *g, uint64_t keep)
{
	if (g->pages > keep)
		(void)uefi.boot->FreePages((uintptr_t)g->at + keep * PAGE_LEN, g->pages - keep);
	g->pages = keep;
}

/*
 * [LNX-11] A Linux kernel is started as the EFI program that it is. Whether it is whole is
 * checked as in any port.
 */
static int check_kernel(struct span head, uint64_t file_len, struct failure *f)
{
	int err = pe_check(head, f);

	cargo.is_linux = bzimage_is(head);
	return err || !cargo.is_linux ? err : bzimage_parse(&cargo.bz, head, file_len, f);
}

int port_cargo_grant(enum cargo kind, struct span head, uint64_t file_len, struct extent *e,
	struct failure *f)
{
	struct granted *g = &cargo.file[cargo.count];
	int err = 0;

	if (cargo.count == FILES_MAX)
		return fail(f, RUNG_IMAGE, ERR_NO_SPACE, "more than %d files", FILES_MAX);
	if (kind == CARGO_KERNEL)
		err = check_kernel(head, file_len, f);
	if (!err)
		err = allocate(g, file_len, f);
	if (err)
		return err;
	g->kind = kind;
	g->len = 0;
	cargo.count++;
	e->at = g->at;
	e->len = file_len == CARGO_LEN_UNKNOWN ? g->pages * PAGE_LEN : file_len;
	return 0;
}

int port_cargo_done(enum cargo kind, uint64_t file_len, struct failure *f)
{
	struct granted *g;
	struct span file;
	int err;

	assert(cargo.count > 0);
	g = &cargo.file[cargo.count - 1];
	assert(g->kind == kind && file_len <= g->pages * PAGE_LEN);
	g->len = file_len;
	free_from(g, file_len ? pages_of(file_len) : 1);
	if (kind != CARGO_KERNEL)
		return 0;
	/* Once more, now that the length is known, in memory that was never posted to a device. */
	file = (struct span){ g->at, file_len < UINT32_MAX ? (uint32_t)file_len : UINT32_MAX };
	err = check_kernel(file, file_len, f);
	if (err)
		return err;
	cargo.kernel = g;
	if (cargo.is_linux)
		bzimage_release(&cargo.bz, file, cargo.release, sizeof(cargo.release));
	return 0;
}

void port_boot_text(struct text *t)
{
	if (cargo.is_linux)
		text_fmt(t, "linux %s", cargo.release);
	else
		text_fmt(t, "EFI application, %llu bytes", (unsigned long long)cargo.kernel->len);
	if (cargo_initrd_len())
		text_fmt(t, ", initrd %llu bytes", (unsigned long long)cargo_initrd_len());
}

struct cargo_file cargo_kernel(void)
{
	assert(cargo.kernel && cargo.kernel->pages);
	return (struct cargo_file){ cargo.kernel->at, cargo.kernel->len };
}

const struct bzimage *cargo_linux(void)
{
	return cargo.is_linux ? &cargo.bz : NULL;
}

/* [LNX-12] */
static uint64_t padded(uint64_t len)
{
	return (len + INITRD_ALIGN - 1) / INITRD_ALIGN * INITRD_ALIGN;
}

uint64_t cargo_initrd_len(void)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < cargo.count; i++)
		if (cargo.file[i].kind == CARGO_INITRD)
			len = padded(len) + cargo.file[i].len;
	return len;
}

void cargo_initrd_copy(uint8_t *to)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < cargo.count; i++) {
		const struct granted *g = &cargo.file[i];

		if (g->kind != CARGO_INITRD)
			continue;
		memset(to + len, 0, padded(len) - len);
		len = padded(len);
		memcpy(to + len, g->at, g->len);
		len += g->len;
	}
}

void cargo_free_kernel(void)
{
	free_from(cargo.kernel, 0);
}

void cargo_free_all(void)
{
	for (unsigned i = 0; i < cargo.count; i++)
		free_from(&cargo.file[i], 0);
	cargo.count = 0;
}
