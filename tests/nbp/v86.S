/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The probe's way to virtual-8086 mode and back, for one call. Interrupts are off all the while;
 * with IOPL 3 nothing that the callee does comes back to us but `int $LEAVE`, I/O, and exceptions,
 * which end it with a sentence.
 */
#include "tests/nbp/layout.h"

#define LEAVE 0x30
#define CODE32 0x08
#define DATA32 0x10
#define CODE16 0x18
#define DATA16 0x20
#define TASK 0x28
#define VM_IOPL3 0x00023000
#define GATE32 0x8e00     /* for ring 0 */
#define GATE32_RING3 0xee00

	.code16
	.text
	.globl v86, leave_v86
v86:
	movw %sp, old_sp
	movw %ss, old_ss
	cli
	movw $IDT, %di                  /* all that comes is fault, but for LEAVE */
	movw $LEAVE, %cx
1:	movl $fault, %eax
	movl $GATE32, %edx
	call gate
	loop 1b
	movl $left, %eax
	movl $GATE32_RING3, %edx
	call gate
	movw $TSS, %di
	movw $TSS_LEN / 2, %cx
	xorw %ax, %ax
	rep stosw
	movl $RING0_STACK, TSS + 4
	movl $DATA32, TSS + 8
	movw $TSS_LEN, TSS + 102        /* no I/O */
	movb $0x89, gdt + TASK + 5      /* not busy any more */
	movzwl %sp, %ebx
	movzwl old_ss, %edx
	lgdtl gdtr
	lidtl idtr
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmpl $CODE32, $1f
	.code32
1:	movl $DATA32, %eax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $RING0_STACK, %esp
	movl $TASK, %eax
	ltr %ax
	xorl %eax, %eax
	pushl %eax                      /* GS, FS, DS, ES */
	pushl %eax
	pushl %eax
	pushl %eax
	pushl %edx
	pushl %ebx
	pushl $VM_IOPL3
	pushl %eax
	pushl $go_v86
	iretl

fault:
	movl $DATA32, %eax
	movw %ax, %ds
	movl $0xdead, after + EAX
left:
	ljmpl $CODE16, $2f
	.code16
2:	movw $DATA16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl %cr0, %eax
	andb $0xfe, %al
	movl %eax, %cr0
	ljmpw $0, $3f
3:	lidtl %cs:real_idtr
	xorw %ax, %ax
	movw %ax, %fs
	movw %ax, %gs
	sti
	jmp back

leave_v86:
	int $LEAVE

/* A gate at DI, to EAX. */
gate:
	movw %ax, (%di)
	movw $CODE32, 2(%di)
	movw %dx, 4(%di)
	shrl $16, %eax
	movw %ax, 6(%di)
	addw $8, %di
	ret

	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9a000000ffff
	.quad 0x00cf92000000ffff
	.quad 0x00009a000000ffff
	.quad 0x000092000000ffff
	.word TSS_LEN - 1, TSS, 0x8900, 0
gdtr:
	.word . - gdt - 1
	.long gdt
idtr:
	.word IDT_LEN - 1
	.long IDT
real_idtr:
	.word 0x3ff
	.long 0
