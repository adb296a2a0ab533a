/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What passes the device, for Wireshark: pcapng, an interface for each configuration, the virtio
 * header as comment of each frame. Where the bytes go is the program's affair.
 */
#ifndef TESTS_CONFORM_RECORD_H
#define TESTS_CONFORM_RECORD_H

#include "core/types.h"

/* The program's: whether anybody keeps a record, and bytes for it. Nothing is said of failure. */
bool program_records(void);
void program_record(const void *bytes, size_t len);

struct record {
	bool on;
	uint32_t interfaces;
};

/* The file begins, if program_records(). */
void record_begin(struct record *r);

/* A configuration begins: frames are its own from now on. */
void record_interface(struct record *r, const char *name);

/*
 * A frame, and its virtio header of header.len bytes, 10 or 12. used: bytes by the used ring, of
 * the first buffer; UINT32_MAX: not of a received frame.
 */
void record_frame(struct record *r, bool received, struct span header, struct span frame,
		  uint32_t used);

#endif
