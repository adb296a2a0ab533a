/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/conform/ring.c and arena.c: the watching ring, whose device is this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* A ring of slots that each have what the shape says, all of them with the device. */
static void open_ring(struct ring_shape shape)
{
	struct ring_piece piece[2];

	ledger_init(&ledger);
	arena_init(&arena, memory, ARENA_DEV, sizeof(memory), 0x5eed);
	arena_begin(&arena);
	if (!shape.size)
		shape.size = 16;
	if (!shape.slots)
		shape.slots = 8;
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
	assert_true(ring_publish(&ring));
}

static void open_receiving(void)
{
	open_ring((struct ring_shape){ .receives = true, .header_len = HEADER_LEN });
}

/* What the device does. */
static void use(uint32_t id, uint32_t len)
{
	unsigned i = ring.used->idx & (ring.shape.size - 1u);

	ring.used->ring[i].id = id;
	ring.used->ring[i].len = len;
	ring.used->idx++;
}

static void assert_broken_by(enum row row)
{
	uint32_t len;

	assert_int_equal(ring_take(&ring, &len), ERR_DEVICE);
	assert_int_equal(ring_arrived(&ring), ERR_DEVICE);
	for (unsigned r = 0; r < ROWS; r++)
		assert_int_equal(ledger.broken[r], r == row);
	assert_true(ledger.evidence[row].what[0] != '\0');
}

static void assert_nothing_broken(void)
{
	for (unsigned r = 0; r < ROWS; r++)
		assert_int_equal(ledger.broken[r], 0);
}

/* --- the arena ----------------------------------------------------------------------------- */

static void every_byte_of_an_arena_is_watched(void **state)
{
	const uint8_t *wrong = NULL;
	uint8_t *at;

	(void)state;
	arena_init(&arena, memory, ARENA_DEV, sizeof(memory), 1);
	arena_begin(&arena);
	at = arena_take(&arena, 61, 8);
	for (unsigned i = 0; i < 61 + ARENA_GUARD; i++) {
		assert_true(arena_untouched(&arena, at, 61 + ARENA_GUARD, &wrong));
		at[i] ^= 1;
		assert_false(arena_untouched(&arena, at, 61 + ARENA_GUARD, &wrong));
		assert_ptr_equal(wrong, at + i);
		arena_fill(&arena, at + i, 1);
	}
}

static void what_was_not_written_is_found_where_it_is(void **state)
{
	uint8_t *at;

	(void)state;
	arena_init(&arena, memory, ARENA_DEV, sizeof(memory), 2);
	arena_begin(&arena);
	at = arena_take(&arena, 256, 8);
	assert_ptr_equal(arena_unwritten(&arena, at, 256), at);
	memset(at, 0, 256);
	assert_null(arena_unwritten(&arena, at, 256));
	arena_fill(&arena, at + 128, 8);
	assert_ptr_equal(arena_unwritten(&arena, at, 256), at + 128);
	assert_null(arena_unwritten(&arena, at, 135));
	assert_null(arena_unwritten(&arena, at + 129, 127));
}

static void an_arena_ends_where_it_ends(void **state)
{
	unsigned taken = 0;

	(void)state;
	arena_init(&arena, memory, ARENA_DEV, sizeof(memory), 3);
	arena_begin(&arena);
	while (arena_take(&arena, 4096, 4096))
		taken++;
	assert_int_equal(taken, ARENA_LEN / 8192);
	arena_begin(&arena);
	assert_ptr_equal(arena_take(&arena, 8, 8), memory);
}

/* --- honest devices ------------------------------------------------------------------------ */

static void buffers_come_back_in_any_order_and_go_around(void **state)
{
	static const uint8_t order[8] = { 3, 0, 7, 1, 2, 6, 5, 4 };
	uint32_t len;

	(void)state;
	open_receiving();
	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < 8; i++)
			use(order[i] * 2u, HEADER_LEN + i);
		assert_int_equal(ring_arrived(&ring), 8);
		for (unsigned i = 0; i < 8; i++) {
			assert_int_equal(ring_take(&ring, &len), order[i]);
			assert_int_equal(len, HEADER_LEN + i);
			ring_post(&ring, order[i]);
		}
		assert_int_equal(ring_arrived(&ring), 0);
		assert_int_equal(ring_take(&ring, &len), ERR_AGAIN);
		assert_true(ring_publish(&ring));
	}
	assert_nothing_broken();
}

static void descriptors_are_what_the_shape_says(void **state)
{
	const struct virtq_desc *table;

	(void)state;
	open_receiving();
	assert_int_equal(ring.desc[2].flags, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT);
	assert_int_equal(ring.desc[2].next, 3);
	assert_int_equal(ring.desc[3].flags, VRING_DESC_F_WRITE);
	assert_int_equal(ring.desc[3].addr,
			 ARENA_DEV + (uint64_t)(ring.slot[1].piece[1].at - memory));

	open_ring((struct ring_shape){ .pieces = 1, .slots = 16 });
	assert_int_equal(ring.desc[15].flags, 0);
	assert_int_equal(ring.desc[15].len, PAYLOAD_LEN);

	open_ring((struct ring_shape){ .indirect = true, .slots = 16 });
	assert_int_equal(ring.desc[15].flags, 4);
	assert_int_equal(ring.desc[15].len, 32);
	table = ring.slot[15].table;
	assert_int_equal(ring.desc[15].addr,
			 ARENA_DEV + (uint64_t)((const uint8_t *)table - memory));
	assert_int_equal(table[0].next, 1);
	assert_int_equal(table[0].flags, VRING_DESC_F_NEXT);
	assert_int_equal(table[1].flags, 0);
}

/* 2.7.10.1: the doorbell rings if avail_event is among what was published, also across 65535. */
static void event_idx_decides_on_doorbells(void **state)
{
	uint32_t len;

	(void)state;
	open_ring((struct ring_shape){
		.receives = true, .header_len = HEADER_LEN, .event_idx = true });
	assert_int_equal(ring.avail->flags, 0);
	for (unsigned i = 0; i < 70000; i++) {
		uint16_t idx = ring.avail_idx;
		volatile uint16_t *event = (volatile uint16_t *)(void *)(memory + 4096 + 4 +
									 8 * 16);

		use((i % 8) * 2, HEADER_LEN);
		assert_int_equal(ring_take(&ring, &len), i % 8);
		ring_post(&ring, i % 8);
		*event = (uint16_t)(i % 3 == 0 ? idx : idx + i % 3);
		assert_int_equal(ring_publish(&ring), i % 3 == 0);
		/* used_event stays behind what was taken */
		assert_int_equal(ring.avail->ring[16], (uint16_t)(ring.used_idx - 1));
	}
	assert_nothing_broken();
}

static void suppressed_doorbells_do_not_ring(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	ring.used->flags = 1;
	use(0, HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 0);
	ring_post(&ring, 0);
	assert_false(ring_publish(&ring));
	assert_nothing_broken();
}

/* 2.7.9: one element closes a batch; the skipped ones carry no length. */
static void in_order_batches_are_taken_apart(void **state)
{
	uint32_t len;

	(void)state;
	open_ring((struct ring_shape){
		.receives = true, .header_len = HEADER_LEN, .in_order = true });
	ring.used->ring[0].id = 4 * 2;
	ring.used->ring[0].len = 77;
	ring.used->idx = 5;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ring_take(&ring, &len), i);
		assert_int_equal(len, i < 4 ? RING_LEN_UNKNOWN : 77);
		ring_post(&ring, (unsigned)i);
	}
	assert_true(ring_publish(&ring));
	ring.used->ring[5].id = 5 * 2;
	ring.used->ring[5].len = 20;
	ring.used->idx = 6;
	assert_int_equal(ring_take(&ring, &len), 5);
	assert_int_equal(len, 20);
	assert_nothing_broken();
	assert_int_equal(ledger.seen[DEV_27], 2);
}

/* --- liars --------------------------------------------------------------------------------- */

/* [DEV-20] */
static void ids_that_name_no_buffer(void **state)
{
	static const uint32_t ids[] = { 1, 15, 16, 17, 0x10000, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
		open_receiving();
		use(ids[i], HEADER_LEN);
		assert_broken_by(DEV_20);
	}
}

/*
 * [DEV-20]: twice in one batch, also when the driver has given the buffer back meanwhile but not
 * said so.
 */
static void a_buffer_that_is_returned_twice(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	use(4, HEADER_LEN);
	use(4, HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 2);
	ring_post(&ring, 2);
	assert_broken_by(DEV_20);
}

/* [DEV-21] */
static void an_index_beyond_what_is_in_flight(void **state)
{
	static const uint16_t jumps[] = { 9, 1000, UINT16_MAX };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(jumps); i++) {
		open_receiving();
		ring.used->idx = jumps[i];
		assert_broken_by(DEV_21);
	}
}

/* [DEV-23] [DEV-30] */
static void lengths_that_cannot_be(void **state)
{
	(void)state;
	open_receiving();
	use(0, HEADER_LEN + PAYLOAD_LEN + 1);
	assert_broken_by(DEV_23);
	open_receiving();
	use(0, HEADER_LEN - 1);
	assert_broken_by(DEV_30);
}

/* [DEV-24] */
static void a_transmitted_buffer_with_a_length(void **state)
{
	uint32_t len;

	(void)state;
	open_ring((struct ring_shape){ .receives = false });
	use(0, 0);
	use(2, 1);
	assert_int_equal(ring_take(&ring, &len), 0);
	assert_int_equal(ring_take(&ring, &len), 1);
	assert_int_equal(ledger.seen[DEV_24], 2);
	assert_int_equal(ledger.broken[DEV_24], 1);
}

/* [DEV-23]: len is honest, but the byte behind either piece is not what it was. */
static void a_byte_behind_a_buffer(void **state)
{
	uint32_t len;

	(void)state;
	for (unsigned piece = 0; piece < 2; piece++) {
		open_receiving();
		ring.slot[0].piece[piece].at[ring.slot[0].piece[piece].len] ^= 0x80;
		use(0, HEADER_LEN + PAYLOAD_LEN);
		assert_int_equal(ring_take(&ring, &len), 0);
		assert_int_equal(ledger.broken[DEV_23], 1);
	}
}

/* [DEV-25] */
static void a_changed_descriptor(void **state)
{
	uint32_t len;

	(void)state;
	open_receiving();
	ring.desc[1].next = 0xa5a5;
	use(0, HEADER_LEN);
	assert_int_equal(ring_take(&ring, &len), 0);
	assert_int_equal(ledger.broken[DEV_25], 1);

	open_ring((struct ring_shape){ .indirect = true });
	ring.slot[3].table[1].len++;
	use(3, 0);
	assert_int_equal(ring_take(&ring, &len), 3);
	assert_int_equal(ledger.broken[DEV_25], 1);
}

/* [DEV-26] */
static void flags_that_mean_nothing(void **state)
{
	(void)state;
	open_receiving();
	ring.used->flags = 2;
	assert_int_equal(ring_arrived(&ring), 0);
	assert_int_equal(ledger.broken[DEV_26], 1);
	open_ring((struct ring_shape){
		.receives = true, .header_len = HEADER_LEN, .event_idx = true });
	ring.used->flags = 1;
	assert_int_equal(ring_arrived(&ring), 0);
	assert_int_equal(ledger.broken[DEV_26], 1);
}

/* [DEV-27] */
static void buffers_out_of_order(void **state)
{
	(void)state;
	open_ring((struct ring_shape){
		.receives = true, .header_len = HEADER_LEN, .in_order = true });
	use(1 * 2, HEADER_LEN);
	assert_broken_by(DEV_27);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_of_an_arena_is_watched),
		cmocka_unit_test(what_was_not_written_is_found_where_it_is),
		cmocka_unit_test(an_arena_ends_where_it_ends),
		cmocka_unit_test(buffers_come_back_in_any_order_and_go_around),
		cmocka_unit_test(descriptors_are_what_the_shape_says),
		cmocka_unit_test(event_idx_decides_on_doorbells),
		cmocka_unit_test(suppressed_doorbells_do_not_ring),
		cmocka_unit_test(in_order_batches_are_taken_apart),
		cmocka_unit_test(ids_that_name_no_buffer),
		cmocka_unit_test(a_buffer_that_is_returned_twice),
		cmocka_unit_test(an_index_beyond_what_is_in_flight),
		cmocka_unit_test(lengths_that_cannot_be),
		cmocka_unit_test(a_transmitted_buffer_with_a_length),
		cmocka_unit_test(a_byte_behind_a_buffer),
		cmocka_unit_test(a_changed_descriptor),
		cmocka_unit_test(flags_that_mean_nothing),
		cmocka_unit_test(buffers_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
