/* SPDX-License-Identifier: BSD-2-Clause */
/* Long URLs over the wire, redirects, and what is said of those that are too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/http_lab.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_lab_setup, http_lab_teardown)

/* "http://10.0.2.2/aaa...": len characters in all. Valid until the next call. */
static const char *long_url(size_t len)
{
	static char url[8192];

	assert_true(len < sizeof(url));
	memset(url, 'a', len);
	memcpy(url, "http://10.0.2.2/", 16);
	url[len] = '\0';
	return url;
}

static void serve_path_len(struct web_conn *c)
{
	web_answer(c, "200 OK", strlen(web_path(c)));
}

/* The request is longer than a segment: it comes in several, and whole, however small they are. */
static void the_longest_url_is_asked_for(void **state)
{
	static const uint16_t mss[] = { 1460, 536, 64 };
	struct http_lab *lab = *state;
	const struct web_conn *c;

	lab->web.serve = serve_path_len;
	for (size_t i = 0; i < ARRAY_LEN(mss); i++) {
		lab->web.mss = mss[i];
		fetch_abort(&lab->fetch);
		http_lab_expect(lab, long_url(URI_MAX), URI_MAX - 15);
		c = &lab->web.conn[lab->web.connections - 1];
		assert_string_equal(web_path(c), long_url(URI_MAX) + 15);
		assert_true(c->pieces >= (URI_MAX + mss[i] - 1u) / mss[i]);
	}
}

static char location[8192];

static void serve_location(struct web_conn *c)
{
	if (strcmp(web_path(c), "/r"))
		web_answer(c, "200 OK", strlen(web_path(c)));
	else
		web_say(c, "HTTP/1.1 307 x\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n", location);
}

/* Object stores sign what they redirect to. [HTTP-08] */
static void a_redirect_to_the_longest_url_is_followed(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = serve_location;
	snprintf(location, sizeof(location), "%s", long_url(URI_MAX));
	http_lab_expect(lab, "http://10.0.2.2/r", URI_MAX - 15);
	snprintf(location, sizeof(location), "%s", long_url(URI_MAX) + 15);
	http_lab_expect(lab, "http://10.0.2.2/r", URI_MAX - 15);
}

/* [HTTP-08] */
static void a_redirect_to_a_longer_one_says_whose_it_is_and_which_limit_it_breaks(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = serve_location;
	snprintf(location, sizeof(location), "%s", long_url(URI_MAX + 1));
	http_lab_expect_failure(lab, "http://10.0.2.2/r", ERR_CONFIG,
				"the redirect's URL \"http://10.0.2.2/aaaa");
	assert_non_null(strstr(lab->stage.fake.failure.text, "is one of more than 4096 char"));
	/* As long as a line, and longer. */
	for (size_t len = URI_MAX + 100; len < 8000; len += 99) {
		snprintf(location, sizeof(location), "%s", long_url(len));
		assert_true(http_lab_get(lab, "http://10.0.2.2/r") < 0);
		if (!strstr(lab->stage.fake.failure.text, "more than 4096 characters"))
			fail_msg("%zu: %s", len, lab->stage.fake.failure.text);
	}
	/* Cut behind white space it would look short. */
	memset(location, ' ', 3000);
	snprintf(location + 3000, sizeof(location) - 3000, "%s", long_url(URI_MAX));
	http_lab_expect_failure(lab, "http://10.0.2.2/r", ERR_PROTO, "more than 4096 characters");
}

/* [HTTP-08] */
static void redirects_that_lead_nowhere_are_named(void **state)
{
	static const struct {
		const char *location, *words;
		enum err err;
	} cases[] = {
		{ "https://h.example/x",
		  "the server redirects to https://h.example, and skiff does "
		  "not speak TLS",
		  ERR_UNSUPPORTED },
		{ "ftp://h/x", "the server redirects to a URL that is neither http:// nor tftp://",
		  ERR_UNSUPPORTED },
		{ "http://me:pw@h/x", "the redirect's URL has a user name", ERR_UNSUPPORTED },
		{ "http://[::1]/x", "the redirect's URL has an IPv6 address", ERR_UNSUPPORTED },
		{ "http:///x", "the redirect's URL \"http:///x\" names no host", ERR_CONFIG },
		{ "http://h/a b", "the redirect's URL \"http://h/a b\" contains", ERR_CONFIG },
		{ "http://10.0.2.2:0/", "has a port that is no number", ERR_CONFIG },
		{ "/r", "more than 8 redirects, the last one to /r; does", ERR_PROTO },
		{ "", "the server answered 307 x to GET /r", ERR_REFUSED },
	};
	struct http_lab *lab = *state;

	lab->web.serve = serve_location;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		strcpy(location, cases[i].location);
		http_lab_expect_failure(lab, "http://10.0.2.2/r", cases[i].err, cases[i].words);
	}
}

static void serve_hops(struct web_conn *c)
{
	unsigned hop = 0;

	sscanf(web_path(c), "/%u", &hop);
	if (hop == 8)
		web_answer(c, "200 OK", 777);
	else
		web_say(c,
			"HTTP/1.1 30%u x\r\nContent-Length: 3\r\n"
			"Location: http://10.0.2.%u/%u\r\n\r\nabc",
			hop % 4 == 0 ? 8 : hop % 4, hop / 2 + 4, hop + 1);
}

/* Through five servers; what is asked for at last is known. [HTTP-08] [HTTP-17] */
static void eight_redirects_are_followed(void **state)
{
	struct http_lab *lab = *state;
	char url[40];
	struct text t;

	lab->web.serve = serve_hops;
	http_lab_expect(lab, "http://10.0.2.2/0", 777);
	text_init(&t, url, sizeof(url));
	uri_text(&t, &lab->fetch.uri);
	assert_string_equal(url, "http://10.0.2.7/8");
	assert_int_equal(lab->web.connections, 5);
	for (uint32_t i = 0; i + 1 < lab->web.connections; i++)
		assert_true(lab->web.conn[i].fin_got && !lab->web.conn[i].rst_got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_longest_url_is_asked_for),
		TEST(a_redirect_to_the_longest_url_is_followed),
		TEST(a_redirect_to_a_longer_one_says_whose_it_is_and_which_limit_it_breaks),
		TEST(redirects_that_lead_nowhere_are_named),
		TEST(eight_redirects_are_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
