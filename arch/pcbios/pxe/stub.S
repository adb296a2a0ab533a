/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real-mode side of the PXE API, which C copies to a segment at the top of base memory. A boot
 * program calls its entries, and takes some KiB for its own of what is around. It is written so
 * that it runs at any segment: AT(x) is an offset in it.
 */
#include "arch/pcbios/layout.h"
#include "arch/pcbios/pxe/layout.h"

#define AT(x) (x - pxe_stub)
#define SMAP 0x534d4150
#define PORT92_A20 2
#define INT1A_PXE 0x5650
#define INT1A_PXE_HERE 0x564e
#define STATUS_FAILURE 1
#define NBP 0x7c00

/* All that a call must not change; at BP: 8 bytes of segments, PUSHA, flags, the return address. */
	.macro save
	pushfl
	pushal
	pushw %ds
	pushw %es
	pushw %fs
	pushw %gs
	movw %sp, %bp
	.endm

	.section .rodata.pxe_stub, "a", @progbits
	.code16
	.globl pxe_stub, pxe_stub_end
	.balign 16
pxe_stub:
	.skip PXE_STUB

/*
 * !PXE's entry: a far call with the opcode and a far pointer to the parameters on the stack, which
 * the caller takes off again. AX is 0 or 1; all else stays [PXE-06].
 */
	.globl pxe_stub_bang, pxe_stub_env, pxe_stub_int15, pxe_stub_int1a, pxe_stub_int18
	.globl pxe_stub_real, pxe_stub_back, pxe_stub_nbp
pxe_stub_bang:
	save
	movw 48(%bp), %bx
	lesw 50(%bp), %di
	jmp 1f

/* PXENV+'s: the opcode in BX, the parameters at ES:DI. */
pxe_stub_env:
	save
1:	cmpw $PXE_OPCODE_OVER, %bx      /* is ours alone: another that there is not */
	jne 2f
	decw %bx
2:	call enter
	movw %ax, 36(%bp)               /* of PUSHA */
	popw %gs
	popw %fs
	popw %es
	popw %ds
	popal
	popfl
	lretw

/*
 * One call with opcode BX and parameters ES:DI. Returns AX. Interrupts are off in flat mode. Nobody
 * can leave protected mode for a caller in V86 mode: he gets an error.
 */
enter:
	cld
	movw %cs, %ax
	movw %ax, %ds
	smsw %ax
	testb $1, %al
	jnz 2f
	cli
	movw %bx, PXE_OPCODE
	movw %di, PXE_PARAMETERS
	movw %es, PXE_PARAMETERS + 2
	movw %ss, PXE_OLD_SS
	movl %esp, PXE_OLD_ESP
	sgdtl PXE_OLD_GDTR
	inb $0x92, %al                  /* a boot program may have shut the A20 gate */
	testb $PORT92_A20, %al
	jnz 1f
	orb $PORT92_A20, %al
	andb $0xfe, %al
	outb %al, $0x92
1:	lgdtl PXE_GDTR
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmpl $SEL_CODE, $pxe_flat
2:	movw $STATUS_FAILURE, %ax
	movw %ax, %es:(%di)
	ret

/*
 * Entered from flat.S in 16-bit protected mode, SEL_CODE16 being this segment. BX = where to go on
 * in real mode. EAX stays.
 */
pxe_stub_real:
	movw $SEL_DATA16, %dx
	movw %dx, %ds
	movw %dx, %es
	movw %dx, %fs
	movw %dx, %gs
	movw %dx, %ss
	movl %cr0, %edx
	andb $0xfe, %dl
	movl %edx, %cr0
	ljmpw *%cs:PXE_REAL
	.globl pxe_stub_real_mode
pxe_stub_real_mode:
	movw %cs, %dx
	movw %dx, %ds
	lgdtl PXE_OLD_GDTR
	jmp *%bx

/* A call ends where it came from. */
pxe_stub_back:
	movw PXE_OLD_SS, %ss
	movl PXE_OLD_ESP, %esp
	ret

/*
 * The boot program starts: PXE 2.1, 4.4.5 [PXE-02]. What comes back goes the way of INT 18h
 * [PXE-03].
 */
pxe_stub_nbp:
	movw %cs, %ax
	movw %ax, %ss
	movl $PXE_SEGMENT_LEN, %esp
	movw %ax, %es
	movw $PXE_ENV, %bx
	movzwl %ax, %edx
	shll $4, %edx
	addl $PXE_ENV, %edx
	pushw %ax
	pushw $PXE_BANG
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %fs
	movw %ax, %gs
	sti
	lcallw $0, $NBP

/*
 * A boot program is over. The stack may have been its own: ours is as good as new. C gives back
 * what we have, and goes on to the BIOS's next boot device; nothing returns here.
 */
pxe_stub_int18:
	cli
	movw %cs, %ax
	movw %ax, %ss
	movl $PXE_SEGMENT_LEN, %esp
	movw $PXE_OPCODE_OVER, %bx
	call enter
pxe_stub_quit:
	movw %cs, %ax
	movw %ax, %ss
	movl $PXE_SEGMENT_LEN, %esp
	sti
	int $0x18
1:	hlt
	jmp 1b

/* The end of an interrupt handler: with the carry flag off, or on, in the flags that it returns. */
carry_off:
	pushw %bp
	movw %sp, %bp
	andb $0xfe, 6(%bp)
	popw %bp
	iretw
carry_on:
	pushw %bp
	movw %sp, %bp
	orb $1, 6(%bp)
	popw %bp
	iretw

/* INT 15h: the memory map without what is ours (ACPI 6.5, 15) [PXE-17]. */
pxe_stub_int15:
	cmpb $0, %cs:PXE_HIDES
	je 9f
	cmpw $0xe820, %ax
	je 1f
	cmpw $0xe801, %ax
	je 3f
	cmpb $0x88, %ah
	je 4f
9:	ljmpw *%cs:PXE_OLD_INT15
1:	cmpl $SMAP, %edx
	jne carry_on
	cmpl $PXE_E820_ENTRY, %ecx
	jb carry_on
	pushl %ecx
	movzwl %cs:PXE_E820_COUNT, %ecx
	cmpl %ecx, %ebx
	popl %ecx
	jae carry_on
	pushw %ds
	pushw %si
	pushw %di
	movw %cs, %cx
	movw %cx, %ds
	imulw $PXE_E820_ENTRY, %bx, %si
	addw $PXE_E820, %si
	movl $PXE_E820_ENTRY, %ecx
	cld
	rep movsb
	popw %di
	popw %si
	popw %ds
	movb $PXE_E820_ENTRY, %cl
	movl $SMAP, %eax
	incw %bx
	cmpw %cs:PXE_E820_COUNT, %bx
	jb carry_off
	xorl %ebx, %ebx
	jmp carry_off
3:	movw %cs:PXE_E801_LOW, %ax
	movw %ax, %cx
	movw %cs:PXE_E801_HIGH, %bx
	movw %bx, %dx
	jmp carry_off
4:	movw %cs:PXE_INT15_88, %ax
	jmp carry_off

/* INT 1Ah AX=5650h: where PXENV+ is (PXE 2.1, 3.1) [PXE-07]. */
pxe_stub_int1a:
	cmpw $INT1A_PXE, %ax
	jne 1f
	cmpb $0, %cs:PXE_FOUND
	je 1f
	movw $INT1A_PXE_HERE, %ax
	movw %cs, %bx
	movw %bx, %es
	movw $PXE_ENV, %bx
	jmp carry_off
1:	ljmpw *%cs:PXE_OLD_INT1A
pxe_stub_end:

/*
 * The flat side of a call. Segments have the base that C has moved us to, so that addresses are
 * those that the linker gave.
 */
	.section .text.pxe_flat, "ax", @progbits
	.code32
	.globl pxe_flat, pxe_flat_to_real
pxe_flat:
	movl $SEL_DATA, %eax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl $flat_stack_top, %esp
	lidt flat_idtr
	call pxe_service
	movl $AT(pxe_stub_back), %ebx
/* _Noreturn void pxe_flat_to_real(EAX, EBX): to the stub, at an offset in it */
pxe_flat_to_real:
	movl pxe_segment, %ecx
	lgdt PXE_GDTR(%ecx)
	lidt bios_idtr
	ljmp $SEL_CODE16, $AT(pxe_stub_real)

/* _Noreturn void pxe_flat_start(void): starts the boot program, which lies at NBP */
	.globl pxe_flat_start
pxe_flat_start:
	movl $AT(pxe_stub_nbp), %ebx
	jmp pxe_flat_to_real

/* _Noreturn void pxe_flat_quit(void): on to the BIOS's next boot device, when all is given back */
	.globl pxe_flat_quit
pxe_flat_quit:
	movl $AT(pxe_stub_quit), %ebx
	jmp pxe_flat_to_real
