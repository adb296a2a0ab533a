/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux kernel's own header (Documentation/arch/x86/boot.rst): read from bytes that the network
 * wrote, checked here once, in 64 bits. The ports decide what to do with it.
 */
#ifndef CORE_BZIMAGE_H
#define CORE_BZIMAGE_H

#include "core/err.h"
#include "core/image.h"
#include "core/types.h"

struct bzimage {
	uint16_t version;     /* boot protocol, 0x0202 and up; 0x020e is read as 0x020d */
	uint32_t setup_len;   /* before the protected-mode kernel: (setup_sects + 1) * 512 */
	uint32_t header_len;  /* the setup header is file bytes 0x1f1 … 0x1f1 + header_len */
	uint32_t payload_len; /* the protected-mode kernel, by syssize; 0 before 2.04 */
	bool relocatable;
	uint64_t pref_address; /* where it wants to run; 0x100000 before 2.10 */
	uint32_t alignment;    /* a power of two; 1 if not relocatable */
	/* Memory that it needs from its address on, ≥ payload_len; before 2.10 an estimate. */
	uint32_t init_size;
	uint32_t code32_start; /* 0: it says that it has no 32-bit entry */
	/* The last byte that an initrd may occupy below 4 GiB, whatever field says so. */
	uint32_t initrd_addr_max;
	uint32_t cmdline_max; /* characters without the NUL */
	uint16_t xloadflags;
	uint32_t kernel_version_off; /* file offset of the version string, 0: none */
};

enum bzimage_xloadflag {
	XLF_KERNEL_64 = 1,
	XLF_CAN_BE_LOADED_ABOVE_4G = 2,
};

/* Whether the bytes carry a bzImage's two signatures at all (at least 0x206 bytes). */
bool bzimage_is(struct span head);

/*
 * Reads head (the first bytes of the file, at least IMAGE_HEAD_LEN of them unless the file is
 * shorter) of a file of file_len bytes (or IMAGE_LEN_UNKNOWN). 0; ERR_FORMAT with a sentence in f
 * (rung `image`) that says what is wrong with the header.
 */
int bzimage_parse(struct bzimage *bz, struct span head, uint64_t file_len, struct failure *f)
	MUST_CHECK;

/*
 * The version's first word ("6.1.0-56-cloud-amd64") from the whole file, or as much of it as there
 * is; control bytes replaced; "?" if there is none.
 */
void bzimage_release(const struct bzimage *bz, struct span image, char *buf, size_t cap);

#endif
