/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zero page ("boot_params"): offsets and names are those of zero-page.rst and boot.rst. The
 * kernel's header was written by the network and checked by core/bzimage.c; the rest is ours and
 * the BIOS's.
 */
#include "arch/x86/linux.h"

#include "core/mem.h"
#include "core/wire.h"

enum screen_info {
	ORIG_X = 0x00,
	ORIG_Y = 0x01,
	ORIG_VIDEO_PAGE = 0x04,
	ORIG_VIDEO_MODE = 0x06,
	ORIG_VIDEO_COLS = 0x07,
	ORIG_VIDEO_EGA_BX = 0x0a,
	ORIG_VIDEO_LINES = 0x0e,
	ORIG_VIDEO_ISVGA = 0x0f,
	ORIG_VIDEO_POINTS = 0x10,
};

enum zero_page {
	E820_ENTRIES = 0x1e8,
	SETUP_HEADER = 0x1f1,
	TYPE_OF_LOADER = 0x210,
	CODE32_START = 0x214,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	CMD_LINE_PTR = 0x228,
	E820_TABLE = 0x2d0,
	E820_ENTRY_LEN = 20,
};

#define LOADER_UNDEFINED 0xff /* type_of_loader: no id assigned */

/* [LNX-08] */
const char *linux_refusal(const struct bzimage *kernel, bool long_mode)
{
	if (kernel->code32_start == 0)
		return "has no 32-bit entry (code32_start is 0), and skiff knows no other; "
		       "is it ipxe.lkrn?";
	if (kernel->xloadflags & XLF_KERNEL_64 && !long_mode)
		return "is a 64-bit one, and this machine's processor has 32 bits; "
		       "use a 32-bit kernel";
	return NULL;
}

static void put_screen(uint8_t *page, const struct linux_screen *s)
{
	page[ORIG_X] = s->column;
	page[ORIG_Y] = s->row;
	put_le16(page + ORIG_VIDEO_PAGE, s->page);
	page[ORIG_VIDEO_MODE] = s->mode;
	page[ORIG_VIDEO_COLS] = s->columns;
	put_le16(page + ORIG_VIDEO_EGA_BX, s->ega_bx);
	page[ORIG_VIDEO_LINES] = s->lines;
	page[ORIG_VIDEO_ISVGA] = s->is_vga;
	put_le16(page + ORIG_VIDEO_POINTS, s->points);
}

static void put_e820(uint8_t *page, const struct e820 *map)
{
	uint8_t *entry = page + E820_TABLE;

	page[E820_ENTRIES] = (uint8_t)map->count;
	for (uint32_t i = 0; i < map->count; i++, entry += E820_ENTRY_LEN) {
		put_le64(entry, map->range[i].start);
		put_le64(entry + 8, map->range[i].len);
		put_le32(entry + 16, map->range[i].type);
	}
}

/*
 * [LNX-08] The header first, since a long one of a later version would reach into the E820 table.
 * What is set of it exists since protocol 2.02, which core/bzimage.c demands [LNX-10]. heap_end_ptr
 * and its flag concern the real-mode code, which does not run.
 */
void linux_zero_page(uint8_t page[LINUX_ZERO_PAGE_LEN], const struct linux_params *params)
{
	memset(page, 0, LINUX_ZERO_PAGE_LEN);
	memcpy(page + SETUP_HEADER, params->header, params->kernel->header_len);
	page[TYPE_OF_LOADER] = LOADER_UNDEFINED;          /* [LNX-04] */
	put_le32(page + CODE32_START, params->kernel_at); /* [LNX-06] */
	put_le32(page + CMD_LINE_PTR, params->cmdline_at);
	put_le32(page + RAMDISK_IMAGE, params->initrd_at);
	put_le32(page + RAMDISK_SIZE, params->initrd_len);
	put_screen(page, &params->screen);
	put_e820(page, params->map);
}
