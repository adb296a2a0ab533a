/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 as in FIPS 180-4, sections 4.1.2 (functions), 5.1.1 (padding) and 6.2.2 (computation).
 * Reads images, whose bytes the network wrote, after the device has been stopped. Called by
 * netboot.
 */
#include "core/mem.h"
#include "core/sha256.h"
#include "core/text.h"
#include "core/wire.h"

#define BLOCK_LEN 64

/* FIPS 180-4 4.2.2: from the cube roots of the first 64 primes. */
static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

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
		T1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ (e & (f ^ g))) + K[t] +
		     W[t];
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

void sha256_init(struct sha256 *s)
{
	/* FIPS 180-4 5.3.3: from the square roots of the first eight primes. */
	static const uint32_t initial[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(s->state, initial, sizeof(initial));
	s->len = 0;
}

void sha256_update(struct sha256 *s, const void *data, size_t len)
{
	size_t held = (size_t)(s->len % BLOCK_LEN), part;
	const uint8_t *p = data;

	s->len += len;
	if (held > 0) {
		part = len < BLOCK_LEN - held ? len : BLOCK_LEN - held;
		memcpy(s->block + held, p, part);
		p += part;
		len -= part;
		if (held + part < BLOCK_LEN)
			return;
		compress(s->state, s->block);
	}
	for (; len >= BLOCK_LEN; len -= BLOCK_LEN, p += BLOCK_LEN)
		compress(s->state, p);
	if (len > 0)
		memcpy(s->block, p, len);
}

/* FIPS 180-4 5.1.1: a one bit, zeros, and the length in bits at the end of a block. */
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_LEN])
{
	size_t held = (size_t)(s->len % BLOCK_LEN);
	uint64_t bits = s->len * 8;

	s->block[held++] = 0x80;
	if (held > BLOCK_LEN - 8) {
		memset(s->block + held, 0, BLOCK_LEN - held);
		compress(s->state, s->block);
		held = 0;
	}
	memset(s->block + held, 0, BLOCK_LEN - 8 - held);
	put_be32(s->block + BLOCK_LEN - 8, (uint32_t)(bits >> 32));
	put_be32(s->block + BLOCK_LEN - 4, (uint32_t)bits);
	compress(s->state, s->block);
	for (size_t i = 0; i < 8; i++)
		put_be32(digest + 4 * i, s->state[i]);
}

char *sha256_text(char buf[SHA256_HEX_LEN], const uint8_t digest[SHA256_LEN])
{
	struct text t;

	text_init(&t, buf, SHA256_HEX_LEN);
	for (size_t i = 0; i < SHA256_LEN; i++)
		text_fmt(&t, "%02x", digest[i]);
	return buf;
}

bool sha256_parse(const char *s, size_t len, uint8_t digest[SHA256_LEN])
{
	if (len != 2 * SHA256_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text_hex_digit(s[i]) < 0)
			return false;
	for (size_t i = 0; i < SHA256_LEN; i++)
		digest[i] = (uint8_t)(text_hex_digit(s[2 * i]) << 4 | text_hex_digit(s[2 * i + 1]));
	return true;
}
