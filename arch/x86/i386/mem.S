/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/mem.h for the i686, in place of core/mem.c. Arguments come in EAX, EDX and ECX
 * (-mregparm=3). The direction flag is clear before and after, as the ABI has it. memcpy stores the
 * payload that a device vouched for.
 */
#ifndef MEM
#define MEM(name) name          /* unit tests link this beside the C version */
#endif

	.macro begin name
	.globl MEM(\name)
	.type MEM(\name), @function
MEM(\name):
	.endm

	.section .text.hot_path, "ax", @progbits

/* void *memcpy(void *dst, const void *src, size_t len) */
begin memcpy
copy_up:
	pushl %esi
	pushl %edi
	movl %eax, %edi
	movl %edx, %esi
	movl %ecx, %edx
	shrl $2, %ecx
	rep movsl
	movl %edx, %ecx
	andl $3, %ecx
	rep movsb
	popl %edi
	popl %esi
	ret

	.section .text.mem, "ax", @progbits

/* void *memmove(void *dst, const void *src, size_t len): downwards if dst lies inside of src */
begin memmove
	pushl %edi
	movl %eax, %edi
	subl %edx, %edi
	cmpl %ecx, %edi
	jae 1f
	pushl %esi
	leal -1(%edx,%ecx), %esi
	leal -1(%eax,%ecx), %edi
	std
	rep movsb
	cld
	popl %esi
	popl %edi
	ret
1:	popl %edi
	jmp copy_up

/* void *memset(void *dst, int byte, size_t len) */
begin memset
	pushl %edi
	pushl %eax
	movl %eax, %edi
	movzbl %dl, %eax
	imull $0x01010101, %eax
	movl %ecx, %edx
	shrl $2, %ecx
	rep stosl
	movl %edx, %ecx
	andl $3, %ecx
	rep stosb
	popl %eax
	popl %edi
	ret

/* int memcmp(const void *a, const void *b, size_t len) */
begin memcmp
	pushl %esi
	pushl %edi
	movl %eax, %esi
	movl %edx, %edi
	xorl %eax, %eax                 /* equal, also if there is nothing to compare */
	repe cmpsb
	je 1f
	sbbl %eax, %eax
	orl $1, %eax
1:	popl %edi
	popl %esi
	ret

	.section .note.GNU-stack, "", @progbits
