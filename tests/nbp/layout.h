/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the probe share: the registers of a call as tests/qemu/probe.py sends them and
 * gets them back, and where in segment 0 the probe keeps what needs no room in the file.
 */
#ifndef TESTS_NBP_LAYOUT_H
#define TESTS_NBP_LAYOUT_H

#define EAX 0
#define EBX 4
#define ECX 8
#define EDX 12
#define ESI 16
#define EDI 20
#define EBP 24
#define ESP 28
#define EFLAGS 32
#define DS 36
#define ES 38
#define FS 40
#define GS 42
#define SS 44
#define CS 46
#define REGISTERS_LEN 48

/* Behind the registers of a command that calls: whom, and what lies on the stack for it. */
#define TARGET 48
#define WORDS 52 /* how many; then they, the last one pushed first */

#define LINE 0x5000 /* a command, decoded */
#define LINE_END 0x6000
#define IDT 0x6000
#define IDT_LEN (0x31 * 8)
#define RING0_STACK 0x6f00
#define TSS 0x6f00
#define TSS_LEN 0x68

#endif
