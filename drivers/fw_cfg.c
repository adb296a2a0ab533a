/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's fw_cfg by its two I/O ports. The bytes come from whoever started the machine. Called by a
 * port's main().
 */
#include "drivers/fw_cfg.h"

#include "core/assert.h"
#include "core/mem.h"
#include "core/text.h"
#include "core/wire.h"

#define SELECTOR 0     /* 16 bits, little-endian */
#define DATA 1         /* 8 bits, the next one of the selected item at each read */
#define FILES_MAX 4096 /* of the directory; QEMU has some thirty */
#define DIR_ENTRY_LEN (4 + 2 + 2 + FW_CFG_NAME_LEN)

static void select_item(const struct fw_cfg *fw, uint16_t selector)
{
	port_window_write(&fw->registers, SELECTOR, 2, selector);
}

static void read_bytes(const struct fw_cfg *fw, void *buf, uint32_t len)
{
	uint8_t *p = buf;

	while (len-- > 0)
		*p++ = (uint8_t)port_window_read(&fw->registers, DATA, 1);
}

bool fw_cfg_open(struct fw_cfg *fw, const struct window *registers)
{
	uint8_t signature[4];

	fw->registers = *registers;
	if (fw->registers.kind == WINDOW_NONE)
		return false;
	select_item(fw, FW_CFG_SIGNATURE);
	read_bytes(fw, signature, sizeof(signature));
	if (memcmp(signature, "QEMU", sizeof(signature)) != 0)
		fw->registers.kind = WINDOW_NONE;
	return fw->registers.kind != WINDOW_NONE;
}

uint16_t fw_cfg_u16(const struct fw_cfg *fw, enum fw_cfg_selector selector)
{
	uint8_t v[2];

	if (fw->registers.kind == WINDOW_NONE)
		return 0;
	select_item(fw, (uint16_t)selector);
	read_bytes(fw, v, sizeof(v));
	return get_le16(v);
}

/* Selects the directory and returns how many entries read_entry() may be called for. */
static uint32_t open_directory(const struct fw_cfg *fw)
{
	uint8_t count[4];
	uint32_t n;

	if (fw->registers.kind == WINDOW_NONE)
		return 0;
	select_item(fw, FW_CFG_FILE_DIR);
	read_bytes(fw, count, sizeof(count));
	n = get_be32(count);
	return n < FILES_MAX ? n : FILES_MAX;
}

static void read_entry(const struct fw_cfg *fw, struct fw_cfg_file *file)
{
	uint8_t entry[DIR_ENTRY_LEN];

	read_bytes(fw, entry, sizeof(entry));
	file->len = get_be32(entry);
	file->selector = get_be16(entry + 4);
	memcpy(file->name, entry + 8, FW_CFG_NAME_LEN);
	file->name[FW_CFG_NAME_LEN] = '\0';
}

int64_t fw_cfg_read(const struct fw_cfg *fw, const char *name, void *buf, uint32_t cap)
{
	struct fw_cfg_file file;

	for (uint32_t left = open_directory(fw); left > 0; left--) {
		read_entry(fw, &file);
		if (!text_eq(file.name, name))
			continue;
		select_item(fw, file.selector);
		read_bytes(fw, buf, file.len < cap ? file.len : cap);
		return file.len;
	}
	return -1;
}

static int read_value(struct fw_cfg *fw, const struct fw_cfg_file *file, struct failure *f)
{
	if (file->len > FW_CFG_VALUE_MAX)
		return fail(f, RUNG_CONFIG, ERR_CONFIG,
			    "the fw_cfg file %s has %u bytes; a value may have at most %d",
			    file->name, file->len, FW_CFG_VALUE_MAX);
	select_item(fw, file->selector);
	read_bytes(fw, fw->value, file->len);
	fw->value[file->len] = '\0';
	return 0;
}

int fw_cfg_each(struct fw_cfg *fw, const char *prefix, fw_cfg_file_fn each, void *ctx,
		struct failure *f)
{
	size_t prefix_len = text_len(prefix);
	struct fw_cfg_file file;
	unsigned matches = 0;
	int err;

	assert(prefix_len < FW_CFG_NAME_LEN);
	/* Reading a file moves the place in the directory, so first all names, then the values. */
	for (uint32_t left = open_directory(fw); left > 0; left--) {
		read_entry(fw, &file);
		if (memcmp(file.name, prefix, prefix_len) != 0)
			continue;
		if (matches == FW_CFG_MATCHES_MAX)
			return fail(f, RUNG_CONFIG, ERR_CONFIG,
				    "fw_cfg has more than %d files named %s*", FW_CFG_MATCHES_MAX,
				    prefix);
		fw->match[matches++] = file;
	}
	for (unsigned i = 0; i < matches; i++) {
		const struct fw_cfg_file *match = &fw->match[i];

		err = read_value(fw, match, f);
		if (err == 0)
			err = each(ctx, "fw_cfg", match->name + prefix_len, fw->value, match->len);
		if (err < 0)
			return err;
	}
	return 0;
}
