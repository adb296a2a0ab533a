/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unpacker of skiff.efi: what an encoder of our own packs comes back, byte by byte; what is
 * cut, changed, or was never packed does no harm. fuzz: -max_len=2000
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/lzma_pack.h"

#define MATCH_LEN(op) (2 + ((op) >> 3) * ((op)&0x80 ? 8u : 1u))

/*
 * Whether the packed bytes are taken for out_len bytes; these are in *out then. All end where they
 * end.
 */
static bool unpacks(struct span packed, uint32_t out_len, uint8_t **out)
{
	static struct lzma l;
	uint8_t *in = malloc(packed.len ? packed.len : 1);
	bool good;

	memcpy(in, packed.at, packed.len);
	*out = malloc(out_len ? out_len : 1);
	good = lzma_unpack(&l, *out, out_len, (struct span){ in, packed.len });
	free(in);
	return good;
}

static bool unpacks_at_all(struct span packed, uint32_t out_len)
{
	uint8_t *out;
	bool good = unpacks(packed, out_len, &out);

	free(out);
	return good;
}

/* The input says what to pack; wrong: and behind that something that cannot be. */
static void write_packed(struct pack *p, struct input *in, bool wrong, uint32_t by)
{
	pack_begin(p);
	while (in->left) {
		uint32_t op = take(in, 1);

		switch (op & 3) {
		case 0:
			pack_literal(p, (uint8_t)take(in, 1));
			break;
		case 1:
			pack_match(p, op & 4 ? take(in, 2) : take(in, 1), MATCH_LEN(op));
			break;
		case 2:
			pack_rep(p, op >> 2 & 3, 2 + (op >> 4) * (op & 0x40 ? 18 : 1));
			break;
		default:
			pack_short_rep(p);
		}
	}
	if (wrong)
		pack_too_far(p, by);
	pack_end(p);
}

/* One of the ways to be wrong, each of which costs as much as being right. */
static void must_be_refused(struct pack *p, uint32_t choices, uint32_t where)
{
	struct span packed = { p->packed, p->len };

	switch (choices & 3) {
	case 0:
		must(!unpacks_at_all(packed, p->at + 1), "taken for more than it is");
		break;
	case 1:
		must(!p->at || !unpacks_at_all(packed, p->at - 1), "taken for less than it is");
		break;
	case 2:
		packed.len -= 1 + where % p->len;
		must(!unpacks_at_all(packed, p->at), "taken although its end is missing");
		break;
	default:
		p->packed[where % p->len] ^= (uint8_t)(1 + choices);
		unpacks_at_all(packed, p->at); /* it may happen to be something else */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct pack pack;
	struct input in = { data, len };
	uint32_t choices = take(&in, 1), where = take(&in, 2);
	struct span raw = { in.at, (uint32_t)in.left };
	uint8_t *out;

	if (choices == 0xff) {
		unpacks_at_all(raw, where % 8192);
		return 0;
	}
	write_packed(&pack, &in, choices & 0x80, where % 16);
	if (choices & 0x80) {
		must(!unpacks_at_all((struct span){ pack.packed, pack.len }, pack.at),
		     "a match before the first byte is taken");
		return 0;
	}
	must(unpacks((struct span){ pack.packed, pack.len }, pack.at, &out),
	     "what was packed is refused");
	must(!memcmp(out, pack.plain, pack.at), "what was packed comes back as something else");
	free(out);
	must_be_refused(&pack, choices, where);
	return 0;
}
