/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP over TCP: finding the server, keeping its connection, asking again on a new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/builtin.h"
#include "core/clock.h"
#include "tests/model/http_lab.h"

#include <cmocka.h>     /* behind our own: it has a macro fail() */

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_lab_setup, http_lab_teardown)

static void serve_1000(struct web_conn *c)
{
	web_answer(c, "200 OK", 1000);
}

/* [HTTP-01] [HTTP-15] [HTTP-06] */
static void a_request_is_what_the_rules_want(void **state)
{
	struct http_lab *lab = *state;
	char wanted[300];

	lab->web.serve = serve_1000;
	http_lab_expect(lab, "http://10.0.2.2/a?b", 1000);
	text_print(wanted, sizeof(wanted),
		   "GET /a?b HTTP/1.1\r\nHost: 10.0.2.2\r\nUser-Agent: skiff/%s\r\n"
		   "Accept: */*\r\nAccept-Encoding: identity\r\n\r\n", skiff_version);
	assert_string_equal(lab->web.conn[0].request, wanted);
}

/* [HTTP-16] */
static void the_next_file_comes_over_the_same_connection(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = serve_1000;
	http_lab_expect(lab, "http://10.0.2.2/a", 1000);
	http_lab_expect(lab, "http://10.0.2.2/b", 1000);
	assert_int_equal(lab->web.connections, 1);
	assert_int_equal(lab->web.conn[0].requests, 2);
	http_lab_expect(lab, "http://10.0.2.4/b", 1000);
	assert_int_equal(lab->web.connections, 2);
	assert_true(lab->web.conn[0].fin_got && !lab->web.conn[0].rst_got);
}

static void first_is_deaf(struct web_conn *c)
{
	c->deaf = c->number == 1;
}

static void serve_redirect(struct web_conn *c)
{
	if (!strcmp(web_path(c), "/r"))
		web_say(c, "HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n");
	else
		web_answer(c, "200 OK", 1000);
}

/* A server may answer before it acknowledges: the request is still under way. [HTTP-16] */
static void a_connection_that_has_not_acknowledged_the_request_carries_no_other(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = serve_redirect;
	lab->web.accepted = first_is_deaf;
	http_lab_expect(lab, "http://10.0.2.2/r", 1000);
	assert_int_equal(lab->web.connections, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_what_the_rules_want),
		TEST(the_next_file_comes_over_the_same_connection),
		TEST(a_connection_that_has_not_acknowledged_the_request_carries_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
