/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants memory for downloads (place.c decides where) and starts the kernel among them. The bytes
 * of a kernel's head come from the network; core/bzimage.c checks them. Called through the seam.
 */
#include "arch/pcbios/memory.h"

#include "arch/boot.h"
#include "arch/pcbios/bios.h"
#include "arch/pcbios/console.h"
#include "arch/pcbios/layout.h"
#include "arch/pcbios/place.h"
#include "arch/pcbios/pxe/pxe.h"
#include "arch/port.h"
#include "arch/x86/io.h"
#include "arch/x86/linux.h"
#include "core/assert.h"
#include "core/bzimage.h"
#include "core/mem.h"
#include "core/text.h"

#define RELEASE_LEN 80

#define SETUP_HEADER 0x1f1

#define BDA_VIDEO_MODE 0x49
#define BDA_VIDEO_COLUMNS 0x4a
#define BDA_CURSOR 0x50
#define BDA_PAGE 0x62
#define BDA_VIDEO_ROWS 0x84 /* less one */
#define BDA_VIDEO_POINTS 0x85
#define VGA_PRESENT 0x1a

extern const uint8_t skiff_end[]; /* skiff.ld */

static struct e820 map;
static struct place place;

bool memory_init(void)
{
	bool ok = bios_e820(&map);

	place_init(&place, &map, BODY_BASE, (uintptr_t)skiff_end);
	return ok;
}

const struct e820 *memory_map(void)
{
	return &map;
}

static uint8_t *pointer(uint32_t address)
{
	return bios_phys(address);
}

static struct span kernel_head(uint64_t file_len)
{
	return (struct span){
		pointer(place.kernel_file),
		file_len < IMAGE_HEAD_LEN ? (uint32_t)file_len : IMAGE_HEAD_LEN,
	};
}

static int place_linux(struct span head, uint64_t file_len, struct place_extent *e,
		       struct failure *f)
{
	const char *refusal;
	struct bzimage bz;
	int err = bzimage_parse(&bz, head, file_len, f);

	if (err)
		return err;
	refusal = linux_refusal(&bz, cpu_has_long_mode());
	if (refusal)
		return fail(f, RUNG_IMAGE, ERR_FORMAT, "this Linux kernel %s", refusal);
	return place_kernel(&place, &bz, file_len, e, f);
}

/* An option ROM is no file that a BIOS starts. */
int boot_refuse_self(struct span head, struct failure *f)
{
	(void)head;
	(void)f;
	return 0;
}

int boot_cargo_grant(enum cargo kind, struct span head, uint64_t file_len, struct extent *e,
		     struct failure *f)
{
	struct place_extent where = { 0, 0 };
	int err;

	if (kind == CARGO_KERNEL) {
		err = place_linux(head, file_len, &where, f);
	} else if (kind == CARGO_INITRD) {
		uint32_t before = place.initrd_at + place.initrd_len;
		err = place_initrd(&place, file_len, &where, f);
		if (!err && before)
			memset(pointer(before), 0, where.at - before);
	} else if (kind == CARGO_NBP) {
		err = place_nbp(&place, file_len, pxe_nbp_room(), &where, f);
	} else {
		err = place_fetch(&place, file_len, &where, f);
	}
	if (err)
		return err;
	e->at = pointer(where.at);
	e->len = where.len;
	return 0;
}

int boot_cargo_done(enum cargo kind, uint64_t file_len, struct failure *f)
{
	if (kind == CARGO_INITRD)
		place_initrd_done(&place, file_len);
	if (kind == CARGO_NBP)
		place_nbp_done(&place, file_len);
	if (kind != CARGO_KERNEL)
		return 0;
	/*
	 * Once more, now that the length is known. The header is read where it will run, in memory
	 * that was never posted to a device.
	 */
	place_kernel_done(&place, file_len);
	return bzimage_parse(&place.kernel, kernel_head(file_len), file_len, f);
}

void boot_text(struct text *t)
{
	struct span file = { pointer(place.kernel_file), (uint32_t)place.kernel_file_len };
	char release[RELEASE_LEN];

	if (place.nbp_len) {
		text_fmt(t, "boot program, %u bytes", (unsigned)place.nbp_len);
		return;
	}
	bzimage_release(&place.kernel, file, release, sizeof(release));
	text_fmt(t, "linux %s at 0x%x", release, (unsigned)place.kernel_at);
	if (place.initrd_len)
		text_fmt(t, ", initrd %u bytes", (unsigned)place.initrd_len);
}

/* [LNX-08] What the kernel's own setup code would have asked the BIOS. */
static void read_screen(struct linux_screen *s)
{
	struct bios_regs r = { .eax = 0x1a00 };
	uint8_t page = bda_byte(BDA_PAGE) & 7;

	*s = (struct linux_screen){ 0 };
	bios_int(&r, 0x10);
	if ((r.eax & 0xff) != VGA_PRESENT)
		return;
	r = (struct bios_regs){ .eax = 0x1200, .ebx = 0x10 };
	bios_int(&r, 0x10);
	s->ega_bx = (uint16_t)r.ebx;
	s->column = bda_byte(BDA_CURSOR + 2u * page);
	s->row = bda_byte(BDA_CURSOR + 2u * page + 1);
	s->page = page;
	s->mode = bda_byte(BDA_VIDEO_MODE) & 0x7f;
	s->columns = bda_byte(BDA_VIDEO_COLUMNS);
	s->lines = (uint8_t)(bda_byte(BDA_VIDEO_ROWS) + 1);
	s->points = bda_word(BDA_VIDEO_POINTS);
	s->is_vga = 1;
}

static int check_boot(size_t cmdline_len, struct failure *f)
{
	size_t room = LINUX_CMDLINE_END - LINUX_CMDLINE - 1;
	size_t max = place.kernel.cmdline_max < room ? place.kernel.cmdline_max : room;

	if (cmdline_len > max) /* [LNX-04] */
		return fail(f, RUNG_HAND_OVER, ERR_NO_SPACE,
			    "the command line has %zu characters, but this kernel takes only %zu",
			    cmdline_len, max);
	if (!place_is_free(&place, LINUX_ZERO_PAGE, LINUX_CMDLINE + (uint32_t)cmdline_len + 1))
		return fail(f, RUNG_HAND_OVER, ERR_NO_SPACE,
			    "there is no conventional memory at %Xh for the kernel's parameters",
			    LINUX_ZERO_PAGE);
	return 0;
}

int boot_start(const char *cmdline, struct failure *f)
{
	size_t cmdline_len = text_len(cmdline);
	struct linux_params params = {
		.kernel = &place.kernel,
		.header = pointer(place.kernel_file) + SETUP_HEADER,
		.kernel_at = place.kernel_at,
		.cmdline_at = LINUX_CMDLINE,
		.initrd_at = place.initrd_len ? place.initrd_at : 0,
		.initrd_len = place.initrd_len,
		.map = &map,
	};
	int err;

	if (place.nbp_len)
		return pxe_start(place.nbp_at, place.nbp_len, &place, f);
	assert(place.kernel_at != 0);
	err = check_boot(cmdline_len, f);
	if (err)
		return err;
	console_flush();
	read_screen(&params.screen);
	memcpy(bios_phys(LINUX_CMDLINE), cmdline, cmdline_len + 1);
	linux_zero_page(bios_phys(LINUX_ZERO_PAGE), &params);
	/* Where there was no RAM in front of kernel_at, the file begins there. */
	if (place.kernel_file == place.kernel_at)
		memmove(pointer(place.kernel_at), pointer(place.kernel_at) + place.kernel.setup_len,
			(size_t)(place.kernel_file_len - place.kernel.setup_len));
	linux_enter(params.kernel_at, LINUX_ZERO_PAGE, bios_phys(LINUX_GDT));
}
