/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a loader must know of a PE32+ program (Microsoft's "PE Format"). The build wrote the bytes;
 * every offset in them is checked all the same. Called by main.c and protect.c.
 */
#include "arch/uefi/unpack/plain.h"

#include "core/wire.h"

enum field {
	LFANEW = 0x3c, /* where the signature is, in the MZ header */
	/* From the signature on. */
	MACHINE = 4,
	SECTIONS = 6,
	OPTIONAL_LEN = 20,
	OPTIONAL = 24,
	MAGIC = 24,
	ENTRY = 40,
	IMAGE_BASE = 48,
	IMAGE_LEN = 80,
	RELOCS_OFF = 176,
	RELOCS_LEN = 180,
	HEADER_LEN = 184,
	/* Of an entry of the table of sections. */
	VIRTUAL_LEN = 8,
	VIRTUAL_OFF = 12,
	FILE_OFF = 20,
	FLAGS = 36,
	ENTRY_LEN = 40,
	/* Of a block of relocations. */
	BLOCK_PAGE = 0,
	BLOCK_LEN = 4,
	BLOCK_HEAD_LEN = 8,
};

#define MACHINE_X64 0x8664
#define MAGIC_PE32_PLUS 0x20b
#define FLAG_EXECUTE 0x20000000
#define FLAG_WRITE 0x80000000
#define RELOC_NONE 0 /* fills a block up */
#define RELOC_DIR64 10

static bool inside(const struct plain *p, uint32_t off, uint32_t len)
{
	return off <= p->len && len <= p->len - off;
}

bool plain_open(struct plain *p, uint8_t *at, uint32_t len)
{
	const uint8_t *pe;
	uint32_t pe_off;

	*p = (struct plain){ .at = at, .len = len };
	if (len == 0 || len % PLAIN_PAGE != 0)
		return false;
	pe_off = get_le32(at + LFANEW);
	if (!inside(p, pe_off, HEADER_LEN))
		return false;
	pe = at + pe_off;
	p->entry_off = get_le32(pe + ENTRY);
	p->relocs_off = get_le32(pe + RELOCS_OFF);
	p->relocs_len = get_le32(pe + RELOCS_LEN);
	p->table_off = pe_off + OPTIONAL + get_le16(pe + OPTIONAL_LEN);
	p->sections = get_le16(pe + SECTIONS);
	return get_le32(pe) == 0x4550 && get_le16(pe + MACHINE) == MACHINE_X64 &&
	       get_le16(pe + MAGIC) == MAGIC_PE32_PLUS && get_le64(pe + IMAGE_BASE) == 0 &&
	       get_le32(pe + IMAGE_LEN) == len && p->entry_off < len &&
	       inside(p, p->relocs_off, p->relocs_len) &&
	       inside(p, p->table_off, p->sections * ENTRY_LEN);
}

/* One block: the relocations of a page. len: of the block, inside the program. */
static bool relocate_block(const struct plain *p, const uint8_t *block, uint32_t len,
			   uint64_t address)
{
	uint32_t page = get_le32(block + BLOCK_PAGE), off;
	uint16_t reloc;

	for (uint32_t i = BLOCK_HEAD_LEN; i < len; i += 2) {
		reloc = get_le16(block + i);
		if (reloc >> 12 == RELOC_NONE)
			continue;
		if (reloc >> 12 != RELOC_DIR64 || !inside(p, page, PLAIN_PAGE))
			return false;
		off = page + (reloc & 0xfff);
		if (!inside(p, off, 8))
			return false;
		put_le64(p->at + off, get_le64(p->at + off) + address);
	}
	return true;
}

bool plain_relocate(const struct plain *p, uint64_t address)
{
	const uint8_t *block = p->at + p->relocs_off;
	uint32_t left = p->relocs_len, len;

	for (; left > 0; left -= len, block += len) {
		if (left < BLOCK_HEAD_LEN)
			return false;
		len = get_le32(block + BLOCK_LEN);
		if (len < BLOCK_HEAD_LEN || len % 2 != 0 || len > left ||
		    !relocate_block(p, block, len, address))
			return false;
	}
	return true;
}

bool plain_section(const struct plain *p, uint32_t i, struct plain_section *s)
{
	const uint8_t *entry = p->at + p->table_off + i * ENTRY_LEN;
	uint32_t len = get_le32(entry + VIRTUAL_LEN), flags = get_le32(entry + FLAGS);

	s->off = get_le32(entry + VIRTUAL_OFF);
	if (s->off % PLAIN_PAGE != 0 || get_le32(entry + FILE_OFF) != s->off ||
	    !inside(p, s->off, len))
		return false;
	/* Cannot go beyond the end: all three are multiples of a page. */
	s->len = (len + PLAIN_PAGE - 1) / PLAIN_PAGE * PLAIN_PAGE;
	s->writable = flags & FLAG_WRITE;
	s->executable = flags & FLAG_EXECUTE;
	return true;
}
