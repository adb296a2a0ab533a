/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/virtio_pci.c: capabilities that lie, doorbells, register widths, the way through
 * configuration space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/rig.h"

#include <cmocka.h>
#undef fail

enum { COMMON = 1, NOTIFY = 2, CONFIG = 4, PCI_CFG = 5 };

/* Puts a virtio capability at the head of the list, before the honest ones. */
static void prepend(struct device *d, unsigned at, uint8_t cfg_type, uint8_t bar, uint32_t off,
		    uint32_t len, uint32_t extra)
{
	device_capability(d, at, d->cfg[0x34], cfg_type, bar, off, len, extra);
	d->cfg[0x34] = (uint8_t)at;
}

static void assert_works(struct rig *r)
{
	uint8_t *buf;

	assert_int_equal(rig_open(r), 0);
	for (uint32_t i = 0; i < 10; i++) {
		assert_true(rig_passes(r, i, 1514, CSUM_CHECK));
		buf = r->nic->ops->tx_buffer(r->nic);
		assert_non_null(buf);
		memcpy(buf, rig_frame(i, 60), 60);
		r->nic->ops->tx_send(r->nic, 60);
		r->nic->ops->tx_flush(r->nic);
	}
	assert_int_equal(r->device.sent_count, 10);
	assert_true(r->nic->ops->link_up(r->nic));
	assert_true(rig_end(r));
}

static void assert_refused(struct rig *r, enum rung rung, const char *words)
{
	unsigned command = r->device.cfg[4];

	assert_int_equal(rig_open(r), ERR_DEVICE);
	assert_int_equal(r->failure.rung, rung);
	assert_non_null(strstr(r->failure.text, words));
	assert_true(rig_end(r));
	assert_int_equal(r->device.cfg[4], command);
}

/* Its command register is not touched either. */
static void another_function_is_refused(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.cfg[0] = 0x86;
	assert_refused(r, RUNG_DEVICE, "it is no virtio network device on PCI");
}

/* [PCI-02] [PCI-05] [PCI-07] [PCI-10] [PCI-13] [PCI-14]: the model complains of each breach. */
static void an_honest_device_is_content(void **state)
{
	(void)state;
	assert_works(rig_new());
}

/* [PCI-10]: queue_enable is written once per queue, with 1, behind all else of that queue. */
static void queue_enable_is_the_last_write_of_a_queue(void **state)
{
	struct rig *r = rig_new();
	unsigned enables = 0, since = 0;

	(void)state;
	assert_int_equal(rig_open(r), 0);
	for (unsigned i = 0; i < r->device.log_count; i++) {
		const struct device_access *a = &r->device.log[i];

		if (!a->write || a->space != 4 || a->off < 22 || a->off >= 56)
			continue;
		if (a->off == 22)
			since = 0;
		since++;
		if (a->off != 28)
			continue;
		assert_int_equal(a->value, 1);
		/* queue_select, queue_size, three addresses in halves, queue_enable */
		assert_int_equal(since, 9);
		enables++;
	}
	assert_int_equal(enables, 2);
	assert_true(rig_end(r));
}

/* [PCI-06] */
static void no_capabilities_at_all(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.cfg[6] = 0;
	assert_refused(r, RUNG_DEVICE, "no usable capability leads to its common configuration");
}

static void no_doorbells(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.cfg[DEVICE_CAP_NOTIFY + 3] = 0;
	assert_refused(r, RUNG_DEVICE, "doorbells");
}

/* A transitional device whose capabilities are unusable still has its legacy registers. */
static void a_transitional_device_falls_back_to_legacy(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_init_transitional(&r->device);
	r->device.cfg[DEVICE_CAP_COMMON + 4] = 6;
	assert_works(r);
	assert_true(r->vn.rules.legacy);
}

static void a_transitional_device_is_driven_modern(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	device_init_transitional(&r->device);
	assert_works(r);
	assert_false(r->vn.rules.legacy);
	assert_int_equal(r->vn.header_len, 12);
}

/* An endless list: the walk ends. */
static void a_capability_list_that_loops_ends(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.cfg[DEVICE_CAP_COMMON + 1] = DEVICE_CAP_MSIX;
	assert_works(r);
	r = rig_new();
	r->device.cfg[DEVICE_CAP_MSIX + 1] = DEVICE_CAP_MSIX;
	assert_refused(r, RUNG_DEVICE, "no usable capability");
	r = rig_new();
	r->device.cfg[0x34] = DEVICE_CAP_PCI_CFG;
	r->device.cfg[DEVICE_CAP_PCI_CFG + 1] = DEVICE_CAP_PCI_CFG;
	assert_refused(r, RUNG_DEVICE, "no usable capability");
}

/* The low two bits of a pointer are reserved; one into the header ends the list. */
static void pointers_are_masked_and_stay_behind_the_header(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.cfg[0x34] |= 3;
	r->device.cfg[DEVICE_CAP_MSIX + 1] |= 3;
	assert_works(r);
	r = rig_new();
	r->device.cfg[0x34] = 0x3c;
	assert_refused(r, RUNG_DEVICE, "no usable capability");
}

/* [PCI-03] */
static void reserved_bars_are_skipped(void **state)
{
	static const uint8_t bars[] = { 6, 7, 0xff };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bars); i++) {
		struct rig *r = rig_new();

		prepend(&r->device, DEVICE_CAP_FREE, COMMON, bars[i], DEVICE_COMMON_OFF, 0x1000, 0);
		prepend(&r->device, DEVICE_CAP_FREE + 16, NOTIFY, bars[i], DEVICE_NOTIFY_OFF,
			0x1000, 4);
		prepend(&r->device, DEVICE_CAP_FREE + 36, CONFIG, bars[i], DEVICE_CONFIG_OFF,
			0x1000, 0);
		assert_works(r);
	}
}

/* [PCI-03] [PCI-17]: reserved types, vendor data, shared memory. */
static void other_types_are_skipped(void **state)
{
	static const uint8_t types[] = { 0, 6, 8, 9, 10, 0xff };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		struct rig *r = rig_new();

		prepend(&r->device, DEVICE_CAP_FREE, types[i], 4, 0x40, 0x1000, 0);
		assert_works(r);
	}
}

/*
 * [PCI-03]: longer capabilities, and lengths up to 4 GiB; only what is needed is opened ([PCI-04]).
 */
static void larger_capabilities_and_lengths_are_taken(void **state)
{
	static const unsigned caps[] = { DEVICE_CAP_COMMON, DEVICE_CAP_CONFIG, DEVICE_CAP_NOTIFY };
	struct rig *r = rig_new();

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(caps); i++) {
		r->device.cfg[caps[i] + 2] = 0xff;
		put_le32(r->device.cfg + caps[i] + 12, 0xffffffff);
	}
	assert_works(r);
}

/* [PCI-13]: 56 bytes are enough, and no byte behind them is touched. */
static void a_common_configuration_of_56_bytes_is_enough(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	put_le32(r->device.cfg + DEVICE_CAP_COMMON + 12, 56);
	assert_works(r);
	r = rig_new();
	put_le32(r->device.cfg + DEVICE_CAP_COMMON + 12, 55);
	assert_refused(r, RUNG_DEVICE, "common configuration");
}

/* A capability that is too short for its members, or hangs over the end of configuration space. */
static void truncated_capabilities_are_skipped(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	prepend(&r->device, DEVICE_CAP_FREE, COMMON, 4, DEVICE_CONFIG_OFF, 0x1000, 0);
	r->device.cfg[DEVICE_CAP_FREE + 2] = 15;
	prepend(&r->device, DEVICE_CAP_FREE + 16, NOTIFY, 4, DEVICE_CONFIG_OFF, 0x1000, 4);
	r->device.cfg[DEVICE_CAP_FREE + 18] = 19;
	r->device.cfg[0xfc] = 9;
	r->device.cfg[0xfd] = r->device.cfg[0x34];
	r->device.cfg[0xfe] = 255;
	r->device.cfg[0xff] = COMMON;
	r->device.cfg[0x34] = 0xfc;
	assert_works(r);
}

/* Beyond the BAR, across 4 GiB, misaligned (4.1.4.3.1): skipped, and the next one is taken. */
static void places_that_cannot_be_are_skipped(void **state)
{
	static const uint32_t offs[] = {
		DEVICE_BAR4_LEN - 4, DEVICE_BAR4_LEN,       0xfffffffc,
		0xfffff000,          DEVICE_COMMON_OFF + 1, DEVICE_COMMON_OFF + 2,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(offs); i++) {
		struct rig *r = rig_new();

		prepend(&r->device, DEVICE_CAP_FREE, COMMON, 4, offs[i], 0xffffffff, 0);
		prepend(&r->device, DEVICE_CAP_FREE + 16, CONFIG, 4, offs[i], 0xffffffff, 0);
		assert_works(r);
	}
}

/* [PCI-04]: of two that could be used, the first. */
static void second_instances_are_left_alone(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.cfg[DEVICE_CAP_COMMON + 1] = DEVICE_CAP_FREE;
	device_capability(&r->device, DEVICE_CAP_FREE, DEVICE_CAP_FREE + 16, COMMON, 4,
			  DEVICE_CONFIG_OFF, 0x1000, 0);
	device_capability(&r->device, DEVICE_CAP_FREE + 16, DEVICE_CAP_FREE + 32, CONFIG, 4,
			  DEVICE_ISR_OFF, 0x1000, 0);
	device_capability(&r->device, DEVICE_CAP_FREE + 32, DEVICE_CAP_FREE + 52, NOTIFY, 4,
			  DEVICE_ISR_OFF, 0x1000, 8);
	device_capability(&r->device, DEVICE_CAP_FREE + 52, 0, PCI_CFG, 0, 0, 0, 0);
	assert_works(r);
}

/* [PCI-04]: QEMU's modern-pio-notify=on, an I/O BAR with multiplier 0, before the other one. */
static void the_first_usable_doorbell_is_taken(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.pci.bar[2] = (struct hosted_bar){ .kind = WINDOW_IO, .len = 4 };
	r->device.notify_off_multiplier = 0;
	prepend(&r->device, DEVICE_CAP_FREE, NOTIFY, 2, 0, 4, 0);
	assert_works(r);
	assert_true(device_log_find(&r->device, 2, 0, true, NULL, 0) > 0);
	assert_int_equal(device_log_find(&r->device, 4, DEVICE_NOTIFY_OFF, true, NULL, 0), 0);
}

static void an_unusable_first_doorbell_is_passed_over(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	prepend(&r->device, DEVICE_CAP_FREE, NOTIFY, 2, 0, 4, 0); /* BAR 2 is unassigned */
	assert_works(r);
	assert_true(device_log_find(&r->device, 4, DEVICE_NOTIFY_OFF, true, NULL, 0) > 0);
}

/*
 * [PCI-15]: by queue_notify_off, not by the queue's index; the model complains of another address.
 */
static void doorbells_lie_where_queue_notify_off_says(void **state)
{
	static const struct {
		uint16_t rx, tx;
		uint32_t multiplier;
	} cases[] = {
		{ 0, 1, 4 },   { 1, 0, 4 },           { 7, 7, 16 },         { 0, 1, 2048 },
		{ 3, 500, 2 }, { 0xffff, 0xfffe, 0 }, { 0, 0, 0xfffffffe },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		r->device.queue[0].notify_off = cases[i].rx;
		r->device.queue[1].notify_off = cases[i].tx;
		r->device.notify_off_multiplier = cases[i].multiplier;
		put_le32(r->device.cfg + DEVICE_CAP_NOTIFY + 16, cases[i].multiplier);
		assert_works(r);
	}
}

/* Outside the capability, also by a product of more than 32 bits, or odd. */
static void doorbells_outside_their_window_fail_at_queues(void **state)
{
	static const struct {
		uint16_t rx;
		uint32_t multiplier;
	} cases[] = {
		{ 1024, 4 },         { 0xffff, 0xffffffff },
		{ 0x8000, 0x20000 }, { 1, 0xffffffff },
		{ 1, 4095 },         { 1, 1 },
		{ 1, 4096 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig *r = rig_new();

		r->device.queue[0].notify_off = cases[i].rx;
		r->device.notify_off_multiplier = cases[i].multiplier;
		put_le32(r->device.cfg + DEVICE_CAP_NOTIFY + 16, cases[i].multiplier);
		assert_refused(r, RUNG_QUEUES, "doorbell for queue 0");
	}
}

/* Inside the BAR, but not inside the capability. */
static void a_doorbell_just_behind_its_capability_fails_at_queues(void **state)
{
	static const uint32_t lens[] = { 4, 5 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		struct rig *r = rig_new();

		put_le32(r->device.cfg + DEVICE_CAP_NOTIFY + 12, lens[i]);
		assert_refused(r, RUNG_QUEUES, "doorbell for queue 1");
	}
}

/* A place that comes out inside the BAR only because 32 bits wrapped. */
static void a_doorbell_across_4_gib_fails_at_queues(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.pci.bar[4].len = UINT64_MAX;
	r->device.queue[0].notify_off = 1;
	device_capability(&r->device, DEVICE_CAP_NOTIFY, DEVICE_CAP_CONFIG, NOTIFY, 4, 0xfffffff0,
			  0xffffffff, DEVICE_NOTIFY_OFF + 0x10);
	assert_refused(r, RUNG_QUEUES, "doorbell for queue 0");
}

/* A capability length that promises more than the BAR has. */
static void a_doorbell_outside_the_bar_fails_at_queues(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	put_le32(r->device.cfg + DEVICE_CAP_NOTIFY + 12, 0xffffffff);
	r->device.queue[1].notify_off = 0x1000;
	assert_refused(r, RUNG_QUEUES, "doorbell for queue 1");
}

/* [PCI-18]: MSI-X stays off and ISR unread; the model complains of a write to any capability. */
static void msi_x_and_isr_are_left_alone(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_works(r);
	for (unsigned i = 0; i < r->device.log_count; i++) {
		const struct device_access *a = &r->device.log[i];

		assert_false(a->space == 4 && a->off >= DEVICE_ISR_OFF &&
			     a->off < DEVICE_CONFIG_OFF);
		assert_false(a->space == 4 && (a->off == 16 || a->off == 26));
	}
}

/* --- a BAR out of reach --------------------------------------------------------------------- */

/*
 * [PCI-16] [PCI-20] [PCI-02]: everything goes through configuration space; the model checks each
 * aim.
 */
static void a_bar_out_of_reach_is_driven_through_pci_cfg(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.pci.bar[4].unreachable = true;
	assert_works(r);
	assert_true(device_log_find(&r->device, DEVICE_SPACE_CFG, DEVICE_CAP_PCI_CFG + 16, true,
				    NULL, 0) > 0);
}

static void pci_cfg_may_come_last_in_the_list(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.pci.bar[4].unreachable = true;
	r->device.cfg[DEVICE_CAP_MSIX + 1] = DEVICE_CAP_NOTIFY;
	r->device.cfg[DEVICE_CAP_COMMON + 1] = DEVICE_CAP_PCI_CFG;
	r->device.cfg[DEVICE_CAP_PCI_CFG + 1] = 0;
	assert_works(r);
}

static void a_bar_out_of_reach_without_pci_cfg_fails_at_device(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.pci.bar[4].unreachable = true;
	r->device.cfg[DEVICE_CAP_PCI_CFG + 3] = 0;
	assert_refused(r, RUNG_DEVICE, "common configuration");
}

/* [PCI-16]: a place that wraps at 4 GiB or is misaligned is never aimed at. */
static void lying_places_out_of_reach_are_not_aimed_at(void **state)
{
	static const uint32_t offs[] = { 0xfffffffc, 0xffffffcc, 1, 2 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(offs); i++) {
		struct rig *r = rig_new();

		r->device.pci.bar[4].unreachable = true;
		r->device.pci.bar[4].len = UINT64_MAX;
		prepend(&r->device, DEVICE_CAP_FREE, COMMON, 4, offs[i], 0xffffffff, 0);
		assert_works(r);
	}
}

static void an_unassigned_bar_fails_at_device(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->device.pci.bar[4].kind = WINDOW_NONE;
	assert_refused(r, RUNG_DEVICE, "BAR unassigned?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_device_is_content),
		cmocka_unit_test(queue_enable_is_the_last_write_of_a_queue),
		cmocka_unit_test(no_capabilities_at_all),
		cmocka_unit_test(no_doorbells),
		cmocka_unit_test(a_transitional_device_falls_back_to_legacy),
		cmocka_unit_test(another_function_is_refused),
		cmocka_unit_test(a_transitional_device_is_driven_modern),
		cmocka_unit_test(a_capability_list_that_loops_ends),
		cmocka_unit_test(pointers_are_masked_and_stay_behind_the_header),
		cmocka_unit_test(reserved_bars_are_skipped),
		cmocka_unit_test(other_types_are_skipped),
		cmocka_unit_test(larger_capabilities_and_lengths_are_taken),
		cmocka_unit_test(a_common_configuration_of_56_bytes_is_enough),
		cmocka_unit_test(truncated_capabilities_are_skipped),
		cmocka_unit_test(places_that_cannot_be_are_skipped),
		cmocka_unit_test(second_instances_are_left_alone),
		cmocka_unit_test(the_first_usable_doorbell_is_taken),
		cmocka_unit_test(an_unusable_first_doorbell_is_passed_over),
		cmocka_unit_test(doorbells_lie_where_queue_notify_off_says),
		cmocka_unit_test(doorbells_outside_their_window_fail_at_queues),
		cmocka_unit_test(a_doorbell_just_behind_its_capability_fails_at_queues),
		cmocka_unit_test(a_doorbell_across_4_gib_fails_at_queues),
		cmocka_unit_test(a_doorbell_outside_the_bar_fails_at_queues),
		cmocka_unit_test(msi_x_and_isr_are_left_alone),
		cmocka_unit_test(a_bar_out_of_reach_is_driven_through_pci_cfg),
		cmocka_unit_test(pci_cfg_may_come_last_in_the_list),
		cmocka_unit_test(a_bar_out_of_reach_without_pci_cfg_fails_at_device),
		cmocka_unit_test(lying_places_out_of_reach_are_not_aimed_at),
		cmocka_unit_test(an_unassigned_bar_fails_at_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
