/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BIOS services, called from flat mode. Each call goes to real mode and back (some hundred
 * instructions, and the BIOS's own), with interrupts on meanwhile.
 */
#ifndef ARCH_PCBIOS_BIOS_H
#define ARCH_PCBIOS_BIOS_H

#include "arch/x86/e820.h"
#include "core/types.h"

/* In the order of POPA; rom.S and flat.S know the offsets. DS and SS are 0 during the call. */
struct bios_regs {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint16_t es, flags; /* flags: out */
	uint16_t ip, cs;    /* bios_int()'s own */
};

#define BIOS_CARRY 0x01
#define BIOS_ZERO 0x40

/* INT vector, with registers from and to *r. */
void bios_int(struct bios_regs *r, uint8_t vector);

/* Writes len characters of text where the cursor stands: CR, LF and BEL act, the screen scrolls. */
void bios_print(const char *text, uint32_t len);

/* The next key in ASCII (0: one without), or -1: none is waiting. */
int bios_key(void);

/* The memory map, INT 15h E820. False, and an empty map, if the BIOS has none. */
bool bios_e820(struct e820 *map);

/*
 * What our segments' base is: 0, until we move to make room for a boot program (flat.S). Addresses
 * wrap at 4 GiB, so that all of it stays within reach.
 */
extern uint32_t flat_base;

/* Physical memory. The compiler is kept from reasoning about address 0 … 4095. */
static inline void *bios_phys(uint32_t address)
{
	address -= flat_base;
	__asm__("" : "+r"(address));
	return (void *)(uintptr_t)address;
}

/* What the device, and a BIOS, call an address of ours. */
static inline uint32_t bios_linear(const void *at)
{
	return (uint32_t)(uintptr_t)at + flat_base;
}

/* The BIOS data area, segment 40h. */
static inline uint8_t bda_byte(uint32_t off)
{
	return *(volatile uint8_t *)bios_phys(0x400 + off);
}

static inline uint16_t bda_word(uint32_t off)
{
	return *(volatile uint16_t *)bios_phys(0x400 + off);
}

/*
 * Set while a boot program has the machine (pxe/pxe.c): takes it back, so that the BIOS can be
 * called again, and stops the device.
 */
extern void (*bios_over)(void);

/* flat.S; what they do stands there */
void flat_bios_call(void);
void flat_move(uint32_t base, const void *gdtr, uint32_t len);
void flat_gdt(const void *gdtr);
_Noreturn void flat_leave(void);
/* flat_leave() goes there, if it is not NULL. */
extern void (*flat_way_out)(void);

#endif
