/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtq.c: the ring by itself, its memory in the hands of a test that plays the device. All
 * of it runs twice: with buffers of one descriptor, and with the header in one of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/wire.h"
#include "drivers/virtq.h"

#include <cmocka.h>
#undef fail

#define DEV UINT64_C(0x123456000)
#define HEADER_LEN 12
#define PAYLOAD_LEN 1518
#define BUFFER_DEV(slot) (UINT64_C(0x700000000) + 0x11000u * (slot))

static uint8_t memory[VIRTQ_MEMORY_LEN] __attribute__((aligned(4096)));
static struct virtq vq;
static uint16_t used_idx;
static bool header_alone;

static uint8_t *at(uint64_t dev)
{
	return memory + (dev - DEV);
}

/* What a slot is called in the rings. */
static uint32_t id(unsigned slot)
{
	return header_alone ? 2 * slot : slot;
}

/* A receive queue with all of `slots` posted and published, or a transmit queue likewise. */
static void make(uint16_t size, uint16_t slots, bool receives)
{
	memset(memory, 0xa5, sizeof(memory));
	virtq_init(&vq, memory, DEV,
		   &(struct virtq_layout){
			   .size = size,
			   .slots = slots,
			   .header_len = HEADER_LEN,
			   .alone = header_alone ? HEADER_LEN : 0,
			   .receives = receives,
		   });
	used_idx = 0;
	for (unsigned slot = 0; slot < vq.slots; slot++) {
		virtq_bind(&vq, slot, BUFFER_DEV(slot), HEADER_LEN + PAYLOAD_LEN);
		virtq_post(&vq, slot);
	}
	assert_true(virtq_publish(&vq));
}

static void use(uint32_t id, uint32_t len)
{
	uint8_t *elem = at(vq.used_dev) + 4 + 8 * (used_idx & (vq.size - 1));

	put_le32(elem, id);
	put_le32(elem + 4, len);
	used_idx++;
}

static void show(uint16_t idx)
{
	put_le16(at(vq.used_dev) + 2, idx);
}

/* --- layout ----------------------------------------------------------------------------------- */

/*
 * [SPLIT-01] [SPLIT-02] [PCI-L3]: for every size, with guards behind the last byte (the size of the
 * largest is all there is).
 */
static void every_size_is_laid_out_as_legacy_wants_it(void **state)
{
	(void)state;
	for (uint16_t size = 2; size <= VIRTQ_SIZE_MAX; size = (uint16_t)(size * 2)) {
		make(size, 1, true);
		assert_int_equal(vq.desc_dev, DEV);
		assert_int_equal(vq.desc_dev % 16, 0);
		assert_int_equal(vq.avail_dev, DEV + 16u * size);
		assert_int_equal(vq.avail_dev % 2, 0);
		assert_int_equal(vq.used_dev % 4096, 0);
		assert_true(vq.used_dev >= vq.avail_dev + 6 + 2u * size);
		assert_true(vq.used_dev < vq.avail_dev + 6 + 2u * size + 4096);
		assert_true(vq.used_dev + 6 + 8u * size <= DEV + VIRTQ_MEMORY_LEN);
	}
}

/* [PCI-L3]: with 256 entries, as QEMU has them, three pages. */
static void a_ring_of_256_takes_three_pages(void **state)
{
	(void)state;
	make(256, 1, true);
	assert_int_equal(vq.used_dev, DEV + 2 * 4096);
}

/* [SPLIT-02] [SPLIT-03] [SPLIT-14]: zeroed, but for NO_INTERRUPT. */
static void a_new_ring_is_zero_and_asks_for_no_interrupt(void **state)
{
	(void)state;
	memset(memory, 0xa5, sizeof(memory));
	virtq_init(&vq, memory, DEV,
		   &(struct virtq_layout){ .size = 256, .slots = 128, .header_len = 12 });
	assert_int_equal(get_le16(at(vq.avail_dev)), 1);
	put_le16(at(vq.avail_dev), 0);
	for (size_t i = 0; i < sizeof(memory); i++)
		assert_int_equal(memory[i], 0);
}

static void assert_desc(unsigned i, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	const uint8_t *desc = at(vq.desc_dev) + 16 * i;

	assert_int_equal(get_le64(desc), addr);
	assert_int_equal(get_le32(desc + 8), len);
	assert_int_equal(get_le16(desc + 12), flags);
	assert_int_equal(get_le16(desc + 14), next);
}

/*
 * [SPLIT-04] [SPLIT-05] [SPLIT-06] [SPLIT-07]: slot i has descriptor i; or, with the header alone
 * [NET-L3], 2i and 2i + 1, of one direction, linked, not looped.
 */
static void a_slot_has_its_descriptors_for_ever(void **state)
{
	(void)state;
	for (unsigned write = 0; write <= 2; write += 2) {
		make(256, 128, write);
		for (unsigned slot = 0; slot < 128; slot++) {
			uint64_t dev = BUFFER_DEV(slot);

			if (header_alone) {
				assert_desc(2 * slot, dev, HEADER_LEN, 1 | write, 2 * slot + 1);
				assert_desc(2 * slot + 1, dev + HEADER_LEN, PAYLOAD_LEN, write, 0);
			} else {
				assert_desc(slot, dev, HEADER_LEN + PAYLOAD_LEN, write, 0);
			}
			assert_int_equal(get_le16(at(vq.avail_dev) + 4 + 2 * slot), id(slot));
		}
		assert_int_equal(get_le16(at(vq.avail_dev) + 2), 128);
	}
}

/* The header of what is sent is as long as it was, the frame as long as it is. */
static void what_is_sent_has_its_own_length(void **state)
{
	uint32_t len;

	(void)state;
	make(4, 2, false);
	use(id(1), 0);
	show(1);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 1);
	virtq_set_len(&vq, 1, HEADER_LEN + 60);
	if (header_alone) {
		assert_desc(2, BUFFER_DEV(1), HEADER_LEN, 1, 3);
		assert_desc(3, BUFFER_DEV(1) + HEADER_LEN, 60, 0, 0);
	} else {
		assert_desc(1, BUFFER_DEV(1), HEADER_LEN + 60, 0, 0);
	}
}

/* As long as ever, and back again. */
static void what_follows_the_first_piece_goes_where_it_is_aimed(void **state)
{
	uint32_t len;

	(void)state;
	make(4, 2, true);
	if (!header_alone)
		return;
	use(id(1), HEADER_LEN);
	show(1);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 1);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t dev = i ? BUFFER_DEV(1) + HEADER_LEN : UINT64_C(0x876543210);

		virtq_aim(&vq, 1, dev);
		assert_desc(2, BUFFER_DEV(1), HEADER_LEN, 3, 3);
		assert_desc(3, dev, PAYLOAD_LEN, 2, 0);
	}
}

/* 2.7: never more buffers than descriptors. */
static void a_small_ring_has_fewer_slots(void **state)
{
	(void)state;
	for (uint16_t size = 2; size <= 256; size = (uint16_t)(2 * size)) {
		uint16_t most = header_alone ? size / 2 : size;

		make(size, 128, true);
		assert_int_equal(vq.slots, most < 128 ? most : 128);
	}
}

/* --- publishing ------------------------------------------------------------------------------- */

static void nothing_is_seen_before_it_is_published(void **state)
{
	uint32_t len;

	(void)state;
	make(4, 2, true);
	use(id(1), HEADER_LEN);
	show(1);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 1);
	virtq_post(&vq, 1);
	assert_int_equal(get_le16(at(vq.avail_dev) + 2), 2);
	assert_true(virtq_publish(&vq));
	assert_int_equal(get_le16(at(vq.avail_dev) + 2), 3);
	assert_int_equal(get_le16(at(vq.avail_dev) + 4 + 2 * 2), id(1));
	assert_false(virtq_publish(&vq));
}

/*
 * [SPLIT-12]: used.flags 1 and only its bit 0 suppresses the doorbell; avail_event, behind the used
 * ring, is ignored.
 */
static void the_doorbell_follows_used_flags(void **state)
{
	static const struct {
		uint16_t flags;
		bool wanted;
	} cases[] = { { 0, true }, { 1, false }, { 2, true }, { 0xffff, false } };
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t len;

		make(4, 2, true);
		use(0, HEADER_LEN);
		show(1);
		put_le16(at(vq.used_dev), cases[i].flags);
		put_le16(at(vq.used_dev) + 4 + 8 * 4, 0x7777);
		assert_int_equal(virtq_arrived(&vq), 1);
		assert_int_equal(virtq_take(&vq, &len), 0);
		virtq_post(&vq, 0);
		assert_int_equal(virtq_publish(&vq), cases[i].wanted);
	}
}

/* [SPLIT-09]: over the wrap at 65536, in a ring of 2 entries and one of 1024. */
static void indices_only_grow_modulo_65536(void **state)
{
	static const uint16_t sizes[] = { 2, 1024 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		uint16_t before;
		uint32_t len;

		make(sizes[i], 1, true);
		before = get_le16(at(vq.avail_dev) + 2);
		for (unsigned n = 0; n < 140000; n++) {
			use(0, HEADER_LEN + n % PAYLOAD_LEN);
			show(used_idx);
			assert_int_equal(virtq_arrived(&vq), 1);
			assert_int_equal(virtq_take(&vq, &len), 0);
			assert_int_equal(len, HEADER_LEN + n % PAYLOAD_LEN);
			assert_int_equal(virtq_arrived(&vq), 0);
			virtq_post(&vq, 0);
			assert_true(virtq_publish(&vq));
			assert_int_equal(get_le16(at(vq.avail_dev) + 2),
					 (uint16_t)(before + n + 1));
		}
	}
}

/* 2.7.8: without IN_ORDER, in any order. */
static void buffers_come_back_in_any_order(void **state)
{
	unsigned slot[128];

	(void)state;
	make(256, 128, true);
	srand(1);
	for (unsigned i = 0; i < 128; i++)
		slot[i] = i;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 127; i > 0; i--) {
			unsigned j = (unsigned)rand() % (i + 1), t = slot[i];

			slot[i] = slot[j];
			slot[j] = t;
		}
		for (unsigned i = 0; i < 128; i++)
			use(id(slot[i]), HEADER_LEN + slot[i]);
		show(used_idx);
		assert_int_equal(virtq_arrived(&vq), 128);
		for (unsigned i = 0; i < 128; i++) {
			uint32_t len;

			assert_int_equal(virtq_take(&vq, &len), (int)slot[i]);
			assert_int_equal(len, HEADER_LEN + slot[i]);
			virtq_post(&vq, slot[i]);
		}
		assert_true(virtq_publish(&vq));
	}
}

/* [SPLIT-17]: entries behind the index that was read are not looked at. */
static void an_entry_counts_only_with_its_index(void **state)
{
	(void)state;
	make(4, 2, true);
	use(0xdead, 0xdead);
	assert_int_equal(virtq_arrived(&vq), 0);
	assert_int_equal(vq.fault, VIRTQ_SOUND);
}

/* --- lies ----------------------------------------------------------------------------------- */

static void assert_stays_broken(enum virtq_fault fault, uint32_t value)
{
	uint32_t len;

	assert_int_equal(vq.fault, fault);
	assert_int_equal(vq.fault_value, value);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), ERR_DEVICE);
	assert_int_equal(virtq_take(&vq, &len), ERR_DEVICE);
	assert_int_equal(vq.fault, fault);
	assert_int_equal(vq.fault_value, value);
}

/* [DEV-21] [SPLIT-20]: forward beyond what is in flight, and backward. */
static void used_index_jumps_break_the_queue(void **state)
{
	static const uint16_t jumps[] = { 3, 0x7fff, 0x8000, 0xffff };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(jumps); i++) {
		make(4, 2, true);
		show(jumps[i]);
		assert_int_equal(virtq_arrived(&vq), ERR_DEVICE);
		assert_stays_broken(VIRTQ_INDEX_JUMP, jumps[i]);
	}
}

/* [DEV-21]: what was posted but never published is not in flight. */
static void a_buffer_that_was_not_published_cannot_come_back(void **state)
{
	uint32_t len;

	(void)state;
	make(4, 2, true);
	use(0, HEADER_LEN);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 0);
	virtq_post(&vq, 0);
	use(id(1), HEADER_LEN);
	use(0, HEADER_LEN);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), ERR_DEVICE);
	assert_stays_broken(VIRTQ_INDEX_JUMP, 3);
}

/* [DEV-20] [SPLIT-20]: not the first of a chain, just behind the slots, wild. */
static void unknown_ids_break_the_queue(void **state)
{
	const uint32_t ids[] = { header_alone ? 1 : 128,
				 header_alone ? 3 : 129,
				 255,
				 256,
				 257,
				 0x10000,
				 0x80000000,
				 0xfffffffe,
				 0xffffffff };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
		uint32_t len;

		make(1024, 128, true);
		use(ids[i], HEADER_LEN);
		show(used_idx);
		assert_int_equal(virtq_arrived(&vq), 1);
		assert_int_equal(virtq_take(&vq, &len), ERR_DEVICE);
		assert_stays_broken(VIRTQ_ID_UNKNOWN, ids[i]);
	}
}

/* [DEV-20] [SPLIT-20] */
static void double_completion_breaks_the_queue(void **state)
{
	uint32_t len;

	(void)state;
	make(256, 128, true);
	use(id(4), HEADER_LEN);
	use(id(4), HEADER_LEN);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 2);
	assert_int_equal(virtq_take(&vq, &len), 4);
	assert_int_equal(virtq_take(&vq, &len), ERR_DEVICE);
	assert_stays_broken(VIRTQ_ID_NOT_IN_FLIGHT, id(4));
}

/* [DEV-23] [SPLIT-20] */
static void a_length_beyond_the_buffer_breaks_a_receive_queue(void **state)
{
	static const uint32_t lens[] = { HEADER_LEN + PAYLOAD_LEN + 1, 0x80000000, 0xffffffff };
	uint32_t len;

	(void)state;
	make(4, 2, true);
	use(0, HEADER_LEN + PAYLOAD_LEN);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 0);
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		make(4, 2, true);
		use(0, lens[i]);
		show(used_idx);
		assert_int_equal(virtq_arrived(&vq), 1);
		assert_int_equal(virtq_take(&vq, &len), ERR_DEVICE);
		assert_stays_broken(VIRTQ_LEN_TOO_LONG, lens[i]);
	}
}

/* [DEV-30] [NET-29] */
static void a_length_below_the_header_breaks_a_receive_queue(void **state)
{
	static const uint32_t lens[] = { 0, 1, HEADER_LEN - 1 };
	uint32_t len;

	(void)state;
	make(4, 2, true);
	use(0, HEADER_LEN);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 0);
	assert_int_equal(len, HEADER_LEN);
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		make(4, 2, true);
		use(0, lens[i]);
		show(used_idx);
		assert_int_equal(virtq_arrived(&vq), 1);
		assert_int_equal(virtq_take(&vq, &len), ERR_DEVICE);
		assert_stays_broken(VIRTQ_LEN_TOO_SHORT, lens[i]);
	}
}

/* [DEV-24] [NET-L2]: lengths are judged on receive only. */
static void lengths_on_a_transmit_queue_are_not_judged(void **state)
{
	static const uint32_t lens[] = { 0, 1, 0xffffffff };

	(void)state;
	make(8, 3, false);
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++)
		use(id(i), lens[i]);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 3);
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		uint32_t len;

		assert_int_equal(virtq_take(&vq, &len), (int)i);
		assert_int_equal(len, lens[i]);
	}
}

/* DEV-25: what the device writes into descriptors or the available ring changes nothing here. */
static void rewritten_descriptors_are_ignored(void **state)
{
	uint32_t len;

	(void)state;
	make(4, 2, true);
	memset(at(vq.desc_dev), 0xff, 16 * 4);
	memset(at(vq.avail_dev), 0xff, 6 + 2 * 4);
	use(id(1), HEADER_LEN + PAYLOAD_LEN);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 1);
	virtq_post(&vq, 1);
	assert_true(virtq_publish(&vq));
	assert_int_equal(get_le16(at(vq.avail_dev) + 2), 3);
	use(id(1), HEADER_LEN + PAYLOAD_LEN + 1);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), ERR_DEVICE);
	assert_int_equal(vq.fault, VIRTQ_LEN_TOO_LONG);
}

/* The device cannot make a batch longer while it is being worked off. */
static void the_index_is_read_once_per_batch(void **state)
{
	uint32_t len;

	(void)state;
	make(8, 4, true);
	use(0, HEADER_LEN);
	show(used_idx);
	assert_int_equal(virtq_arrived(&vq), 1);
	show(0x4000);
	assert_int_equal(virtq_take(&vq, &len), 0);
	assert_int_equal(vq.fault, VIRTQ_SOUND);
	assert_int_equal(virtq_arrived(&vq), ERR_DEVICE);
}

static void every_fault_has_its_own_words(void **state)
{
	(void)state;
	for (enum virtq_fault a = VIRTQ_INDEX_JUMP; a <= VIRTQ_LEN_TOO_SHORT; a++) {
		assert_non_null(strstr(virtq_fault_text(a), "VIRTIO 1.4"));
		for (enum virtq_fault b = VIRTQ_INDEX_JUMP; b < a; b++)
			assert_string_not_equal(virtq_fault_text(a), virtq_fault_text(b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_is_laid_out_as_legacy_wants_it),
		cmocka_unit_test(a_ring_of_256_takes_three_pages),
		cmocka_unit_test(a_new_ring_is_zero_and_asks_for_no_interrupt),
		cmocka_unit_test(a_slot_has_its_descriptors_for_ever),
		cmocka_unit_test(what_is_sent_has_its_own_length),
		cmocka_unit_test(what_follows_the_first_piece_goes_where_it_is_aimed),
		cmocka_unit_test(a_small_ring_has_fewer_slots),
		cmocka_unit_test(nothing_is_seen_before_it_is_published),
		cmocka_unit_test(the_doorbell_follows_used_flags),
		cmocka_unit_test(indices_only_grow_modulo_65536),
		cmocka_unit_test(buffers_come_back_in_any_order),
		cmocka_unit_test(an_entry_counts_only_with_its_index),
		cmocka_unit_test(used_index_jumps_break_the_queue),
		cmocka_unit_test(a_buffer_that_was_not_published_cannot_come_back),
		cmocka_unit_test(unknown_ids_break_the_queue),
		cmocka_unit_test(double_completion_breaks_the_queue),
		cmocka_unit_test(a_length_beyond_the_buffer_breaks_a_receive_queue),
		cmocka_unit_test(a_length_below_the_header_breaks_a_receive_queue),
		cmocka_unit_test(lengths_on_a_transmit_queue_are_not_judged),
		cmocka_unit_test(rewritten_descriptors_are_ignored),
		cmocka_unit_test(the_index_is_read_once_per_batch),
		cmocka_unit_test(every_fault_has_its_own_words),
	};

	int failed = cmocka_run_group_tests_name("one descriptor", tests, NULL, NULL);

	header_alone = true;
	return failed + cmocka_run_group_tests_name("the header alone", tests, NULL, NULL);
}
