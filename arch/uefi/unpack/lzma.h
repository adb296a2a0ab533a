/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacks LZMA as `xz --format=raw --lzma1=lc=3,lp=0,pb=0` writes it. Pure.
 *
 * LZMA: an adaptive range coder over a small grammar (a literal; a match of distance and length; a
 * match at one of the last four distances). Names are those of "LZMA Specification" (Igor Pavlov).
 */
#ifndef ARCH_UEFI_UNPACK_LZMA_H
#define ARCH_UEFI_UNPACK_LZMA_H

#include "core/types.h"

#define LZMA_STATES 12
#define LZMA_LITERAL_TREES 8 /* by the upper 3 bits of the byte before: lc=3 */

struct lzma_len {
	uint16_t choice, choice2, low[8], mid[8], high[256];
};

/* The decoder's memory; the caller provides it, and need not clear it. */
struct lzma {
	const uint8_t *in, *in_end;
	uint8_t *out;
	uint32_t out_len, at; /* at: bytes there are; never above out_len */
	uint32_t range, code;
	uint32_t rep[4]; /* distances less 1, the latest first */
	unsigned state;  /* what came last; below LZMA_STATES */
	bool broken;     /* the first byte is wrong, or more were wanted */
	/* Of each bit, how likely it is 0, in 1/2048. Nothing but these behind this line. */
	struct lzma_probs {
		uint16_t is_match[LZMA_STATES], is_rep[LZMA_STATES], is_rep0[LZMA_STATES],
			is_rep0_long[LZMA_STATES], is_rep1[LZMA_STATES], is_rep2[LZMA_STATES];
		uint16_t slot[4][64], special[128], align[16];
		uint16_t literal[LZMA_LITERAL_TREES][3][0x100];
		struct lzma_len len, rep_len;
	} probs;
};

/*
 * Whether `packed` is exactly out_len bytes, packed, and its end mark; they are in out then.
 * Whatever it is, nothing is read or written outside of the two.
 */
bool lzma_unpack(struct lzma *l, uint8_t *out, uint32_t out_len, struct span packed) MUST_CHECK;

#endif
