/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP responses: the same bytes whole, and split anywhere with body bytes that land beside the
 * parser, as TCP does it. Both must end alike, and nothing is stored outside the extent. fuzz:
 * -max_len=6000
 */
#include "net/http_parse.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY 1200 /* more than any head */
#define GUARD 0xee

struct run {
	struct http_parse parse;
	struct image image;
	struct failure failure;
	uint32_t extent_len, head_want;
	bool refuses, placed;
	uint8_t memory[MEMORY + 1]; /* one more: to be left alone */
};

static int place(void *ctx, struct image *img)
{
	struct run *r = ctx;

	must(!r->placed, "an image was placed twice");
	must(img->head_len <= img->head_want, "a head of more than was wanted");
	if (r->refuses)
		return fail(&r->failure, RUNG_IMAGE, ERR_FORMAT, "refused");
	r->placed = true;
	img->extent = (struct extent){ r->memory, r->extent_len };
	return 0;
}

static void begin(struct run *r, uint32_t choices)
{
	static const uint32_t lens[] = { MEMORY, 100, 16, 0 },
			      heads[] = { 0, 1, 100, IMAGE_HEAD_LEN };

	r->extent_len = lens[choices & 3];
	r->head_want = heads[choices >> 2 & 3];
	r->refuses = (choices >> 4 & 7) == 7;
	r->placed = false;
	r->failure.err = 0;
	r->failure.text[0] = 0;
	memset(r->memory, GUARD, sizeof(r->memory));
	image_open(&r->image, r->head_want, place, r, &r->failure);
	http_parse_init(&r->parse, &r->image, &r->failure);
}

/* As http.c does it for TCP: what has a place lies there before it is counted. */
static bool lands(struct run *r, const uint8_t *at, uint32_t len)
{
	struct http_parse *p = &r->parse;
	struct extent room;

	if (p->state != HTTP_BODY || !p->image)
		return false;
	room = image_room(p->image);
	if (len > room.len)
		return false;
	must(room.at >= r->memory && room.at + room.len <= r->memory + r->extent_len,
	     "room outside the extent");
	memcpy(room.at, at, len);
	http_parse_landed(p, len);
	return true;
}

static void split(struct run *r, struct span bytes, uint32_t chance)
{
	static const uint32_t most[] = { 1, 3, 16, 200 };
	uint32_t limit = most[chance & 3], len;

	for (; bytes.len; bytes.at += len, bytes.len -= len) {
		len = 1 + next_chance(&chance) % limit;
		if (len > bytes.len)
			len = bytes.len;
		if ((next_chance(&chance) & 1) && lands(r, bytes.at, len))
			continue;
		http_parse_bytes(&r->parse, (struct span){ bytes.at, len });
	}
}

static void must_be_sound(const struct run *r)
{
	static const uint8_t guards[MEMORY + 1] = { [0 ... MEMORY] = GUARD };
	const struct http_parse *p = &r->parse;

	must(p->state <= HTTP_FAILED, "no such state");
	must((p->state == HTTP_FAILED) == (r->failure.err != 0),
	     "a state that does not fit the failure");
	if (r->failure.err)
		must_be_said(&r->failure);
	must(!memcmp(r->memory + r->extent_len, guards, MEMORY + 1 - r->extent_len),
	     "bytes stored behind the extent");
	must(r->failure.err || !r->placed || r->image.stored <= r->extent_len,
	     "more counted than there is room");
	must(strlen(p->location) < HTTP_LINE_MAX && strlen(p->reason) < HTTP_REASON_MAX,
	     "text without its end");
	if (p->state == HTTP_DONE && p->status == 200)
		must(r->placed && r->image.stored == r->image.file_len,
		     "a body that is done and not complete");
	if (p->state == HTTP_DONE && p->status == 200 && p->length != IMAGE_LEN_UNKNOWN)
		must(r->image.stored == p->length, "a body that is not as long as announced");
}

static void must_be_alike(const struct run *a, const struct run *b)
{
	must(a->parse.state == b->parse.state, "the state depends on how the bytes were split");
	must(a->failure.err == b->failure.err && !strcmp(a->failure.text, b->failure.text),
	     "and so does the sentence");
	if (a->parse.state == HTTP_FAILED)
		return;
	must(a->parse.status == b->parse.status && a->parse.length == b->parse.length &&
		     a->parse.surplus == b->parse.surplus,
	     "and so do status, length or surplus");
	must(http_parse_reusable(&a->parse) == http_parse_reusable(&b->parse),
	     "and so does what becomes of the connection");
	must(!strcmp(a->parse.location, b->parse.location), "and so does the location");
	must(a->image.stored == b->image.stored, "and so does the length of the body");
	must(!memcmp(a->memory, b->memory, a->extent_len), "and so does the body");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct run whole, pieces;
	struct input in = { data, len };
	uint32_t choices = take(&in, 1), chance = take(&in, 2);
	struct span bytes = take_rest(&in);

	begin(&whole, choices);
	http_parse_bytes(&whole.parse, bytes);
	begin(&pieces, choices);
	split(&pieces, bytes, chance);
	must_be_sound(&whole);
	must_be_alike(&whole, &pieces);
	if ((choices & 0x80) && (!whole.parse.body_at || whole.parse.image)) {
		http_parse_eof(&whole.parse);
		http_parse_eof(&pieces.parse);
		must(whole.parse.state >= HTTP_DONE, "the end of the connection is not the end");
		must_be_alike(&whole, &pieces);
	}
	must_be_sound(&whole);
	must_be_sound(&pieces);
	return 0;
}
