/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacks the body to where it runs, and enters it. What lies in the ROM behind the boot images is
 * this code and, right behind it, the body, packed with LZMA by the build (`xz --format=raw`, with
 * lc=3, lp=0, pb=0). The boot entry has copied both to UNPACK_BASE and compared their checksum, so
 * nothing here is in doubt. In assembly because it is the one part that cannot be packed.
 *
 * LZMA: an adaptive range coder over a small grammar (a literal; a match of distance and length; a
 * match at one of the last four distances). Names are those of "LZMA Specification" (Igor Pavlov).
 *
 * Everywhere: ESI next packed byte, EDI next byte of the body, EBX state (0 … 11: what came last),
 * EBP the variables below. Probabilities are named by their index in EAX.
 */
#include "arch/pcbios/layout.h"

/* Variables at UNPACK_BSS. A distance d is kept as ~d: what to add to EDI. */
#define RANGE 0
#define CODE 4
#define REP0 8
#define REP1 12
#define REP2 16
#define REP3 20
#define MATCH_BYTE 24
#define PROBS 32

/* Indices of probabilities */
#define STATES 12
#define IS_MATCH 0
#define IS_REP (IS_MATCH + STATES)
#define IS_REP0 (IS_REP + STATES)
#define IS_REP0_LONG (IS_REP0 + STATES)
#define IS_REP1 (IS_REP0_LONG + STATES)
#define IS_REP2 (IS_REP1 + STATES)
#define SLOT (IS_REP2 + STATES)         /* a tree of 64 for each of 4 classes of length */
#define SPECIAL (SLOT + 4 * 64)
#define ALIGN (SPECIAL + 128)
#define LEN (ALIGN + 16)                /* choice, choice2, low of 8, mid of 8, high of 256 */
#define LEN_PROBS (2 + 8 + 8 + 256)
#define REP_LEN (LEN + LEN_PROBS)
#define LITERAL (REP_LEN + LEN_PROBS)   /* 300h for each value of the byte before's upper 3 bits */
#define PROBS_COUNT (LITERAL + 8 * 0x300)
#define PROB_INIT 1024

	.section .unpack, "ax", @progbits
	.code32

/* Entered by the boot entry of rom.S in flat mode. */
	.globl unpack_start
unpack_start:
	movl $SEL_DATA, %eax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl $UNPACK_STACK, %esp
	cld

	movl $UNPACK_BSS, %ebp
	movl %ebp, %edi
	orl $-1, %eax                   /* the range; and the last distances, all of them 0 */
	movl $PROBS / 4, %ecx
	rep stosl
	movw $PROB_INIT, %ax
	movw $PROBS_COUNT, %cx
	rep stosw
	movl $unpack_end + 1, %esi      /* the first byte is always 0 */
	lodsl
	bswap %eax
	movl %eax, CODE(%ebp)
	xorl %ebx, %ebx
	movl $BODY_BASE, %edi
	movb $0, -1(%edi)               /* the byte before the first literal */

next:
	cmpl $BODY_BASE + body_len, %edi
	jae make_calls_relative
	leal IS_MATCH(%ebx), %eax
	call get_bit
	jc match

	/* A literal: 8 bits in EDX, below a leading 1; ECX is the index of their tree. */
	movzbl -1(%edi), %ecx
	shrl $5, %ecx
	imull $0x300, %ecx
	addl $LITERAL, %ecx
	movl $1, %edx
	cmpb $7, %bl
	jb 2f
	/* Behind a match, the byte that would have continued it is a context while it is right. */
	movl REP0(%ebp), %eax
	movb (%edi,%eax), %al
	movb %al, MATCH_BYTE(%ebp)
1:	movl $1, %eax
	shlb MATCH_BYTE(%ebp)
	adcb $0, %al                    /* 1 or 2 */
	pushl %eax
	shll $8, %eax
	addl %ecx, %eax
	addl %edx, %eax
	call get_bit
	adcl %edx, %edx
	popl %eax
	testb %dh, %dh
	jnz 3f
	xorl %edx, %eax                 /* 1 and bit 0, or 2 and bit 1: as in the other byte */
	testb $1, %al
	jnz 1b
2:	leal (%ecx,%edx), %eax
	call get_bit
	adcl %edx, %edx
	testb %dh, %dh
	jz 2b
3:	xchgl %edx, %eax
	stosb
	cmpb $10, %bl
	jb 4f
	subl $3, %ebx
4:	subl $3, %ebx
	jns next
	xorl %ebx, %ebx
	jmp next

match:
	leal IS_REP(%ebx), %eax
	call get_bit
	jc rep
	movl REP0(%ebp), %eax
	xchgl REP1(%ebp), %eax
	xchgl REP2(%ebp), %eax
	movl %eax, REP3(%ebp)
	movl $LEN, %eax
	call get_len
	pushl %ecx
	call get_distance
	popl %ecx
	notl %edx
	movb $7, %al
	jmp 2f

rep:
	leal IS_REP0(%ebx), %eax
	call get_bit
	jc 1f
	leal IS_REP0_LONG(%ebx), %eax
	call get_bit
	movl REP0(%ebp), %edx
	jc 3f
	movl $1, %ecx
	cmpb $7, %bl
	movb $9, %bl
	jb copy
	movb $11, %bl
	jmp copy
1:	movl REP0(%ebp), %edx
	xchgl REP1(%ebp), %edx
	leal IS_REP1(%ebx), %eax
	call get_bit
	jnc 3f
	xchgl REP2(%ebp), %edx
	leal IS_REP2(%ebx), %eax
	call get_bit
	jnc 3f
	xchgl REP3(%ebp), %edx
3:	pushl %edx
	movl $REP_LEN, %eax
	call get_len
	popl %edx
	movb $8, %al
2:	cmpb $7, %bl                    /* state 7 or 8 behind a literal, 10 or 11 behind a match */
	jb 4f
	addb $3, %al
4:	movb %al, %bl
/* ECX bytes from EDX below the end. */
copy:
	movl %edx, REP0(%ebp)
1:	movb (%edi,%edx), %al
	stosb
	loop 1b
	jmp next

/* One bit, by probability EAX, into CF. Keeps all other registers. */
get_bit:
	pushl %ecx
	pushl %edx
	leal PROBS(%ebp,%eax,2), %eax
	call normalize
	movzwl (%eax), %ecx
	movl RANGE(%ebp), %edx
	shrl $11, %edx
	imull %ecx, %edx                /* the part of the range that means 0 */
	cmpl %edx, CODE(%ebp)
	jae 1f
	movl %edx, RANGE(%ebp)
	subl $2048, %ecx
	negl %ecx
	shrl $5, %ecx
	addw %cx, (%eax)
	clc
	jmp 2f
1:	subl %edx, RANGE(%ebp)
	subl %edx, CODE(%ebp)
	shrl $5, %ecx
	subw %cx, (%eax)
	stc
2:	popl %edx
	popl %ecx
	ret

/* Takes a byte if the range has become small. DL is lost. */
normalize:
	cmpb $0, RANGE+3(%ebp)
	jne 1f
	shll $8, RANGE(%ebp)
	shll $8, CODE(%ebp)
	movb (%esi), %dl
	incl %esi
	movb %dl, CODE(%ebp)
1:	ret

/* ECX bits, high one first, by the tree at EAX. Value in EAX; ECX and EDX are lost. */
get_tree:
	pushl %ebx
	pushl %ecx
	xchgl %eax, %ebx
	movl $1, %edx
1:	leal (%ebx,%edx), %eax
	call get_bit
	adcl %edx, %edx
	loop 1b
	popl %ecx
	btcl %ecx, %edx                 /* the leading 1 */
	xchgl %edx, %eax
	popl %ebx
	ret

/* The same, low one first. */
get_reverse_tree:
	pushl %ecx
	call get_tree
	popl %ecx
	xchgl %edx, %eax
	xorl %eax, %eax
1:	shrl $1, %edx
	adcl %eax, %eax
	loop 1b
	ret

/* A match's length, by the probabilities at EAX, in ECX. */
get_len:
	movl %eax, %edx
	call get_bit
	movl $3, %ecx
	leal 2(%edx), %eax
	pushl $2
	jnc 1f
	leal 1(%edx), %eax
	call get_bit
	leal 10(%edx), %eax
	movb $10, (%esp)
	jnc 1f
	movb $8, %cl
	leal 18(%edx), %eax
	movb $18, (%esp)
1:	call get_tree
	popl %ecx
	addl %eax, %ecx
	ret

/* The distance less one of a match of ECX bytes, in EDX. */
get_distance:
	leal -2(%ecx), %eax
	cmpl $3, %eax
	jb 1f
	movl $3, %eax
1:	shll $6, %eax
	addl $SLOT, %eax
	movl $6, %ecx
	call get_tree
	movl %eax, %edx
	cmpl $4, %eax
	jb 4f
	movl %eax, %ecx
	shrl $1, %ecx
	decl %ecx                       /* bits behind the first two */
	andl $1, %edx
	orl $2, %edx
	cmpl $14, %eax
	jae 2f
	shll %cl, %edx
	pushl %edx
	subl %eax, %edx
	leal SPECIAL(%edx), %eax
	jmp 3f
2:	subl $4, %ecx
5:	pushl %edx                      /* a bit without a probability */
	call normalize
	popl %edx
	shrl $1, RANGE(%ebp)
	movl CODE(%ebp), %eax
	subl RANGE(%ebp), %eax
	jb 6f
	movl %eax, CODE(%ebp)
6:	cmc
	adcl %edx, %edx
	loop 5b
	shll $4, %edx
	pushl %edx
	movl $ALIGN, %eax
	movl $4, %ecx
3:	call get_reverse_tree
	popl %edx
	addl %eax, %edx
4:	ret

/*
 * The build has made the targets of calls and jumps absolute, since a target called from many
 * places packs better then (mkrom.c has the other half). Both directions agree on which of them:
 * those inside the body.
 */
make_calls_relative:
	movl $BODY_BASE, %edi
1:	cmpl $BODY_BASE + body_len - 5, %edi
	ja flat_jump
	movb (%edi), %al
	incl %edi
	andb $0xfe, %al
	cmpb $0xe8, %al
	jne 1b
	leal -1 - BODY_BASE(%edi), %edx
	movl (%edi), %eax
	cmpl $body_len, %eax
	jae 2f
	subl %edx, (%edi)
	jmp 3f
2:	addl %edx, %eax
	cmpl %edx, %eax
	jae 3f
	addl $body_len, (%edi)
3:	addl $4, %edi
	jmp 1b
flat_jump:
	movl $flat_start, %eax
	jmp *%eax
