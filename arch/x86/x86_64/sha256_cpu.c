/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 by the processor's own instructions, under UEFI, which has switched SSE on (UEFI 2.10,
 * 2.3.4). In place of core/sha256_cpu.c.
 */
#include "arch/x86/sha_ni.h"
#include "core/sha256.h"

bool sha256_by_cpu(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	static enum { UNKNOWN, ABSENT, PRESENT } is; /* CPUID may cost more than a block */

	if (is == UNKNOWN)
		is = sha_ni_present() ? PRESENT : ABSENT;
	if (is == PRESENT)
		sha_ni_blocks(state, data, blocks);
	return is == PRESENT;
}
