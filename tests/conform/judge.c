/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of struct virtio_net_hdr. Only the rules of drivers/vnet.c are asked here too, and a
 * test holds the two against each other; this one knows the features that skiff does not accept.
 * Called by station_rx.c.
 */
#include "tests/conform/judge.h"

#include "core/mem.h"
#include "core/wire.h"
#include "drivers/virtio.h"
#include "drivers/vnet.h"

#define IPSEC_FLAGS 0x70
#define TUNNEL (VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6)
#define ETH_HEADER_LEN 14
#define VLAN_TAG_LEN 4
#define FRAME_MAX 1514
#define FRAME_GSO_MAX 65589 /* 65601 with the header: 5.1.9.3.1 */
#define TCP_FLAGS 13
#define TCP_CWR 0x80

enum gso_type { GSO_NONE = 0, GSO_TCPV4 = 1, GSO_UDP = 3, GSO_TCPV6 = 4, GSO_UDP_L4 = 5 };

/*
 * The order of 5.1.9: flags, gso_type, then 16 bits each, little-endian (legacy: ours, which is the
 * same).
 */
void judge_parse_header(struct judge_header *h, const uint8_t header[JUDGE_HEADER_LEN])
{
	*h = (struct judge_header){
		.flags = header[0],
		.gso_type = header[1],
		.hdr_len = get_le16(header + 2),
		.gso_size = get_le16(header + 4),
		.csum_start = get_le16(header + 6),
		.csum_offset = get_le16(header + 8),
		.num_buffers = get_le16(header + 10),
	};
}

static void look(struct judgement *j, enum row row, bool broken)
{
	j->seen |= ROW_BIT(row);
	if (broken)
		j->broken |= ROW_BIT(row);
}

static bool has(const struct judge_rules *rules, unsigned feature)
{
	return rules->accepted >> feature & 1;
}

/* Whether the features allow this gso_type, whose ECN bit has been taken away. */
static bool gso_allowed(const struct judge_rules *rules, uint8_t type)
{
	switch (type) {
	case GSO_NONE:
		return true;
	case GSO_TCPV4:
		return has(rules, VIRTIO_NET_F_GUEST_TSO4);
	case GSO_TCPV6:
		return has(rules, VIRTIO_NET_F_GUEST_TSO6);
	case GSO_UDP:
		return has(rules, VIRTIO_NET_F_GUEST_UFO);
	case GSO_UDP_L4:
		return has(rules, VIRTIO_NET_F_GUEST_USO4) || has(rules, VIRTIO_NET_F_GUEST_USO6);
	default:
		return false;
	}
}

/* 5.1.9.4.2: what a driver must not accept whatever was negotiated. */
static bool forbidden_mix(uint8_t flags, uint8_t gso_type)
{
	uint8_t tunnel = gso_type & TUNNEL;
	bool base = gso_type & ~(TUNNEL | VIRTIO_NET_HDR_GSO_ECN);

	if (!tunnel)
		return flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM &&
		       flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	return tunnel == TUNNEL || !(flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	       flags & VIRTIO_NET_HDR_F_DATA_VALID || !base;
}

static void judge_flags(const struct judge_rules *rules, struct judgement *j)
{
	uint8_t flags = j->header.flags;

	if (!has(rules, VIRTIO_NET_F_GUEST_CSUM)) {
		look(j, DEV_40, flags & ~VIRTIO_NET_HDR_F_NEEDS_CSUM); /* [DEV-40] */
		look(j, DEV_41, flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);  /* [DEV-41] */
	}
	look(j, DEV_48, flags & VIRTIO_NET_HDR_F_RSC_INFO);                        /* [DEV-48] */
	look(j, DEV_49, flags & (VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM | IPSEC_FLAGS)); /* [DEV-49] */
	look(j, DEV_54, forbidden_mix(flags, j->header.gso_type));                 /* [DEV-54] */
}

/* Where the headers end that each segment of a GSO frame repeats; 0 where that is not known. */
static uint32_t headers_end(const struct judge_csum *c, struct span frame)
{
	if (!c->l4_off)
		return 0;
	return c->proto == 17 ? c->l4_off + 8 :
				c->l4_off + (uint32_t)(frame.at[c->l4_off + 12] >> 4) * 4;
}

static void judge_gso(const struct judge_rules *rules, struct span frame, struct judgement *j)
{
	const struct judge_header *h = &j->header;
	uint8_t type = (uint8_t)(h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN);
	bool cwr = j->csum.l4_off && j->csum.proto == 6 &&
		   frame.at[j->csum.l4_off + TCP_FLAGS] & TCP_CWR;

	look(j, DEV_50, !gso_allowed(rules, type)); /* [DEV-50] */
	if (!(rules->accepted & JUDGE_GSO_FEATURES)) {
		look(j, DEV_51, h->gso_type); /* [DEV-51] */
		return;
	}
	if (type == GSO_NONE)
		return;
	look(j, DEV_47, !(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || !h->gso_size); /* [DEV-47] */
	if (headers_end(&j->csum, frame))
		look(j, DEV_53, h->hdr_len < headers_end(&j->csum, frame)); /* [DEV-53] */
	if (cwr && has(rules, VIRTIO_NET_F_GUEST_ECN))
		look(j, DEV_52, !(h->gso_type & VIRTIO_NET_HDR_GSO_ECN)); /* [DEV-52] */
}

/*
 * Where MTU was negotiated it is the limit; 5.1.9.3.1's is that of receive buffers. A VLAN tag is
 * on top of either.
 */
static void judge_len(const struct judge_rules *rules, struct span frame, struct judgement *j)
{
	bool segments = j->header.gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	uint32_t max = rules->accepted & JUDGE_GSO_FEATURES ? FRAME_GSO_MAX : FRAME_MAX;

	if (rules->mtu && !segments)
		look(j, DEV_35,
		     frame.len >
			     (uint32_t)rules->mtu + ETH_HEADER_LEN + VLAN_TAG_LEN); /* [DEV-35] */
	if (!rules->mtu)
		look(j, DEV_36, frame.len > max + VLAN_TAG_LEN); /* [DEV-36] */
	look(j, DEV_55, frame.len < judge_whole_len(frame));     /* [DEV-55] */
}

void judge(const struct judge_rules *rules, const uint8_t header[JUDGE_HEADER_LEN],
	   struct span frame, struct judgement *j)
{
	memset(j, 0, sizeof(*j));
	judge_parse_header(&j->header, header);
	judge_find_csum(&j->csum, frame);
	judge_flags(rules, j);
	judge_gso(rules, frame, j);
	judge_len(rules, frame, j);
	if (rules->modern && !has(rules, VIRTIO_NET_F_MRG_RXBUF))
		look(j, DEV_31, j->header.num_buffers != 1); /* [DEV-31] */
	judge_csums(rules, frame, j);
}

void judge_text(const struct judgement *j, enum row row, struct text *t)
{
	const struct judge_header *h = &j->header;

	if (row == DEV_31) {
		text_fmt(t, "num_buffers is %u", h->num_buffers);
		return;
	}
	text_fmt(t, "flags 0x%02x, gso_type 0x%02x", h->flags, h->gso_type);
	if (h->gso_type)
		text_fmt(t, ", gso_size %u, hdr_len %u", h->gso_size, h->hdr_len);
	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		text_fmt(t, ", csum_start %u, csum_offset %u", h->csum_start, h->csum_offset);
	if (j->csum.l4_off)
		text_fmt(t, "; %s at %u, its checksum 0x%04x, %s, the pseudo-header's sum 0x%04x",
			 j->csum.proto == 6 ? "TCP" : "UDP", (unsigned)j->csum.l4_off,
			 j->csum.field, j->csum.valid ? "right" : "wrong", j->csum.pseudo);
}
