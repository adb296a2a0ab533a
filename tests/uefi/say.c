/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot option that tells that it was reached: prints the LoadOptions that it got, and how many
 * NICs the firmware's own drivers hold. Tests give it to the firmware as the next thing to boot,
 * and to skiff as what `url` names. By the first word of its options it then powers the machine off
 * ("off"), returns an error ("fail"), or returns success.
 */
#include "tests/uefi/lab.h"

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static UINTN nics(void)
{
	EFI_GUID network = EFI_SIMPLE_NETWORK_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	UINTN count;

	if (lab_system->BootServices->LocateHandleBuffer(ByProtocol, &network, NULL, &count,
							 &handles))
		return 0;
	return count;
}

/* The LoadOptions with a NUL behind them, which nobody owes us. */
static const CHAR16 *words(EFI_HANDLE image)
{
	static CHAR16 text[1024];
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	EFI_LOADED_IMAGE *loaded;
	UINTN count;

	if (lab_system->BootServices->HandleProtocol(image, &guid, (void **)&loaded))
		return text;
	count = loaded->LoadOptionsSize / sizeof(*text);
	for (UINTN i = 0; i < count && i < sizeof(text) / sizeof(*text) - 1; i++)
		text[i] = ((const CHAR16 *)loaded->LoadOptions)[i];
	return text;
}

static BOOLEAN starts(const CHAR16 *text, const char *word)
{
	while (*word && *text == (CHAR16)*word) {
		text++;
		word++;
	}
	return !*word;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	const CHAR16 *options;

	lab_system = system;
	options = words(image);
	lab_print("say: here, %d NICs of the firmware's, options: %w", nics(), options);
	if (starts(options, "off"))
		lab_power_off();
	return starts(options, "fail") ? EFI_ABORTED : EFI_SUCCESS;
}
