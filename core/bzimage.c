/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux kernel's header. The network wrote these bytes; each length and address in them is
 * checked here, in 64 bits, before a port acts on it. [SEC-08] Field names and offsets are those of
 * Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
 */
#include "core/assert.h"
#include "core/bzimage.h"
#include "core/kind.h"
#include "core/mem.h"
#include "core/text.h"
#include "core/wire.h"

enum field {
	SETUP_SECTS = 0x1f1,
	SYSSIZE = 0x1f4,
	BOOT_FLAG = 0x1fe,
	JUMP_OFFSET = 0x201, /* second byte of the jump: the header ends where it leads */
	HEADER = 0x202,
	VERSION = 0x206,
	KERNEL_VERSION = 0x20e,
	LOADFLAGS = 0x211,
	CODE32_START = 0x214,
	INITRD_ADDR_MAX = 0x22c,
	KERNEL_ALIGNMENT = 0x230,
	RELOCATABLE_KERNEL = 0x234,
	XLOADFLAGS = 0x236,
	CMDLINE_SIZE = 0x238,
	PREF_ADDRESS = 0x258,
	INIT_SIZE = 0x260,
};

#define LOADED_HIGH 1              /* loadflags */
#define LOAD_HIGH_ADDRESS 0x100000 /* where a kernel runs that names no address */
#define PARAGRAPH 16               /* the unit of syssize */

/*
 * Before protocol 2.10 (Linux 2.6.31) a kernel does not say how much memory it unpacks itself into.
 * gzip, which these kernels use, shrinks them to a third or more; room for the compressed copy
 * comes on top.
 */
#define OLD_INIT_FACTOR 4

bool bzimage_is(struct span head)
{
	return head.len >= VERSION && get_le16(head.at + BOOT_FLAG) == 0xaa55 &&
	       memcmp(head.at + HEADER, "HdrS", 4) == 0;
}

/* [LNX-01] */
static int check_signatures(struct span head, struct failure *f)
{
	int err = kind_refuse(head, false, f);

	if (err)
		return err;
	if (head.len < VERSION + 2)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "not a Linux kernel: the file has only %u bytes", (unsigned)head.len);
	if (!bzimage_is(head))
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "not a Linux kernel: no boot signature AA55h at 1FEh with \"HdrS\" "
			    "behind it");
	return 0;
}

/* The header's length has to cover the fields that its version promises. [LNX-01] */
static int read_version(struct bzimage *bz, struct span head, struct failure *f)
{
	static const struct {
		uint16_t version;
		uint16_t end; /* of the last field that we read, or that a port writes */
	} promises[] = {
		{ 0x0202, INITRD_ADDR_MAX },        { 0x0203, KERNEL_ALIGNMENT },
		{ 0x0205, RELOCATABLE_KERNEL + 1 }, { 0x0206, CMDLINE_SIZE + 4 },
		{ 0x020a, INIT_SIZE + 4 },
	};
	uint32_t end = HEADER + (uint32_t)head.at[JUMP_OFFSET];

	bz->version = get_le16(head.at + VERSION);
	if (bz->version == 0x020e) /* 2.14 was "burnt by incorrect commit": assume 2.13 */
		bz->version = 0x020d;
	if (bz->version < 0x0202)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "too old a Linux kernel: boot protocol %u.%02u, but skiff needs 2.02 "
			    "(Linux 2.4.0) or newer",
			    (unsigned)(bz->version >> 8), (unsigned)(bz->version & 255));
	for (size_t i = 0; i < ARRAY_LEN(promises); i++)
		if (bz->version >= promises[i].version && end < promises[i].end)
			return fail(f, RUNG_IMAGE, ERR_FORMAT,
				    "broken Linux kernel: its header ends at %Xh, before %Xh, "
				    "where protocol %u.%02u needs it",
				    (unsigned)end, (unsigned)promises[i].end,
				    (unsigned)(bz->version >> 8), (unsigned)(bz->version & 255));
	if (end > head.len)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "broken Linux kernel: its header ends at %Xh, behind the end of the "
			    "file at %Xh",
			    (unsigned)end, (unsigned)head.len);
	bz->header_len = end - SETUP_SECTS;
	return 0;
}

/* The two parts of the file against its length. [LNX-02] */
static int read_sizes(struct bzimage *bz, struct span head, uint64_t file_len, struct failure *f)
{
	uint32_t setup_sects = head.at[SETUP_SECTS];
	uint64_t payload_len = (uint64_t)get_le32(head.at + SYSSIZE) * PARAGRAPH;

	bz->setup_len = ((setup_sects ? setup_sects : 4) + 1) * 512;
	if (file_len <= bz->setup_len)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "broken Linux kernel: %u bytes of set-up code in a file of %llu bytes, "
			    "and nothing behind it",
			    (unsigned)bz->setup_len, (unsigned long long)file_len);
	if (bz->version < 0x0204) {
		bz->payload_len = 0; /* the field had two bytes only */
		return 0;
	}
	if (payload_len == 0 || payload_len > UINT32_MAX)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "broken Linux kernel: its header gives it a size of %llu bytes",
			    (unsigned long long)payload_len);
	/* syssize is rounded up: the last paragraph may be cut. A signature may follow it. */
	if (file_len < bz->setup_len + payload_len &&
	    bz->setup_len + payload_len - file_len >= PARAGRAPH)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "broken Linux kernel: its header says %llu bytes, but the file has "
			    "%llu; was it cut short?",
			    (unsigned long long)payload_len + bz->setup_len,
			    (unsigned long long)file_len);
	bz->payload_len = (uint32_t)payload_len;
	return 0;
}

/* Where it wants to lie, and how far it spreads there. [LNX-06] */
static int read_place(struct bzimage *bz, struct span head, uint64_t file_len, struct failure *f)
{
	uint64_t payload_len = bz->payload_len ? bz->payload_len : file_len - bz->setup_len;
	uint64_t init_size = payload_len * OLD_INIT_FACTOR;

	if (bz->payload_len == 0 && file_len == IMAGE_LEN_UNKNOWN)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "neither this old kernel (boot protocol 2.%02u) nor the server says "
			    "how long it is",
			    (unsigned)(bz->version & 255));
	bz->relocatable = bz->version >= 0x0205 && head.at[RELOCATABLE_KERNEL] != 0;
	bz->alignment = bz->relocatable ? get_le32(head.at + KERNEL_ALIGNMENT) : 1;
	if (bz->alignment == 0 || (bz->alignment & (bz->alignment - 1)) != 0)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "broken Linux kernel: its header asks for an alignment to %Xh, which "
			    "is no power of two",
			    (unsigned)bz->alignment);
	bz->pref_address = LOAD_HIGH_ADDRESS;
	if (bz->version >= 0x020a) {
		bz->pref_address = get_le64(head.at + PREF_ADDRESS);
		init_size = get_le32(head.at + INIT_SIZE);
	}
	if (init_size < payload_len || init_size > UINT32_MAX)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "broken Linux kernel: it has %llu bytes, and its header asks for %llu "
			    "bytes of memory",
			    (unsigned long long)payload_len, (unsigned long long)init_size);
	if (bz->pref_address < LOAD_HIGH_ADDRESS || bz->pref_address > UINT64_MAX - init_size)
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "broken Linux kernel: its header asks for memory at %llXh, where none "
			    "can be",
			    (unsigned long long)bz->pref_address);
	bz->init_size = (uint32_t)init_size;
	return 0;
}

/* What cannot be wrong in itself; where a version lacks the field, its default. */
static void read_limits(struct bzimage *bz, struct span head)
{
	uint32_t off = get_le16(head.at + KERNEL_VERSION);

	bz->code32_start = get_le32(head.at + CODE32_START);
	bz->xloadflags = bz->version >= 0x020c ? get_le16(head.at + XLOADFLAGS) : 0;
	/* [LNX-05] A kernel that takes its initrd above 4 GiB takes it anywhere below. */
	bz->initrd_addr_max = 0x37ffffff;
	if (bz->xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G)
		bz->initrd_addr_max = UINT32_MAX;
	else if (bz->version >= 0x0203)
		bz->initrd_addr_max = get_le32(head.at + INITRD_ADDR_MAX);
	/* [LNX-04] */
	bz->cmdline_max = bz->version >= 0x0206 ? get_le32(head.at + CMDLINE_SIZE) : 255;
	bz->kernel_version_off = off != 0 && off + 0x200 < bz->setup_len ? off + 0x200 : 0;
}

int bzimage_parse(struct bzimage *bz, struct span head, uint64_t file_len, struct failure *f)
{
	int err;

	assert(head.len <= file_len && (head.len >= IMAGE_HEAD_LEN || file_len <= head.len ||
					file_len == IMAGE_LEN_UNKNOWN));
	err = check_signatures(head, f);
	if (err < 0)
		return err;
	err = read_version(bz, head, f);
	if (err < 0)
		return err;
	if (!(head.at[LOADFLAGS] & LOADED_HIGH)) /* [LNX-03] */
		return fail(f, RUNG_IMAGE, ERR_FORMAT,
			    "a zImage, which loads below 1 MiB: skiff starts only kernels that "
			    "were built as bzImage");
	err = read_sizes(bz, head, file_len, f);
	if (err < 0)
		return err;
	err = read_place(bz, head, file_len, f);
	if (err < 0)
		return err;
	read_limits(bz, head);
	return 0;
}

void bzimage_release(const struct bzimage *bz, struct span image, char *buf, size_t cap)
{
	uint32_t off = bz->kernel_version_off;
	struct text t;
	char c;

	text_init(&t, buf, cap);
	for (; off != 0 && off < image.len; off++) {
		c = (char)image.at[off];
		if (c == '\0' || c == ' ')
			break;
		c = text_printable(c); /* [SEC-10] */
		text_add(&t, &c, 1);
	}
	if (t.len == 0)
		text_add(&t, "?", 1);
}
