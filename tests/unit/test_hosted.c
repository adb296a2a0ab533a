/* SPDX-License-Identifier: BSD-2-Clause */
/* arch/hosted: that it keeps the contracts of arch/port.h, and is as unkind as it promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"

#include <cmocka.h>
#undef fail

static uint8_t page[1024];

static int setup(void **state)
{
	(void)state;
	hosted_reset();
	return 0;
}

/* --- time, chance, text ----------------------------------------------------------------------- */

static unsigned idles;

static void count_idle(void *ctx)
{
	assert_ptr_equal(ctx, &idles);
	idles++;
}

static void time_moves_only_when_it_is_moved_and_wraps_soon(void **state)
{
	uint32_t start = port_now_ms();

	(void)state;
	assert_int_equal(port_now_ms(), start);
	port_idle(0);
	assert_int_equal(port_now_ms() - start, 1);
	hosted_idle_set(10);
	idles = 0;
	hosted_idle_hook(count_idle, &idles);
	port_idle(0);
	assert_int_equal(idles, 1);
	assert_int_equal(port_now_ms() - start, 11);
	hosted_time_advance(3000);
	assert_true(port_now_ms() < start);
}

static void who_sleeps_does_so_in_steps_and_never_longer(void **state)
{
	uint32_t start = port_now_ms();

	(void)state;
	hosted_idle_set(10);
	idles = 0;
	hosted_idle_hook(count_idle, &idles);
	port_idle(39);
	assert_int_equal(idles, 3);
	assert_int_equal(port_now_ms() - start, 30);
}

static void random_bytes_repeat_with_their_seed_only(void **state)
{
	uint8_t a[16], b[16], c[16];

	(void)state;
	port_random(a, sizeof(a));
	port_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	hosted_reset();
	port_random(b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	hosted_random_seed(7);
	port_random(c, sizeof(c));
	assert_memory_not_equal(a, c, sizeof(a));
}

static void output_is_kept_and_bounded(void **state)
{
	(void)state;
	port_putc('a');
	port_putc('\n');
	assert_string_equal(hosted_output(), "a\n");
	for (unsigned i = 0; i < 70000; i++)
		port_putc('x');
	assert_int_equal(strlen(hosted_output()), 65535);
	hosted_reset();
	assert_string_equal(hosted_output(), "");
}

/* --- registers ------------------------------------------------------------------------------ */

static uint32_t all_ones(void *ctx, unsigned off, unsigned width)
{
	(void)ctx;
	(void)off;
	(void)width;
	return UINT32_MAX;
}

static void what_does_not_exist_reads_as_ones(void **state)
{
	struct hosted_pci pci = { .fn = 8, .cfg_read = all_ones };

	(void)state;
	assert_int_equal(port_pci_read(8, 0, 4), 0xffffffff);
	assert_int_equal(port_pci_read(8, 0, 2), 0xffff);
	port_pci_write(8, 4, 2, 7);
	hosted_attach_pci(&pci);
	assert_int_equal(port_pci_read(8, 0, 1), 0xff); /* masked to its width */
}

static void windows_are_checked_in_64_bits(void **state)
{
	struct hosted_pci pci = { .fn = 8,
				  .bar = { [4] = { .kind = WINDOW_MMIO, .len = 0x1000 } } };
	struct window w;

	(void)state;
	hosted_attach_pci(&pci);
	assert_int_equal(port_window_open(&w, 8, 4, 0, 0x1000), 0);
	assert_int_equal(w.kind, WINDOW_MMIO);
	assert_int_equal(w.len, 0x1000);
	assert_int_equal(port_window_open(&w, 8, 4, 0xffc, 4), 0);
	assert_int_equal(port_window_open(&w, 8, 4, 0xffd, 4), ERR_DEVICE);
	assert_int_equal(port_window_open(&w, 8, 4, 0xfffffffc, 8), ERR_DEVICE);
	assert_int_equal(port_window_open(&w, 8, 0, 0, 4), ERR_DEVICE);
	assert_int_equal(port_window_open(&w, 9, 4, 0, 4), ERR_DEVICE);
	pci.bar[4].unreachable = true;
	assert_int_equal(port_window_open(&w, 8, 4, 0, 4), ERR_UNREACHABLE);
	assert_int_equal(port_window_open(&w, 8, 4, 0x1000, 4), ERR_DEVICE);
	hosted_fw_cfg_window(&w);
	assert_int_equal(w.kind, WINDOW_NONE);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void device_addresses_are_not_ours(void **state)
{
	struct dma a, b;

	(void)state;
	assert_int_equal(port_dma_alloc(&a, 8, 4096), 0);
	assert_int_equal(port_dma_alloc(&b, 8, 8192), 0);
	assert_true(a.dev > UINT32_MAX && a.dev % 4096 == 0 && (uintptr_t)a.va % 4096 == 0);
	assert_true(a.dev != (uintptr_t)a.va);
	/* a gap between two grants */
	assert_true(b.dev > a.dev + 4096);
	assert_ptr_equal(hosted_dma(a.dev, 4096), a.va);
	assert_ptr_equal(hosted_dma(b.dev + 100, 8092), b.va + 100);
	assert_null(hosted_dma(a.dev, 4097));
	assert_null(hosted_dma(a.dev - 1, 1));
	assert_null(hosted_dma(a.dev + 4096, 1));
	assert_null(hosted_dma((uintptr_t)a.va, 1));
	assert_null(hosted_dma(UINT64_MAX, 2));
	assert_int_equal(hosted_dma_live(), 2);
	port_dma_free(&a);
	assert_null(hosted_dma(b.dev - 0x20000, 1));
	assert_int_equal(hosted_dma_live(), 1);
	port_dma_free(&b);
	assert_int_equal(hosted_dma_live(), 0);
}

static void granted_memory_is_not_zero(void **state)
{
	struct dma d;

	(void)state;
	assert_int_equal(port_dma_alloc(&d, 8, 100), 0);
	assert_true(d.va[0] != 0 && d.va[99] != 0);
}

static void a_grant_can_be_made_to_fail(void **state)
{
	struct dma d;

	(void)state;
	hosted_dma_fail(2);
	assert_int_equal(port_dma_alloc(&d, 8, 4096), 0);
	assert_int_equal(port_dma_alloc(&d, 8, 4096), ERR_NO_SPACE);
	assert_int_equal(port_dma_alloc(&d, 8, 4096), 0);
}

/* --- cargo ---------------------------------------------------------------------------------- */

static void initrds_follow_the_kernel_at_multiples_of_four(void **state)
{
	const struct span head = { page, 1024 };
	struct failure f = { 0 };
	struct extent e;
	char buf[100];
	struct text t;

	(void)state;
	assert_int_equal(boot_cargo_grant(CARGO_KERNEL, head, 5001, &e, &f), 0);
	assert_int_equal(e.len, 5001);
	assert_int_equal(boot_cargo_done(CARGO_KERNEL, 5001, &f), 0);
	assert_int_equal(boot_cargo_grant(CARGO_INITRD, head, IMAGE_LEN_UNKNOWN, &e, &f), 0);
	assert_ptr_equal(e.at, hosted_cargo(0)->extent.at + 5004);
	assert_int_equal(e.len, 1024 * 1024 - 5004);
	assert_int_equal(boot_cargo_done(CARGO_INITRD, 7, &f), 0);
	assert_int_equal(boot_cargo_grant(CARGO_FETCH, head, 1024 * 1024 - 5012, &e, &f), 0);
	assert_int_equal(boot_cargo_grant(CARGO_FETCH, head, 1024 * 1024 - 5011, &e, &f),
			 ERR_NO_SPACE);
	assert_int_equal(f.rung, RUNG_IMAGE);
	assert_int_equal(hosted_cargo_count(), 3);
	text_init(&t, buf, sizeof(buf));
	boot_text(&t);
	assert_string_equal(buf, "hosted, kernel 5001 bytes, initrd 7 bytes");
}

static void an_empty_file_without_memory_is_refused(void **state)
{
	const struct span head = { page, 0 };
	struct failure f = { 0 };
	struct extent e;

	(void)state;
	hosted_cargo_area(page, 6);
	assert_int_equal(boot_cargo_grant(CARGO_KERNEL, head, 6, &e, &f), 0);
	assert_int_equal(boot_cargo_done(CARGO_KERNEL, 6, &f), 0);
	assert_int_equal(boot_cargo_grant(CARGO_INITRD, head, 0, &e, &f), ERR_NO_SPACE);
	hosted_cargo_area(NULL, 0);
	assert_int_equal(boot_cargo_grant(CARGO_FETCH, head, 0, &e, &f), ERR_NO_SPACE);
}

static void refusals_come_once_with_their_sentence(void **state)
{
	const struct span head = { page, 0 };
	struct failure f = { 0 };
	struct extent e;

	(void)state;
	hosted_cargo_refuse(ERR_FORMAT, "not a kernel");
	assert_int_equal(boot_cargo_grant(CARGO_KERNEL, head, 1, &e, &f), ERR_FORMAT);
	assert_string_equal(f.text, "not a kernel");
	assert_int_equal(boot_cargo_grant(CARGO_KERNEL, head, 1, &e, &f), 0);
	hosted_boot_refuse(ERR_REFUSED, "no");
	assert_int_equal(boot_start("quiet", &f), ERR_REFUSED);
	assert_null(hosted_booted());
	assert_int_equal(boot_start("quiet", &f), 0);
	assert_string_equal(hosted_booted(), "quiet");
}

static void identity_is_what_a_test_sets(void **state)
{
	static const uint8_t uuid[16] = { 1, 2, 3, [15] = 16 };
	struct span head = { (const uint8_t *)"MZs", 3 };
	struct failure f = { 0 };
	uint8_t got[16];

	(void)state;
	assert_false(boot_uuid(got));
	hosted_uuid_set(uuid);
	assert_true(boot_uuid(got));
	assert_memory_equal(got, uuid, 16);
	assert_int_equal(boot_dhcp_arch(), 0);
	hosted_dhcp_arch_set(7);
	assert_int_equal(boot_dhcp_arch(), 7);
	assert_int_equal(boot_refuse_self(head, &f), 0);
	hosted_self_set("MZs");
	assert_int_equal(boot_refuse_self(head, &f), ERR_CONFIG);
	assert_int_equal(boot_refuse_self((struct span){ head.at, 2 }, &f), 0);
	assert_int_equal(port_key(), -1);
	hosted_type("1\33");
	assert_int_equal(port_key(), '1');
	assert_int_equal(port_key(), 27);
	assert_int_equal(port_key(), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(time_moves_only_when_it_is_moved_and_wraps_soon, setup),
		cmocka_unit_test_setup(who_sleeps_does_so_in_steps_and_never_longer, setup),
		cmocka_unit_test_setup(random_bytes_repeat_with_their_seed_only, setup),
		cmocka_unit_test_setup(output_is_kept_and_bounded, setup),
		cmocka_unit_test_setup(what_does_not_exist_reads_as_ones, setup),
		cmocka_unit_test_setup(windows_are_checked_in_64_bits, setup),
		cmocka_unit_test_setup(device_addresses_are_not_ours, setup),
		cmocka_unit_test_setup(granted_memory_is_not_zero, setup),
		cmocka_unit_test_setup(a_grant_can_be_made_to_fail, setup),
		cmocka_unit_test_setup(initrds_follow_the_kernel_at_multiples_of_four, setup),
		cmocka_unit_test_setup(an_empty_file_without_memory_is_refused, setup),
		cmocka_unit_test_setup(refusals_come_once_with_their_sentence, setup),
		cmocka_unit_test_setup(identity_is_what_a_test_sets, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
