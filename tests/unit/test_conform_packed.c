/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/conform/ring_packed.c: the watching ring, packed, whose device is this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/err.h"
#include "tests/conform/ring.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

#define ARENA_LEN (1u << 20)
#define ARENA_DEV 0x4200000000
#define HEADER_LEN 12
#define PAYLOAD_LEN 100

static uint8_t memory[ARENA_LEN] __attribute__((aligned(4096)));
static struct arena arena;
static struct ledger ledger;
static struct ring ring;

/* The device's own place and wrap counters: what it takes next, and what it uses next. */
static struct {
	uint16_t avail, used;
	bool avail_wrap, used_wrap;
} device;

static void open_ring(struct ring_shape shape)
{
	struct ring_piece piece[2];

	hosted_reset();
	ledger_init(&ledger);
	arena_init(&arena, memory, ARENA_DEV, sizeof(memory), 0x5eed);
	arena_begin(&arena);
	shape.packed = true;
	if (!shape.size)
		shape.size = 5;
	if (!shape.slots)
		shape.slots = 2;
	if (!shape.pieces)
		shape.pieces = 2;
	assert_true(ring_init(&ring, &shape, &arena, &ledger));
	for (unsigned slot = 0; slot < shape.slots; slot++) {
		for (unsigned i = 0; i < shape.pieces; i++) {
			piece[i].len = shape.pieces == 2 && i == 0 ? HEADER_LEN : PAYLOAD_LEN;
			piece[i].at = arena_take(&arena, piece[i].len, 8);
		}
		assert_true(ring_bind(&ring, slot, piece));
		ring_post(&ring, slot);
	}
	assert_false(ring_touched(&ring) && ring.packed.desc[0].flags);
	assert_true(ring_publish(&ring));
	assert_false(ring_touched(&ring));
	device.avail = device.used = 0;
	device.avail_wrap = device.used_wrap = true;
}

static void open_receiving(void)
{
	open_ring((struct ring_shape){ .receives = true, .header_len = HEADER_LEN });
}

static unsigned each(void)
{
	return ring.shape.indirect ? 1 : ring.shape.pieces;
}

static void step(uint16_t *place, bool *wrap, unsigned n)
{
	*place = (uint16_t)(*place + n);
	if (*place < ring.shape.size)
		return;
	*place = (uint16_t)(*place - ring.shape.size);
	*wrap = !*wrap;
}

/* Event suppression as the device writes it. */
static volatile struct packed_event *device_event(void)
{
	return (volatile struct packed_event *)(void *)(memory + ring.place.used_dev - ARENA_DEV);
}

/* Takes the next buffer that the driver has made available; its id, or -1. */
static int take(void)
{
	volatile struct packed_desc *d = &ring.packed.desc[device.avail];
	uint16_t both = d->flags & (PACKED_AVAIL | PACKED_USED);

	if (both != (device.avail_wrap ? PACKED_AVAIL : PACKED_USED))
		return -1;
	step(&device.avail, &device.avail_wrap, each());
	return d->id;
}

static void use_with(uint16_t id, uint32_t len, uint16_t more)
{
	volatile struct packed_desc *d = &ring.packed.desc[device.used];

	d->id = id;
	d->len = len;
	d->flags = (uint16_t)((device.used_wrap ? PACKED_AVAIL | PACKED_USED : 0) | more);
	step(&device.used, &device.used_wrap, each());
}

static void use(uint16_t id, uint32_t len)
{
	use_with(id, len, ring.shape.receives ? PACKED_WRITE : 0);
}

static void assert_only(enum row row)
{
	for (unsigned r = 0; r < ROWS; r++)
		assert_int_equal(ledger.broken[r] > 0, r == (unsigned)row);
	assert_true(row == ROWS || ledger.evidence[row].what[0] != '\0');
}

static void assert_broken_by(enum row row)
{
	uint32_t len;

	assert_int_equal(ring_take(&ring, &len), ERR_DEVICE);
	assert_int_equal(ring_arrived(&ring), ERR_DEVICE);
	assert_only(row);
}

/* --- honest devices ------------------------------------------------------------------------ */

/* [PACK-02] [PACK-09] [PACK-13] [PACK-14] [PACK-15]: lists that go around the end of five entries.
 */
static void buffers_go_around_and_come_back_in_any_order(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	assert_int_equal(ring.packed.driver->flags, PACKED_DISABLE);
	for (unsigned round = 0; round < 20000; round++) {
		int first = take(), second = take();

		assert_in_range(first, 0, 1);
		assert_int_equal(second, !first);
		assert_int_equal(take(), -1);
		use((uint16_t)second, HEADER_LEN + 1);
		assert_int_equal(ring_arrived(&ring), 1);
		use((uint16_t)first, HEADER_LEN + 2);
		assert_int_equal(ring_arrived(&ring), 2);
		assert_int_equal(ring_take(&ring, &len), second);
		assert_int_equal(len, HEADER_LEN + 1);
		assert_int_equal(ring_take(&ring, &len), first);
		assert_int_equal(len, HEADER_LEN + 2);
		assert_int_equal(ring_take(&ring, &len), ERR_AGAIN);
		ring_post(&ring, (unsigned)second);
		ring_post(&ring, (unsigned)first);
		assert_int_equal(take(), -1);
		assert_true(ring_publish(&ring));
	}
	assert_only(ROWS);
	assert_true(ledger.seen[DEV_28] > 20000);
}

/* [PACK-10] [PACK-08] */
static void descriptors_are_what_the_shape_says(void **state)
{
	const volatile struct packed_desc *d, *table;

	(void)state;
	open_receiving();
	d = ring.packed.desc;
	assert_int_equal(d[0].flags, PACKED_AVAIL | PACKED_WRITE | PACKED_NEXT);
	assert_int_equal(d[1].flags, PACKED_AVAIL | PACKED_WRITE);
	assert_int_equal(d[1].id, 0);
	assert_int_equal(d[3].id, 1);
	assert_int_equal(d[3].addr, ARENA_DEV + (uint64_t)(ring.slot[1].piece[1].at - memory));
	assert_int_equal(d[4].flags, 0);

	open_ring((struct ring_shape){ .indirect = true, .slots = 4 });
	d = &ring.packed.desc[3];
	assert_int_equal(d->flags, PACKED_AVAIL | PACKED_INDIRECT);
	assert_int_equal(d->len, 32);
	table = (const volatile struct packed_desc *)(const void *)ring.slot[3].table;
	assert_int_equal(table[0].flags, 0);
	assert_int_equal(table[1].len, PAYLOAD_LEN);
}

/* [PACK-12]: ENABLE, DISABLE, and one descriptor, across the end of the ring. */
static void events_decide_on_doorbells(void **state)
{
	volatile struct packed_event *event;
	uint32_t len;

	(void)state;
	open_ring((struct ring_shape){ .event_idx = true, .pieces = 1, .slots = 5 });
	event = device_event();
	for (unsigned i = 0; i < 1000; i++) {
		uint16_t place = ring.packed.next, wrap = ring.packed.next_wrap;
		int id = take();

		use((uint16_t)id, 0);
		assert_int_equal(ring_take(&ring, &len), id);
		ring_post(&ring, (unsigned)id);
		event->flags = (uint16_t)(i % 4 > 2 ? 2 : i % 4);
		event->off_wrap = (uint16_t)(place | wrap << 15);
		if (i % 8 == 3) /* one behind it */
			event->off_wrap = (uint16_t)(place + 1 < 5 ? (place + 1) | wrap << 15 :
								     !wrap << 15);
		assert_int_equal(ring_publish(&ring), i % 4 != 1 && i % 8 != 3);
	}
	assert_only(ROWS);
}

/* [PACK-17]: one descriptor closes a batch; the skipped ones carry no length. */
static void in_order_batches_are_taken_apart(void **state)
{
	uint32_t len;

	(void)state;
	open_ring((struct ring_shape){ .receives = true,
				       .header_len = HEADER_LEN,
				       .in_order = true,
				       .size = 16,
				       .slots = 8 });
	for (unsigned round = 0; round < 100; round++) {
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(take(), (round * 5 + i) % 8);
		use((uint16_t)((round * 5 + 4) % 8), 77);
		step(&device.used, &device.used_wrap, 8);
		assert_int_equal(ring_arrived(&ring), 5);
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(ring_take(&ring, &len), (round * 5 + i) % 8);
			assert_int_equal(len, i < 4 ? RING_LEN_UNKNOWN : 77);
			ring_post(&ring, (round * 5 + i) % 8);
		}
		assert_true(ring_publish(&ring));
	}
	assert_only(ROWS);
}

/* --- liars --------------------------------------------------------------------------------- */

/* [DEV-20] */
static void ids_that_name_no_buffer(void **state)
{
	static const uint16_t ids[] = { 2, 5, 0x8000, UINT16_MAX };
	uint32_t len;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
		open_receiving();
		use(ids[i], HEADER_LEN);
		assert_broken_by(DEV_20);
	}
	open_receiving();
	use(1, HEADER_LEN);
	use(1, HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 1);
	assert_broken_by(DEV_20);
}

/* [DEV-23] [DEV-30] [DEV-24] */
static void lengths_that_cannot_be(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	use(0, HEADER_LEN + PAYLOAD_LEN + 1);
	assert_broken_by(DEV_23);
	open_receiving();
	use(0, HEADER_LEN - 1);
	assert_broken_by(DEV_30);
	open_ring((struct ring_shape){ .receives = false });
	use_with(0, 77, 0); /* [PACK-16]: means nothing */
	assert_int_equal(ring_take(&ring, &len), 0);
	assert_only(ROWS);
	use_with(1, 1, PACKED_WRITE);
	assert_int_equal(ring_take(&ring, &len), 1);
	assert_only(DEV_24);
}

/* [DEV-28]: id, len or flags of a used descriptor, before the driver needs its place. */
static void used_descriptors_that_change(void **state)
{
	uint32_t len;

	(void)state;
	for (unsigned what = 0; what < 3; what++) {
		volatile struct packed_desc *d;

		open_receiving();
		d = &ring.packed.desc[0];
		for (unsigned i = 0; i < 2; i++)
			use((uint16_t)take(), HEADER_LEN);
		assert_int_equal(ring_take(&ring, &len), 0);
		d->id = (uint16_t)(d->id + (what == 0));
		d->len = d->len + (what == 1);
		d->flags = (uint16_t)(d->flags ^ (what == 2 ? PACKED_AVAIL : 0));
		assert_int_equal(ring_take(&ring, &len), 1);
		for (unsigned slot = 0; slot < 2; slot++)
			ring_post(&ring, slot); /* places 4, 0, 1, 2 */
		assert_only(DEV_28);
	}
}

/* [DEV-28]: between ring_arrived() and ring_take(), which tells what was there when it arrived. */
static void used_descriptors_that_change_before_they_are_taken(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	for (unsigned i = 0; i < 2; i++)
		use((uint16_t)take(), HEADER_LEN);
	assert_int_equal(ring_arrived(&ring), 2);
	ring.packed.desc[0].id = 1;
	ring.packed.desc[0].len = HEADER_LEN + 9;
	ring.packed.desc[2].flags = PACKED_AVAIL;
	assert_ptr_equal(ring_peek(&ring), &ring.slot[0]);
	assert_int_equal(ring_take(&ring, &len), 0);
	assert_int_equal(len, HEADER_LEN);
	assert_int_equal(ring_arrived(&ring), 1);
	assert_int_equal(ring_take(&ring, &len), 1);
	assert_only(ROWS);
	ring_look_back(&ring);
	assert_only(DEV_28);
	assert_int_equal(ledger.broken[DEV_28], 2);
}

/* [DEV-28]: what the driver has not needed again is looked at in the end. */
static void used_descriptors_that_change_at_last(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	use((uint16_t)take(), HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 0);
	ring_look_back(&ring);
	assert_only(ROWS);
	ring.packed.desc[0].id = 1;
	ring_look_back(&ring);
	assert_only(DEV_28);
}

/* [DEV-25]: the second descriptor of a list, which nobody has to write. */
static void a_descriptor_inside_a_list_that_is_changed(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	ring.packed.desc[1].len = 7;
	use(0, HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 0);
	assert_only(DEV_25);
}

/* [DEV-27] */
static void buffers_out_of_order(void **state)
{
	(void)state;
	open_ring((struct ring_shape){
		.receives = true, .header_len = HEADER_LEN, .in_order = true });
	ring.book[0] = 1; /* the order was another one */
	ring.book[1] = 1;
	use(0, HEADER_LEN);
	assert_broken_by(DEV_27);
}

/* [DEV-82]: the counter of the lap before, or of the next one. */
static void wrap_counters_that_are_wrong(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	device.used_wrap = false;
	use(0, HEADER_LEN);
	assert_int_equal(ring_arrived(&ring), ERR_DEVICE);
	assert_only(DEV_82);

	open_receiving();
	for (unsigned i = 0; i < 2; i++) {
		use((uint16_t)take(), HEADER_LEN);
		assert_int_equal(ring_take(&ring, &len), i);
		ring_post(&ring, i);
	}
	assert_true(ring_publish(&ring));
	use((uint16_t)take(), HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 0);
	/* At place 1 the second lap has begun, and the device does not know. */
	device.used_wrap = true;
	use((uint16_t)take(), HEADER_LEN);
	assert_int_equal(ring_arrived(&ring), ERR_DEVICE);
	assert_only(DEV_82);
}

/* [DEV-82]: the device counts buffers, and not their descriptors. */
static void used_descriptors_at_the_wrong_place(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	use((uint16_t)take(), HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 0);
	device.used = 3;
	use((uint16_t)take(), HEADER_LEN);
	assert_int_equal(ring_arrived(&ring), 0);
	assert_only(ROWS);
	hosted_time_advance(101);
	assert_int_equal(ring_arrived(&ring), ERR_DEVICE);
	assert_only(DEV_82);
}

/* [DEV-83] */
static void used_descriptors_without_write(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	use_with(0, HEADER_LEN, 0);
	assert_int_equal(ring_take(&ring, &len), 0);
	assert_int_equal(len, HEADER_LEN);
	assert_only(DEV_83);
}

/* [DEV-84] */
static void event_flags_that_mean_nothing(void **state)
{
	static const uint16_t flags[] = { 2, 3, 4, 0x8000 };
	uint32_t len;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(flags); i++) {
		open_receiving();
		device_event()->flags = flags[i];
		use(0, HEADER_LEN);
		assert_int_equal(ring_take(&ring, &len), 0);
		ring_post(&ring, 0);
		(void)ring_publish(&ring);
		assert_only(DEV_84);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_go_around_and_come_back_in_any_order),
		cmocka_unit_test(descriptors_are_what_the_shape_says),
		cmocka_unit_test(events_decide_on_doorbells),
		cmocka_unit_test(in_order_batches_are_taken_apart),
		cmocka_unit_test(ids_that_name_no_buffer),
		cmocka_unit_test(lengths_that_cannot_be),
		cmocka_unit_test(used_descriptors_that_change),
		cmocka_unit_test(used_descriptors_that_change_before_they_are_taken),
		cmocka_unit_test(used_descriptors_that_change_at_last),
		cmocka_unit_test(a_descriptor_inside_a_list_that_is_changed),
		cmocka_unit_test(buffers_out_of_order),
		cmocka_unit_test(wrap_counters_that_are_wrong),
		cmocka_unit_test(used_descriptors_at_the_wrong_place),
		cmocka_unit_test(used_descriptors_without_write),
		cmocka_unit_test(event_flags_that_mean_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
