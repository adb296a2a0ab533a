/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jump into a kernel, 32-bit boot protocol [LNX-08]. Called by a port with nothing left to do.
 */
	.section .text.linux_enter, "ax", @progbits
	.code32

/* _Noreturn void linux_enter(uint32_t kernel_at, uint32_t zero_page, void *gdt): EAX, EDX, ECX */
	.globl linux_enter
linux_enter:
	cli
	cld
	lidt bios_idtr                  /* our handlers would speak for the kernel */
	movl %ecx, %edi
	movl %ecx, %ebx
	movl $linux_gdt, %esi
	movl $8, %ecx                   /* 4 descriptors */
	rep movsl
	pushl %ebx
	pushw $0x1f
	lgdt (%esp)
	addl $6, %esp
	movl %edx, %esi
	xorl %ebp, %ebp
	xorl %edi, %edi
	xorl %ebx, %ebx
	movl $0x18, %ecx                /* __BOOT_DS */
	movw %cx, %ds
	movw %cx, %es
	movw %cx, %fs
	movw %cx, %gs
	movw %cx, %ss
	pushl $0x10                     /* __BOOT_CS */
	pushl %eax
	lret

	.section .rodata.linux_gdt, "a", @progbits
	.balign 8
linux_gdt:
	.quad 0, 0
	.quad 0x00cf9b000000ffff        /* 10h: code, execute and read, 4 GiB */
	.quad 0x00cf93000000ffff        /* 18h: data, 4 GiB */
