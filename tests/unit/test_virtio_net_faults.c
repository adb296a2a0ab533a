/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/virtio_net.c on a device that lies, or breaks down in the middle. [SEC-11] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/rig.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

static void assert_broken(struct rig *r, const char *words)
{
	assert_int_equal(r->nic->ops->poll(r->nic), ERR_DEVICE);
	assert_int_equal(r->failure.rung, RUNG_QUEUES);
	assert_non_null(strstr(r->failure.text, words));
	assert_int_equal(r->nic->ops->poll(r->nic), ERR_DEVICE);
	assert_null(r->nic->ops->tx_buffer(r->nic));
	r->nic->ops->tx_flush(r->nic);
}

/* [DEV-21] */
static void an_index_jump_breaks_the_nic_for_good(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	device_show_idx(&r->device, 0, VIRTIO_NET_RX_SLOTS + 1);
	assert_broken(r, "moved its used index");
	/* being honest again does not help */
	device_show_idx(&r->device, 0, 0);
	assert_broken(r, "moved its used index");
	assert_int_equal(r->vn.counts.dev_ring, 1);
	assert_int_equal(r->received, 0);
	assert_true(rig_end(r));
}

/* Frames that came before the lie are delivered, the lie itself is not. */
static void a_bad_id_in_a_batch_stops_the_batch(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(device_receive(&r->device, NULL, rig_frame(1, 60), 60));
	device_use(&r->device, 0, 77777, 72);
	device_use(&r->device, 0, 2, 72);
	device_show(&r->device, 0);
	assert_broken(r, "a buffer that does not exist");
	assert_int_equal(r->received, 1);
	assert_true(rig_end(r));
}

/*
 * [DEV-20]: slot 0 is ours between the two, although it will be posted again after the batch. Frame
 * by frame the second would have passed for a new one.
 */
static void a_buffer_that_comes_twice_in_a_batch_is_noticed(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(device_receive(&r->device, NULL, rig_frame(1, 60), 60));
	device_use(&r->device, 0, 0, 72);
	device_show(&r->device, 0);
	assert_broken(r, "a buffer that it did not have");
	assert_int_equal(r->received, 1);
	assert_true(rig_end(r));
}

static void a_lie_on_the_transmit_ring_is_told_by_the_next_poll(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	r->device.queue[1].hold = true;
	for (uint32_t i = 0; i < VIRTIO_NET_TX_SLOTS; i++)
		assert_non_null(rig_send(r, i, 60));
	r->nic->ops->tx_flush(r->nic);
	device_use(&r->device, 1, VIRTIO_NET_TX_SLOTS, 0);
	device_show(&r->device, 1);
	assert_null(r->nic->ops->tx_buffer(r->nic));
	assert_broken(r, "transmit queue");
	assert_true(rig_end(r));
}

/* [DEV-24] [SPLIT-16]: a length on a transmitted buffer is counted, and is no reason to stop. */
static void lengths_of_transmitted_buffers_are_noise(void **state)
{
	struct rig *r = rig_new();
	struct device_chain chain;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	r->device.queue[1].hold = true;
	for (uint32_t i = 0; i < VIRTIO_NET_TX_SLOTS; i++)
		assert_non_null(rig_send(r, i, 60));
	r->nic->ops->tx_flush(r->nic);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(device_pop(&r->device, 1, &chain));
		device_use(&r->device, 1, chain.head, 0xffffffff);
	}
	device_show(&r->device, 1);
	assert_non_null(rig_send(r, 0, 60));
	assert_int_equal(r->vn.counts.tx_len, 3);
	assert_int_equal(r->nic->ops->poll(r->nic), 0);
	assert_true(rig_end(r));
}

static int poll_quietly(struct rig *r, unsigned ms)
{
	int err = 0;

	for (unsigned i = 0; i < ms && !err; i++) {
		port_idle(0);
		err = r->nic->ops->poll(r->nic);
	}
	return err;
}

/* [INIT-09] */
static void a_device_that_needs_a_reset_is_noticed(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(poll_quietly(r, 500), 0);
	r->device.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	assert_int_equal(poll_quietly(r, 1500), ERR_DEVICE);
	assert_int_equal(r->failure.rung, RUNG_QUEUES);
	assert_non_null(strstr(r->failure.text, "0x4f"));
	assert_true(rig_end(r));
}

/* QEMU does so when bus mastering is switched off under us. */
static void a_device_that_loses_its_status_is_noticed(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	r->device.status &= (uint8_t)~VIRTIO_CONFIG_S_DRIVER_OK;
	assert_int_equal(poll_quietly(r, 1500), ERR_DEVICE);
	assert_int_equal(r->nic->ops->close(r->nic), 0);
}

/* [SPLIT-15]: and the doorbells that come of it are harmless. */
static void silence_is_broken_by_doorbells_once_a_second(void **state)
{
	struct rig *r = rig_new();
	unsigned rx, tx;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	rx = r->device.queue[0].doorbells;
	tx = r->device.queue[1].doorbells;
	assert_int_equal(poll_quietly(r, 5200), 0);
	assert_in_range(r->device.queue[0].doorbells - rx, 4, 5);
	assert_in_range(r->device.queue[1].doorbells - tx, 4, 5);
	for (uint32_t i = 0; i < 30; i++) {
		assert_true(rig_passes(r, i, 60, CSUM_CHECK));
		assert_int_equal(poll_quietly(r, 100), 0);
	}
	assert_in_range(r->device.queue[1].doorbells - tx, 4, 5);
	assert_true(rig_end(r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_index_jump_breaks_the_nic_for_good),
		cmocka_unit_test(a_bad_id_in_a_batch_stops_the_batch),
		cmocka_unit_test(a_buffer_that_comes_twice_in_a_batch_is_noticed),
		cmocka_unit_test(a_lie_on_the_transmit_ring_is_told_by_the_next_poll),
		cmocka_unit_test(lengths_of_transmitted_buffers_are_noise),
		cmocka_unit_test(a_device_that_needs_a_reset_is_noticed),
		cmocka_unit_test(a_device_that_loses_its_status_is_noticed),
		cmocka_unit_test(silence_is_broken_by_doorbells_once_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
