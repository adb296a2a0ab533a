/* SPDX-License-Identifier: BSD-2-Clause */
/* The ROM's assembly under other names, beside the C library's, for test_mem.c on a 32-bit x86. */
#ifdef __i386__
#define MEM(name) x86_##name
#include "arch/x86/i386/mem.S"
#endif
	.section .note.GNU-stack, "", @progbits
