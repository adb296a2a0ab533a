/* SPDX-License-Identifier: BSD-2-Clause */
/* The ROM's assembly under other names, beside the C version, for test_csum.c on a 32-bit x86. */
#ifdef __i386__
#define CSUM(name) x86_##name
#include "arch/x86/i386/csum.S"
#endif
	.section .note.GNU-stack, "", @progbits
