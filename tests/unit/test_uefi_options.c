/* SPDX-License-Identifier: BSD-2-Clause */
/* LoadOptions as shells, boot loaders and boot entries pass them, and as none should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/uefi/options.h"
#include "core/text.h"
#include "core/wire.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static struct options_word word;
static struct failure f;
static char heard[OPTIONS_WORD_MAX + 4000];
static int answer;

/* "source key=value;" for every call. */
static int hear(void *ctx, const char *source, const char *key, const char *value, uint32_t len)
{
	assert_ptr_equal(ctx, &answer);
	assert_string_equal(source, "LoadOptions");
	assert_int_equal(len, strlen(value));
	strcat(strcat(strcat(strcat(heard, key), "="), value), ";");
	return answer;
}

/* In memory that ends where it ends, for the address sanitizer. */
static int parse(const uint8_t *bytes, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	memset(&f, 0, sizeof(f));
	memset(&word, 0xa5, sizeof(word));
	heard[0] = '\0';
	err = options_each((struct span){ copy, len }, &word, hear, &answer, &f);
	free(copy);
	return err;
}

/* An ASCII string in UCS-2, `ends` NULs behind it. */
static int parse_text(const char *s, uint32_t ends)
{
	static uint8_t bytes[2 * OPTIONS_WORD_MAX + 100];
	uint32_t len = 0;

	for (; *s; len += 2)
		put_le16(bytes + len, (uint8_t)*s++);
	memset(bytes + len, 0, 2 * (size_t)ends);
	return parse(bytes, len + 2 * ends);
}

static void assert_heard(const char *options, const char *keys)
{
	assert_int_equal(parse_text(options, 1), 0);
	assert_string_equal(heard, keys);
}

static void assert_refused(int err, const char *part)
{
	assert_int_equal(err, ERR_CONFIG);
	assert_int_equal(f.rung, RUNG_CONFIG);
	assert_non_null(strstr(f.text, part));
}

static void words_are_keys_and_values(void **state)
{
	(void)state;
	assert_heard("url=http://h/k csum=off", "url=http://h/k;csum=off;");
	assert_heard(" \t url=a\r\n  fetch= ", "url=a;fetch=;");
	assert_heard("cmdline=root=/dev/vda", "cmdline=root=/dev/vda;");
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	assert_heard("", "");
	assert_heard("   ", "");
	assert_int_equal(parse((const uint8_t *)"", 0), 0);
	assert_string_equal(heard, "");
}

static void the_program_s_own_name_goes_before(void **state)
{
	(void)state;
	assert_heard("FS0:\\skiff.efi url=a", "url=a;");
	assert_heard("\"FS0:\\my disk\\skiff.efi\" url=a", "url=a;");
	assert_heard("skiff.efi", "");
}

static void a_second_word_without_a_value_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_text("skiff.efi url http://h/k", 1), "\"url\" is not KEY=VALUE");
	assert_refused(parse_text("cmdline=quiet console=ttyS0 ro", 1), "\"ro\" is not KEY=VALUE");
	assert_refused(parse_text("url=a \"\" csum=off", 1), "\"\" is not KEY=VALUE");
}

static void quotation_marks_hold_words_together(void **state)
{
	(void)state;
	assert_heard("cmdline=\"a b\" url=c", "cmdline=a b;url=c;");
	assert_heard("\"cmdline=a b\" url=c", "cmdline=a b;url=c;");
	assert_heard("cmdline=\"\"", "cmdline=;");
	assert_heard("cmdline=x\" \"y", "cmdline=x y;");
}

static void a_lone_quotation_mark_is_refused(void **state)
{
	(void)state;
	assert_refused(parse_text("cmdline=\"a b", 1),
		       "a quotation mark is missing behind cmdline=a b");
}

static void the_length_ends_them_without_a_nul(void **state)
{
	(void)state;
	assert_int_equal(parse_text("url=a", 0), 0);
	assert_string_equal(heard, "url=a;");
}

static void a_nul_ends_them_before_their_length(void **state)
{
	static const uint8_t bytes[] = { 'a', 0, '=', 0, 'b', 0, 0, 0, ' ', 0, 0xff, 0xff };

	(void)state;
	assert_int_equal(parse(bytes, sizeof(bytes)), 0);
	assert_string_equal(heard, "a=b;");
}

static void half_a_character_at_the_end_is_left_alone(void **state)
{
	static const uint8_t bytes[] = { 'a', 0, '=', 0, 'b', 0, 'c' };

	(void)state;
	assert_int_equal(parse(bytes, sizeof(bytes)), 0);
	assert_string_equal(heard, "a=b;");
}

static void ascii_in_8_bits_is_refused(void **state)
{
	static const uint8_t bytes[] = "url=http://h/k";

	(void)state;
	assert_refused(parse(bytes, sizeof(bytes)), "character 7275h at byte 0");
	assert_non_null(strstr(f.text, "efibootmgr writes them so with -u"));
}

static void what_is_no_text_is_refused(void **state)
{
	static const uint8_t binary[] = { 0x4d, 0x45, 0x4d, 0x39, 0x01, 0, 0, 0 },
			     control[] = { 'a', 0, '=', 0, 7, 0 }, del[] = { 0x7f, 0 },
			     surrogate[] = { 'a', 0, '=', 0, 0, 0xd8 };

	(void)state;
	assert_refused(parse(binary, sizeof(binary)), "character 454Dh at byte 0");
	assert_refused(parse(control, sizeof(control)), "character 0007h at byte 4");
	assert_refused(parse(del, sizeof(del)), "character 007Fh at byte 0");
	assert_refused(parse(surrogate, sizeof(surrogate)), "character D800h at byte 4");
}

static void the_longest_word_is_taken_and_a_longer_one_refused(void **state)
{
	char text[OPTIONS_WORD_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "cmdline=", 8);
	text[OPTIONS_WORD_MAX] = '\0';
	assert_int_equal(parse_text(text, 1), 0);
	assert_int_equal(strlen(heard), OPTIONS_WORD_MAX + 1);
	text[OPTIONS_WORD_MAX] = 'x';
	text[OPTIONS_WORD_MAX + 1] = '\0';
	assert_refused(parse_text(text, 1), "cmdline=xxxxxxxxxxxx... is longer than 16400");
}

static void an_error_of_the_configuration_ends_it(void **state)
{
	(void)state;
	answer = ERR_NO_SPACE;
	assert_int_equal(parse_text("a=b c=d", 1), ERR_NO_SPACE);
	assert_string_equal(heard, "a=b;");
	answer = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_keys_and_values),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(the_program_s_own_name_goes_before),
		cmocka_unit_test(a_second_word_without_a_value_is_refused),
		cmocka_unit_test(quotation_marks_hold_words_together),
		cmocka_unit_test(a_lone_quotation_mark_is_refused),
		cmocka_unit_test(the_length_ends_them_without_a_nul),
		cmocka_unit_test(a_nul_ends_them_before_their_length),
		cmocka_unit_test(half_a_character_at_the_end_is_left_alone),
		cmocka_unit_test(ascii_in_8_bits_is_refused),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(the_longest_word_is_taken_and_a_longer_one_refused),
		cmocka_unit_test(an_error_of_the_configuration_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
