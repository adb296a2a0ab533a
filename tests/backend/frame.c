/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in a frame, and its checksums (RFC 1071). The kernel or the guest wrote the bytes; every
 * offset is checked against the frame's length here. Called by device.c, header.c, wire.c, rules.c.
 */
#include "tests/backend/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETH_LEN 14
#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17

static uint16_t get_16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

struct frame *frame_new(const void *data, uint32_t len)
{
	struct frame *frame = calloc(1, sizeof(*frame) + len + FRAME_SLACK);

	if (!frame)
		fail("there is no memory for a frame");
	frame->len = len;
	memcpy(frame->data, data, len);
	return frame;
}

struct frame *frame_copy(const struct frame *frame)
{
	struct frame *copy = frame_new(frame->data, frame->len);

	copy->plan = frame->plan;
	copy->header = frame->header;
	copy->at = frame->at;
	return copy;
}

static void parse_tcp(struct frame *frame, struct layout *at)
{
	const uint8_t *tcp = frame->data + at->l4_off;
	uint32_t header_len;

	if (at->l4_len < 20 || (header_len = (tcp[12] >> 4) * 4u) < 20 || header_len > at->l4_len) {
		at->l4_len = 0;
		return;
	}
	at->kinds = KIND_TCP;
	at->csum_offset = 16;
	at->sport = get_16(tcp);
	at->dport = get_16(tcp + 2);
	at->tcp_flags = tcp[13] & 0x3f;
	at->payload_off = at->l4_off + header_len;
	at->payload_len = at->l4_len - header_len;
}

static void parse_udp(struct frame *frame, struct layout *at)
{
	const uint8_t *udp = frame->data + at->l4_off;

	if (at->l4_len < 8) {
		at->l4_len = 0;
		return;
	}
	at->kinds = KIND_UDP;
	at->csum_offset = 6;
	at->sport = get_16(udp);
	at->dport = get_16(udp + 2);
	at->payload_off = at->l4_off + 8;
	at->payload_len = at->l4_len - 8;
	if ((at->sport == 67 || at->sport == 68) && (at->dport == 67 || at->dport == 68))
		at->kinds |= KIND_DHCP;
	if (at->sport == 53 || at->dport == 53)
		at->kinds |= KIND_DNS;
}

static void parse_ipv4(struct frame *frame, struct layout *at)
{
	const uint8_t *ip = frame->data + ETH_LEN;
	uint32_t room = frame->len - ETH_LEN, header_len, total_len;

	if (room < 20 || ip[0] >> 4 != 4 || (header_len = (ip[0] & 15) * 4u) < 20 ||
	    header_len > room)
		return;
	total_len = get_16(ip + 2);
	if (total_len < header_len || total_len > room)
		return;
	at->l3_off = ETH_LEN;
	at->l4_off = ETH_LEN + header_len;
	if (get_16(ip + 6) & 0x3fff) {
		at->kinds = KIND_FRAGMENT;
		return;
	}
	at->l4_len = total_len - header_len;
	if (ip[9] == PROTO_TCP)
		parse_tcp(frame, at);
	else if (ip[9] == PROTO_UDP)
		parse_udp(frame, at);
	else
		at->l4_len = 0;
	if (ip[9] == PROTO_ICMP)
		at->kinds = KIND_ICMP;
}

void frame_parse(struct frame *frame)
{
	struct layout *at = &frame->at;

	memset(at, 0, sizeof(*at));
	at->kinds = KIND_OTHER;
	if (frame->len < ETH_LEN)
		return;
	if (get_16(frame->data + 12) == 0x0806)
		at->kinds = KIND_ARP;
	if (get_16(frame->data + 12) == 0x0800)
		parse_ipv4(frame, at);
}

static const char *kind_name(unsigned kinds)
{
	static const struct {
		unsigned kind;
		const char *name;
	} names[] = {
		{ KIND_DHCP, "dhcp" },         { KIND_DNS, "dns" },   { KIND_TCP, "tcp" },
		{ KIND_UDP, "udp" },           { KIND_ICMP, "icmp" }, { KIND_ARP, "arp" },
		{ KIND_FRAGMENT, "fragment" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (kinds & names[i].kind)
			return names[i].name;
	return "other";
}

void frame_text(const struct frame *frame, char *text, size_t size)
{
	const struct layout *at = &frame->at;
	const uint8_t *ip = frame->data + at->l3_off;

	if (at->l4_len)
		snprintf(text, size, "%s %u.%u.%u.%u:%u > %u.%u.%u.%u:%u len %u",
			 kind_name(at->kinds), ip[12], ip[13], ip[14], ip[15], at->sport, ip[16],
			 ip[17], ip[18], ip[19], at->dport, frame->len);
	else
		snprintf(text, size, "%s len %u", kind_name(at->kinds), frame->len);
}

static uint32_t add_words(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (; len > 1; len -= 2, p += 2)
		sum += get_16(p); /* 64 KiB cannot fill 32 bits */
	return len ? sum + (uint32_t)(p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

bool frame_has_csum(const struct frame *frame)
{
	return frame->at.l4_len;
}

static uint8_t *field(const struct frame *frame)
{
	return (uint8_t *)(uintptr_t)(frame->data + frame->at.l4_off + frame->at.csum_offset);
}

uint16_t frame_csum(const struct frame *frame)
{
	return get_16(field(frame));
}

void frame_set_csum(struct frame *frame, uint16_t value)
{
	field(frame)[0] = (uint8_t)(value >> 8);
	field(frame)[1] = (uint8_t)value;
}

uint16_t frame_pseudo_sum(const struct frame *frame)
{
	uint32_t protocol = frame->at.kinds & KIND_TCP ? PROTO_TCP : PROTO_UDP;

	return fold(add_words(protocol + frame->at.l4_len, frame->data + frame->at.l3_off + 12, 8));
}

uint16_t frame_full_csum(const struct frame *frame)
{
	const uint8_t *l4 = frame->data + frame->at.l4_off;
	uint32_t sum = frame_pseudo_sum(frame) - (uint32_t)frame_csum(frame) + 0xffff;
	uint16_t csum = (uint16_t)~fold(add_words(sum, l4, frame->at.l4_len));

	return csum == 0 && frame->at.kinds & KIND_UDP ? 0xffff : csum;
}

void frame_complete(struct frame *frame)
{
	frame_set_csum(frame, frame_full_csum(frame));
	frame->header.flags &= (uint8_t)~VIRTIO_NET_HDR_F_NEEDS_CSUM;
	frame->header.csum_start = 0;
	frame->header.csum_offset = 0;
}

void frame_make_partial(struct frame *frame)
{
	frame_set_csum(frame, frame_pseudo_sum(frame));
	frame->header.flags |= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	frame->header.csum_start = (uint16_t)frame->at.l4_off;
	frame->header.csum_offset = (uint16_t)frame->at.csum_offset;
}
