/* SPDX-License-Identifier: BSD-2-Clause */
/* skiff-conform's knobs, its limit, and what it records, over the model device. */

#include "core/clock.h"
#include "core/wire.h"
#include "tests/unit/conform_lab.h"

/* --- only, and keys that are none ------------------------------------------------------------ */

static void only_one_row_of_one_configuration(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->keys = (const char *const[]){ "only", "minimal DEV-40", "seed", "7", NULL };
	assert_finds(n, "");
	assert_non_null(strstr(hosted_output(),
			       "ok 1 - DEV-40 flags are 0 on every frame [minimal]\n1..1\n"));
	assert_non_null(strstr(hosted_output(), "seed=0x7"));
}

static void a_mistyped_knob_bails_out(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->keys = (const char *const[]){ "onyl", "DEV-40", NULL };
	assert_finds(n, "");
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
	assert_non_null(strstr(hosted_output(), "Bail out! test: there is no key \"onyl\""));
}

/* --- limit ----------------------------------------------------------------------------------- */

/* What was seen until then is told, and what was not. */
static void a_limit_ends_with_a_summary(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->silent = true;
	n->keys = (const char *const[]){ "limit", "1", NULL };
	assert_finds(n, "");
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
	assert_true(clock_now_ms() - n->conform.report.started_ms < 1200);
	assert_true(neighbour_says(n, "ok ", "DEV-13", "[as-skiff]"));
	assert_false(neighbour_says(n, "ok ", "DEV-40", "[as-skiff]"));
	assert_non_null(strstr(hosted_output(), "not reached: no-csum one-descriptor"));
	assert_true(neighbour_tells(
		n, "packed-smallest feature-late pci-cfg interrupts framing legacy"));
	assert_non_null(strstr(hosted_output(), "\n1.."));
	assert_non_null(strstr(hosted_output(), "Bail out! the limit of 1 s was reached"));
}

static void a_limit_that_is_not_reached_changes_nothing(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->keys = (const char *const[]){ "limit", "60", NULL };
	assert_good(n);
	assert_null(strstr(hosted_output(), "not reached"));
}

static void a_limit_is_a_number(void **state)
{
	static const char *const wrong[] = { "0", "-1", "x", "", "86401", "99999999999999999999" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		struct neighbour *n = neighbour_new();
		const char *keys[] = { "limit", wrong[i], NULL };

		n->keys = keys;
		assert_finds(n, "");
		assert_int_equal(n->verdict, VERDICT_UNTESTED);
		assert_non_null(strstr(hosted_output(), "limit is a number of seconds"));
	}
}

/* --- record ---------------------------------------------------------------------------------- */

/* Whole blocks, and of each received frame one. */
static void what_passes_is_recorded(void **state)
{
	struct neighbour *n = neighbour_new();
	unsigned interfaces = 0, received = 0, sent = 0;
	const uint8_t *at;
	size_t len;

	(void)state;
	n->records = true;
	n->keys = (const char *const[]){ "only", "as-skiff,no-csum,mrg-64", NULL };
	assert_good(n);
	at = neighbour_record(&len);
	assert_in_range(len, 1000, 1 << 20);
	assert_int_equal(get_le32(at), 0x0a0d0d0a);
	for (const uint8_t *end = at + len; at < end; at += len) {
		len = get_le32(at + 4);
		assert_true(len % 4 == 0 && len >= 12 && len <= (size_t)(end - at));
		assert_int_equal(get_le32(at + len - 4), len);
		interfaces += get_le32(at) == 1;
		if (get_le32(at) != 6)
			continue;
		assert_int_equal(get_le32(at + 8), interfaces - 1);
		assert_memory_equal(at + 28 + ((get_le32(at + 20) + 3) & ~3u) + 4, "flags=0 ", 8);
		received += get_le32(at + len - 12) == 1;
		sent += get_le32(at + len - 12) == 2;
	}
	assert_int_equal(received, n->conform.frames);
	assert_int_equal(interfaces, n->conform.tried);
	assert_true(sent >= received);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_row_of_one_configuration),
		cmocka_unit_test(a_mistyped_knob_bails_out),
		cmocka_unit_test(a_limit_ends_with_a_summary),
		cmocka_unit_test(a_limit_that_is_not_reached_changes_nothing),
		cmocka_unit_test(a_limit_is_a_number),
		cmocka_unit_test(what_passes_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
