/* SPDX-License-Identifier: BSD-2-Clause */
/* core/text.c: formatting within bounds, strict parsers, division. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/text.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define assert_prints(expected, ...) \
	do { \
		char buf_[128]; \
		assert_int_equal(text_print(buf_, sizeof(buf_), __VA_ARGS__), strlen(expected)); \
		assert_string_equal(buf_, expected); \
	} while (0)

static void formats_what_printf_formats(void **state)
{
	(void)state;
	assert_prints("plain", "plain");
	assert_prints("a%b", "a%%b");
	assert_prints("x-y", "%c-%s", 'x', "y");
	assert_prints("0 -1 2147483647 -2147483648", "%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
	assert_prints("4294967295 ffffffff FFFFFFFF", "%u %x %X", UINT32_MAX, UINT32_MAX,
		      UINT32_MAX);
	assert_prints("18446744073709551615", "%llu", (unsigned long long)UINT64_MAX);
	assert_prints("-9223372036854775808", "%lld", (long long)INT64_MIN);
	assert_prints("fedcba9876543210", "%llx", 0xfedcba9876543210ull);
	assert_prints("7 -7 7f", "%lu %ld %lx", 7ul, -7l, 0x7ful);
	assert_prints("12345", "%zu", (size_t)12345);
}

static void pads_to_the_width(void **state)
{
	(void)state;
	assert_prints("[   42][00042][42]", "[%5d][%05d][%1d]", 42, 42, 42);
	assert_prints("[  -42][-0042]", "[%5d][%05d]", -42, -42);
	assert_prints("[  ab][abc]", "[%4s][%2s]", "ab", "abc");
	assert_prints("[0000beef]", "[%08x]", 0xbeefu);
	assert_prints("[00000000000000000001]", "[%020llu]", 1ull);
}

static void precision_reads_no_further_than_told(void **state)
{
	static const char unterminated[3] = { 'a', 'b', 'c' };

	(void)state;
	assert_prints("abc", "%.*s", 3, unterminated);
	assert_prints("", "%.*s", 0, unterminated);
	assert_prints("ab", "%.*s", 9, "ab");
	assert_prints("  ab", "%4.*s", 2, unterminated);
}

static void what_does_not_fit_is_cut_and_said(void **state)
{
	char buf[8];
	struct text t;

	(void)state;
	memset(buf, '#', sizeof(buf));
	text_init(&t, buf, 4);
	text_fmt(&t, "%s", "abc");
	assert_false(t.cut);
	text_fmt(&t, "%d", 7);
	assert_true(t.cut);
	assert_int_equal(t.len, 3);
	assert_memory_equal(buf, "abc\0####", 8);
	assert_int_equal(text_print(buf, 1, "%s", "x"), 0);
	assert_string_equal(buf, "");
}

static void appends_bytes_as_they_are(void **state)
{
	char buf[8];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_add(&t, "a%d", 3);
	text_add(&t, "\0b", 2);
	assert_int_equal(t.len, 5);
	assert_memory_equal(buf, "a%d\0b\0", 6);
}

static void prints_addresses(void **state)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0xab, 0xff };
	char buf[MAC_TEXT_LEN];

	(void)state;
	assert_string_equal(mac_text(buf, mac), "52:54:00:12:ab:ff");
	assert_string_equal(ip_text(buf, 0xc0000201), "192.0.2.1");
	assert_string_equal(ip_text(buf, UINT32_MAX), "255.255.255.255");
}

static void only_printable_ascii_is_printable(void **state)
{
	(void)state;
	for (int c = -128; c < 256; c++)
		assert_int_equal(text_printable((char)c), c >= 0x20 && c < 0x7f ? c : '?');
}

static void reads_decimal_numbers_strictly(void **state)
{
	static const char *const malformed[] = {
		"",
		" 1",
		"1 ",
		"+1",
		"-1",
		"1a",
		"0x1",
		"18446744073709551616",
		"99999999999999999999",
		"184467440737095516150",
	};
	uint64_t n = 1234;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_false(text_to_u64(malformed[i], strlen(malformed[i]), &n));
	assert_int_equal(n, 1234);
	assert_true(text_to_u64("18446744073709551615", 20, &n));
	assert_true(n == UINT64_MAX);
	assert_true(text_to_u64("007", 3, &n));
	assert_int_equal(n, 7);
	assert_true(text_to_u64("123", 2, &n));
	assert_int_equal(n, 12);
}

static void reads_hexadecimal_numbers_strictly(void **state)
{
	static const char *const malformed[] = {
		"", "0x", "x1", "0x 1", "g", "-1", "10000000000000000", "0x0x1"
	};
	uint64_t n = 1234;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_false(text_hex_to_u64(malformed[i], strlen(malformed[i]), &n));
	assert_int_equal(n, 1234);
	assert_true(text_hex_to_u64("0xFedcBA9876543210", 18, &n));
	assert_true(n == 0xfedcba9876543210);
	assert_true(text_hex_to_u64("000000000000000000ff", 20, &n));
	assert_int_equal(n, 255);
	assert_true(text_hex_to_u64("0", 1, &n));
	assert_int_equal(n, 0);
}

/* [DNS-11] */
static void reads_dotted_quads_strictly(void **state)
{
	static const char *const malformed[] = {
		"",          "1",        "1.2.3",      "1.2.3.",    "1.2.3.4.",
		"1.2.3.4.5", ".1.2.3.4", "1..2.3",     "256.1.1.1", "1.1.1.256",
		"01.2.3.4",  "1.2.3.04", "00.0.0.0",   "1.2.3.4 ",  " 1.2.3.4",
		"0x1.2.3.4", "1.2.3.a",  "1.2.3.1000", "-1.2.3.4",
	};
	uint32_t ip = 1234;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_false(text_to_ip(malformed[i], strlen(malformed[i]), &ip));
	assert_int_equal(ip, 1234);
	assert_true(text_to_ip("192.0.2.10", 10, &ip));
	assert_int_equal(ip, 0xc000020a);
	assert_true(text_to_ip("192.0.2.10", 9, &ip));
	assert_int_equal(ip, 0xc0000201);
	assert_true(text_to_ip("0.0.0.0", 7, &ip));
	assert_int_equal(ip, 0);
	assert_true(text_to_ip("255.255.255.255", 15, &ip));
	assert_true(ip == UINT32_MAX);
}

static void compares_strings(void **state)
{
	(void)state;
	assert_int_equal(text_len(""), 0);
	assert_int_equal(text_len("abc"), 3);
	assert_true(text_eq("abc", "abc"));
	assert_false(text_eq("abc", "abcd"));
	assert_false(text_eq("abcd", "abc"));
	assert_true(text_is("abcd", 3, "abc"));
	assert_false(text_is("abc", 3, "abcd"));
	assert_false(text_is("abcd", 4, "abc"));
	assert_false(text_is("abc", 3, "abC"));
	assert_true(text_eq_nocase("Content-LENGTH:", 14, "content-length"));
	assert_false(text_eq_nocase("content", 7, "content-length"));
	assert_false(text_eq_nocase("content-length", 14, "content"));
	assert_false(text_eq_nocase("[", 1, "{"));
}

static void divides_as_the_processor_does(void **state)
{
	static const uint64_t n[] = {
		0,
		1,
		9,
		10,
		0xffffffff,
		0x100000000,
		0x100000001,
		0xfffffffe00000001,
		0x8000000000000000,
		12345678901234567890u,
		UINT64_MAX,
	};
	static const uint32_t d[] = {
		1, 2, 3, 10, 1000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0x80000001, UINT32_MAX,
	};
	uint32_t rem;

	(void)state;
	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		for (size_t j = 0; j < sizeof(d) / sizeof(d[0]); j++) {
			assert_true(div_u64(n[i], d[j], &rem) == n[i] / d[j]);
			assert_true(rem == n[i] % d[j]);
			assert_true(div_u64(n[i], d[j], NULL) == n[i] / d[j]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_what_printf_formats),
		cmocka_unit_test(pads_to_the_width),
		cmocka_unit_test(precision_reads_no_further_than_told),
		cmocka_unit_test(what_does_not_fit_is_cut_and_said),
		cmocka_unit_test(appends_bytes_as_they_are),
		cmocka_unit_test(prints_addresses),
		cmocka_unit_test(only_printable_ascii_is_printable),
		cmocka_unit_test(reads_decimal_numbers_strictly),
		cmocka_unit_test(reads_hexadecimal_numbers_strictly),
		cmocka_unit_test(reads_dotted_quads_strictly),
		cmocka_unit_test(compares_strings),
		cmocka_unit_test(divides_as_the_processor_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
