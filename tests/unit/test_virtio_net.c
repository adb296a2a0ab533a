/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/virtio_net.c at work on an honest model device: frames both ways, and the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/rig.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

/* --- frames ----------------------------------------------------------------------------------- */

/* [NET-29]: the header is cut off, and nothing else. */
static void frames_of_every_length_come_through(void **state)
{
	static const uint32_t lens[] = { 0,   1,   13,   14,   60,         137,
					 138, 139, 1514, 1518, 65535 + 14, 65535 + 18 };
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++)
		assert_true(rig_passes(r, i, lens[i], CSUM_CHECK));
	assert_true(rig_end(r));
}

/* [SPLIT-09]: 70,000 frames carry every index past 65535. */
static void indices_wrap(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	for (uint32_t i = 0; i < 70000; i++) {
		assert_true(rig_passes(r, i, 60, CSUM_CHECK));
		assert_non_null(rig_send(r, i, 60));
		r->nic->ops->tx_flush(r->nic);
	}
	assert_int_equal(r->device.sent_count, 70000);
	assert_int_equal(r->vn.counts.rx, 70000);
	assert_int_equal(r->vn.counts.tx, 70000);
	assert_true(rig_end(r));
}

static void what_was_sent_leaves_before_the_device_is_reset(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_non_null(rig_send(r, 1, 60));
	assert_int_equal(r->nic->ops->close(r->nic), 0);
	assert_int_equal(r->device.sent_count, 1);
	assert_true(rig_end(r));
}

/* Batches are bounded, so that ACKs leave while more is on its way. */
static void a_ringful_comes_in_bounded_batches_with_one_doorbell_each(void **state)
{
	struct rig *r = rig_new();
	unsigned before, polls = 0;
	int frames;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	before = r->device.queue[0].doorbells;
	for (uint32_t i = 0; i < r->nic->rx_slots; i++)
		assert_true(device_receive(&r->device, NULL, rig_frame(i, 100), 100));
	assert_false(device_receive(&r->device, NULL, rig_frame(0, 100), 100));
	while ((frames = r->nic->ops->poll(r->nic)) > 0) {
		polls++;
		assert_true(frames <= 24);
		assert_int_equal(r->device.queue[0].doorbells, before + polls);
	}
	assert_int_equal(frames, 0);
	assert_int_equal(r->received, r->nic->rx_slots);
	assert_true(polls >= r->nic->rx_slots / 24);
	assert_true(rig_passes(r, 1000, 100, CSUM_CHECK));
	assert_true(rig_end(r));
}

/* [SPLIT-12]: no doorbell where the device does not want one. */
static void a_device_that_suppresses_doorbells_gets_none(void **state)
{
	struct rig *r = rig_new();
	unsigned before;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	device_used_flags(&r->device, 0, 1);
	before = r->device.queue[0].doorbells;
	for (uint32_t i = 0; i < 100; i++)
		assert_true(rig_passes(r, i, 100, CSUM_CHECK));
	assert_int_equal(r->device.queue[0].doorbells, before);
	device_used_flags(&r->device, 0, 0);
	assert_true(rig_passes(r, 0, 100, CSUM_CHECK));
	assert_int_equal(r->device.queue[0].doorbells, before + 1);
	assert_true(rig_end(r));
}

static void overwrite(struct rig *r, const struct frame *frame)
{
	(void)frame;
	memset(r->vn.memory->rx, 0xee, sizeof(r->vn.memory->rx[0]) * r->nic->rx_slots);
}

/* Design, invariant 1: the device may write while the callback runs. */
static void the_head_is_private(void **state)
{
	struct rig *r = rig_new();
	const uint8_t *frame;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	r->on_rx = overwrite;
	frame = rig_frame(7, 200);
	assert_true(device_receive(&r->device, NULL, frame, 200));
	assert_int_equal(r->nic->ops->poll(r->nic), 1);
	assert_memory_equal(r->last_head, frame, FRAME_HEAD_MAX);
	assert_int_equal(r->last_bytes[199], 0xee);
	assert_true(rig_end(r));
}

/*
 * [NET-10] [NET-11] [NET-12] [NET-14] [NET-15]: the model device complains of a header that is not
 * zero or not 12 long.
 */
static void sent_frames_arrive_with_a_header_of_zeros(void **state)
{
	static const uint8_t zeros[12];
	struct rig *r = rig_new();
	const struct device_sent *sent;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->nic->tx_max, 1514);
	for (uint32_t len = 14; len <= 1514; len += 50) {
		assert_non_null(rig_send(r, len, len));
		r->nic->ops->tx_flush(r->nic);
		sent = &r->device.sent[(r->device.sent_count - 1) % DEVICE_SENT_MAX];
		assert_int_equal(sent->len, len);
		assert_memory_equal(sent->frame, rig_frame(len, len), len);
		assert_memory_equal(sent->header, zeros, 12);
	}
	assert_true(rig_end(r));
}

/*
 * [NET-11] [NET-14]: there are devices that make an answer in the buffer that they were to read
 * [DEV-25], header and all.
 */
static void a_header_that_the_device_wrote_to_is_not_sent_again(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	for (uint32_t i = 0; i < 3 * VIRTIO_NET_TX_SLOTS; i++) {
		assert_non_null(rig_send(r, i, 60));
		r->nic->ops->tx_flush(r->nic);
		memset(r->vn.memory->tx, 0xee, sizeof(r->vn.memory->tx));
	}
	assert_true(rig_end(r));
}

static void several_sends_need_one_flush_and_one_doorbell(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	for (uint32_t i = 0; i < 5; i++)
		assert_non_null(rig_send(r, i, 60));
	assert_int_equal(r->device.sent_count, 0);
	r->nic->ops->tx_flush(r->nic);
	assert_int_equal(r->device.sent_count, 5);
	assert_int_equal(r->device.queue[1].doorbells, 1);
	r->nic->ops->tx_flush(r->nic);
	assert_int_equal(r->device.queue[1].doorbells, 1);
	assert_true(rig_end(r));
}

static void transmit_buffers_run_out_and_come_back(void **state)
{
	struct rig *r = rig_new();
	struct device_chain chain;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	r->device.queue[1].hold = true;
	for (uint32_t i = 0; i < VIRTIO_NET_TX_SLOTS; i++)
		assert_non_null(rig_send(r, i, 60));
	assert_null(r->nic->ops->tx_buffer(r->nic));
	assert_null(r->nic->ops->tx_buffer(r->nic));
	/* without a flush by us: the driver did it */
	assert_true(device_pop(&r->device, 1, &chain));
	/* the second comes back before the first */
	assert_true(device_pop(&r->device, 1, &chain));
	device_use(&r->device, 1, chain.head, 0);
	device_show(&r->device, 1);
	assert_non_null(rig_send(r, 99, 60));
	assert_null(r->nic->ops->tx_buffer(r->nic));
	assert_true(rig_end(r));
}

/* --- the header's flags reach the verdict ----------------------------------------------------- */

static enum csum_verdict verdict(struct rig *r, uint8_t flags)
{
	const uint8_t header[12] = { [0] = flags, [6] = 34, [8] = 16, [10] = 1 };

	assert_true(device_receive(&r->device, header, rig_frame(1, 100), 100));
	assert_int_equal(r->nic->ops->poll(r->nic), 1);
	return r->last.csum;
}

static void data_valid_is_believed_as_policy_and_negotiation_say(void **state)
{
	static const struct {
		bool offer;
		enum csum_policy csum;
		enum csum_verdict verdict;
		unsigned flags;
	} cases[] = {
		{ false, CSUM_POLICY_AUTO, CSUM_CHECK, 1 },
		{ true, CSUM_POLICY_AUTO, CSUM_VOUCHED, 0 },
		{ false, CSUM_POLICY_OFF, CSUM_CHECK, 1 },
		{ true, CSUM_POLICY_OFF, CSUM_CHECK, 1 },
		{ false, CSUM_POLICY_TRUST, CSUM_VOUCHED, 1 },
		{ true, CSUM_POLICY_TRUST, CSUM_VOUCHED, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		r->options.csum = cases[i].csum;
		if (cases[i].offer)
			device_offer(&r->device, VIRTIO_NET_F_GUEST_CSUM);
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(verdict(r, 2), cases[i].verdict);
		assert_int_equal(r->vn.counts.dev_flags, cases[i].flags);
		assert_int_equal(r->last.breach, cases[i].flags ? VNET_BREACH_DATA_VALID : 0);
		assert_true(rig_end(r));
	}
}

static void a_partial_checksum_carries_its_place(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_offer(&r->device, VIRTIO_NET_F_GUEST_CSUM);
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(verdict(r, 1), CSUM_PARTIAL);
	assert_int_equal(r->last.csum_start, 34);
	assert_int_equal(r->last.csum_offset, 16);
	assert_true(rig_end(r));
}

/* [DEV-31]: counted in its row, and no fault on the counter line. */
static void num_buffers_of_old_qemu_is_no_fault(void **state)
{
	static const uint8_t header[12];
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(device_receive(&r->device, header, rig_frame(1, 100), 100));
	assert_int_equal(r->nic->ops->poll(r->nic), 1);
	assert_int_equal(r->vn.counts.row[VNET_DEV_31], 1);
	assert_int_equal(r->vn.counts.dev_flags, 0);
	assert_int_equal(r->last.csum, CSUM_CHECK);
	assert_true(rig_end(r));
}

static void the_counter_line_and_the_breach_are_in_words(void **state)
{
	struct rig *r = rig_new();
	char buf[300];
	struct text t;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	(void)verdict(r, 2);
	(void)verdict(r, 2);
	text_init(&t, buf, sizeof(buf));
	r->nic->ops->count_text(r->nic, &t);
	assert_string_equal(buf, "dev_flags 2 dev_ring 0");
	text_init(&t, buf, sizeof(buf));
	r->nic->ops->breach_text(r->nic, r->last.breach, &t);
	assert_string_equal(
		buf,
		" marked DATA_VALID, which the device may not do: GUEST_CSUM was not negotiated "
		"(VIRTIO 1.4, 5.1.9.4.1). csum=trust accepts them.");
	assert_true(rig_end(r));
}

/* --- the end ---------------------------------------------------------------------------------- */

/*
 * [INIT-28] [INIT-23]: reset and read back before the memory is ours again; the command register as
 * it was found.
 */
static void close_stops_the_device(void **state)
{
	struct rig *r = rig_new();
	uint32_t status[16];
	unsigned n;

	(void)state;
	r->device.cfg[4] = 3;
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(get_le16(r->device.cfg + 4), 0x407);
	assert_true(rig_end(r));
	n = device_status_writes(&r->device, status, ARRAY_LEN(status));
	assert_int_equal(status[n - 1], 0);
	assert_int_equal(r->device.status, 0);
	assert_int_equal(get_le16(r->device.cfg + 4), 3);
}

static void close_is_idempotent(void **state)
{
	struct rig *r = rig_new();
	unsigned log_count;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(rig_end(r));
	log_count = r->device.log_count;
	assert_int_equal(r->nic->ops->close(r->nic), 0);
	assert_int_equal(r->device.log_count, log_count);
	assert_int_equal(r->nic->ops->poll(r->nic), ERR_DEVICE);
	assert_null(r->nic->ops->tx_buffer(r->nic));
	r->nic->ops->tx_flush(r->nic);
	assert_false(r->nic->ops->link_up(r->nic));
	assert_int_equal(r->failure.err, 0);
}

/* DEV-11: what a device writes after its reset does not reach us any more. */
static void dma_after_close_finds_nothing(void **state)
{
	struct rig *r = rig_new();
	struct device_chain chain;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(device_pop(&r->device, 0, &chain));
	assert_non_null(hosted_dma(chain.piece[0].addr, chain.piece[0].len));
	assert_true(rig_end(r));
	assert_null(hosted_dma(chain.piece[0].addr, chain.piece[0].len));
	assert_null(hosted_dma(chain.piece[1].addr, 1));
}

/* The wait ends by the clock, and the device loses the bus. */
static void a_reset_that_never_ends_at_close_is_an_error(void **state)
{
	struct rig *r = rig_new();
	uint32_t before_ms;

	(void)state;
	r->device.cfg[4] = 7; /* firmware left bus mastering on */
	assert_int_equal(rig_open(r), 0);
	r->device.reset_reads = DEVICE_RESET_NEVER;
	before_ms = port_now_ms();
	assert_int_equal(r->nic->ops->close(r->nic), ERR_DEVICE);
	assert_in_range(port_now_ms() - before_ms, 100, 110);
	assert_int_equal(r->failure.rung, RUNG_DEVICE);
	assert_non_null(strstr(r->failure.text, "reset"));
	assert_int_equal(r->device.cfg[4] & 4, 0);
	assert_int_equal(hosted_dma_live(), 0);
}

static void it_opens_again_after_close(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(rig_open(r), 0);
		assert_true(rig_passes(r, i, 100, CSUM_CHECK));
		assert_non_null(rig_send(r, i, 100));
		r->nic->ops->tx_flush(r->nic);
		assert_true(rig_end(r));
	}
	assert_int_equal(r->device.sent_count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_every_length_come_through),
		cmocka_unit_test(indices_wrap),
		cmocka_unit_test(what_was_sent_leaves_before_the_device_is_reset),
		cmocka_unit_test(a_ringful_comes_in_bounded_batches_with_one_doorbell_each),
		cmocka_unit_test(a_device_that_suppresses_doorbells_gets_none),
		cmocka_unit_test(the_head_is_private),
		cmocka_unit_test(sent_frames_arrive_with_a_header_of_zeros),
		cmocka_unit_test(a_header_that_the_device_wrote_to_is_not_sent_again),
		cmocka_unit_test(several_sends_need_one_flush_and_one_doorbell),
		cmocka_unit_test(transmit_buffers_run_out_and_come_back),
		cmocka_unit_test(data_valid_is_believed_as_policy_and_negotiation_say),
		cmocka_unit_test(a_partial_checksum_carries_its_place),
		cmocka_unit_test(num_buffers_of_old_qemu_is_no_fault),
		cmocka_unit_test(the_counter_line_and_the_breach_are_in_words),
		cmocka_unit_test(close_stops_the_device),
		cmocka_unit_test(close_is_idempotent),
		cmocka_unit_test(dma_after_close_finds_nothing),
		cmocka_unit_test(a_reset_that_never_ends_at_close_is_an_error),
		cmocka_unit_test(it_opens_again_after_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
