/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The destination of a download: random-access memory that was granted for it, and therefore the
 * reassembly buffer too. Bytes arrive in one of two ways: image_store() appends staged bytes in
 * order (what was looked at on its way, or came in blocks), and image_room() names the final place
 * of bytes that go straight there. Nothing is stored outside the granted extent.
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include "core/err.h"
#include "core/types.h"

#define IMAGE_HEAD_LEN 1024          /* bytes of a file that are enough to place it */
#define IMAGE_LEN_UNKNOWN UINT64_MAX /* nobody says before the end */

/* Memory granted for one download. Nothing is ever stored outside of it. */
struct extent {
	uint8_t *at;  /* for byte 0 of the file; never NULL, an empty file lies somewhere too */
	uint64_t len; /* bytes; at least the length asked for if that was known */
};

struct image;

/*
 * Decides where an image goes, once its head is complete: sets img->extent. Sees img->head,
 * img->head_len and img->file_len. 0 or an error with a sentence in its owner's failure.
 */
typedef int (*image_place_fn)(void *ctx, struct image *img);

struct image {
	image_place_fn place;
	void *place_ctx;
	struct failure *failure;
	uint64_t file_len; /* IMAGE_LEN_UNKNOWN until the end where nobody said */
	uint64_t stored;   /* bytes 0 … stored are complete */
	bool begun;
	struct extent extent; /* at is NULL until placed */
	uint32_t head_want;   /* bytes that place() needs first; 0: none */
	uint32_t head_len;
	uint8_t head[IMAGE_HEAD_LEN];
};

/* head_want ≤ IMAGE_HEAD_LEN. The caller owns img; nothing to free. */
void image_open(struct image *img, uint32_t head_want, image_place_fn place, void *ctx,
		struct failure *f);

/*
 * The file's length becomes known (or IMAGE_LEN_UNKNOWN), before the first byte. Places at once an
 * image that needs no head. As long as no byte came it may begin again, where it is, with the same
 * length. 0, place()'s error, or ERR_PROTO for another length.
 */
int image_begin(struct image *img, uint64_t file_len) MUST_CHECK;

/*
 * Appends len bytes in order. 0; place()'s error; with a sentence, and without storing any of data
 * where it would lie outside: ERR_NO_SPACE for what is longer than the extent, ERR_PROTO for what
 * is longer than file_len.
 */
int image_store(struct image *img, const uint8_t *data, uint32_t len) MUST_CHECK;

/*
 * Where the bytes behind the last stored one belong, to the end of the file or of the extent,
 * whichever comes first; no bytes, as long as the image is not placed. The caller writes there, and
 * nowhere else; what it wrote counts when image_advance() covers it.
 */
struct extent image_room(const struct image *img);

/* len more bytes, next in order, are complete where image_room() said. */
void image_advance(struct image *img, uint64_t len);

/*
 * The last byte is in. Places an image that is shorter than its head. 0; place()'s error;
 * ERR_PROTO, with a sentence, if the file is shorter than was announced.
 */
int image_end(struct image *img) MUST_CHECK;

#endif
