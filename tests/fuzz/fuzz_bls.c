/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot entries: spans that lie in the file and options that a slow second reader finds as well.
 * fuzz: -max_len=6000
 */
#include "net/boot/bls.h"
#include "tests/fuzz/fuzz.h"

static void must_lie_inside(struct span part, struct span file)
{
	must(part.len > 0, "a reference to nothing");
	must(part.at >= file.at && part.at + part.len <= file.at + file.len,
	     "a reference outside the file");
	for (uint32_t i = 0; i < part.len; i++)
		must(part.at[i] >= ' ' || part.at[i] == '\t' || part.at[i] == '\r',
		     "a reference that is more than a line");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bls_entry entry;
	struct input in = { data, len };
	uint16_t arch = take(&in, 1) & 1 ? 7 : 0;
	struct span file = take_rest(&in);
	struct failure f = { .err = 0 };
	bool is = bls_is(file), may = bls_may_be(file);
	int err;

	memset(entry.options, 0xee, sizeof(entry.options));
	err = bls_parse(&entry, file, arch, &f);
	must_agree(err, &f);
	must(!is || may, "an entry that cannot be one");
	must(err || is, "a file that is read as an entry and is none");
	must(entry.initrds <= BLS_INITRDS_MAX, "more initrds than there is room for");
	if (err)
		return 0;
	must_lie_inside(entry.program_ref, file);
	for (uint32_t i = 0; i < entry.initrds; i++)
		must_lie_inside(entry.initrd_ref[i], file);
	must(strnlen(entry.options, sizeof(entry.options)) < sizeof(entry.options),
	     "options without their end");
	for (uint32_t i = 0; entry.options[i]; i++)
		must((uint8_t)entry.options[i] >= ' ' || entry.options[i] == '\t' ||
			     entry.options[i] == '\r',
		     "a line's end or a control byte in the options");
	return 0;
}
