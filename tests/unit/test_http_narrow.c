/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP over a path that swallows large segments without a word [TCP-46]: asking again for small
 * ones while that loses nothing, and what the user reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/http_lab.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define TEST(name) cmocka_unit_test_setup_teardown(name, narrow_setup, http_lab_teardown)

#define URL "http://10.0.2.2/file"
#define DEADLINE_MS 60000
#define QUARTER_MS (DEADLINE_MS / 4)
#define PATH_MTU 1000

static int narrow_setup(void **state)
{
	struct http_lab *lab;

	http_lab_setup(state);
	lab = *state;
	lab->web.path_mtu = PATH_MTU;
	return 0;
}

static void expect_asked_again(struct http_lab *lab, uint64_t len)
{
	http_lab_expect(lab, URL, len);
	assert_in_range(lab->took_ms, QUARTER_MS, QUARTER_MS + 2000);
	assert_true(lab->web.conn[0].client_mss == 1460 && lab->web.conn[0].rst_got);
	assert_true(lab->web.conn[1].client_mss == 536 && !lab->web.conn[1].rst_got);
	assert_int_equal(lab->web.requests, 2);
	assert_non_null(
		strstr(hosted_output(),
		       "tcp: 10.0.2.2:80 has acknowledged the request and "
		       "sent no file: it is slow, or packets of up to 1500 bytes are lost"));
}

static void header_alone(struct web_conn *c)
{
	web_answer(c, "200 OK", 5000);
}

/* Most servers send it by itself. Whatever comes later is asked for in small segments at once. */
static void a_header_that_comes_through_alone(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = header_alone;
	expect_asked_again(lab, 5000);
	http_lab_expect(lab, URL, 5000);
	assert_int_equal(lab->web.connections, 2);
	http_lab_expect(lab, "http://10.0.2.4/file", 5000);
	assert_in_range(lab->took_ms, 0, 1000);
	assert_int_equal(lab->web.conn[2].client_mss, 536);
}

static void long_header(struct web_conn *c)
{
	web_repeat(c, "HTTP/1.1 103 Early Hints\r\nLink: </file>; rel=preload\r\n\r\n", 30);
	web_answer(c, "200 OK", 5000);
}

static void nothing_comes_through(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = long_header;
	expect_asked_again(lab, 5000);
}

static void until_close(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\n\r\n");
	web_file(c, 0, 5000);
	web_fin(c);
}

/* The end comes through behind the hole. */
static void a_file_of_unknown_length(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = until_close;
	expect_asked_again(lab, 5000);
}

static void redirect_first(struct web_conn *c)
{
	if (!strcmp(web_path(c), "/file"))
		web_say(c, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
	else
		header_alone(c);
}

/* A connection that has served a redirect has shown nothing of what it can carry. */
static void a_redirect_comes_through(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = redirect_first;
	http_lab_expect(lab, URL, 5000);
	assert_in_range(lab->took_ms, QUARTER_MS, QUARTER_MS + 2000);
	assert_int_equal(lab->web.connections, 2);
	assert_int_equal(lab->web.requests, 3);
}

static void grow(struct web_conn *c)
{
	web_answer(c, "200 OK", 5000 + c->number);
}

/* Its memory was granted for the length that the first answer announced. */
static void a_file_that_has_changed_is_refused(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = grow;
	http_lab_expect_failure(lab, URL, ERR_PROTO, "the file's length has changed");
}

static void first_bytes(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
	web_file(c, 0, 100);
	web_file(c, 100, 4900);
}

/* Bytes of the file are not thrown away; the sentence says what is likely. */
static void first_bytes_that_come_through(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = first_bytes;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "packets of up to 1500 bytes are lost");
	assert_int_equal(lab->web.connections, 1);
}

static void break_sums(struct web_conn *c)
{
	struct http_lab *lab = c->web->ctx;

	lab->stage.net.breach[0].wrong = 3; /* as if its segments came, with wrong checksums */
}

/* What is known to be wrong is said, and nothing else suspected. */
static void segments_that_come_and_are_broken(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = break_sums;
	lab->web.ctx = lab;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT,
				"said nothing to GET /file; 3 segments had a wrong checksum");
	assert_null(strstr(lab->stage.fake.failure.text, "lost"));
	assert_int_equal(lab->web.connections, 1);
}

/* A deadline that is short gives a server on a loaded machine its two seconds all the same. */
static void a_short_deadline(void **state)
{
	struct http_lab *lab = *state;

	http_lab_deadline(lab, 4);
	lab->web.serve = header_alone;
	http_lab_expect(lab, URL, 5000);
	assert_in_range(lab->took_ms, 2000, 2100);
}

static void serve_late(struct web_conn *c)
{
	web_answer(c, "200 OK", 20000);
	web_pause(c, DEADLINE_MS - 1000);
}

/* A path that has carried full segments is not suspected: then it is the server that is slow. */
static void a_server_that_is_slow_the_second_time(void **state)
{
	struct http_lab *lab = *state;

	lab->web.path_mtu = 0;
	lab->web.serve = serve_late;
	http_lab_expect(lab, URL, 20000);
	http_lab_expect(lab, URL, 20000);
	assert_in_range(lab->took_ms, DEADLINE_MS - 2000, DEADLINE_MS);
	assert_int_equal(lab->web.connections, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_header_that_comes_through_alone),
		TEST(nothing_comes_through),
		TEST(a_file_of_unknown_length),
		TEST(a_redirect_comes_through),
		TEST(a_file_that_has_changed_is_refused),
		TEST(first_bytes_that_come_through),
		TEST(segments_that_come_and_are_broken),
		TEST(a_short_deadline),
		TEST(a_server_that_is_slow_the_second_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
