/* SPDX-License-Identifier: BSD-2-Clause */
/* An LZMA encoder that decides nothing; see lzma_pack.h. */
#include "tests/fuzz/lzma_pack.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

#define MATCH_MIN 2u
#define MATCH_MAX 273u

/* --- the range coder -------------------------------------------------------------------------- */

static void put_byte(struct pack *p, uint8_t byte)
{
	must(p->len < PACK_MAX, "the encoder's memory is too small");
	p->packed[p->len++] = byte;
}

static void shift_low(struct pack *p)
{
	uint8_t carry = (uint8_t)(p->low >> 32);

	if (p->low < 0xff000000 || carry) {
		put_byte(p, (uint8_t)(p->cache + carry));
		for (; p->cache_len > 1; p->cache_len--)
			put_byte(p, (uint8_t)(0xff + carry));
		p->cache_len = 0;
		p->cache = (uint8_t)(p->low >> 24);
	}
	p->cache_len++;
	p->low = (p->low & 0xffffff) << 8;
}

static void put_bit(struct pack *p, uint16_t *prob, unsigned bit)
{
	uint32_t bound = (p->range >> 11) * *prob;

	if (bit) {
		p->low += bound;
		p->range -= bound;
		*prob = (uint16_t)(*prob - (*prob >> 5));
	} else {
		p->range = bound;
		*prob = (uint16_t)(*prob + ((2048 - *prob) >> 5));
	}
	for (; p->range < 1u << 24; p->range <<= 8)
		shift_low(p);
}

static void put_direct(struct pack *p, uint32_t value, unsigned bits)
{
	while (bits-- > 0) {
		p->range >>= 1;
		if (value >> bits & 1)
			p->low += p->range;
		for (; p->range < 1u << 24; p->range <<= 8)
			shift_low(p);
	}
}

static void put_tree(struct pack *p, uint16_t *tree, unsigned bits, unsigned value)
{
	unsigned node = 1, bit;

	while (bits-- > 0) {
		bit = value >> bits & 1;
		put_bit(p, &tree[node], bit);
		node = node * 2 + bit;
	}
}

static void put_reverse_tree(struct pack *p, uint16_t *tree, unsigned bits, uint32_t value)
{
	unsigned node = 1, bit;

	for (; bits > 0; bits--, value >>= 1) {
		bit = value & 1;
		put_bit(p, &tree[node], bit);
		node = node * 2 + bit;
	}
}

/* --- the grammar ------------------------------------------------------------------------------ */

void pack_begin(struct pack *p)
{
	uint16_t *prob = (uint16_t *)&p->probs;

	p->at = p->len = 0;
	p->low = 0;
	p->range = UINT32_MAX;
	p->cache = 0;
	p->cache_len = 1;
	p->state = 0;
	memset(p->rep, 0, sizeof(p->rep));
	for (size_t i = 0; i < sizeof(p->probs) / sizeof(*prob); i++)
		prob[i] = 1024;
}

static void put_literal_bits(struct pack *p, uint8_t byte)
{
	uint8_t before = p->at ? p->plain[p->at - 1] : 0;
	uint16_t(*tree)[0x100] = p->probs.literal[before >> 5];
	unsigned node = 1, expected = 0, bit, wanted, with = 0;

	if (p->state >= 7) {
		expected = p->rep[0] < p->at ? p->plain[p->at - 1 - p->rep[0]] : 0;
		with = 1;
	}
	for (int i = 7; i >= 0; i--) {
		bit = byte >> i & 1;
		wanted = expected >> i & 1;
		put_bit(p, &tree[with ? 1 + wanted : 0][node], bit);
		if (bit != wanted)
			with = 0;
		node = node * 2 + bit;
	}
}

void pack_literal(struct pack *p, uint8_t byte)
{
	if (p->at == PACK_PLAIN_MAX)
		return;
	put_bit(p, &p->probs.is_match[p->state], 0);
	put_literal_bits(p, byte);
	p->plain[p->at++] = byte;
	p->state = p->state < 4 ? 0 : p->state < 10 ? p->state - 3 : p->state - 6;
}

static void put_len(struct pack *p, struct lzma_len *l, uint32_t len)
{
	len -= MATCH_MIN;
	put_bit(p, &l->choice, len >= 8);
	if (len < 8) {
		put_tree(p, l->low, 3, len);
		return;
	}
	put_bit(p, &l->choice2, len >= 16);
	if (len < 16)
		put_tree(p, l->mid, 3, len - 8);
	else
		put_tree(p, l->high, 8, len - 16);
}

static void put_distance(struct pack *p, uint32_t distance, uint32_t len)
{
	unsigned class = len - MATCH_MIN < 3 ? len - MATCH_MIN : 3, slot = distance, bits = 0;
	uint32_t base;

	if (distance >= 4) {
		for (bits = 30; !(distance >> (bits + 1) & 1); bits--)
			;
		slot = 2 * (bits + 1) + (distance >> bits & 1);
	}
	put_tree(p, p->probs.slot[class], 6, slot);
	if (slot < 4)
		return;
	base = (2 | (slot & 1)) << bits;
	if (slot < 14) {
		put_reverse_tree(p, p->probs.special + (base - slot), bits, distance - base);
		return;
	}
	put_direct(p, (distance - base) >> 4, bits - 4);
	put_reverse_tree(p, p->probs.align, 4, (distance - base) & 15);
}

static void copy(struct pack *p, uint32_t len)
{
	for (; len > 0; len--, p->at++)
		p->plain[p->at] = p->plain[p->at - 1 - p->rep[0]];
}

static bool fits(const struct pack *p, uint32_t distance, uint32_t len)
{
	return len >= 1 && len <= MATCH_MAX && distance < p->at && len <= PACK_PLAIN_MAX - p->at;
}

static void put_match(struct pack *p, uint32_t distance, uint32_t len)
{
	put_bit(p, &p->probs.is_match[p->state], 1);
	put_bit(p, &p->probs.is_rep[p->state], 0);
	put_len(p, &p->probs.len, len);
	put_distance(p, distance, len);
}

void pack_match(struct pack *p, uint32_t distance, uint32_t len)
{
	if (len < MATCH_MIN || !fits(p, distance, len))
		return;
	put_match(p, distance, len);
	memmove(p->rep + 1, p->rep, 3 * sizeof(*p->rep));
	p->rep[0] = distance;
	p->state = p->state < 7 ? 7 : 10;
	copy(p, len);
}

void pack_too_far(struct pack *p, uint32_t by)
{
	put_match(p, p->at + by, MATCH_MIN);
	p->state = p->state < 7 ? 7 : 10;
	if (p->at + MATCH_MIN <= PACK_PLAIN_MAX)
		p->at += MATCH_MIN;
}

static void put_rep(struct pack *p, unsigned which)
{
	put_bit(p, &p->probs.is_match[p->state], 1);
	put_bit(p, &p->probs.is_rep[p->state], 1);
	put_bit(p, &p->probs.is_rep0[p->state], which > 0);
	if (!which)
		return;
	put_bit(p, &p->probs.is_rep1[p->state], which > 1);
	if (which > 1)
		put_bit(p, &p->probs.is_rep2[p->state], which > 2);
}

void pack_rep(struct pack *p, unsigned which, uint32_t len)
{
	uint32_t distance = p->rep[which];

	if (len < MATCH_MIN || !fits(p, distance, len))
		return;
	put_rep(p, which);
	if (!which)
		put_bit(p, &p->probs.is_rep0_long[p->state], 1);
	put_len(p, &p->probs.rep_len, len);
	memmove(p->rep + 1, p->rep, which * sizeof(*p->rep));
	p->rep[0] = distance;
	p->state = p->state < 7 ? 8 : 11;
	copy(p, len);
}

void pack_short_rep(struct pack *p)
{
	if (!fits(p, p->rep[0], 1))
		return;
	put_rep(p, 0);
	put_bit(p, &p->probs.is_rep0_long[p->state], 0);
	p->state = p->state < 7 ? 9 : 11;
	copy(p, 1);
}

void pack_end(struct pack *p)
{
	put_match(p, UINT32_MAX, MATCH_MIN);
	for (int i = 0; i < 5; i++)
		shift_low(p);
}
