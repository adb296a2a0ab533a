/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program, unpacked: a PE32+ file that lies in memory as the linker laid it out in the file
 * (plain.ld), its zeros included. So its own headers say all that a loader must know. Pure.
 */
#ifndef ARCH_UEFI_UNPACK_PLAIN_H
#define ARCH_UEFI_UNPACK_PLAIN_H

#include "core/types.h"

#define PLAIN_PAGE 4096

struct plain {
	uint8_t *at;
	uint32_t len; /* a number of pages */
	uint32_t entry_off, relocs_off, relocs_len;
	uint32_t table_off, sections; /* the table of sections, and how many entries it has */
};

struct plain_section {
	uint32_t off, len; /* whole pages, inside the program */
	bool writable, executable;
};

/* Whether at … at + len is such a program; p refers to it then. len ≤ 2^31. */
bool plain_open(struct plain *p, uint8_t *at, uint32_t len) MUST_CHECK;

/*
 * Makes it ready to run at `address`; once only. False: a relocation is of an unknown kind, or not
 * inside the program; some may have been done.
 */
bool plain_relocate(const struct plain *p, uint64_t address) MUST_CHECK;

/* Section i, below p->sections. False: it is not on pages of its own, or not inside the program. */
bool plain_section(const struct plain *p, uint32_t i, struct plain_section *s) MUST_CHECK;

#endif
