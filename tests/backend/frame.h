/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An Ethernet frame on its way between tap and guest, with its virtio header; what is in it, and
 * the checksums of TCP and UDP over IPv4.
 */
#ifndef BACKEND_FRAME_H
#define BACKEND_FRAME_H

#include "tests/backend/backend.h"
#include "tests/backend/rules.h"

#define FRAME_MAX (14 + 4 + 65535) /* GSO frames are the longest */
#define FRAME_SLACK 16384          /* what the actions may add to a frame */

/* Rules choose by these. */
enum kind {
	KIND_OTHER = 1,
	KIND_ARP = 2,
	KIND_ICMP = 4,
	KIND_TCP = 8,
	KIND_UDP = 16,
	KIND_DHCP = 32,
	KIND_DNS = 64,
	KIND_FRAGMENT = 128,
};

/* Where things are, each inside the frame's bytes; found by frame_parse(). */
struct layout {
	unsigned kinds;                  /* of enum kind */
	uint32_t l3_off, l4_off, l4_len; /* l4_len from the IP header; 0: no whole TCP or UDP */
	uint32_t csum_offset;            /* of the field in the TCP or UDP header */
	uint32_t payload_off, payload_len;
	uint16_t sport, dport;
	uint8_t tcp_flags;
};

struct frame {
	struct frame *next;         /* wire.c's */
	uint64_t due_ns, due_count; /* wire.c's */
	struct plan plan;           /* what the rules have in store for it */
	bool made;                  /* the header is as the guest is to see it: header.c's */
	struct virtio_net_hdr_v1 header;
	struct layout at;
	uint32_t len;
	uint8_t data[]; /* len bytes, and room for FRAME_SLACK more */
};

/* A frame of len ≤ FRAME_MAX bytes with an empty header; not parsed yet. free() ends it. */
struct frame *frame_new(const void *data, uint32_t len);
struct frame *frame_copy(const struct frame *frame);

void frame_parse(struct frame *frame);

/* "tcp 192.0.2.1:80 > 192.0.2.9:1024 len 60" */
void frame_text(const struct frame *frame, char *text, size_t size);

/* A TCP or UDP checksum that is there or could be; that of a GSO frame covers all of it. */
bool frame_has_csum(const struct frame *frame);
uint16_t frame_csum(const struct frame *frame);
void frame_set_csum(struct frame *frame, uint16_t value);
uint16_t frame_pseudo_sum(const struct frame *frame);
uint16_t frame_full_csum(const struct frame *frame);

/* Computes the checksum that NEEDS_CSUM leaves undone, and clears the flag. */
void frame_complete(struct frame *frame);

/* The reverse: only the pseudo-header's sum stays in the field, NEEDS_CSUM names it. */
void frame_make_partial(struct frame *frame);

#endif
