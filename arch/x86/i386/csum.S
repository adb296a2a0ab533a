/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/csum.h for the i686, in place of core/csum.c. Called for every received segment, with its
 * first three arguments in EAX, EDX and ECX (-mregparm=3).
 *
 * A word is loaded once, stored, and added with its carry. Under QEMU's TCG that is faster than
 * movs and the sum of what it stored, although it takes more instructions: what costs there is
 * access to memory, and an `adc` behind an `adc`, for which it makes a call. 64 MiB by HTTP, one
 * interleaved run, medians of seven: 418 for 340 MB/s over user, 786 for 626 over passt. Blocks of
 * 16 bytes are slower (341, 743), of 48 and 96 no faster.
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

/* uint32_t csum_copy(void *dst, const void *src, size_t len, uint32_t sum) */
	.balign 16
	.globl CSUM(csum_copy)
	.type CSUM(csum_copy), @function
CSUM(csum_copy):
	pushl %esi
	pushl %edi
	movl %eax, %edi
	movl %edx, %esi
	xorl %edx, %edx
	subl $32, %ecx
	jb 2f
1:	.irp off, 0,4,8,12,16,20,24,28
	movl \off(%esi), %eax
	movl %eax, \off(%edi)
	addl %eax, %edx
	adcl $0, %edx
	.endr
	addl $32, %esi
	addl $32, %edi
	subl $32, %ecx
	jae 1b
2:	addl $32 - 4, %ecx
	js 4f
3:	movsl
	addl -4(%edi), %edx
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
6:	finish 12(%esp)
	popl %edi
	popl %esi
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
