/* SPDX-License-Identifier: BSD-2-Clause */
/* skiff-conform's probes over a model device that does one thing wrong: exactly its row is found.
 */

#include "core/wire.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/unit/conform_lab.h"

static struct neighbour *faulty(enum device_fault fault)
{
	struct neighbour *n = neighbour_new();

	n->device.faults = DEVICE_FAULT(fault);
	return n;
}

/* --- after-reset --------------------------------------------------------------------------- */

static void an_honest_reset(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-60", "[after-reset]"));
	assert_true(neighbour_says(n, "ok ", "DEV-61", "[after-reset]"));
	assert_true(neighbour_says(n, "ok ", "DEV-62", "[after-reset]"));
}

/* [DEV-60] */
static void vectors_that_outlive_a_reset(void **state)
{
	(void)state;
	assert_finds_content(faulty(FAULT_VECTORS_STAY), "DEV-60 ");
}

/* [DEV-61]: rings of the smallest size follow from it. */
static void a_queue_size_that_outlives_a_reset(void **state)
{
	struct neighbour *n = faulty(FAULT_SIZE_STAYS);

	(void)state;
	n->keys = (const char *const[]){ "only", "after-reset", NULL };
	assert_finds_content(n, "DEV-61 ");
}

/* [DEV-62] */
static void registers_that_outlive_a_reset(void **state)
{
	static const enum device_fault faults[] = { FAULT_FEATURES_STAY, FAULT_SELECTORS_STAY,
						    FAULT_ADDRESSES_STAY };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(faults); i++) {
		struct neighbour *n = faulty(faults[i]);

		assert_finds_content(n, "DEV-62 ");
		assert_int_equal(n->verdict, VERDICT_GOOD);
	}
}

/* The user's mask holds where features are accepted for the sake of the probe alone. */
static void the_mask_of_features_holds_for_probes(void **state)
{
	static const char *const probes[] = { "after-reset", "feature-words", "feature-early",
					      "config-writes" };
	uint32_t written[100];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(probes); i++) {
		struct neighbour *n = neighbour_new();
		const char *keys[] = { "only", probes[i], "features", "0x20", NULL };
		unsigned writes, mac = 0;

		n->keys = keys;
		assert_finds_content(n, "");
		writes = device_log_find(&n->device, 4, VIRTIO_PCI_COMMON_GF, true, written,
					 ARRAY_LEN(written));
		assert_in_range(writes, 1, ARRAY_LEN(written));
		for (unsigned j = 0; j < writes; j++) {
			assert_false(written[j] & 1u << VIRTIO_NET_F_STATUS);
			mac += !!(written[j] & 1u << VIRTIO_NET_F_MAC);
		}
		assert_true(mac > 0);
	}
}

/* --- feature-words, feature-early ---------------------------------------------------------- */

static void honest_words_of_features(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, 65);
	device_offer(&n->device, 66);
	device_offer(&n->device, 69);
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-64", "[feature-words]"));
	assert_non_null(strstr(hosted_output(), "GUEST_UDP_TUNNEL_GSO_CSUM OUT_NET_HEADER"));
}

/* [DEV-63] */
static void an_offer_that_begins_again(void **state)
{
	(void)state;
	assert_finds_content(faulty(FAULT_OFFER_REPEATS), "DEV-63 ");
}

/* [DEV-64]: what a driver writes of words that it does not know takes what it had written. */
static void words_that_are_folded(void **state)
{
	struct neighbour *n = faulty(FAULT_WORDS_FOLDED);

	(void)state;
	n->keys = (const char *const[]){ "only", "DEV-64", NULL };
	assert_finds_content(n, "DEV-64 ");
}

/* [DEV-03] [DEV-02] [DEV-04]: the same rules beyond bit 63. */
static void bits_beyond_63_obey_the_rules_of_others(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, 71);
	assert_finds_content(n, "DEV-03 ");

	n = neighbour_new();
	device_offer(&n->device, 68);
	assert_finds_content(n, "DEV-02 ");

	n = faulty(FAULT_UPPER_REFUSED);
	device_offer(&n->device, 67);
	assert_finds_content(n, "DEV-04 ");
	assert_true(neighbour_says(n, "not ok", "DEV-04", "[feature-words]"));
}

/* What bits 64 to 95 of driver_feature show. */
static void hide_upper(struct device *d, uint32_t off, uint32_t *value)
{
	if (off == VIRTIO_PCI_COMMON_GF && d->driver_feature_select == 2)
		*value = 0;
}

/* [DEV-64]: of what the device did not keep it cannot be asked whether it takes it. */
static void words_that_are_not_shown(void **state)
{
	struct neighbour *n = faulty(FAULT_UPPER_REFUSED);

	(void)state;
	device_offer(&n->device, 67);
	n->device.on_common_read = hide_upper;
	assert_finds_content(n, "DEV-64 ");
}

/* How often a value was written for bits 64 to 95. */
static unsigned upper_writes(const struct device *d, uint32_t value)
{
	uint32_t select = 0;
	unsigned n = 0;

	assert_true(d->log_count < DEVICE_LOG_MAX);
	for (unsigned i = 0; i < d->log_count; i++) {
		const struct device_access *a = &d->log[i];

		if (a->space != 4 || !a->write)
			continue;
		if (a->off == VIRTIO_PCI_COMMON_GFSELECT)
			select = a->value;
		n += a->off == VIRTIO_PCI_COMMON_GF && select == 2 && a->value == value;
	}
	return n;
}

/* A set of which nothing is left without one bit is the set of none, which is tried at first. */
static void the_empty_set_is_tried_once(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, 65);
	device_offer(&n->device, 66);
	n->keys = (const char *const[]){ "only", "feature-words", NULL };
	assert_finds_content(n, "");
	assert_int_equal(upper_writes(&n->device, 0), 1);
	assert_int_equal(upper_writes(&n->device, 1u << 1), 1);
	assert_int_equal(upper_writes(&n->device, 1u << 1 | 1u << 2), 1);
}

/* [DEV-66] */
static void features_that_are_taken_before_driver(void **state)
{
	(void)state;
	assert_finds_content(faulty(FAULT_FEATURES_EARLY), "DEV-66 ");
}

/* [DEV-65]: the device goes back to a header of 10 bytes. */
static void features_that_are_taken_late(void **state)
{
	struct neighbour *n = faulty(FAULT_FEATURES_LATE);

	(void)state;
	neighbour_run(n);
	assert_string_equal(neighbour_broken(n), "DEV-65 ");
}

/* --- capabilities, pci-cfg ------------------------------------------------------------------ */

static void an_honest_window(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->keys = (const char *const[]){ "only", "pci-cfg", NULL };
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-69", "[pci-cfg]"));
	assert_true(device_log_find(&n->device, 4, DEVICE_NOTIFY_OFF + 4, true, NULL, 0) > 0);
}

/* [DEV-67] [DEV-68]: of a capability that the driver has no use for. */
static void capabilities_that_are_too_short_or_too_long(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.cfg[DEVICE_CAP_ISR + 2] = 12;
	assert_finds_content(n, "DEV-67 ");

	n = neighbour_new();
	put_le32(n->device.cfg + DEVICE_CAP_ISR + 12, DEVICE_BAR4_LEN);
	assert_finds_content(n, "DEV-68 ");
}

/* Firmware has given the last BAR no address; with one it would be DEV-68. */
static void a_bar_that_has_no_address(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.cfg[DEVICE_CAP_ISR + 4] = 5;
	assert_finds_content(n, "");

	n = neighbour_new();
	n->device.cfg[DEVICE_CAP_ISR + 4] = 5;
	put_le32(n->device.cfg + 0x24, 0xfd000000);
	assert_finds_content(n, "DEV-68 ");
}

/* [DEV-69] */
static void windows_that_are_none(void **state)
{
	static const enum device_fault faults[] = { FAULT_WINDOW_LOSES, FAULT_WINDOW_SILENT };
	struct neighbour *n;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(faults); i++)
		assert_finds_content(faulty(faults[i]), "DEV-69 ");
	n = faulty(FAULT_WINDOW_WIDE); /* which reads what is no register */
	neighbour_run(n);
	assert_string_equal(neighbour_broken(n), "DEV-69 ");
}

static unsigned notify_reads; /* through the window */

/* queue_notify_off is compared with the BAR's first; then it is another one each second time. */
static void move_doorbell(struct device *d, uint32_t off, uint32_t *value)
{
	const struct device_access *last = &d->log[d->log_count - 1];

	if (off != VIRTIO_PCI_COMMON_Q_NOFF || last->space != DEVICE_SPACE_CFG)
		return;
	if (notify_reads > 0 && notify_reads % 2 == 0)
		*value = 0x8000;
	notify_reads++;
}

/* [DEV-69]: such a doorbell is not rung. */
static void a_doorbell_that_moves(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->keys = (const char *const[]){ "only", "pci-cfg", NULL };
	n->device.on_common_read = move_doorbell;
	notify_reads = 0;
	assert_finds_content(n, "DEV-69 ");
	assert_true(neighbour_tells(n, "was within its structure, and now is at 0x20000"));
}

/* --- config-writes -------------------------------------------------------------------------- */

/* [DEV-70] */
static void configuration_that_can_be_written(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, VIRTIO_NET_F_MTU);
	put_le16(n->device.config + 10, 1400);
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-70", "[config-writes]"));

	assert_finds_content(faulty(FAULT_CONFIG_WRITABLE), "DEV-70 ");
}

/* --- tx-offload, framing -------------------------------------------------------------------- */

static struct neighbour *offloading(uint64_t faults)
{
	struct neighbour *n = neighbour_new();

	device_offer(&n->device, VIRTIO_NET_F_CSUM);
	device_offer(&n->device, VIRTIO_NET_F_HOST_TSO4);
	n->device.faults = faults;
	return n;
}

/* [DEV-76] [DEV-77] */
static void offloads_of_what_is_transmitted(void **state)
{
	struct neighbour *n = offloading(0);

	(void)state;
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-76", "[tx-offload]"));
	assert_true(neighbour_says(n, "ok ", "DEV-77", "[tx-offload]"));

	assert_finds_content(offloading(DEVICE_FAULT(FAULT_CSUM_LEFT)), "DEV-76 ");
	assert_finds_content(offloading(DEVICE_FAULT(FAULT_SEGMENTS_LOST)), "DEV-77 ");
}

static struct neighbour *offloading_v6(uint64_t faults)
{
	struct neighbour *n = offloading(faults);

	device_offer(&n->device, VIRTIO_NET_F_HOST_TSO6);
	n->v6.speaks = true;
	return n;
}

/* [DEV-87]: by a neighbour who asks before it answers; where none speaks IPv6 nothing is said. */
static void segmentation_over_ipv6(void **state)
{
	struct neighbour *n = offloading_v6(0);

	(void)state;
	assert_finds_content(n, "");
	assert_true(n->v6.met);
	assert_true(neighbour_says(n, "ok ", "DEV-87", "[tx-offload]"));
	assert_false(neighbour_says(n, "ok ", "DEV-87", "# SKIP"));

	assert_finds_content(offloading_v6(DEVICE_FAULT(FAULT_SEGMENTS6_LOST)), "DEV-87 ");
	assert_finds_content(offloading_v6(DEVICE_FAULT(FAULT_SEGMENTS6_SUM)), "DEV-87 ");
	assert_finds_content(offloading_v6(DEVICE_FAULT(FAULT_SEGMENTS_LOST)), "DEV-77 DEV-87 ");

	n = offloading_v6(DEVICE_FAULT(FAULT_SEGMENTS6_LOST));
	n->v6.speaks = false;
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-87",
				   "# SKIP HOST_TSO6 is not offered, or nobody answers over IPv6"));
}

/* [DEV-78] */
static void framing_that_matters(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-78", "[framing]"));

	assert_finds_content(faulty(FAULT_HEADER_WHOLE), "DEV-78 ");
}

/* --- interrupts ----------------------------------------------------------------------------- */

/* [DEV-79] [DEV-80] [DEV-81] */
static void interrupts_that_lie(void **state)
{
	static const struct {
		enum device_fault fault;
		const char *row;
	} lies[] = {
		{ FAULT_ISR_NEVER, "DEV-80 " },
		{ FAULT_VECTOR_FORGOTTEN, "DEV-81 " },
		{ FAULT_VECTOR_ZERO, "DEV-81 " },
		{ FAULT_VECTOR_ONE, "DEV-81 " },
	};
	struct neighbour *n = neighbour_new();

	(void)state;
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-79", "[interrupts]"));
	assert_true(neighbour_says(n, "ok ", "DEV-80", "[interrupts]"));
	assert_true(neighbour_says(n, "ok ", "DEV-81", "[interrupts]"));

	for (unsigned i = 0; i < ARRAY_LEN(lies); i++)
		assert_finds_content(faulty(lies[i].fault), lies[i].row);
	/* What is not cleared, or comes unasked, is there when it is not wanted and when it was. */
	assert_finds_content(faulty(FAULT_ISR_ALWAYS), "DEV-79 ");
	assert_finds_content(faulty(FAULT_ISR_STAYS), "DEV-80 ");
}

/* Twice in each life: what a back end said of its first buffers, and what was seen of it late. */
static void deliver_and_interrupt(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	device_receive(&n->device, NULL, frame, len);
	if (n->device.queue[0].used_idx == 2 || n->device.queue[0].used_idx == 3)
		n->device.isr = 1;
}

static void deliver_and_interrupt_later(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	device_receive(&n->device, NULL, frame, len);
	if (n->device.queue[0].used_idx > 2)
		n->device.isr = 1;
}

/* [DEV-79] */
static void interrupts_for_all_answers_but_the_first(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->deliver = deliver_and_interrupt_later;
	assert_finds_content(n, "DEV-79 ");
}

/* [DEV-79] */
static void an_interrupt_that_comes_late(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->deliver = deliver_and_interrupt;
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-79", "[interrupts]"));
}

/* --- hostile -------------------------------------------------------------------------------- */

static struct neighbour *hostile(uint64_t faults)
{
	struct neighbour *n = neighbour_new();

	n->device.hostile = true;
	n->device.faults = faults;
	n->keys = (const char *const[]){ "hostile", "1", NULL };
	neighbour_run(n);
	return n;
}

/* Without hostile=1 no driver is; with it the device asks for resets, and is as good as before. */
static void an_honest_device_survives_hostile_drivers(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	assert_finds_content(n, "");
	assert_null(strstr(hosted_output(), "[hostile] a chain that is a loop"));
	assert_true(neighbour_says(n, "ok ", "DEV-86", "# SKIP needs hostile=1"));

	n = hostile(0);
	assert_string_equal(neighbour_broken(n), "");
	assert_int_equal(n->verdict, VERDICT_GOOD);
	assert_non_null(strstr(hosted_output(), "# hostile=1: the device is driven as no driver"));
	assert_non_null(strstr(hosted_output(), "[hostile] a chain that is a loop"));
	assert_true(neighbour_says(n, "ok ", "DEV-85", "[hostile]"));
	assert_true(neighbour_says(n, "ok ", "DEV-86", "[hostile]"));
}

/* [DEV-85] [DEV-86] */
static void devices_that_hostile_drivers_confuse(void **state)
{
	(void)state;
	assert_string_equal(neighbour_broken(hostile(DEVICE_FAULT(FAULT_SELECT_WRAPS))), "DEV-85 ");
	assert_string_equal(neighbour_broken(hostile(DEVICE_FAULT(FAULT_STUCK))), "DEV-86 ");
	/* The act that the device did not survive was the last one. */
	assert_non_null(strstr(hosted_output(), "# [hostile] "));
	assert_null(strstr(hosted_output(), "[hostile] buffers of 4 bytes to receive"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_reset),
		cmocka_unit_test(vectors_that_outlive_a_reset),
		cmocka_unit_test(a_queue_size_that_outlives_a_reset),
		cmocka_unit_test(registers_that_outlive_a_reset),
		cmocka_unit_test(the_mask_of_features_holds_for_probes),
		cmocka_unit_test(honest_words_of_features),
		cmocka_unit_test(an_offer_that_begins_again),
		cmocka_unit_test(words_that_are_folded),
		cmocka_unit_test(words_that_are_not_shown),
		cmocka_unit_test(the_empty_set_is_tried_once),
		cmocka_unit_test(bits_beyond_63_obey_the_rules_of_others),
		cmocka_unit_test(features_that_are_taken_before_driver),
		cmocka_unit_test(features_that_are_taken_late),
		cmocka_unit_test(an_honest_window),
		cmocka_unit_test(capabilities_that_are_too_short_or_too_long),
		cmocka_unit_test(a_bar_that_has_no_address),
		cmocka_unit_test(windows_that_are_none),
		cmocka_unit_test(a_doorbell_that_moves),
		cmocka_unit_test(configuration_that_can_be_written),
		cmocka_unit_test(offloads_of_what_is_transmitted),
		cmocka_unit_test(segmentation_over_ipv6),
		cmocka_unit_test(framing_that_matters),
		cmocka_unit_test(interrupts_that_lie),
		cmocka_unit_test(interrupts_for_all_answers_but_the_first),
		cmocka_unit_test(an_interrupt_that_comes_late),
		cmocka_unit_test(an_honest_device_survives_hostile_drivers),
		cmocka_unit_test(devices_that_hostile_drivers_confuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
