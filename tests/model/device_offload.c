/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device's transmit offloads (VIRTIO 1.4, 5.1.9.2): checksums that it completes, TCP that
 * it cuts; and what it does wrong there on request. What the header must not ask for is a
 * complaint.
 */
#include "tests/model/device.h"

#include <string.h>

#include "core/wire.h"
#include "tests/model/segment.h"

enum { F_CSUM = 0, F_HOST_TSO4 = 11, F_HOST_TSO6 = 12 };
enum { NEEDS_CSUM = 1, TCPV4 = 1, TCPV6 = 4 };
enum { L3 = 14, L4_V6 = L3 + 40, TCP_HEADER = 20, PROTO_TCP = 6 };

static void complete(struct device_sent *sent, uint16_t start, uint16_t offset)
{
	uint8_t *field = sent->frame + start + offset;

	put_be16(field, (uint16_t)~segment_csum(sent->frame + start, sent->len - start, 0));
}

static void finish_ipv4(struct device_sent *part)
{
	uint8_t *ip = part->frame + L3;

	put_be16(ip + 2, (uint16_t)(part->len - L3));
	put_be16(ip + 10, 0);
	put_be16(ip + 10, (uint16_t)~segment_csum(ip, 20, 0));
	segment_sum(part->frame);
}

static void finish_ipv6(const struct device *d, struct device_sent *part)
{
	uint8_t *ip = part->frame + L3, *tcp = part->frame + L4_V6;
	uint32_t len = part->len - L4_V6, sum = PROTO_TCP + len;

	if (device_faulty(d, FAULT_SEGMENTS6_SUM)) /* where IPv4 has its addresses */
		sum = segment_csum(ip + 12, 8, sum);
	else
		sum = segment_csum(ip + 8, 32, sum);
	put_be16(ip + 4, (uint16_t)len);
	put_be16(tcp + 16, 0);
	put_be16(tcp + 16, (uint16_t)~segment_csum(tcp, len, sum));
}

/* Bytes from … from + len of the data of `whole` as a packet of its own. */
static void cut(const struct device *d, const struct device_sent *whole, struct device_sent *part,
		uint32_t from, uint32_t len)
{
	bool v6 = whole->header[1] == TCPV6;
	uint32_t l4 = v6 ? L4_V6 : SEGMENT_L4, headers = l4 + TCP_HEADER;
	uint8_t *tcp = part->frame + l4;

	memset(part, 0, sizeof(*part));
	memcpy(part->frame, whole->frame, headers);
	memcpy(part->frame + headers, whole->frame + headers + from, len);
	part->len = headers + len;
	put_be32(tcp + 4, get_be32(tcp + 4) + from);
	if (v6)
		finish_ipv6(d, part);
	else
		finish_ipv4(part);
}

static void segment(struct device *d, uint16_t gso_size)
{
	static struct device_sent whole;
	uint32_t data;
	bool v6;

	whole = d->sent[(d->sent_count - 1) % DEVICE_SENT_MAX];
	v6 = whole.header[1] == TCPV6;
	data = whole.len - (v6 ? L4_V6 : SEGMENT_L4) - TCP_HEADER;
	d->sent_count--;
	for (uint32_t from = 0; from < data; from += gso_size) {
		bool last = data - from <= gso_size;

		if (last && v6 && device_faulty(d, FAULT_SEGMENTS6_LOST))
			return;
		cut(d, &whole, &d->sent[d->sent_count++ % DEVICE_SENT_MAX], from,
		    last ? data - from : gso_size);
		if (device_faulty(d, FAULT_SEGMENTS_LOST))
			return;
	}
}

/* Whether a gso_type was negotiated, and the frame is one that has it. */
static bool may_cut(const struct device *d, const struct device_sent *sent)
{
	uint16_t type = get_be16(sent->frame + 12);

	if (sent->header[1] == TCPV4)
		return device_accepted(d, F_HOST_TSO4) && type == 0x0800 &&
		       sent->len > SEGMENT_L4 + TCP_HEADER;
	return sent->header[1] == TCPV6 && device_accepted(d, F_HOST_TSO6) && type == 0x86dd &&
	       get_le16(sent->header + 2) == L4_V6 + TCP_HEADER && sent->len > L4_V6 + TCP_HEADER;
}

static bool is_zero(const uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

void device_offload(struct device *d)
{
	struct device_sent *sent = &d->sent[(d->sent_count - 1) % DEVICE_SENT_MAX];
	uint16_t gso_size = get_le16(sent->header + 4), start = get_le16(sent->header + 6),
		 offset = get_le16(sent->header + 8);

	if (is_zero(sent->header, sizeof(sent->header)) || !sent->len)
		return;
	if (sent->header[0] != NEEDS_CSUM || !device_accepted(d, F_CSUM) ||
	    start + offset + 2u > sent->len) {
		device_complain(d, "a transmit header that is not zero [NET-11]");
		return;
	}
	if (gso_size ? !may_cut(d, sent) : sent->header[1])
		device_complain(d, "segmentation that was not negotiated [NET-14]");
	else if (gso_size)
		segment(d, gso_size);
	else if (!device_faulty(d, FAULT_CSUM_LEFT))
		complete(sent, start, offset);
}
