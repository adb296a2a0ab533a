/* SPDX-License-Identifier: BSD-2-Clause */
/* core/sha256.c: known answers of FIPS 180-4's examples (NIST CSRC), and the digest's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/sha256.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

static void assert_digest(const void *data, size_t len, const char *expected)
{
	uint8_t digest[SHA256_LEN];
	char text[SHA256_HEX_LEN];
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, data, len);
	sha256_final(&s, digest);
	assert_string_equal(sha256_text(text, digest), expected);
}

static void known_answers(void **state)
{
	(void)state;
	assert_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_digest(two_blocks, 56,
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	assert_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		      "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		      112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void a_million_letters(void **state)
{
	static const char expected[] =
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
	uint8_t digest[SHA256_LEN];
	char text[SHA256_HEX_LEN];
	char letters[1000];
	struct sha256 s;

	(void)state;
	memset(letters, 'a', sizeof(letters));
	sha256_init(&s);
	for (int i = 0; i < 1000; i++)
		sha256_update(&s, letters, sizeof(letters));
	sha256_final(&s, digest);
	assert_string_equal(sha256_text(text, digest), expected);
}

/* Around the end of a block and of the padding; the answers are those of coreutils. */
static void lengths_at_the_edge_of_a_block(void **state)
{
	static const struct {
		size_t len;
		const char *digest;
	} zeros[] = {
		{ 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7" },
		{ 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb" },
		{ 63, "c7723fa1e0127975e49e62e753db53924c1bd84b8ac1ac08df78d09270f3d971" },
		{ 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b" },
		{ 65, "98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7" },
	};
	static const uint8_t data[65];

	(void)state;
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
		assert_digest(data, zeros[i].len, zeros[i].digest);
}

static void it_does_not_matter_how_the_data_is_cut(void **state)
{
	uint8_t data[300], whole[SHA256_LEN], parts[SHA256_LEN];
	struct sha256 s;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	sha256_init(&s);
	sha256_update(&s, data, sizeof(data));
	sha256_final(&s, whole);
	for (size_t step = 1; step < 140; step++) {
		sha256_init(&s);
		for (size_t i = 0; i < sizeof(data); i += step)
			sha256_update(&s, data + i,
				      sizeof(data) - i < step ? sizeof(data) - i : step);
		sha256_update(&s, data, 0);
		sha256_final(&s, parts);
		assert_memory_equal(parts, whole, SHA256_LEN);
	}
}

static void reads_a_digest_of_either_case(void **state)
{
	static const char lower[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	static const char upper[] =
		"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
	uint8_t a[SHA256_LEN], b[SHA256_LEN];
	char text[SHA256_HEX_LEN];

	(void)state;
	assert_true(sha256_parse(lower, 64, a));
	assert_true(sha256_parse(upper, 64, b));
	assert_memory_equal(a, b, SHA256_LEN);
	assert_string_equal(sha256_text(text, a), lower);
}

static void refuses_what_is_no_digest(void **state)
{
	char text[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0";
	uint8_t digest[SHA256_LEN], untouched[SHA256_LEN];

	(void)state;
	memset(digest, 0x5a, sizeof(digest));
	memset(untouched, 0x5a, sizeof(untouched));
	assert_false(sha256_parse(text, 0, digest));
	assert_false(sha256_parse(text, 63, digest));
	assert_false(sha256_parse(text, 65, digest));
	text[63] = 'g';
	assert_false(sha256_parse(text, 64, digest));
	assert_memory_equal(digest, untouched, SHA256_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(a_million_letters),
		cmocka_unit_test(lengths_at_the_edge_of_a_block),
		cmocka_unit_test(it_does_not_matter_how_the_data_is_cut),
		cmocka_unit_test(reads_a_digest_of_either_case),
		cmocka_unit_test(refuses_what_is_no_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
