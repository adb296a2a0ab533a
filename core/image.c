/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The destination of a download. The bytes were written by a server; their number and order were
 * claimed by it, and are held here against the extent that the port granted. Called by the
 * protocols that bring files; owned by netboot.
 */
#include "core/assert.h"
#include "core/err.h"
#include "core/image.h"
#include "core/mem.h"

void image_open(struct image *img, uint32_t head_want, image_place_fn place, void *ctx,
		struct failure *f)
{
	assert(head_want <= IMAGE_HEAD_LEN);
	img->place = place;
	img->place_ctx = ctx;
	img->failure = f;
	img->file_len = IMAGE_LEN_UNKNOWN;
	img->stored = 0;
	img->begun = false;
	img->extent.at = NULL;
	img->extent.len = 0;
	img->head_want = head_want;
	img->head_len = 0;
}

/* No byte lies at or behind this offset; 0 before the place is known. [SEC-09] [HTTP-13] */
static uint64_t image_limit(const struct image *img)
{
	return img->extent.len < img->file_len ? img->extent.len : img->file_len;
}

static int too_long(struct image *img)
{
	if (img->extent.len < img->file_len)
		return fail(img->failure, RUNG_IMAGE, ERR_NO_SPACE,
			    "the file is longer than the %llu bytes of memory granted for it",
			    (unsigned long long)img->extent.len);
	return fail(img->failure, RUNG_TRANSFER, ERR_PROTO,
		    "the server sent more than the %llu bytes it announced",
		    (unsigned long long)img->file_len);
}

/* Asks for the place, and moves the head there. */
static int image_place(struct image *img)
{
	int err = img->place(img->place_ctx, img);

	if (err < 0)
		return err;
	assert(img->extent.at != NULL);
	if (img->head_len > image_limit(img)) {
		img->extent.at = NULL; /* still not placed */
		return too_long(img);
	}
	memcpy(img->extent.at, img->head, img->head_len);
	return 0;
}

int image_begin(struct image *img, uint64_t file_len)
{
	assert(img->stored == 0);
	if (img->begun && file_len != img->file_len)
		return fail(img->failure, RUNG_TRANSFER, ERR_PROTO,
			    "the file's length has changed meanwhile");
	img->begun = true;
	img->file_len = file_len;
	if (file_len < img->head_want)
		img->head_want = (uint32_t)file_len;
	return img->head_want || img->extent.at ? 0 : image_place(img);
}

int image_store(struct image *img, const uint8_t *data, uint32_t len)
{
	uint32_t part;
	int err;

	if (!img->extent.at) {
		part = img->head_want - img->head_len;
		if (part > len)
			part = len;
		memcpy(img->head + img->head_len, data, part);
		img->head_len += part;
		img->stored = img->head_len;
		if (img->head_len < img->head_want)
			return 0;
		err = image_place(img);
		if (err < 0)
			return err;
		data += part;
		len -= part;
	}
	if (len > image_limit(img) - img->stored)
		return too_long(img);
	/* NOLINTNEXTLINE(clang-analyzer-unix.cstring.NullArg): too_long() never returns 0 */
	memcpy(img->extent.at + img->stored, data, len);
	img->stored += len;
	return 0;
}

struct extent image_room(const struct image *img)
{
	if (!img->extent.at)
		return (struct extent){ NULL, 0 };
	return (struct extent){ img->extent.at + img->stored, image_limit(img) - img->stored };
}

void image_advance(struct image *img, uint64_t len)
{
	assert(img->extent.at != NULL && len <= image_limit(img) - img->stored);
	img->stored += len;
}

int image_end(struct image *img)
{
	if (img->file_len == IMAGE_LEN_UNKNOWN)
		img->file_len = img->stored;
	else if (img->stored < img->file_len)
		return fail(img->failure, RUNG_TRANSFER, ERR_PROTO,
			    "the file ended after %llu of %llu bytes",
			    (unsigned long long)img->stored, (unsigned long long)img->file_len);
	return img->extent.at ? 0 : image_place(img);
}
