/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PXE segment: what lies at the top of base memory while a boot program runs. Shared by
 * assembly and C. The first bytes are stub.S, copied; C fills in what is known at run time only.
 * Offsets count from its beginning, which is a multiple of 1 KiB (BIOS data area, 40:13).
 */
#ifndef ARCH_PCBIOS_PXE_LAYOUT_H
#define ARCH_PCBIOS_PXE_LAYOUT_H

#define PXE_SEGMENT_KIB 12
#define PXE_SEGMENT_LEN (PXE_SEGMENT_KIB * 1024)

/* PXE 2.1, 3.1: both structures on a multiple of 16. */
#define PXE_BANG 0x00 /* !PXE */
#define PXE_BANG_LEN 0x58
#define PXE_ENV 0x60 /* PXENV+ */
#define PXE_ENV_LEN 0x2c

/* What stub.S and C share. */
#define PXE_GDTR 0x90      /* 6 bytes: of PXE_GDT */
#define PXE_OLD_GDTR 0x98  /* 6 bytes: the caller's */
#define PXE_GDT 0xa0       /* GDT_LEN bytes: the selectors of ../layout.h */
#define PXE_OLD_INT15 0xd0 /* far pointers: whom our handlers go on to */
#define PXE_OLD_INT1A 0xd4
#define PXE_OLD_INT18 0xd8
#define PXE_REAL 0xdc    /* far pointer: stub.S, real_mode */
#define PXE_OLD_ESP 0xe0 /* where a call came from */
#define PXE_OLD_SS 0xe4
#define PXE_OPCODE 0xe6
#define PXE_PARAMETERS 0xe8 /* far pointer */
#define PXE_HIDES 0xec      /* 1 byte: whether INT 15h is answered by us */
#define PXE_FOUND 0xed      /* 1 byte: whether INT 1Ah is */
#define PXE_E820_COUNT 0xee
#define PXE_E801_LOW 0xf0  /* KiB of RAM from 1 MiB on, up to 16 MiB */
#define PXE_E801_HIGH 0xf2 /* 64 KiB of RAM from 16 MiB on */
#define PXE_INT15_88 0xf4  /* KiB of RAM from 1 MiB on, at most 63 MiB */
#define PXE_STUB 0x100     /* the code */
#define PXE_STUB_END 0x400

/* The packets of GET_CACHED_INFO, the frame of UNDI_ISR, the memory map, and the first stack. */
#define PXE_CACHED PXE_STUB_END
#define PXE_CACHED_LEN 1260 /* PXE 2.1 3.3.4: struct bootph without its filling */
#define PXE_FRAME 0x12d0
#define PXE_FRAME_LEN 0x5f0
#define PXE_E820 0x18c0
#define PXE_E820_ENTRY 20
/* A byte for each opcode below 80h: how often it was called, up to 255. For who looks from outside.
 */
#define PXE_COUNTS 0x22c0
#define PXE_COUNTS_LEN 0x80
#define PXE_STACK_END 0x2340 /* the stack begins with the segment's end */

/* No opcode of PXE's: the boot program has come back, or has called INT 18h. */
#define PXE_OPCODE_OVER 0xffff

#endif
