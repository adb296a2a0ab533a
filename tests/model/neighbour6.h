/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbour's IPv6: answers to an echo request, once it knows by a Neighbor Advertisement whom
 * it answers, and a RST to every segment. By a second hand: nothing of tests/conform is used.
 */
#ifndef TESTS_MODEL_NEIGHBOUR6_H
#define TESTS_MODEL_NEIGHBOUR6_H

#include <stdbool.h>
#include <stdint.h>

struct neighbour6 {
	bool speaks; /* set by a test */
	bool met;    /* it was told who has the asker's address */
	uint8_t asker[16], asker_mac[6];
	uint8_t echo[1280]; /* what it waits to answer until then */
	uint32_t echo_len;
};

/*
 * An IPv6 frame of the guest. The answer, a frame for it, goes to `answer`, which has room for 1514
 * bytes; its length, or 0.
 */
uint32_t neighbour6_answer(struct neighbour6 *n, const uint8_t *frame, uint32_t len,
			   uint8_t *answer);

#endif
