/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtio_net_land.c: which devices get landings, and what becomes of frames in them.
 * test_landing.c has what TCP makes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/rig.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define ROOM (1u << 20)
#define FULL 64240
#define PIECE_LEN (65601 + 4 - 12 - 54)
#define FOR_TCP ((uint64_t)1 << VIRTIO_NET_F_GUEST_CSUM | 1 << VIRTIO_NET_F_GUEST_TSO4)
#define INDIRECT (1u << VIRTIO_F_INDIRECT_DESC)
#define PLATFORM ((uint64_t)1 << VIRTIO_F_ACCESS_PLATFORM)

static uint8_t memory[54 + ROOM]; /* the rig looks at the bytes before, too */
static uint8_t *const room = memory + 54;
static struct landing landing;

/* A device that offers these, and a port whose memory is flat or not. */
static struct rig *opened(uint64_t offers, bool flat)
{
	struct rig *r = rig_new();

	hosted_dma_flat((struct extent){ room, flat ? ROOM : 0 });
	for (unsigned bit = 0; bit < 64; bit++)
		if (offers >> bit & 1)
			device_offer(&r->device, bit);
	landing = (struct landing){ room, ROOM, FULL };
	r->options.tso = true;
	r->options.rx_slots = 4;
	assert_int_equal(rig_open(r), 0);
	r->device.no_chains = false;
	return r;
}

/* [SPLIT-05]: all others have one descriptor for a buffer. */
static void only_devices_that_know_chains_and_sums_get_landings(void **state)
{
	static const struct {
		uint64_t offers;
		bool flat, lands;
	} cases[] = {
		{ FOR_TCP | INDIRECT, true, true },
		{ FOR_TCP | INDIRECT, false, false },
		{ FOR_TCP, true, false },
		{ 1 << VIRTIO_NET_F_GUEST_CSUM | INDIRECT, true, false },
		{ FOR_TCP | INDIRECT | PLATFORM, true, false },
	};
	struct device_chain chain;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = opened(cases[i].offers, cases[i].flat);

		assert_int_equal(r->nic->lands, cases[i].lands);
		assert_true(device_pop(&r->device, 0, &chain));
		assert_int_equal(chain.count, cases[i].lands ? 2 : 1);
		assert_true(rig_end(r));
	}
}

static void legacy_devices_get_none(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	hosted_dma_flat((struct extent){ room, ROOM });
	device_init_legacy(&r->device);
	for (unsigned bit = 0; bit < 32; bit++)
		if ((FOR_TCP | INDIRECT) >> bit & 1)
			device_offer(&r->device, bit);
	r->options.tso = true;
	assert_int_equal(rig_open(r), 0);
	assert_false(r->nic->lands);
	assert_true(rig_end(r));
}

/* What is not TCP's is whole again for everybody above, wherever it was cut. */
static void other_frames_come_through_whole(void **state)
{
	static const uint32_t lens[] = {
		14, 53, 54, 55, 60, 137, 138, 139, 1514, FULL, 65535 + 18
	};
	struct rig *r = opened(FOR_TCP | INDIRECT, true);

	(void)state;
	r->nic->landing = &landing;
	for (uint32_t i = 0; i < 100; i++)
		assert_true(rig_passes(r, i, lens[i % ARRAY_LEN(lens)], CSUM_CHECK));
	assert_true(r->vn.landings > 0);
	assert_true(rig_end(r));
}

static const uint8_t *place;

/* As TCP does. */
static void accept(struct rig *r, const struct frame *frame)
{
	(void)r;
	place = frame->data.at + FRAME_APART_OFF;
	landing.at += FULL;
	landing.len -= FULL;
}

/* A frame that a device has left a TCP checksum in. */
static void receive(struct rig *r, uint32_t number, uint32_t len)
{
	static const uint8_t header[12] = { 1, 1, [4] = 0xb4, 5, 34, 0, 16, 0, 1 };

	r->on_rx = accept;
	r->nic->landing = &landing;
	assert_true(device_receive(&r->device, header, rig_frame(number, len), len));
	assert_int_equal(r->nic->ops->poll(r->nic), 1);
}

static void full_frames_for_tcp_stay_where_they_land(void **state)
{
	struct rig *r = opened(FOR_TCP | INDIRECT, true);

	(void)state;
	for (uint32_t i = 0; i < 4; i++) { /* posted before there was a landing */
		receive(r, i, 54 + FULL);
		assert_true(place < room || place >= room + ROOM);
	}
	for (uint32_t i = 4; i < 10; i++) {
		receive(r, i, 54 + FULL);
		assert_ptr_equal(place, room + i * FULL);
		assert_ptr_equal(r->last.floor, place + FULL);
		assert_memory_equal(place, rig_frame(i, 54 + FULL) + 54, FULL);
		assert_memory_equal(r->last_head, rig_frame(i, 54 + FULL), FRAME_HEAD_MAX);
	}
	assert_true(rig_end(r));
}

/* The device could write over its end. */
static void a_frame_that_reaches_the_next_landing_is_dropped_and_no_other_lands(void **state)
{
	struct rig *r = opened(FOR_TCP | INDIRECT, true);

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		receive(r, i, 54 + FULL);
	receive(r, 4, 54 + FULL + 1);
	assert_int_equal(r->received, 4);
	assert_null(r->nic->landing);
	assert_true(rig_end(r));
}

static void nothing_lands_where_the_longest_frame_would_not_fit(void **state)
{
	static const uint32_t lens[] = { 4 * FULL + PIECE_LEN - 1, 4 * FULL + PIECE_LEN };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct rig *r = opened(FOR_TCP | INDIRECT, true);

		landing.len = lens[i];
		receive(r, 0, 54 + FULL);
		assert_int_equal(r->vn.landings, i);
		assert_true(rig_end(r));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_devices_that_know_chains_and_sums_get_landings),
		cmocka_unit_test(legacy_devices_get_none),
		cmocka_unit_test(other_frames_come_through_whole),
		cmocka_unit_test(full_frames_for_tcp_stay_where_they_land),
		cmocka_unit_test(
			a_frame_that_reaches_the_next_landing_is_dropped_and_no_other_lands),
		cmocka_unit_test(nothing_lands_where_the_longest_frame_would_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
