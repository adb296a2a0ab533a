/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform where it comes to its own bounds: small queues, an end of time in the middle of a
 * question, answers to an earlier one, frames that answer nothing, resets without an end. No row is
 * broken by any of it that it does not prove.
 */
#include <stdio.h>

#include "core/clock.h"
#include "core/wire.h"
#include "tests/conform/features.h"
#include "tests/unit/conform_lab.h"

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
	assert_ends(n, "", VERDICT_GOOD);
	assert_true(neighbour_says(n, "ok ", "DEV-78", "[framing]"));
	assert_false(neighbour_says(n, "ok ", "DEV-78", "# SKIP"));
}

/* --- buffers ------------------------------------------------------------------------------- */

#define HELD_MS 1300 /* longer than four questions are waited for */

static uint32_t held_since_ms;

/* Its neighbour has acknowledged a segment: from then on the device takes none for a while. */
static void hold_segments(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	(void)device_receive(&n->device, NULL, frame, len);
	if (get_be16(frame + 12) != 0x0800 || frame[14 + 9] != 6 || held_since_ms)
		return;
	held_since_ms = clock_now_ms();
	n->device.queue[1].hold = true;
}

static void release_segments(struct neighbour *n)
{
	if (!n->device.queue[1].hold || !clock_reached(clock_now_ms(), held_since_ms + HELD_MS))
		return;
	n->device.queue[1].hold = false;
	device_transmit(&n->device);
}

/*
 * [DEV-76] [DEV-77]: the queue has two buffers, both with questions that nobody answers, and none
 * for the third, of which nothing is told before it is asked.
 */
static void a_segment_that_has_to_wait(void **state)
{
	struct neighbour *n = neighbour_with(release_segments,
					     (const char *const[]){ "only", "tx-offload", NULL });

	(void)state;
	held_since_ms = 0;
	n->device.queue[1].max = n->device.queue[1].size = 2;
	device_offer(&n->device, VIRTIO_NET_F_CSUM);
	device_offer(&n->device, VIRTIO_NET_F_HOST_TSO4);
	n->deliver = hold_segments;
	assert_ends(n, "DEV-76 ", VERDICT_BROKEN);
	assert_true(neighbour_says(n, "ok ", "DEV-77", "[tx-offload]"));
	assert_false(neighbour_says(n, "ok ", "DEV-77", "# SKIP"));
	assert_true(clock_reached(clock_now_ms(), held_since_ms + HELD_MS));
}

/* --- time ---------------------------------------------------------------------------------- */

/* Whether one begins. */
static bool begins(const struct device *d)
{
	bool is_new = d->status & DRIVER_OK && d->queue[0].desc != ring;

	if (is_new) {
		ring = d->queue[0].desc;
		lives++;
	}
	return is_new;
}

static unsigned silent_from; /* the life from which on nobody answers */

static void be_silent(struct neighbour *n)
{
	(void)begins(&n->device);
	n->silent = lives >= silent_from;
}

/* What the silence is about is not told, as there was no time for an answer. */
static struct neighbour *limited(unsigned life, const char *only, const char *limit)
{
	static const char *keys[] = { "only", NULL, "limit", NULL, NULL };

	silent_from = life;
	keys[1] = only;
	keys[3] = limit;
	return neighbour_with(be_silent, keys);
}

static void assert_limit_alone(struct neighbour *n, const char *scene)
{
	assert_ends(n, "", VERDICT_UNTESTED);
	assert_true(lives >= silent_from);
	assert_true(neighbour_tells(n, "Bail out! the limit of "));
	assert_false(neighbour_says(n, "ok ", "DEV-57", scene));
	assert_false(neighbour_says(n, "ok ", "DEV-78", scene));
}

/* In the second life nobody has answered yet when the time is up. */
static void a_limit_inside_a_probe(void **state)
{
	(void)state;
	assert_limit_alone(limited(2, "framing", "1"), "[framing]");
}

/* Nor in the third, which is to tell whether the device has outlived the probe. */
static void a_limit_behind_a_probe(void **state)
{
	struct neighbour *n = limited(3, "feature-late", "1");

	(void)state;
	assert_limit_alone(n, "[feature-late]");
	assert_true(neighbour_says(n, "ok ", "DEV-65", "[feature-late]"));
}

/* While a configuration that has worked is tried again, for one that has not. */
static void a_limit_inside_a_proof_of_life(void **state)
{
	(void)state;
	assert_limit_alone(limited(2, "as-skiff one-descriptor", "3"), "[one-descriptor]");
}

/* --- answers ------------------------------------------------------------------------------- */

static void offer_control(struct neighbour *n)
{
	device_offer(&n->device, VIRTIO_NET_F_CTRL_VQ);
	device_offer(&n->device, VIRTIO_NET_F_CTRL_RX);
	device_offer(&n->device, VIRTIO_NET_F_CTRL_MAC_ADDR);
	device_offer(&n->device, VIRTIO_NET_F_MQ);
}

/* A frame of no meaning every few milliseconds, to everybody. */
static void broadcast(struct neighbour *n)
{
	uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, [12] = 0x88, 0xb5 };

	if (clock_now_ms() % 7 == 0)
		(void)device_receive(&n->device, NULL, frame, sizeof(frame));
}

/* [DEV-74]: who has answered an echo request answers the next, and broadcasts are no answers. */
static void broadcasts_are_no_answers(void **state)
{
	struct neighbour *n = neighbour_with(
		broadcast, (const char *const[]){ "only", "DEV-74,control", NULL });

	(void)state;
	offer_control(n);
	assert_ends(n, "", VERDICT_GOOD);
	assert_true(neighbour_says(n, "ok ", "DEV-74", "[control]"));
	assert_false(neighbour_says(n, "ok ", "DEV-74", "# SKIP"));
}

/* [DEV-78]: the same where each life is asked one question. */
static void broadcasts_excuse_no_framing(void **state)
{
	struct neighbour *n = neighbour_with(
		broadcast, (const char *const[]){ "only", "DEV-78,framing", NULL });

	(void)state;
	n->device.faults = DEVICE_FAULT(FAULT_HEADER_WHOLE);
	assert_ends(n, "DEV-78 ", VERDICT_BROKEN);
	assert_true(neighbour_tells(n, "frames that are transmitted in pieces of 5, 7 and"));
}

/* Where nobody answers echo requests any frame will do. */
static void broadcasts_are_answers_of_who_is_silent(void **state)
{
	struct neighbour *n = neighbour_with(
		broadcast, (const char *const[]){ "only", "DEV-78,framing", NULL });

	(void)state;
	n->silent = true;
	assert_ends(n, "", VERDICT_GOOD);
	assert_true(neighbour_says(n, "ok ", "DEV-78", "[framing]"));
	assert_false(neighbour_says(n, "ok ", "DEV-78", "# SKIP"));
	assert_true(clock_now_ms() - n->conform.report.started_ms < 5000);
}

/* --- late ---------------------------------------------------------------------------------- */

static struct {
	uint8_t bytes[DEVICE_FRAME_MAX];
	uint32_t len, due_ms; /* len 0: there is none */
} again;

/* Each echo reply comes twice: at once, and late. */
static void deliver_twice(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	(void)device_receive(&n->device, NULL, frame, len);
	if (get_be16(frame + 12) != 0x0800 || frame[14 + 9] != 1)
		return;
	memcpy(again.bytes, frame, len);
	again.len = len;
	again.due_ms = clock_now_ms() + LATE_MS;
}

static void deliver_late(struct neighbour *n)
{
	if (!again.len || !clock_reached(clock_now_ms(), again.due_ms))
		return;
	if (!device_passes(&n->device, again.bytes) ||
	    device_receive(&n->device, NULL, again.bytes, again.len))
		again.len = 0;
}

static struct neighbour *slow(const char *const *keys)
{
	struct neighbour *n = neighbour_with(deliver_late, keys);

	again.len = 0;
	n->deliver = deliver_twice;
	return n;
}

/* [DEV-74]: what comes late is for the device's own address. */
static void a_late_answer_for_another_address(void **state)
{
	struct neighbour *n = slow((const char *const[]){ "only", "DEV-74,control", NULL });

	(void)state;
	offer_control(n);
	assert_ends(n, "", VERDICT_GOOD);
	assert_true(neighbour_says(n, "ok ", "DEV-74", "[control]"));
	assert_false(neighbour_says(n, "ok ", "DEV-74", "# SKIP"));
}

/* [DEV-78]: the first life without an answer is found, although one of the life before arrives. */
static void a_late_answer_of_an_earlier_life(void **state)
{
	struct neighbour *n = slow((const char *const[]){ "only", "framing", NULL });

	(void)state;
	n->device.faults = DEVICE_FAULT(FAULT_HEADER_WHOLE);
	assert_ends(n, "DEV-78 ", VERDICT_BROKEN);
	assert_true(neighbour_tells(n, "frames that are transmitted in pieces of 5, 7 and"));
}

/* --- lifetimes ----------------------------------------------------------------------------- */

/* Nothing of a probe outlives it, even if nobody opens the station again. */
static void a_station_outlives_its_probes(void **state)
{
	static const char *const names[] = { "pci-cfg", "control", "interrupts" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct neighbour *n = limited(2, names[i], "1");

		offer_control(n);
		assert_ends(n, "", VERDICT_UNTESTED);
		assert_true(lives >= 2);
		assert_ptr_equal(n->conform.station.v, &n->conform.modern);
		assert_null(n->conform.station.meddle_ctx);
	}
}

/* --- resets that do not end ---------------------------------------------------------------- */

/* In the second life nobody answers, and it has no end. */
static void be_stuck(struct neighbour *n)
{
	(void)begins(&n->device);
	if (lives < 2)
		return;
	n->silent = true;
	n->device.reset_reads = DEVICE_RESET_NEVER;
}

/* [DEV-10]: of a life that was not brought to its end nothing is told. */
static void a_reset_without_an_end_is_no_silence(void **state)
{
	static const char *const names[] = { "framing", "pci-cfg" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		const char *keys[] = { "only", names[i], NULL };

		assert_ends(neighbour_with(be_stuck, keys), "DEV-10 ", VERDICT_BROKEN);
	}
}

/* The first framing is too much for the device; the next life has no end. */
static void ask_for_a_reset_and_be_stuck(struct neighbour *n)
{
	if (begins(&n->device) && (lives == 2 || lives == 3)) {
		n->silent = true;
		n->device.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	}
	if (lives == 4)
		n->device.reset_reads = DEVICE_RESET_NEVER;
}

static void each_failure_has_its_own_sentence(void **state)
{
	struct neighbour *n = neighbour_with(ask_for_a_reset_and_be_stuck,
					     (const char *const[]){ "only", "framing", NULL });

	(void)state;
	assert_ends(n, "DEV-10 DEV-78 ", VERDICT_BROKEN);
	assert_true(neighbour_tells(n, "it does. the device has stopped working (status 0x"));
	assert_true(neighbour_tells(n, "Bail out! the device did not finish its reset"));
}

/* --- evidence ------------------------------------------------------------------------------ */

/* [DEV-72]: the life without MAC and with MQ, although one of other features came after it. */
static void evidence_has_the_features_of_its_life(void **state)
{
	struct neighbour *n = neighbour_with(NULL,
					     (const char *const[]){ "only", "control", NULL });

	(void)state;
	offer_control(n);
	n->device.faults = DEVICE_FAULT(FAULT_CONTROL_OK);
	assert_ends(n, "DEV-72 ", VERDICT_GOOD);
	assert_true(neighbour_tells(n, "negotiated: | 0x100c60000 CTRL_VQ CTRL_RX MQ "
				       "CTRL_MAC_ADDR VERSION_1 repeat: |"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_of_two_entries),
		cmocka_unit_test(a_segment_that_has_to_wait),
		cmocka_unit_test(a_limit_inside_a_probe),
		cmocka_unit_test(a_limit_behind_a_probe),
		cmocka_unit_test(a_limit_inside_a_proof_of_life),
		cmocka_unit_test(broadcasts_are_no_answers),
		cmocka_unit_test(broadcasts_excuse_no_framing),
		cmocka_unit_test(broadcasts_are_answers_of_who_is_silent),
		cmocka_unit_test(a_late_answer_for_another_address),
		cmocka_unit_test(a_late_answer_of_an_earlier_life),
		cmocka_unit_test(a_station_outlives_its_probes),
		cmocka_unit_test(a_reset_without_an_end_is_no_silence),
		cmocka_unit_test(each_failure_has_its_own_sentence),
		cmocka_unit_test(evidence_has_the_features_of_its_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
