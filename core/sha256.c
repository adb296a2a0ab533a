/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 as in FIPS 180-4, but for the computation itself (sha256_blocks.c): 5.1.1 (padding),
 * 5.3.3 (initial value). Reads images, whose bytes the network wrote. Called by netboot.
 */
#include "core/mem.h"
#include "core/sha256.h"
#include "core/text.h"
#include "core/wire.h"

#define BLOCK_LEN 64

/* FIPS 180-4 4.2.2: from the cube roots of the first 64 primes. */
const uint32_t sha256_k[64] = {
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

static void take_blocks(struct sha256 *s, const uint8_t *data, size_t blocks)
{
	if (!sha256_by_cpu(s->state, data, blocks))
		sha256_blocks(s->state, data, blocks);
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
		take_blocks(s, s->block, 1);
	}
	part = len % BLOCK_LEN;
	if (len > part)
		take_blocks(s, p, len / BLOCK_LEN);
	memcpy(s->block, p + len - part, part);
}

/* FIPS 180-4 5.1.1: a one bit, zeros, and the length in bits at the end of a block. */
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_LEN])
{
	size_t held = (size_t)(s->len % BLOCK_LEN);
	uint64_t bits = s->len * 8;

	s->block[held++] = 0x80;
	if (held > BLOCK_LEN - 8) {
		memset(s->block + held, 0, BLOCK_LEN - held);
		take_blocks(s, s->block, 1);
		held = 0;
	}
	memset(s->block + held, 0, BLOCK_LEN - 8 - held);
	put_be32(s->block + BLOCK_LEN - 8, (uint32_t)(bits >> 32));
	put_be32(s->block + BLOCK_LEN - 4, (uint32_t)bits);
	take_blocks(s, s->block, 1);
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
