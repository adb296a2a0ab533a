/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP segments in Ethernet frames, written and read by a second hand: nothing of net/ or core/ is
 * used, so that a mistake there does not cancel out here. And the pattern that tests download.
 */
#ifndef TESTS_MODEL_SEGMENT_H
#define TESTS_MODEL_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

#define SEGMENT_FRAME_MAX (14 + 65535)
#define SEGMENT_SACKS 4

struct segment {
	uint8_t dst_mac[6], src_mac[6];
	uint32_t src, dst;
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint16_t flags; /* with the reserved bits, in the order of the header */
	uint16_t wnd, urgent;
	const uint8_t *options; /* padded with end-of-list to a multiple of 4 */
	uint32_t options_len;
	const uint8_t *data;
	uint32_t len;
	bool unsummed;   /* leave 0 in the checksum field */
	int data_offset; /* in words, if it is to be a false one; -1: 0; 0: the right one */

	/* Set by segment_read(). */
	int mss, shift; /* -1: the option is not there */
	bool sack_ok;
	uint32_t sack[SEGMENT_SACKS][2];
	uint32_t sacks;
};

/* Writes the frame, at least 60 bytes of it; returns its length. */
uint32_t segment_write(uint8_t *frame, const struct segment *s);
/* Where the TCP header lies in such a frame. */
#define SEGMENT_L4 34
/* Recomputes the checksum of what segment_write() wrote and a test changed. */
void segment_sum(uint8_t *frame);

/*
 * Reads what our stack sent; s points into frame. NULL, or what is wrong with it, as a sentence:
 * every field that has only one right value is checked, both checksums among them.
 */
const char *segment_read(struct segment *s, const uint8_t *frame, uint32_t len);

/* The ones-complement sum of RFC 1071, slowly. */
uint16_t segment_csum(const uint8_t *data, uint32_t len, uint32_t sum);

/* Byte off of the pattern repeats after PATTERN_PERIOD bytes, a prime: never at a power of two. */
#define PATTERN_PERIOD 1000003u
/* len ≤ 65536 bytes of it; valid for ever. */
const uint8_t *pattern_at(uint64_t off, uint32_t len);
bool pattern_is(const uint8_t *bytes, uint64_t off, uint64_t len);

#endif
