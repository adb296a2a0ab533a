/* SPDX-License-Identifier: BSD-2-Clause */
/* How fetch_server.c finds a server's address, and what it says when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/http_lab.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_lab_setup, http_lab_teardown)

static void serve_1000(struct web_conn *c)
{
	web_answer(c, "200 OK", 1000);
}

static void serve_boot(struct http_lab *lab)
{
	static const struct web_name names[] = { { "boot.lan", { 0x0a00020c } }, { NULL, { 0 } } };

	lab->web.names = names;
	lab->web.serve = serve_1000;
}

static void fails(struct http_lab *lab, enum err err, const char *sentence)
{
	http_lab_expect_failure(lab, "http://boot.lan/x", err, sentence);
	assert_string_equal(lab->stage.fake.failure.text, sentence);
	assert_int_equal(lab->stage.fake.failure.rung, RUNG_NAME);
}

/* [DNS-10]: what the lease says is searched. */
static void a_name_is_found_in_the_lease_s_domain(void **state)
{
	struct http_lab *lab = *state;

	serve_boot(lab);
	strcpy(lab->stage.net.search, "example");
	strcpy(lab->stage.net.search + 8, "lan");
	http_lab_expect(lab, "http://boot/x", 1000);
	assert_int_equal(lab->web.conn[0].ip, 0x0a00020c);
	assert_int_equal(lab->web.questions, 2);
}

/* [DNS-11]: nothing is sent to everybody, or to nobody. */
static void a_literal_that_is_no_machine_s_is_refused(void **state)
{
	static const char *const literals[] = {
		"10.0.2.255", "255.255.255.255", "0.0.0.0", "127.0.0.1", "224.0.0.1", "240.0.0.1",
	};
	struct http_lab *lab = *state;
	char url[40], sentence[100];

	for (uint32_t i = 0; i < ARRAY_LEN(literals); i++) {
		text_print(url, sizeof(url), "http://%s/x", literals[i]);
		text_print(sentence, sizeof(sentence),
			   "%s is not the address of one machine; check the URL", literals[i]);
		http_lab_expect_failure(lab, url, ERR_UNREACHABLE, sentence);
	}
	assert_int_equal(lab->stage.fake.sent, 1); /* our own announcement */
}

static void server_failure(uint8_t *answer)
{
	put_be16(answer + 2, 0x8182);
}

/* [DNS-02]: asked again until the deadline, and its word is quoted. */
static void a_server_in_trouble_is_quoted(void **state)
{
	struct http_lab *lab = *state;

	http_lab_deadline(lab, 9);
	lab->web.dns_edit = server_failure;
	fails(lab, ERR_REFUSED,
	      "no DNS server would look up boot.lan (the last one answered with code 2)");
	assert_int_equal(lab->web.questions, 5);
}

static void other_id(uint8_t *answer)
{
	answer[0] ^= 1;
}

/* [DNS-01]: what was ignored while we waited is said when the wait fails. */
static void answers_to_other_questions_are_counted(void **state)
{
	struct http_lab *lab = *state;

	serve_boot(lab);
	http_lab_deadline(lab, 3);
	lab->web.dns_edit = other_id;
	fails(lab, ERR_TIMEOUT,
	      "no DNS server answered when asked for boot.lan; "
	      "not used: 2 that did not fit the question");
}

static void cut(uint8_t *answer)
{
	put_be16(answer + 2, 0x8380);
	put_be16(answer + 6, 0);
}

/* [DNS-04] */
static void an_answer_that_is_cut_is_named(void **state)
{
	struct http_lab *lab = *state;

	lab->web.dns_edit = cut;
	fails(lab, ERR_UNSUPPORTED,
	      "the answer for boot.lan does not fit a datagram; give fewer addresses to that name");
}

/* [DNS-02] */
static void a_name_that_does_not_exist(void **state)
{
	fails(*state, ERR_UNREACHABLE,
	      "there is no address for boot.lan; check the name in the URL");
}

static void nobody_to_ask(void **state)
{
	struct http_lab *lab = *state;

	lab->stage.net.dns_servers[0] = 0;
	fails(lab, ERR_UNREACHABLE,
	      "no DNS server is known to look up boot.lan; DHCP or the key ip can name one");
}

static void a_link_that_went_down_meanwhile(void **state)
{
	struct http_lab *lab = *state;

	lab->web.dns_mute = true;
	lab->stage.fake.down = true;
	fails(lab, ERR_TIMEOUT,
	      "no DNS server answered when asked for boot.lan; "
	      "the link went down meanwhile");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_found_in_the_lease_s_domain),
		TEST(a_literal_that_is_no_machine_s_is_refused),
		TEST(a_server_in_trouble_is_quoted),
		TEST(answers_to_other_questions_are_counted),
		TEST(an_answer_that_is_cut_is_named),
		TEST(a_name_that_does_not_exist),
		TEST(nobody_to_ask),
		TEST(a_link_that_went_down_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
