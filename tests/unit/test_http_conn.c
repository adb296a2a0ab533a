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

#include <cmocka.h> /* behind our own: it has a macro fail() */

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
		   "Accept: */*\r\nAccept-Encoding: identity\r\n\r\n",
		   skiff_version);
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

/* --- a kept connection that ends ------------------------------------------------------------- */

static void then_fin(struct web_conn *c)
{
	web_answer(c, "200 OK", 1000);
	web_pause(c, 50);
	web_fin(c);
}

/* [HTTP-16] */
static void a_connection_that_the_server_closed_is_not_used(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = then_fin;
	http_lab_expect(lab, "http://10.0.2.2/a", 1000);
	http_lab_pass(lab, 100);
	http_lab_expect(lab, "http://10.0.2.2/b", 1000);
	assert_int_equal(lab->web.conn[0].requests, 1);
	assert_int_equal(lab->web.connections, 2);
}

static void close_at_the_second(struct web_conn *c)
{
	if (c->requests == 1)
		web_answer(c, "200 OK", 1000);
	else
		web_fin(c);
}

static void reset_at_the_second(struct web_conn *c)
{
	if (c->requests == 1)
		web_answer(c, "200 OK", 1000);
	else
		web_rst(c);
}

#define TIMED_OUT "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"

static void time_out_at_the_second(struct web_conn *c)
{
	if (c->requests == 1) {
		web_answer(c, "200 OK", 1000);
		return;
	}
	web_say(c, TIMED_OUT);
	web_fin(c);
}

/* The server closed it while the request was on its way: asked again, on a new one. [HTTP-16] */
static void a_request_on_a_stale_connection_is_repeated(void **state)
{
	static void (*const serve[])(struct web_conn * c) = {
		close_at_the_second,
		reset_at_the_second,
		time_out_at_the_second,
	};
	struct http_lab *lab = *state;

	for (uint32_t i = 0; i < ARRAY_LEN(serve); i++) {
		lab->web.serve = serve[i];
		lab->web.connections = 0;
		http_lab_expect(lab, "http://10.0.2.2/a", 1000);
		http_lab_expect(lab, "http://10.0.2.2/b", 1000);
		assert_int_equal(lab->web.connections, 2);
		assert_string_equal(web_path(&lab->web.conn[1]), "/b");
		fetch_abort(&lab->fetch);
	}
}

static void then_408(struct web_conn *c)
{
	web_answer(c, "200 OK", 1000);
	web_pause(c, 50);
	web_say(c, TIMED_OUT);
}

/* Not the answer to what was not asked yet, also while it is open. RFC 9112 9.2 [HTTP-16] */
static void a_408_on_an_idle_connection_ends_it(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = then_408;
	http_lab_expect(lab, "http://10.0.2.2/a", 1000);
	http_lab_pass(lab, 100);
	http_lab_expect(lab, "http://10.0.2.2/b", 1000);
	assert_int_equal(lab->web.connections, 2);
	assert_int_equal(lab->web.conn[0].requests, 1);
}

static void only_408(struct web_conn *c)
{
	if (c->number == 1 && c->requests == 1)
		web_answer(c, "200 OK", 1000);
	else
		web_say(c, TIMED_OUT);
}

/* [HTTP-16] */
static void a_408_is_believed_on_a_new_connection(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = only_408;
	http_lab_expect(lab, "http://10.0.2.2/a", 1000);
	http_lab_expect_failure(lab, "http://10.0.2.2/b", ERR_REFUSED,
				"the server answered 408 Request Timeout to GET /b");
	assert_int_equal(lab->web.requests, 3);
	assert_int_equal(lab->web.connections, 2);
}

static const char *answer_text;

static void say_answer(struct web_conn *c)
{
	web_say(c, "%s", answer_text);
	web_file(c, 0, 1000);
}

/* [HTTP-13] [HTTP-16] [HTTP-17] */
static void what_says_close_or_too_much_is_not_used_again(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 990\r\n\r\n",
	};
	struct http_lab *lab = *state;

	lab->web.serve = say_answer;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		answer_text = answers[i];
		http_lab_expect(lab, "http://10.0.2.2/a", i == 2 ? 990 : 1000);
		http_lab_expect(lab, "http://10.0.2.2/b", i == 2 ? 990 : 1000);
		assert_int_equal(lab->web.connections, 2 * (i + 1));
	}
}

static void greet(struct web_conn *c)
{
	web_say(c, "220 mail.example ESMTP\r\n");
}

/* RFC 9112 9.2 */
static void a_server_that_speaks_first_is_none(void **state)
{
	struct http_lab *lab = *state;

	lab->web.accepted = greet;
	http_lab_expect_failure(lab, "http://10.0.2.2/a", ERR_PROTO,
				"10.0.2.2:80 spoke before it was asked; is it a web server?");
}

/* --- the end, early -------------------------------------------------------------------------- */

static const char *early_text;
static uint64_t early_len;
static bool early_reset;

static void end_early(struct web_conn *c)
{
	web_say(c, "%s", early_text);
	web_file(c, 0, early_len);
	web_pause(c, 10);
	if (early_reset)
		web_rst(c);
	else
		web_fin(c);
}

/* [HTTP-12] */
static void an_early_end_is_a_failure_by_name(void **state)
{
	static const struct {
		const char *text;
		uint64_t len;
		bool reset;
		const char *words;
	} cases[] = {
		{ "", 0, false, "the server closed the connection without an answer" },
		{ "HTTP/1.1 200 OK\r\nContent-Le", 0, false,
		  "the server closed the connection in the middle of its headers" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 999, false,
		  "the connection ended after 999 of 1000 bytes; nothing was started" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n", 999, false,
		  "the connection ended after 999 bytes; nothing was started" },
		{ "", 0, true, "10.0.2.2:80 broke the connection after 0 bytes of its answer" },
		{ "HTTP/1.1 200 OK\r\n\r\n", 999, true,
		  "10.0.2.2:80 broke the connection after 1018 bytes of its answer" },
	};
	struct http_lab *lab = *state;

	lab->web.serve = end_early;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		early_text = cases[i].text;
		early_len = cases[i].len;
		early_reset = cases[i].reset;
		http_lab_expect_failure(lab, "http://10.0.2.2/a", ERR_PROTO, cases[i].words);
	}
}

/* [HTTP-09] */
static void without_a_length_the_fin_is_the_end(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = end_early;
	early_text = "HTTP/1.1 200 OK\r\n\r\n";
	early_len = 200000;
	early_reset = false;
	http_lab_expect(lab, "http://10.0.2.2/a", 200000);
}

/* --- from a name to a connection ------------------------------------------------------------- */

static const struct web_name names[] = {
	{ "boot.example", { 0x0a00020a, 0x0a00020b, 0x0a00020c } },
	{ "other.example", { 0x0a00020a } },
	{ NULL, { 0 } },
};

/* [DNS-09] */
static void a_name_is_asked_for_once_per_connection(void **state)
{
	struct http_lab *lab = *state;

	lab->web.names = names;
	lab->web.serve = serve_1000;
	http_lab_expect(lab, "http://boot.example/a", 1000);
	http_lab_expect(lab, "http://BOOT.example/b", 1000);
	assert_int_equal(lab->web.questions, 1);
	assert_int_equal(lab->web.connections, 1);
	assert_int_equal(lab->web.conn[0].ip, 0x0a00020a);
	assert_non_null(strstr(lab->web.conn[0].request, "\r\nHost: boot.example\r\n"));
	assert_non_null(strstr(hosted_output(), "dns: boot.example 10.0.2.10, "));
	/* Another name is another server, also where the address is the same. [HTTP-01] */
	http_lab_expect(lab, "http://other.example/b", 1000);
	http_lab_expect(lab, "http://10.0.2.10/b", 1000);
	assert_int_equal(lab->web.connections, 3);
}

/* [HTTP-01] */
static void a_port_of_its_own_stands_in_host(void **state)
{
	struct http_lab *lab = *state;

	lab->web.port = 8080;
	lab->web.serve = serve_1000;
	http_lab_expect(lab, "http://10.0.2.2:8080/a", 1000);
	assert_non_null(strstr(lab->web.conn[0].request, "\r\nHost: 10.0.2.2:8080\r\n"));
	http_lab_expect_failure(lab, "http://10.0.2.2:8081/a", ERR_REFUSED,
				"10.0.2.2:8081 refuses");
}

/* [DNS-09] */
static void the_next_address_has_its_turn(void **state)
{
	static const struct web_host bad[] = {
		{ 0x0a00020a, WEB_REFUSES },
		{ 0x0a00020b, WEB_GONE },
		{ 0, 0 },
	};
	struct http_lab *lab = *state;

	lab->web.names = names;
	lab->web.hosts = bad;
	lab->web.serve = serve_1000;
	http_lab_expect(lab, "http://boot.example/a", 1000);
	assert_int_equal(lab->web.connections, 1);
	assert_int_equal(lab->web.conn[0].ip, 0x0a00020c);
	assert_int_equal(lab->fetch.http.ip, 0x0a00020c);
}

static void no_connection_says_why(void **state)
{
	static const struct web_host bad[] = {
		{ 0x0a00020a, WEB_REFUSES },
		{ 0x0a00020b, WEB_GONE },
		{ 0x0a00020c, WEB_SILENT },
		{ 0, 0 },
	};
	struct http_lab *lab = *state;

	lab->web.hosts = bad;
	http_lab_expect_failure(lab, "http://10.0.2.10/", ERR_REFUSED,
				"10.0.2.10:80 refuses the connection; is the server running");
	http_lab_expect_failure(lab, "http://10.0.2.11/", ERR_UNREACHABLE,
				"nobody on this link answers for 10.0.2.11; check the address");
	http_lab_expect_failure(lab, "http://10.0.2.12/", ERR_TIMEOUT,
				"no usable answer from 10.0.2.12:80");
	lab->stage.net.gateway = 0;
	http_lab_expect_failure(lab, "http://192.0.2.1/", ERR_UNREACHABLE,
				"there is no route to 192.0.2.1; give a gateway");
}

static void no_address_says_why(void **state)
{
	struct http_lab *lab = *state;

	http_lab_expect_failure(lab, "http://nowhere.example/", ERR_UNREACHABLE,
				"there is no address for nowhere.example; check the name");
	lab->web.dns_mute = true;
	http_lab_expect_failure(lab, "http://nowhere.example/", ERR_TIMEOUT,
				"no DNS server answered when asked for nowhere.example");
	lab->stage.net.dns_servers[0] = 0;
	http_lab_expect_failure(lab, "http://nowhere.example/", ERR_UNREACHABLE,
				"no DNS server is known to look up nowhere.example");
}

/* --- too much, or nothing any more ----------------------------------------------------------- */

static void serve_much(struct web_conn *c)
{
	if (!strcmp(web_path(c), "/known"))
		web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551614\r\n\r\n");
	else if (!strcmp(web_path(c), "/chunked"))
		web_say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "fffffffffffffffe\r\n");
	else
		web_say(c, "HTTP/1.1 200 OK\r\n\r\n");
	web_repeat(c, "more than there is room for ", UINT64_MAX);
}

/* In 64 bits, and no further than what was granted. [HTTP-20] [SEC-06] */
static void a_file_without_end_is_refused(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = serve_much;
	http_lab_expect_failure(lab, "http://10.0.2.2/known", ERR_NO_SPACE, "does not fit");
	http_lab_expect_failure(lab, "http://10.0.2.2/chunked", ERR_NO_SPACE,
				"longer than the 4194304 bytes of memory granted for it");
	http_lab_expect_failure(lab, "http://10.0.2.2/until-close", ERR_NO_SPACE,
				"longer than the 4194304 bytes of memory granted for it");
}

static void vanish(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	c->open = strcmp(web_path(c), "/at-once");
}

/* TCP gives up before a long deadline does. [TCP-34] [TCP-40] */
static void a_server_that_vanishes(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = vanish;
	http_lab_deadline(lab, 86400);
	http_lab_expect_failure(lab, "http://10.0.2.2/at-once", ERR_TIMEOUT, "said nothing to GET");
	assert_in_range(lab->took_ms, 60000, 130000);
}

/* --- the user -------------------------------------------------------------------------------- */

static void slowly(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n");
	web_pace(c, 1400, 1);
	web_file(c, 0, 4000000);
}

static void progress_is_shown(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = slowly;
	http_lab_expect(lab, "http://10.0.2.2/a", 4000000);
	assert_non_null(strstr(hosted_output(), "1.4 of 4.0 MB, 1.4 MB/s"));
}

static void press(struct web_conn *c)
{
	slowly(c);
	hosted_type("\33");
}

static void a_key_gives_up(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = press;
	http_lab_expect_failure(lab, "http://10.0.2.2/a", ERR_ABORTED, "given up by Esc or Ctrl-C");
	assert_true(lab->web.conn[0].rst_got);
}

/* [HTTP-17] */
static void closing_is_orderly(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = serve_1000;
	http_lab_expect(lab, "http://10.0.2.2/a", 1000);
	assert_int_equal(fetch_close(&lab->fetch), 0);
	assert_true(lab->web.conn[0].fin_got && !lab->web.conn[0].rst_got);
	assert_int_equal(fetch_close(&lab->fetch), 0);
}

static void serve_large(struct web_conn *c)
{
	if (!strcmp(web_path(c), "/unsaid")) {
		web_say(c, "HTTP/1.1 200 OK\r\n\r\n");
		web_file(c, 0, 100000);
		web_fin(c);
	} else {
		web_answer(c, "200 OK", 100000);
	}
}

/* What does not come leaves the device with access to memory that is somebody else's by then. */
static void the_device_may_write_where_bytes_are_sure_to_come(void **state)
{
	struct http_lab *lab = *state;
	struct nic *nic = lab->stage.net.nic;

	lab->web.serve = serve_large;
	http_lab_expect(lab, "http://10.0.2.2/a", 100000);
	assert_null(nic->landing);
	nic->lands = true;
	http_lab_expect(lab, "http://10.0.2.2/a", 100000);
	assert_ptr_equal(nic->landing, &lab->fetch.http.conn->landing);
	assert_int_equal(nic->landing->len, 0);
	http_lab_expect(lab, "http://10.0.2.2/unsaid", 100000);
	assert_null(nic->landing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_what_the_rules_want),
		TEST(the_next_file_comes_over_the_same_connection),
		TEST(a_connection_that_has_not_acknowledged_the_request_carries_no_other),
		TEST(a_connection_that_the_server_closed_is_not_used),
		TEST(a_request_on_a_stale_connection_is_repeated),
		TEST(a_408_on_an_idle_connection_ends_it),
		TEST(a_408_is_believed_on_a_new_connection),
		TEST(what_says_close_or_too_much_is_not_used_again),
		TEST(a_server_that_speaks_first_is_none),
		TEST(an_early_end_is_a_failure_by_name),
		TEST(without_a_length_the_fin_is_the_end),
		TEST(a_name_is_asked_for_once_per_connection),
		TEST(a_port_of_its_own_stands_in_host),
		TEST(the_next_address_has_its_turn),
		TEST(no_connection_says_why),
		TEST(no_address_says_why),
		TEST(a_file_without_end_is_refused),
		TEST(a_server_that_vanishes),
		TEST(progress_is_shown),
		TEST(a_key_gives_up),
		TEST(closing_is_orderly),
		TEST(the_device_may_write_where_bytes_are_sure_to_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
