/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's fw_cfg (docs/specs/fw_cfg.rst): configuration that whoever started the machine passes to
 * firmware, by selector or by file name. It is read a byte at a time, which is slow: the directory
 * is read once.
 */
#ifndef DRIVERS_FW_CFG_H
#define DRIVERS_FW_CFG_H

#include "arch/port.h"
#include "core/err.h"
#include "core/types.h"

#define FW_CFG_NAME_LEN 56 /* in the directory, the NUL included */
#define FW_CFG_VALUE_MAX 16384
#define FW_CFG_MATCHES_MAX 24

enum fw_cfg_selector {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_NOGRAPHIC = 0x04, /* u16, not zero: the firmware's console is the serial port */
	FW_CFG_FILE_DIR = 0x19,
};

struct fw_cfg_file {
	uint32_t len;
	uint16_t selector;
	char name[FW_CFG_NAME_LEN + 1]; /* NUL-terminated whatever the directory says */
};

/* The caller owns it; nothing to free. */
struct fw_cfg {
	struct window registers;
	struct fw_cfg_file match[FW_CFG_MATCHES_MAX];
	char value[FW_CFG_VALUE_MAX + 1];
};

/*
 * registers: its selector at 0 and its data at 1, as the port knows them; WINDOW_NONE: nowhere.
 * Whether fw_cfg answers there; false: the calls below find nothing.
 */
bool fw_cfg_open(struct fw_cfg *fw, const struct window *registers);

/* An item of 16 bits, little-endian; 0 without fw_cfg. */
uint16_t fw_cfg_u16(const struct fw_cfg *fw, enum fw_cfg_selector selector);

/*
 * The first min(len, cap) bytes of the file `name` go to buf. Returns its whole length; -1: there
 * is none.
 */
int64_t fw_cfg_read(const struct fw_cfg *fw, const char *name, void *buf, uint32_t cap);

#define FW_CFG_OURS "opt/org.skiff/"

/* One file: key is its name behind the prefix, value its len bytes with a NUL behind them. */
typedef int (*fw_cfg_file_fn)(void *ctx, const char *source, const char *key, const char *value,
			      uint32_t len);

/*
 * A port's share of boot_config_each(): calls `each` for every file whose name begins with prefix,
 * in the directory's order; key is the rest of the name. 0; each's error; ERR_CONFIG with a
 * sentence in f (rung `config`) for a value of more than FW_CFG_VALUE_MAX bytes or too many files.
 */
int fw_cfg_each(struct fw_cfg *fw, const char *prefix, fw_cfg_file_fn each, void *ctx,
		struct failure *f) MUST_CHECK;

#endif
