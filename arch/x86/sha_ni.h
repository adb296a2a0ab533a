/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 by the instructions that newer processors have for it, 32 and 64 bit. */
#ifndef ARCH_X86_SHA_NI_H
#define ARCH_X86_SHA_NI_H

#include "arch/x86/io.h"
#include "core/types.h"

#define CPUID_1_ECX_SSSE3 (1u << 9)
#define CPUID_7_EBX_SHA (1u << 29)

static inline bool sha_ni_present(void)
{
	return cpuid(0).eax >= 7 && cpuid(1).ecx & CPUID_1_ECX_SSSE3 &&
	       cpuid(7).ebx & CPUID_7_EBX_SHA;
}

#ifdef __x86_64__
#define SHA_NI_ABI __attribute__((ms_abi)) /* UEFI's */
#else
#define SHA_NI_ABI __attribute__((regparm(3))) /* the ROM's */
#endif

/*
 * As sha256_blocks() of core/sha256.h. The processor has it, and SSE is switched on; all of its
 * registers are as they were afterwards.
 */
SHA_NI_ABI void sha_ni_blocks(uint32_t state[8], const uint8_t *data, size_t blocks);

#endif
