/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng (draft-ietf-opsawg-pcapng): one section, one interface, enhanced packet blocks. A comment
 * ends with a newline, without which scapy 2.5 does not read it. Called by device.c and main.c.
 */
#include "tests/backend/pcap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECTION_HEADER 0x0a0d0d0a
#define INTERFACE 1
#define ENHANCED_PACKET 6
#define LINKTYPE_ETHERNET 1
#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_FLAGS 2   /* of a packet: 1 inbound, 2 outbound, seen from the guest */
#define OPT_TSRESOL 9 /* of an interface: 9, nanoseconds */

struct block {
	uint32_t len;
	uint8_t bytes[FRAME_MAX + FRAME_SLACK + 1024];
};

static struct block block;

static void add(const void *bytes, size_t len)
{
	memcpy(block.bytes + block.len, bytes, len);
	block.len += (uint32_t)len;
	while (block.len % 4)
		block.bytes[block.len++] = 0;
}

static void add_32(uint32_t value)
{
	add(&value, sizeof(value));
}

static void add_option(uint32_t code, const void *bytes, size_t len)
{
	add_32(code | (uint32_t)len << 16);
	add(bytes, len);
}

static void begin(uint32_t type)
{
	block.len = 0;
	add_32(type);
	add_32(0);
}

static void end(struct pcap *pcap)
{
	uint32_t len = block.len + 4;

	memcpy(block.bytes + 4, &len, 4);
	add_32(len);
	if (fwrite(block.bytes, 1, block.len, pcap->file) != block.len)
		fail("--pcap: %s", strerror(errno));
}

void pcap_open(struct pcap *pcap, const char *path)
{
	static const uint8_t nanoseconds = 9;

	pcap->file = fopen(path, "we");
	if (!pcap->file)
		fail("--pcap %s: %s", path, strerror(errno));
	begin(SECTION_HEADER);
	add_32(0x1a2b3c4d); /* this byte order */
	add_32(1);          /* version 1.0 */
	add_32(UINT32_MAX); /* of no stated length */
	add_32(UINT32_MAX);
	end(pcap);
	begin(INTERFACE);
	add_32(LINKTYPE_ETHERNET);
	add_32(0); /* no limit of length */
	add_option(OPT_TSRESOL, &nanoseconds, 1);
	add_32(OPT_END);
	end(pcap);
	pcap_flush(pcap);
}

void pcap_write(struct pcap *pcap, enum direction dir, const struct frame *frame, uint32_t id,
		uint32_t len)
{
	const struct virtio_net_hdr_v1 *header = &frame->header;
	uint32_t flags = dir == RX ? 1 : 2;
	char comment[200];
	struct timespec now;
	uint64_t ns;

	if (!pcap->file)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	snprintf(comment, sizeof(comment),
		 "flags=%u gso_type=%u hdr_len=%u gso_size=%u csum_start=%u "
		 "csum_offset=%u num_buffers=%u used_id=%u used_len=%u\n",
		 header->flags, header->gso_type, header->hdr_len, header->gso_size,
		 header->csum_start, header->csum_offset, header->num_buffers, id, len);
	begin(ENHANCED_PACKET);
	add_32(0); /* the interface */
	add_32((uint32_t)(ns >> 32));
	add_32((uint32_t)ns);
	add_32(frame->len);
	add_32(frame->len);
	add(frame->data, frame->len);
	add_option(OPT_COMMENT, comment, strlen(comment));
	add_option(OPT_FLAGS, &flags, sizeof(flags));
	add_32(OPT_END);
	end(pcap);
}

void pcap_flush(struct pcap *pcap)
{
	if (pcap->file && fflush(pcap->file))
		fail("--pcap: %s", strerror(errno));
}
