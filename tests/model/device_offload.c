/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device's transmit offloads (VIRTIO 1.4, 5.1.9.2): checksums that it completes, TCP over
 * IPv4 that it cuts; and what it does wrong there on request. What the header must not ask for is a
 * complaint.
 */
#include "tests/model/device.h"

#include <string.h>

#include "core/wire.h"
#include "tests/model/segment.h"

enum { F_CSUM = 0, F_HOST_TSO4 = 11 };
enum { NEEDS_CSUM = 1, TCPV4 = 1 };
enum { L3 = 14, TCP_HEADER = 20, HEADERS = SEGMENT_L4 + TCP_HEADER };

static void complete(struct device_sent *sent, uint16_t start, uint16_t offset)
{
	uint8_t *field = sent->frame + start + offset;

	put_be16(field, (uint16_t)~segment_csum(sent->frame + start, sent->len - start, 0));
}

/* Bytes from … from + len of the data of `whole` as a packet of its own. */
static void cut(const struct device_sent *whole, struct device_sent *part, uint32_t from,
		uint32_t len)
{
	uint8_t *ip = part->frame + L3, *tcp = part->frame + SEGMENT_L4;

	memset(part, 0, sizeof(*part));
	memcpy(part->frame, whole->frame, HEADERS);
	memcpy(part->frame + HEADERS, whole->frame + HEADERS + from, len);
	part->len = HEADERS + len;
	put_be16(ip + 2, (uint16_t)(part->len - L3));
	put_be16(ip + 10, 0);
	put_be16(ip + 10, (uint16_t)~segment_csum(ip, 20, 0));
	put_be32(tcp + 4, get_be32(tcp + 4) + from);
	segment_sum(part->frame);
}

static void segment(struct device *d, uint16_t gso_size)
{
	static struct device_sent whole;
	uint32_t data;

	whole = d->sent[(d->sent_count - 1) % DEVICE_SENT_MAX];
	data = whole.len - HEADERS;
	d->sent_count--;
	for (uint32_t from = 0; from < data; from += gso_size) {
		cut(&whole, &d->sent[d->sent_count++ % DEVICE_SENT_MAX], from,
		    data - from < gso_size ? data - from : gso_size);
		if (device_faulty(d, FAULT_SEGMENTS_LOST))
			return;
	}
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
	if (sent->header[1] != (gso_size ? TCPV4 : 0) ||
	    (gso_size && (!device_accepted(d, F_HOST_TSO4) || sent->len <= HEADERS)))
		device_complain(d, "segmentation that was not negotiated [NET-14]");
	else if (gso_size)
		segment(d, gso_size);
	else if (!device_faulty(d, FAULT_CSUM_LEFT))
		complete(sent, start, offset);
}
