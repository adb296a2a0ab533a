/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The computation of SHA-256: the C version by FIPS 180-4's example, and against it on a 32-bit x86
 * the ROM's assembly, and that by the processor's own instructions where the host's has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/sha256.h"

#define BLOCKS_MAX 9
#define SHIFT_MAX 8

#ifdef __i386__
__attribute__((regparm(3))) /* as the ROM is compiled */
void x86_sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks);

static void assembly(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	x86_sha256_blocks(state, data, blocks);
}
#endif

#if defined(__i386__) || defined(__x86_64__)
#include "arch/x86/sha_ni.h"

static void sha_ni(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	sha_ni_blocks(state, data, blocks);
}
#endif

struct implementation {
	const char *name;
	void (*blocks)(uint32_t state[8], const uint8_t *data, size_t blocks);
};

static const struct implementation implementations[] = {
	{ "C", sha256_blocks },
#ifdef __i386__
	{ "assembly", assembly },
#endif
#if defined(__i386__) || defined(__x86_64__)
	{ "SHA-NI", sha_ni }, /* the last: see main() */
#endif
};

static size_t implementations_len = ARRAY_LEN(implementations);

#define EACH(im) \
	for (const struct implementation *im = implementations; \
	     im < implementations + implementations_len; im++)

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state;
}

static void fill(void *to, size_t len)
{
	uint8_t *p = to;

	while (len-- > 0)
		*p++ = (uint8_t)(next_random() >> 24);
}

/* FIPS 180-4, the example of one block: "abc", padded. */
static void the_example_of_one_block(void **state)
{
	static const uint32_t want[8] = {
		0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
		0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad,
	};
	uint8_t block[64] = { 'a', 'b', 'c', 0x80, [63] = 24 };
	struct sha256 s;

	(void)state;
	EACH(im)
	{
		sha256_init(&s);
		im->blocks(s.state, block, 1);
		assert_memory_equal(s.state, want, sizeof(want));
	}
}

/* The data ends where its memory ends: AddressSanitizer sees what is read behind it. */
static void any_state_and_number_of_blocks_at_any_alignment(void **state)
{
	uint32_t from[8], want[8], got[8];

	(void)state;
	for (size_t blocks = 1; blocks <= BLOCKS_MAX; blocks++)
		for (size_t shift = 0; shift < SHIFT_MAX; shift++) {
			uint8_t *memory = malloc(shift + 64 * blocks);
			assert_non_null(memory);
			fill(memory, shift + 64 * blocks);
			fill(from, sizeof(from));
			memcpy(want, from, sizeof(want));
			sha256_blocks(want, memory + shift, blocks);
			EACH(im)
			{
				memcpy(got, from, sizeof(got));
				im->blocks(got, memory + shift, blocks);
				assert_memory_equal(got, want, sizeof(want));
			}
			free(memory);
		}
}

static void ones_everywhere(void **state)
{
	uint32_t want[8], got[8];
	uint8_t ones[64];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	memset(want, 0xff, sizeof(want));
	sha256_blocks(want, ones, 1);
	EACH(im)
	{
		memset(got, 0xff, sizeof(got));
		im->blocks(got, ones, 1);
		assert_memory_equal(got, want, sizeof(want));
	}
}

/* Or the log says that this processor has none. */
static void sha_ni_was_compared_too(void **state)
{
	(void)state;
	if (implementations_len < ARRAY_LEN(implementations))
		skip();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_one_block),
		cmocka_unit_test(any_state_and_number_of_blocks_at_any_alignment),
		cmocka_unit_test(ones_everywhere),
		cmocka_unit_test(sha_ni_was_compared_too),
	};

#if defined(__i386__) || defined(__x86_64__)
	if (!sha_ni_present())
		implementations_len--;
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
