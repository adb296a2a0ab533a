/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot image: what a BIOS copies below 1 MiB and runs in real mode. mkrom.c puts two copies of
 * it into the ROM file, which differ in the PCI device id alone, and fills in lengths and
 * checksums.
 *
 *   init        once, at POST: remembers the PCI address, is silent
 *   boot        the BIOS boots from us: fetches the packed body from the ROM BAR, enters it in
 *               flat mode
 *   real_side   the body's way back into real mode, for BIOS calls and for good
 *
 * After POST this segment is write-protected [ROM-07]: what must be remembered is stored at init,
 * or in the low area of layout.h.
 */
#include "arch/pcbios/layout.h"

#define SMAP 0x534d4150
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 2
#define PCI_ROM_BAR 0x30
#define PORT92_A20 2
#define EFLAGS_ID 0x200000
#define CPUID_1_EDX_TSC 0x10
#define CPUID_1_EDX_CMOV 0x8000

	.section .boot, "awx", @progbits
	.code16

/* PCI Firmware 3.x 5.1: the ROM header [ROM-01] */
	.byte 0x55, 0xaa
	.byte BOOT_LEN / 512
	jmp init                        /* offset 3 */
	.org 6
checksum:
	.byte 0                         /* by mkrom, and by init after its changes */
	.org 0x16
	.word 0                         /* no UNDI */
	.word pcir
	.word pnp
	/* At 1Ch: the unpacker's, by the linker; with the packed body, in whole words, by mkrom. */
payload_len:
	.long unpack_len
	/* At 20h, by mkrom: over its 32-bit words, rotate left by one, add. */
payload_sum:
	.long 0
bdf:
	.word 0                         /* by init */

	.balign 4
pcir:                                   /* [ROM-03] */
	.ascii "PCIR"
	.word 0x1af4, 0                 /* the device id by mkrom */
	.word 0                         /* no device list: nobody reads it */
	.word 24                        /* length */
	.byte 0                         /* revision: PCI 2.x */
	.byte 0x00, 0x00, 0x02          /* class: Ethernet controller */
	.word BOOT_LEN / 512
	.word 0
	.byte 0                         /* PC-AT code */
	.byte 0                         /* last image: by mkrom */
	.word 0

	.balign 16
pnp:                                    /* BBS 1.01 appendix B [ROM-04] */
	.ascii "$PnP"
	.byte 1, 32 / 16                /* revision, length */
	.word 0                         /* no further header */
	.byte 0, 0                      /* reserved; checksum by mkrom */
	.long 0                         /* device id */
	.word maker, product
	.byte 0x02, 0x00, 0x00          /* network controller, Ethernet */
	.byte 0x54                      /* may be shadowed; needed only if selected; boots */
	.word 0, 0                      /* no BCV, no disconnect vector */
	.word boot                      /* BEV */
	.word 0, 0

maker:
	.asciz "skiff"
product:
	.ascii "skiff "
	.ascii SKIFF_VERSION             /* of the Makefile */
	.ascii " (PCI "
product_bus:
	.ascii "00:"
product_device:
	.ascii "00."
product_function:
	.asciz "0)"

/*
 * Called by the BIOS at POST with AX = PCI address [ROM-05]. The segment can be written now and
 * only now: keeps the address, in the product's name for the boot menu too, and makes the checksum
 * right again [ROM-06].
 */
init:
	pushfw
	cld
	pushaw
	pushw %ds
	pushw %es
	pushw %cs
	popw %ds
	pushw %cs
	popw %es
	movw %ax, bdf

	movw $product_bus, %di
	xchgb %ah, %al
	call put_hex
	movb bdf, %al
	shrb $3, %al
	movw $product_device, %di
	call put_hex
	movb bdf, %al
	andb $7, %al
	addb $'0', %al
	movb %al, product_function

	xorw %si, %si
	xorb %bl, %bl
	movw $BOOT_LEN, %cx
1:	lodsb
	addb %al, %bl
	loop 1b
	subb %bl, checksum              /* [ROM-02] */

	popw %es
	popw %ds
	popaw
	popfw
	movw $0x20, %ax                 /* an IPL device is attached */
	lretw

/* Writes AL as two hexadecimal digits to ES:DI. */
put_hex:
	movb %al, %ah
	shrb $4, %al
	call 1f
	movb %ah, %al
	andb $15, %al
1:	addb $'0', %al
	cmpb $'9', %al
	jbe 2f
	addb $'a' - '0' - 10, %al
2:	stosb
	ret

/*
 * Called by the BIOS to boot (BBS: BEV). Returns to it if nothing could be booted, with everything
 * as it was found [ROM-09] [ROM-13]: GDTR, IDTR (never changed), A20, segment limits, flags,
 * registers.
 */
boot:
	pushfl
	cld
	pushal
	pushw %ds
	pushw %es
	pushw %fs
	pushw %gs
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es

	movl %esp, LOW_BIOS_ESP
	movw %ss, LOW_BIOS_SS
	sgdtl LOW_BIOS_GDTR
	movw %cs:bdf, %ax
	movw %ax, LOW_BDF
	movw $real_mode, LOW_REAL
	movw %cs, LOW_CS
	inb $0x92, %al
	movb %al, LOW_PORT92

	movw $gdtr, %si
	movw $LOW_FLAT_GDTR, %di
	movw $LOW_GDT + GDT_LEN - LOW_FLAT_GDTR, %cx
	rep movsb %cs:(%si), %es:(%di)
	xorl %eax, %eax
	movw %cs, %ax
	shll $4, %eax
	orl %eax, LOW_GDT + SEL_CODE16 + 2

	movw $no_i686, %si
	movl $EFLAGS_ID, %ecx           /* can be changed where there is CPUID; interrupts go off */
	pushl %ecx
	popfl
	pushfl
	popl %eax
	testl %ecx, %eax
	jz refuse
	xorl %eax, %eax
	incw %ax
	cpuid
	notw %dx
	testw $CPUID_1_EDX_TSC | CPUID_1_EDX_CMOV, %dx
	jnz refuse

	movw $no_memory, %si
	call find_memory
	jc refuse

	cli                             /* the BIOS may have let them in again */
	movb LOW_PORT92, %al
	testb $PORT92_A20, %al
	jnz 1f
	orb $PORT92_A20, %al
	andb $0xfe, %al                 /* bit 0 resets the machine */
	outb %al, $0x92
1:	movw $SEL_DATA, %bx
	call set_limits
	call check_a20
	movw $no_memory, %si
	jc 2f
	call fetch_payload
	movw $no_payload, %si
	jc 2f

	call protect
	ljmpl $SEL_CODE, $unpack_start

2:	movw $SEL_DATA16, %bx
	call set_limits
	sti
refuse:
	call say
	/* Falls through: restores what the boot entry saved. DS = 0. */
leave:
	cli
	movb LOW_PORT92, %al
	testb $PORT92_A20, %al
	jnz 1f
	andb $0xfe, %al
	outb %al, $0x92
1:	movw LOW_BIOS_SS, %ss
	movl LOW_BIOS_ESP, %esp
	popw %gs
	popw %fs
	popw %es
	popw %ds
	popal
	popfl
	lretw

/* CF unless E820 reports RAM for all of skiff. The answers go to LOW_BUFFER. */
find_memory:
	xorl %ebx, %ebx
1:	movl $0xe820, %eax
	movl $SMAP, %edx
	movl $20, %ecx
	movw $LOW_BUFFER, %di
	int $0x15
	jc 3f
	cmpl $SMAP, %eax
	jne 3f
	cmpl $1, LOW_BUFFER + 16        /* RAM */
	jne 2f
	cmpl $0, LOW_BUFFER + 4
	jne 2f
	movl LOW_BUFFER, %eax
	cmpl $BODY_BASE - 1, %eax       /* lzma.S */
	ja 2f
	movl LOW_BUFFER + 12, %edx
	addl LOW_BUFFER + 8, %eax
	adcl $0, %edx
	jnz 4f
	cmpl $BODY_LIMIT, %eax
	jae 4f
2:	testl %ebx, %ebx
	jnz 1b
3:	stc
	ret
4:	clc
	ret

/*
 * Gives DS and ES the limit of selector BX, and leaves them at base 0. SEL_DATA: 4 GiB, so that
 * 32-bit addresses work in real mode; SEL_DATA16: 64 KiB, as the BIOS has them. Interrupts are off.
 */
set_limits:
	call protect
	movw %bx, %ds
	movw %bx, %es
	andb $0xfe, %al
	movl %eax, %cr0
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	lgdtl LOW_BIOS_GDTR
	ret

/* Sets PE; the caller loads segment registers. DS = 0; EAX is CR0. */
protect:
	lgdtl LOW_FLAT_GDTR
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ret

/*
 * CF if address bit 20 is stuck at 0: then 7 MiB is 6 MiB. Both are ours. Bounded: the gate opens
 * within microseconds.
 */
check_a20:
	movl $0x600000, %esi
	movl $0xffff, %ecx
1:	movl %ecx, (%esi)
	movl %esi, 0x100000(%esi)
	cmpl %ecx, (%esi)
	je 2f
	inb $0x92, %al
	loop 1b
	stc
2:	ret

/*
 * Copies the unpacker and the packed body from the ROM BAR to UNPACK_BASE. The BAR decodes only
 * while we copy: it may share its address decoder with the others (PCI 3.0 6.2.5.2). CF if it has
 * another sum than mkrom wrote: a damaged or truncated file.
 */
fetch_payload:
	movb $PCI_COMMAND, %al
	call pci_select
	inw %dx, %ax
	pushw %ax
	orw $PCI_COMMAND_MEMORY, %ax
	outw %ax, %dx
	movb $PCI_ROM_BAR, %al
	call pci_select
	inl %dx, %eax
	pushl %eax
	movl %eax, %esi
	orb $1, %al
	outl %eax, %dx

	andl $0xfffff800, %esi
	addl $PAYLOAD_OFF, %esi
	movl $UNPACK_BASE, %edi
	movl %cs:payload_len, %ecx
	shrl $2, %ecx
	xorl %ebx, %ebx
1:	lodsl (%esi)
	stosl %eax, (%edi)
	roll $1, %ebx
	addl %eax, %ebx
	decl %ecx
	jnz 1b

	movb $PCI_ROM_BAR, %al
	call pci_select
	popl %eax
	outl %eax, %dx
	movb $PCI_COMMAND, %al
	call pci_select
	popw %ax
	outw %ax, %dx
	cmpl %cs:payload_sum, %ebx
	je 2f
	stc
2:	ret

/* Selects configuration register AL of our function; DX becomes the data port. */
pci_select:
	movb %al, %dl
	movl $0x800000, %eax
	movw %cs:bdf, %ax
	shll $8, %eax
	movb %dl, %al
	movw $0xcf8, %dx
	outl %eax, %dx
	movb $0xfc, %dl
	ret

/* A sentence for the user: the rung, and the text at CS:SI. */
say:
	pushw %si
	movw $rung, %si
	call 1f
	popw %si
1:	movb %cs:(%si), %al
	incw %si
	testb %al, %al
	jz 2f
	pushw %si
	movw $7, %bx
	movb $0x0e, %ah
	int $0x10
	popw %si
	jmp 1b
2:	ret

rung:
	.asciz "skiff: failed at config: "
no_i686:
	.asciz "skiff needs an i686 with CMOV, TSC\r\n"
no_memory:
	.asciz "no RAM at 5 MiB\r\n"
no_payload:
	.asciz "the ROM file is damaged or cut short\r\n"

/* Goes to LOW_FLAT_GDTR, which is in the place of an unused descriptor, and behind it. */
gdtr:
	.word GDT_LEN - 1
	.long LOW_GDT
	.word 0
	.quad 0x00cf9b000000ffff        /* SEL_CODE: 32-bit, 4 GiB */
	.quad 0x00cf93000000ffff        /* SEL_DATA */
	.quad 0x00009b000000ffff        /* SEL_CODE16: 64 KiB; the base becomes this segment's */
	.quad 0x000093000000ffff        /* SEL_DATA16 */

/*
 * Entered from flat.S in 16-bit protected mode, SEL_CODE16 being this segment, interrupts off. EBX
 * = where to go on in real mode: bios_side or bios_leave.
 */
	.globl real_side, bios_side, bios_leave
real_side:
	movw $SEL_DATA16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl %cr0, %eax
	andb $0xfe, %al
	movl %eax, %cr0
	ljmpw *LOW_REAL
real_mode:
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl $LOW_STACK_TOP, %esp
	lgdtl LOW_BIOS_GDTR
	jmp *%bx

bios_leave = leave

/*
 * One BIOS call: registers from and to LOW_REGS, where the flat side put the handler's address too.
 * Interrupts are on, so that a key or the BIOS's clock that waited gets its turn.
 */
bios_side:
	movw $LOW_REGS, %sp
	popal
	movw $LOW_STACK_TOP, %sp
	movw %ss:LOW_REGS + 32, %es
	sti
	nop
	pushfw
	cli                             /* as INT does */
	lcallw *%ss:LOW_REGS + 36
	pushfw
	cli
	cld
	popw %ss:LOW_REGS + 34
	movw %es, %ss:LOW_REGS + 32
	movw $LOW_REGS + 32, %sp
	pushal
	movw %ss, %ax
	movw %ax, %ds
	call protect
	ljmpl $SEL_CODE, $flat_back

	.org BOOT_LEN
