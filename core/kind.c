/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kinds of files by their first bytes, which a server wrote. A name is a guess and says so. Called
 * where a kernel is wanted: by bzimage.c, netboot and the UEFI port.
 */
#include "core/bzimage.h"
#include "core/kind.h"
#include "core/mem.h"
#include "core/text.h"

enum remedy {
	URL,
	SCRIPT,
	INITRD,
	INSIDE,
	BZIMAGE,
	FOREIGN,
	ROM,
	UEFI,
	NBP,
	BIOS,
};

static const char *const remedies[] = {
	[URL] = "check the URL; does the server want a login?",
	[SCRIPT] = "let the URL name the kernel itself, or a boot entry",
	[INITRD] = "an initrd goes into the key initrd, and a kernel must be a bzImage",
	[INSIDE] = "offer the kernel and the initrd that are in it",
	[BZIMAGE] = "use the bzImage, not the vmlinux",
	[FOREIGN] = "use one for x86-64",
	[ROM] = "it belongs to a NIC (QEMU's romfile); offer a kernel",
	[NBP] = "DHCP may name one as boot file, or set the key nbp=1",
	[BIOS] = "UEFI cannot start it; offer an EFI program",
	[UEFI] = "a BIOS cannot start it, but skiff.efi can, under UEFI",
};

/*
 * The first that matches counts. ISO 9660 has its mark behind 32 KiB, when all is decided;
 * but such a file begins like a disk, so that it may be copied to one, or with zeros.
 */
static const struct kind {
	uint16_t off;
	uint8_t remedy;
	char magic[8];
	const char *name;
} kinds[] = {
	{ 0, URL, "<", "a web page" },
	{ 0, URL, "{", "JSON" },
	{ 0, SCRIPT, "#!ipxe", "an iPXE script" },
	{ 0, INITRD, "07070", "a cpio archive" },
	{ 0, INITRD, "\x1f\x8b", "a gzip file" },
	{ 0, INITRD,
	  "\xfd"
	  "7zXZ",
	  "an xz file" },
	{ 0, INITRD, "\x28\xb5\x2f\xfd", "a zstd file" },
	{ 0, INITRD, "\x02\x21\x4c\x18", "an lz4 file" },
	{ 0, BZIMAGE, "\177ELF", "an ELF file" },
	{ 4, FOREIGN, "zimg", "an EFI zboot kernel" },
	{ 56, FOREIGN, "ARM\x64", "an arm64 kernel" },
	{ 56, FOREIGN, "RSC\x05", "a RISC-V kernel" },
	{ 0, ROM, "\x55\xaa", "an option ROM" },
	{ 0, UEFI, "MZ", "an EFI program" },
	{ 0, NBP, "\xea", "a BIOS program (NBP)" },
	{ 0, INSIDE, "hsqs", "a squashfs" },
	{ 0x1fe, INSIDE, "\x55\xaa", "a disk or ISO image" },
};

#define DISK (kinds + ARRAY_LEN(kinds) - 1)
#define BLANK_LEN 512 /* zeros in front of a file system without a boot sector */

static bool has(struct span head, uint32_t off, const char *magic)
{
	size_t len = text_len(magic);

	return off <= head.len && len <= head.len - off && memcmp(head.at + off, magic, len) == 0;
}

static bool is_blank(struct span head)
{
	uint32_t i = 0;

	while (i < head.len && i < BLANK_LEN && head.at[i] == 0)
		i++;
	return i == BLANK_LEN;
}

/* Text may have white space in front. */
static struct span without_blanks(struct span head)
{
	head = text_without_bom(head);
	while (head.len > 0 && (head.at[0] == ' ' || (head.at[0] >= '\t' && head.at[0] <= '\r'))) {
		head.at++;
		head.len--;
	}
	return head;
}

static const struct kind *find(struct span head, bool uefi)
{
	struct span start = without_blanks(head);

	for (const struct kind *k = kinds; k <= DISK; k++)
		if (has(k->off ? head : start, k->off, k->magic) && !(uefi && k->remedy == UEFI))
			return k;
	return is_blank(head) ? DISK : NULL;
}

static int refuse(const struct kind *k, bool uefi, struct failure *f)
{
	if (!k)
		return 0;
	return fail(f, RUNG_IMAGE, ERR_FORMAT, "not a kernel: the file looks like %s; %s", k->name,
		    remedies[uefi && k->remedy == NBP ? BIOS : k->remedy]);
}

int kind_refuse(struct span head, bool uefi, struct failure *f)
{
	return bzimage_is(head) ? 0 : refuse(find(head, uefi), uefi, f);
}

/* A boot sector's mark says nothing of a boot program. */
int kind_refuse_nbp(struct span head, struct failure *f)
{
	const struct kind *k = find(head, false);

	return k && (k->remedy == NBP || k == DISK) ? 0 : refuse(k, false, f);
}
