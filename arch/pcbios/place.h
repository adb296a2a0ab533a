/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where downloads go in a PC's memory. Pure arithmetic on the E820 map; memory.c acts on it.
 *
 * A kernel's file lies so that the part behind its setup code is where it will run: at
 * pref_address, or, if it is relocatable, at the next place that fits. Initrds lie behind the
 * memory that the kernel needs to start (init_size), one behind the other. Nothing is stored in the
 * last 24 MiB of RAM below 4 GiB: there are PMM blocks of other option ROMs, which want to boot
 * when we fail; nor above 4 GiB, which 32-bit code cannot reach. So addresses have 32 bits here,
 * once the map's have been cut down; lengths of files have 64, and are compared before they become
 * anything else.
 */
#ifndef ARCH_PCBIOS_PLACE_H
#define ARCH_PCBIOS_PLACE_H

#include "arch/x86/e820.h"
#include "core/bzimage.h"
#include "core/err.h"
#include "core/types.h"

struct place {
	const struct e820 *map; /* the caller's */
	struct e820_range own;  /* skiff itself */
	uint32_t ceiling;       /* nothing is stored from here on */
	struct bzimage kernel;
	uint64_t kernel_file_len;
	uint32_t kernel_at;   /* of the protected-mode kernel; 0: no kernel yet */
	uint32_t kernel_file; /* of the file: setup_len in front, or (no RAM there) the same */
	uint32_t initrd_at, initrd_len; /* all of them, with what is between; 0: none */
	uint32_t initrd_next;           /* of the last one granted */
	uint32_t nbp_at, nbp_len;       /* a boot program, until it is started; 0: none */
};

/*
 * Memory granted for a file; len is all that is there, at least one byte and at least the file's
 * length if that is known.
 */
struct place_extent {
	uint32_t at, len;
};

/* The caller owns p, and map as long as p is used. */
void place_init(struct place *p, const struct e820 *map, uint32_t own_start, uint32_t own_end);

/*
 * For each kind of cargo of arch/boot.h: 0 and an extent, or ERR_NO_SPACE with a sentence in f
 * (rung `image`). file_len may be IMAGE_LEN_UNKNOWN.
 */
int place_kernel(struct place *p, const struct bzimage *bz, uint64_t file_len,
		 struct place_extent *e, struct failure *f) MUST_CHECK;
int place_initrd(struct place *p, uint64_t file_len, struct place_extent *e, struct failure *f)
	MUST_CHECK;
int place_fetch(struct place *p, uint64_t file_len, struct place_extent *e, struct failure *f)
	MUST_CHECK;

/* A boot program, of room bytes at most. */
int place_nbp(struct place *p, uint64_t file_len, uint32_t room, struct place_extent *e,
	      struct failure *f) MUST_CHECK;

/* The last kernel or initrd granted has this length, which was found to fit. */
void place_kernel_done(struct place *p, uint64_t file_len);
void place_initrd_done(struct place *p, uint64_t file_len);
void place_nbp_done(struct place *p, uint64_t file_len);

/*
 * The highest address where len bytes are free that nothing downloaded lies in; a multiple of a
 * page. 0: there is none.
 */
uint32_t place_resident(const struct place *p, uint32_t len);

/* Whether all from start to end is RAM that nobody has. */
bool place_is_free(const struct place *p, uint32_t start, uint32_t end);

#endif
