/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1.1 responses (RFC 9112), whole, split at every byte, and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_parse.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static uint8_t memory[256];

struct fixture {
	struct http_parse p;
	struct image image;
	struct failure failure;
};

static int place(void *ctx, struct image *img)
{
	(void)ctx;
	img->extent = (struct extent){ memory, sizeof(memory) };
	return 0;
}

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	memset(memory, 0xee, sizeof(memory));
	image_open(&f->image, 0, place, NULL, &f->failure);
	http_parse_init(&f->p, &f->image, &f->failure);
}

/* Each piece in memory of exactly its size, so that a read past its end is seen. */
static void feed_piece(struct fixture *f, const char *s, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, s, len);
	http_parse_bytes(&f->p, (struct span){ copy, (uint32_t)len });
	free(copy);
}

static void feed(struct fixture *f, const char *response)
{
	feed_piece(f, response, strlen(response));
}

/*
 * Feeds the response whole, then in two pieces split at every place, then byte by byte; each way it
 * must end alike.
 */
static void assert_response(const char *response, enum http_state state, const char *body)
{
	size_t len = strlen(response);
	struct fixture f;

	for (size_t cut = 0; cut <= len + 1; cut++) {
		begin(&f);
		if (cut <= len) {
			feed_piece(&f, response, cut);
			feed_piece(&f, response + cut, len - cut);
		} else {
			for (size_t i = 0; i < len; i++)
				feed_piece(&f, response + i, 1);
		}
		assert_int_equal(f.p.state, state);
		assert_int_equal(f.failure.err != 0, state == HTTP_FAILED);
		if (body) {
			assert_int_equal(f.image.stored, strlen(body));
			assert_memory_equal(memory, body, strlen(body));
			assert_int_equal(memory[strlen(body)], 0xee);
		}
	}
}

/* [HTTP-04] */
static void a_body_of_known_length(void **state)
{
	(void)state;
	assert_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTP_DONE, "hello");
	assert_response("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", HTTP_DONE, "hello");
	assert_response("HTTP/1.0 200 \nContent-Length:5\n\nhello", HTTP_DONE, "hello");
	assert_response("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HTTP_DONE, "");
}

/* [HTTP-04] */
static void a_status_line_that_is_none_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"HTTP/1.1",
		"HTTP/1.1 20 OK",
		"HTTP/1.1 2000 OK",
		"HTTP/2.0 200 OK",
		"http/1.1 200 OK",
		"HTTP/1.x 200 OK",
		"HTTP/1.1  200 OK",
		"HTTP/1.1 099 no",
		"ICY 200 OK",
		"HTTP/1.1 2a0 OK",
	};
	char response[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		text_print(response, sizeof(response), "%s\r\n\r\n", lines[i]);
		assert_response(response, HTTP_FAILED, NULL);
	}
}

/* [HTTP-05] */
static void header_names_have_no_case_and_values_no_edges(void **state)
{
	(void)state;
	assert_response("HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh:\t 5 \t\r\n\r\nhello", HTTP_DONE,
			"hello");
	assert_response("HTTP/1.1 200 OK\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello", HTTP_DONE,
			"hello");
}

/* A NUL ends no line and hides nothing behind it. [HTTP-05] [SEC-06] */
static void a_nul_is_a_byte_like_others(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 1\0"
				     "0\r\n\r\n";
	struct fixture f;

	(void)state;
	begin(&f);
	feed_piece(&f, answer, sizeof(answer) - 1);
	assert_int_equal(f.p.state, HTTP_FAILED);
	assert_non_null(strstr(f.failure.text, "Content-Length is not a number"));
}

/* RFC 9112 5.2 [HTTP-05] */
static void a_folded_header_is_one_header(void **state)
{
	(void)state;
	assert_response("HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello", HTTP_DONE,
			"hello");
	assert_response(
		"HTTP/1.1 200 OK\r\nX: a\r\n\tContent-Length: 9\r\nContent-Length: 5\r\n\r\nhello",
		HTTP_DONE, "hello");
}

/* [HTTP-05] */
static void a_header_without_a_name_is_refused(void **state)
{
	(void)state;
	assert_response("HTTP/1.1 200 OK\r\n: x\r\n\r\n", HTTP_FAILED, NULL);
	assert_response("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", HTTP_FAILED, NULL);
	assert_response("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", HTTP_FAILED, NULL);
}

/* [HTTP-05] */
static void a_header_longer_than_a_line_is_read_past(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\nSet-Cookie: ");
	for (int i = 0; i < 5000; i++)
		feed(&f, "x");
	feed(&f, "\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(f.p.state, HTTP_DONE);
	assert_memory_equal(memory, "hello", 5);
}

/* [HTTP-05] [SEC-06] */
static void endless_headers_are_refused(void **state)
{
	struct fixture f;
	int i;

	(void)state;
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\n");
	for (i = 0; i < 10000 && f.p.state != HTTP_FAILED; i++)
		feed(&f, "X-Header: again\r\n");
	assert_int_equal(f.p.state, HTTP_FAILED);
	assert_true(i * 17 > HTTP_HEADERS_MAX - 100 && i * 17 < HTTP_HEADERS_MAX + 100);
}

/* [HTTP-06] */
static void interim_answers_are_skipped(void **state)
{
	(void)state;
	assert_response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
			"</x>\r\nContent-Length: 9\r\n\r\n"
			"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			HTTP_DONE, "hello");
}

/* [HTTP-06] */
static void endless_interim_answers_are_refused(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 0; i < 10000 && f.p.state != HTTP_FAILED; i++)
		feed(&f, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_int_equal(f.p.state, HTTP_FAILED);
}

/* [HTTP-10] */
static void a_content_length_that_is_no_number_is_refused(void **state)
{
	static const char *const values[] = {
		"",
		"-5",
		"+5",
		"5x",
		"0x5",
		"5.0",
		"18446744073709551616",
		"18446744073709551615",
		"5 6",
		"5,6",
		"five",
	};
	char response[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		text_print(response, sizeof(response),
			   "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\nhello", values[i]);
		assert_response(response, HTTP_FAILED, NULL);
	}
}

/* [HTTP-10] */
static void equal_content_lengths_agree_and_unequal_ones_do_not(void **state)
{
	(void)state;
	assert_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
			HTTP_DONE, "hello");
	assert_response("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", HTTP_DONE, "hello");
	assert_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
			HTTP_FAILED, NULL);
}

/* [HTTP-11] */
static void chunks_are_joined_and_their_extensions_ignored(void **state)
{
	(void)state;
	assert_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			"2;name=value\r\nhe\r\n003 \r\nllo\r\n0;last\r\nTrailer: x\r\n\r\n",
			HTTP_DONE, "hello");
	assert_response("HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n5\nhello\n0\n\n", HTTP_DONE,
			"hello");
	assert_response(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
		HTTP_DONE, "0123456789");
}

/* [HTTP-09] */
static void chunked_goes_before_content_length(void **state)
{
	struct fixture f;

	(void)state;
	assert_response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
			"5\r\nhello\r\n0\r\n\r\n",
			HTTP_DONE, "hello");
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: "
		 "3\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
	assert_false(http_parse_reusable(&f.p));
}

/* [HTTP-11] [SEC-06] */
static void a_broken_chunk_is_refused(void **state)
{
	static const char *const chunks[] = {
		"x\r\n",
		"\r\n",
		"-1\r\n",
		"+1\r\na",
		"0x5\r\nhello\r\n",
		"10000000000000000\r\n",
		"ffffffffffffffff\r\n",
		"5\r\nhelloo\r\n",
		"5 5 5x;\r\nhello!\r\n",
	};
	char response[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		text_print(response, sizeof(response),
			   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s", chunks[i]);
		assert_response(response, HTTP_FAILED, NULL);
	}
}

static int place_far(void *ctx, struct image *img)
{
	img->extent = (struct extent){ ctx, 100000 };
	return 0;
}

/* 67 MB in chunks of 8 KiB have 64 KiB of lines; so have these. [HTTP-11] */
static void chunks_may_be_as_many_as_they_like(void **state)
{
	static uint8_t room[100000];
	struct fixture f;

	(void)state;
	begin(&f);
	image_open(&f.image, 0, place_far, room, &f.failure);
	feed(&f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		feed(&f, "1\r\nx\r\n");
	feed(&f, "0\r\n\r\n");
	assert_int_equal(f.p.state, HTTP_DONE);
	assert_int_equal(f.image.stored, 100000);
	assert_true(http_parse_reusable(&f.p));
}

/* The whole number must be known: cut, this one would be the last chunk. [HTTP-11] [SEC-06] */
static void a_chunk_s_size_has_a_longest_line(void **state)
{
	struct fixture f;
	int i;

	(void)state;
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (i = 0; i < HTTP_LINE_MAX; i++)
		feed(&f, "0");
	feed(&f, "5\r\n\r\n");
	assert_int_equal(f.p.state, HTTP_FAILED);
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;");
	for (i = 0; i < 2 * HTTP_HEADERS_MAX && f.p.state != HTTP_FAILED; i++)
		feed(&f, "x");
	assert_in_range(i, HTTP_LINE_MAX, HTTP_HEADERS_MAX);
}

/* [HTTP-11] */
static void trailers_have_an_end(void **state)
{
	struct fixture f;
	int i;

	(void)state;
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
	for (i = 0; i < 10000 && f.p.state != HTTP_FAILED; i++)
		feed(&f, "Trailer: x\r\n");
	assert_in_range(i * 12, HTTP_HEADERS_MAX - 100, HTTP_HEADERS_MAX + 100);
}

/* [HTTP-09] */
static void without_a_length_the_body_ends_with_the_connection(void **state)
{
	struct fixture f;

	(void)state;
	assert_response("HTTP/1.1 200 OK\r\n\r\nhello", HTTP_BODY, "hello");
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\n\r\nhello");
	http_parse_eof(&f.p);
	assert_int_equal(f.p.state, HTTP_DONE);
	assert_int_equal(f.image.stored, 5);
	assert_false(http_parse_reusable(&f.p));
}

/* Cut at each byte: never taken for the whole. [HTTP-12] */
static void an_early_end_is_never_a_success(void **state)
{
	static const char *const responses[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: "
		"b\r\n\r\n",
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
		for (size_t cut = 0; cut < strlen(responses[i]); cut++) {
			begin(&f);
			feed_piece(&f, responses[i], cut);
			http_parse_eof(&f.p);
			assert_int_equal(f.p.state, HTTP_FAILED);
			assert_int_not_equal(f.failure.err, 0);
			assert_int_equal(f.failure.rung, RUNG_TRANSFER);
		}
	}
}

/* [HTTP-13] */
static void bytes_past_the_length_never_reach_the_image(void **state)
{
	struct fixture f;

	(void)state;
	assert_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world", HTTP_DONE,
			"hello");
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world");
	assert_false(http_parse_reusable(&f.p));
}

static void a_body_larger_than_the_extent_is_refused(void **state)
{
	struct fixture f;
	int i;

	(void)state;
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\n\r\n");
	for (i = 0; i < 300 && f.p.state != HTTP_FAILED; i++)
		feed(&f, "x");
	assert_int_equal(i, sizeof(memory) + 1);
	assert_int_equal(f.failure.err, ERR_NO_SPACE);
}

/* [HTTP-15] */
static void an_encoded_body_is_refused(void **state)
{
	(void)state;
	assert_response(
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
		HTTP_FAILED, NULL);
	assert_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", HTTP_FAILED,
			NULL);
	assert_response(
		"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
		HTTP_DONE, "hello");
}

/* [HTTP-16] [HTTP-17] */
static void only_a_whole_1_1_answer_leaves_the_connection_usable(void **state)
{
	static const struct {
		const char *headers;
		bool reusable;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\n", true },
		{ "HTTP/1.1 200 OK\r\nConnection: close\r\n", false },
		{ "HTTP/1.1 200 OK\r\nConnection: x, Close\r\n", false },
		{ "HTTP/1.1 200 OK\r\nConnection: closed\r\n", true },
		{ "HTTP/1.0 200 OK\r\n", false },
		{ "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", true },
	};
	char response[200];
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		text_print(response, sizeof(response), "%sContent-Length: 5\r\n\r\nhell",
			   cases[i].headers);
		begin(&f);
		feed(&f, response);
		assert_false(http_parse_reusable(&f.p));
		feed(&f, "o");
		assert_int_equal(http_parse_reusable(&f.p), cases[i].reusable);
	}
}

/* [HTTP-08] */
static void a_redirect_has_a_status_and_a_location(void **state)
{
	static const struct {
		const char *status;
		bool redirect;
	} cases[] = {
		{ "301", true },  { "302", true },  { "303", true },
		{ "307", true },  { "308", true },  { "300", false },
		{ "304", false }, { "200", false }, { "404", false },
	};
	char response[200];
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		text_print(response, sizeof(response),
			   "HTTP/1.1 %s x\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
			   cases[i].status);
		begin(&f);
		feed(&f, response);
		assert_int_equal(f.p.state, HTTP_DONE);
		assert_int_equal(http_parse_redirect(&f.p), cases[i].redirect);
	}
	begin(&f);
	feed(&f, "HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n");
	assert_false(http_parse_redirect(&f.p));
}

/* [HTTP-07] */
static void the_body_of_another_answer_never_reaches_the_image(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	feed(&f, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(f.p.state, HTTP_DONE);
	assert_int_equal(f.image.stored, 0);
	assert_int_equal(memory[0], 0xee);
	assert_string_equal(f.p.reason, "Not Found");
}

static void bytes_that_landed_elsewhere_count(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	feed(&f, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhe");
	assert_int_equal(f.p.state, HTTP_BODY);
	assert_ptr_equal(image_room(&f.image).at, memory + 2);
	assert_int_equal(image_room(&f.image).len, 8);
	memcpy(memory + 2, "llo, you", 8);
	http_parse_landed(&f.p, 3);
	assert_int_equal(f.p.state, HTTP_BODY);
	http_parse_landed(&f.p, 5);
	assert_int_equal(f.p.state, HTTP_DONE);
	assert_memory_equal(memory, "hello, you", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_of_known_length),
		cmocka_unit_test(a_status_line_that_is_none_is_refused),
		cmocka_unit_test(header_names_have_no_case_and_values_no_edges),
		cmocka_unit_test(a_nul_is_a_byte_like_others),
		cmocka_unit_test(a_folded_header_is_one_header),
		cmocka_unit_test(a_header_without_a_name_is_refused),
		cmocka_unit_test(a_header_longer_than_a_line_is_read_past),
		cmocka_unit_test(endless_headers_are_refused),
		cmocka_unit_test(interim_answers_are_skipped),
		cmocka_unit_test(endless_interim_answers_are_refused),
		cmocka_unit_test(a_content_length_that_is_no_number_is_refused),
		cmocka_unit_test(equal_content_lengths_agree_and_unequal_ones_do_not),
		cmocka_unit_test(chunks_are_joined_and_their_extensions_ignored),
		cmocka_unit_test(chunked_goes_before_content_length),
		cmocka_unit_test(a_broken_chunk_is_refused),
		cmocka_unit_test(chunks_may_be_as_many_as_they_like),
		cmocka_unit_test(a_chunk_s_size_has_a_longest_line),
		cmocka_unit_test(trailers_have_an_end),
		cmocka_unit_test(without_a_length_the_body_ends_with_the_connection),
		cmocka_unit_test(an_early_end_is_never_a_success),
		cmocka_unit_test(bytes_past_the_length_never_reach_the_image),
		cmocka_unit_test(a_body_larger_than_the_extent_is_refused),
		cmocka_unit_test(an_encoded_body_is_refused),
		cmocka_unit_test(only_a_whole_1_1_answer_leaves_the_connection_usable),
		cmocka_unit_test(a_redirect_has_a_status_and_a_location),
		cmocka_unit_test(the_body_of_another_answer_never_reaches_the_image),
		cmocka_unit_test(bytes_that_landed_elsewhere_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
