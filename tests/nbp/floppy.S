/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A floppy disk for memdisk: the first sector reads the second by the BIOS. There is the sentence
 * that goes to COM1.
 */
#define COM1 0x3f8
#define BUFFER 0x8000

	.code16
	.text
	.globl _start
_start:
	xorw %bx, %bx
	movw %bx, %ds
	movw %bx, %es
	movw $BUFFER, %bx
	movw $0x0201, %ax               /* one sector, */
	movw $0x0002, %cx               /* the second, */
	xorb %dh, %dh                   /* from where we come */
	int $0x13
	jc 2f
	cld
	movw $BUFFER, %si
1:	lodsb
	testb %al, %al
	jz 2f
	movb %al, %bl
	movw $COM1 + 5, %dx
3:	inb %dx, %al
	testb $0x20, %al
	jz 3b
	movb %bl, %al
	movw $COM1, %dx
	outb %al, %dx
	jmp 1b
2:	hlt
	jmp 2b
	.org 510
	.word 0xaa55
	.asciz "\r\nTHE FLOPPY DISK SPEAKS\r\n"
	.org 1024
