/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/virtio_legacy.c: a device without capabilities, as QEMU's disable-modern=on makes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/rig.h"

#include <cmocka.h>
#undef fail

static struct rig *legacy_rig(void)
{
	struct rig *r = rig_new();

	device_init_legacy(&r->device);
	return r;
}

static void assert_frames_pass(struct rig *r)
{
	for (uint32_t i = 0; i < 300; i++) {
		uint8_t *buf;

		assert_true(rig_passes(r, i, 60 + i, CSUM_CHECK));
		buf = r->nic->ops->tx_buffer(r->nic);
		assert_non_null(buf);
		memcpy(buf, rig_frame(i, 60 + i), 60 + i);
		r->nic->ops->tx_send(r->nic, 60 + i);
		r->nic->ops->tx_flush(r->nic);
		assert_int_equal(r->device.sent[i % DEVICE_SENT_MAX].len, 60 + i);
		assert_memory_equal(r->device.sent[i % DEVICE_SENT_MAX].frame, rig_frame(i, 60 + i),
				    60 + i);
	}
	assert_int_equal(r->device.sent_count, 300);
}

static void assert_refused(struct rig *r, enum rung rung, const char *words)
{
	assert_int_equal(rig_open(r), ERR_DEVICE);
	assert_int_equal(r->failure.rung, rung);
	assert_non_null(strstr(r->failure.text, words));
	assert_true(rig_end(r));
}

/* [PCI-L1] [NET-L1]: registers in BAR0, a header of 10 bytes both ways. */
static void a_legacy_device_is_driven(void **state)
{
	struct rig *r = legacy_rig();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->vn.header_len, 10);
	assert_frames_pass(r);
	assert_true(r->nic->ops->link_up(r->nic));
	device_link(&r->device, false);
	assert_false(r->nic->ops->link_up(r->nic));
	assert_true(rig_end(r));
	assert_int_equal(r->device.status, 0);
}

/* [INIT-27] [PCI-L5]: ANY_LAYOUT is accepted, bit 30 and all else is not. */
static void of_all_32_bits_only_ours_are_accepted(void **state)
{
	struct rig *r = legacy_rig();

	(void)state;
	r->device.offers[0] = 0xffffffff;
	r->device.pci.bar[0].len = 64;
	put_le16(r->device.config + 10, 1500);
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->device.accepted[0], 1u << 1 | 1u << 3 | 1u << 5 | 1u << 16 | 1u << 27);
	assert_int_equal(r->vn.virtio.accepted >> 32, 0);
	assert_true(rig_end(r));
}

/*
 * [NET-L3]: the model complains of a header that shares its descriptor. A mask over the features is
 * as good as a device that does not offer it.
 */
static void without_any_layout_the_header_stands_alone(void **state)
{
	(void)state;
	for (unsigned masked = 0; masked < 2; masked++) {
		struct rig *r = legacy_rig();
		struct device_chain chain;

		if (masked)
			r->options.features = ~VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT);
		else
			device_withdraw(&r->device, VIRTIO_F_ANY_LAYOUT);
		assert_int_equal(rig_open(r), 0);
		assert_frames_pass(r);
		assert_true(device_pop(&r->device, 0, &chain));
		assert_int_equal(chain.count, 2);
		assert_int_equal(chain.piece[0].len, 10);
		assert_int_equal(chain.piece[1].len, 65535 + 18);
		assert_true(rig_end(r));
	}
}

/* [SPLIT-05]: the model complains of two descriptors. */
static void with_any_layout_a_buffer_is_one_descriptor(void **state)
{
	struct rig *r = legacy_rig();
	struct device_chain chain;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_frames_pass(r);
	assert_true(device_pop(&r->device, 0, &chain));
	assert_int_equal(chain.count, 1);
	assert_int_equal(chain.piece[0].len, 10 + 65535 + 18);
	assert_true(rig_end(r));
}

/* [NET-L2]: old devices give transmitted buffers a length; that is not even counted. */
static void lengths_of_transmitted_buffers_are_ignored(void **state)
{
	struct rig *r = legacy_rig();
	struct device_chain chain;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	r->device.queue[1].hold = true;
	for (uint32_t i = 0; i < VIRTIO_NET_TX_SLOTS; i++) {
		memset(r->nic->ops->tx_buffer(r->nic), 0, 60);
		r->nic->ops->tx_send(r->nic, 60);
	}
	r->nic->ops->tx_flush(r->nic);
	assert_true(device_pop(&r->device, 1, &chain));
	device_use(&r->device, 1, chain.head, 70);
	device_show(&r->device, 1);
	assert_non_null(r->nic->ops->tx_buffer(r->nic));
	assert_int_equal(r->vn.counts.tx_len, 0);
	assert_int_equal(r->nic->ops->poll(r->nic), 0);
	assert_true(rig_end(r));
}

/* [PCI-L2]: the configuration moves by 4 while MSI-X is enabled. */
static void msi_x_moves_the_configuration(void **state)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

	(void)state;
	for (unsigned enabled = 0; enabled < 2; enabled++) {
		struct rig *r = legacy_rig();

		r->device.cfg[DEVICE_CAP_MSIX + 3] = enabled ? 0x80 : 0;
		assert_int_equal(rig_open(r), 0);
		assert_memory_equal(r->nic->mac, mac, 6);
		assert_true(device_log_find(&r->device, 0, enabled ? 24 : 20, false, NULL, 0) > 0);
		assert_true(r->nic->ops->link_up(r->nic));
		assert_true(rig_end(r));
	}
}

/* [PCI-L3]: the model lays its rings out by its own size, 2.7.2. */
static void the_devices_queue_size_is_used(void **state)
{
	static const struct {
		uint16_t size, rx_slots;
		bool any_layout;
	} cases[] = {
		{ 2, 2, true },      { 4, 4, true },       { 64, 64, true }, { 256, 128, true },
		{ 1024, 128, true }, { 2, 1, false },      { 4, 2, false },  { 64, 32, false },
		{ 256, 128, false }, { 1024, 128, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = legacy_rig();

		if (!cases[i].any_layout)
			device_withdraw(&r->device, VIRTIO_F_ANY_LAYOUT);
		r->device.queue[0].max = r->device.queue[1].max = cases[i].size;
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(r->nic->rx_slots, cases[i].rx_slots);
		assert_frames_pass(r);
		assert_true(rig_end(r));
	}
}

/* [PCI-L3]: no other size can be chosen, so these cannot be driven. */
static void odd_and_huge_queues_fail_at_queues(void **state)
{
	static const uint16_t sizes[] = { 0, 1, 3, 255, 2048, 32768, 65535 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		struct rig *r = legacy_rig();

		r->device.queue[0].max = sizes[i];
		assert_refused(r, RUNG_QUEUES, "entries in its receive queue");
	}
}

/* [PCI-L4]: 32 bits of page number reach 16 TiB. */
static void a_ring_above_16_tib_fails_at_queues(void **state)
{
	struct rig *r = legacy_rig();

	(void)state;
	hosted_dma_base(UINT64_C(1) << 44);
	assert_refused(r, RUNG_QUEUES, "cannot address");
	r = legacy_rig();
	hosted_dma_base((UINT64_C(1) << 44) - sizeof(struct virtio_net_memory));
	assert_int_equal(rig_open(r), 0);
	assert_frames_pass(r);
	assert_true(rig_end(r));
}

/* [INIT-22]: a BAR of 26 bytes has a MAC and no status, one of 20 has neither. */
static void a_short_bar_costs_features_only(void **state)
{
	static const struct {
		uint64_t len;
		bool mac, status;
	} cases[] = {
		{ 20, false, false }, { 25, false, false }, { 26, true, false },
		{ 27, true, false },  { 28, true, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = legacy_rig();

		r->device.pci.bar[0].len = cases[i].len;
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(device_accepted(&r->device, VIRTIO_NET_F_MAC), cases[i].mac);
		assert_int_equal(device_accepted(&r->device, VIRTIO_NET_F_STATUS), cases[i].status);
		assert_true(r->nic->ops->link_up(r->nic));
		assert_true(rig_end(r));
	}
}

/* Only 1000h to 103Fh have a legacy interface, whatever BAR 0 is. */
static void a_modern_id_is_never_driven_as_legacy(void **state)
{
	struct rig *r = legacy_rig();

	(void)state;
	put_le16(r->device.cfg + 2, 0x1041);
	assert_refused(r, RUNG_DEVICE, "no legacy interface");
}

static void bad_bars_fail_at_device(void **state)
{
	struct rig *r = legacy_rig();

	(void)state;
	r->device.pci.bar[0].kind = WINDOW_NONE;
	assert_refused(r, RUNG_DEVICE, "BAR 0");
	r = legacy_rig();
	r->device.pci.bar[0].len = 19;
	assert_refused(r, RUNG_DEVICE, "BAR 0");
	r = legacy_rig();
	r->device.pci.bar[0].kind = WINDOW_MMIO;
	assert_refused(r, RUNG_DEVICE, "not in I/O space");
}

/* A legacy receive ring is judged as every other. */
static void a_lie_breaks_the_nic(void **state)
{
	struct rig *r = legacy_rig();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	device_use(&r->device, 0, 0, 9);
	device_show(&r->device, 0);
	assert_int_equal(r->nic->ops->poll(r->nic), ERR_DEVICE);
	assert_non_null(strstr(r->failure.text, "less than a virtio header"));
	assert_true(rig_end(r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_legacy_device_is_driven),
		cmocka_unit_test(of_all_32_bits_only_ours_are_accepted),
		cmocka_unit_test(without_any_layout_the_header_stands_alone),
		cmocka_unit_test(with_any_layout_a_buffer_is_one_descriptor),
		cmocka_unit_test(lengths_of_transmitted_buffers_are_ignored),
		cmocka_unit_test(msi_x_moves_the_configuration),
		cmocka_unit_test(the_devices_queue_size_is_used),
		cmocka_unit_test(odd_and_huge_queues_fail_at_queues),
		cmocka_unit_test(a_ring_above_16_tib_fails_at_queues),
		cmocka_unit_test(a_short_bar_costs_features_only),
		cmocka_unit_test(a_modern_id_is_never_driven_as_legacy),
		cmocka_unit_test(bad_bars_fail_at_device),
		cmocka_unit_test(a_lie_breaks_the_nic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
