/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot Loader Specification, type 1 entries. A server wrote the file: it is read within its length,
 * and nothing in it is believed but which words stand where. Called by netboot.
 */
#include "core/text.h"
#include "net/bls.h"

/* One line: its first word, and what stands behind it without the white space around. */
struct line {
	struct span key, value;
};

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool key_is(const struct line *line, const char *key)
{
	return text_is((const char *)line->key.at, line->key.len, key);
}

/*
 * The line that starts at *off, which moves behind it; false at the end of the file. A comment's
 * key begins with "#", an empty line's is empty: nobody asks for these.
 */
static bool next_line(struct span file, uint32_t *off, struct line *line)
{
	uint32_t i = *off, end = *off, key;

	if (*off >= file.len)
		return false;
	while (end < file.len && file.at[end] != '\n')
		end++;
	*off = end < file.len ? end + 1 : end;
	while (end > i && is_white(file.at[end - 1]))
		end--;
	while (i < end && is_white(file.at[i]))
		i++;
	key = i;
	while (i < end && !is_white(file.at[i]))
		i++;
	line->key = (struct span){ file.at + key, i - key };
	while (i < end && is_white(file.at[i]))
		i++;
	line->value = (struct span){ file.at + i, end - i };
	return true;
}

static bool is_text(struct span file)
{
	uint32_t i;

	for (i = 0; i < file.len; i++)
		if ((file.at[i] < ' ' && file.at[i] != '\n' && !is_white(file.at[i])) ||
		    file.at[i] == 0x7f)
			return false;
	return true;
}

bool bls_may_be(struct span head)
{
	return head.len > 0 && is_text(head);
}

static bool needs_efi(const struct line *line)
{
	return key_is(line, "efi") || key_is(line, "uki") || key_is(line, "uki-url");
}

bool bls_is(struct span file)
{
	struct line line;
	uint32_t off = 0;

	if (!is_text(file))
		return false;
	while (next_line(file, &off, &line))
		if (key_is(&line, "linux") || needs_efi(&line))
			return true;
	return false;
}

static int add_initrd(struct bls_entry *entry, struct span value, struct failure *f)
{
	if (value.len == 0)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "the boot entry has an initrd line that names no file");
	if (entry->initrds == BLS_INITRDS_MAX)
		return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
			    "the boot entry names more than %d initrds", BLS_INITRDS_MAX);
	entry->initrd_ref[entry->initrds++] = value;
	return 0;
}

static int set_linux(struct bls_entry *entry, struct span value, struct failure *f)
{
	if (value.len == 0)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "the boot entry has a linux line that names no file");
	if (entry->linux_ref.len > 0)
		return fail(f, RUNG_IMAGE, ERR_FORMAT, "the boot entry has two linux lines");
	entry->linux_ref = value;
	return 0;
}

static int read_line(struct bls_entry *entry, const struct line *line, struct text *options,
		     struct failure *f)
{
	if (key_is(line, "linux"))
		return set_linux(entry, line->value, f);
	if (key_is(line, "initrd"))
		return add_initrd(entry, line->value, f);
	if (key_is(line, "options") && line->value.len > 0)
		text_fmt(options, "%s%.*s", options->len > 0 ? " " : "", (int)line->value.len,
			 (const char *)line->value.at);
	return 0;
}

int bls_parse(struct bls_entry *entry, struct span file, struct failure *f)
{
	struct line line = { 0 };
	struct text options;
	bool efi = false;
	uint32_t off = 0;
	int err;

	entry->linux_ref = (struct span){ NULL, 0 };
	entry->initrds = 0;
	text_init(&options, entry->options, sizeof(entry->options));
	if (!is_text(file))
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "the boot entry is not text: it contains control characters");
	while (next_line(file, &off, &line)) {
		efi |= needs_efi(&line);
		err = read_line(entry, &line, &options, f);
		if (err < 0)
			return err;
	}
	if (options.cut)
		return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
			    "the boot entry has more than %d characters of options",
			    BLS_OPTIONS_MAX - 1);
	if (entry->linux_ref.len == 0 && efi)
		return fail(f, RUNG_IMAGE, ERR_UNSUPPORTED,
			    "the boot entry names an EFI program, which a BIOS cannot start; it "
			    "needs a linux line");
	if (entry->linux_ref.len == 0)
		return fail(f, RUNG_IMAGE, ERR_FORMAT, "the boot entry has no linux line");
	return 0;
}
