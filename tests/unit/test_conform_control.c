/* SPDX-License-Identifier: BSD-2-Clause */
/* skiff-conform's probe of the control queue over a model device that does one thing wrong. */

#include "core/wire.h"
#include "core/wire.h"
#include "tests/conform/features.h"
#include "tests/unit/conform_lab.h"

static struct neighbour *controlled(uint64_t faults)
{
	struct neighbour *n = neighbour_new();

	device_offer(&n->device, VIRTIO_NET_F_CTRL_VQ);
	device_offer(&n->device, VIRTIO_NET_F_CTRL_RX);
	device_offer(&n->device, VIRTIO_NET_F_CTRL_MAC_ADDR);
	device_offer(&n->device, VIRTIO_NET_F_MQ);
	n->device.faults = faults;
	return n;
}

static void an_honest_control_queue(void **state)
{
	static const char *const rows[] = { "DEV-71", "DEV-72", "DEV-73", "DEV-74", "DEV-75" };
	struct neighbour *n = controlled(0);

	(void)state;
	assert_finds_content(n, "");
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(neighbour_says(n, "ok ", rows[i], "[control]"));
	assert_null(strstr(hosted_output(), "[control] # SKIP"));
}

/* [DEV-71] [DEV-72] [DEV-73] [DEV-74] [DEV-75] */
static void control_queues_that_lie(void **state)
{
	static const struct {
		enum device_fault fault;
		const char *row;
	} lies[] = {
		{ FAULT_CONTROL_LEN, "DEV-71 " }, { FAULT_CONTROL_OK, "DEV-72 " },
		{ FAULT_PAIRS_OK, "DEV-73 " },    { FAULT_FILTER_OPEN, "DEV-74 " },
		{ FAULT_FILTER_DEAF, "DEV-74 " }, { FAULT_TABLE_KEPT, "DEV-74 " },
		{ FAULT_MAC_HIDDEN, "DEV-75 " },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(lies); i++)
		assert_finds_content(controlled(DEVICE_FAULT(lies[i].fault)), lies[i].row);
}

static void fall_silent(struct neighbour *n)
{
	n->device.faults |= DEVICE_FAULT(FAULT_CONTROL_SILENT);
}

static void silent_behind_promiscuous(struct neighbour *n)
{
	if (n->device.filter.promiscuous)
		fall_silent(n);
}

static void silent_behind_mac(struct neighbour *n)
{
	if (n->device.filter.moved)
		fall_silent(n);
}

/* The command that is not answered is judged, and no other: the device may hold their memory. */
static void control_queues_that_fall_silent(void **state)
{
	struct neighbour *n = controlled(DEVICE_FAULT(FAULT_CONTROL_SILENT));

	(void)state;
	assert_finds_content(n, "DEV-72 ");
	assert_true(neighbour_tells(n, "times: 1 "));

	n = controlled(0);
	n->on_idle = silent_behind_promiscuous;
	assert_finds_content(n, "DEV-74 ");
	assert_true(neighbour_tells(n, "promiscuous mode is off (no answer)"));

	n = controlled(0);
	n->on_idle = silent_behind_mac;
	assert_finds_content(n, "DEV-75 ");
	assert_true(neighbour_tells(n, "mac could not be set back"));
}

static void stop_behind_mac(struct neighbour *n)
{
	n->silent = n->device.filter.moved;
	if (!n->silent)
		return;
	fall_silent(n);
	n->device.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
}

/* A device that has stopped is not asked to take its MAC back. */
static void a_device_that_stops_with_another_mac(void **state)
{
	struct neighbour *n = controlled(0);

	(void)state;
	n->on_idle = stop_behind_mac;
	assert_finds_content(n, "");
	assert_true(neighbour_tells(n, "the device has stopped working"));
}

/*
 * 5.1.2: with max_virtqueue_pairs 0x8000 its number would be 65536, and without that field nobody
 * knows it. What needs no MQ is asked all the same.
 */
static void control_queues_without_a_number(void **state)
{
	struct neighbour *n = controlled(0);

	(void)state;
	put_le16(n->device.config + 8, 0x8000);
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-73", "[control] # SKIP"));
	assert_false(neighbour_says(n, "ok ", "DEV-74", "# SKIP"));

	n = controlled(0);
	put_le32(n->device.cfg + DEVICE_CAP_CONFIG + 12, 8);
	n->device.config_len = 8;
	assert_finds_content(n, "");
	assert_true(neighbour_says(n, "ok ", "DEV-73", "[control] # SKIP"));
	assert_false(neighbour_says(n, "ok ", "DEV-74", "# SKIP"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_control_queue),
		cmocka_unit_test(control_queues_that_lie),
		cmocka_unit_test(control_queues_that_fall_silent),
		cmocka_unit_test(a_device_that_stops_with_another_mac),
		cmocka_unit_test(control_queues_without_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
