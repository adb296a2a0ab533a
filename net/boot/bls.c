/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot Loader Specification, type 1 entries. A server wrote the file: it is read within its length,
 * and nothing in it is believed but which words stand where. Called by netboot.
 */
#include "core/text.h"
#include "net/boot/bls.h"

#define QUOTE_MAX 20 /* characters of a value in a sentence */

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
	for (uint32_t i = 0; i < file.len; i++)
		if ((file.at[i] < ' ' && file.at[i] != '\n' && !is_white(file.at[i])) ||
		    file.at[i] == 0x7f)
			return false;
	return true;
}

bool bls_may_be(struct span head)
{
	return head.len > 0 && is_text(head);
}

/* Lines that name what to start: the first kind everywhere, the others by UEFI only. */
static const char *const program_keys[] = { "linux", "efi", "uki", "uki-url" };

enum { LINUX, EFI, NO_PROGRAM };

static int program_of(const struct line *line)
{
	for (size_t i = 0; i < ARRAY_LEN(program_keys); i++)
		if (key_is(line, program_keys[i]))
			return i > 0 ? EFI : LINUX;
	return NO_PROGRAM;
}

bool bls_is(struct span file)
{
	struct line line;
	uint32_t off = 0;

	if (!is_text(file))
		return false;
	file = text_without_bom(file);
	while (next_line(file, &off, &line))
		if (program_of(&line) != NO_PROGRAM)
			return true;
	return false;
}

/* IANA "Processor Architecture Types", and the names of UEFI 2.10, 3.5.1.1 that entries use. */
static const struct {
	uint16_t dhcp_arch;
	const char *name;
} architectures[] = {
	{ 0, "x64" },
	{ 0, "ia32" },
	{ 7, "x64" },
};

static int check_architecture(struct span value, uint16_t dhcp_arch, struct failure *f)
{
	for (size_t i = 0; i < ARRAY_LEN(architectures); i++)
		if (architectures[i].dhcp_arch == dhcp_arch &&
		    text_eq_nocase((const char *)value.at, value.len, architectures[i].name))
			return 0;
	return fail(f, RUNG_IMAGE, ERR_UNSUPPORTED,
		    "the boot entry is for the architecture %.*s, but this machine is x64",
		    value.len < QUOTE_MAX ? (int)value.len : QUOTE_MAX, (const char *)value.at);
}

/* An entry being read. */
struct reader {
	struct bls_entry *entry;
	struct line program[2];
	struct text options;
	uint16_t dhcp_arch;
	struct failure *f;
};

static int names_no_file(struct reader *r, const struct line *line)
{
	return fail(r->f, RUNG_IMAGE, ERR_FORMAT,
		    "the boot entry has a line `%.*s` that names no file", (int)line->key.len,
		    (const char *)line->key.at);
}

static int add_initrd(struct reader *r, const struct line *line)
{
	struct bls_entry *entry = r->entry;

	if (line->value.len == 0)
		return names_no_file(r, line);
	if (entry->initrds == BLS_INITRDS_MAX)
		return fail(r->f, RUNG_IMAGE, ERR_NO_SPACE,
			    "the boot entry names more than %d initrds", BLS_INITRDS_MAX);
	entry->initrd_ref[entry->initrds++] = line->value;
	return 0;
}

static int set_program(struct reader *r, const struct line *line, struct line *program)
{
	if (line->value.len == 0)
		return names_no_file(r, line);
	if (program->value.len > 0)
		return fail(r->f, RUNG_IMAGE, ERR_FORMAT,
			    "the boot entry names two programs to start; its line `%.*s` is one "
			    "too many",
			    (int)line->key.len, (const char *)line->key.at);
	*program = *line;
	return 0;
}

static int read_line(struct reader *r, const struct line *line)
{
	int program = program_of(line);

	if (program != NO_PROGRAM)
		return set_program(r, line, &r->program[program]);
	if (key_is(line, "initrd"))
		return add_initrd(r, line);
	if (key_is(line, "architecture"))
		return check_architecture(line->value, r->dhcp_arch, r->f);
	if (key_is(line, "options") && line->value.len > 0)
		text_fmt(&r->options, "%s%.*s", r->options.len > 0 ? " " : "", (int)line->value.len,
			 (const char *)line->value.at);
	return 0;
}

/* Linux, if both are there: that can be started everywhere. */
static int choose_program(struct reader *r)
{
	const struct line *linux = &r->program[LINUX], *efi = &r->program[EFI];

	r->entry->program_ref = linux->value.len > 0 ? linux->value : efi->value;
	if (r->entry->program_ref.len == 0)
		return fail(r->f, RUNG_IMAGE, ERR_FORMAT, "the boot entry has no linux line");
	if (linux->value.len > 0 || r->dhcp_arch != 0)
		return 0;
	return fail(r->f, RUNG_IMAGE, ERR_UNSUPPORTED,
		    "the boot entry's line `%.*s` names an EFI program, which a BIOS cannot "
		    "start; it needs a line `linux`",
		    (int)efi->key.len, (const char *)efi->key.at);
}

int bls_parse(struct bls_entry *entry, struct span file, uint16_t dhcp_arch, struct failure *f)
{
	struct reader r = { .entry = entry, .dhcp_arch = dhcp_arch, .f = f };
	struct line line = { 0 };
	uint32_t off = 0;
	int err;

	entry->initrds = 0;
	text_init(&r.options, entry->options, sizeof(entry->options));
	if (!is_text(file))
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "the boot entry is not text: it contains control characters");
	file = text_without_bom(file);
	while (next_line(file, &off, &line)) {
		err = read_line(&r, &line);
		if (err < 0)
			return err;
	}
	if (r.options.cut)
		return fail(f, RUNG_IMAGE, ERR_NO_SPACE,
			    "the boot entry has more than %d characters of options",
			    BLS_OPTIONS_MAX - 1);
	return choose_program(&r);
}
