/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body's 32-bit side of the mode switch. Segments are flat, paging is off, interrupts are off;
 * they are on only inside a BIOS call. The IDTR stays the BIOS's.
 */
#include "arch/pcbios/layout.h"

#define STACK_LEN 0x8000

	.code32

/* Entered by lzma.S. Arguments are in registers (-mregparm=3). */
	.section .text.flat, "ax", @progbits
	.globl flat_start
flat_start:
	movl $stack_top, %esp
	movl $bss_start, %edi
	movl $bss_end, %ecx
	subl %edi, %ecx
	shrl $2, %ecx
	xorl %eax, %eax
	rep stosl
	movzwl LOW_BDF, %eax
	call pcbios_main

/* _Noreturn void flat_leave(void): back to the BIOS, from any depth of the stack. */
	.globl flat_leave
flat_leave:
	movl $bios_leave, %ebx
	ljmp $SEL_CODE16, $real_side

/* void flat_bios_call(void): one BIOS call with the registers at LOW_REGS. */
	.globl flat_bios_call
flat_bios_call:
	pushl %ebp
	pushl %ebx
	pushl %esi
	pushl %edi
	movl %esp, flat_esp
	movl $bios_side, %ebx
	ljmp $SEL_CODE16, $real_side
	.globl flat_back
flat_back:
	movl $SEL_DATA, %eax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl flat_esp, %esp
	popl %edi
	popl %esi
	popl %ebx
	popl %ebp
	ret

	.section .bss.flat, "aw", @nobits
	.balign 4
flat_esp:
	.skip 4
	.balign 16
	.skip STACK_LEN
stack_top:
