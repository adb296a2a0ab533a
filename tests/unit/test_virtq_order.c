/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtq.c: where its fences stand. The same source is compiled here with the compiler's
 * fence replaced by a hook, which looks at the ring as a device could at that moment. No run on x86
 * could show a missing fence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

static void fence(int order);

#define __atomic_thread_fence(order) fence(order)
#include "drivers/virtq.c"
#undef __atomic_thread_fence

#include "core/wire.h"

#include <cmocka.h>

#define DEV 0x10000

static uint8_t memory[VIRTQ_MEMORY_LEN] __attribute__((aligned(4096)));
static struct virtq vq;
static unsigned fences;
static int orders[8];
static uint16_t entry_seen[8], idx_seen[8];

/*
 * Between an index of the used ring and its element the device may still be writing: it does so
 * here.
 */
static void fence(int order)
{
	const uint8_t *avail = memory + (vq.avail_dev - DEV);
	uint8_t *used = memory + (vq.used_dev - DEV);

	orders[fences] = order;
	entry_seen[fences] = get_le16(avail + 4 + 2 * ((vq.avail_idx - 1u) & (vq.size - 1u)));
	idx_seen[fences] = get_le16(avail + 2);
	fences++;
	if (order == __ATOMIC_ACQUIRE) {
		put_le32(used + 4, 1);
		put_le32(used + 8, 12);
	}
	if (order == __ATOMIC_SEQ_CST)
		put_le16(used, VRING_USED_F_NO_NOTIFY);
}

static void make(void)
{
	virtq_init(&vq, memory, DEV,
		   &(struct virtq_layout){
			   .size = 8,
			   .slots = 4,
			   .header_len = 12,
			   .receives = true,
		   });
	for (unsigned slot = 0; slot < 4; slot++)
		virtq_bind(&vq, slot, 1, 112);
	fences = 0;
}

/*
 * [SPLIT-10]: the entry is in memory, the index is not; [SPLIT-11]: the index is, and used.flags is
 * read behind the fence.
 */
static void publishing_has_a_release_and_a_full_fence(void **state)
{
	(void)state;
	make();
	virtq_post(&vq, 0);
	virtq_post(&vq, 3);
	assert_int_equal(fences, 0);
	/* the flag that the device set at the full fence was seen */
	assert_false(virtq_publish(&vq));
	assert_int_equal(fences, 2);
	assert_int_equal(orders[0], __ATOMIC_RELEASE);
	assert_int_equal(entry_seen[0], 3);
	assert_int_equal(idx_seen[0], 0);
	assert_int_equal(orders[1], __ATOMIC_SEQ_CST);
	assert_int_equal(idx_seen[1], 2);
}

/*
 * [SPLIT-17]: the index is read before the fence (a later one is not seen), the element behind it.
 */
static void taking_has_an_acquire_between_index_and_element(void **state)
{
	uint8_t *used;
	uint32_t len;

	(void)state;
	make();
	virtq_post(&vq, 0);
	virtq_post(&vq, 1);
	(void)virtq_publish(&vq);
	fences = 0;
	used = memory + (vq.used_dev - DEV);
	put_le16(used + 2, 1);
	put_le32(used + 4, 0);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(fences, 1);
	assert_int_equal(orders[0], __ATOMIC_ACQUIRE);
	assert_int_equal(virtq_take(&vq, &len), 1);
	assert_int_equal(fences, 1);
}

static void nothing_to_publish_costs_no_fence(void **state)
{
	(void)state;
	make();
	assert_false(virtq_publish(&vq));
	assert_int_equal(fences, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publishing_has_a_release_and_a_full_fence),
		cmocka_unit_test(taking_has_an_acquire_between_index_and_element),
		cmocka_unit_test(nothing_to_publish_costs_no_fence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
