/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot Loader Specification, type 1 entries
 * (https://uapi-group.org/specifications/specs/boot_loader_specification/): which kernel, which
 * initrds, which options. The file came from a server.
 */
#ifndef NET_BOOT_BLS_H
#define NET_BOOT_BLS_H

#include "core/err.h"
#include "core/types.h"

#define BLS_INITRDS_MAX 8
#define BLS_OPTIONS_MAX 4096 /* with the NUL */

/* The spans point into the file and hold references, still to be resolved against its URL. */
struct bls_entry {
	struct span program_ref; /* the kernel, or another EFI program */
	struct span initrd_ref[BLS_INITRDS_MAX];
	uint32_t initrds;
	char options[BLS_OPTIONS_MAX]; /* all `options` lines, joined by spaces; "": none */
};

/* Whether a file that begins so may be an entry: text. */
bool bls_may_be(struct span head);
/* Whether the file is an entry: text with a line `linux`, `efi`, `uki` or `uki-url`. */
bool bls_is(struct span file);

/*
 * Reads an entry; file is private memory and stays valid as long as entry is used. dhcp_arch: the
 * machine, as boot_dhcp_arch() has it; 0, a BIOS, starts Linux only. 0; with a sentence (rung
 * image) ERR_FORMAT, ERR_UNSUPPORTED for an entry that names nothing which this machine starts, or
 * is for another architecture, ERR_NO_SPACE for too many initrds or too long options.
 */
int bls_parse(struct bls_entry *entry, struct span file, uint16_t dhcp_arch, struct failure *f)
	MUST_CHECK;

#endif
