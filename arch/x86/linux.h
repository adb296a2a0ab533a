/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hand-over to Linux by the 32-bit boot protocol (Documentation/arch/x86/boot.rst, "32-bit Boot
 * Protocol"; zero-page.rst).
 */
#ifndef ARCH_X86_LINUX_H
#define ARCH_X86_LINUX_H

#include "arch/x86/e820.h"
#include "core/bzimage.h"
#include "core/types.h"

#define LINUX_ZERO_PAGE_LEN 4096
#define LINUX_GDT_LEN 0x20

/* The text screen as the BIOS left it; all zeros: there is none. */
struct linux_screen {
	uint8_t column, row;
	uint16_t page;
	uint8_t mode, columns, lines;
	uint16_t ega_bx; /* INT 10h AH=12h BL=10h */
	uint8_t is_vga;
	uint16_t points; /* scan lines of a character */
};

struct linux_params {
	const struct bzimage *kernel;
	const uint8_t *header;          /* byte 1F1h of the file, kernel->header_len bytes */
	uint32_t kernel_at;             /* where its protected-mode part lies */
	uint32_t cmdline_at;            /* NUL-terminated, even if empty */
	uint32_t initrd_at, initrd_len; /* 0: none */
	const struct e820 *map;
	struct linux_screen screen;
};

/*
 * Why this kernel cannot be entered so on this processor, to follow "this Linux kernel"; NULL: it
 * can. long_mode: the processor has 64-bit mode.
 */
const char *linux_refusal(const struct bzimage *kernel, bool long_mode);

/* Builds the zero page from scratch. Pure: nothing but page is touched. */
void linux_zero_page(uint8_t page[LINUX_ZERO_PAGE_LEN], const struct linux_params *params);

/*
 * Enters the kernel. gdt: room for LINUX_GDT_LEN bytes that nobody overwrites until the kernel has
 * its own. Interrupts and paging are off, segments flat; all of this lies below 4 GiB.
 */
_Noreturn void linux_enter(uint32_t kernel_at, uint32_t zero_page, void *gdt);

#endif
