/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtio.c and virtio_features.c: the order of a bring-up, its refusals, resets,
 * configuration that moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/model/rig.h"

#include <cmocka.h>
#undef fail

#define STATUS_REGISTER (DEVICE_COMMON_OFF + 20)

static void assert_status_writes(const struct rig *r, const uint32_t *expected, unsigned count)
{
	uint32_t values[32];

	assert_int_equal(device_status_writes(&r->device, values, ARRAY_LEN(values)), count);
	assert_memory_equal(values, expected, count * sizeof(values[0]));
}

/* Where in the log the first write of value to a register is; the log's length if it never was. */
static unsigned written_at(const struct rig *r, unsigned space, uint32_t off, uint32_t value)
{
	for (unsigned i = 0; i < r->device.log_count; i++) {
		const struct device_access *a = &r->device.log[i];

		if (a->write && a->space == space && a->off == off && a->value == value)
			return i;
	}
	return r->device.log_count;
}

/* --- the order of things ---------------------------------------------------------------------- */

/* [INIT-01] [INIT-02]; the model complains of a cleared bit. */
static void a_modern_bring_up_writes_0_1_3_b_f(void **state)
{
	static const uint32_t expected[] = { 0, 1, 3, 0xb, 0xf };
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_status_writes(r, expected, ARRAY_LEN(expected));
	assert_true(rig_end(r));
}

/* [INIT-26]: no FEATURES_OK. */
static void a_legacy_bring_up_writes_0_1_3_7(void **state)
{
	static const uint32_t expected[] = { 0, 1, 3, 7 };
	struct rig *r = rig_new();

	(void)state;
	device_init_legacy(&r->device);
	assert_int_equal(rig_open(r), 0);
	assert_status_writes(r, expected, ARRAY_LEN(expected));
	assert_true(rig_end(r));
}

/*
 * [INIT-01] [INIT-04] [INIT-05]: features, FEATURES_OK, its re-read, queues, DRIVER_OK; the model
 * complains of what it sees too late.
 */
static void features_then_queues_then_driver_ok(void **state)
{
	struct rig *r = rig_new();
	unsigned driver, features, features_ok, queue, driver_ok, reread;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	driver = written_at(r, 4, STATUS_REGISTER, 3);
	/* VERSION_1, the upper word */
	features = written_at(r, 4, DEVICE_COMMON_OFF + 12, 1);
	features_ok = written_at(r, 4, STATUS_REGISTER, 0xb);
	queue = written_at(r, 4, DEVICE_COMMON_OFF + 28, 1);
	driver_ok = written_at(r, 4, STATUS_REGISTER, 0xf);
	assert_true(driver < features && features < features_ok && features_ok < queue &&
		    queue < driver_ok);
	reread = features_ok + 1;
	assert_false(r->device.log[reread].write);
	assert_int_equal(r->device.log[reread].off, STATUS_REGISTER);
	assert_true(driver_ok < r->device.log_count);
	assert_true(rig_end(r));
}

/*
 * [INIT-08]: buffers are posted before DRIVER_OK, the doorbell rings after it; the model complains
 * otherwise.
 */
static void the_first_doorbell_follows_driver_ok(void **state)
{
	struct rig *r = rig_new();
	uint8_t *avail;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(written_at(r, 4, DEVICE_NOTIFY_OFF, 0) >
		    written_at(r, 4, STATUS_REGISTER, 0xf));
	assert_true(written_at(r, 4, DEVICE_NOTIFY_OFF, 0) < r->device.log_count);
	avail = hosted_dma(r->device.queue[0].avail, 4);
	assert_non_null(avail);
	assert_int_equal(avail[2], VIRTIO_NET_RX_SLOTS);
	assert_true(rig_end(r));
}

/* [INIT-03] [NET-02]: not in the feature step and not later. */
static void device_configuration_is_never_written(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(rig_passes(r, 1, 100, CSUM_CHECK));
	assert_true(r->nic->ops->link_up(r->nic));
	assert_true(rig_end(r));
	for (unsigned i = 0; i < r->device.log_count; i++)
		assert_false(r->device.log[i].write && r->device.log[i].space == 4 &&
			     r->device.log[i].off >= DEVICE_CONFIG_OFF &&
			     r->device.log[i].off < DEVICE_NOTIFY_OFF);
}

/* [PCI-19]: and DMA is allowed only when the reset is over. */
static void bus_mastering_waits_for_the_reset(void **state)
{
	struct rig *r = rig_new();
	unsigned reset, master;

	(void)state;
	r->device.status = 0xf; /* something ran before us */
	r->device.reset_reads = 3;
	assert_int_equal(rig_open(r), 0);
	reset = written_at(r, 4, STATUS_REGISTER, 0);
	master = written_at(r, DEVICE_SPACE_CFG, 4, 0x407);
	assert_true(reset + 3 < master && master < written_at(r, 4, STATUS_REGISTER, 1));
	assert_true(written_at(r, DEVICE_SPACE_CFG, 4, 0x403) < reset);
	assert_true(rig_end(r));
}

/*
 * [PCI-19]: also where the firmware had allowed it, and whether or not the device obeys the reset.
 */
static void bus_mastering_ends_with_the_reset(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.cfg[PCI_COMMAND] = 0x07;
	assert_int_equal(rig_open(r), 0);
	assert_true(rig_passes(r, 1, 100, CSUM_CHECK));
	assert_int_equal(r->device.cfg[PCI_COMMAND], 0x07);
	assert_true(rig_end(r));
	assert_int_equal(r->device.cfg[PCI_COMMAND], 0x03);

	r = rig_new();
	r->device.cfg[PCI_COMMAND] = 0x07;
	assert_int_equal(rig_open(r), 0);
	r->device.reset_reads = DEVICE_RESET_NEVER;
	assert_int_equal(virtio_close(&r->vn.virtio, &r->failure), ERR_DEVICE);
	assert_int_equal(r->device.cfg[PCI_COMMAND], 0x03);
}

/* --- reset ---------------------------------------------------------------------------------- */

/* [INIT-10] [PCI-11]: the model complains of a write before status reads 0. */
static void a_slow_reset_is_awaited(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.status = 0xf;
	r->device.reset_reads = 20;
	assert_int_equal(rig_open(r), 0);
	assert_true(rig_passes(r, 1, 100, CSUM_CHECK));
	assert_true(rig_end(r));
}

/* [INIT-10]: bounded by the clock. */
static void a_reset_that_never_ends_fails_at_device(void **state)
{
	struct rig *r = rig_new();
	uint32_t before_ms = port_now_ms();

	(void)state;
	r->device.status = 0xf;
	r->device.reset_reads = DEVICE_RESET_NEVER;
	assert_int_equal(rig_open(r), ERR_DEVICE);
	assert_int_equal(r->failure.rung, RUNG_DEVICE);
	assert_non_null(strstr(r->failure.text, "did not finish its reset within 100 ms"));
	assert_in_range(port_now_ms() - before_ms, 100, 250);
	assert_int_equal(hosted_dma_live(), 0);
	assert_int_equal(r->device.cfg[4] & 4, 0);
}

/* --- features --------------------------------------------------------------------------------- */

/* [INIT-05] [INIT-06] [INIT-07]: FAILED, then reset, and nothing between. */
static void refused_features_fail_at_device(void **state)
{
	static const uint32_t expected[] = { 0, 1, 3, 0xb, 0x8b, 0 };
	struct rig *r = rig_new();

	(void)state;
	r->device.refuses_features = true;
	assert_int_equal(rig_open(r), ERR_DEVICE);
	assert_int_equal(r->failure.rung, RUNG_DEVICE);
	assert_non_null(strstr(r->failure.text, "refused the features"));
	assert_status_writes(r, expected, ARRAY_LEN(expected));
	assert_int_equal(r->device.status, 0);
	assert_true(rig_end(r));
}

/*
 * [INIT-14]: a device that sticks FEATURES_OK without VERSION_1 does not tempt us: it is accepted
 * whenever offered.
 */
static void version_1_is_accepted(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rig_open(r), 0);
	assert_true(device_accepted(&r->device, VIRTIO_F_VERSION_1));
	assert_true(rig_end(r));
}

/* [DEV-01]: capabilities are there, VERSION_1 is not. */
static void modern_registers_without_version_1_fail_at_device(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_withdraw(&r->device, VIRTIO_F_VERSION_1);
	assert_int_equal(rig_open(r), ERR_DEVICE);
	assert_int_equal(r->failure.rung, RUNG_DEVICE);
	assert_non_null(strstr(r->failure.text, "VERSION_1"));
	assert_true(rig_end(r));
}

/* [INIT-15]: accepted, and the addresses are the port's mapping (the model accepts no other). */
static void access_platform_is_accepted(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_offer(&r->device, VIRTIO_F_ACCESS_PLATFORM);
	assert_int_equal(rig_open(r), 0);
	assert_true(device_accepted(&r->device, VIRTIO_F_ACCESS_PLATFORM));
	assert_true(rig_passes(r, 1, 1514, CSUM_CHECK));
	assert_true(rig_end(r));
}

/* [INIT-12]: ANY_LAYOUT is a legacy bit. */
static void bits_of_the_other_transport_are_not_accepted(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_offer(&r->device, VIRTIO_F_ANY_LAYOUT);
	assert_int_equal(rig_open(r), 0);
	assert_false(device_accepted(&r->device, VIRTIO_F_ANY_LAYOUT));
	assert_true(rig_end(r));
}

/* [INIT-19]: SUSPEND is no bit of ours. */
static void no_status_bit_is_written_but_five(void **state)
{
	struct rig *r = rig_new();
	uint32_t values[32];
	unsigned n;

	(void)state;
	memset(r->device.offers, 0xff, sizeof(r->device.offers));
	assert_int_equal(rig_open(r), 0);
	assert_true(rig_end(r));
	n = device_status_writes(&r->device, values, ARRAY_LEN(values));
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(values[i] & ~0xfu, 0);
}

/* --- configuration that moves ----------------------------------------------------------------- */

static unsigned changes_left;
static const uint8_t other_mac[6] = { 0x02, 0x99, 0x99, 0x99, 0x99, 0x99 };

/* The MAC changes completely when its third byte is about to be read. */
static void change_mac(struct device *d, uint32_t off)
{
	if (off != 2 || changes_left == 0)
		return;
	changes_left--;
	for (unsigned i = 0; i < 6; i++)
		device_config_change(d, i, (uint8_t)(other_mac[i] + changes_left));
}

/* [INIT-20] */
static void a_mac_that_changes_while_it_is_read_is_read_again(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	changes_left = 3;
	r->device.on_config_read = change_mac;
	assert_int_equal(rig_open(r), 0);
	assert_memory_equal(r->nic->mac, other_mac, 6);
	assert_true(rig_end(r));
}

/* [INIT-20]: eight times at most. */
static void a_configuration_that_never_holds_still_fails_at_device(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	changes_left = 1000;
	r->device.on_config_read = change_mac;
	assert_int_equal(rig_open(r), ERR_DEVICE);
	assert_int_equal(changes_left, 1000 - 8);
	assert_int_equal(r->failure.rung, RUNG_DEVICE);
	assert_non_null(strstr(r->failure.text, "configuration changed"));
	assert_true(rig_end(r));
}

/* [PCI-L6]: without a generation, until two readings agree. */
static void a_legacy_mac_is_read_until_two_readings_agree(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_init_legacy(&r->device);
	changes_left = 4;
	r->device.on_config_read = change_mac;
	assert_int_equal(rig_open(r), 0);
	assert_memory_equal(r->nic->mac, other_mac, 6);
	assert_true(rig_end(r));
}

static void a_legacy_configuration_that_never_holds_still_fails_at_device(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_init_legacy(&r->device);
	changes_left = 1000;
	r->device.on_config_read = change_mac;
	assert_int_equal(rig_open(r), ERR_DEVICE);
	assert_int_equal(r->failure.rung, RUNG_DEVICE);
	assert_int_equal(changes_left, 1000 - 16);
	assert_true(rig_end(r));
}

/* --- the console line ------------------------------------------------------------------------- */

static const char *features_text(uint64_t offered, uint64_t accepted)
{
	static char buf[VIRTIO_FEATURES_TEXT_LEN];
	struct virtio v = { .offered = offered, .accepted = accepted };
	struct text t;

	text_init(&t, buf, sizeof(buf));
	virtio_features_text(&v, &t);
	assert_false(t.cut);
	return buf;
}

/* The line that the README shows. */
static void the_features_line_names_what_was_accepted_and_declined(void **state)
{
	(void)state;
	assert_string_equal(features_text(0x100018022, 0x100010022),
			    "offered 0x100018022, accepted 0x100010022 +VERSION_1 +MAC +STATUS "
			    "+GUEST_CSUM -MRG_RXBUF");
	assert_string_equal(features_text(0x20, 0), "offered 0x20, accepted 0x0 -MAC");
	assert_string_equal(features_text(0, 0), "offered 0x0, accepted 0x0");
}

static void bits_without_a_name_are_numbers(void **state)
{
	(void)state;
	assert_string_equal(features_text(UINT64_C(1) << 44, 0),
			    "offered 0x100000000000, accepted 0x0 -BIT_44");
}

static void a_device_that_offers_everything_still_fits_the_line(void **state)
{
	const char *line = features_text(UINT64_MAX, 0);
	unsigned names = 0;

	(void)state;
	for (const char *p = line; (p = strstr(p, " -")) != NULL; p++)
		names++;
	assert_int_equal(names, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_modern_bring_up_writes_0_1_3_b_f),
		cmocka_unit_test(a_legacy_bring_up_writes_0_1_3_7),
		cmocka_unit_test(features_then_queues_then_driver_ok),
		cmocka_unit_test(the_first_doorbell_follows_driver_ok),
		cmocka_unit_test(device_configuration_is_never_written),
		cmocka_unit_test(bus_mastering_waits_for_the_reset),
		cmocka_unit_test(bus_mastering_ends_with_the_reset),
		cmocka_unit_test(a_slow_reset_is_awaited),
		cmocka_unit_test(a_reset_that_never_ends_fails_at_device),
		cmocka_unit_test(refused_features_fail_at_device),
		cmocka_unit_test(version_1_is_accepted),
		cmocka_unit_test(modern_registers_without_version_1_fail_at_device),
		cmocka_unit_test(access_platform_is_accepted),
		cmocka_unit_test(bits_of_the_other_transport_are_not_accepted),
		cmocka_unit_test(no_status_bit_is_written_but_five),
		cmocka_unit_test(a_mac_that_changes_while_it_is_read_is_read_again),
		cmocka_unit_test(a_configuration_that_never_holds_still_fails_at_device),
		cmocka_unit_test(a_legacy_mac_is_read_until_two_readings_agree),
		cmocka_unit_test(a_legacy_configuration_that_never_holds_still_fails_at_device),
		cmocka_unit_test(the_features_line_names_what_was_accepted_and_declined),
		cmocka_unit_test(bits_without_a_name_are_numbers),
		cmocka_unit_test(a_device_that_offers_everything_still_fits_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
