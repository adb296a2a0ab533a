/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The internet checksum (RFC 1071): the ones-complement sum of 16-bit big-endian words. A sum under
 * way is a uint32_t that is congruent to it modulo FFFFh, on any machine: numbers in host order
 * (lengths, halves of addresses) may be added to it, with the carry out of bit 31 coming back in at
 * bit 0.
 *
 * csum.c is portable. A port's assembly of the same name may take its place (arch/x86/i386/csum.S):
 * unit tests compare the two.
 */
#ifndef CORE_CSUM_H
#define CORE_CSUM_H

#include "core/types.h"
#include "core/wire.h"

/*
 * sum, plus the len bytes at data (no alignment needed). An odd length stands for one with a zero
 * byte behind it, so only the last piece of a chain may be odd [SUM-02].
 */
uint32_t csum_add(const void *data, size_t len, uint32_t sum);

/*
 * The same while the bytes are copied to dst, which does not overlap. Each is read once: what is
 * summed is what is stored.
 */
uint32_t csum_copy(void *dst, const void *src, size_t len, uint32_t sum);

/*
 * The sum in 16 bits, not complemented. Over a packet whose checksum field is right it is FFFFh;
 * the field of a packet to be sent (0 meanwhile) becomes ~csum_fold(), as a number for put_be16().
 */
static inline uint16_t csum_fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)((sum >> 16) + sum); /* [SUM-01]: the second carry too */
}

/*
 * Whether a header of len bytes, a multiple of 4, carries a right checksum within itself (RFC 1071
 * 2 (B): the byte order does not matter for that).
 */
static inline bool csum_header_ok(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0, word;

	for (; len; len -= 4, p += 4) {
		word = get_le32(p);
		sum += word;
		sum += sum < word;
	}
	return csum_fold(sum) == 0xffff;
}

#endif
