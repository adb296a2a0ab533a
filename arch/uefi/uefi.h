/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this port share: the firmware's tables, and ways to use them. */
#ifndef ARCH_UEFI_UEFI_H
#define ARCH_UEFI_UEFI_H

#include <efi.h>

#include "core/err.h"
#include "core/types.h"

/* Written by efi_main() before anything else. */
struct uefi {
	EFI_HANDLE image;         /* ourselves */
	EFI_LOADED_IMAGE *loaded; /* how we were loaded */
	EFI_SYSTEM_TABLE *system;
	EFI_BOOT_SERVICES *boot;
	EFI_STATUS result; /* of an image that was refused, or that failed; else 0 */
	bool started;      /* an image that we have started is running */
};

extern struct uefi uefi;

struct controller;

/* The NIC that is ours, or was. */
struct controller *uefi_controller(void);

/* The interface of a protocol on a handle; NULL if there is none. It stays the firmware's. */
void *uefi_protocol(EFI_HANDLE handle, EFI_GUID *protocol);

/*
 * The status's name in the specification ("EFI_SECURITY_VIOLATION"), or its number, in buf.
 * Returns buf.
 */
#define UEFI_STATUS_TEXT_LEN 32
char *uefi_status_text(char buf[UEFI_STATUS_TEXT_LEN], EFI_STATUS status);

#endif
