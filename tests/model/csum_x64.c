/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI application's checksum under other names, beside the C version, for test_csum.c on
 * x86-64.
 */
#ifdef __x86_64__
#include "core/types.h"

uint32_t x64_csum_add(const void *data, size_t len, uint32_t sum);
uint32_t x64_csum_copy(void *dst, const void *src, size_t len, uint32_t sum);

#define CSUM(name) x64_##name
#include "arch/x86/x86_64/csum.c"
#endif
