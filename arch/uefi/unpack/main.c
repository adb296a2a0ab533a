/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware starts of skiff.efi: unpacks the program, which is nearly all of the file, to
 * pages of its own, runs it there, and gives the pages back. To the firmware the two are one image;
 * the program uses the handle of it. Where signatures are required, one signature covers both.
 */
#include "arch/uefi/uefi.h"
#include "arch/uefi/unpack/lzma.h"
#include "arch/uefi/unpack/plain.h"
#include "arch/uefi/unpack/protect.h"

/* packed.S */
extern const struct packed {
	uint32_t plain_len, len; /* plain_len: a number of pages */
	uint8_t bytes[];
} packed;

typedef EFI_STATUS(EFIAPI *entry_fn)(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static CHAR16 no_memory[] =
	L"skiff: failed at start: the firmware has no memory for the program\r\n";
static CHAR16 damaged[] = L"skiff: failed at start: the file is damaged; copy it again\r\n";
static CHAR16 not_protected[] =
	L"skiff: failed at start: the firmware refuses to make the program's memory executable\r\n";

/* A machine may have no console (UEFI 2.10, 4.3). */
static EFI_STATUS refuse(EFI_SYSTEM_TABLE *system, EFI_STATUS status, CHAR16 *sentence)
{
	if (system->ConOut)
		(void)system->ConOut->OutputString(system->ConOut, sentence);
	return status;
}

static bool unpack(struct plain *p, uint8_t *at)
{
	static struct lzma lzma;
	struct span bytes = { packed.bytes, packed.len };

	return lzma_unpack(&lzma, at, packed.plain_len, bytes) &&
	       plain_open(p, at, packed.plain_len) && plain_relocate(p, (uintptr_t)at);
}

static EFI_STATUS run(uint8_t *at, EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	struct protection protection;
	struct plain plain;
	EFI_STATUS status;

	if (!unpack(&plain, at))
		return refuse(system, EFI_LOAD_ERROR, damaged);
	status = protect(&protection, system->BootServices, &plain);
	if (status == EFI_SUCCESS)
		status = ((entry_fn)(uintptr_t)(at + plain.entry_off))(image, system);
	else
		(void)refuse(system, status, not_protected);
	unprotect(&protection, &plain);
	return status;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	EFI_BOOT_SERVICES *boot = system->BootServices;
	UINTN pages = packed.plain_len / PLAIN_PAGE;
	EFI_PHYSICAL_ADDRESS at = 0;
	EFI_STATUS status;

	status = boot->AllocatePages(AllocateAnyPages, EfiLoaderCode, pages, &at);
	if (status != EFI_SUCCESS)
		return refuse(system, status, no_memory);
	status = run((uint8_t *)(uintptr_t)at, image, system);
	(void)boot->FreePages(at, pages);
	return status;
}
