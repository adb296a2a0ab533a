/* SPDX-License-Identifier: BSD-2-Clause */
/* The computation of SHA-256, FIPS 180-4 4.1.2 and 6.2.2, for any processor. Called by sha256.c. */
#include "core/sha256.h"
#include "core/wire.h"

static inline uint32_t rotr(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

/* The schedule W of FIPS 180-4 6.2.2, step 1. */
static void expand(uint32_t W[64], const uint8_t *block)
{
	int t;

	for (t = 0; t < 16; t++)
		W[t] = get_be32(block + 4 * t);
	for (; t < 64; t++)
		W[t] = (rotr(W[t - 2], 17) ^ rotr(W[t - 2], 19) ^ W[t - 2] >> 10) + W[t - 7] +
		       (rotr(W[t - 15], 7) ^ rotr(W[t - 15], 18) ^ W[t - 15] >> 3) + W[t - 16];
}

/*
 * One block: FIPS 180-4 6.2.2, steps 1 to 4. Not unrolled: a boot image has more use for the bytes.
 * Ch and Maj are written with the fewest operations: Maj(a, b, c) = b ^ ((a ^ b) & (b ^ c)).
 */
static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t W[64], T1, T2;

	expand(W, block);
	for (int t = 0; t < 64; t++) {
		T1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ (e & (f ^ g))) +
		     sha256_k[t] + W[t];
		T2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + (b ^ ((a ^ b) & (b ^ c)));
		h = g;
		g = f;
		f = e;
		e = d + T1;
		d = c;
		c = b;
		b = a;
		a = T1 + T2;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	for (; blocks > 0; blocks--, data += 64)
		compress(state, data);
}
