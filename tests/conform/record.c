/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng (draft-ietf-opsawg-pcapng), as tests/backend writes it: a comment ends with a newline,
 * without which scapy 2.5 does not read it. The frames are the device's, and only copied. Called by
 * conform.c and station*.c.
 */
#include "tests/conform/record.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "core/wire.h"
#include "tests/conform/judge.h"

#define SECTION_HEADER 0x0a0d0d0a
#define INTERFACE 1
#define ENHANCED_PACKET 6
#define LINKTYPE_ETHERNET 1
#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_NAME 2    /* of an interface */
#define OPT_FLAGS 2   /* of a packet: 1 inbound, 2 outbound */
#define OPT_TSRESOL 9 /* of an interface: 3, milliseconds */
#define SNAPLEN 2048  /* of a longer frame the rest is left out */
#define COMMENT_MAX 200
#define BLOCK_MAX (SNAPLEN + COMMENT_MAX + 100)

struct block {
	uint32_t len;
	uint8_t bytes[BLOCK_MAX];
};

static struct block block;

static void add(const void *bytes, uint32_t len)
{
	memcpy(block.bytes + block.len, bytes, len);
	block.len += len;
	while (block.len % 4)
		block.bytes[block.len++] = 0;
}

static void add_32(uint32_t value)
{
	put_le32(block.bytes + block.len, value);
	block.len += 4;
}

static void add_option(uint32_t code, const void *bytes, size_t len)
{
	add_32(code | (uint32_t)len << 16);
	add(bytes, (uint32_t)len);
}

static void begin(uint32_t type)
{
	block.len = 0;
	add_32(type);
	add_32(0);
}

static void end(void)
{
	put_le32(block.bytes + 4, block.len + 4);
	add_32(block.len + 4);
	program_record(block.bytes, block.len);
}

void record_begin(struct record *r)
{
	r->on = program_records();
	r->interfaces = 0;
	if (!r->on)
		return;
	begin(SECTION_HEADER);
	add_32(0x1a2b3c4d); /* this byte order */
	add_32(1);          /* version 1.0 */
	add_32(UINT32_MAX); /* of no stated length */
	add_32(UINT32_MAX);
	end();
}

void record_interface(struct record *r, const char *name)
{
	static const uint8_t milliseconds = 3;

	if (!r->on)
		return;
	begin(INTERFACE);
	add_32(LINKTYPE_ETHERNET);
	add_32(SNAPLEN);
	add_option(OPT_NAME, name, text_len(name));
	add_option(OPT_TSRESOL, &milliseconds, 1);
	add_32(OPT_END);
	end();
	r->interfaces++;
}

static void add_comment(struct span header, uint32_t used)
{
	uint8_t copy[JUDGE_HEADER_LEN] = { 0 };
	char comment[COMMENT_MAX];
	struct judge_header h;
	struct text t;

	memcpy(copy, header.at, header.len < sizeof(copy) ? header.len : sizeof(copy));
	judge_parse_header(&h, copy);
	text_init(&t, comment, sizeof(comment));
	text_fmt(&t,
		 "flags=%u gso_type=%u hdr_len=%u gso_size=%u csum_start=%u csum_offset=%u "
		 "num_buffers=%u",
		 h.flags, h.gso_type, h.hdr_len, h.gso_size, h.csum_start, h.csum_offset,
		 h.num_buffers);
	if (used != UINT32_MAX)
		text_fmt(&t, " used_len=%u", (unsigned)used);
	text_fmt(&t, "\n");
	add_option(OPT_COMMENT, comment, t.len);
}

void record_frame(struct record *r, bool received, struct span header, struct span frame,
		  uint32_t used)
{
	uint32_t len = frame.len < SNAPLEN ? frame.len : SNAPLEN, direction = received ? 1 : 2;
	uint8_t flags[4];

	if (!r->on || !r->interfaces)
		return;
	put_le32(flags, direction);
	begin(ENHANCED_PACKET);
	add_32(r->interfaces - 1);
	add_32(0); /* the upper half of the time */
	add_32(clock_now_ms());
	add_32(len);
	add_32(frame.len);
	add(frame.at, len);
	add_comment(header, used);
	add_option(OPT_FLAGS, flags, sizeof(flags));
	add_32(OPT_END);
	end();
}
