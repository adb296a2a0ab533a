/* SPDX-License-Identifier: BSD-2-Clause */
/* core/image.c: placed once the head is there, and nothing is stored outside of the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/err.h"
#include "core/image.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

#define GUARD 16
#define ROOM 64

struct fixture {
	struct image img;
	struct failure failure;
	uint8_t memory[GUARD + ROOM + GUARD];
	uint64_t extent_len;
	int place_err;
	unsigned places;
	uint64_t place_file_len;
	uint32_t place_head_len;
	char place_head[32];
};

static int place(void *ctx, struct image *img)
{
	struct fixture *x = ctx;

	x->places++;
	x->place_file_len = img->file_len;
	x->place_head_len = img->head_len;
	memcpy(x->place_head, img->head, img->head_len < 31 ? img->head_len : 31);
	if (x->place_err < 0)
		return fail(img->failure, RUNG_IMAGE, (enum err)x->place_err, "no room");
	img->extent = (struct extent){ x->memory + GUARD, x->extent_len };
	return 0;
}

static void open_image(struct fixture *x, uint32_t head_want)
{
	memset(x, 0, sizeof(*x));
	memset(x->memory, 0xee, sizeof(x->memory));
	x->extent_len = ROOM;
	image_open(&x->img, head_want, place, x, &x->failure);
}

static int store(struct fixture *x, const char *s)
{
	return image_store(&x->img, (const uint8_t *)s, (uint32_t)strlen(s));
}

/* The memory holds s where the extent begins, and around it nothing was touched. */
static void assert_memory_holds(const struct fixture *x, const char *s)
{
	size_t len = strlen(s);

	assert_memory_equal(x->memory + GUARD, s, len);
	for (size_t i = 0; i < GUARD; i++)
		assert_int_equal(x->memory[i], 0xee);
	for (size_t i = GUARD + len; i < sizeof(x->memory); i++)
		assert_int_equal(x->memory[i], 0xee);
}

static void assert_held(const struct fixture *x, const char *s)
{
	assert_int_equal(x->img.stored, strlen(s));
	assert_memory_holds(x, s);
}

static void an_image_without_head_is_placed_at_once(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 0);
	assert_int_equal(image_begin(&x.img, 6), 0);
	assert_int_equal(x.places, 1);
	assert_int_equal(x.place_file_len, 6);
	assert_int_equal(store(&x, "abc"), 0);
	assert_int_equal(store(&x, "def"), 0);
	assert_int_equal(image_end(&x.img), 0);
	assert_int_equal(x.places, 1);
	assert_held(&x, "abcdef");
}

/* Asked again before a byte had come: the place stays, and so must the length. */
static void an_image_begins_again_where_it_is(void **state)
{
	static const uint64_t lengths[] = { 6, IMAGE_LEN_UNKNOWN };
	struct fixture x;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_image(&x, 0);
		assert_int_equal(image_begin(&x.img, lengths[i]), 0);
		assert_int_equal(image_begin(&x.img, lengths[i]), 0);
		assert_int_equal(x.places, 1);
		assert_int_equal(store(&x, "abcdef"), 0);
		assert_int_equal(image_end(&x.img), 0);
		assert_held(&x, "abcdef");
		open_image(&x, 4);
		assert_int_equal(image_begin(&x.img, lengths[i]), 0);
		assert_int_equal(image_begin(&x.img, lengths[i]), 0);
		assert_int_equal(store(&x, "abcdef"), 0);
		assert_int_equal(x.place_head_len, 4);
		open_image(&x, 4);
		assert_int_equal(image_begin(&x.img, lengths[i]), 0);
		assert_int_equal(image_begin(&x.img, 3), ERR_PROTO);
		assert_int_equal(x.failure.rung, RUNG_TRANSFER);
	}
}

static void the_place_is_asked_for_when_the_head_is_complete(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 4);
	assert_int_equal(image_begin(&x.img, 10), 0);
	assert_int_equal(store(&x, "abc"), 0);
	assert_int_equal(x.places, 0);
	assert_int_equal(x.img.stored, 3);
	assert_int_equal(store(&x, "defg"), 0);
	assert_int_equal(x.places, 1);
	assert_int_equal(x.place_head_len, 4);
	assert_string_equal(x.place_head, "abcd");
	assert_int_equal(store(&x, "hij"), 0);
	assert_int_equal(image_end(&x.img), 0);
	assert_held(&x, "abcdefghij");
}

static void a_head_that_comes_exactly(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 4);
	assert_int_equal(image_begin(&x.img, 8), 0);
	assert_int_equal(store(&x, "abcd"), 0);
	assert_int_equal(x.places, 1);
	assert_held(&x, "abcd");
}

static void a_file_shorter_than_the_head_is_placed_with_its_last_byte(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, IMAGE_HEAD_LEN);
	assert_int_equal(image_begin(&x.img, 3), 0);
	assert_int_equal(store(&x, "abc"), 0);
	assert_int_equal(x.places, 1);
	assert_int_equal(x.place_head_len, 3);
	assert_int_equal(image_end(&x.img), 0);
	assert_held(&x, "abc");
}

static void a_short_file_of_unknown_length_is_placed_at_its_end(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, IMAGE_HEAD_LEN);
	assert_int_equal(image_begin(&x.img, IMAGE_LEN_UNKNOWN), 0);
	assert_int_equal(store(&x, "abc"), 0);
	assert_int_equal(x.places, 0);
	assert_int_equal(image_end(&x.img), 0);
	assert_int_equal(x.places, 1);
	assert_int_equal(x.place_file_len, 3);
	assert_held(&x, "abc");
}

static void an_empty_file_is_placed_too(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, IMAGE_HEAD_LEN);
	assert_int_equal(image_begin(&x.img, 0), 0);
	assert_int_equal(image_end(&x.img), 0);
	assert_int_equal(x.places, 1);
	assert_int_equal(x.place_head_len, 0);
	assert_held(&x, "");
}

static void the_length_is_known_at_the_end_where_nobody_said(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 0);
	assert_int_equal(image_begin(&x.img, IMAGE_LEN_UNKNOWN), 0);
	assert_int_equal(store(&x, "abcde"), 0);
	assert_true(x.img.file_len == IMAGE_LEN_UNKNOWN);
	assert_int_equal(image_end(&x.img), 0);
	assert_int_equal(x.img.file_len, 5);
}

static void a_refused_place_stays_refused(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 2);
	x.place_err = ERR_FORMAT;
	assert_int_equal(image_begin(&x.img, 8), 0);
	assert_int_equal(store(&x, "abcd"), ERR_FORMAT);
	assert_int_equal(store(&x, "efgh"), ERR_FORMAT);
	assert_null(image_room(&x.img).at);
	assert_memory_holds(&x, "");
}

/* [SEC-09] */
static void an_endless_body_stops_at_the_extent(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 0);
	x.extent_len = 6;
	assert_int_equal(image_begin(&x.img, IMAGE_LEN_UNKNOWN), 0);
	assert_int_equal(store(&x, "abcd"), 0);
	assert_int_equal(store(&x, "efg"), ERR_NO_SPACE);
	assert_int_equal(x.failure.rung, RUNG_IMAGE);
	assert_string_equal(x.failure.text,
			    "the file is longer than the 6 bytes of memory granted for it");
	assert_held(&x, "abcd");
	assert_int_equal(store(&x, "ef"), 0);
	assert_held(&x, "abcdef");
}

/* [SEC-09] */
static void a_head_larger_than_the_extent_is_not_stored(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 8);
	x.extent_len = 6;
	assert_int_equal(image_begin(&x.img, IMAGE_LEN_UNKNOWN), 0);
	assert_int_equal(store(&x, "abcdefghij"), ERR_NO_SPACE);
	assert_int_equal(store(&x, "abcdefghij"), ERR_NO_SPACE);
	assert_null(image_room(&x.img).at);
	assert_memory_holds(&x, "");
}

/* [HTTP-13] */
static void bytes_past_the_announced_length_are_refused(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 0);
	assert_int_equal(image_begin(&x.img, 4), 0);
	assert_int_equal(store(&x, "abcde"), ERR_PROTO);
	assert_int_equal(x.failure.rung, RUNG_TRANSFER);
	assert_string_equal(x.failure.text, "the server sent more than the 4 bytes it announced");
	assert_held(&x, "");
	assert_int_equal(store(&x, "abcd"), 0);
	assert_int_equal(image_room(&x.img).len, 0);
	assert_held(&x, "abcd");
}

/* [HTTP-13] */
static void bytes_past_the_announced_length_are_refused_behind_the_head(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 4);
	assert_int_equal(image_begin(&x.img, 3), 0);
	assert_int_equal(store(&x, "abcd"), ERR_PROTO);
	assert_held(&x, "abc");
}

static void a_body_cut_short_fails_with_both_lengths(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 4);
	assert_int_equal(image_begin(&x.img, 10), 0);
	assert_int_equal(store(&x, "abc"), 0);
	assert_int_equal(image_end(&x.img), ERR_PROTO);
	assert_int_equal(x.places, 0);
	assert_string_equal(x.failure.text, "the file ended after 3 of 10 bytes");
}

static void what_others_write_counts_when_they_say_so(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 0);
	assert_int_equal(image_begin(&x.img, 8), 0);
	assert_ptr_equal(image_room(&x.img).at, x.memory + GUARD);
	memcpy(image_room(&x.img).at + 5, "fgh", 3);
	memcpy(image_room(&x.img).at, "abcde", 5);
	assert_int_equal(x.img.stored, 0);
	image_advance(&x.img, 8);
	assert_int_equal(image_end(&x.img), 0);
	assert_held(&x, "abcdefgh");
}

/* [SEC-09] */
static void no_room_outside_of_file_and_extent(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 0);
	x.extent_len = 32;
	assert_int_equal(image_begin(&x.img, 20), 0);
	assert_int_equal(store(&x, "abcd"), 0);
	assert_ptr_equal(image_room(&x.img).at, x.memory + GUARD + 4);
	assert_int_equal(image_room(&x.img).len, 16);

	open_image(&x, 0);
	x.extent_len = 10;
	assert_int_equal(image_begin(&x.img, IMAGE_LEN_UNKNOWN), 0);
	assert_int_equal(image_room(&x.img).len, 10);
	image_advance(&x.img, 9);
	assert_ptr_equal(image_room(&x.img).at, x.memory + GUARD + 9);
	assert_int_equal(image_room(&x.img).len, 1);
}

static void no_room_before_the_head_is_complete(void **state)
{
	struct fixture x;

	(void)state;
	open_image(&x, 4);
	assert_int_equal(image_begin(&x.img, 10), 0);
	assert_null(image_room(&x.img).at);
	assert_int_equal(store(&x, "abc"), 0);
	assert_null(image_room(&x.img).at);
	assert_int_equal(image_room(&x.img).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_without_head_is_placed_at_once),
		cmocka_unit_test(an_image_begins_again_where_it_is),
		cmocka_unit_test(the_place_is_asked_for_when_the_head_is_complete),
		cmocka_unit_test(a_head_that_comes_exactly),
		cmocka_unit_test(a_file_shorter_than_the_head_is_placed_with_its_last_byte),
		cmocka_unit_test(a_short_file_of_unknown_length_is_placed_at_its_end),
		cmocka_unit_test(an_empty_file_is_placed_too),
		cmocka_unit_test(the_length_is_known_at_the_end_where_nobody_said),
		cmocka_unit_test(a_refused_place_stays_refused),
		cmocka_unit_test(an_endless_body_stops_at_the_extent),
		cmocka_unit_test(a_head_larger_than_the_extent_is_not_stored),
		cmocka_unit_test(bytes_past_the_announced_length_are_refused),
		cmocka_unit_test(bytes_past_the_announced_length_are_refused_behind_the_head),
		cmocka_unit_test(a_body_cut_short_fails_with_both_lengths),
		cmocka_unit_test(what_others_write_counts_when_they_say_so),
		cmocka_unit_test(no_room_outside_of_file_and_extent),
		cmocka_unit_test(no_room_before_the_head_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
