/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who lies where in the machine's first 16 MiB. Shared by assembly, C and the linker script.
 *
 *   0x08000 … 0x0a000   the BIOS side: registers for a call, a buffer and a stack, within segment 0
 *   0x10000 … 0x80000   what Linux is handed: zero page, GDT, command line
 *   0x500000 … 0xf00000 skiff itself: the body and its bss; at the end, at first, the packed body
 *
 * The first two are conventional memory, which belongs to the boot program since the IBM PC; the
 * third is checked against E820 before a byte is written. It ends at 15 MiB because the megabyte
 * behind may be an ISA hole, and so that the setup part of a kernel that runs at 16 MiB can lie in
 * front of it; it begins at 5 MiB to leave room at 1 MiB for an old kernel that is not relocatable.
 */
#ifndef ARCH_PCBIOS_LAYOUT_H
#define ARCH_PCBIOS_LAYOUT_H

/*
 * The ROM file: two copies of the boot image, one for each PCI id, then the payload: the unpacker
 * and the packed body.
 */
#define BOOT_LEN 1024
#define PAYLOAD_OFF (2 * BOOT_LEN)
#define PAYLOAD_MAX 0x20000

#define BODY_BASE 0x500000
#define BODY_LIMIT 0xf00000
#define UNPACK_BASE 0xed0000 /* the payload unpacks itself from here; bss ends below */
#define UNPACK_BSS (UNPACK_BASE + PAYLOAD_MAX)
#define UNPACK_STACK (UNPACK_BSS + 0x8000)

#define LOW_BASE 0x8000
#define LOW_BIOS_GDTR 0x8000 /* 6 bytes: as found */
#define LOW_BIOS_ESP 0x8010  /* where the boot entry pushed the BIOS's registers */
#define LOW_BIOS_SS 0x8014
#define LOW_BDF 0x8016       /* the NIC: bus << 8 | device << 3 | function */
#define LOW_REAL 0x8018      /* far pointer to rom.S, real_mode */
#define LOW_CS 0x801a        /* its segment */
#define LOW_PORT92 0x801c    /* 1 byte: as found */
#define LOW_GDT 0x8080       /* for both sides: selectors below */
#define LOW_FLAT_GDTR 0x8088 /* 6 bytes: ours, in the place of selector 8 */
#define LOW_REGS 0x8020      /* struct bios_regs */
#define LOW_BUFFER 0x8100    /* for what a BIOS call reads or writes */
#define LOW_BUFFER_LEN 0x180
#define LOW_STACK_TOP 0xa000 /* grows down to LOW_STACK_END */
#define LOW_STACK_END 0x8280

#define LINUX_ZERO_PAGE 0x10000
#define LINUX_GDT 0x11000
#define LINUX_CMDLINE 0x12000
#define LINUX_CMDLINE_END 0x80000

/*
 * Selectors of the GDT, which rom.S makes. The first two are those that Linux wants too (x86 boot
 * protocol, 32-bit).
 */
#define SEL_CODE 0x10
#define SEL_DATA 0x18
#define SEL_CODE16 0x20
#define SEL_DATA16 0x28
#define GDT_LEN 0x30

#endif
