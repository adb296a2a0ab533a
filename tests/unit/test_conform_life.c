/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform over a model device that dies, for good or for a while, or that only one
 * configuration is too much for: nothing is good of what is not there.
 */
#include <stdio.h>

#include "core/clock.h"
#include "core/wire.h"
#include "drivers/virtio_net.h"
#include "drivers/vnet.h"
#include "tests/unit/conform_lab.h"

#define STATUS_AT 6
#define LINK_UP 1
#define DRIVER_OK VIRTIO_CONFIG_S_DRIVER_OK

/* How a device dies. */
static struct death {
	unsigned descriptors; /* at a receive buffer of so many; 0: of none */
	unsigned life;   /* in the configuration that sets DRIVER_OK for the n-th time, from 1 */
	uint32_t for_ms; /* then it comes back; 0: never */
	bool wordless;   /* the link does not say so */
	/* Instead: whether this configuration, whenever it comes, is beyond the device. */
	bool (*is_beyond)(const struct device *d);
} death;
static unsigned lives;
static bool dead;
static uint64_t ring;
static uint32_t died_ms;

static void set_link(struct neighbour *n, bool up)
{
	if (!death.wordless)
		device_config_change(&n->device, STATUS_AT, up ? LINK_UP : 0);
	n->silent = !up;
}

/* Descriptors of the first buffer in the receive queue. */
static unsigned chain_len(const struct device *d)
{
	const uint8_t *table = hosted_dma(d->queue[0].desc, 16);
	unsigned n = 1;

	while (table && get_le16(table + 16 * (n - 1) + 12) & 1 && n < 4)
		n++;
	return table ? n : 0;
}

/* Each configuration has its rings elsewhere. */
static bool begins(const struct device *d)
{
	bool is_new = d->status & DRIVER_OK && d->queue[0].desc != ring;

	if (is_new)
		ring = d->queue[0].desc;
	return is_new;
}

/* Bytes of the first piece of the first buffer in the receive queue. */
static uint32_t piece_len(const struct device *d)
{
	const uint8_t *table = hosted_dma(d->queue[0].desc, 16);

	return table ? get_le32(table + 8) : 0;
}

/* as-skiff */
static bool has_the_largest_buffers(const struct device *d)
{
	return piece_len(d) > 60000;
}

/* minimal, queue-smallest */
static bool has_headers_of_their_own(const struct device *d)
{
	return piece_len(d) == VNET_HEADER_LEN;
}

static void be_deaf_sometimes(struct neighbour *n)
{
	if (begins(&n->device))
		n->silent = death.is_beyond(&n->device);
}

static void live_and_die(struct neighbour *n)
{
	if (begins(&n->device) && !dead &&
	    (++lives == death.life ||
	     (death.descriptors && chain_len(&n->device) >= death.descriptors))) {
		dead = true;
		died_ms = clock_now_ms();
		set_link(n, false);
	}
	if (dead && death.for_ms && clock_reached(clock_now_ms(), died_ms + death.for_ms)) {
		dead = false;
		set_link(n, true);
	}
}

static struct neighbour *mortal(struct death how)
{
	struct neighbour *n = neighbour_new();

	death = how;
	lives = 0;
	dead = false;
	ring = 0;
	device_config_change(&n->device, STATUS_AT, LINK_UP);
	n->on_idle = how.is_beyond ? be_deaf_sometimes : live_and_die;
	return n;
}

/* [DEV-57] [DEV-58] */
static void a_device_that_dies_of_a_chain(void **state)
{
	struct neighbour *n = mortal((struct death){ .descriptors = 2 });

	(void)state;
	assert_ends(n, "DEV-57 DEV-58 ", VERDICT_BROKEN);
	assert_true(neighbour_tells(n, "Bail out! in [minimal] the link fell"));
	/* What takes one descriptor was looked at before. */
	assert_true(neighbour_says(n, "ok ", "DEV-40", "[reset-in-flight]"));
	assert_true(neighbour_says(n, "not ok", "DEV-57", "[minimal]"));
	assert_false(neighbour_says(n, "ok ", "DEV-40", "[minimal]"));
	assert_false(neighbour_says(n, "ok ", "DEV-20", "[queue-smallest]"));
}

/* [DEV-57] */
static void only_makes_no_exception(void **state)
{
	struct neighbour *n = mortal((struct death){ .descriptors = 2 });

	(void)state;
	n->keys = (const char *const[]){ "only", "minimal", NULL };
	assert_ends(n, "DEV-57 DEV-58 ", VERDICT_BROKEN);
	n = mortal((struct death){ .descriptors = 2 });
	n->keys = (const char *const[]){ "only", "minimal,DEV-40", NULL };
	assert_ends(n, "", VERDICT_UNTESTED);
	assert_true(neighbour_tells(n, "Bail out! in [minimal] the link fell"));
}

static void a_device_that_dies_without_a_word(void **state)
{
	struct neighbour *n = mortal((struct death){ .descriptors = 2, .wordless = true });

	(void)state;
	assert_ends(n, "", VERDICT_UNTESTED);
	assert_true(neighbour_tells(n, "Bail out! no frame came in [minimal], nor in ["));
	assert_false(neighbour_says(n, "ok ", "DEV-40", "[minimal]"));
}

/* [DEV-57] */
static void a_configuration_that_does_not_work(void **state)
{
	struct neighbour *n = mortal((struct death){ .is_beyond = has_headers_of_their_own });

	(void)state;
	assert_ends(n, "DEV-57 ", VERDICT_BROKEN);
	assert_true(neighbour_says(n, "not ok", "DEV-57", "[minimal]"));
	assert_true(
		neighbour_tells(n, "nor when it was tried again; in [before-driver-ok] they did"));
	assert_true(neighbour_tells(
		n, "negotiated: | 0x100000000 VERSION_1 repeat: | only=DEV-57,minimal"));
	assert_null(strstr(hosted_output(), "Bail out!"));
	assert_true(neighbour_says(n, "ok ", "DEV-57", "[one-descriptor]"));
}

/* The first one, before any has worked. [DEV-57] */
static void a_first_configuration_that_does_not_work(void **state)
{
	struct neighbour *n = mortal((struct death){ .is_beyond = has_the_largest_buffers });

	(void)state;
	assert_ends(n, "DEV-57 ", VERDICT_BROKEN);
	assert_true(neighbour_says(n, "not ok", "DEV-57", "[as-skiff]"));
	assert_true(neighbour_says(n, "ok ", "DEV-57", "[minimal]"));
}

/* A silence that passes is nobody's fault, whichever configuration it comes in. */
static void a_configuration_that_works_the_second_time(void **state)
{
	static const char *const names[] = { "", "[as-skiff]", "[one-descriptor]" };

	(void)state;
	for (unsigned life = 1; life <= 2; life++) {
		struct neighbour *n = mortal(
			(struct death){ .life = life, .for_ms = 2200, .wordless = true });

		assert_ends(n, "", VERDICT_GOOD);
		assert_null(strstr(hosted_output(), "Bail out!"));
		assert_true(neighbour_says(n, "ok ", "DEV-57", names[life]));
	}
}

/* [DEV-57] [DEV-58] */
static void a_device_that_comes_back(void **state)
{
	struct neighbour *n = mortal((struct death){ .life = 2, .for_ms = 1500 });

	(void)state;
	assert_ends(n, "DEV-57 DEV-58 ", VERDICT_BROKEN);
	assert_null(strstr(hosted_output(), "Bail out!"));
	assert_true(neighbour_says(n, "ok ", "DEV-57", "[minimal]"));
}

/* [DEV-58] */
static void a_link_that_flaps_is_reported_only(void **state)
{
	struct neighbour *n = mortal((struct death){ .life = 2, .for_ms = 300 });

	(void)state;
	assert_ends(n, "DEV-58 ", VERDICT_GOOD);
	assert_non_null(strstr(hosted_output(), "LINK_UP fell after"));
}

static void a_link_that_never_comes_up(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_config_change(&n->device, STATUS_AT, 0);
	n->keys = (const char *const[]){ "only", "as-skiff", NULL };
	assert_ends(n, "", VERDICT_UNTESTED);
	assert_true(neighbour_tells(n, "Bail out! not one frame came back: the link is down"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_dies_of_a_chain),
		cmocka_unit_test(only_makes_no_exception),
		cmocka_unit_test(a_device_that_dies_without_a_word),
		cmocka_unit_test(a_configuration_that_does_not_work),
		cmocka_unit_test(a_first_configuration_that_does_not_work),
		cmocka_unit_test(a_configuration_that_works_the_second_time),
		cmocka_unit_test(a_device_that_comes_back),
		cmocka_unit_test(a_link_that_flaps_is_reported_only),
		cmocka_unit_test(a_link_that_never_comes_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
