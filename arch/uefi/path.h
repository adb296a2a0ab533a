/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device paths (UEFI 2.10, chapter 10): where a device or a file is, as a chain of nodes. Pure
 * functions.
 */
#ifndef ARCH_UEFI_PATH_H
#define ARCH_UEFI_PATH_H

#include "core/types.h"

/* Of all nodes but the end's; a longer path is taken for a broken one. */
#define PATH_LEN_MAX 1024
#define PATH_FILE_MAX (PATH_LEN_MAX + 28)

/*
 * Bytes of the nodes at path before its end; 0 if it is empty, broken or longer than
 * PATH_LEN_MAX.
 */
uint32_t path_len(const uint8_t *path);

/* Whether what path names is parent itself, or reached through it. Neither is empty. */
bool path_is_below(const uint8_t *path, const uint8_t *parent);

/*
 * Builds in buf the path of a file of len > 0 bytes at address `at` that came over parent's
 * device. A broken parent is left out.
 */
void path_of_file(uint8_t buf[PATH_FILE_MAX], const uint8_t *parent, uint64_t at, uint64_t len);

#endif
