/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform where it comes to its own bounds: small queues, an end of time in the middle of a
 * question, answers to an earlier one, frames that answer nothing. No row is broken by any of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/wire.h"
#include "tests/conform/features.h"
#include "tests/model/neighbour.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

#define DRIVER_OK VIRTIO_CONFIG_S_DRIVER_OK
#define LATE_MS 40

/* Lives of the device, each of which has its rings elsewhere. */
static unsigned lives;
static uint64_t ring;

static struct neighbour *neighbour_with(void (*on_idle)(struct neighbour *n),
					const char *const *keys)
{
	struct neighbour *n = neighbour_new();

	lives = 0;
	ring = 0;
	n->on_idle = on_idle;
	n->keys = keys;
	return n;
}

static void assert_finds(struct neighbour *n, const char *rows, enum verdict verdict)
{
	neighbour_run(n);
	if (strcmp(neighbour_broken(n), rows) != 0 || n->verdict != verdict)
		fputs(hosted_output(), stderr);
	assert_string_equal(neighbour_broken(n), rows);
	assert_int_equal(n->verdict, verdict);
	assert_int_equal(hosted_dma_live(), 0);
}

/* --- queues -------------------------------------------------------------------------------- */

static void set_queues(struct neighbour *n, uint16_t size)
{
	for (unsigned i = 0; i < DEVICE_QUEUES; i++)
		n->device.queue[i].max = n->device.queue[i].size = size;
}

/* A buffer of three descriptors has no room in them; one of two has. */
static void queues_of_two_entries(void **state)
{
	struct neighbour *n = neighbour_with(NULL, NULL);

	(void)state;
	set_queues(n, 2);
	assert_finds(n, "", VERDICT_GOOD);
	assert_true(neighbour_says(n, "ok ", "DEV-78", "[framing]"));
	assert_false(neighbour_says(n, "ok ", "DEV-78", "# SKIP"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_of_two_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
