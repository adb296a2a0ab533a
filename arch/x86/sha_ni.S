/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 by the SHA extensions (Intel SDM 2, SHA256RNDS2, SHA256MSG1, SHA256MSG2) and SSSE3, for
 * both widths: as arch/x86/sha_ni.h has it. Four rounds in a turn: XMM0 has their W + K, XMM1 a b e
 * f, XMM2 c d g h, the highest first, and XMM3 to XMM6 the next sixteen words.
 */
#ifdef __x86_64__
#define STATE %rcx
#define DATA %rdx
#define LEFT %r8
#define AT %rax
#define K (%r9,%rax)
#define SWAP (%r10)
#define SP %rsp
#else
#define STATE %eax
#define DATA %edx
#define LEFT %ecx
#define AT %ebx
#define K sha256_k(%ebx)
#define SWAP swap
#define SP %esp
#endif
#define SAVED (8 * 16)

	.section .text.sha_ni_blocks, "ax"
	.globl sha_ni_blocks
sha_ni_blocks:
#ifdef __x86_64__
	leaq sha256_k(%rip), %r9
	leaq swap(%rip), %r10
#else
	pushl %ebx
#endif
	sub $SAVED, SP
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movups %xmm\n, \n * 16(SP)
	.endr

1:	movups (STATE), %xmm7           /* lowest first: a b c d */
	movups 16(STATE), %xmm1         /* e f g h */
	movaps %xmm1, %xmm2
	shufps $0x11, %xmm7, %xmm1
	shufps $0xbb, %xmm7, %xmm2
	movups SWAP, %xmm7
	.irp n, 3, 4, 5, 6
	movups (DATA), %xmm\n
	pshufb %xmm7, %xmm\n
	add $16, DATA
	.endr
	xor AT, AT

2:	movups K, %xmm0
	paddd %xmm3, %xmm0
	sha256rnds2 %xmm0, %xmm1, %xmm2
	pshufd $0x0e, %xmm0, %xmm0
	sha256rnds2 %xmm0, %xmm2, %xmm1
	sha256msg1 %xmm4, %xmm3         /* the words of four turns later; at the end nobody's */
	movaps %xmm6, %xmm7
	palignr $4, %xmm5, %xmm7
	paddd %xmm7, %xmm3
	sha256msg2 %xmm6, %xmm3
	movaps %xmm3, %xmm7
	movaps %xmm4, %xmm3
	movaps %xmm5, %xmm4
	movaps %xmm6, %xmm5
	movaps %xmm7, %xmm6
	add $16, AT
	cmp $256, AT
	jb 2b

	movaps %xmm1, %xmm7
	shufps $0xbb, %xmm2, %xmm7
	shufps $0x11, %xmm2, %xmm1
	movups (STATE), %xmm0
	paddd %xmm7, %xmm0
	movups %xmm0, (STATE)
	movups 16(STATE), %xmm0
	paddd %xmm1, %xmm0
	movups %xmm0, 16(STATE)
	dec LEFT
	jnz 1b

	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movups \n * 16(SP), %xmm\n
	.endr
	add $SAVED, SP
#ifndef __x86_64__
	popl %ebx
#endif
	ret

	.balign 4
swap:	.long 0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f
