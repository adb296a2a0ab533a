/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot program (NBP) that does what it is told over COM1, and says what became of it. The tests
 * speak with it by tests/qemu/probe.py: what is called, with what, and what is right, stands there.
 *
 * A command is a line: a letter, and the bytes of its operands in hex. Numbers are little-endian.
 *
 *   E                          the registers that the probe was started with
 *   P offset segment length    the bytes there
 *   W offset segment byte...   writes them
 *   C registers target words   a far call
 *   I registers target words   an interrupt; target is its number
 *   V registers target words   a far call in virtual-8086 mode (v86.S)
 *   R                          ends the probe by a far return to where it came from
 *   J offset segment           ends it by a jump there
 *
 * Each is answered by a line: `=` and bytes in hex; those of a call are the registers behind it.
 */
#include "tests/nbp/layout.h"

#define COM1 0x3f8
#define LSR (COM1 + 5)
#define LSR_DATA 1
#define LSR_ROOM 0x20

	.code16
	.text
	.globl _start
_start:
/* Stores all registers in segment 0, wherever the others point. */
	.macro store to
	movl %eax, %cs:\to + EAX
	movl %ebx, %cs:\to + EBX
	movl %ecx, %cs:\to + ECX
	movl %edx, %cs:\to + EDX
	movl %esi, %cs:\to + ESI
	movl %edi, %cs:\to + EDI
	movl %ebp, %cs:\to + EBP
	movl %esp, %cs:\to + ESP
	pushfl
	popl %cs:\to + EFLAGS
	movw %ds, %cs:\to + DS
	movw %es, %cs:\to + ES
	movw %fs, %cs:\to + FS
	movw %gs, %cs:\to + GS
	movw %ss, %cs:\to + SS
	movw %cs, %cs:\to + CS
	.endm

	store entry
	call be_at_home
	movw $COM1 + 2, %dx             /* FIFOs on, so that QEMU hands over 16 bytes at a time */
	movb $1, %al
	outb %al, %dx
	movw $ready, %si
	call say

command:
	call read_line
	movw $LINE, %si
	lodsb
	movw $commands, %bx
1:	cmpb $0, (%bx)
	je unknown
	cmpb %al, (%bx)
	je 2f
	addw $3, %bx
	jmp 1b
2:	pushw $command
	jmp *1(%bx)
unknown:
	movw $huh, %si
	call say
	jmp command

/* --- commands: SI is at the operands, DS and ES are 0 ----------------------------------------- */

entered:
	movw $entry, %si
	movw $REGISTERS_LEN, %cx
	xorw %ax, %ax
	jmp answer

peek:
	movw 4(%si), %cx
	movw 2(%si), %ax
	movw (%si), %si
	jmp answer

poke:
	movw line_end, %cx
	subw %si, %cx
	subw $4, %cx
	lesw (%si), %di
	addw $4, %si
	rep movsb
	xorw %ax, %ax
	movw %ax, %es
	jmp answer                      /* nothing */

interrupt:
	movb TARGET(%si), %al
	movb %al, int_number
	movw $the_int, how
	jmp 1f
far_call:
	movw $the_call, how
1:	movw $back, leave
	call go
registers:
	movw $after, %si
	movw $REGISTERS_LEN, %cx
	xorw %ax, %ax
	jmp answer

/*
 * Calls, with the registers and words in LINE + 1. SS:SP are ours unless an SS was given. Whatever
 * comes back, our own registers do not depend on it; `leave` is where that ends.
 */
	.globl go, go_v86, back
go:
	movw %sp, old_sp
	movw %ss, old_ss
go_v86:
	movw LINE + 1 + SS, %ax
	testw %ax, %ax
	jz 1f
	movw %ax, %ss
	movl LINE + 1 + ESP, %esp
1:	movw LINE + 1 + WORDS, %cx
	movw $LINE + 1 + WORDS + 2, %si
	jcxz 3f
2:	lodsw
	pushw %ax
	loop 2b
3:	movl LINE + 1 + TARGET, %eax
	movl %eax, target
	pushl LINE + 1 + EFLAGS
	movl %esp, %eax
	addl $4, %eax
	movl %eax, LINE + 1 + ESP       /* as it is at the call */
	movl LINE + 1 + EAX, %eax
	movl LINE + 1 + EBX, %ebx
	movl LINE + 1 + ECX, %ecx
	movl LINE + 1 + EDX, %edx
	movl LINE + 1 + ESI, %esi
	movl LINE + 1 + EDI, %edi
	movl LINE + 1 + EBP, %ebp
	movw LINE + 1 + ES, %es
	movw LINE + 1 + FS, %fs
	movw LINE + 1 + GS, %gs
	movw LINE + 1 + DS, %ds
	popfl
	jmp *%cs:how
the_call:
	lcallw *%cs:target
	jmp 4f
the_int:
	.byte 0xcd
int_number:
	.byte 0
4:	store after
	jmp *%cs:leave
back:
	movw %cs:old_ss, %ss
	movzwl %cs:old_sp, %esp
	call be_at_home
	movl after + ESP, %eax          /* what is left on the stack, or taken too much */
	subl LINE + 1 + ESP, %eax
	movl %eax, after + ESP
	ret

virtual:
	movw $the_call, how
	movw $leave_v86, leave
	call v86
	jmp registers

jump:
	ljmpw *(%si)

return:
	movl %cs:entry + ESP, %esp
	movw %cs:entry + SS, %ss
	lretw

/* --- lines ------------------------------------------------------------------------------------ */

be_at_home:
	cld
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	ret

/* CX bytes at AX:SI as the answer */
answer:
	pushw %ax
	movb $'=', %al
	call put
	popw %ds
	jcxz 2f
1:	lodsb
	movb %al, %ah
	shrb $4, %al
	call put_digit
	movb %ah, %al
	call put_digit
	loop 1b
2:	xorw %ax, %ax
	movw %ax, %ds
	movb $'\n', %al
	jmp put

put_digit:
	andb $15, %al
	cmpb $10, %al
	jb 1f
	addb $'a' - '0' - 10, %al
1:	addb $'0', %al

put:
	pushw %dx
	pushw %ax
	movw $LSR, %dx
1:	inb %dx, %al
	testb $LSR_ROOM, %al
	jz 1b
	popw %ax
	movw $COM1, %dx
	outb %al, %dx
	popw %dx
	ret

say:
	lodsb
	testb %al, %al
	jz 1f
	call put
	jmp say
1:	ret

get:
	movw $LSR, %dx
1:	inb %dx, %al
	testb $LSR_DATA, %al
	jz 1b
	movw $COM1, %dx
	inb %dx, %al
	ret

/* A letter, and bytes: in LINE up to line_end. Blanks do not count. */
read_line:
	call get
	cmpb $' ', %al
	jbe read_line
	movw $LINE, %di
	stosb
1:	call get_digit
	jc 2f
	movb %al, %ah
	call get_digit
	jc 2f
	shlb $4, %ah
	orb %ah, %al
	cmpw $LINE_END, %di
	jae 1b
	stosb
	jmp 1b
2:	movw %di, line_end
	ret

/* Carry: the line is over. AH stays. */
get_digit:
	call get
	cmpb $'\n', %al
	je 2f
	cmpb $' ', %al
	je get_digit
	orb $0x20, %al
	subb $'0', %al
	cmpb $10, %al
	jb 1f
	subb $'a' - '0' - 10, %al
1:	clc
	ret
2:	stc
	ret

commands:
	.macro command letter, to
	.byte \letter
	.word \to
	.endm
	command 'E', entered
	command 'P', peek
	command 'W', poke
	command 'C', far_call
	command 'I', interrupt
	command 'V', virtual
	command 'R', return
	command 'J', jump
	.byte 0
ready:
	.asciz "probe: ready\n"
huh:
	.asciz "probe: no such command\n"

	.balign 4
	.globl entry, after, old_ss, old_sp
entry:
	.skip REGISTERS_LEN
after:
	.skip REGISTERS_LEN
target:
	.long 0
how:
	.word 0
leave:
	.word 0
line_end:
	.word 0
old_sp:
	.word 0
old_ss:
	.word 0
