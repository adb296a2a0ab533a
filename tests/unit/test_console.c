/* SPDX-License-Identifier: BSD-2-Clause */
/* core/console.c: what comes out, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/console.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static int fresh(void **state)
{
	(void)state;
	hosted_reset();
	return 0;
}

static void a_line_ends_with_a_newline(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_line(&c, "dns: %s %s, %u ms", "boot.example", "10.0.2.2", 3u);
	console_line(&c, "next");
	assert_string_equal(hosted_output(), "dns: boot.example 10.0.2.2, 3 ms\nnext\n");
}

static void a_line_starts_a_line_after_progress(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_progress(&c, "10%%");
	console_line(&c, "done");
	console_line(&c, "more");
	assert_string_equal(hosted_output(), "\r10%\ndone\nmore\n");
}

static void progress_covers_the_one_before(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_progress(&c, "12345");
	console_progress(&c, "abc");
	console_progress(&c, "x");
	assert_string_equal(hosted_output(), "\r12345\rabc  \rx    ");
}

static void progress_after_a_line_pads_nothing(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_progress(&c, "12345");
	console_line(&c, "line");
	console_progress(&c, "a");
	assert_string_equal(hosted_output(), "\r12345\nline\n\ra");
}

static void progress_stays_within_79_columns(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_progress(&c, "%0200u", 0u);
	assert_int_equal(strlen(hosted_output()), 1 + 79);
}

/* [SEC-10] */
static void control_bytes_come_out_as_question_marks(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_line(&c, "%s", "\x1b[31mred\r\n\a\x7f\xff");
	console_progress(&c, "%s", "\x1b]0;x\n");
	assert_string_equal(hosted_output(), "?[31mred?????\n\r?]0;x?");
}

static void a_line_of_700_characters_is_whole(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_line(&c, "%0700u", 7u);
	assert_int_equal(strlen(hosted_output()), 701);
	assert_string_equal(hosted_output() + 698, "07\n");
}

static void a_longer_line_is_cut_visibly(void **state)
{
	struct console c = { 0 };

	(void)state;
	console_line(&c, "%0701u", 7u);
	assert_int_equal(strlen(hosted_output()), 701);
	assert_string_equal(hosted_output() + 696, "0...\n");
}

static void megabytes_have_one_rounded_decimal(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{ 0, "0.0" },
		{ 49999, "0.0" },
		{ 50000, "0.1" },
		{ 949999, "0.9" },
		{ 950000, "1.0" },
		{ 14186432, "14.2" },
		{ 5368709120, "5368.7" },
		{ UINT64_MAX - 49999, "18446744073709.5" },
		{ UINT64_MAX, "18446744073709.6" },
	};
	char buf[CONSOLE_MB_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_string_equal(console_mb(buf, sizes[i].bytes), sizes[i].text);
}

static void rates_are_megabytes_a_second(void **state)
{
	static const struct {
		uint64_t bytes;
		uint32_t ms;
		const char *text;
	} rates[] = {
		{ 14186432, 310, "45.8" }, /* as the README has it */
		{ 1000000, 1000, "1.0" },
		{ 949999, 1000, "0.9" },
		{ 950000, 1000, "1.0" },
		{ 0, 5, "0.0" },
		{ 5368709120, 4294967295u, "0.0" },
		{ 107374182400, 60000, "1789.6" },
		{ UINT64_MAX, 1, "18446744073709551.6" },
		{ UINT64_MAX, 4294967295u, "4294967.3" },
	};
	char buf[CONSOLE_MB_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		assert_string_equal(console_mb_per_s(buf, rates[i].bytes, rates[i].ms),
				    rates[i].text);
}

static void a_download_in_no_time_counts_a_millisecond(void **state)
{
	char buf[CONSOLE_MB_LEN];

	(void)state;
	assert_string_equal(console_mb_per_s(buf, 1234567, 0), "1234.6");
}

static void keys_are_read_up_to_one_that_gives_up(void **state)
{
	char key = 0;

	(void)state;
	assert_false(console_aborts(&key));
	assert_int_equal(key, 0);
	hosted_type("23x");
	assert_false(console_aborts(&key));
	assert_int_equal(key, '2');
	assert_int_equal(port_key(), -1);
	hosted_type("\33"
		    "4");
	assert_true(console_aborts(&key));
	assert_int_equal(key, '2');
	assert_int_equal(port_key(), '4');
	hosted_type("a\3");
	assert_true(console_aborts(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_ends_with_a_newline, fresh),
		cmocka_unit_test_setup(a_line_starts_a_line_after_progress, fresh),
		cmocka_unit_test_setup(progress_covers_the_one_before, fresh),
		cmocka_unit_test_setup(progress_after_a_line_pads_nothing, fresh),
		cmocka_unit_test_setup(progress_stays_within_79_columns, fresh),
		cmocka_unit_test_setup(control_bytes_come_out_as_question_marks, fresh),
		cmocka_unit_test_setup(a_line_of_700_characters_is_whole, fresh),
		cmocka_unit_test_setup(a_longer_line_is_cut_visibly, fresh),
		cmocka_unit_test(megabytes_have_one_rounded_decimal),
		cmocka_unit_test(rates_are_megabytes_a_second),
		cmocka_unit_test(a_download_in_no_time_counts_a_millisecond),
		cmocka_unit_test_setup(keys_are_read_up_to_one_that_gives_up, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
