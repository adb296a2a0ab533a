/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP segments that belong to no connection, with data and without ACK: whoever gets one answers
 * with a RST that acknowledges all of it (RFC 9293, 3.10.7.1), so the answer tells how much of it
 * has arrived, and that its checksum was right.
 */
#ifndef TESTS_CONFORM_SEGMENTS_H
#define TESTS_CONFORM_SEGMENTS_H

#include "tests/conform/ipv6.h"

#define SEGMENTS_DATA_MAX 4000

/* How a segment is handed to the device. */
struct segment_shape {
	uint16_t data;     /* bytes, SEGMENTS_DATA_MAX at most */
	uint16_t gso_size; /* of what the device cuts it into; 0: nothing of the kind */
	bool partial;      /* the device completes the checksum */
	struct ipv6 *v6;   /* over IPv6, to the peer that was found; NULL: over IPv4 */
};

struct segment_answer {
	bool asked;      /* it was sent */
	bool whole;      /* the last byte was acknowledged */
	uint32_t others; /* answers that acknowledge another number of bytes … */
	uint32_t other;  /* … such as this */
};

/*
 * One segment, over IPv4 to the peer of the question that was answered last, behind traffic_ask()
 * on the same station. 0; ERR_DEVICE, ERR_ABORTED, ERR_TIMEOUT as traffic.h has them.
 */
int segments_ask(struct traffic *t, const struct segment_shape *how, struct segment_answer *answer)
	MUST_CHECK;

#endif
