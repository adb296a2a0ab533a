/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other half of arch/uefi/unpack/lzma.c, for its oracle: an encoder that is told literal by
 * literal and match by match what to write, so that each word of the grammar can be asked for.
 * Names are those of "LZMA Specification".
 */
#ifndef TESTS_FUZZ_LZMA_PACK_H
#define TESTS_FUZZ_LZMA_PACK_H

#include "arch/uefi/unpack/lzma.h"

#define PACK_PLAIN_MAX 4096
#define PACK_MAX \
	16384 /* of what is packed: a byte takes at most 13 bits, each at most 11 bits long */

struct pack {
	uint8_t plain[PACK_PLAIN_MAX], packed[PACK_MAX];
	uint32_t at, len;
	uint64_t low;
	uint32_t range, cache_len;
	uint8_t cache;
	uint32_t rep[4];
	unsigned state;
	struct lzma_probs probs;
};

void pack_begin(struct pack *p);
/* Each is left out where it cannot be: no room, or nothing so far back. */
void pack_literal(struct pack *p, uint8_t byte);
void pack_match(struct pack *p, uint32_t distance_less_1, uint32_t len);
void pack_rep(struct pack *p, unsigned which, uint32_t len);
void pack_short_rep(struct pack *p);
/* What no encoder writes: a match that begins before the first byte. */
void pack_too_far(struct pack *p, uint32_t by);
/* The end mark; packed and len are complete. */
void pack_end(struct pack *p);

#endif
