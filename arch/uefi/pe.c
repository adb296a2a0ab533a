/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kind of program a PE header announces (Microsoft's "PE Format"; UEFI 2.10, 2.1.1). The
 * network wrote the bytes. Called by cargo.c.
 */
#include "arch/uefi/pe.h"

#include "arch/cpu.h"
#include "core/bzimage.h"
#include "core/kind.h"
#include "core/wire.h"

enum pe_field {
	LFANEW = 0x3c, /* where the signature is, in the MZ header */
	LFANEW_END = 0x40,
	/* From the signature on. */
	MACHINE = 4,
	MAGIC = 24,
	SUBSYSTEM = 92,
	HEADER_END = 94,
};

#define MAGIC_PE32_PLUS 0x20b
#define EFI_FIRST 10 /* subsystems: application; boot service, runtime driver */
#define EFI_LAST 12

static bool pe_is(struct span head)
{
	uint32_t at;

	if (head.len < LFANEW_END || head.at[0] != 'M' || head.at[1] != 'Z')
		return false;
	at = get_le32(head.at + LFANEW);
	/* Rarely, the signature is further behind than anyone has looked. */
	return at > head.len - 4 || get_le32(head.at + at) == 0x4550;
}

/* What it is instead, as a noun; NULL: as far as head shows, an EFI program for this machine. */
static const char *what_else(struct span head)
{
	uint16_t subsystem;
	uint32_t at;

	if (!pe_is(head))
		return "neither a Linux kernel nor an EFI program";
	at = get_le32(head.at + LFANEW);
	if (head.len < HEADER_END || at > head.len - HEADER_END)
		return NULL;
	if (get_le16(head.at + at + MACHINE) != cpu_uefi.pe_machine ||
	    get_le16(head.at + at + MAGIC) != MAGIC_PE32_PLUS)
		return "a program for another processor";
	subsystem = get_le16(head.at + at + SUBSYSTEM);
	if (subsystem < EFI_FIRST || subsystem > EFI_LAST)
		return "a program for Windows, not for EFI";
	return NULL;
}

int pe_check(struct span head, struct failure *f)
{
	const char *what = what_else(head);
	int err;

	if (!what)
		return 0;
	if (bzimage_is(head) && !pe_is(head))
		what = "a Linux kernel without EFI stub (CONFIG_EFI_STUB): UEFI cannot start it, "
		       "a BIOS can";
	err = kind_refuse(head, true, f);
	return err ? err : fail(f, RUNG_IMAGE, ERR_FORMAT, "the file is %s", what);
}
