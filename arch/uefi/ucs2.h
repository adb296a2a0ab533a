/* SPDX-License-Identifier: BSD-2-Clause */
/* Text in the 16-bit characters of UEFI. Pure. */
#ifndef ARCH_UEFI_UCS2_H
#define ARCH_UEFI_UCS2_H

#include "core/types.h"

/*
 * Writes the UTF-8 string s (NUL-terminated) to buf, NUL-terminated, which has room for as many
 * characters as s has bytes with its NUL. Returns the number of characters without the NUL; -1 if
 * s is not UTF-8, or has characters beyond 16 bits.
 */
int64_t ucs2_from_utf8(uint16_t *buf, const char *s);

#endif
