/* SPDX-License-Identifier: BSD-2-Clause */
/* net/boot/vars.c: what a variable becomes, and which are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/boot/vars.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static const struct vars vars = {
	.mac = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 },
	.has_uuid = true,
	.uuid = { 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc,
		  0xdd, 0xee, 0xff },
	.ip = 0x0a00020f,
};

/* Expands a copy that ends where ASan looks. */
static int expand(char *buf, size_t cap, const char *s, const struct vars *v, struct failure *f)
{
	size_t len = strlen(s);
	char *copy = malloc(len + !len);
	struct text t;
	int err;

	assert_non_null(copy);
	memcpy(copy, s, len);
	memset(f, 0, sizeof(*f));
	text_init(&t, buf, cap);
	err = vars_expand(&t, copy, len, v, "url", f);
	free(copy);
	return err;
}

static void assert_expands(const char *s, const char *expected)
{
	struct failure f;
	char buf[128];

	assert_int_equal(expand(buf, sizeof(buf), s, &vars, &f), 0);
	assert_string_equal(buf, expected);
}

static void assert_fails(const char *s, const struct vars *v, const char *sentence)
{
	struct failure f;
	char buf[128];

	assert_int_equal(expand(buf, sizeof(buf), s, v, &f), ERR_CONFIG);
	assert_int_equal(f.rung, RUNG_CONFIG);
	assert_string_equal(f.text, sentence);
}

static void replaces_each_variable(void **state)
{
	(void)state;
	assert_expands("${mac}", "52:54:00:12:34:56");
	assert_expands("${ip}", "10.0.2.15");
	assert_expands("http://h/${mac}/${ip}${ip}.conf",
		       "http://h/52:54:00:12:34:56/10.0.2.1510.0.2.15.conf");
	assert_expands("", "");
}

/* SMBIOS 7.2.1: the example of the specification. */
static void the_uuid_is_canonical(void **state)
{
	(void)state;
	assert_expands("${uuid}", "00112233-4455-6677-8899-aabbccddeeff");
}

static void other_dollars_stand_for_themselves(void **state)
{
	(void)state;
	assert_expands("$", "$");
	assert_expands("a$b$$c{mac}$", "a$b$$c{mac}$");
	assert_expands("$${ip}", "$10.0.2.15");
}

static void values_are_not_expanded_again(void **state)
{
	(void)state;
	assert_fails("${${ip}}", &vars,
		     "url has the variable \"${${ip}\"; there are ${mac}, ${uuid} and ${ip}");
}

static void unknown_variables_are_named(void **state)
{
	(void)state;
	assert_fails("a${hostname}", &vars,
		     "url has the variable \"${hostname}\"; there are ${mac}, ${uuid} and ${ip}");
	assert_fails("${}", &vars,
		     "url has the variable \"${}\"; there are ${mac}, ${uuid} and ${ip}");
	assert_fails("${MAC}", &vars,
		     "url has the variable \"${MAC}\"; there are ${mac}, ${uuid} and ${ip}");
	assert_fails("${mac }", &vars,
		     "url has the variable \"${mac }\"; there are ${mac}, ${uuid} and ${ip}");
}

static void an_unfinished_variable_is_an_error(void **state)
{
	(void)state;
	assert_fails("${", &vars, "url has a \"${\" without its \"}\"");
	assert_fails("x${mac", &vars, "url has a \"${\" without its \"}\"");
}

static void a_machine_without_a_value_says_so(void **state)
{
	static const struct vars none = { .has_uuid = false };

	(void)state;
	assert_fails("${uuid}", &none,
		     "url has the variable \"${uuid}\", and this machine has no UUID");
	assert_fails("${ip}", &none, "url has the variable \"${ip}\", and there is no address yet");
}

static void what_does_not_fit_is_an_error(void **state)
{
	struct failure f;
	char buf[10];

	(void)state;
	assert_int_equal(expand(buf, sizeof(buf), "${ip}", &vars, &f), 0);
	assert_int_equal(expand(buf, sizeof(buf), "x${ip}", &vars, &f), ERR_CONFIG);
	assert_string_equal(f.text,
			    "url is longer than 9 characters once its variables are replaced");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_each_variable),
		cmocka_unit_test(the_uuid_is_canonical),
		cmocka_unit_test(other_dollars_stand_for_themselves),
		cmocka_unit_test(values_are_not_expanded_again),
		cmocka_unit_test(unknown_variables_are_named),
		cmocka_unit_test(an_unfinished_variable_is_an_error),
		cmocka_unit_test(a_machine_without_a_value_says_so),
		cmocka_unit_test(what_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
