/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of skiff-conform's runs over the model device share: a run, and what it must find. */
#ifndef TESTS_UNIT_CONFORM_LAB_H
#define TESTS_UNIT_CONFORM_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/model/neighbour.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

/* A run breaks exactly these rows, and leaves the device no memory. Its report is shown if not. */
static inline void assert_finds(struct neighbour *n, const char *rows)
{
	neighbour_run(n);
	if (strcmp(neighbour_broken(n), rows) != 0)
		print_message("%s", hosted_output());
	assert_string_equal(neighbour_broken(n), rows);
	assert_int_equal(hosted_dma_live(), 0);
}

/* The same, and ends so. */
static inline void assert_ends(struct neighbour *n, const char *rows, enum verdict verdict)
{
	assert_finds(n, rows);
	if (n->verdict != verdict)
		print_message("%s", hosted_output());
	assert_int_equal(n->verdict, verdict);
}

/* The same, and the driver has done nothing that the model complains of. */
static inline void assert_finds_content(struct neighbour *n, const char *rows)
{
	assert_finds(n, rows);
	assert_true(device_content(&n->device));
}

static inline void assert_good(struct neighbour *n)
{
	assert_finds_content(n, "");
	assert_int_equal(n->verdict, VERDICT_GOOD);
	assert_in_range(n->conform.frames, 5, 10000);
}

#endif
