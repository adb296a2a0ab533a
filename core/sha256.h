/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 (FIPS 180-4). The caller owns the context; nothing to free. */
#ifndef CORE_SHA256_H
#define CORE_SHA256_H

#include "core/types.h"

#define SHA256_LEN 32
#define SHA256_HEX_LEN 65 /* with the NUL */

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t len);
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_LEN]);

/*
 * The computation, FIPS 180-4 6.2.2: takes so many blocks of 64 bytes, at least one, into the
 * state. For sha256.c; a processor's folder may have its own.
 */
void sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks);
extern const uint32_t sha256_k[64];

/* The same by the processor's own instructions, if it has any; false: it has none. */
bool sha256_by_cpu(uint32_t state[8], const uint8_t *data, size_t blocks);

char *sha256_text(char buf[SHA256_HEX_LEN], const uint8_t digest[SHA256_LEN]);
/* 64 hexadecimal digits, either case; false and *digest untouched otherwise. */
bool sha256_parse(const char *s, size_t len, uint8_t digest[SHA256_LEN]);

#endif
