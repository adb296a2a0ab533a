/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FIPS 180-4 6.2.2 for the i686, in place of core/sha256_blocks.c. Called by core/sha256.c, with
 * its arguments in EAX, EDX and ECX (-mregparm=3).
 *
 * Seven registers do not hold eight words and what a round computes: so the words that a round only
 * adds (W, K, h and d, and b) lie on the stack, and the stack pointer is the window over them. Each
 * round pushes the new a and stores the new e over W of its number; everything that a round wants
 * is then one word further down, and nothing is ever moved.
 *
 *	K[0] … K[63] | h g f e | W[0] … W[63] | d c b a | the new a of each round …    (downwards)
 *
 * What a rotation does to the flags costs a call under QEMU's TCG, unless an addition or logic
 * follows before the next access to memory: that, and few accesses, is what the order is about.
 * 102 MB/s there, where the C version has 47, or 33 if it is built for size. Two rounds, and two
 * words of the schedule, in a turn of their loops are 5 % of that, for five bytes of the ROM.
 */
#ifndef SHA256
#define SHA256(name) name       /* unit tests link this beside the C version */
#endif

#define WORDS (16 * 4)          /* of a block */
#define ROUNDS (64 * 4)         /* words, one for each */
#define HALF (4 * 4)            /* a to d, or e to h */
#define SAVED (4 * 4)

/* What a round finds above the stack pointer; its own W is where its e will be. */
#define AT_B 4
#define AT_D 12
#define AT_E (HALF + ROUNDS - 4)
#define AT_H (AT_E + HALF)
#define AT_K (AT_H + ROUNDS)

/* What a block finds in front of its window: */
#define AT_LEFT ROUNDS
#define AT_DATA (AT_LEFT + 4)
#define AT_STATE (AT_LEFT + 8)
#define AT_STACK (AT_LEFT + 12)

/* \to becomes the sum of three rotations of itself; \copy is changed. */
	.macro sigma to, copy, first, second, third
	rorl $\first, \to
	xorl \copy, \to
	rorl $\second, \to
	xorl \copy, \to
	rorl $\third, \to
	.endm

/* void sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks) */
	.section .text.sha256_blocks, "ax", @progbits
	.globl SHA256(sha256_blocks)
	.type SHA256(sha256_blocks), @function
SHA256(sha256_blocks):
	pushl %ebx
	pushl %esi
	pushl %edi
	pushl %ebp
	movl %esp, %ebp
	andl $-ROUNDS, %esp             /* the last push of a block ends at a multiple of this */
	subl $ROUNDS - SAVED - 2 * HALF, %esp
	pushl %ebp
	pushl %eax
	pushl %edx
	pushl %ecx
	xorl %ecx, %ecx
1:	pushl sha256_k(,%ecx,4)
	incl %ecx
	cmpb $64, %cl
	jb 1b

.Lblock:
	movl AT_STATE(%esp), %edi
	movl AT_DATA(%esp), %esi
	.irp at, 28, 24, 20, 16
	pushl \at(%edi)
	.endr
	leal -ROUNDS(%esp), %ebp
	pushl $16
	popl %ecx
1:	lodsl
	bswapl %eax
	pushl %eax
	loop 1b
	movl %esi, AT_DATA + HALF + WORDS(%esp)

	/* W[t - 1] in EAX, W[t - 2] in EBX, W[t - 16] in ESI */
	movl 4(%esp), %ebx
	movl 60(%esp), %esi
1:	.rept 2
	movl 24(%esp), %ecx
	leal (%ecx,%esi), %ecx
	movl 56(%esp), %esi
	movl %ebx, %edx
	rorl $19 - 17, %ebx
	xorl %edx, %ebx
	rorl $17, %ebx
	shrl $10, %edx
	xorl %edx, %ebx
	addl %ebx, %ecx
	movl %eax, %ebx
	movl %esi, %eax
	movl %esi, %edx
	rorl $18 - 7, %eax
	xorl %edx, %eax
	rorl $7, %eax
	shrl $3, %edx
	xorl %edx, %eax
	addl %ecx, %eax
	pushl %eax
	.endr
	cmpl %ebp, %esp
	jne 1b

	/* a in EAX, b ^ c in EBX, e in ECX, f in EDX, g in ESI */
	.irp at, 12, 8, 4, 0
	pushl \at(%edi)
	.endr
	movl (%edi), %eax
	movl 4(%edi), %ebx
	xorl 8(%edi), %ebx
	movl 16(%edi), %ecx
	movl 20(%edi), %edx
	movl 24(%edi), %esi
1:	.rept 2
	movl AT_E(%esp), %edi           /* T1 = W + K + h + Ch(e, f, g) + Sigma1(e) */
	addl AT_K(%esp), %edi
	addl AT_H(%esp), %edi
	movl %edx, %ebp
	xorl %esi, %ebp
	andl %ecx, %ebp
	xorl %esi, %ebp
	addl %ebp, %edi
	movl %edx, %esi
	movl %ecx, %edx
	movl %edx, %ebp
	sigma %ebp, %edx, 25-11, 11-6, 6
	addl %ebp, %edi
	movl AT_D(%esp), %ecx           /* e = d + T1 */
	addl %edi, %ecx
	movl %ecx, AT_E(%esp)
	movl AT_B(%esp), %ebp           /* T1 + Maj(a, b, c), that is b ^ ((a ^ b) & (b ^ c)) */
	xorl %eax, %ebp
	andl %ebp, %ebx
	xorl %eax, %ebx
	xorl %ebp, %ebx
	addl %ebx, %edi
	movl %ebp, %ebx
	movl %eax, %ebp                 /* a = that + Sigma0(a) */
	sigma %eax, %ebp, 22-13, 13-2, 2
	addl %edi, %eax
	pushl %eax
	.endr
	testl $ROUNDS - 1, %esp
	jnz 1b

	movl AT_STATE + ROUNDS + 3 * HALF + ROUNDS - HALF(%esp), %edx
	.irp at, 0, 4, 8, 12
	popl %eax
	addl %eax, \at(%edx)
	.endr
	addl $ROUNDS, %esp
	.irp at, 16, 20, 24, 28
	popl %eax
	addl %eax, \at(%edx)
	.endr
	addl $ROUNDS, %esp
	decl AT_LEFT(%esp)
	jnz .Lblock
	movl AT_STACK(%esp), %esp
	popl %ebp
	popl %edi
	popl %esi
	popl %ebx
	ret
