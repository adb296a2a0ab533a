/* SPDX-License-Identifier: BSD-2-Clause */
/* The ROM's assembly under another name, beside the C version, for test_sha256_blocks.c. */
#ifdef __i386__
#define SHA256(name) x86_##name
#include "arch/x86/i386/sha256_blocks.S"
#endif
	.section .note.GNU-stack, "", @progbits
