/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checksum rule: VIRTIO 1.4, 5.1.9.4, and where the specification is silent or the field
 * disagrees with it, the table in drivers/README.md. The device wrote the header. Called by
 * virtio_net.c for every frame.
 */
#include "drivers/vnet.h"

#include "core/wire.h"

#define CSUM_FLAGS (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID)
/* Flags of features that skiff never accepts: of tunnels, and IPsec's three. */
#define OTHER_FEATURES_FLAGS (VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM | 0x10 | 0x20 | 0x40)
#define TUNNEL (VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6)
#define CSUM_FIELD_LEN 2
#define GUEST_GSO \
	(VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO4) | VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO6) | \
	 VIRTIO_BIT(VIRTIO_NET_F_GUEST_UFO) | VIRTIO_BIT(VIRTIO_NET_F_GUEST_USO4) | \
	 VIRTIO_BIT(VIRTIO_NET_F_GUEST_USO6))

static inline bool vnet_has(const struct vnet_rules *rules, enum virtio_feature feature)
{
	return rules->accepted & VIRTIO_BIT(feature);
}

static inline uint16_t header_u16(const struct vnet_rules *rules, const uint8_t *p)
{
	return VIRTIO_BIG_ENDIAN && rules->legacy ? get_be16(p) : get_le16(p);
}

/* 5.1.9.4.2 [NET-27] [DEV-54]: these a driver must not accept, whatever was negotiated. */
static inline bool forbidden_mix(uint8_t flags, uint8_t gso_type)
{
	uint8_t tunnel = gso_type & TUNNEL,
		base = gso_type & (uint8_t) ~(TUNNEL | VIRTIO_NET_HDR_GSO_ECN);

	if (!tunnel)
		return flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM &&
		       flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	return tunnel == TUNNEL || !(flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	       flags & VIRTIO_NET_HDR_F_DATA_VALID || base == VIRTIO_NET_HDR_GSO_NONE;
}

/* The ECN bit is no type. */
static inline bool is_gso(const uint8_t *header)
{
	return header[VNET_GSO_TYPE] & ~VIRTIO_NET_HDR_GSO_ECN;
}

/* 5.1.9.4.1: each type has a feature of its own, whatever the others say. */
static bool gso_accepted(const struct vnet_rules *rules, uint8_t gso_type)
{
	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return vnet_has(rules, VIRTIO_NET_F_GUEST_TSO4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return vnet_has(rules, VIRTIO_NET_F_GUEST_TSO6);
	case VIRTIO_NET_HDR_GSO_UDP:
		return vnet_has(rules, VIRTIO_NET_F_GUEST_UFO);
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return vnet_has(rules, VIRTIO_NET_F_GUEST_USO4) ||
		       vnet_has(rules, VIRTIO_NET_F_GUEST_USO6);
	default:
		return false; /* tunnels, and what has no name */
	}
}

/*
 * 5.1.9.4.1 [DEV-47]: of a negotiated type. What size the segments had is of no use here, and flags
 * alone decide what stands in the checksum's field.
 */
static inline uint32_t segments(const struct vnet_rules *rules, const uint8_t *header)
{
	bool whole = header[VNET_FLAGS] & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
		     header_u16(rules, header + VNET_GSO_SIZE);

	return is_gso(header) && !whole ? VNET_BIT(VNET_DEV_47) : 0;
}

/* The rules that flags and gso_type break by being there at all. */
static uint32_t uncalled_for(const struct vnet_rules *rules, const uint8_t *header)
{
	uint8_t flags = header[VNET_FLAGS], gso_type = header[VNET_GSO_TYPE];
	uint32_t rows = 0;

	if (!vnet_has(rules, VIRTIO_NET_F_GUEST_CSUM) && flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		rows |= VNET_BIT(VNET_DEV_41); /* [DEV-41] */
	if (!vnet_has(rules, VIRTIO_NET_F_GUEST_CSUM) && flags & ~VIRTIO_NET_HDR_F_NEEDS_CSUM)
		rows |= VNET_BIT(VNET_DEV_40); /* [DEV-40] */
	if (flags & VIRTIO_NET_HDR_F_RSC_INFO)
		rows |= VNET_BIT(VNET_DEV_48); /* [DEV-48] */
	if (flags & OTHER_FEATURES_FLAGS)
		rows |= VNET_BIT(VNET_DEV_49); /* [DEV-49] */
	if (!gso_accepted(rules, gso_type))
		rows |= VNET_BIT(VNET_DEV_50); /* [DEV-50] */
	if (gso_type && !(rules->accepted & GUEST_GSO))
		rows |= VNET_BIT(VNET_DEV_51); /* [DEV-51] */
	if (forbidden_mix(flags, gso_type))
		rows |= VNET_BIT(VNET_DEV_54);
	if (!(rows & (VNET_BIT(VNET_DEV_50) | VNET_BIT(VNET_DEV_51))))
		rows |= segments(rules, header);
	return rows;
}

static inline uint8_t weightiest(uint32_t rows, uint8_t flags)
{
	if (rows & VNET_BIT(VNET_DEV_54))
		return VNET_BREACH_MIX;
	if (rows & VNET_BIT(VNET_DEV_41))
		return VNET_BREACH_NEEDS_CSUM;
	if (rows & (VNET_BIT(VNET_DEV_50) | VNET_BIT(VNET_DEV_51)))
		return VNET_BREACH_GSO;
	if (rows & VNET_BIT(VNET_DEV_48))
		return VNET_BREACH_RSC_INFO;
	if (rows & VNET_BIT(VNET_DEV_47))
		return VNET_BREACH_SEGMENTS;
	if (rows & VNET_BIT(VNET_DEV_40) && flags & VIRTIO_NET_HDR_F_DATA_VALID)
		return VNET_BREACH_DATA_VALID;
	if (rows & (VNET_BIT(VNET_DEV_40) | VNET_BIT(VNET_DEV_49)))
		return VNET_BREACH_FLAG;
	return VNET_BREACH_NONE;
}

/*
 * NEEDS_CSUM that the device may set. csum_start and csum_offset count from the start of the frame,
 * and only here (5.1.9.4.2 [NET-23]); 32-bit sums of 16-bit values cannot wrap ([NET-32] [DEV-45]).
 */
static inline uint32_t partial(const struct vnet_rules *rules, const uint8_t *header,
			       struct frame *frame)
{
	uint32_t start = header_u16(rules, header + VNET_CSUM_START);
	uint32_t offset = header_u16(rules, header + VNET_CSUM_OFFSET);

	frame->breach = VNET_BREACH_FIELD;
	if (start + offset + CSUM_FIELD_LEN > frame->data.len) {
		frame->csum = CSUM_BAD;
		return VNET_BIT(VNET_DEV_45);
	}
	frame->csum = CSUM_PARTIAL;
	frame->csum_start = (uint16_t)start;
	frame->csum_offset = (uint16_t)offset;
	return 0;
}

/*
 * The table, for a frame with any flag or gso_type. Unknown bits change no verdict (5.1.9.4.2
 * [NET-22]); hdr_len is never looked at (5.1.9.4.2 [NET-26]), nor are fields of tunnels ([NET-28]).
 */
HOT_PATH static __attribute__((noinline)) uint32_t judge(const struct vnet_rules *rules,
							 const uint8_t *header, struct frame *frame)
{
	uint8_t flags = header[VNET_FLAGS], gso_type = header[VNET_GSO_TYPE];
	uint32_t rows = 0;

	/* What GUEST_CSUM allows breaks nothing when it stands alone. */
	if (gso_type || flags & ~CSUM_FLAGS || !vnet_has(rules, VIRTIO_NET_F_GUEST_CSUM))
		rows = uncalled_for(rules, header);
	frame->breach = weightiest(rows, flags);
	if (rows & VNET_BIT(VNET_DEV_54)) {
		frame->csum = CSUM_BAD;
		return rows;
	}
	/* A GSO type or RSC_INFO that was not negotiated: what comes with it has no meaning. */
	if (rows & (VNET_BIT(VNET_DEV_48) | VNET_BIT(VNET_DEV_50) | VNET_BIT(VNET_DEV_51)))
		return rows;
	/*
	 * NEEDS_CSUM decides what is in the field, also beside DATA_VALID. Unasked for it means
	 * nothing ([NET-25]).
	 */
	if (flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		return vnet_has(rules, VIRTIO_NET_F_GUEST_CSUM) ?
			       rows | partial(rules, header, frame) :
			       rows;
	if (flags & VIRTIO_NET_HDR_F_DATA_VALID &&
	    (vnet_has(rules, VIRTIO_NET_F_GUEST_CSUM) || rules->trust))
		frame->csum = CSUM_VOUCHED;
	return rows;
}

/* No flags: the device says nothing, and the checksum must be verified (5.1.9.4.2 [NET-24]). */
HOT_PATH uint32_t vnet_police(const struct vnet_rules *rules, const uint8_t header[VNET_HEADER_LEN],
			      struct frame *frame)
{
	uint32_t rows = 0;

	frame->csum = CSUM_CHECK;
	frame->csum_start = 0;
	frame->csum_offset = 0;
	frame->breach = VNET_BREACH_NONE;
	if (header[VNET_FLAGS] | header[VNET_GSO_TYPE])
		rows = judge(rules, header, frame);
	/* 5.1.9.4.1 [DEV-31]; of no consequence without MRG_RXBUF [NET-31]. */
	if (!rules->legacy && get_le16(header + VNET_NUM_BUFFERS) != 1)
		rows |= VNET_BIT(VNET_DEV_31);
	/* 5.1.4.1 [DEV-35] */
	if (rules->frame_max && frame->data.len > rules->frame_max && !is_gso(header))
		rows |= VNET_BIT(VNET_DEV_35);
	return rows;
}

void vnet_breach_text(const struct vnet_rules *rules, uint8_t breach, struct text *t)
{
	static const char *const marks[VNET_BREACHES] = {
		[VNET_BREACH_FLAG] =
			"with a flag that the device may not use: its feature was not negotiated",
		[VNET_BREACH_DATA_VALID] =
			"DATA_VALID, which the device may not do: GUEST_CSUM was not negotiated",
		[VNET_BREACH_SEGMENTS] =
			"with a gso_type but not NEEDS_CSUM and a gso_size, which belong to it",
		[VNET_BREACH_RSC_INFO] =
			"RSC_INFO, which the device may not do: RSC_EXT was not negotiated",
		[VNET_BREACH_GSO] =
			"with a gso_type, which the device may not do: that was not negotiated",
		[VNET_BREACH_NEEDS_CSUM] =
			"NEEDS_CSUM, which the device may not do: GUEST_CSUM was not negotiated",
		[VNET_BREACH_FIELD] =
			"NEEDS_CSUM for a field that is not theirs, which the device may not do",
		[VNET_BREACH_MIX] = "with flags and a gso_type that exclude each other",
	};

	if (breach == VNET_BREACH_NONE || breach >= VNET_BREACHES)
		return;
	text_fmt(t, " marked %s (VIRTIO 1.4, 5.1.9.4.1).", marks[breach]);
	if (breach != VNET_BREACH_DATA_VALID && breach != VNET_BREACH_NEEDS_CSUM)
		return;
	if (rules->offered & VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM))
		text_fmt(t, " csum=auto negotiates it.");
	else if (breach == VNET_BREACH_DATA_VALID)
		text_fmt(t, " csum=trust accepts them.");
	else
		text_fmt(t, " Its back end must complete checksums.");
}
