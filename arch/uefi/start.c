/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts what was downloaded: a Linux kernel, or any other EFI program, from memory. The firmware
 * judges the image, Secure Boot's signatures included. Called through the seam.
 */
#include "arch/boot.h"
#include "arch/uefi/cargo.h"
#include "arch/uefi/console.h"
#include "arch/uefi/controller.h"
#include "arch/uefi/initrd.h"
#include "arch/uefi/path.h"
#include "arch/uefi/ucs2.h"
#include "arch/uefi/uefi.h"
#include "core/text.h"

/*
 * What an image finds that a boot manager starts (UEFI 2.10, 3.1.2 and 7.5): if it neither comes
 * back nor leaves boot services within five minutes, nor says that it wants longer, the machine
 * is reset.
 */
#define WATCHDOG_S 300

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;

/* [LNX-04] */
static int check_cmdline(size_t len, struct failure *f)
{
	const struct bzimage *bz = cargo_linux();

	if (!bz || len <= bz->cmdline_max)
		return 0;
	return fail(f, RUNG_HAND_OVER, ERR_NO_SPACE,
		    "the command line has %zu characters, but this kernel takes only %u", len,
		    (unsigned)bz->cmdline_max);
}

/*
 * [UEFI-09] The command line as LoadOptions, in 16 bits a character with a NUL behind; *options
 * stays NULL if it is empty.
 */
static int make_options(const char *cmdline, VOID **options, UINT32 *options_len, struct failure *f)
{
	size_t len = text_len(cmdline);
	int64_t chars;
	int err = check_cmdline(len, f);

	*options = NULL;
	*options_len = 0;
	if (err || !len)
		return err;
	if (uefi.boot->AllocatePool(EfiLoaderData, (len + 1) * sizeof(CHAR16), options) !=
	    EFI_SUCCESS)
		return fail(f, RUNG_HAND_OVER, ERR_NO_SPACE, "no memory for the command line");
	chars = ucs2_from_utf8(*options, cmdline);
	if (chars < 0)
		return fail(f, RUNG_HAND_OVER, ERR_CONFIG,
			    "the command line is not UTF-8, or has a character that UEFI cannot "
			    "pass on");
	*options_len = (UINT32)(((size_t)chars + 1) * sizeof(CHAR16));
	return 0;
}

/* An image that was loaded although it must not be started is unloaded: UEFI 2.10, 7.4.1. */
static int load(EFI_HANDLE *image, struct failure *f)
{
	static uint8_t path[PATH_FILE_MAX];
	static const uint8_t nowhere[] = { 0x7f, 0xff, 4, 0 };
	const uint8_t *parent = controller_path(uefi_controller()->handle);
	struct cargo_file kernel = cargo_kernel();
	char name[UEFI_STATUS_TEXT_LEN];
	EFI_STATUS status;

	path_of_file(path, parent ? parent : nowhere, (uintptr_t)kernel.at, kernel.len);
	status = uefi.boot->LoadImage(FALSE, uefi.image, (EFI_DEVICE_PATH *)(void *)path, kernel.at,
				      kernel.len, image);
	cargo_free_kernel();
	if (status == EFI_SUCCESS)
		return 0;
	uefi.result = status;
	if (status == EFI_SECURITY_VIOLATION)
		(void)uefi.boot->UnloadImage(*image);
	if (status == EFI_SECURITY_VIOLATION || status == EFI_ACCESS_DENIED)
		return fail(f, RUNG_HAND_OVER, ERR_UNSUPPORTED,
			    "Secure Boot refuses the image (%s): it is not signed with a key that "
			    "this machine trusts; nothing was started",
			    uefi_status_text(name, status));
	return fail(f, RUNG_HAND_OVER, ERR_FORMAT,
		    "the firmware cannot load the image (LoadImage: %s)",
		    uefi_status_text(name, status));
}

/* Comes back when the image does; it is gone then. */
static EFI_STATUS run(EFI_HANDLE image, VOID *options, UINT32 options_len)
{
	EFI_LOADED_IMAGE *loaded = uefi_protocol(image, &loaded_image_guid);
	EFI_STATUS status;

	loaded->LoadOptions = options;
	loaded->LoadOptionsSize = options_len;
	(void)uefi.boot->SetWatchdogTimer(WATCHDOG_S, 0, 0, NULL);
	uefi.started = true;
	status = uefi.boot->StartImage(image, NULL, NULL);
	uefi.started = false;
	(void)uefi.boot->SetWatchdogTimer(0, 0, 0, NULL);
	return status;
}

/* Linux has a driver of its own; whatever else it is, it wants the firmware's. */
static int start(VOID *options, UINT32 options_len, struct failure *f)
{
	char name[UEFI_STATUS_TEXT_LEN];
	EFI_HANDLE image = NULL;
	EFI_STATUS status;
	int err = load(&image, f);

	if (err)
		return err;
	if (!cargo_linux())
		controller_give_back(uefi_controller());
	status = run(image, options, options_len);
	if (status == EFI_SUCCESS)
		return 0;
	uefi.result = status;
	return fail(f, RUNG_HAND_OVER, ERR_ABORTED, "the image that was started came back with %s",
		    uefi_status_text(name, status));
}

int boot_start(const char *cmdline, struct failure *f)
{
	VOID *options;
	UINT32 options_len;
	int err = make_options(cmdline, &options, &options_len, f);

	console_flush();
	if (!err && initrd_offer() != EFI_SUCCESS)
		err = fail(f, RUNG_HAND_OVER, ERR_UNSUPPORTED,
			   "the firmware has an initrd for Linux already, of whoever started "
			   "skiff; leave one of the two out");
	if (!err)
		err = start(options, options_len, f);
	initrd_withdraw();
	if (options)
		(void)uefi.boot->FreePool(options);
	return err;
}
