/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one received frame says about its device: pure functions of private copies of virtio_net_hdr
 * and frame, and of what was negotiated. Whom the frame is meant for does not matter here.
 */
#ifndef TESTS_CONFORM_JUDGE_H
#define TESTS_CONFORM_JUDGE_H

#include "core/text.h"
#include "core/types.h"
#include "tests/conform/rows.h"

/* Feature bits that these judgements depend on, beside those of drivers/virtio.h. */
enum judge_feature {
	VIRTIO_NET_F_MRG_RXBUF = 15,
};

/* Any guest GSO. */
#define JUDGE_GSO_FEATURES \
	(UINT64_C(1) << VIRTIO_NET_F_GUEST_TSO4 | UINT64_C(1) << VIRTIO_NET_F_GUEST_TSO6 | \
	 UINT64_C(1) << VIRTIO_NET_F_GUEST_UFO | UINT64_C(1) << VIRTIO_NET_F_GUEST_USO4 | \
	 UINT64_C(1) << VIRTIO_NET_F_GUEST_USO6)

/* Rows of a checksum that is wrong, and of how it came to be. */
#define JUDGE_WRONG_CSUM \
	(ROW_BIT(DEV_42) | ROW_BIT(DEV_42B) | ROW_BIT(DEV_43) | ROW_BIT(DEV_43B) | ROW_BIT(DEV_56))

#define JUDGE_HEADER_LEN 12 /* with num_buffers, which is 0 in a copy of a header that has none */

struct judge_rules {
	uint64_t accepted;    /* features */
	bool has_num_buffers; /* VERSION_1, or MRG_RXBUF */
	bool modern;          /* VERSION_1 */
	uint16_t mtu;         /* MTU was negotiated: its value; 0: not */
};

/* struct virtio_net_hdr, 5.1.9, in numbers. */
struct judge_header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

void judge_parse_header(struct judge_header *h, const uint8_t header[JUDGE_HEADER_LEN]);

/* A TCP or UDP checksum as it stands in a packet; l4_off 0: there is none to look at. */
struct judge_csum {
	uint32_t l3_off, l4_off, l4_len; /* in the frame */
	uint8_t proto;                   /* 6 or 17 */
	bool ipv6;
	uint16_t field;  /* what stands there */
	uint16_t pseudo; /* the sum of the pseudo-header, folded */
	bool valid;      /* it verifies */
};

struct judgement {
	uint64_t seen, broken; /* ROW_BIT()s; broken is a part of seen */
	struct judge_header header;
	struct judge_csum csum;
};

/* Everything that header and frame (Ethernet header first) show. Sets all of *j. */
void judge(const struct judge_rules *rules, const uint8_t header[JUDGE_HEADER_LEN],
	   struct span frame, struct judgement *j);

/*
 * Finds and verifies the TCP or UDP checksum of a frame; not of a fragment, nor of UDP without one.
 */
void judge_find_csum(struct judge_csum *c, struct span frame);

/* The rows of checksums, for judge(). */
void judge_csums(const struct judge_rules *rules, struct span frame, struct judgement *j);

/*
 * The bytes that the frame must have at least: by its own IP header, or as ARP; its headers, where
 * it ends in them; 0 where that cannot be said. Whether a frame continues in the next buffer.
 */
uint32_t judge_whole_len(struct span frame);

/*
 * Appends "flags 0x02 gso_type 0x00 … field 0x0000, pseudo-header's sum 0x1234": what row was
 * judged by.
 */
void judge_text(const struct judgement *j, enum row row, struct text *t);

#endif
