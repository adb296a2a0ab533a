/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoadOptions of any shape: words of KEY=VALUE, or a sentence.
 * fuzz: -max_len=9000
 */
#include "arch/uefi/options.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	unsigned calls;
	uint32_t len;
};

static int each(void *ctx, const char *source, const char *key, const char *value, uint32_t len)
{
	struct seen *seen = ctx;
	size_t i, key_len = strnlen(key, OPTIONS_WORD_MAX + 1);

	must(!strcmp(source, "LoadOptions"), "a source of another name");
	must(key_len <= OPTIONS_WORD_MAX && key + key_len + 1 == value, "a key without its end");
	must(!strchr(key, '='), "a key with an equals sign");
	must(strnlen(value, OPTIONS_WORD_MAX + 1) == len && key_len + 1 + len <= OPTIONS_WORD_MAX,
	     "a value without its end, or with a NUL inside");
	for (i = 0; i < key_len; i++)
		must(key[i] >= ' ' && key[i] <= '~', "a control byte in a key");
	for (i = 0; i < len; i++)
		must(value[i] >= ' ' && value[i] <= '~', "a control byte in a value");
	seen->calls++;
	seen->len += (uint32_t)key_len + 1 + len;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct options_word word;
	struct input in = { data, len };
	bool widen = take(&in, 1) & 1;
	struct span bytes = take_rest(&in);
	uint32_t i, wide_len = widen ? 2 * bytes.len : bytes.len;
	uint8_t *wide = malloc(wide_len ? wide_len : 1);
	struct failure f = { .err = 0 };
	struct seen seen = { 0, 0 };
	int err;

	for (i = 0; i < wide_len; i++)
		wide[i] = !widen ? bytes.at[i] : i % 2 ? 0 : bytes.at[i / 2];
	err = options_each((struct span){ wide, wide_len }, &word, each, &seen, &f);
	must_agree(err, &f);
	must(seen.len <= wide_len / 2, "more came out than was in it");
	free(wide);
	return 0;
}
