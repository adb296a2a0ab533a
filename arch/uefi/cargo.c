/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for downloads, from the firmware's pages, anywhere: LoadImage() and LoadFile2 copy a
 * kernel and its initrds to where they will run. The bytes of a kernel's head come from the
 * network; pe.c and core/bzimage.c check them. Called through the seam, and by start.c.
 */
#include "arch/uefi/cargo.h"

#include "arch/boot.h"
#include "arch/uefi/granted.h"
#include "arch/uefi/pe.h"
#include "arch/uefi/uefi.h"
#include "core/assert.h"
#include "core/text.h"

#define RELEASE_LEN 80
#define MAP_SLACK 8 /* descriptors that a memory map may grow by meanwhile */

static struct {
	struct granted granted;
	struct granted_file *kernel;
	struct bzimage bz;
	bool is_linux;
	char release[RELEASE_LEN];
} cargo;

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
		largest = granted_largest((struct span){ map, (uint32_t)size }, each);
	(void)uefi.boot->FreePool(map);
	return largest;
}

/* Page 0 is memory like any other, but no place that a pointer can name: it goes back. */
static int allocate(struct granted_file *g, uint64_t file_len, struct failure *f)
{
	uint64_t free_pages = largest_free();
	EFI_PHYSICAL_ADDRESS at = 0;

	g->pages = granted_want(file_len, free_pages);
	if (g->pages > free_pages ||
	    uefi.boot->AllocatePages(AllocateAnyPages, EfiLoaderData, g->pages, &at) != EFI_SUCCESS)
		return granted_refuse(file_len, free_pages, f);
	g->at = (uint8_t *)(uintptr_t)at;
	if (g->at)
		return 0;
	(void)uefi.boot->FreePages(at, g->pages);
	return granted_refuse(file_len, free_pages, f);
}

/* The pages from `keep` on go back to the firmware. */
static void free_from(struct granted_file *g, uint64_t keep)
{
	if (g->pages > keep)
		(void)uefi.boot->FreePages((uintptr_t)g->at + granted_bytes(keep), g->pages - keep);
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

/* The image that the firmware has loaded: the program itself, or what unpacked it (unpack/). */
int boot_refuse_self(struct span head, struct failure *f)
{
	uint64_t len = uefi.loaded->ImageSize;
	struct span ours = { uefi.loaded->ImageBase,
			     len < IMAGE_HEAD_LEN ? (uint32_t)len : IMAGE_HEAD_LEN };

	if (!pe_is_build(head, ours))
		return 0;
	return fail(f, RUNG_IMAGE, ERR_CONFIG,
		    "the boot file is skiff.efi itself, which would load itself for ever; let DHCP "
		    "name what skiff is to load (it says the user class \"skiff\", option 77), or "
		    "set the key url");
}

int boot_cargo_grant(enum cargo kind, struct span head, uint64_t file_len, struct extent *e,
		     struct failure *f)
{
	struct granted_file *g = &cargo.granted.file[cargo.granted.count];
	int err = 0;

	if (cargo.granted.count == GRANTED_FILES_MAX)
		return fail(f, RUNG_IMAGE, ERR_NO_SPACE, "more than %d files", GRANTED_FILES_MAX);
	if (kind == CARGO_KERNEL)
		err = check_kernel(head, file_len, f);
	if (!err)
		err = allocate(g, file_len, f);
	if (err)
		return err;
	g->kind = kind;
	g->len = 0;
	cargo.granted.count++;
	e->at = g->at;
	e->len = file_len == IMAGE_LEN_UNKNOWN ? granted_bytes(g->pages) : file_len;
	return 0;
}

int boot_cargo_done(enum cargo kind, uint64_t file_len, struct failure *f)
{
	struct granted_file *g;
	struct span file;
	int err;

	assert(cargo.granted.count > 0);
	g = &cargo.granted.file[cargo.granted.count - 1];
	assert(g->kind == kind && file_len <= granted_bytes(g->pages));
	g->len = file_len;
	free_from(g, granted_pages(file_len));
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

void boot_text(struct text *t)
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

uint64_t cargo_initrd_len(void)
{
	return granted_initrd_len(&cargo.granted);
}

void cargo_initrd_copy(uint8_t *to)
{
	granted_initrd_copy(&cargo.granted, to);
}

void cargo_free_kernel(void)
{
	free_from(cargo.kernel, 0);
}

void cargo_free_all(void)
{
	for (unsigned i = 0; i < cargo.granted.count; i++)
		free_from(&cargo.granted.file[i], 0);
	cargo.granted.count = 0;
}
