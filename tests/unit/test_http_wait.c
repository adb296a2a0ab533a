/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP's waits: each has a bound whatever the server sends, and an honest slow one is let through.
 * The rule (net/http.h): the deadline starts anew when a rung or the headers are reached, and each
 * time that the file has grown by a byte per millisecond of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/http_lab.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_lab_setup, http_lab_teardown)

#define URL "http://10.0.2.2/file"
#define FOREVER UINT64_MAX
#define DEADLINE_MS 60000

#define STARVED_MS (DEADLINE_MS / 4) /* after this long the path is suspected, once [TCP-46] */

/* It ended at the deadline, not before. */
static void assert_deadline(const struct http_lab *lab, uint32_t times)
{
	assert_in_range(lab->took_ms, times * DEADLINE_MS, times * DEADLINE_MS + 2000);
}

/* --- no answer, or none that comes to its point ---------------------------------------------- */

static void silence(struct web_conn *c)
{
	(void)c;
}

/*
 * Keep-alives are answered: the machine is there, its program says nothing, and nothing for a whole
 * deadline to who asks for small segments [HTTP-18] [TCP-46].
 */
static void a_server_that_only_acknowledges(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = silence;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT,
				"said nothing to GET /file; it has acknowledged the request");
	assert_in_range(lab->took_ms, STARVED_MS + DEADLINE_MS, STARVED_MS + DEADLINE_MS + 2000);
	assert_int_equal(lab->web.connections, 2);
}

/* Somebody asks for us by ARP in each millisecond, and the server repeats what it said. */
static void chatter(void *ctx)
{
	struct http_lab *lab = ctx;
	uint8_t arp[28], frame[60];
	uint32_t len = packet_arp(arp, 1, peer_mac, PEER_IP + 5, all_macs, OUR_IP);

	fake_nic_receive(&lab->stage.fake, frame,
			 packet_eth(frame, all_macs, peer_mac, 0x0806, arp, len));
	web_poll(&lab->web);
}

/* Traffic is no progress. [HTTP-18] */
static void a_link_full_of_chatter(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = silence;
	hosted_idle_hook(chatter, lab);
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "said nothing to GET /file");
	assert_in_range(lab->took_ms, DEADLINE_MS, STARVED_MS + DEADLINE_MS + 2000);
}

static void drip_headers(struct web_conn *c)
{
	web_pace(c, 1, 2000);
	web_say(c, "HTTP/1.1 200 OK\r\n");
	web_repeat(c, "X-Header: again\r\n", FOREVER);
}

/* [HTTP-18] */
static void headers_that_drip(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = drip_headers;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "10.0.2.2:80 sends too slowly");
	assert_deadline(lab, 1);
}

static void drip_interim(struct web_conn *c)
{
	web_pace(c, 1400, 2000);
	web_repeat(c, "HTTP/1.1 102 Processing\r\n\r\n", FOREVER);
}

/* [HTTP-06] [HTTP-18] */
static void interim_answers_without_end(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = drip_interim;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "sends too slowly");
	assert_deadline(lab, 1);
}

/* --- bodies ---------------------------------------------------------------------------------- */

static void drip_body(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
	web_pace(c, 1, 3000);
	web_file(c, 0, 1000000);
}

/* A byte now and then is no progress. [HTTP-18] */
static void a_body_that_drips(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = drip_body;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "sends too slowly");
	assert_deadline(lab, 1);
}

static void half_a_quantum_less(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
	web_pace(c, 980, 1000);
	web_file(c, 0, 1000000);
}

/* Just under the least rate it is the first deadline that ends it. */
static void a_body_below_the_least_rate(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = half_a_quantum_less;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "sends too slowly");
	assert_deadline(lab, 1);
}

static void modem(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 700000\r\n\r\n");
	web_pace(c, 1400, 250); /* 5,600 bytes in a second, 45 kbit/s */
	web_file(c, 0, 700000);
}

static void a_slow_link_is_let_through(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = modem;
	http_lab_expect(lab, URL, 700000);
	assert_in_range(lab->took_ms, 2 * DEADLINE_MS, 3 * DEADLINE_MS);
	http_lab_deadline(lab, 3);
	http_lab_expect(lab, URL, 700000);
}

static void stutter(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
	web_file(c, 0, 100000);
	web_pause(c, 50000);
	web_file(c, 100000, 100000);
	web_pause(c, 50000);
	web_file(c, 200000, 100000);
}

static void a_server_that_pauses_is_waited_for(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = stutter;
	http_lab_expect(lab, URL, 300000);
}

static void stop_in_the_middle(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
	web_file(c, 0, 100000);
}

static void silence_in_the_middle(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = stop_in_the_middle;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "fell silent after 100043 bytes");
	assert_deadline(lab, 1);
}

static void drip_extensions(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	web_pace(c, 1400, 100);
	web_repeat(c,
		   "1;name=a-value-that-is-much-longer-than-the-chunk-and-nothing-to-anybody\r\n"
		   "x\r\n",
		   FOREVER);
}

/* Chunks whose lines are longer than they: only the file's bytes count. [HTTP-11] [HTTP-18] */
static void chunk_extensions_without_end(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = drip_extensions;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "sends too slowly");
	assert_deadline(lab, 1);
}

static void drip_trailers(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n");
	web_pace(c, 1000, 1000);
	web_repeat(c, "Trailer: x\r\n", FOREVER);
}

/* [HTTP-11] [HTTP-18] */
static void trailers_without_end(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = drip_trailers;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT, "sends too slowly");
	assert_deadline(lab, 1);
}

/* --- redirects ------------------------------------------------------------------------------- */

#define REDIRECT "HTTP/1.1 302 Found\r\nLocation: /there\r\n"

static const char *redirect_headers, *redirect_body;
static uint64_t redirect_repeats;
static uint32_t redirect_every_ms;

static void redirect(struct web_conn *c)
{
	if (!strcmp(web_path(c), "/there")) {
		web_answer(c, "200 OK", 5000);
		return;
	}
	web_say(c, REDIRECT "%s\r\n", redirect_headers);
	web_pace(c, redirect_every_ms ? 1 : 0, redirect_every_ms);
	web_repeat(c, redirect_body, redirect_repeats);
}

/* The redirect's body is not worth waiting for: a connection is cheaper. [HTTP-08] [HTTP-18] */
static void the_body_of_a_redirect_is_not_waited_for(void **state)
{
	static const struct {
		const char *headers, *body;
		uint64_t repeats;
		uint32_t every_ms;
	} cases[] = {
		{ "", "", 0, 0 }, /* until the connection ends, which it does not */
		{ "", "moved ", FOREVER, 0 },
		{ "Content-Length: 100\r\n", "", 0, 0 },
		{ "Content-Length: 100\r\n", "moved", 20, 3000 },
		{ "Content-Length: 18446744073709551614\r\n", "moved ", FOREVER, 0 },
		{ "Transfer-Encoding: chunked\r\n", "", 0, 0 },
		{ "Transfer-Encoding: chunked\r\n", "5\r\nmoved\r\n", FOREVER, 0 },
		{ "Transfer-Encoding: chunked\r\n", "5\r\nmoved\r\n", FOREVER, 50 },
		{ "Transfer-Encoding: chunked\r\n", "fffffffffffffff0\r\n", FOREVER, 0 },
		{ "Transfer-Encoding: chunked\r\n", "no size\r\n", 1, 0 },
		{ "Transfer-Encoding: gzip\r\n", "moved", 1, 0 },
		{ "Content-Encoding: gzip\r\nContent-Length: 5\r\n", "moved", 1, 0 },
	};
	struct http_lab *lab = *state;

	lab->web.serve = redirect;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		redirect_headers = cases[i].headers;
		redirect_body = cases[i].body;
		redirect_repeats = cases[i].repeats;
		redirect_every_ms = cases[i].every_ms;
		http_lab_expect(lab, URL, 5000);
		assert_in_range(lab->took_ms, 0, 1500);
	}
}

/* [HTTP-16] */
static void a_redirect_with_a_short_body_keeps_its_connection(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = redirect;
	redirect_headers = "Content-Length: 4000\r\n";
	redirect_body = "moved...";
	redirect_repeats = 500;
	redirect_every_ms = 0;
	http_lab_expect(lab, URL, 5000);
	redirect_headers = "Transfer-Encoding: chunked\r\n";
	redirect_body = "5\r\nmoved\r\n0\r\n\r\n";
	redirect_repeats = 1;
	http_lab_expect(lab, URL, 5000);
	assert_int_equal(lab->web.connections, 1);
}

static void redirect_slowly(struct web_conn *c)
{
	web_pause(c, 50000);
	web_say(c, "HTTP/1.1 302 Found\r\nLocation: /%u\r\nContent-Length: 0\r\n\r\n", c->requests);
}

/*
 * Each of them renews the deadline, and there are nine at most; the first is asked for twice, as
 * the path is suspected once [HTTP-08] [HTTP-18] [TCP-46].
 */
static void redirects_in_sequence_have_an_end(void **state)
{
	struct http_lab *lab = *state;

	lab->web.serve = redirect_slowly;
	http_lab_expect_failure(lab, URL, ERR_PROTO, "more than 8 redirects, the last one to /9");
	assert_in_range(lab->took_ms, STARVED_MS + 9 * 50000, STARVED_MS + 9 * 50000 + 2000);
}

/* --- errors ---------------------------------------------------------------------------------- */

static const char *error_answer;

static void say_error(struct web_conn *c)
{
	web_say(c, "%s", error_answer);
}

/* Its headers say all; how its body is made, or whether it comes, does not matter. [HTTP-07] */
static void an_error_is_told_at_once(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 404 Gone Fishing\r\n\r\n",
		"HTTP/1.1 404 Gone Fishing\r\nContent-Length: 100\r\n\r\n",
		"HTTP/1.1 404 Gone Fishing\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 404 Gone Fishing\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
		"HTTP/1.1 404 Gone Fishing\r\nTransfer-Encoding: gzip, chunked\r\n\r\nxyz",
		"HTTP/1.1 404 Gone Fishing\r\nContent-Encoding: gzip\r\n\r\nabc",
		"HTTP/1.1 404 Gone Fishing\r\nLocation: /there\r\n\r\n",
	};
	struct http_lab *lab = *state;

	lab->web.serve = say_error;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		error_answer = answers[i];
		http_lab_expect_failure(lab, URL, ERR_REFUSED,
					"the server answered 404 Gone Fishing to GET /file");
		assert_in_range(lab->took_ms, 0, 100);
	}
}

/* --- before the answer ----------------------------------------------------------------------- */

static const struct web_name names[] = {
	{ "boot.example", { 0x0a00020a, 0x0a00020b, 0x0a00020c } },
	{ NULL, { 0 } },
};

/* [HTTP-18] [DNS-09] */
static void each_address_has_its_own_time(void **state)
{
	static const struct web_host two_silent[] = {
		{ 0x0a00020a, WEB_SILENT },
		{ 0x0a00020b, WEB_SILENT },
		{ 0, 0 },
	};
	struct http_lab *lab = *state;

	lab->web.names = names;
	lab->web.hosts = two_silent;
	lab->web.serve = modem;
	http_lab_deadline(lab, 5); /* shorter than an address may take */
	http_lab_expect(lab, "http://boot.example/", 700000);
	assert_int_equal(lab->web.conn[0].ip, 0x0a00020c);
}

/* [HTTP-18] */
static void silent_addresses_have_an_end(void **state)
{
	static const struct web_host all_silent[] = {
		{ 0x0a00020a, WEB_SILENT },
		{ 0x0a00020b, WEB_SILENT },
		{ 0x0a00020c, WEB_SILENT },
		{ 0, 0 },
	};
	struct http_lab *lab = *state;

	lab->web.names = names;
	lab->web.hosts = all_silent;
	http_lab_expect_failure(lab, "http://boot.example/", ERR_TIMEOUT,
				"no usable answer from 10.0.2.12:80");
	assert_in_range(lab->took_ms, 7000 + 7000 + DEADLINE_MS, 7000 + 7000 + DEADLINE_MS + 1000);
}

/* [HTTP-18] */
static void a_silent_dns_server_has_an_end(void **state)
{
	struct http_lab *lab = *state;

	lab->web.dns_mute = true;
	http_lab_expect_failure(lab, "http://boot.example/", ERR_TIMEOUT, "no DNS server answered");
	assert_in_range(lab->took_ms, 1, DEADLINE_MS + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_only_acknowledges),
		TEST(a_link_full_of_chatter),
		TEST(headers_that_drip),
		TEST(interim_answers_without_end),
		TEST(a_body_that_drips),
		TEST(a_body_below_the_least_rate),
		TEST(a_slow_link_is_let_through),
		TEST(a_server_that_pauses_is_waited_for),
		TEST(silence_in_the_middle),
		TEST(chunk_extensions_without_end),
		TEST(trailers_without_end),
		TEST(the_body_of_a_redirect_is_not_waited_for),
		TEST(a_redirect_with_a_short_body_keeps_its_connection),
		TEST(redirects_in_sequence_have_an_end),
		TEST(an_error_is_told_at_once),
		TEST(each_address_has_its_own_time),
		TEST(silent_addresses_have_an_end),
		TEST(a_silent_dns_server_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
