/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kind of program a PE header announces (Microsoft's "PE Format"; UEFI 2.10, 2.1.1). The
 * network wrote the bytes. Called by cargo.c.
 */
#include "arch/uefi/pe.h"

#include "core/wire.h"

enum pe_field {
	LFANEW = 0x3c,                  /* where the signature is, in the MZ header */
	LFANEW_END = 0x40,
	/* From the signature on. */
	MACHINE = 4,
	MAGIC = 24,
	SUBSYSTEM = 92,
	HEADER_END = 94,
};

#define MACHINE_X64 0x8664
#define MAGIC_PE32_PLUS 0x20b
#define EFI_FIRST 10                    /* subsystems: application; boot service, runtime driver */
#define EFI_LAST 12

bool pe_is(struct span head)
{
	uint32_t at;

	if (head.len < LFANEW_END || head.at[0] != 'M' || head.at[1] != 'Z')
		return false;
	at = get_le32(head.at + LFANEW);
	/* Rarely, the signature is further behind than anyone has looked. */
	return at > head.len - 4 || get_le32(head.at + at) == 0x4550;
}

const char *pe_refusal(struct span head)
{
	uint32_t at = get_le32(head.at + LFANEW);
	uint16_t subsystem;

	if (head.len < HEADER_END || at > head.len - HEADER_END)
		return NULL;
	if (get_le16(head.at + at + MACHINE) != MACHINE_X64 ||
	    get_le16(head.at + at + MAGIC) != MAGIC_PE32_PLUS)
		return "a program for another processor than x86-64";
	subsystem = get_le16(head.at + at + SUBSYSTEM);
	if (subsystem < EFI_FIRST || subsystem > EFI_LAST)
		return "a program for Windows, not for EFI";
	return NULL;
}
