/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci.c: finding functions, walking capabilities, the command register. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "drivers/pci.h"

#include <cmocka.h>

struct function {
	struct hosted_pci pci;
	uint8_t cfg[256];
	unsigned reads;
};

static struct function functions[6];
static unsigned count;

static uint32_t cfg_read(void *ctx, unsigned off, unsigned width)
{
	struct function *f = ctx;

	f->reads++;
	if (width == 1)
		return f->cfg[off];
	return width == 2 ? get_le16(f->cfg + off) : get_le32(f->cfg + off);
}

static void cfg_write(void *ctx, unsigned off, unsigned width, uint32_t value)
{
	struct function *f = ctx;

	assert_int_equal(off, PCI_COMMAND);
	assert_int_equal(width, 2);
	put_le16(f->cfg + off, (uint16_t)value);
}

static struct function *add(uintptr_t fn, uint16_t vendor, uint16_t device, uint8_t header_type)
{
	struct function *f = &functions[count++];

	memset(f, 0, sizeof(*f));
	f->pci = (struct hosted_pci){
		.fn = fn, .ctx = f, .cfg_read = cfg_read, .cfg_write = cfg_write
	};
	put_le16(f->cfg, vendor);
	put_le16(f->cfg + 2, device);
	f->cfg[PCI_HEADER_TYPE] = header_type;
	hosted_attach_pci(&f->pci);
	return f;
}

static int setup(void **state)
{
	(void)state;
	hosted_reset();
	count = 0;
	return 0;
}

/* [PCI-01]: any revision, any subsystem. */
static void both_ids_match_and_no_other(void **state)
{
	static const struct {
		uint16_t vendor, device;
		bool match;
	} cases[] = {
		{ 0x1af4, 0x1000, true },  { 0x1af4, 0x1041, true },  { 0x1af4, 0x1001, false },
		{ 0x1af4, 0x1042, false }, { 0x8086, 0x1000, false }, { 0xffff, 0xffff, false },
	};
	struct function *f = add(0x18, 0, 0, 0);

	(void)state;
	f->cfg[0x08] = 0x7f;
	put_le16(f->cfg + 0x2e, 0x7777);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		put_le16(f->cfg, cases[i].vendor);
		put_le16(f->cfg + 2, cases[i].device);
		assert_int_equal(virtio_net_pci_is(0x18), cases[i].match);
	}
	assert_false(virtio_net_pci_is(0x20));
}

static void they_are_found_on_any_bus_in_order(void **state)
{
	uintptr_t fn = 0;

	(void)state;
	add(0x0008, 0x8086, 0x1000, 0x80);
	add(0x000b, 0x1af4, 0x1000, 0x80); /* function 3 of a multi-function device */
	add(0x0018, 0x1af4, 0x1041, 0x00);
	add(0x3f00, 0x1b36, 0x000c, 0x01);
	add(0xfff8, 0x1af4, 0x1041, 0x80); /* the very last device */
	add(0xffff, 0x1af4, 0x1041, 0x00);
	assert_true(virtio_net_pci_find(&fn));
	assert_int_equal(fn, 0x000b);
	fn++;
	assert_true(virtio_net_pci_find(&fn));
	assert_int_equal(fn, 0x0018);
	fn++;
	assert_true(virtio_net_pci_find(&fn));
	assert_int_equal(fn, 0xfff8);
	fn++;
	assert_true(virtio_net_pci_find(&fn));
	assert_int_equal(fn, 0xffff);
	fn++;
	assert_false(virtio_net_pci_find(&fn));
}

/* Such functions mirror function 0 on some machines. */
static void functions_of_a_single_function_device_are_not_asked(void **state)
{
	struct function *ghost;
	uintptr_t fn = 0;

	(void)state;
	add(0x18, 0x8086, 0x1234, 0x00);
	ghost = add(0x19, 0x1af4, 0x1041, 0x00);
	assert_false(virtio_net_pci_find(&fn));
	assert_int_equal(ghost->reads, 0);
}

static void an_empty_machine_has_none(void **state)
{
	uintptr_t fn = 0;

	(void)state;
	assert_false(virtio_net_pci_find(&fn));
	fn = UINTPTR_MAX;
	assert_false(virtio_net_pci_find(&fn));
}

static void capability(struct function *f, uint8_t at, uint8_t id, uint8_t next)
{
	f->cfg[at] = id;
	f->cfg[at + 1] = next;
}

static void capabilities_of_one_id_are_found_in_order(void **state)
{
	struct function *f = add(0x18, 0x1af4, 0x1041, 0);
	struct pci_caps caps;

	(void)state;
	f->cfg[PCI_STATUS] = 0x10;
	f->cfg[PCI_CAPABILITY_LIST] = 0x98;
	capability(f, 0x98, PCI_CAP_ID_MSIX, 0x40);
	capability(f, 0x40, PCI_CAP_ID_VNDR, 0xfc);
	capability(f, 0xfc, PCI_CAP_ID_VNDR, 0);
	pci_caps_begin(&caps, 0x18);
	assert_int_equal(pci_cap_next(&caps, PCI_CAP_ID_VNDR), 0x40);
	assert_int_equal(pci_cap_next(&caps, PCI_CAP_ID_VNDR), 0xfc);
	assert_int_equal(pci_cap_next(&caps, PCI_CAP_ID_VNDR), 0);
	assert_int_equal(pci_cap_next(&caps, PCI_CAP_ID_VNDR), 0);
	pci_caps_begin(&caps, 0x18);
	assert_int_equal(pci_cap_next(&caps, PCI_CAP_ID_MSIX), 0x98);
}

/* Below 40h lies the header. */
static void a_pointer_into_the_header_ends_the_list(void **state)
{
	struct function *f = add(0x18, 0x1af4, 0x1041, 0);
	struct pci_caps caps;

	(void)state;
	f->cfg[PCI_STATUS] = 0x10;
	f->cfg[PCI_CAPABILITY_LIST] = 0x40;
	capability(f, 0x40, PCI_CAP_ID_MSIX, 0x20);
	capability(f, 0x20, PCI_CAP_ID_VNDR, 0x50);
	capability(f, 0x50, PCI_CAP_ID_VNDR, 0);
	pci_caps_begin(&caps, 0x18);
	assert_int_equal(pci_cap_next(&caps, PCI_CAP_ID_VNDR), 0);
}

static void without_the_status_bit_there_is_no_list(void **state)
{
	struct function *f = add(0x18, 0x1af4, 0x1041, 0);
	struct pci_caps caps;

	(void)state;
	f->cfg[PCI_CAPABILITY_LIST] = 0x40;
	capability(f, 0x40, PCI_CAP_ID_VNDR, 0);
	pci_caps_begin(&caps, 0x18);
	assert_int_equal(pci_cap_next(&caps, PCI_CAP_ID_VNDR), 0);
}

/* 48 capabilities fit, so after 48 steps the list must be a loop. */
static void an_endless_list_ends(void **state)
{
	struct function *f = add(0x18, 0x1af4, 0x1041, 0);
	struct pci_caps caps;
	unsigned n = 0;

	(void)state;
	f->cfg[PCI_STATUS] = 0x10;
	f->cfg[PCI_CAPABILITY_LIST] = 0x40;
	capability(f, 0x40, PCI_CAP_ID_VNDR, 0x50);
	capability(f, 0x50, PCI_CAP_ID_VNDR, 0x40);
	pci_caps_begin(&caps, 0x18);
	while (pci_cap_next(&caps, PCI_CAP_ID_VNDR))
		n++;
	assert_int_equal(n, 48);
}

static void the_longest_list_is_walked_to_its_end(void **state)
{
	struct function *f = add(0x18, 0x1af4, 0x1041, 0);
	struct pci_caps caps;
	unsigned n = 0;

	(void)state;
	f->cfg[PCI_STATUS] = 0x10;
	f->cfg[PCI_CAPABILITY_LIST] = 0x40;
	for (unsigned at = 0x40; at < 0x100; at += 4)
		capability(f, (uint8_t)at, PCI_CAP_ID_VNDR, (uint8_t)(at + 4));
	pci_caps_begin(&caps, 0x18);
	while (pci_cap_next(&caps, PCI_CAP_ID_VNDR))
		n++;
	assert_int_equal(n, 48);
}

/* [PCI-19] */
static void the_command_register_comes_back_without_bus_mastering(void **state)
{
	struct function *f = add(0x18, 0x1af4, 0x1041, 0);
	struct pci_command_saved saved;

	(void)state;
	put_le16(f->cfg + PCI_COMMAND, 0x0141);
	pci_enable(&saved, 0x18);
	assert_int_equal(get_le16(f->cfg + PCI_COMMAND), 0x0543);
	pci_enable_dma(0x18);
	assert_int_equal(get_le16(f->cfg + PCI_COMMAND), 0x0547);
	pci_disable_dma(0x18);
	assert_int_equal(get_le16(f->cfg + PCI_COMMAND), 0x0543);
	pci_restore(&saved);
	assert_int_equal(get_le16(f->cfg + PCI_COMMAND), 0x0141);
	put_le16(f->cfg + PCI_COMMAND, 0x0147);
	pci_enable(&saved, 0x18);
	pci_restore(&saved);
	assert_int_equal(get_le16(f->cfg + PCI_COMMAND), 0x0143);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_ids_match_and_no_other, setup),
		cmocka_unit_test_setup(they_are_found_on_any_bus_in_order, setup),
		cmocka_unit_test_setup(functions_of_a_single_function_device_are_not_asked, setup),
		cmocka_unit_test_setup(an_empty_machine_has_none, setup),
		cmocka_unit_test_setup(capabilities_of_one_id_are_found_in_order, setup),
		cmocka_unit_test_setup(a_pointer_into_the_header_ends_the_list, setup),
		cmocka_unit_test_setup(without_the_status_bit_there_is_no_list, setup),
		cmocka_unit_test_setup(an_endless_list_ends, setup),
		cmocka_unit_test_setup(the_longest_list_is_walked_to_its_end, setup),
		cmocka_unit_test_setup(the_command_register_comes_back_without_bus_mastering,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
