/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Heads of files as EFI programs and as what they are instead, and whole programs as the unpacker
 * relocates them: nothing is written outside, and each section lies inside. fuzz: -max_len=8300
 */
#include "arch/uefi/pe.h"
#include "arch/uefi/unpack/plain.h"
#include "core/kind.h"
#include "core/wire.h"
#include "tests/fuzz/fuzz.h"

#define PAGES_MAX 3

/*
 * Makes the header right as far as it has only one right value: what is left to the input are
 * sections and relocations.
 */
static void complete(uint8_t *at, uint32_t len)
{
	if (len < PLAIN_PAGE)
		return;
	memcpy(at, "MZ", 2);
	put_le32(at + 0x3c, 0x40);
	memcpy(at + 0x40, "PE\0\0\x64\x86", 6);
	put_le16(at + 0x40 + 24, 0x20b);
	put_le64(at + 0x40 + 48, 0);
	put_le32(at + 0x40 + 80, len);
}

static void relocate(struct span bytes, uint32_t pages, bool completed, uint64_t address)
{
	uint32_t len = pages * PLAIN_PAGE;
	uint8_t *at = malloc(len ? len : 1);
	struct plain_section s;
	struct plain p;

	memset(at, 0, len);
	memcpy(at, bytes.at, bytes.len < len ? bytes.len : len);
	if (completed)
		complete(at, len);
	if (plain_open(&p, at, len)) {
		must(p.at == at && p.len == len && p.entry_off < len,
		     "an entry outside the program");
		for (uint32_t i = 0; i < p.sections; i++)
			if (plain_section(&p, i, &s))
				must(s.off % PLAIN_PAGE == 0 && s.len % PLAIN_PAGE == 0 &&
					     s.off <= len && s.len <= len - s.off,
				     "a section outside the program");
		if (plain_relocate(&p, address))
			must(p.relocs_len % 2 == 0, "half a relocation");
	}
	free(at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	uint32_t choices = take(&in, 1);
	struct span bytes = take_rest(&in), cut = { bytes.at, bytes.len - bytes.len / 4 };
	struct failure f = { .err = 0 }, g = { .err = 0 };

	must_agree(pe_check(bytes, &f), &f);
	must(pe_is_build(bytes, cut) == pe_is_build(cut, bytes), "a build is known one way only");
	must_agree(kind_refuse(bytes, choices & 1, &g), &g);
	relocate(bytes, choices % (PAGES_MAX + 1), choices & 0x40,
		 choices & 0x80 ? 0xfffffffffffff000 : 0x7e000000);
	return 0;
}
