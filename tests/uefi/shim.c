/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts \SKIFF.EFI of its own volume on a PciIo that keeps accounts (shim_pci.c), with the text of
 * \OPTIONS.TXT as LoadOptions. Its last line sums up:
 *
 *     shim: allocated 3 freed 3 mapped 3 unmapped 3 breaches 0 status 0
 *
 * when the program returns, or the same with "at ExitBootServices, status 0" when what it booted
 * takes the machine over.
 *
 * With a number in \EXIT.TXT the shim itself takes the machine over, in the middle of what the
 * program does: at its so many-th register write it calls ExitBootServices, looks at every page
 * that the device had, says "shim: watching … pages", and waits for a byte on the serial port while
 * the test sees to it that frames arrive. A device that has been stopped leaves the pages as they
 * are.
 */
#include "tests/uefi/shim.h"

#define PAGE 4096
#define PAGES_MAX 8192 /* whose sums fit */
#define WATCHDOG_S 3   /* who takes longer must disarm it */
#define MAP_LEN 65536  /* of a memory map, with room to spare */

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static EFI_HANDLE self;
static EFI_EXIT_BOOT_SERVICES exit_boot_services;
static UINT64 exit_after; /* register writes; 0: never */

static void accounts(const char *when, UINT64 status)
{
	lab_print("shim: allocated %d freed %d mapped %d unmapped %d breaches %d %s%x",
		  shim.allocated, shim.freed, shim.mapped, shim.unmapped, shim.breaches, when,
		  status);
}

static EFI_STATUS EFIAPI exit_by_program(EFI_HANDLE image, UINTN key)
{
	EFI_STATUS status = exit_boot_services(image, key);

	if (!status)
		accounts("at ExitBootServices, status ", status);
	return status;
}

/* One number for a page: FNV-1a, eight bytes at a time. */
static UINT64 sum_page(const volatile UINT64 *page)
{
	UINT64 sum = 0xcbf29ce484222325;

	for (unsigned i = 0; i < PAGE / sizeof(*page); i++)
		sum = (sum ^ page[i]) * 0x100000001b3;
	return sum;
}

/* Sums up every page that the device had; returns how many there are. */
static UINTN sum_pages(UINT64 sums[PAGES_MAX])
{
	UINTN count = 0;

	for (struct shim_buffer *b = shim.buffers; b < shim.buffers + SHIM_BUFFERS; b++)
		for (UINTN i = 0; i < b->pages && count < PAGES_MAX; i++)
			sums[count++] = sum_page((UINT64 *)(void *)(b->phys + i * PAGE));
	return count;
}

/*
 * Nothing is written there: rings that still look like rings keep a device going that was not
 * stopped.
 */
static void watch(void)
{
	static UINT64 before[PAGES_MAX], after[PAGES_MAX];
	UINTN count = sum_pages(before), changed = 0;

	lab_print("shim: watching %d pages", count);
	lab_wait_key();
	sum_pages(after);
	for (UINTN i = 0; i < count; i++)
		changed += before[i] != after[i];
	lab_print("shim: %d of %d pages have changed", changed, count);
	lab_power_off();
}

void shim_register_written(void)
{
	static UINT8 memory_map[MAP_LEN] __attribute__((aligned(16)));
	UINTN len = sizeof(memory_map), key, each;
	EFI_STATUS status;
	UINT32 version;

	if (shim.writes != exit_after)
		return;
	status = lab_system->BootServices->GetMemoryMap(
		&len, (EFI_MEMORY_DESCRIPTOR *)(void *)memory_map, &key, &each, &version);
	if (!status)
		status = exit_boot_services(self, key);
	if (status) {
		lab_print("shim: ExitBootServices: %x", status);
		lab_power_off();
	}
	watch();
}

/* Replaces ExitBootServices; returns what was there. */
static EFI_EXIT_BOOT_SERVICES set_exit(EFI_BOOT_SERVICES *boot, EFI_EXIT_BOOT_SERVICES function)
{
	EFI_EXIT_BOOT_SERVICES before = boot->ExitBootServices;

	boot->ExitBootServices = function;
	boot->Hdr.CRC32 = 0;
	boot->CalculateCrc32(boot, boot->Hdr.HeaderSize, &boot->Hdr.CRC32);
	return before;
}

/* A text file as CHAR16; without one, "". */
static CHAR16 *read_text(const CHAR16 *name, CHAR16 *text, UINTN max)
{
	UINTN len = 0;
	const char *bytes = lab_read_file(self, name, &len);

	for (UINTN i = 0; i < len && i < max - 1; i++)
		text[i] = (CHAR16)bytes[i];
	return text;
}

static EFI_STATUS start(EFI_BOOT_SERVICES *boot, void *file, UINTN len)
{
	static CHAR16 options[1024];
	EFI_GUID image_guid = LOADED_IMAGE_PROTOCOL, path_guid = DEVICE_PATH_PROTOCOL;
	EFI_LOADED_IMAGE *loaded;
	EFI_DEVICE_PATH *volume;
	EFI_STATUS status;
	EFI_HANDLE image;

	boot->HandleProtocol(self, &image_guid, (void **)&loaded);
	boot->HandleProtocol(loaded->DeviceHandle, &path_guid, (void **)&volume);
	lab_print("shim: between it and %d NICs", shim_pci_insert());
	status = boot->LoadImage(FALSE, self, volume, file, len, &image);
	if (status)
		return status;
	boot->HandleProtocol(image, &image_guid, (void **)&loaded);
	loaded->LoadOptions = read_text(L"OPTIONS.TXT", options,
					sizeof(options) / sizeof(*options));
	while (options[loaded->LoadOptionsSize / 2])
		loaded->LoadOptionsSize += 2;
	loaded->LoadOptionsSize += 2;
	boot->SetWatchdogTimer(WATCHDOG_S, 0, 0, NULL);
	status = boot->StartImage(image, NULL, NULL);
	boot->SetWatchdogTimer(0, 0, 0, NULL);
	return status;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	static CHAR16 number[16];
	EFI_STATUS status;
	UINTN len;

	lab_system = system;
	self = image;
	read_text(L"EXIT.TXT", number, sizeof(number) / sizeof(*number));
	for (const CHAR16 *digit = number; *digit; digit++)
		exit_after = exit_after * 10 + *digit - '0';
	void *file = lab_read_file(image, L"SKIFF.EFI", &len);
	if (!file) {
		lab_print("shim: there is no \\SKIFF.EFI on this volume");
		return EFI_NOT_FOUND;
	}
	exit_boot_services = set_exit(system->BootServices, exit_by_program);
	status = start(system->BootServices, file, len);
	set_exit(system->BootServices, exit_boot_services);
	shim_pci_remove();
	accounts("status ", status);
	return status;
}
