/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/virtio_net_open.c: what is negotiated, configured and set up with which device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/rig.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

/* --- features and configuration --------------------------------------------------------------- */

/* [NET-03] [INIT-13] */
static void without_a_mac_a_local_one_is_made(void **state)
{
	struct rig *r = rig_new();
	uint8_t first[6];

	(void)state;
	device_withdraw(&r->device, VIRTIO_NET_F_MAC);
	device_withdraw(&r->device, VIRTIO_NET_F_STATUS);
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->vn.virtio.accepted, VIRTIO_BIT(VIRTIO_F_VERSION_1) | 0);
	assert_int_equal(r->nic->mac[0] & 3, 2);
	memcpy(first, r->nic->mac, 6);
	assert_true(r->nic->ops->link_up(r->nic));
	assert_true(rig_end(r));
	assert_int_equal(rig_open(r), 0);
	assert_memory_not_equal(r->nic->mac, first, 6);
	assert_true(rig_end(r));
}

/* [NET-03] */
static void the_devices_mac_is_used(void **state)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_memory_equal(r->nic->mac, mac, 6);
	assert_true(rig_end(r));
}

/* [NET-04] */
static void link_status_is_read_anew(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(r->nic->ops->link_up(r->nic));
	device_link(&r->device, false);
	assert_false(r->nic->ops->link_up(r->nic));
	device_link(&r->device, true);
	assert_true(r->nic->ops->link_up(r->nic));
	assert_true(rig_end(r));
}

static void set_mtu(struct device *d, uint16_t mtu)
{
	device_offer(d, VIRTIO_NET_F_MTU);
	put_le16(d->config + 10, mtu);
}

/* [NET-05] [NET-20]: room for mtu + 14, and never less than 1526 with the header. */
static void the_devices_mtu_bounds_both_directions(void **state)
{
	static const struct {
		uint16_t mtu, tx_max;
		uint32_t rx_room;
	} cases[] = {
		{ 576, 590, 1526 },        { 1400, 1414, 1526 },        { 1500, 1514, 12 + 1518 },
		{ 9000, 1514, 12 + 9018 }, { 65535, 1514, 12 + 65553 },
	};
	struct rig *r;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct device_chain chain;

		r = rig_new();
		set_mtu(&r->device, cases[i].mtu);
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(r->nic->mtu, cases[i].mtu);
		assert_int_equal(r->nic->ops->mtu_max(r->nic), cases[i].mtu);
		assert_int_equal(r->nic->tx_max, cases[i].tx_max);
		assert_true(device_pop(&r->device, 0, &chain));
		assert_int_equal(chain.count, 1);
		assert_int_equal(chain.piece[0].len, cases[i].rx_room);
		assert_true(rig_end(r));
	}
}

/*
 * Design, section 6: buffers for the largest frame from the start, so DHCP option 26 may raise the
 * MTU.
 */
static void without_a_device_mtu_the_largest_frame_fits(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->nic->mtu, 1500);
	assert_int_equal(r->nic->ops->mtu_max(r->nic), 65535);
	assert_int_equal(r->nic->rx_slots, VIRTIO_NET_RX_SLOTS);
	assert_true(rig_end(r));
}

/* DEV-09: a device that says less than 68 is not believed, and the feature declined. */
static void an_impossible_mtu_is_declined(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	set_mtu(&r->device, 67);
	assert_int_equal(rig_open(r), 0);
	assert_false(device_accepted(&r->device, VIRTIO_NET_F_MTU));
	assert_int_equal(r->nic->mtu, 1500);
	assert_true(rig_end(r));
}

/*
 * IPv4 and DHCP do not get by with less than 576 bytes, nor does net/; the device is told that
 * it is given up. A mask over the feature goes round it.
 */
static void an_mtu_below_ipv4_s_is_a_sentence(void **state)
{
	static const uint16_t mtus[] = { 68, 75, 95, 96, 575 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(mtus); i++) {
		struct rig *r = rig_new();

		set_mtu(&r->device, mtus[i]);
		assert_int_equal(rig_open(r), ERR_DEVICE);
		assert_int_equal(r->failure.rung, RUNG_DEVICE);
		assert_non_null(strstr(r->failure.text, "576"));
		assert_int_equal(r->device.status, 0);
		assert_true(rig_end(r));
		r->failure.err = 0;
		r->options.features &= ~VIRTIO_BIT(VIRTIO_NET_F_MTU);
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(r->nic->mtu, 1500);
		assert_true(rig_end(r));
	}
}

/* A device that says 1500 when it is asked first, and ever less afterwards. */
static void shrink_mtu(struct device *d, uint32_t off)
{
	static const uint16_t mtus[] = { 1500, 576, 67, 10, 0 };
	static unsigned reads;

	if (off != VIRTIO_NET_CONFIG_MTU)
		return;
	put_le16(d->config + VIRTIO_NET_CONFIG_MTU, mtus[reads < 4 ? reads : 4]);
	reads++;
}

/* [SEC-11]: what was checked is what counts, and it is read once. */
static void an_mtu_that_changes_is_read_once(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	set_mtu(&r->device, 1500);
	r->device.on_config_read = shrink_mtu;
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->nic->mtu, 1500);
	assert_int_equal(r->nic->tx_max, 1514);
	assert_true(rig_end(r));
}

/* [NET-03] [SEC-11]: neither everybody's address nor nobody's is ours. */
static void a_mac_that_no_machine_can_have_is_a_sentence(void **state)
{
	static const struct {
		uint8_t mac[6];
		bool good;
	} cases[] = {
		{ { 0, 0, 0, 0, 0, 0 }, false },
		{ { 0x01, 0, 0x5e, 0, 0, 1 }, false },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, false },
		{ { 1, 0, 0, 0, 0, 0 }, false },
		{ { 0, 0, 0, 0, 0, 1 }, true },
		{ { 0xfe, 0, 0, 0, 0, 0 }, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		memcpy(r->device.config, cases[i].mac, 6);
		assert_int_equal(rig_open(r), cases[i].good ? 0 : ERR_DEVICE);
		if (!cases[i].good) {
			assert_int_equal(r->failure.rung, RUNG_DEVICE);
			assert_non_null(strstr(r->failure.text, "MAC address"));
		}
		assert_true(rig_end(r));
	}
}

/*
 * [INIT-22]: what the configuration is too short for cannot be accepted; the model complains of
 * reads behind its end.
 */
static void a_short_configuration_costs_features_only(void **state)
{
	static const struct {
		uint32_t len;
		bool mac, status, mtu;
	} cases[] = {
		{ 0, false, false, false }, { 5, false, false, false },
		{ 6, true, false, false },  { 7, true, false, false },
		{ 8, true, true, false },   { 11, true, true, false },
		{ 12, true, true, true },   { 0xffffffff, true, true, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		set_mtu(&r->device, 1500);
		r->device.config_len = cases[i].len;
		device_capability(&r->device, DEVICE_CAP_CONFIG, DEVICE_CAP_ISR, 4, 4,
				  DEVICE_CONFIG_OFF, cases[i].len, 0);
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(device_accepted(&r->device, VIRTIO_NET_F_MAC), cases[i].mac);
		assert_int_equal(device_accepted(&r->device, VIRTIO_NET_F_STATUS), cases[i].status);
		assert_int_equal(device_accepted(&r->device, VIRTIO_NET_F_MTU), cases[i].mtu);
		assert_true(rig_end(r));
	}
}

/* [INIT-21]: the model complains of a field that is read though its feature is not offered. */
static void fields_of_features_that_are_not_offered_are_not_read(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_withdraw(&r->device, VIRTIO_NET_F_MAC);
	device_withdraw(&r->device, VIRTIO_NET_F_STATUS);
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(device_log_find(&r->device, 4, DEVICE_CONFIG_OFF, false, NULL, 0), 0);
	assert_true(r->nic->ops->link_up(r->nic));
	assert_true(rig_end(r));
}

/*
 * [INIT-12] [INIT-11] [NET-01] [NET-07] [INIT-16] [INIT-18]: nothing is accepted but what we know.
 */
static void of_all_128_bits_only_ours_are_accepted(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	memset(r->device.offers, 0xff, sizeof(r->device.offers));
	set_mtu(&r->device, 1500);
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->device.accepted[0], 1u << 1 | 1u << 3 | 1u << 5 | 1u << 16);
	assert_int_equal(r->device.accepted[1], 1u << 0 | 1u << 1);
	assert_int_equal(r->device.accepted[2] | r->device.accepted[3], 0);
	assert_true(rig_passes(r, 1, 100, CSUM_CHECK));
	assert_true(rig_end(r));
}

/*
 * [INIT-11] [NET-01]: for any offer, what is accepted is a part of it and of the mask, and has no
 * prerequisite.
 */
static void whatever_is_offered_only_a_known_part_is_accepted(void **state)
{
	const uint64_t known = 1u << 1 | 1u << 3 | 1u << 5 | 1u << 16 | UINT64_C(3) << 32;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct rig *r = rig_new();
		uint64_t offer, mask, accepted;

		hosted_random_seed(i);
		port_random(&offer, sizeof(offer));
		port_random(&mask, sizeof(mask));
		offer |= VIRTIO_BIT(VIRTIO_F_VERSION_1);
		r->device.offers[0] = (uint32_t)offer;
		r->device.offers[1] = (uint32_t)(offer >> 32);
		put_le16(r->device.config + 10, 1500);
		r->options.features = mask;
		assert_int_equal(rig_open(r), 0);
		accepted = (uint64_t)r->device.accepted[1] << 32 | r->device.accepted[0];
		assert_true(accepted == (offer & known & (mask | VIRTIO_BIT(VIRTIO_F_VERSION_1))));
		assert_true(rig_end(r));
	}
}

/* net/README.md, Keys: VERSION_1 cannot be masked. */
static void a_mask_of_zero_leaves_version_1(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->options.features = 0;
	device_offer(&r->device, VIRTIO_NET_F_GUEST_CSUM);
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(r->device.accepted[0], 0);
	assert_int_equal(r->device.accepted[1], 1);
	assert_true(rig_passes(r, 1, 100, CSUM_CHECK));
	assert_true(rig_end(r));
}

static void guest_csum_follows_the_policy(void **state)
{
	static const struct {
		enum csum_policy csum;
		bool accepted;
	} cases[] = {
		{ CSUM_POLICY_AUTO, true },
		{ CSUM_POLICY_OFF, false },
		{ CSUM_POLICY_TRUST, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		r->options.csum = cases[i].csum;
		device_offer(&r->device, VIRTIO_NET_F_GUEST_CSUM);
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(device_accepted(&r->device, VIRTIO_NET_F_GUEST_CSUM),
				 cases[i].accepted);
		assert_true(rig_end(r));
	}
}

#define TSO \
	(VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO4) | VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO6) | \
	 VIRTIO_BIT(VIRTIO_NET_F_GUEST_ECN))

/*
 * [NET-01]: nothing is accepted without what it requires, whoever takes that away: the device, the
 * user's mask, or the policy. Who did not ask for large frames gets none.
 */
static void large_frames_are_accepted_with_what_they_require_only(void **state)
{
	static const struct {
		uint64_t offered, mask;
		enum csum_policy csum;
		bool tso;
		uint64_t accepted;
	} cases[] = {
		{ TSO | 2, UINT64_MAX, CSUM_POLICY_AUTO, true, TSO },
		{ TSO | 2, UINT64_MAX, CSUM_POLICY_TRUST, true, TSO },
		{ TSO | 2, UINT64_MAX, CSUM_POLICY_AUTO, false, 0 },
		{ TSO | 2, UINT64_MAX, CSUM_POLICY_OFF, true, 0 },
		{ TSO | 2, ~UINT64_C(2), CSUM_POLICY_AUTO, true, 0 },
		{ TSO, UINT64_MAX, CSUM_POLICY_AUTO, true, 0 },
		{ TSO | 2, ~UINT64_C(0x80), CSUM_POLICY_AUTO, true, TSO & ~UINT64_C(0x80) },
		{ TSO | 2, ~UINT64_C(0x180), CSUM_POLICY_AUTO, true, 0 },
		{ 0x202, UINT64_MAX, CSUM_POLICY_AUTO, true, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		for (unsigned bit = 0; bit < 32; bit++)
			if (cases[i].offered >> bit & 1)
				device_offer(&r->device, bit);
		r->options.csum = cases[i].csum;
		r->options.features = cases[i].mask;
		r->options.tso = cases[i].tso;
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(r->vn.virtio.accepted & TSO, cases[i].accepted);
		assert_true(rig_end(r));
	}
}

/* [NET-20]: whatever the MTU says, a buffer holds 65601 bytes and a VLAN tag then. */
static void large_frames_have_room(void **state)
{
	struct rig *r = rig_new();
	struct device_chain chain;

	(void)state;
	set_mtu(&r->device, 1500);
	device_offer(&r->device, VIRTIO_NET_F_GUEST_CSUM);
	device_offer(&r->device, VIRTIO_NET_F_GUEST_TSO4);
	r->options.tso = true;
	assert_int_equal(rig_open(r), 0);
	assert_true(device_pop(&r->device, 0, &chain));
	assert_int_equal(chain.count, 1);
	assert_int_equal(chain.piece[0].len, 65601 + 4);
	assert_int_equal(r->nic->ops->mtu_max(r->nic), 1500);
	assert_true(rig_end(r));
}

/* --- queues ----------------------------------------------------------------------------------- */

/* [PCI-08]: the model complains of a size that is no power of two or above the device's. */
static void modern_queue_sizes_are_chosen(void **state)
{
	static const struct {
		uint16_t max, rx_slots;
	} cases[] = {
		{ 2, 2 },      { 3, 2 },       { 4, 4 },       { 6, 4 },
		{ 7, 4 },      { 64, 64 },     { 255, 128 },   { 256, 128 },
		{ 1024, 128 }, { 32768, 128 }, { 65535, 128 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		r->device.queue[0].max = r->device.queue[1].max = cases[i].max;
		r->device.queue[0].size = r->device.queue[1].size = cases[i].max;
		assert_int_equal(rig_open(r), 0);
		assert_int_equal(r->nic->rx_slots, cases[i].rx_slots);
		assert_in_range(r->device.queue[0].size, 2, 256);
		for (uint32_t n = 0; n < 300; n++) {
			assert_true(rig_passes(r, n, 100, CSUM_CHECK));
			assert_non_null(rig_send(r, n, 100));
			r->nic->ops->tx_flush(r->nic);
		}
		assert_int_equal(r->device.sent_count, 300);
		assert_true(rig_end(r));
	}
}

/* [PCI-09] [INIT-06] [INIT-07] */
static void a_queue_of_less_than_two_is_a_sentence(void **state)
{
	static const struct {
		unsigned queue;
		uint16_t max;
		const char *words;
	} cases[] = {
		{ 0, 0, "0 entries in its receive queue" },
		{ 1, 0, "0 entries in its transmit queue" },
		{ 0, 1, "1 entries in its receive queue" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();
		uint32_t status[16];
		unsigned n;

		r->device.queue[cases[i].queue].max = cases[i].max;
		r->device.queue[cases[i].queue].size = cases[i].max;
		assert_int_equal(rig_open(r), ERR_DEVICE);
		assert_int_equal(r->failure.rung, RUNG_QUEUES);
		assert_non_null(strstr(r->failure.text, cases[i].words));
		n = device_status_writes(&r->device, status, ARRAY_LEN(status));
		assert_int_equal(status[n - 2], 0x8b);
		assert_int_equal(status[n - 1], 0);
		assert_true(rig_end(r));
	}
}

static void memory_that_cannot_be_mapped_is_a_sentence(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	hosted_dma_fail(1);
	assert_int_equal(rig_open(r), ERR_NO_SPACE);
	assert_int_equal(r->failure.rung, RUNG_QUEUES);
	assert_int_equal(r->device.status, 0);
	assert_true(rig_end(r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_mac_a_local_one_is_made),
		cmocka_unit_test(the_devices_mac_is_used),
		cmocka_unit_test(link_status_is_read_anew),
		cmocka_unit_test(the_devices_mtu_bounds_both_directions),
		cmocka_unit_test(without_a_device_mtu_the_largest_frame_fits),
		cmocka_unit_test(an_impossible_mtu_is_declined),
		cmocka_unit_test(an_mtu_below_ipv4_s_is_a_sentence),
		cmocka_unit_test(an_mtu_that_changes_is_read_once),
		cmocka_unit_test(a_mac_that_no_machine_can_have_is_a_sentence),
		cmocka_unit_test(a_short_configuration_costs_features_only),
		cmocka_unit_test(fields_of_features_that_are_not_offered_are_not_read),
		cmocka_unit_test(of_all_128_bits_only_ours_are_accepted),
		cmocka_unit_test(whatever_is_offered_only_a_known_part_is_accepted),
		cmocka_unit_test(a_mask_of_zero_leaves_version_1),
		cmocka_unit_test(guest_csum_follows_the_policy),
		cmocka_unit_test(large_frames_are_accepted_with_what_they_require_only),
		cmocka_unit_test(large_frames_have_room),
		cmocka_unit_test(modern_queue_sizes_are_chosen),
		cmocka_unit_test(a_queue_of_less_than_two_is_a_sentence),
		cmocka_unit_test(memory_that_cannot_be_mapped_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
