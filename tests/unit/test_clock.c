/* SPDX-License-Identifier: BSD-2-Clause */
/* Points in time that wrap at 2^32 ms, and what waits for them. */
#include <setjmp.h>
#include <stdarg.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"

#include <cmocka.h>

/* [SEC-15] */
static void a_deadline_behind_the_wrap_is_reached_once_and_not_before(void **state)
{
	static const uint32_t starts[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		uint32_t when_ms = starts[i] + 1000;

		assert_false(clock_reached(starts[i], when_ms));
		assert_false(clock_reached(when_ms - 1, when_ms));
		assert_true(clock_reached(when_ms, when_ms));
		assert_true(clock_reached(when_ms + 1, when_ms));
		assert_true(clock_reached(when_ms + 0x7fffffff, when_ms));
	}
}

/* [SEC-15] */
static void the_clock_follows_the_platform_over_the_wrap(void **state)
{
	uint32_t before_ms;

	(void)state;
	hosted_reset();
	hosted_time_advance(0xffffff00u - clock_now_ms());
	before_ms = clock_now_ms();
	hosted_time_advance(0x200);
	assert_int_equal(clock_now_ms() - before_ms, 0x200);
	assert_true(clock_now_ms() < before_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_behind_the_wrap_is_reached_once_and_not_before),
		cmocka_unit_test(the_clock_follows_the_platform_over_the_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
