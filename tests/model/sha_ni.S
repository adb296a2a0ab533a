/* SPDX-License-Identifier: BSD-2-Clause */
/* The x86 ports' assembly, for test_sha256_blocks.c. */
#if defined(__i386__) || defined(__x86_64__)
#include "arch/x86/sha_ni.S"
#endif
	.section .note.GNU-stack, "", @progbits
