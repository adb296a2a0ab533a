/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of checksums: each TCP or UDP checksum is verified here, whatever the device says of it,
 * and what stands in the field tells who left it so. The frame was written by the device and the
 * network; the copy is private.
 */
#include "core/csum.h"
#include "core/mem.h"
#include "core/wire.h"
#include "drivers/virtio.h"
#include "drivers/vnet.h"
#include "tests/conform/judge.h"

#define ETH_TYPE 12
#define ETH_HEADER_LEN 14
#define VLAN_TAG_LEN 4
#define TYPE_VLAN 0x8100
#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define TYPE_IPV6 0x86dd
#define ARP_LEN 28
#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40
#define IPV4_FRAGMENT 0x3fff /* more fragments, or an offset */
#define PROTO_TCP 6
#define PROTO_UDP 17
#define TCP_HEADER_LEN 20
#define UDP_HEADER_LEN 8
#define TCP_FIELD 16
#define UDP_FIELD 6

/* What an IP header says of the packet. */
struct l3 {
	uint32_t off, header_len, len; /* len: of what it carries */
	uint32_t pseudo;               /* the addresses' sum */
	uint8_t proto;
	bool ipv6;
};

static bool find_ipv4(struct l3 *l3, struct span frame)
{
	const uint8_t *p = frame.at + l3->off;
	uint32_t room = frame.len - l3->off, total;

	if (room < IPV4_HEADER_LEN || p[0] >> 4 != 4)
		return false;
	l3->header_len = (p[0] & 15u) * 4;
	total = get_be16(p + 2);
	if (l3->header_len < IPV4_HEADER_LEN || total < l3->header_len || total > room ||
	    get_be16(p + 6) & IPV4_FRAGMENT)
		return false;
	l3->len = total - l3->header_len;
	l3->proto = p[9];
	l3->pseudo = csum_add(p + 12, 8, 0);
	return true;
}

/* Extension headers are not followed: behind one the packet counts as neither TCP nor UDP. */
static bool find_ipv6(struct l3 *l3, struct span frame)
{
	const uint8_t *p = frame.at + l3->off;
	uint32_t room = frame.len - l3->off;

	if (room < IPV6_HEADER_LEN || p[0] >> 4 != 6)
		return false;
	l3->ipv6 = true;
	l3->header_len = IPV6_HEADER_LEN;
	l3->len = get_be16(p + 4);
	l3->proto = p[6];
	l3->pseudo = csum_add(p + 8, 32, 0);
	return l3->len <= room - IPV6_HEADER_LEN;
}

/* The packet behind an Ethernet header, which may have one VLAN tag. */
static bool find_l3(struct l3 *l3, struct span frame)
{
	uint16_t type;

	memset(l3, 0, sizeof(*l3));
	l3->off = ETH_HEADER_LEN;
	if (frame.len < ETH_HEADER_LEN + VLAN_TAG_LEN)
		return false;
	type = get_be16(frame.at + ETH_TYPE);
	if (type == TYPE_VLAN) {
		type = get_be16(frame.at + ETH_TYPE + VLAN_TAG_LEN);
		l3->off += VLAN_TAG_LEN;
	}
	if (type == TYPE_IPV4)
		return find_ipv4(l3, frame);
	return type == TYPE_IPV6 && find_ipv6(l3, frame);
}

/* A length that a wire has damaged says nothing: the header's own checksum has to be right. */
static uint32_t ipv4_len(const uint8_t *ip, uint32_t room)
{
	uint32_t header_len = room ? (ip[0] & 15u) * 4 : 0;

	if (room < IPV4_HEADER_LEN)
		return IPV4_HEADER_LEN;
	if (header_len < IPV4_HEADER_LEN || header_len > room || !csum_header_ok(ip, header_len))
		return 0;
	return get_be16(ip + 2);
}

uint32_t judge_whole_len(struct span frame)
{
	const uint8_t *ip = frame.at + ETH_HEADER_LEN;
	uint32_t room = frame.len - ETH_HEADER_LEN;

	if (frame.len < ETH_HEADER_LEN)
		return ETH_HEADER_LEN;
	switch (get_be16(frame.at + ETH_TYPE)) {
	case TYPE_ARP:
		return ETH_HEADER_LEN + ARP_LEN;
	case TYPE_IPV4:
		return ETH_HEADER_LEN + ipv4_len(ip, room);
	case TYPE_IPV6: /* RFC 2675: a jumbogram has 0 there */
		return ETH_HEADER_LEN + IPV6_HEADER_LEN +
		       (room < IPV6_HEADER_LEN ? 0u : get_be16(ip + 4));
	default:
		return 0;
	}
}

void judge_find_csum(struct judge_csum *c, struct span frame)
{
	struct l3 l3;
	uint32_t header_len, field_off;
	const uint8_t *l4;

	memset(c, 0, sizeof(*c));
	if (!find_l3(&l3, frame) || (l3.proto != PROTO_TCP && l3.proto != PROTO_UDP))
		return;
	header_len = l3.proto == PROTO_TCP ? TCP_HEADER_LEN : UDP_HEADER_LEN;
	field_off = l3.proto == PROTO_TCP ? TCP_FIELD : UDP_FIELD;
	if (l3.len < header_len)
		return;
	l4 = frame.at + l3.off + l3.header_len;
	/* RFC 768: a UDP checksum of 0 over IPv4 is none. */
	if (l3.proto == PROTO_UDP && !l3.ipv6 && get_be16(l4 + field_off) == 0)
		return;
	c->l3_off = l3.off;
	c->l4_off = l3.off + l3.header_len;
	c->l4_len = l3.len;
	c->proto = l3.proto;
	c->ipv6 = l3.ipv6;
	c->field = get_be16(l4 + field_off);
	c->pseudo = csum_fold(l3.pseudo + l3.proto + l3.len);
	c->valid = csum_fold(csum_add(l4, l3.len, c->pseudo)) == 0xffff;
}

/*
 * GUEST_CSUM off: what nobody asked for. A wrong checksum that tells of no habit may be the wire's.
 */
static void judge_unasked(struct judgement *j, enum row row, bool broken)
{
	j->seen |= ROW_BIT(row);
	if (broken && !j->csum.valid)
		j->broken |= ROW_BIT(row);
}

/*
 * An encapsulated packet: csum_start lies behind the outer UDP header, whose own checksum, if it
 * has one, is to be right. Says whether it was one. [DEV-46]
 */
static bool judge_tunnel(struct judgement *j)
{
	const struct judge_csum *c = &j->csum;

	if (c->proto != PROTO_UDP || j->header.csum_start < c->l4_off + UDP_HEADER_LEN ||
	    j->header.csum_start >= c->l4_off + c->l4_len)
		return false;
	j->seen |= ROW_BIT(DEV_46);
	if (!c->valid)
		j->broken |= ROW_BIT(DEV_46);
	return true;
}

/* GUEST_CSUM on, NEEDS_CSUM set. Sums of 16-bit numbers in 32 bits do not wrap. */
static void judge_partial(struct span frame, struct judgement *j)
{
	const struct judge_csum *c = &j->csum;
	uint32_t start = j->header.csum_start, offset = j->header.csum_offset;
	bool inside = start + offset + 2 <= frame.len;
	bool names_it = start == c->l4_off &&
			offset == (c->proto == PROTO_TCP ? TCP_FIELD : UDP_FIELD);

	if (c->l4_off && inside && judge_tunnel(j))
		return;
	j->seen |= ROW_BIT(DEV_45); /* [DEV-45] */
	if (!inside || (c->l4_off && !names_it))
		j->broken |= ROW_BIT(DEV_45);
	/* Which length the pseudo-header of a GSO frame has is not spelt out. */
	if (!c->l4_off || j->header.gso_type)
		return;
	j->seen |= ROW_BIT(DEV_44); /* [DEV-44] */
	if (c->field != c->pseudo)
		j->broken |= ROW_BIT(DEV_44);
}

void judge_csums(const struct judge_rules *rules, struct span frame, struct judgement *j)
{
	const struct judge_csum *c = &j->csum;
	uint8_t flags = j->header.flags;
	bool vouched = flags & VIRTIO_NET_HDR_F_DATA_VALID;

	if (!(rules->accepted >> VIRTIO_NET_F_GUEST_CSUM & 1)) {
		if (!c->l4_off)
			return;
		judge_unasked(j, DEV_42, c->field == c->pseudo);     /* [DEV-42] */
		judge_unasked(j, DEV_42B, c->field == 0 && vouched); /* [DEV-42b] */
	} else if (flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		judge_partial(frame, j);
	} else if (!vouched && c->l4_off && !j->header.gso_type) {
		judge_unasked(j, DEV_56, c->field == c->pseudo); /* [DEV-56] */
	} else if (vouched && c->l4_off) {
		judge_unasked(j, DEV_43, c->field != 0);  /* [DEV-43] */
		judge_unasked(j, DEV_43B, c->field == 0); /* [DEV-43b] */
	}
}
