/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes firmware that protects memory of firmware that does not: installs an
 * EFI_MEMORY_ATTRIBUTE_PROTOCOL that works on the page tables (nx_pages.c), and starts \SKIFF.EFI
 * of its own volume, to which it gives EfiLoaderCode pages that cannot be executed. Its last line
 * sums up what the program has done with pages:
 *
 *     nx: allocated 76 freed 76 executable 16 breaches 0 status 0
 *
 * "executable" are those that were made so. A breach, printed when it is
 * committed: a page that is writable and executable, or that is freed otherwise than it was given.
 *
 * In \REFUSE.TXT: "pages", and there is no memory for it; or "attributes", and nothing may become
 * executable.
 */
#include "tests/uefi/nx.h"

#define PAGE 4096
#define MEMORY_ATTRIBUTE_GUID \
	{ \
		0xf4560cf6, 0x40ec, 0x4b4a, \
		{ \
			0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 \
		} \
	}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static EFI_ALLOCATE_PAGES allocate_pages;
static EFI_FREE_PAGES free_pages;
static struct {
	UINT64 allocated, freed, executable, breaches;
} accounts;
static char refuse; /* the first letter of \REFUSE.TXT, or 0 */

/* Where the program's own code was loaded, and what it has allocated to run more in. */
static struct range {
	UINT64 base, len;
} program, unpacked;

static BOOLEAN in(const struct range *r, UINT64 address)
{
	return address - r->base < r->len;
}

static void breach(const char *what, UINT64 address)
{
	accounts.breaches++;
	lab_print("nx: breach: %s at %x", what, address);
}

/* --- pages ------------------------------------------------------------------------------------ */

#define CALLER ((UINT64)__builtin_return_address(0))

static EFI_STATUS EFIAPI allocate(EFI_ALLOCATE_TYPE type, EFI_MEMORY_TYPE memory, UINTN pages,
				  EFI_PHYSICAL_ADDRESS *at)
{
	EFI_STATUS status;

	if (!in(&program, CALLER) && !in(&unpacked, CALLER))
		return allocate_pages(type, memory, pages, at);
	if (refuse == 'p')
		return EFI_OUT_OF_RESOURCES;
	status = allocate_pages(type, memory, pages, at);
	if (status)
		return status;
	accounts.allocated += pages;
	if (memory == EfiLoaderCode) {
		unpacked = (struct range){ *at, pages * PAGE };
		nx_change(*at, pages * PAGE, NX_XP, 0);
	}
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI release(EFI_PHYSICAL_ADDRESS at, UINTN pages)
{
	if (in(&program, CALLER) || in(&unpacked, CALLER))
		accounts.freed += pages;
	if (in(&unpacked, at)) {
		for (UINTN i = 0; i < pages; i++)
			if (nx_attributes(at + i * PAGE) != NX_XP)
				breach("freed with other attributes", at + i * PAGE);
		nx_change(at, pages * PAGE, 0, NX_XP | NX_RO);
	}
	return free_pages(at, pages);
}

/* --- the protocol ----------------------------------------------------------------------------- */

static EFI_STATUS EFIAPI get(void *self, EFI_PHYSICAL_ADDRESS base, UINT64 len, UINT64 *attributes)
{
	(void)self;
	*attributes = nx_attributes(base);
	for (UINT64 off = PAGE; off < len; off += PAGE)
		if (nx_attributes(base + off) != *attributes)
			return EFI_NO_MAPPING;
	return EFI_SUCCESS;
}

static EFI_STATUS change(EFI_PHYSICAL_ADDRESS base, UINT64 len, UINT64 set, UINT64 clear)
{
	if ((base | len) % PAGE || !len || (set | clear) & ~(UINT64)(NX_RP | NX_XP | NX_RO))
		return EFI_INVALID_PARAMETER;
	nx_change(base, len, set, clear);
	for (UINT64 off = 0; off < len; off += PAGE)
		if (!(nx_attributes(base + off) & (NX_XP | NX_RO)))
			breach("writable and executable", base + off);
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set(void *self, EFI_PHYSICAL_ADDRESS base, UINT64 len, UINT64 attributes)
{
	(void)self;
	return attributes ? change(base, len, attributes, 0) : EFI_INVALID_PARAMETER;
}

static EFI_STATUS EFIAPI clear(void *self, EFI_PHYSICAL_ADDRESS base, UINT64 len, UINT64 attributes)
{
	(void)self;
	if (!attributes)
		return EFI_INVALID_PARAMETER;
	if (attributes & NX_XP) {
		if (refuse == 'a')
			return EFI_ACCESS_DENIED;
		accounts.executable += len / PAGE;
	}
	return change(base, len, 0, attributes);
}

static struct {
	EFI_STATUS(EFIAPI *get)(void *, EFI_PHYSICAL_ADDRESS, UINT64, UINT64 *);
	EFI_STATUS(EFIAPI *set)(void *, EFI_PHYSICAL_ADDRESS, UINT64, UINT64);
	EFI_STATUS(EFIAPI *clear)(void *, EFI_PHYSICAL_ADDRESS, UINT64, UINT64);
} protocol = { get, set, clear };

/* --- the program ------------------------------------------------------------------------------ */

static void hook(EFI_BOOT_SERVICES *boot, EFI_ALLOCATE_PAGES allocate_by, EFI_FREE_PAGES free_by)
{
	boot->AllocatePages = allocate_by;
	boot->FreePages = free_by;
	boot->Hdr.CRC32 = 0;
	boot->CalculateCrc32(boot, boot->Hdr.HeaderSize, &boot->Hdr.CRC32);
}

static EFI_STATUS start(EFI_HANDLE self, EFI_BOOT_SERVICES *boot, void *file, UINTN len)
{
	EFI_GUID image_guid = LOADED_IMAGE_PROTOCOL, path_guid = DEVICE_PATH_PROTOCOL;
	EFI_LOADED_IMAGE *loaded;
	EFI_DEVICE_PATH *volume;
	EFI_STATUS status;
	EFI_HANDLE image;

	boot->HandleProtocol(self, &image_guid, (void **)&loaded);
	boot->HandleProtocol(loaded->DeviceHandle, &path_guid, (void **)&volume);
	status = boot->LoadImage(FALSE, self, volume, file, len, &image);
	if (status)
		return status;
	boot->HandleProtocol(image, &image_guid, (void **)&loaded);
	program = (struct range){ (UINT64)loaded->ImageBase, loaded->ImageSize };
	allocate_pages = boot->AllocatePages;
	free_pages = boot->FreePages;
	hook(boot, allocate, release);
	status = boot->StartImage(image, NULL, NULL);
	hook(boot, allocate_pages, free_pages);
	return status;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	EFI_GUID guid = MEMORY_ATTRIBUTE_GUID;
	EFI_HANDLE handle = NULL;
	EFI_STATUS status;
	const char *word;
	void *file;
	UINTN len;

	lab_system = system;
	word = lab_read_file(image, L"REFUSE.TXT", &len);
	refuse = word ? *word : 0;
	file = lab_read_file(image, L"SKIFF.EFI", &len);
	if (!file) {
		lab_print("nx: there is no \\SKIFF.EFI on this volume");
		return EFI_NOT_FOUND;
	}
	nx_begin();
	status = system->BootServices->InstallProtocolInterface(&handle, &guid,
								EFI_NATIVE_INTERFACE, &protocol);
	if (status) {
		lab_print("nx: the protocol cannot be installed: %x", status);
		return status;
	}
	status = start(image, system->BootServices, file, len);
	system->BootServices->UninstallProtocolInterface(handle, &guid, &protocol);
	lab_print("nx: allocated %d freed %d executable %d breaches %d status %x",
		  accounts.allocated, accounts.freed, accounts.executable, accounts.breaches,
		  status);
	return status;
}
