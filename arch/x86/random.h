/* SPDX-License-Identifier: BSD-2-Clause */
/* The pool behind port_random(). */
#ifndef ARCH_X86_RANDOM_H
#define ARCH_X86_RANDOM_H

#include "core/types.h"

/*
 * Fills the pool from the jitter of the time-stamp counter, the time of day, and from seed:
 * whatever the port knows that differs between machines and between boots. Once, before
 * port_random().
 */
void random_init(const void *seed, size_t len);

/*
 * Fills words from RDRAND, and leaves them alone where the processor has none. For seeds of ports
 * that run in 64-bit mode: some hypervisors interpret the other modes, announce RDRAND, and stop
 * the machine for good where they meet it.
 */
void random_rdrand(uint32_t *words, unsigned count);

#endif
