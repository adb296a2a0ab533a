/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An image's LoadOptions as configuration: KEY=VALUE words. Pure functions over memory that the
 * port has found.
 */
#ifndef ARCH_UEFI_OPTIONS_H
#define ARCH_UEFI_OPTIONS_H

#include "arch/boot.h"
#include "core/err.h"
#include "core/types.h"

#define OPTIONS_WORD_MAX 16400 /* a key and the longest value that any key takes */

/* The caller's, for one call of options_each(). */
struct options_word {
	uint32_t len;
	char text[OPTIONS_WORD_MAX + 1];
};

/*
 * A port's share of boot_config_each(): calls `each` for every word of the options, in order.
 * They end at a NUL or where their length says. Words are separated by white space; between
 * double quotes it belongs to the word, and the quotes do not. The first word may be the
 * program's own name, which the UEFI shell and iPXE put there: it has no '='.
 *
 * 0; each's error; ERR_CONFIG with a sentence in f (rung `config`) for what is not words of
 * KEY=VALUE.
 */
int options_each(struct span options, struct options_word *word, boot_config_fn each, void *ctx,
		 struct failure *f) MUST_CHECK;

#endif
