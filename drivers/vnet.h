/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct virtio_net_hdr in front of a received frame, and what may be believed of it: the checksum
 * rule. The header was written by the device and copied to private memory once; everything here is
 * a pure function of that copy, the frame's length and what was negotiated.
 */
#ifndef DRIVERS_VNET_H
#define DRIVERS_VNET_H

#include "core/frame.h"
#include "core/text.h"
#include "core/types.h"
#include "drivers/virtio.h"

#define VNET_HEADER_LEN 12        /* VERSION_1, whatever MRG_RXBUF says */
#define VNET_LEGACY_HEADER_LEN 10 /* without MRG_RXBUF */

/* Offsets in the header. */
enum vnet_member {
	VNET_FLAGS = 0,
	VNET_GSO_TYPE = 1,
	VNET_GSO_SIZE = 4,
	VNET_CSUM_START = 6,
	VNET_CSUM_OFFSET = 8,
	VNET_NUM_BUFFERS = 10,
};

enum virtio_net_hdr_flag {
	VIRTIO_NET_HDR_F_NEEDS_CSUM = 0x01,
	VIRTIO_NET_HDR_F_DATA_VALID = 0x02,
	VIRTIO_NET_HDR_F_RSC_INFO = 0x04,
	VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM = 0x08,
};

enum virtio_net_hdr_gso {
	VIRTIO_NET_HDR_GSO_NONE = 0x00,
	VIRTIO_NET_HDR_GSO_TCPV4 = 0x01,
	VIRTIO_NET_HDR_GSO_UDP = 0x03,
	VIRTIO_NET_HDR_GSO_TCPV6 = 0x04,
	VIRTIO_NET_HDR_GSO_UDP_L4 = 0x05,
	VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 = 0x20,
	VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6 = 0x40,
	VIRTIO_NET_HDR_GSO_ECN = 0x80,
};

/* What was negotiated, and what the user allows beyond it. */
struct vnet_rules {
	uint64_t accepted; /* features, as VIRTIO_BIT()s */
	uint64_t offered;  /* only changes the advice of vnet_breach_text() */
	bool trust;        /* csum=trust: believe DATA_VALID even without GUEST_CSUM */
	bool legacy;       /* a guest-native header without num_buffers */
	/*
	 * MTU was negotiated: the longest frame that may come (with a VLAN tag) but for those of
	 * several segments; 0: not
	 */
	uint32_t frame_max;
};

/* Rules that a device can break in a frame's header, by their rows of tests/rows.txt. */
enum vnet_row {
	VNET_DEV_31, /* num_buffers is not 1 */
	VNET_DEV_35, /* longer than the MTU allows */
	VNET_DEV_40, /* a flag other than NEEDS_CSUM without GUEST_CSUM */
	VNET_DEV_41, /* NEEDS_CSUM without GUEST_CSUM */
	VNET_DEV_45, /* NEEDS_CSUM whose field is outside the frame */
	VNET_DEV_47, /* a gso_type without NEEDS_CSUM or gso_size */
	VNET_DEV_48, /* RSC_INFO without RSC_EXT */
	VNET_DEV_49, /* UDP_TUNNEL_CSUM or an IPsec flag without its feature */
	VNET_DEV_50, /* a gso_type without its feature */
	VNET_DEV_51, /* gso_type is not 0, no guest GSO feature was negotiated */
	VNET_DEV_54, /* a combination that a driver must not accept */
	VNET_ROWS,
};

#define VNET_BIT(row) (1u << (row))
/*
 * Those that count as dev_flags. QEMU (7.2, 10.0, 11.1), DPDK 22.11 and passt 2025-05 leave
 * num_buffers unwritten, so DEV-31 is not among them.
 */
#define VNET_FLAG_ROWS (VNET_BIT(VNET_ROWS) - 1 - VNET_BIT(VNET_DEV_31) - VNET_BIT(VNET_DEV_35))

/* Breach ids (core/frame.h), the weightiest last. */
enum vnet_breach {
	VNET_BREACH_NONE,
	VNET_BREACH_FLAG,       /* DEV-49, or DEV-40 by a bit without a name */
	VNET_BREACH_DATA_VALID, /* DEV-40 */
	VNET_BREACH_SEGMENTS,   /* DEV-47 */
	VNET_BREACH_RSC_INFO,   /* DEV-48 */
	VNET_BREACH_GSO,        /* DEV-50, DEV-51 */
	VNET_BREACH_NEEDS_CSUM, /* DEV-41 */
	/*
	 * DEV-45. Whether a field inside the frame is the right one only net/ can tell: this is
	 * also what a frame with CSUM_PARTIAL broke, if net/ cannot take it.
	 */
	VNET_BREACH_FIELD,
	VNET_BREACH_MIX, /* DEV-54 */
	VNET_BREACHES,
};

/*
 * The one place where virtio flags become a verdict. header: VNET_HEADER_LEN bytes (the last two
 * count on modern devices only). Reads frame->data.len and sets frame's csum, csum_start,
 * csum_offset and breach. Returns the rows that the device broke, as VNET_BIT()s.
 */
uint32_t vnet_police(const struct vnet_rules *rules, const uint8_t header[VNET_HEADER_LEN],
		     struct frame *frame);

/* Appends what a breach means, to a sentence that begins "N segments had checksum 0". */
void vnet_breach_text(const struct vnet_rules *rules, uint8_t breach, struct text *t);

#endif
