/* SPDX-License-Identifier: BSD-2-Clause */
/* The pool behind port_random(). */
#ifndef ARCH_X86_RANDOM_H
#define ARCH_X86_RANDOM_H

#include "core/types.h"

/*
 * Fills the pool from the processor (RDRAND if it has one, jitter of the time-stamp counter) and
 * from seed: whatever the port knows that differs between machines and between boots. Once, before
 * port_random().
 */
void random_init(const void *seed, size_t len);

#endif
