/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record of what the guest saw and sent: pcapng, link type Ethernet, which any reader dissects.
 * Each frame's virtio header is its comment, and the flags say the direction.
 */
#ifndef BACKEND_PCAP_H
#define BACKEND_PCAP_H

#include "tests/backend/frame.h"

struct pcap {
	void *file; /* NULL: nothing is recorded */
};

void pcap_open(struct pcap *pcap, const char *path);

/* id, len: of the used ring, as the guest sees them. */
void pcap_write(struct pcap *pcap, enum direction dir, const struct frame *frame, uint32_t id,
		uint32_t len);

/* Everything so far is in the file. */
void pcap_flush(struct pcap *pcap);

#endif
