/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/csum.h for the i686, in place of core/csum.c. Called for every received segment, with its
 * first three arguments in EAX, EDX and ECX (-mregparm=3).
 *
 * Under QEMU's TCG an `adc` right behind an `adc` costs a call, behind an `add` nothing: groups of
 * three words trade instructions for time (measured, instructions per KiB and GiB/s: one word 1050,
 * 2.0; two 930, 1.7; three 890, 1.6; four 860, 1.45; a long chain 800, 1.3; rep movs and a second
 * pass 800, 1.0). Blocks of 96 bytes leave little of segments of 1440, 1448 and 1460.
 */
#ifndef CSUM
#define CSUM(name) name         /* unit tests link this beside the C version */
#endif

	.section .text.hot_path, "ax", @progbits

/*
 * What is summed in EDX, as it was read on a little-endian machine, becomes a number and is added
 * to the caller's sum.
 */
	.macro finish sum
	movl %edx, %eax
	shrl $16, %eax
	addw %ax, %dx
	adcw $0, %dx
	xchgb %dl, %dh
	movzwl %dx, %eax
	addl \sum, %eax
	adcl $0, %eax
	.endm

/* Twelve bytes at off from ESI to EDI, and into EDX. */
	.macro copy12 off
	movl \off(%esi), %eax
	movl %eax, \off(%edi)
	movl \off+4(%esi), %ebx
	movl %ebx, \off+4(%edi)
	addl %eax, %edx
	adcl %ebx, %edx
	movl \off+8(%esi), %eax
	movl %eax, \off+8(%edi)
	adcl %eax, %edx
	adcl $0, %edx
	.endm

/* uint32_t csum_copy(void *dst, const void *src, size_t len, uint32_t sum) */
	.balign 16
	.globl CSUM(csum_copy)
	.type CSUM(csum_copy), @function
CSUM(csum_copy):
	pushl %ebx
	pushl %esi
	pushl %edi
	movl %eax, %edi
	movl %edx, %esi
	xorl %edx, %edx
	subl $96, %ecx
	jb 2f
1:	.irp off, 0, 12, 24, 36, 48, 60, 72, 84
	copy12 \off
	.endr
	addl $96, %esi
	addl $96, %edi
	subl $96, %ecx
	jae 1b
2:	addl $96 - 4, %ecx
	js 4f
3:	movl (%esi), %eax
	movl %eax, (%edi)
	addl $4, %esi
	addl $4, %edi
	addl %eax, %edx
	adcl $0, %edx
	subl $4, %ecx
	jns 3b
4:	testb $2, %cl
	jz 5f
	movzwl (%esi), %eax
	movw %ax, (%edi)
	addl $2, %esi
	addl $2, %edi
	addl %eax, %edx
	adcl $0, %edx
5:	testb $1, %cl
	jz 6f
	movzbl (%esi), %eax
	movb %al, (%edi)
	addl %eax, %edx
	adcl $0, %edx
6:	finish 16(%esp)
	popl %edi
	popl %esi
	popl %ebx
	ret
	.size CSUM(csum_copy), . - CSUM(csum_copy)

/* uint32_t csum_add(const void *data, size_t len, uint32_t sum) */
	.globl CSUM(csum_add)
	.type CSUM(csum_add), @function
CSUM(csum_add):
	pushl %esi
	pushl %ecx
	movl %eax, %esi
	movl %edx, %ecx
	xorl %edx, %edx
	subl $32, %ecx
	jb 2f
1:	.irp off, 0, 4, 8, 12, 16, 20, 24, 28
	addl \off(%esi), %edx
	adcl $0, %edx
	.endr
	addl $32, %esi
	subl $32, %ecx
	jae 1b
2:	addl $32 - 4, %ecx
	js 4f
3:	addl (%esi), %edx
	adcl $0, %edx
	addl $4, %esi
	subl $4, %ecx
	jns 3b
4:	testb $2, %cl
	jz 5f
	movzwl (%esi), %eax
	addl $2, %esi
	addl %eax, %edx
	adcl $0, %edx
5:	testb $1, %cl
	jz 6f
	movzbl (%esi), %eax
	addl %eax, %edx
	adcl $0, %edx
6:	finish (%esp)
	popl %ecx
	popl %esi
	ret
	.size CSUM(csum_add), . - CSUM(csum_add)
