/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpredictable numbers for identifiers that a stranger must not guess. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include "arch/port.h"
#include "core/types.h"

static inline void random_fill(void *buf, size_t len)
{
	port_random(buf, len);
}

static inline uint32_t random_u32(void)
{
	uint32_t v;

	port_random(&v, sizeof(v));
	return v;
}

#endif
