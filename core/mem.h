/* SPDX-License-Identifier: BSD-2-Clause */
/* The four functions that a freestanding GCC may call by itself; hosted, the C library's. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include "core/types.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif
