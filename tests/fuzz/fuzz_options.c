/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoadOptions of any shape: words of KEY=VALUE, or a sentence.
 * fuzz: -max_len=3000
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
	size_t key_len = strnlen(key, OPTIONS_WORD_MAX + 1);

	must(!strcmp(source, "LoadOptions"), "a source of another name");
	must(key_len <= OPTIONS_WORD_MAX && key + key_len + 1 == value, "a key without its end");
	must(!strchr(key, '='), "a key with an equals sign");
	must(strnlen(value, OPTIONS_WORD_MAX + 1) == len && key_len + 1 + len <= OPTIONS_WORD_MAX,
	     "a value without its end, or with a NUL inside");
	for (size_t i = 0; i < key_len; i++)
		must(key[i] >= ' ' && key[i] <= '~', "a control byte in a key");
	for (size_t i = 0; i < len; i++)
		must(value[i] >= ' ' && value[i] <= '~', "a control byte in a value");
	seen->calls++;
	seen->len += (uint32_t)key_len + 1 + len;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct options_word word;
	struct input in = { data, len };
	uint32_t choices = take(&in, 1), at = take(&in, 1);
	bool widen = choices & 1;
	/*
	 * So many letters more at one place: the limit of a word is far from what small inputs
	 * reach.
	 */
	uint32_t more = choices & 2 ? OPTIONS_WORD_MAX - (choices >> 2) : 0;
	struct span bytes = take_rest(&in);
	uint32_t len_all = bytes.len + more, wide_len = widen ? 2 * len_all : len_all;
	uint8_t *wide = malloc(wide_len ? wide_len : 1);
	struct failure f = { .err = 0 };
	struct seen seen = { 0, 0 };
	int err;

	if (at > bytes.len)
		at = bytes.len;
	for (uint32_t i = 0; i < len_all; i++) {
		uint8_t c = i < at ? bytes.at[i] : i - at < more ? 'a' : bytes.at[i - more];

		wide[widen ? 2 * i : i] = c;
		if (widen)
			wide[2 * i + 1] = 0;
	}
	err = options_each((struct span){ wide, wide_len }, &word, each, &seen, &f);
	must_agree(err, &f);
	must(seen.len <= wide_len / 2, "more came out than was in it");
	free(wide);
	return 0;
}
