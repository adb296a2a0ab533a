/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments by a second hand; see segment.h. */
#include "tests/model/segment.h"

#include <stdlib.h>
#include <string.h>

#define L3 14
#define L4 SEGMENT_L4

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] * 256 + p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) * 65536u + get16(p + 2);
}

uint16_t segment_csum(const uint8_t *data, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 ? data[i] : data[i] * 256u;
		sum = sum % 65536 + sum / 65536;
	}
	return (uint16_t)(sum % 65536 + sum / 65536);
}

static uint32_t pseudo_sum(const uint8_t *ip, uint32_t l4_len)
{
	return segment_csum(ip + 12, 8, 6 + l4_len);
}

void segment_sum(uint8_t *frame)
{
	uint32_t len = get16(frame + L3 + 2) - 20u;

	put16(frame + L4 + 16, 0);
	put16(frame + L4 + 16,
	      (uint16_t)~segment_csum(frame + L4, len, pseudo_sum(frame + L3, len)));
}

uint32_t segment_write(uint8_t *frame, const struct segment *s)
{
	uint32_t options_len = (s->options_len + 3) / 4 * 4, header_len = 20 + options_len;
	uint32_t len = header_len + s->len;
	int words = s->data_offset ? s->data_offset : (int)header_len / 4;

	memset(frame, 0, L4 + header_len);
	memcpy(frame, s->dst_mac, 6);
	memcpy(frame + 6, s->src_mac, 6);
	put16(frame + 12, 0x0800);
	frame[L3] = 0x45;
	put16(frame + L3 + 2, 20 + len);
	put16(frame + L3 + 6, 0x4000);
	frame[L3 + 8] = 64;
	frame[L3 + 9] = 6;
	put32(frame + L3 + 12, s->src);
	put32(frame + L3 + 16, s->dst);
	put16(frame + L3 + 10, (uint16_t)~segment_csum(frame + L3, 20, 0));
	put16(frame + L4, s->src_port);
	put16(frame + L4 + 2, s->dst_port);
	put32(frame + L4 + 4, s->seq);
	put32(frame + L4 + 8, s->ack);
	put16(frame + L4 + 12, (uint32_t)(words < 0 ? 0 : words) << 12 | s->flags);
	put16(frame + L4 + 14, s->wnd);
	put16(frame + L4 + 18, s->urgent);
	if (s->options_len)
		memcpy(frame + L4 + 20, s->options, s->options_len);
	if (s->len)
		memcpy(frame + L4 + header_len, s->data, s->len);
	if (!s->unsummed)
		segment_sum(frame);
	len += L4;
	if (len < 60) {
		memset(frame + len, 0x5a, 60 - len); /* as some hosts pad */
		len = 60;
	}
	return len;
}

static const char *read_option(struct segment *s, const uint8_t *opt)
{
	if (opt[0] == 2 && opt[1] == 4) {
		s->mss = get16(opt + 2);
	} else if (opt[0] == 3 && opt[1] == 3) {
		s->shift = opt[2];
	} else if (opt[0] == 4 && opt[1] == 2) {
		s->sack_ok = true;
	} else if (opt[0] == 5 && opt[1] % 8 == 2 && opt[1] <= 34) {
		s->sacks = (opt[1] - 2u) / 8;
		for (uint32_t i = 0; i < s->sacks; i++) {
			s->sack[i][0] = get32(opt + 2 + 8 * i);
			s->sack[i][1] = get32(opt + 6 + 8 * i);
		}
	} else {
		return "an option that we do not send";
	}
	return NULL;
}

static const char *read_options(struct segment *s)
{
	const uint8_t *opt = s->options, *end = opt + s->options_len;
	const char *wrong = NULL;

	s->mss = s->shift = -1;
	while (opt < end && !wrong) {
		if (*opt == 1) {
			opt++;
			continue;
		}
		if (end - opt < 2 || opt[1] < 2 || opt[1] > end - opt)
			return "malformed options";
		wrong = read_option(s, opt);
		opt += opt[1];
	}
	if (!wrong && !(s->flags & SYN) && (s->mss >= 0 || s->shift >= 0 || s->sack_ok))
		return "an option of a SYN where there is no SYN";
	return wrong;
}

static const char *read_ip(const uint8_t *ip, uint32_t len)
{
	if (get16(ip) != 0x4500)
		return "not a plain IPv4 header";
	if (get16(ip + 2) < 40 || get16(ip + 2) > len)
		return "a total length beyond the frame";
	if (get16(ip + 6) != 0x4000)
		return "may be fragmented";
	if (ip[8] != 64 || ip[9] != 6)
		return "another TTL or protocol";
	if (segment_csum(ip, 20, 0) != 0xffff)
		return "a wrong IPv4 checksum";
	return NULL;
}

const char *segment_read(struct segment *s, const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + L3, *tcp = frame + L4;
	uint32_t l4_len, header_len;
	const char *wrong;

	memset(s, 0, sizeof(*s));
	if (len < 60)
		return "a runt";
	wrong = get16(frame + 12) == 0x0800 ? read_ip(ip, len - L3) : "not IPv4";
	if (wrong)
		return wrong;
	l4_len = get16(ip + 2) - 20u;
	header_len = tcp[12] / 16 * 4u;
	if (header_len < 20 || header_len > l4_len)
		return "a wrong data offset";
	if (segment_csum(tcp, l4_len, pseudo_sum(ip, l4_len)) != 0xffff)
		return "a wrong TCP checksum";
	if (len != (L4 + l4_len < 60 ? 60 : L4 + l4_len))
		return "bytes behind the packet";
	for (uint32_t i = L4 + l4_len; i < len; i++)
		if (frame[i])
			return "a pad that is not zero";
	memcpy(s->dst_mac, frame, 6);
	memcpy(s->src_mac, frame + 6, 6);
	s->src = get32(ip + 12);
	s->dst = get32(ip + 16);
	s->src_port = get16(tcp);
	s->dst_port = get16(tcp + 2);
	s->seq = get32(tcp + 4);
	s->ack = get32(tcp + 8);
	s->flags = get16(tcp + 12) & 0x0fff;
	s->wnd = get16(tcp + 14);
	s->urgent = get16(tcp + 18);
	s->options = tcp + 20;
	s->options_len = header_len - 20;
	s->data = tcp + header_len;
	s->len = l4_len - header_len;
	if (s->flags & ~(FIN | SYN | RST | PSH | ACK) || s->urgent)
		return "a reserved bit, ECE, CWR or URG";
	if (!(s->flags & ACK) && s->ack)
		return "an acknowledgment number without ACK";
	return read_options(s);
}

const uint8_t *pattern_at(uint64_t off, uint32_t len)
{
	static uint8_t table[PATTERN_PERIOD + 65536];
	uint32_t x = 1;

	if (!table[0])
		for (uint32_t i = 0; i < sizeof(table); i++) {
			if (i % PATTERN_PERIOD == 0)
				x = 0x9e3779b9;
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			table[i] = (uint8_t)(x >> 11 | (i % PATTERN_PERIOD == 0));
		}
	if (len > 65536)
		abort();
	return table + off % PATTERN_PERIOD;
}

bool pattern_is(const uint8_t *bytes, uint64_t off, uint64_t len)
{
	while (len) {
		uint32_t n = len < 65536 ? (uint32_t)len : 65536;

		if (memcmp(bytes, pattern_at(off, n), n))
			return false;
		bytes += n;
		off += n;
		len -= n;
	}
	return true;
}
