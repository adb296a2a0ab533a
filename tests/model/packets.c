/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets and the stage for tests of net/; see packets.h. */
#include "tests/model/packets.h"

#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/assert.h"
#include "core/wire.h"

const uint8_t our_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
const uint8_t peer_mac[6] = { 0x52, 0x55, 0x0a, 0, 2, 2 };
const uint8_t all_macs[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* --- the stage ------------------------------------------------------------------------------- */

void stage_open(struct stage *s)
{
	hosted_reset();
	fake_nic_init(&s->fake);
	net_init(&s->net, &s->fake.nic, &s->fake.failure, 60000);
}

void stage_open_configured(struct stage *s)
{
	uint8_t frame[64], arp[28];
	uint32_t len;

	stage_open(s);
	lease_configure(&s->net, OUR_IP, OUR_MASK, PEER_IP, 0);
	len = packet_arp(arp, 1, peer_mac, PEER_IP, our_mac, OUR_IP);
	len = packet_eth(frame, our_mac, peer_mac, 0x0806, arp, len);
	stage_rx(s, frame, len);
	fake_nic_forget_sent(&s->fake);
	memset(&s->net.count, 0, sizeof(s->net.count));
}

void stage_close(struct stage *s)
{
	fake_nic_free(&s->fake);
}

void stage_rx_marked(struct stage *s, const uint8_t *frame, uint32_t len, enum csum_verdict csum,
		     uint16_t start, uint16_t offset)
{
	struct fake_frame *f = fake_nic_receive(&s->fake, frame, len);

	f->csum = csum;
	f->csum_start = start;
	f->csum_offset = offset;
	assert(net_poll(&s->net) >= 0);
}

void stage_rx(struct stage *s, const uint8_t *frame, uint32_t len)
{
	stage_rx_marked(s, frame, len, CSUM_CHECK, 0, 0);
}

void stage_pass(struct stage *s, uint32_t ms)
{
	while (ms--) {
		hosted_time_advance(1);
		assert(net_poll(&s->net) >= 0);
	}
}

uint32_t stage_tx(struct stage *s, uint8_t frame[FAKE_NIC_FRAME_MAX])
{
	struct fake_frame *f = fake_nic_sent(&s->fake);
	uint32_t len;

	if (!f)
		return 0;
	len = f->len;
	memcpy(frame, f->bytes, len);
	free(f);
	return len;
}

uint32_t stage_tx_count(struct stage *s)
{
	struct fake_frame *f;
	uint32_t n = 0;

	while ((f = fake_nic_sent(&s->fake))) {
		free(f);
		n++;
	}
	return n;
}

uint32_t bad_frames(const struct net *net)
{
	const struct net_count *c = &net->count;

	return c->bad_eth + c->bad_ip + c->bad_udp + c->bad_tcp + c->no_room;
}

/* --- sums ------------------------------------------------------------------------------------ */

uint16_t packet_sum(uint32_t start, const uint8_t *bytes, uint32_t len)
{
	uint32_t sum = start;

	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint32_t packet_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint32_t l4_len)
{
	uint8_t header[12] = { 0 };

	put_be32(header, src);
	put_be32(header + 4, dst);
	header[9] = proto;
	put_be16(header + 10, (uint16_t)l4_len);
	return packet_sum(0, header, sizeof(header));
}

/* --- headers --------------------------------------------------------------------------------- */

static void place(uint8_t *at, const void *payload, uint32_t len)
{
	if (len && at != payload)
		memmove(at, payload, len);
}

uint32_t packet_eth(uint8_t *frame, const uint8_t dst[6], const uint8_t src[6], uint16_t type,
		    const void *payload, uint32_t len)
{
	place(frame + 14, payload, len);
	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	put_be16(frame + 12, type);
	len += 14;
	if (len < 60) {
		memset(frame + len, 0xee, 60 - len);
		len = 60;
	}
	return len;
}

void packet_ipv4_seal(uint8_t *packet)
{
	put_be16(packet + 10, 0);
	put_be16(packet + 10, (uint16_t)~packet_sum(0, packet, (packet[0] & 15u) * 4));
}

uint32_t packet_ipv4(uint8_t *packet, uint32_t src, uint32_t dst, uint8_t proto,
		     const void *payload, uint32_t len)
{
	place(packet + 20, payload, len);
	memset(packet, 0, 20);
	packet[0] = 0x45;
	put_be16(packet + 2, (uint16_t)(20 + len));
	packet[8] = 64;
	packet[9] = proto;
	put_be32(packet + 12, src);
	put_be32(packet + 16, dst);
	packet_ipv4_seal(packet);
	return 20 + len;
}

uint32_t packet_udp(uint8_t *datagram, uint32_t src, uint16_t src_port, uint32_t dst,
		    uint16_t dst_port, const void *payload, uint32_t len)
{
	uint16_t sum;

	place(datagram + 8, payload, len);
	len += 8;
	put_be16(datagram, src_port);
	put_be16(datagram + 2, dst_port);
	put_be16(datagram + 4, (uint16_t)len);
	put_be16(datagram + 6, 0);
	sum = (uint16_t)~packet_sum(packet_pseudo(src, dst, 17, len), datagram, len);
	put_be16(datagram + 6, sum ? sum : 0xffff);
	return len;
}

uint32_t packet_icmp(uint8_t *message, uint8_t type, uint8_t code, uint32_t word,
		     const void *payload, uint32_t len)
{
	place(message + 8, payload, len);
	len += 8;
	message[0] = type;
	message[1] = code;
	put_be16(message + 2, 0);
	put_be32(message + 4, word);
	put_be16(message + 2, (uint16_t)~packet_sum(0, message, len));
	return len;
}

uint32_t packet_arp(uint8_t *packet, uint16_t op, const uint8_t sha[6], uint32_t spa,
		    const uint8_t tha[6], uint32_t tpa)
{
	static const uint8_t fixed[6] = { 0, 1, 8, 0, 6, 4 };

	memcpy(packet, fixed, 6);
	put_be16(packet + 6, op);
	memcpy(packet + 8, sha, 6);
	put_be32(packet + 14, spa);
	memcpy(packet + 18, tha, 6);
	put_be32(packet + 24, tpa);
	return 28;
}

uint32_t frame_ipv4(uint8_t *frame, uint32_t src, uint32_t dst, uint8_t proto, const void *payload,
		    uint32_t len)
{
	len = packet_ipv4(frame + 14, src, dst, proto, payload, len);
	return packet_eth(frame, our_mac, peer_mac, 0x0800, frame + 14, len);
}

uint32_t frame_udp(uint8_t *frame, uint32_t src, uint16_t src_port, uint32_t dst, uint16_t dst_port,
		   const void *payload, uint32_t len)
{
	len = packet_udp(frame + 34, src, src_port, dst, dst_port, payload, len);
	return frame_ipv4(frame, src, dst, 17, frame + 34, len);
}
