/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body's 32-bit side of the mode switch. Segments are flat, paging is off, interrupts are off;
 * they are on only inside a BIOS call. The IDT is ours in flat mode, and the BIOS's in real mode.
 */
#include "arch/pcbios/layout.h"

#define STACK_LEN 0x8000
#define EXCEPTIONS 32
#define STUB_LEN 7
#define INTERRUPT_GATE 0x8e00           /* 32-bit, present */
/* Those that push an error code: Intel SDM 3A 6.15; AMD APM 2 8.2 for 29 and 30 */
#define WITH_ERROR_CODE 0x60227d00

	.code32

/* Entered by lzma.S. Arguments are in registers (-mregparm=3). */
	.section .text.flat, "ax", @progbits
	.globl flat_start
flat_start:
	movl $flat_stack_top, %esp
	movl $bss_start, %edi
	movl $bss_end, %ecx
	subl %edi, %ecx
	shrl $2, %ecx
	xorl %eax, %eax
	rep stosl

	/* Gates to the stubs, which lie in the body's first 64 KiB (skiff.ld). ECX is 0. */
	sidt bios_idtr
	movl $idt, %edi
	movl $(SEL_CODE << 16) - BODY_BASE + stubs, %eax
	movl $BODY_BASE + INTERRUPT_GATE, %edx
	movb $EXCEPTIONS, %cl
1:	stosl
	addl $STUB_LEN, %eax
	movl %edx, (%edi)
	addl $4, %edi
	loop 1b
	lidt flat_idtr
	movzwl LOW_BDF, %eax
	call pcbios_main

/* _Noreturn void flat_leave(void): back to the BIOS, from any depth of the stack. */
	.globl flat_leave
flat_leave:
	movl flat_way_out, %eax
	testl %eax, %eax
	jz 1f
	jmp *%eax
1:	movl $bios_leave, %ebx
to_real:
	lidt bios_idtr
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
	jmp to_real
	.globl flat_back
flat_back:
	movl $SEL_DATA, %eax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl flat_esp, %esp
	lidt flat_idtr
	popl %edi
	popl %esi
	popl %ebx
	popl %ebp
	ret

/*
 * An exception: of our own, or an instruction that this processor lacks. Its stub has pushed the
 * vector, in front of the error code if there is one and of EIP. What was on the stack is over.
 */
	.globl stubs
stubs:
	.set vector, 0
	.rept EXCEPTIONS
	pushl $vector
	{disp32} jmp exception
	.set vector, vector + 1
	.endr
exception:
	popl %eax
	movl $WITH_ERROR_CODE, %edx
	btl %eax, %edx
	jnc 1f
	popl %edx
1:	popl %edx
	movl $flat_stack_top, %esp
	cld
	call pcbios_exception

/*
 * void flat_move(uint32_t base, const void *gdtr, uint32_t len): the first len bytes of the body
 * and its bss go to BODY_BASE + base, and on from here with the GDT that gdtr describes, whose
 * segments have that base: every address that the linker gave is then as good there.
 */
	.globl flat_move
flat_move:
	pushl %esi
	pushl %edi
	pushl %eax
	movl $BODY_BASE, %esi
	leal BODY_BASE(%eax), %edi
	shrl $2, %ecx
	rep movsl
	lgdt (%edx)
	ljmp $SEL_CODE, $1f
1:	movl $SEL_DATA, %ecx
	movw %cx, %ds
	movw %cx, %es
	movw %cx, %fs
	movw %cx, %gs
	movw %cx, %ss
	popl %eax
	addl %eax, flat_idtr + 2
	movl %eax, flat_base
	lidt flat_idtr
	popl %edi
	popl %esi
	ret

/* void flat_gdt(const void *gdtr): another GDT with the same segments for this side. */
	.globl flat_gdt
flat_gdt:
	lgdt (%eax)
	ret

	.section .data.flat, "aw", @progbits
	.globl flat_idtr
flat_idtr:
	.word EXCEPTIONS * 8 - 1
	.long idt

	.section .bss.flat, "aw", @nobits
	.balign 4
	.globl flat_base, flat_way_out
flat_base:
	.skip 4
flat_way_out:
	.skip 4
flat_esp:
	.skip 4
idt:
	.skip EXCEPTIONS * 8
	.globl bios_idtr
bios_idtr:
	.skip 8
	.balign 16
	.skip STACK_LEN
	.globl flat_stack_top
flat_stack_top:
