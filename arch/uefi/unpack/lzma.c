/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacks LZMA. The build wrote the bytes, and who signed the file may vouch for them, but nothing
 * here relies on it: one function reads a packed byte, one stores an unpacked byte, one looks back
 * at those that there are, and each checks its bound. Called by main.c.
 */
#include "arch/uefi/unpack/lzma.h"

#define PROB_BITS 11
#define PROB_INIT (1 << (PROB_BITS - 1))
#define PROB_SHIFT 5 /* how fast it adapts */
#define RANGE_MIN 0x1000000
#define MATCH_MIN 2
#define STATE_LITERALS 7    /* states below it: a literal came last */
#define END_MARK UINT32_MAX /* where a distance less 1 stands */

/* --- the range coder -------------------------------------------------------------------------- */

static uint32_t next_byte(struct lzma *l)
{
	if (l->in < l->in_end)
		return *l->in++;
	l->broken = true;
	return 0;
}

static void normalize(struct lzma *l)
{
	if (l->range >= RANGE_MIN)
		return;
	l->range <<= 8;
	l->code = l->code << 8 | next_byte(l);
}

static unsigned get_bit(struct lzma *l, uint16_t *prob)
{
	uint32_t bound;

	normalize(l);
	bound = (l->range >> PROB_BITS) * *prob;
	if (l->code < bound) {
		l->range = bound;
		*prob = (uint16_t)(*prob + (((1u << PROB_BITS) - *prob) >> PROB_SHIFT));
		return 0;
	}
	l->range -= bound;
	l->code -= bound;
	*prob = (uint16_t)(*prob - (*prob >> PROB_SHIFT));
	return 1;
}

/* So many bits that are as often 0 as 1. */
static uint32_t get_direct(struct lzma *l, unsigned bits)
{
	uint32_t value = 0;

	while (bits-- > 0) {
		normalize(l);
		l->range >>= 1;
		value <<= 1;
		if (l->code >= l->range) {
			l->code -= l->range;
			value |= 1;
		}
	}
	return value;
}

/* So many bits, high one first; tree has 1 << bits entries. */
static unsigned get_tree(struct lzma *l, uint16_t *tree, unsigned bits)
{
	unsigned node = 1;

	for (unsigned i = 0; i < bits; i++)
		node = node << 1 | get_bit(l, &tree[node]);
	return node - (1u << bits);
}

/* The same, low one first. */
static uint32_t get_reverse_tree(struct lzma *l, uint16_t *tree, unsigned bits)
{
	uint32_t value = 0, bit;
	unsigned node = 1;

	for (unsigned i = 0; i < bits; i++) {
		bit = get_bit(l, &tree[node]);
		node = node << 1 | bit;
		value |= bit << i;
	}
	return value;
}

/* --- the grammar ------------------------------------------------------------------------------ */

/* The byte before by so many; 0 before the first. */
static uint8_t byte_back(const struct lzma *l, uint32_t rep)
{
	return rep < l->at ? l->out[l->at - rep - 1] : 0;
}

static bool put(struct lzma *l, uint8_t byte)
{
	if (l->at == l->out_len)
		return false;
	l->out[l->at++] = byte;
	return true;
}

/*
 * Behind a match, the byte that would have continued it is a context, bit by bit, for as long as
 * it is right.
 */
static bool literal(struct lzma *l)
{
	uint16_t(*tree)[0x100] = l->probs.literal[byte_back(l, 0) >> 5];
	bool matched = l->state >= STATE_LITERALS;
	unsigned expected = byte_back(l, l->rep[0]), node = 1, bit;

	while (node < 0x100) {
		expected <<= 1;
		bit = get_bit(l, &tree[matched ? 1 + (expected >> 8 & 1) : 0][node]);
		matched = matched && (expected >> 8 & 1) == bit;
		node = node << 1 | bit;
	}
	if (l->state < 4)
		l->state = 0;
	else
		l->state -= l->state < 10 ? 3 : 6;
	return put(l, (uint8_t)node);
}

static unsigned get_len(struct lzma *l, struct lzma_len *p)
{
	if (!get_bit(l, &p->choice))
		return MATCH_MIN + get_tree(l, p->low, 3);
	if (!get_bit(l, &p->choice2))
		return MATCH_MIN + 8 + get_tree(l, p->mid, 3);
	return MATCH_MIN + 16 + get_tree(l, p->high, 8);
}

/* The distance less 1 of a match of len bytes: a slot says its upper two bits and their place. */
static uint32_t get_distance(struct lzma *l, unsigned len)
{
	unsigned class = len - MATCH_MIN < 4 ? len - MATCH_MIN : 3;
	unsigned slot = get_tree(l, l->probs.slot[class], 6);
	uint32_t distance;
	unsigned bits;

	if (slot < 4)
		return slot;
	bits = slot / 2 - 1;
	distance = (2 | (slot & 1)) << bits;
	if (slot < 14)
		return distance + get_reverse_tree(l, &l->probs.special[distance - slot], bits);
	distance += get_direct(l, bits - 4) << 4;
	return distance + get_reverse_tree(l, l->probs.align, 4);
}

static unsigned new_match(struct lzma *l)
{
	unsigned len = get_len(l, &l->probs.len);

	l->rep[3] = l->rep[2];
	l->rep[2] = l->rep[1];
	l->rep[1] = l->rep[0];
	l->rep[0] = get_distance(l, len);
	l->state = l->state < STATE_LITERALS ? 7 : 10;
	return len;
}

/* One of the last four distances becomes the latest. */
static void choose_rep(struct lzma *l)
{
	unsigned which;
	uint32_t rep;

	if (!get_bit(l, &l->probs.is_rep1[l->state]))
		which = 1;
	else
		which = 2 + get_bit(l, &l->probs.is_rep2[l->state]);
	rep = l->rep[which];
	for (; which > 0; which--)
		l->rep[which] = l->rep[which - 1];
	l->rep[0] = rep;
}

static unsigned rep_match(struct lzma *l)
{
	unsigned len;

	if (get_bit(l, &l->probs.is_rep0[l->state])) {
		choose_rep(l);
	} else if (!get_bit(l, &l->probs.is_rep0_long[l->state])) {
		l->state = l->state < STATE_LITERALS ? 9 : 11;
		return 1;
	}
	len = get_len(l, &l->probs.rep_len);
	l->state = l->state < STATE_LITERALS ? 8 : 11;
	return len;
}

static bool copy(struct lzma *l, unsigned len)
{
	if (l->rep[0] >= l->at)
		return false;
	while (len-- > 0)
		if (!put(l, byte_back(l, l->rep[0])))
			return false;
	return true;
}

static void start(struct lzma *l, uint8_t *out, uint32_t out_len, struct span packed)
{
	uint16_t *probs = (uint16_t *)&l->probs;

	l->in = packed.at;
	l->in_end = packed.at + packed.len;
	l->out = out;
	l->out_len = out_len;
	l->at = 0;
	l->range = UINT32_MAX;
	l->code = 0;
	l->state = 0;
	l->broken = next_byte(l) != 0;
	for (size_t i = 0; i < ARRAY_LEN(l->rep); i++)
		l->rep[i] = 0;
	for (size_t i = 0; i < sizeof(l->probs) / sizeof(*probs); i++)
		probs[i] = PROB_INIT;
	for (int i = 0; i < 4; i++)
		l->code = l->code << 8 | next_byte(l);
}

/* Ends, since each round stores a byte or is the last. */
bool lzma_unpack(struct lzma *l, uint8_t *out, uint32_t out_len, struct span packed)
{
	unsigned len;

	start(l, out, out_len, packed);
	for (;;) {
		if (!get_bit(l, &l->probs.is_match[l->state])) {
			if (!literal(l))
				return false;
			continue;
		}
		if (get_bit(l, &l->probs.is_rep[l->state]))
			len = rep_match(l);
		else
			len = new_match(l);
		if (l->rep[0] == END_MARK)
			break;
		if (!copy(l, len))
			return false;
	}
	normalize(l);
	return !l->broken && l->code == 0 && l->at == out_len && l->in == l->in_end;
}
