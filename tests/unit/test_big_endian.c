/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte order, [PCI-L7]: the same sources compiled as if this machine were big-endian. What such a
 * machine would store by itself is stored here as it is, and what it would swap is swapped; so
 * modern rings must come out swapped here, and legacy ones and their headers must not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#undef __BYTE_ORDER__
#define __BYTE_ORDER__ __ORDER_BIG_ENDIAN__
#include "drivers/virtq.c"
#include "drivers/vnet.c"

#include <cmocka.h>

#define DEV 0x10000

static uint8_t memory[VIRTQ_MEMORY_LEN] __attribute__((aligned(4096)));

static void ring(struct virtq *vq, bool legacy)
{
	virtq_init(vq, memory, DEV,
		   &(struct virtq_layout){
			   .size = 8,
			   .slots = 4,
			   .header_len = 12,
			   .alone = 12,
			   .legacy = legacy,
			   .receives = true,
		   });
	virtq_bind(vq, 1, UINT64_C(0x0102030405060708), 12 + 0x01020304);
	virtq_post(vq, 1);
	(void)virtq_publish(vq);
}

/* 2.7: "little-endian" is swapped on a big-endian machine. */
static void modern_rings_are_little_endian(void **state)
{
	struct virtq vq;
	uint32_t len;

	(void)state;
	ring(&vq, false);
	assert_int_equal(vq.desc[2].addr, UINT64_C(0x0807060504030201));
	assert_int_equal(vq.desc[3].len, 0x04030201);
	assert_int_equal(vq.desc[2].flags, 0x0300);
	assert_int_equal(vq.desc[2].next, 0x0300);
	assert_int_equal(vq.avail->flags, 0x0100);
	assert_int_equal(vq.avail->idx, 0x0100);
	assert_int_equal(vq.avail->ring[0], 0x0200);
	put_be16(memory + (vq.used_dev - DEV) + 2, 1);
	put_be32(memory + (vq.used_dev - DEV) + 4, 2);
	put_be32(memory + (vq.used_dev - DEV) + 8, 100);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 1);
	assert_int_equal(len, 100);
}

/* 2.7.3 */
static void legacy_rings_are_native(void **state)
{
	struct virtq vq;
	uint32_t len;

	(void)state;
	ring(&vq, true);
	assert_int_equal(vq.desc[2].addr, UINT64_C(0x0102030405060708));
	assert_int_equal(vq.desc[3].len, 0x01020304);
	assert_int_equal(vq.avail->flags, 1);
	assert_int_equal(vq.avail->idx, 1);
	assert_int_equal(vq.avail->ring[0], 2);
	put_le16(memory + (vq.used_dev - DEV) + 2, 1);
	put_le32(memory + (vq.used_dev - DEV) + 4, 2);
	put_le32(memory + (vq.used_dev - DEV) + 8, 100);
	assert_int_equal(virtq_arrived(&vq), 1);
	assert_int_equal(virtq_take(&vq, &len), 1);
	assert_int_equal(len, 100);
}

/*
 * 5.1.9.1: a legacy header is in the machine's order, so big-endian there; a modern one
 * little-endian.
 */
static void the_net_header_follows(void **state)
{
	static const uint8_t native[12] = { 1, 0, 0, 0, 0, 0, 0, 34, 0, 16 };
	static const uint8_t little[12] = { 1, 0, 0, 0, 0, 0, 34, 0, 16, 0, 1, 0 };
	static const struct vnet_rules legacy = { .accepted = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM),
						  .legacy = true },
				       modern = { .accepted = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) };
	struct frame frame;

	(void)state;
	frame.data.len = 100;
	assert_int_equal(vnet_police(&legacy, native, &frame), 0);
	assert_int_equal(frame.csum_start, 34);
	assert_int_equal(frame.csum_offset, 16);
	assert_int_equal(vnet_police(&modern, little, &frame), 0);
	assert_int_equal(frame.csum_start, 34);
	assert_int_equal(frame.csum_offset, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modern_rings_are_little_endian),
		cmocka_unit_test(legacy_rings_are_native),
		cmocka_unit_test(the_net_header_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
