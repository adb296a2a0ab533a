/* SPDX-License-Identifier: BSD-2-Clause */
/* net/tftp_packet.c: requests as they stand on the wire; answers good, odd and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/tftp_packet.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static void expect_request(const char *name, struct tftp_options ask, const char *bytes, size_t len)
{
	uint8_t request[TFTP_REQUEST_MAX];

	assert_int_equal(tftp_request_write(request, name, &ask), len);
	assert_memory_equal(request, bytes, len);
}
#define EXPECT_REQUEST(name, ask, bytes) expect_request(name, ask, bytes, sizeof(bytes))

/* [TFTP-01] [TFTP-04] [TFTP-18] */
static void requests(void **state)
{
	const struct tftp_options none = { 0 }, all = { 1468, 16, true };

	(void)state;
	EXPECT_REQUEST("a", none, "\0\1a\0octet");
	EXPECT_REQUEST("/x y\\z%20", none, "\0\1/x y\\z%20\0octet");
	EXPECT_REQUEST("a", all, "\0\1a\0octet\0tsize\0000\0blksize\0001468\0windowsize\00016");
}

/* RFC 2347: 512 bytes; the longest options of all fit behind the longest name. */
static void a_request_has_its_limit(void **state)
{
	const struct tftp_options none = { 0 }, most = { 65464, 65535, true };
	uint8_t request[TFTP_REQUEST_MAX];
	char name[600];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[TFTP_NAME_MAX - 1] = '\0';
	assert_in_range(tftp_request_write(request, name, &most), TFTP_REQUEST_MAX - 1,
			TFTP_REQUEST_MAX);
	assert_memory_equal(request + TFTP_REQUEST_MAX - 1 - 6, "65535", 6);
	memset(name, 'a', sizeof(name));
	name[TFTP_REQUEST_MAX - 2 - 1 - 6] = '\0';
	assert_int_equal(tftp_request_write(request, name, &none), 0);
	assert_int_equal(tftp_request_write(request, name + 1, &none), TFTP_REQUEST_MAX - 1);
}

/* A copy that ends where ASan looks. */
static bool read_oack(const char *bytes, size_t len, struct tftp_options asked,
		      struct tftp_options *got, uint64_t *size)
{
	uint8_t *copy = malloc(2 + len);
	bool good;

	assert_non_null(copy);
	copy[0] = 0;
	copy[1] = 6;
	memcpy(copy + 2, bytes, len);
	good = tftp_oack_read((struct span){ copy, 2 + (uint32_t)len }, &asked, got, size);
	free(copy);
	return good;
}

static const struct tftp_options asked = { 1468, 16, true };

static void accepts(const char *bytes, size_t len, uint16_t blksize, uint16_t windowsize,
		    uint64_t size)
{
	struct tftp_options got;
	uint64_t said;

	assert_true(read_oack(bytes, len, asked, &got, &said));
	assert_int_equal(got.blksize, blksize);
	assert_int_equal(got.windowsize, windowsize);
	assert_true(said == size);
	assert_int_equal(got.tsize, size != TFTP_SIZE_UNKNOWN);
}
#define ACCEPTS(bytes, ...) accepts(bytes, sizeof(bytes), __VA_ARGS__)

/* RFC 2347: any of what was asked for, in any order and case. */
static void answers_that_take_what_was_offered(void **state)
{
	(void)state;
	ACCEPTS("blksize\0001468\0tsize\000123456\0windowsize\00016", 1468, 16, 123456);
	ACCEPTS("WindowSize\0001\0BLKSIZE\0008", 8, 1, TFTP_SIZE_UNKNOWN);
	ACCEPTS("tsize\0000", 0, 0, 0);
	ACCEPTS("tsize\00018446744073709551614", 0, 0, UINT64_MAX - 1);
	ACCEPTS("blksize\0000512", 512, 0, TFTP_SIZE_UNKNOWN);
	accepts("", 0, 0, 0, TFTP_SIZE_UNKNOWN); /* none of them */
}

/* [TFTP-05] [SEC-05] */
static void answers_that_break_the_rules(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
#define CASE(bytes) { bytes, sizeof(bytes) }
		CASE("blksize\0001469"),
		CASE("blksize\0007"),
		CASE("blksize\00067004"),                /* 1468 in 16 bits */
		CASE("blksize\00018446744073709553084"), /* and in 64 */
		CASE("windowsize\00017"),
		CASE("windowsize\0000"),
		CASE("windowsize\00065552"),
		CASE("tsize\00018446744073709551616"),
		CASE("tsize\00018446744073709551615"), /* our own sign for none */
		CASE("tsize\00099999999999999999999999999"),
		CASE("tsize\0-1"),
		CASE("tsize\0001k"),
		CASE("tsize\0 1"),
		CASE("tsize\0"),
		CASE("timeout\0001"),
		CASE("multicast\000224.0.0.1,1758,1"),
		CASE("blksize\000512\0blksize\000512"),
		CASE("tsize\0001\0tsize\0001"),
		CASE("\0001"),
		CASE("blksize\000512\0"),
		CASE("blksiz\000512"),
		CASE("blksize2\000512"),
#undef CASE
		{ "blksize\000512", 11 }, /* without the last NUL */
		{ "blksize", 7 },
		{ "blksize", 8 },
		{ "blksize\000512\0x", 13 },
		{ "blksize\000512\0", 13 },
	};
	struct tftp_options got;
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (read_oack(cases[i].bytes, cases[i].len, asked, &got, &size))
			fail_msg("case %zu: %s", i, cases[i].bytes);
}

/* [TFTP-05] An answer to a request without options takes none. */
static void what_was_not_asked_for_is_not_taken(void **state)
{
	const struct tftp_options none = { 0 }, only_size = { 0, 0, true };
	struct tftp_options got;
	uint64_t size;

	(void)state;
	assert_false(read_oack("blksize\000512", 12, none, &got, &size));
	assert_false(read_oack("blksize\000512", 12, only_size, &got, &size));
	assert_false(read_oack("windowsize\0001", 13, only_size, &got, &size));
	assert_false(read_oack("tsize\0001", 8, none, &got, &size));
	assert_true(read_oack("tsize\0001", 8, only_size, &got, &size));
}

static void expect_error(const char *bytes, size_t len, uint16_t code, const char *text)
{
	uint8_t *copy = malloc(len);
	char said[TFTP_TEXT_MAX];

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	assert_int_equal(tftp_opcode((struct span){ copy, (uint32_t)len }), TFTP_ERROR);
	assert_int_equal(tftp_error_read((struct span){ copy, (uint32_t)len }, said), code);
	assert_string_equal(said, text);
	free(copy);
}

/* [TFTP-13] [SEC-10] Their text may lack its NUL, be too long, or steer a console. */
static void errors(void **state)
{
	uint8_t error[TFTP_HEADER_LEN + TFTP_TEXT_MAX];
	char longest[4 + 300] = "\0\5\0\1", text[300];

	(void)state;
	expect_error("\0\5\0\1File not found", 19, 1, "File not found");
	expect_error("\0\5\0\1File not found", 18, 1, "File not found");
	expect_error("\0\5\xff\xff", 4, 65535, "");
	expect_error("\0\5\0\0a\0b", 8, 0, "a");
	expect_error("\0\5\0\0\x1b[2J\xc3\xa9\n", 11, 0, "?[2J???");
	memset(longest + 4, 'x', 300);
	memset(text, 'x', sizeof(text));
	text[TFTP_TEXT_MAX - 1] = '\0';
	expect_error(longest, sizeof(longest), 1, text);
	assert_int_equal(tftp_error_write(error, TFTP_UNKNOWN_ID, "who?"), 9);
	assert_memory_equal(error, "\0\5\0\5who?", 9);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(tftp_error_write(error, TFTP_UNKNOWN_ID, text), sizeof(error));
}

static void short_and_foreign_packets(void **state)
{
	static const uint8_t bytes[] = { 0, 3, 0, 1 };

	(void)state;
	for (uint32_t len = 0; len < 4; len++)
		assert_int_equal(tftp_opcode((struct span){ bytes, len }), 0);
	assert_int_equal(tftp_opcode((struct span){ bytes, 4 }), TFTP_DATA);
	assert_int_equal(tftp_opcode((struct span){ (const uint8_t *)"\0\5\0", 3 }), 0);
	assert_int_equal(tftp_opcode((struct span){ (const uint8_t *)"\0\6", 2 }), TFTP_OACK);
	for (unsigned opcode = 0; opcode < 65536; opcode++) {
		uint8_t packet[4] = { (uint8_t)(opcode >> 8), (uint8_t)opcode, 0, 1 };
		bool ours = opcode == 3 || opcode == 5 || opcode == 6;

		assert_int_equal(tftp_opcode((struct span){ packet, 4 }), ours ? opcode : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(a_request_has_its_limit),
		cmocka_unit_test(answers_that_take_what_was_offered),
		cmocka_unit_test(answers_that_break_the_rules),
		cmocka_unit_test(what_was_not_asked_for_is_not_taken),
		cmocka_unit_test(errors),
		cmocka_unit_test(short_and_foreign_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
