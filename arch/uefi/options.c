/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoadOptions to keys and values. A boot entry, a shell or another loader wrote them, and a boot
 * entry may hold anything; they are checked here. What a value may be is for the configuration to
 * say. Called by main.c.
 */
#include "arch/uefi/options.h"

#include "core/text.h"
#include "core/wire.h"

#define SOURCE "LoadOptions"
#define CHAR_LEN 2   /* CHAR16 */
#define QUOTE_MAX 60 /* characters of a word in a sentence */
#define BEGIN_MAX 20 /* of one that is too long */

struct reader {
	struct span options;
	uint32_t off;
	struct failure *f;
};

/* The next character; 0 at the end. */
static uint16_t peek(const struct reader *r)
{
	return r->options.len - r->off < CHAR_LEN ? 0 : get_le16(r->options.at + r->off);
}

static bool is_space(uint16_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ASCII only: a key's values need no more, and ASCII where UCS-2 should be looks like Chinese. */
static int add(struct reader *r, struct options_word *word, uint16_t c)
{
	if (c < ' ' || c > '~')
		return fail(r->f, RUNG_CONFIG, ERR_CONFIG,
			    SOURCE ": character %04Xh at byte %u; skiff takes KEY=VALUE words, "
				   "ASCII in 16 bits each (efibootmgr writes them so with -u)",
			    c, (unsigned)r->off);
	if (word->len == OPTIONS_WORD_MAX)
		return fail(r->f, RUNG_CONFIG, ERR_CONFIG,
			    SOURCE ": the word that begins with %.*s... is longer than %u "
				   "characters",
			    BEGIN_MAX, word->text, OPTIONS_WORD_MAX);
	word->text[word->len++] = (char)c;
	return 0;
}

/* 1: a word, NUL-terminated; 0: there is none left; or an error. */
static int next_word(struct reader *r, struct options_word *word)
{
	bool quoted = false, any = false;
	uint16_t c;
	int err;

	while (is_space(peek(r)))
		r->off += CHAR_LEN;
	for (word->len = 0; (c = peek(r)) != 0 && (quoted || !is_space(c)); r->off += CHAR_LEN) {
		any = true;
		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		err = add(r, word, c);
		if (err)
			return err;
	}
	word->text[word->len] = '\0';
	if (quoted)
		return fail(r->f, RUNG_CONFIG, ERR_CONFIG,
			    SOURCE ": a quotation mark is missing behind %.*s", QUOTE_MAX,
			    word->text);
	return any;
}

/* Splits a word at its first '='. */
static int deliver(struct options_word *word, boot_config_fn each, void *ctx, struct failure *f)
{
	uint32_t key_len = 0;

	while (key_len < word->len && word->text[key_len] != '=')
		key_len++;
	if (key_len == word->len)
		return fail(f, RUNG_CONFIG, ERR_CONFIG,
			    SOURCE ": \"%.*s\" is not KEY=VALUE; a value with spaces needs "
				   "quotation marks: cmdline=\"quiet console=ttyS0\"",
			    QUOTE_MAX, word->text);
	word->text[key_len] = '\0';
	return each(ctx, SOURCE, word->text, word->text + key_len + 1, word->len - key_len - 1);
}

static bool has_equals(const struct options_word *word)
{
	for (uint32_t i = 0; i < word->len; i++)
		if (word->text[i] == '=')
			return true;
	return false;
}

int options_each(struct span options, struct options_word *word, boot_config_fn each, void *ctx,
		 struct failure *f)
{
	struct reader r = { options, 0, f };
	int found = next_word(&r, word), err;

	if (found > 0 && !has_equals(word))
		found = next_word(&r, word);
	for (; found > 0; found = next_word(&r, word)) {
		err = deliver(word, each, ctx, f);
		if (err)
			return err;
	}
	return found;
}
