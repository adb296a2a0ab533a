/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kind of program a PE header announces (Microsoft's "PE Format"; UEFI 2.10, 2.1.1). The
 * network wrote the bytes. Called by cargo.c.
 */
#include "arch/uefi/pe.h"

#include "arch/cpu.h"
#include "core/bzimage.h"
#include "core/kind.h"
#include "core/mem.h"
#include "core/wire.h"

enum pe_field {
	LFANEW = 0x3c, /* where the signature is, in the MZ header */
	LFANEW_END = 0x40,
	/* From the signature on. */
	MACHINE = 4,
	SECTIONS = 6,
	OPTIONAL_LEN = 20, /* of what begins at MAGIC, with the section table behind it */
	MAGIC = 24,
	IMAGE_BASE = 48,
	CHECKSUM = 88,
	SUBSYSTEM = 92,
	HEADER_END = 94,
	SECURITY = 168, /* the data directory's entry for signatures */
	SECURITY_END = 176,
};

#define SECTION_LEN 40

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

/* Of all headers, from the first byte of head on; 0: they are not all there, or odd. */
static uint32_t headers_len(struct span head)
{
	uint32_t at, len;

	if (!pe_is(head) || head.len < SECURITY_END)
		return 0;
	at = get_le32(head.at + LFANEW);
	if (at > head.len - SECURITY_END)
		return 0;
	len = MAGIC + (uint32_t)get_le16(head.at + at + OPTIONAL_LEN) +
	      SECTION_LEN * (uint32_t)get_le16(head.at + at + SECTIONS);
	return len >= SECURITY_END && len <= head.len - at ? at + len : 0;
}

/*
 * The headers tell one build from another: the sizes of all sections, the entry point and, of
 * skiff.efi, an image version that is made of what is packed in it (build.mk). What a loader and a
 * signer change is left out: a loader writes where the image lies; a signature lies behind the
 * sections, and is entered here, with another checksum.
 */
bool pe_is_build(struct span head, struct span loaded)
{
	static const struct {
		uint32_t off, len;
	} passed[] = { { IMAGE_BASE, 8 }, { CHECKSUM, 4 }, { SECURITY, SECURITY_END - SECURITY } };
	uint32_t len = headers_len(head), from = 0, at;

	if (!len || headers_len(loaded) != len)
		return false;
	at = get_le32(head.at + LFANEW);
	for (unsigned i = 0; i < ARRAY_LEN(passed); i++) {
		if (memcmp(head.at + from, loaded.at + from, at + passed[i].off - from) != 0)
			return false;
		from = at + passed[i].off + passed[i].len;
	}
	return memcmp(head.at + from, loaded.at + from, len - from) == 0;
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
