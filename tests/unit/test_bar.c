/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/pcbios/bar.c: which ports and addresses a driver may touch, whatever a device's registers
 * say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "arch/pcbios/bar.h"
#include "drivers/pci.h"

#include <cmocka.h>

#define FN 0x18
#define BAR0 0x10

/*
 * A function with six registers: of each the bits that can be changed, and the bits that say what
 * it is.
 */
static struct function {
	struct hosted_pci pci;
	uint32_t command, value[6], changeable[6], flags[6];
	uint32_t lie; /* what the first one answers when ones were written */
	bool ones;
	bool decoded_meanwhile; /* a register was moved while the device answered there */
} function;

static uint32_t cfg_read(void *ctx, unsigned off, unsigned width)
{
	const struct function *f = ctx;

	(void)width;
	if (off == PCI_COMMAND)
		return f->command;
	assert_true(off >= BAR0 && off < BAR0 + 24);
	if (off == BAR0 && f->ones && f->lie)
		return f->lie;
	return f->value[(off - BAR0) / 4] | f->flags[(off - BAR0) / 4];
}

static void cfg_write(void *ctx, unsigned off, unsigned width, uint32_t value)
{
	struct function *f = ctx;

	if (off == PCI_COMMAND) {
		assert_int_equal(width, 2);
		f->command = value;
		return;
	}
	assert_true(off >= BAR0 && off < BAR0 + 24 && width == 4);
	if (f->command & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY))
		f->decoded_meanwhile = true;
	f->ones = value == UINT32_MAX;
	f->value[(off - BAR0) / 4] = value & f->changeable[(off - BAR0) / 4];
}

static int setup(void **state)
{
	(void)state;
	hosted_reset();
	function = (struct function){
		.pci = { .fn = FN, .ctx = &function, .cfg_read = cfg_read, .cfg_write = cfg_write },
		.command = 0x507,
	};
	hosted_attach_pci(&function.pci);
	return 0;
}

static void bar(unsigned at, uint32_t value, uint32_t changeable, uint32_t flags)
{
	function.value[at] = value;
	function.changeable[at] = changeable;
	function.flags[at] = flags;
}

static int open_at(struct window *w, unsigned at, uint32_t off, uint32_t len)
{
	*w = (struct window){ .kind = WINDOW_NONE };
	return bar_window(w, FN, at, off, len);
}

static void assert_window(unsigned at, uint32_t off, uint32_t len, enum window_kind kind,
			  uint64_t base)
{
	struct window w;

	assert_int_equal(open_at(&w, at, off, len), 0);
	assert_int_equal(w.kind, kind);
	assert_int_equal(w.base, base);
	assert_int_equal(w.len, len);
	assert_int_equal(w.bar, at);
	assert_int_equal(w.fn, FN);
}

static void assert_refused(unsigned at, uint32_t off, uint32_t len, int err)
{
	struct window w;

	assert_int_equal(open_at(&w, at, off, len), err);
	assert_int_equal(w.kind, WINDOW_NONE);
}

static void each_kind_opens_where_the_bios_put_it(void **state)
{
	(void)state;
	bar(0, 0xc040, 0xffffffe0, 0x1);
	bar(1, 0xfebd1000, 0xfffff000, 0x0);
	bar(4, 0xfe000000, 0xffffc000, 0xc); /* 64 bits, prefetchable */
	bar(5, 0, 0xffffffff, 0);
	assert_window(0, 0, 32, WINDOW_IO, 0xc040);
	assert_window(0, 20, 12, WINDOW_IO, 0xc054);
	assert_window(1, 0xfff, 1, WINDOW_MMIO, 0xfebd1fff);
	assert_window(4, 0x3000, 0x1000, WINDOW_MMIO, 0xfe003000);
}

/* A PC's I/O registers need not have the upper half. */
static void the_upper_half_of_an_io_register_may_be_missing(void **state)
{
	(void)state;
	bar(0, 0xc040, 0x0000ffe0, 0x1);
	assert_window(0, 0, 32, WINDOW_IO, 0xc040);
	assert_refused(0, 1, 32, ERR_DEVICE);
}

/* Each is as it was, and is never moved while the device answers there (PCI 3.0 6.2.5.1). */
static void registers_and_command_are_as_they_were(void **state)
{
	(void)state;
	bar(2, 0xfe000000, 0xffffc000, 0x4);
	bar(3, 0, 0xffffffff, 0);
	assert_window(2, 0, 0x4000, WINDOW_MMIO, 0xfe000000);
	assert_int_equal(function.value[2], 0xfe000000);
	assert_int_equal(function.value[3], 0);
	assert_int_equal(function.command, 0x507);
	assert_false(function.decoded_meanwhile);
}

static void nothing_opens_behind_the_end_of_a_register(void **state)
{
	(void)state;
	bar(1, 0xfebd1000, 0xfffff000, 0x0);
	assert_window(1, 0, 0x1000, WINDOW_MMIO, 0xfebd1000);
	assert_refused(1, 0, 0x1001, ERR_DEVICE);
	assert_refused(1, 0xfff, 2, ERR_DEVICE);
	assert_refused(1, UINT32_MAX, UINT32_MAX, ERR_DEVICE);
	assert_refused(1, 1, UINT32_MAX, ERR_DEVICE);
}

static void what_is_missing_or_unassigned_is_refused(void **state)
{
	(void)state;
	bar(1, 0, 0xfffff000, 0x0);
	bar(5, 0xfe000000, 0xffffc000, 0x4); /* 64 bits without a second half */
	assert_refused(0, 0, 1, ERR_DEVICE);
	assert_refused(1, 0, 1, ERR_DEVICE);
	assert_refused(5, 0, 1, ERR_DEVICE);
	assert_refused(6, 0, 1, ERR_DEVICE);
	assert_refused(255, 0, 1, ERR_DEVICE);
	hosted_reset();
	assert_refused(0, 0, 1, ERR_UNREACHABLE); /* nobody there: all ones */
}

static void wide_memory_above_4_gib_is_out_of_reach(void **state)
{
	(void)state;
	bar(4, 0xffffc000, 0xffffc000, 0xc);
	bar(5, 0, 0xffffffff, 0);
	assert_window(4, 0, 0x4000, WINDOW_MMIO, 0xffffc000);
	bar(4, 0, 0xffffc000, 0xc);
	bar(5, 1, 0xffffffff, 0);
	assert_refused(4, 0, 1, ERR_UNREACHABLE);
	bar(5, UINT32_MAX, 0xffffffff, 0);
	assert_refused(4, 0, 1, ERR_UNREACHABLE);
}

/*
 * 2^31 ports, of which a PC has 65,536: no port outside of those opens, wherever it is said to be.
 */
static void more_ports_than_a_pc_has_are_out_of_reach(void **state)
{
	static const uint32_t offs[] = { 0x3f8, 0xcf8, 0x10000, 0x10001, 0x7ffffff0 };

	(void)state;
	bar(0, 0x80000000, 0x80000000, 0x1);
	assert_refused(0, 0, 4, ERR_UNREACHABLE);
	for (unsigned i = 0; i < ARRAY_LEN(offs); i++)
		assert_refused(0, offs[i], 4, ERR_UNREACHABLE);
	/* It begins at 1000h and ends where no multiple of its length does. */
	bar(0, 0x1000, 0xffffff00, 0x1);
	function.lie = 0x80000001;
	assert_window(0, 0xeffc, 4, WINDOW_IO, 0xfffc);
	assert_refused(0, 0xeffd, 4, ERR_UNREACHABLE);
	for (unsigned i = 2; i < ARRAY_LEN(offs); i++)
		assert_refused(0, offs[i], 4, ERR_UNREACHABLE);
}

/* Not a single bit of what is said to be changeable is left out of the arithmetic. */
static void a_wide_register_of_half_of_everything_does_not_wrap(void **state)
{
	(void)state;
	bar(4, 0, 0, 0xc);
	bar(5, 0x80000000, 0x80000000, 0);
	assert_refused(4, 0, 1, ERR_UNREACHABLE);
	assert_refused(4, UINT32_MAX, UINT32_MAX, ERR_UNREACHABLE);
	bar(4, 0xfffffff0, 0xfffffff0, 0xc);
	bar(5, 0, 0, 0);
	assert_refused(4, 0, 17, ERR_DEVICE);
	assert_window(4, 0, 16, WINDOW_MMIO, 0xfffffff0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_kind_opens_where_the_bios_put_it, setup),
		cmocka_unit_test_setup(the_upper_half_of_an_io_register_may_be_missing, setup),
		cmocka_unit_test_setup(registers_and_command_are_as_they_were, setup),
		cmocka_unit_test_setup(nothing_opens_behind_the_end_of_a_register, setup),
		cmocka_unit_test_setup(what_is_missing_or_unassigned_is_refused, setup),
		cmocka_unit_test_setup(wide_memory_above_4_gib_is_out_of_reach, setup),
		cmocka_unit_test_setup(more_ports_than_a_pc_has_are_out_of_reach, setup),
		cmocka_unit_test_setup(a_wide_register_of_half_of_everything_does_not_wrap, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
