/* SPDX-License-Identifier: BSD-2-Clause */
/* Files in the firmware's pages: how many, and initrds as one file. Pure. */
#ifndef ARCH_UEFI_GRANTED_H
#define ARCH_UEFI_GRANTED_H

#include "arch/boot.h"
#include "core/err.h"
#include "core/types.h"

#define GRANTED_FILES_MAX 16

struct granted_file {
	enum cargo kind;
	uint8_t *at;
	uint64_t pages, len; /* len: 0 until the file is complete */
};

struct granted {
	struct granted_file file[GRANTED_FILES_MAX];
	unsigned count;
};

/* The pages that a file of len bytes occupies, one at least. */
uint64_t granted_pages(uint64_t len);

/* All bytes of so many pages; what would wrap ends at UINT64_MAX. */
uint64_t granted_bytes(uint64_t pages);

/*
 * Pages of the largest free range in a memory map as GetMemoryMap() writes it (UEFI 2.10, 7.2.3),
 * with descriptors of `each` bytes; 0 if there is none.
 */
uint64_t granted_largest(struct span map, uint64_t each);

/*
 * The pages for a file of file_len bytes; for one of unknown length half of the largest free range,
 * free_pages, since what starts it needs memory, too. More than free_pages if it does not fit.
 */
uint64_t granted_want(uint64_t file_len, uint64_t free_pages);

/* The sentence for that: ERR_NO_SPACE. */
int granted_refuse(uint64_t file_len, uint64_t free_pages, struct failure *f);

/* All initrds as one file, each at a multiple of 4 with zeros between [LNX-12]. */
uint64_t granted_initrd_len(const struct granted *g);
void granted_initrd_copy(const struct granted *g, uint8_t *to);

#endif
