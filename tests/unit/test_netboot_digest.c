/* SPDX-License-Identifier: BSD-2-Clause */
/* net/boot/digest.c: what is digested before the device is stopped, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/boot_lab.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define HOST "http://10.0.2.2/"

#define KERNEL_LEN 200001
#define INITRD_LEN 30001
#define PIECE 5000 /* that come at a time */

static const struct boot_page pages[] = {
	{ .path = "/kernel", .off = 1, .len = KERNEL_LEN },
	{ .path = "/initrd", .off = 500, .len = INITRD_LEN },
	{ .path = "/moved", .location = "/initrd" },
	{ .path = NULL },
};

/* Bytes of the kernel that were digested when a later file was asked for. */
static uint64_t digested;
static void (*serve)(struct web_conn *c);

static void look_and_serve(struct web_conn *c)
{
	const struct boot_lab *lab = c->web->ctx;

	if (lab->nb->files == 1)
		digested = lab->nb->file[0].sha.len;
	web_pace(c, PIECE, 2);
	serve(c);
}

static void look_at_close(void *ctx)
{
	const struct boot_lab *lab = ctx;

	digested = lab->nb->file[0].sha.len;
}

static int setup(void **state)
{
	struct boot_lab *lab;

	boot_lab_setup(state);
	lab = *state;
	lab->pages = pages;
	serve = lab->web.serve;
	lab->web.serve = look_and_serve;
	digested = UINT64_MAX;
	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_key(lab, "initrd", HOST "initrd");
	return 0;
}

static void what_has_come_is_digested_while_the_network_is_silent(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "sha256", boot_lab_sha256(NULL, 1, KERNEL_LEN));
	boot_lab_boots(lab, "");
	assert_in_range(digested, KERNEL_LEN - PIECE, KERNEL_LEN);
}

static void files_without_a_required_digest_are_not_digested(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_boots(lab, "");
	assert_int_equal(digested, 0);
	assert_int_equal(lab->nb->file[0].sha.len, 0);
	assert_int_equal(lab->nb->file[1].sha.len, 0);
}

/* The device could still change it. */
static void what_lands_is_digested_when_the_device_is_reset(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.nic.lands = true;
	lab->fake.on_close = look_at_close;
	lab->fake.on_close_ctx = lab;
	boot_lab_key(lab, "fetch", HOST "kernel");
	boot_lab_run(lab);
	assert_int_equal(digested, 0);
	assert_non_null(strstr(hosted_output(), boot_lab_sha256(NULL, 1, KERNEL_LEN)));
}

static void nothing_lands_where_digests_are_required(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.nic.lands = true;
	boot_lab_key(lab, "sha256", boot_lab_sha256(NULL, 1, KERNEL_LEN));
	boot_lab_boots(lab, "");
	assert_false(lab->fake.nic.lands);
	assert_in_range(digested, KERNEL_LEN - PIECE, KERNEL_LEN);
}

static void a_redirect_digests_where_it_leads(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "fetch", HOST "moved");
	boot_lab_run(lab);
	assert_non_null(strstr(hosted_output(), boot_lab_sha256(NULL, 500, INITRD_LEN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_has_come_is_digested_while_the_network_is_silent, setup,
			boot_lab_teardown),
		cmocka_unit_test_setup_teardown(files_without_a_required_digest_are_not_digested,
						setup, boot_lab_teardown),
		cmocka_unit_test_setup_teardown(what_lands_is_digested_when_the_device_is_reset,
						setup, boot_lab_teardown),
		cmocka_unit_test_setup_teardown(nothing_lands_where_digests_are_required, setup,
						boot_lab_teardown),
		cmocka_unit_test_setup_teardown(a_redirect_digests_where_it_leads, setup,
						boot_lab_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
