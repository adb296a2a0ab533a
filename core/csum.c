/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The internet checksum in portable C. The bytes come from the network or from us and mean nothing
 * here.
 */
#include "core/csum.h"

#include "core/mem.h"

#define LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/*
 * Words are summed as the machine reads them, 32 bits at a time: the bytes of each 16-bit half only
 * trade places if the machine is little-endian, and so do those of the sum (RFC 1071 2 (B)). 2^32
 * words cannot overflow the 64 bits.
 */
static uint32_t finish(uint64_t words, uint32_t sum)
{
	words = (words >> 32) + (words & UINT32_MAX);
	words = (words >> 32) + (words & UINT32_MAX);
	uint16_t folded = csum_fold((uint32_t)words);
	if (LITTLE_ENDIAN)
		folded = (uint16_t)(folded << 8 | folded >> 8);
	sum += folded;
	return sum + (sum < folded);
}

/* The last 0 to 3 bytes, with zeros behind them in memory. */
static uint32_t tail(const uint8_t *p, size_t len)
{
	uint32_t word = 0;

	if (len)
		memcpy(&word, p, len);
	return word;
}

HOT_PATH uint32_t csum_add(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;
	uint64_t words = 0;
	uint32_t word;

	for (; len >= 4; p += 4, len -= 4) {
		memcpy(&word, p, sizeof(word));
		words += word;
	}
	return finish(words + tail(p, len), sum);
}

HOT_PATH uint32_t csum_copy(void *dst, const void *src, size_t len, uint32_t sum)
{
	const uint8_t *p = src;
	uint8_t *q = dst;
	uint64_t words = 0;
	uint32_t word;

	for (; len >= 4; p += 4, q += 4, len -= 4) {
		memcpy(&word, p, sizeof(word));
		memcpy(q, &word, sizeof(word));
		words += word;
	}
	word = tail(p, len);
	memcpy(q, &word, len);
	return finish(words + word, sum);
}
