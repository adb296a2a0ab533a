/* SPDX-License-Identifier: BSD-2-Clause */
/* For a processor that has no instructions for SHA-256. Called by sha256.c. */
#include "core/sha256.h"

bool sha256_by_cpu(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	(void)state;
	(void)data;
	(void)blocks;
	return false;
}
