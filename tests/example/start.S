/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry of a PVH kernel, which QEMU's -kernel knows by an ELF note: 32 bits, no paging, .bss
 * cleared. It goes on in long mode, the first 4 GiB mapped as they lie. No interrupt comes in; an
 * exception resets the machine.
 */
#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define STACK_LEN 0x10000

	.section .note.pvh, "a", @note
	.long 4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad start

	.text
	.code32
	.globl start
start:	movl $directories, %eax
	movl %eax, %cr3
	movl $0x20, %eax /* PAE */
	movl %eax, %cr4
	movl $0xc0000080, %ecx /* EFER: LME */
	rdmsr
	orl $0x100, %eax
	wrmsr
	movl $0x80000001, %eax /* PG, PE */
	movl %eax, %cr0
	lgdt descriptor
	ljmp $8, $long_mode

	.code64
long_mode:
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl $stack + STACK_LEN, %esp
	cld
	call example
	.globl halt
halt:	cli
	hlt
	jmp halt

	.data
gdt:	.quad 0, 0x00209a0000000000
descriptor:
	.word . - gdt - 1
	.long gdt

	.balign 4096
pages:	.set address, 0
	.rept 4 * 512
	.quad address + 0x83 /* present, writable, 2 MiB */
	.set address, address + 0x200000
	.endr
directory:
	.quad pages + 3, pages + 0x1000 + 3, pages + 0x2000 + 3, pages + 0x3000 + 3
	.balign 4096
directories:
	.quad directory + 3
	.balign 4096

	.bss
	.balign 16
stack:	.skip STACK_LEN
	.section .note.GNU-stack, "", @progbits
