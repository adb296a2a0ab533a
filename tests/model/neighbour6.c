/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbour's IPv6 (RFC 4443, RFC 4861, RFC 9293). What is malformed, or has a wrong checksum,
 * is dropped without a word, as hosts do.
 */
#include "tests/model/neighbour6.h"

#include <string.h>

#include "core/wire.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

enum { L3 = 14, L4 = L3 + 40, L4_LEAST = 16, PROTO_TCP = 6, PROTO_ICMP = 58 };
enum { ECHO_REQUEST = 128, ECHO_REPLY = 129, SOLICITATION = 135, ADVERTISEMENT = 136 };

static const uint8_t address[16] = { 0xfe, 0x80, [15] = 2 };
static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };

static uint16_t sum_of(const uint8_t *frame)
{
	const uint8_t *ip = frame + L3;
	uint16_t len = get_be16(ip + 4);

	return segment_csum(frame + L4, len, segment_csum(ip + 8, 32, (uint32_t)ip[6] + len));
}

/* Header and checksum of what stands at L4; the frame's length. */
static uint32_t wrap(uint8_t *frame, const uint8_t *mac, const uint8_t *dst, uint8_t proto,
		     uint16_t len)
{
	uint8_t *ip = frame + L3, *field = frame + L4 + (proto == PROTO_TCP ? 16 : 2);

	memcpy(frame, mac, 6);
	memcpy(frame + 6, peer_mac, 6);
	put_be16(frame + 12, 0x86dd);
	memset(ip, 0, 40);
	ip[0] = 0x60;
	put_be16(ip + 4, len);
	ip[6] = proto;
	ip[7] = 255;
	memcpy(ip + 8, address, 16);
	memcpy(ip + 24, dst, 16);
	put_be16(field, 0);
	put_be16(field, (uint16_t)~sum_of(frame));
	return L4 + len;
}

static uint32_t echo(struct neighbour6 *n, uint8_t *answer)
{
	uint8_t *icmp = answer + L4;
	uint32_t len = n->echo_len;

	if (!len)
		return 0;
	memcpy(icmp, n->echo, len);
	icmp[0] = ECHO_REPLY;
	n->echo_len = 0;
	return wrap(answer, n->asker_mac, n->asker, PROTO_ICMP, (uint16_t)len);
}

/* RFC 4861, 4.3, to the asker's solicited-node group (RFC 4291, 2.7.1). */
static uint32_t solicit(const struct neighbour6 *n, uint8_t *answer)
{
	uint8_t group[16] = { 0xff, 2, [11] = 1, [12] = 0xff }, mac[6] = { 0x33, 0x33, 0xff };
	uint8_t *icmp = answer + L4;

	memcpy(group + 13, n->asker + 13, 3);
	memcpy(mac + 3, n->asker + 13, 3);
	memset(icmp, 0, 32);
	icmp[0] = SOLICITATION;
	memcpy(icmp + 8, n->asker, 16);
	icmp[24] = 1; /* our MAC */
	icmp[25] = 1;
	memcpy(icmp + 26, peer_mac, 6);
	return wrap(answer, mac, group, PROTO_ICMP, 32);
}

static uint32_t answer_echo(struct neighbour6 *n, const uint8_t *ip, const uint8_t *icmp,
			    uint32_t len, uint8_t *answer)
{
	if (len > sizeof(n->echo) ||
	    (memcmp(ip + 24, all_nodes, 16) && memcmp(ip + 24, address, 16)))
		return 0;
	n->met = n->met && !memcmp(n->asker, ip + 8, 16);
	memcpy(n->asker, ip + 8, 16);
	memcpy(n->echo, icmp, len);
	n->echo_len = len;
	return n->met ? echo(n, answer) : solicit(n, answer);
}

/* RFC 4861, 7.1.2: the MAC is that of the option, and it is the answer to what we asked. */
static uint32_t hear_advertisement(struct neighbour6 *n, const uint8_t *ip, const uint8_t *icmp,
				   uint32_t len, uint8_t *answer)
{
	if (len != 32 || ip[7] != 255 || memcmp(icmp + 8, n->asker, 16) || icmp[4] != 0x60 ||
	    icmp[24] != 2 || icmp[25] != 1)
		return 0;
	memcpy(n->asker_mac, icmp + 26, 6);
	n->met = true;
	return echo(n, answer);
}

/* RFC 9293, 3.10.7.1 */
static uint32_t answer_segment(const struct neighbour6 *n, const uint8_t *tcp, uint32_t len,
			       uint8_t *answer)
{
	uint8_t *rst = answer + L4;
	uint32_t header_len = tcp[12] / 16 * 4u;

	if (!n->met || header_len < 20 || header_len > len || tcp[13] & (RST | ACK))
		return 0;
	memset(rst, 0, 20);
	memcpy(rst, tcp + 2, 2);
	memcpy(rst + 2, tcp, 2);
	put_be32(rst + 8, get_be32(tcp + 4) + len - header_len);
	rst[12] = 0x50;
	rst[13] = RST | ACK;
	return wrap(answer, n->asker_mac, n->asker, PROTO_TCP, 20);
}

uint32_t neighbour6_answer(struct neighbour6 *n, const uint8_t *frame, uint32_t len,
			   uint8_t *answer)
{
	const uint8_t *ip = frame + L3, *l4 = frame + L4;
	uint32_t l4_len = get_be16(ip + 4);

	if (!n->speaks || l4_len < L4_LEAST || L4 + l4_len != len || sum_of(frame) != 0xffff)
		return 0;
	if (ip[6] == PROTO_TCP && l4_len >= 20 && !memcmp(ip + 24, address, 16))
		return answer_segment(n, l4, l4_len, answer);
	if (ip[6] != PROTO_ICMP)
		return 0;
	if (l4[0] == ECHO_REQUEST)
		return answer_echo(n, ip, l4, l4_len, answer);
	return l4[0] == ADVERTISEMENT ? hear_advertisement(n, ip, l4, l4_len, answer) : 0;
}
