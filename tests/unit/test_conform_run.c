/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform over the model device: an honest one, and ones whose registers lie, which QEMU's do
 * not.
 */

#include "core/wire.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/unit/conform_lab.h"

/* --- honest devices ------------------------------------------------------------------------ */

/* The model also complains of whatever a driver must not do. */
static void an_honest_device_breaks_no_row(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	assert_good(n);
	assert_non_null(strstr(hosted_output(), "TAP version 13\n"));
	assert_null(strstr(hosted_output(), "not ok"));
	assert_null(strstr(hosted_output(), "Bail out!"));
	assert_true(neighbour_says(n, "ok ", "DEV-11", "[reset-in-flight]"));
	assert_true(neighbour_says(n, "ok ", "DEV-12", "[before-driver-ok]"));
	assert_true(neighbour_says(n, "ok ", "DEV-40", "[as-skiff]"));
}

static void honest_transitional_and_legacy_devices_break_no_row(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_init_transitional(&n->device);
	n->device.cfg[0x2e] = 1;
	put_le32(n->device.cfg + 0x10, 1);
	assert_good(n);
	assert_true(neighbour_says(n, "ok ", "DEV-17", "[registers]"));
	assert_true(neighbour_says(n, "ok ", "DEV-20", "[legacy]"));

	n = neighbour_new();
	device_init_legacy(&n->device);
	n->device.cfg[0x2e] = 1;
	put_le32(n->device.cfg + 0x10, 1);
	assert_good(n);
	assert_false(neighbour_says(n, "ok ", "DEV-20", "[as-skiff]"));
}

static void an_honest_mtu_is_believed(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, VIRTIO_NET_F_MTU);
	put_le16(n->device.config + 10, 1400);
	assert_good(n);
	assert_true(neighbour_says(n, "ok ", "DEV-09", "[registers]"));
	assert_true(neighbour_says(n, "ok ", "DEV-35", "[as-skiff]"));
}

/* --- features ------------------------------------------------------------------------------ */

/* [DEV-01] */
static void version_1_that_is_not_offered(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_withdraw(&n->device, VIRTIO_F_VERSION_1);
	assert_finds(n, "DEV-01 ");
	assert_int_equal(n->verdict, VERDICT_BROKEN);
}

/* [DEV-02] */
static void a_feature_without_its_prerequisite(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, VIRTIO_NET_F_GUEST_TSO4);
	assert_finds(n, "DEV-02 ");
	assert_non_null(strstr(hosted_output(), "GUEST_TSO4 is offered without what it requires"));
}

/* [DEV-03]: nobody can say that it is wrong. */
static void a_reserved_bit_is_reported_only(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, 45);
	assert_finds(n, "DEV-03 ");
	assert_int_equal(n->verdict, VERDICT_GOOD);
	assert_true(neighbour_says(n, "not ok", "DEV-03", "# TODO report only"));
}

/* [DEV-04]: QEMU's answer to a driver that declines what it insists on, here to everybody. */
static void features_that_are_refused(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.refuses_features = true;
	assert_finds(n, "DEV-04 ");
	assert_true(neighbour_says(n, "not ok", "DEV-04", "# TODO SHOULD"));
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
}

/* The third time FEATURES_OK is written with the first set, it does not stick. */
static void refuse_later(struct device *d, uint32_t off)
{
	uint32_t written[300];
	unsigned n = device_status_writes(d, written, ARRAY_LEN(written)), accepted = 0;

	(void)off;
	for (unsigned i = 0; i < n; i++)
		accepted += written[i] == 0x0b;
	/* all, without MAC, without STATUS, again, and once more */
	d->refuses_features = accepted == 4 && written[n - 1] != 0x0b;
}

/* [DEV-05] */
static void features_that_are_refused_the_next_time(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.on_config_read = refuse_later;
	assert_finds(n, "DEV-05 ");
	assert_true(neighbour_says(n, "not ok", "DEV-05", "# TODO SHOULD"));
}

static void hide_accepted(struct device *d, uint32_t off, uint32_t *value)
{
	if (off == 12 && d->driver_feature_select == 0)
		*value &= ~(1u << VIRTIO_NET_F_STATUS);
}

/* [DEV-06] */
static void features_that_are_not_shown(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.on_common_read = hide_accepted;
	assert_finds(n, "DEV-06 ");
}

/* --- configuration ------------------------------------------------------------------------- */

static void change_mac_later(struct device *d, uint32_t off)
{
	if (off == 5)
		d->config[5] = d->status & 8 ? 0x57 : 0x56;
}

/* [DEV-07] */
static void a_mac_that_differs_after_features_ok(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.on_config_read = change_mac_later;
	neighbour_run(n);
	assert_true(neighbour_says(n, "not ok", "DEV-07", "[as-skiff]"));
}

static void link_blinks(struct neighbour *n)
{
	static unsigned calls;

	if (++calls % 25 == 0 && n->device.status & 4)
		device_config_change(&n->device, 7, n->device.config[7] ^ 0x80);
}

/* [DEV-08] */
static void a_generation_that_counts_changes(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->on_idle = link_blinks;
	assert_finds(n, "");
	assert_non_null(strstr(hosted_output(), "DEV-08 changes have a new config_generation ["));
}

/* [DEV-08] */
static void a_generation_that_stands_still(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->on_idle = link_blinks;
	n->device.counts_generation = false;
	assert_finds(n, "DEV-08 ");
}

/* [DEV-09] */
static void an_mtu_out_of_range(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, VIRTIO_NET_F_MTU);
	put_le16(n->device.config + 10, 67);
	n->keys = (const char *const[]){ "only", "registers", NULL };
	assert_finds(n, "DEV-09 ");
}

/* Our own stack needs 576 bytes, whatever the device says; its fault is named all the same. */
static void an_mtu_that_no_stack_can_use(void **state)
{
	static const uint16_t mtus[] = { 1, 39, 68, 80, 95 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(mtus); i++) {
		struct neighbour *n = neighbour_new();

		device_offer(&n->device, VIRTIO_NET_F_MTU);
		put_le16(n->device.config + 10, mtus[i]);
		n->keys = (const char *const[]){ "only", "as-skiff", NULL };
		neighbour_run(n);
		assert_true(neighbour_says(n, "ok ", "DEV-20", "[as-skiff]"));
	}
}

/* --- status, queues ------------------------------------------------------------------------ */

/* [DEV-10] */
static void a_reset_that_never_ends(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.reset_reads = DEVICE_RESET_NEVER;
	assert_finds(n, "DEV-10 ");
	assert_int_equal(n->verdict, VERDICT_BROKEN);
	assert_non_null(strstr(hosted_output(), "Bail out! the device did not finish its reset"));
}

static void stay_enabled(struct device *d, uint32_t off, uint32_t *value)
{
	if (off == VIRTIO_PCI_COMMON_Q_ENABLE && d->queue_select == 1)
		*value = 1;
}

/* [DEV-10] */
static void a_queue_that_stays_enabled(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.on_common_read = stay_enabled;
	assert_finds(n, "DEV-10 ");
}

/* Memory of the guest, whether or not the device may touch it. */
static void scribble(uint64_t address)
{
	uint8_t *at = hosted_dma(address, 2);

	if (at)
		put_le16(at, 0x1234);
}

static uint64_t receive_ring;

static void write_after_reset(struct neighbour *n)
{
	struct device_queue *q = &n->device.queue[0];

	if (q->enabled)
		receive_ring = q->used;
	else if (receive_ring && n->device.status == 0)
		scribble(receive_ring + 4);
}

/* [DEV-11] */
static void a_device_that_writes_after_its_reset(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	receive_ring = 0;
	n->on_idle = write_after_reset;
	assert_finds(n, "DEV-11 ");
}

static void use_early(struct neighbour *n)
{
	const struct device_queue *q = &n->device.queue[1];

	if (q->enabled && !(n->device.status & VIRTIO_CONFIG_S_DRIVER_OK) && n->device.status)
		scribble(q->used + 2);
}

/* [DEV-12] */
static void a_device_that_begins_before_driver_ok(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->on_idle = use_early;
	n->keys = (const char *const[]){ "only", "before-driver-ok DEV-12", NULL };
	assert_finds(n, "DEV-12 ");
}

static void an_honest_queue_reset(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, VIRTIO_F_RING_RESET);
	assert_good(n);
	assert_true(neighbour_says(n, "ok ", "DEV-16", "[ring-reset]"));
	assert_true(neighbour_says(n, "ok ", "DEV-29", "[ring-reset]"));
}

static void reset_for_ever(struct device *d, uint32_t off, uint32_t *value)
{
	if (off == 58 && d->queue_select == 0 && !d->queue[0].enabled &&
	    d->status & VIRTIO_CONFIG_S_DRIVER_OK)
		*value = 1;
}

/* [DEV-16] */
static void a_queue_reset_that_never_ends(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_offer(&n->device, VIRTIO_F_RING_RESET);
	n->device.on_common_read = reset_for_ever;
	assert_finds(n, "DEV-16 ");
}

static void write_after_queue_reset(struct neighbour *n)
{
	struct device_queue *q = &n->device.queue[0];

	if (q->enabled)
		receive_ring = q->used;
	else if (receive_ring && n->device.status & VIRTIO_CONFIG_S_DRIVER_OK)
		scribble(receive_ring + 2);
	else
		receive_ring = 0;
}

/* [DEV-29] */
static void a_queue_that_runs_on_after_its_reset(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	receive_ring = 0;
	device_offer(&n->device, VIRTIO_F_RING_RESET);
	n->on_idle = write_after_queue_reset;
	assert_finds(n, "DEV-29 ");
}

static void need_reset(struct neighbour *n)
{
	if (n->number >= 5 && n->device.status & 4)
		n->device.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
}

/* [DEV-13] */
static void a_device_that_asks_for_a_reset(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->on_idle = need_reset;
	assert_finds(n, "DEV-13 ");
	assert_int_equal(n->verdict, VERDICT_GOOD);
}

static void forget_driver_ok(struct neighbour *n)
{
	if (n->number >= 5)
		n->device.status &= (uint8_t)~VIRTIO_CONFIG_S_DRIVER_OK;
}

/* [DEV-13] */
static void a_device_that_forgets_its_driver(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->keys = (const char *const[]){ "only", "as-skiff", NULL };
	n->on_idle = forget_driver_ok;
	assert_finds(n, "DEV-13 ");
	assert_true(neighbour_tells(n, "DRIVER_OK is gone, and nobody has reset the device: "
				       "status is 0x0b"));
}

/* [DEV-13] */
static void a_device_that_transmits_no_more(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.queue[1].hold = true;
	assert_finds(n, "DEV-13 ");
}

/* [DEV-14] */
static void a_queue_size_that_is_no_power_of_two(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.queue[2].max = n->device.queue[2].size = 6;
	assert_finds(n, "DEV-14 ");
}

/* --- capabilities -------------------------------------------------------------------------- */

/* [DEV-15] */
static void a_doorbell_outside_its_capability(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.queue[2].notify_off = 0x400;
	assert_finds(n, "DEV-15 ");
}

/* [DEV-15] */
static void a_multiplier_that_is_no_power_of_two(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.notify_off_multiplier = 6;
	put_le32(n->device.cfg + DEVICE_CAP_NOTIFY + 16, 6);
	assert_finds(n, "DEV-15 ");
}

/* [DEV-15] */
static void a_capability_that_is_missing(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.cfg[DEVICE_CAP_ISR + 3] = 9;
	assert_finds(n, "DEV-15 ");
	assert_non_null(strstr(hosted_output(), "there is no ISR capability"));
}

/* [DEV-15] */
static void a_misaligned_device_configuration(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	put_le32(n->device.cfg + DEVICE_CAP_CONFIG + 8, DEVICE_CONFIG_OFF + 2);
	n->keys = (const char *const[]){ "only", "registers", NULL };
	assert_finds(n, "DEV-15 ");
}

/* [DEV-17] */
static void a_transitional_device_of_a_wrong_revision(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	device_init_transitional(&n->device);
	n->device.cfg[0x2e] = 1;
	put_le32(n->device.cfg + 0x10, 1);
	n->device.cfg[8] = 1;
	assert_finds(n, "DEV-17 ");
}

/* --- the run ------------------------------------------------------------------------------- */

static void silence_is_no_verdict(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->silent = true;
	assert_finds(n, "");
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
	assert_non_null(strstr(hosted_output(), "Bail out! not one frame came back"));
}

/* `only` makes no exception. */
static void silence_is_no_verdict_of_one_configuration_either(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->silent = true;
	n->keys = (const char *const[]){ "only", "as-skiff", NULL };
	assert_finds(n, "");
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
	assert_non_null(strstr(hosted_output(), "Bail out! not one frame came back"));
}

static void a_device_that_is_none_bails_out(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	n->device.pci.bar[4].kind = WINDOW_NONE;
	assert_finds(n, "");
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
	assert_non_null(strstr(hosted_output(), "Bail out! the device cannot be driven"));
}

static void no_memory_bails_out(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	hosted_dma_fail(1);
	assert_finds(n, "");
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
	assert_non_null(strstr(hosted_output(), "Bail out! no memory"));
}

static void the_user_may_give_up(void **state)
{
	struct neighbour *n = neighbour_new();

	(void)state;
	hosted_type("\33");
	assert_finds(n, "");
	assert_int_equal(n->verdict, VERDICT_UNTESTED);
	assert_non_null(strstr(hosted_output(), "Bail out! given up"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_device_breaks_no_row),
		cmocka_unit_test(honest_transitional_and_legacy_devices_break_no_row),
		cmocka_unit_test(an_honest_mtu_is_believed),
		cmocka_unit_test(version_1_that_is_not_offered),
		cmocka_unit_test(a_feature_without_its_prerequisite),
		cmocka_unit_test(a_reserved_bit_is_reported_only),
		cmocka_unit_test(features_that_are_refused),
		cmocka_unit_test(features_that_are_refused_the_next_time),
		cmocka_unit_test(features_that_are_not_shown),
		cmocka_unit_test(a_mac_that_differs_after_features_ok),
		cmocka_unit_test(a_generation_that_counts_changes),
		cmocka_unit_test(a_generation_that_stands_still),
		cmocka_unit_test(an_mtu_out_of_range),
		cmocka_unit_test(an_mtu_that_no_stack_can_use),
		cmocka_unit_test(a_reset_that_never_ends),
		cmocka_unit_test(a_queue_that_stays_enabled),
		cmocka_unit_test(a_device_that_writes_after_its_reset),
		cmocka_unit_test(a_device_that_begins_before_driver_ok),
		cmocka_unit_test(an_honest_queue_reset),
		cmocka_unit_test(a_queue_reset_that_never_ends),
		cmocka_unit_test(a_queue_that_runs_on_after_its_reset),
		cmocka_unit_test(a_device_that_asks_for_a_reset),
		cmocka_unit_test(a_device_that_forgets_its_driver),
		cmocka_unit_test(a_device_that_transmits_no_more),
		cmocka_unit_test(a_queue_size_that_is_no_power_of_two),
		cmocka_unit_test(a_doorbell_outside_its_capability),
		cmocka_unit_test(a_multiplier_that_is_no_power_of_two),
		cmocka_unit_test(a_capability_that_is_missing),
		cmocka_unit_test(a_misaligned_device_configuration),
		cmocka_unit_test(a_transitional_device_of_a_wrong_revision),
		cmocka_unit_test(silence_is_no_verdict),
		cmocka_unit_test(silence_is_no_verdict_of_one_configuration_either),
		cmocka_unit_test(a_device_that_is_none_bails_out),
		cmocka_unit_test(no_memory_bails_out),
		cmocka_unit_test(the_user_may_give_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
