/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's words for what went wrong (UEFI 2.10, appendix D), for sentences. Called by the
 * other files of this port.
 */
#include "arch/uefi/uefi.h"
#include "core/text.h"

char *uefi_status_text(char buf[UEFI_STATUS_TEXT_LEN], EFI_STATUS status)
{
	static const struct {
		EFI_STATUS status;
		const char *name;
	} names[] = {
		{ EFI_SUCCESS, "EFI_SUCCESS" },
		{ EFI_LOAD_ERROR, "EFI_LOAD_ERROR" },
		{ EFI_INVALID_PARAMETER, "EFI_INVALID_PARAMETER" },
		{ EFI_UNSUPPORTED, "EFI_UNSUPPORTED" },
		{ EFI_NOT_READY, "EFI_NOT_READY" },
		{ EFI_DEVICE_ERROR, "EFI_DEVICE_ERROR" },
		{ EFI_OUT_OF_RESOURCES, "EFI_OUT_OF_RESOURCES" },
		{ EFI_NOT_FOUND, "EFI_NOT_FOUND" },
		{ EFI_ACCESS_DENIED, "EFI_ACCESS_DENIED" },
		{ EFI_TIMEOUT, "EFI_TIMEOUT" },
		{ EFI_ALREADY_STARTED, "EFI_ALREADY_STARTED" },
		{ EFI_ABORTED, "EFI_ABORTED" },
		{ EFI_SECURITY_VIOLATION, "EFI_SECURITY_VIOLATION" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].status == status) {
			text_print(buf, UEFI_STATUS_TEXT_LEN, "%s", names[i].name);
			return buf;
		}
	text_print(buf, UEFI_STATUS_TEXT_LEN, "EFI status 0x%llx", (unsigned long long)status);
	return buf;
}
