/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 by the processor's own instructions, in the ROM: SSE is off as the BIOS left it, and is
 * on for as long as they run. In place of core/sha256_cpu.c.
 */
#include "arch/x86/sha_ni.h"
#include "core/sha256.h"

#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR4_OSFXSR (1u << 9)

#define TRIES 3
#define TURNS 256
#define TICKS_MOST (TURNS * 64) /* a processor or TCG takes 1 to 10 for a turn */

/*
 * Some hypervisors interpret this mode, announce what their host has, and stop the machine for good
 * where they meet an instruction that they do not know. Each one costs them a thousand ticks and
 * more. Who is only slow for a moment is not so in every try.
 */
static bool is_interpreted(void)
{
	uint32_t ticks = TICKS_MOST + 1;

	for (int i = 0; i < TRIES && ticks > TICKS_MOST; i++) {
		ticks = (uint32_t)rdtsc();
		for (unsigned n = 0; n < TURNS; n++)
			__asm__ volatile("");
		ticks = (uint32_t)rdtsc() - ticks;
	}
	return ticks > TICKS_MOST;
}

static void run(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	uint32_t cr0, cr4;

	__asm__ volatile("movl %%cr0, %0; movl %%cr4, %1" : "=r"(cr0), "=r"(cr4));
	__asm__ volatile("movl %0, %%cr0; movl %1, %%cr4"
			 :
			 : "r"(cr0 & ~(CR0_EM | CR0_TS)), "r"(cr4 | CR4_OSFXSR)
			 : "memory");
	sha_ni_blocks(state, data, blocks);
	__asm__ volatile("movl %0, %%cr0; movl %1, %%cr4" : : "r"(cr0), "r"(cr4) : "memory");
}

bool sha256_by_cpu(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	static enum { UNKNOWN, ABSENT, PRESENT } is;

	if (is == UNKNOWN)
		is = sha_ni_present() && !is_interpreted() ? PRESENT : ABSENT;
	if (is == PRESENT)
		run(state, data, blocks);
	return is == PRESENT;
}
