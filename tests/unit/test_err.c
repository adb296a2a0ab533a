/* SPDX-License-Identifier: BSD-2-Clause */
/* core/err.c: the first sentence counts, and it is harmless on a console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/err.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

static void the_first_failure_is_kept(void **state)
{
	struct failure f = { 0 };

	(void)state;
	assert_int_equal(fail(&f, RUNG_TRANSFER, ERR_PROTO, "status %d", 404), ERR_PROTO);
	assert_int_equal(fail(&f, RUNG_IMAGE, ERR_TIMEOUT, "later"), ERR_TIMEOUT);
	assert_int_equal(f.err, ERR_PROTO);
	assert_int_equal(f.rung, RUNG_TRANSFER);
	assert_string_equal(f.text, "status 404");
}

/* [SEC-10] */
static void control_bytes_from_a_server_do_not_reach_the_sentence(void **state)
{
	struct failure f = { 0 };

	(void)state;
	fail(&f, RUNG_TRANSFER, ERR_PROTO, "said \"%s\"",
	     "\x1b[2J\r\n\t\x7f\x9b\xc2\x9b"
	     "ok");
	assert_string_equal(f.text, "said \"?[2J???????ok\"");
}

static void a_long_sentence_is_cut(void **state)
{
	struct failure f = { 0 };
	char quoted[1000];

	(void)state;
	memset(quoted, 'x', sizeof(quoted) - 1);
	quoted[sizeof(quoted) - 1] = '\0';
	fail(&f, RUNG_CONFIG, ERR_CONFIG, "%s", quoted);
	assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
}

static void rungs_have_the_names_that_scripts_read(void **state)
{
	static const char *const names[] = {
		"config",  "device",   "queues", "link",   "address",   "name",
		"connect", "transfer", "image",  "digest", "hand-over",
	};

	(void)state;
	for (int rung = RUNG_CONFIG; rung <= RUNG_HAND_OVER; rung++)
		assert_string_equal(rung_name((enum rung)rung), names[rung]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_is_kept),
		cmocka_unit_test(control_bytes_from_a_server_do_not_reach_the_sentence),
		cmocka_unit_test(a_long_sentence_is_cut),
		cmocka_unit_test(rungs_have_the_names_that_scripts_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
