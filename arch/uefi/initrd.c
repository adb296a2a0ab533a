/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The initrd by LoadFile2 (UEFI 2.10, 13.2) on a device path that is nothing but Linux's own GUID:
 * Linux, Documentation/arch/x86/boot.rst, "EFI Handover Protocol", names it as what to do instead.
 * A kernel's EFI stub, or another boot loader, calls in. Offered by start.c.
 */
#include "arch/uefi/initrd.h"

#include "arch/uefi/cargo.h"

/* Complete device path: 10.3.5.3, then the end. */
struct initrd_path {
	VENDOR_DEVICE_PATH vendor;
	EFI_DEVICE_PATH_PROTOCOL end;
} __attribute__((packed));

static EFI_STATUS EFIAPI load(EFI_LOAD_FILE_PROTOCOL *self, EFI_DEVICE_PATH *path,
			      BOOLEAN boot_policy, UINTN *len, VOID *buf);

static EFI_GUID load_file2_guid = {
	0x4006c0c1, 0xfcb3, 0x403e, { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d }
};
static EFI_GUID device_path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;

static EFI_LOAD_FILE_PROTOCOL load_file2 = { load };
static struct initrd_path initrd_path = {
	.vendor = {
		.Header = { MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, { sizeof(VENDOR_DEVICE_PATH), 0 } },
		.Guid = {                       /* LINUX_EFI_INITRD_MEDIA_GUID */
			0x5568e427, 0x68fc, 0x4f3d,
			{ 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 }
		},
	},
	.end = {
		END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE,
		{ sizeof(EFI_DEVICE_PATH_PROTOCOL), 0 }
	},
};
static EFI_HANDLE handle; /* NULL: not offered */

/* [UEFI-08] */
static EFI_STATUS EFIAPI load(EFI_LOAD_FILE_PROTOCOL *self, EFI_DEVICE_PATH *path,
			      BOOLEAN boot_policy, UINTN *len, VOID *buf)
{
	uint64_t room;

	if (self != &load_file2 || !path || !len)
		return EFI_INVALID_PARAMETER;
	if (boot_policy)
		return EFI_UNSUPPORTED;
	room = *len;
	*len = cargo_initrd_len();
	if (!buf || room < *len)
		return EFI_BUFFER_TOO_SMALL;
	cargo_initrd_copy(buf);
	return EFI_SUCCESS;
}

EFI_STATUS initrd_offer(void)
{
	if (!cargo_initrd_len())
		return EFI_SUCCESS;
	return uefi.boot->InstallMultipleProtocolInterfaces(
		&handle, &device_path_guid, &initrd_path, &load_file2_guid, &load_file2, NULL);
}

void initrd_withdraw(void)
{
	if (handle)
		(void)uefi.boot->UninstallMultipleProtocolInterfaces(handle, &device_path_guid,
								     &initrd_path, &load_file2_guid,
								     &load_file2, NULL);
	handle = NULL;
}
