/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packed virtqueue (VIRTIO 1.4, 2.8), as struct ring has it where its shape says so. Known to
 * ring.c and ring_packed.c only, and to their test, which plays the device.
 */
#ifndef TESTS_CONFORM_RING_PACKED_H
#define TESTS_CONFORM_RING_PACKED_H

#include "core/types.h"

#define PACKED_SIZE_MAX 256

enum packed_flag {
	PACKED_NEXT = 1,
	PACKED_WRITE = 2,
	PACKED_INDIRECT = 4,
	PACKED_AVAIL = 0x80,
	PACKED_USED = 0x8000,
};

/* 2.8.10; 0: of all descriptors. */
enum packed_event_flag { PACKED_DISABLE = 1, PACKED_DESC = 2 };

/* 2.8.13, 2.8.14 */
struct packed_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id, flags;
};

struct packed_event {
	uint16_t off_wrap, flags;
};

struct packed {
	volatile struct packed_desc *desc;
	volatile struct packed_event *driver;
	const volatile struct packed_event *device;
	/* Places in the ring, and the wrap counter there: of the next buffer to post, to take. */
	uint16_t next, used;
	bool next_wrap, used_wrap;
	uint16_t unpublished; /* descriptors */
	/* One was used at another place than the next, and has been so since. */
	bool stray;
	uint32_t stray_ms;
	/* What stands at each place: as it was posted, or as the device has used it. */
	struct packed_desc shadow[PACKED_SIZE_MAX];
	bool is_used[PACKED_SIZE_MAX];
};

#endif
