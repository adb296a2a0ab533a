/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second seam: what a boot program needs of the platform, beside arch/port.h. What the user
 * wants, who this machine is, where downloads go, and the start of what was loaded. A port that
 * only carries the driver has none of it.
 */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include "core/err.h"
#include "core/image.h"
#include "core/text.h"
#include "core/types.h"

/* --- what the user wants -------------------------------------------------------------------- */

/*
 * One key and its value, of len bytes with a NUL behind them; both valid until it returns. source:
 * where it stands, for sentences ("fw_cfg"). 0, or an error that ends boot_config_each(). Of two
 * with the same key the first counts.
 */
typedef int (*boot_config_fn)(void *ctx, const char *source, const char *key, const char *value,
			      uint32_t len);

/*
 * Calls `each` for all configuration that whoever started us has left, the weightiest source first:
 * fw_cfg, then (UEFI) LoadOptions. 0; each's error; ERR_CONFIG with a sentence in f for a source
 * that cannot be read.
 */
int boot_config_each(boot_config_fn each, void *ctx, struct failure *f) MUST_CHECK;

/* --- who we are ------------------------------------------------------------------------------- */

/*
 * The SMBIOS system UUID in its stored order (RFC 4578 2.3); false, and zeros, where there is none.
 */
bool boot_uuid(uint8_t uuid[16]);

/* RFC 4578 2.1, IANA "Processor Architecture Types": 0 for a BIOS, 7 for x64 UEFI. */
uint16_t boot_dhcp_arch(void);

/* --- what is loaded, and started ------------------------------------------------------------- */

enum cargo {
	/* To be started by boot_start(). */
	CARGO_KERNEL,
	/* For it, each directly behind the one before, at the next multiple of 4, zeros between. */
	CARGO_INITRD,
	/* In place of a kernel: to be started by boot_start(), with our services (BIOS only). */
	CARGO_NBP,
	/* To be looked at and forgotten. */
	CARGO_FETCH,
};

/*
 * Grants memory for a file of file_len bytes (or IMAGE_LEN_UNKNOWN). head: its first
 * min(IMAGE_HEAD_LEN, file_len) bytes, for CARGO_KERNEL; they decide where it will lie, which is
 * where it will run. Refuses, with a sentence in f (rung `image`), what is not a kernel that this
 * port can start (ERR_FORMAT) and what does not fit (ERR_NO_SPACE). The memory stays granted until
 * the end of the program. A kernel is granted before its initrds, and known in length before them
 * (boot_cargo_done).
 */
int boot_cargo_grant(enum cargo kind, struct span head, uint64_t file_len, struct extent *e,
		     struct failure *f) MUST_CHECK;

/*
 * 0; ERR_CONFIG, with a sentence in f (rung `image`), if a file that begins with that head is the
 * program that runs here, signed or not: this build, not another. Never where none of ours can be
 * started.
 */
int boot_refuse_self(struct span head, struct failure *f) MUST_CHECK;

/*
 * The last grant's file is complete, with this many bytes. 0, or a refusal in f (rung `image`): a
 * kernel that is shorter than its own header says.
 */
int boot_cargo_done(enum cargo kind, uint64_t file_len, struct failure *f) MUST_CHECK;

/*
 * Appends "linux 6.1.0-56-cloud-amd64 at 0x1000000, initrd 5242880 bytes": what boot_start() would
 * start, and where, if the port knows that.
 */
void boot_text(struct text *t);

/*
 * Starts the granted kernel with its initrds and the command line (NUL-terminated, any length).
 * Devices have been stopped. Returns only if the hand-over is refused, or (UEFI) when what was
 * started comes back: 0 if it did so with success, else an error with a sentence in f (rung
 * `hand-over`).
 */
int boot_start(const char *cmdline, struct failure *f) MUST_CHECK;

#endif
