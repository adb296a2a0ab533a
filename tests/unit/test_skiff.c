/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/skiff.c, the program: sources of configuration, driver and stack joined over a model
 * device, with a DHCP server and web servers at the end of its wire. It is included, not linked:
 * its one object begins as zeros, for each test anew, and what is built in is the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/builtin.h"
#include "tests/model/device.h"
#include "tests/model/dhcp_server.h"
#include "tests/model/web.h"

static struct builtin_key built_in[4]; /* ends with zeros */
#define builtin_keys built_in
#include "arch/skiff.c"

static struct device device;
static struct fake_nic wire; /* between the device and whoever is at the wire's other end */
static struct dhcp_server dhcp;
static struct web web;

/* What whoever started the program has left: pairs of key and value, ended by NULL. */
static const char *const *left;

int boot_config_each(boot_config_fn each, void *ctx, struct failure *f)
{
	const char *const *key;
	int err = 0;

	if (left && !left[0])
		return fail(f, RUNG_CONFIG, ERR_CONFIG, "the source cannot be read");
	for (key = left; key && *key && !err; key += 2)
		err = each(ctx, "fw_cfg", key[0], key[1], (uint32_t)strlen(key[1]));
	return err;
}

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define HOST "http://10.0.2.2/"
#define KERNEL_LEN 50001
#define FEATURE_CSUM 1 /* VIRTIO_NET_F_GUEST_CSUM */

static void serve(struct web_conn *c)
{
	if (strcmp(web_path(c), "/kernel") != 0) {
		web_answer(c, "404 Not Found", 0);
		return;
	}
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", KERNEL_LEN);
	web_file(c, 1, KERNEL_LEN);
}

static void receive_what_fits(void)
{
	struct fake_frame *frame;

	while ((frame = wire.rx_first) && device_receive(&device, NULL, frame->bytes, frame->len)) {
		wire.rx_first = frame->next;
		if (!wire.rx_first)
			wire.rx_last = &wire.rx_first;
		free(frame);
	}
}

static void idle(void *ctx)
{
	static struct device_sent sent;
	unsigned n = device.sent_count;

	(void)ctx;
	assert_true(n <= DEVICE_SENT_MAX);
	for (unsigned i = 0; i < n; i++) {
		sent = device.sent[i];
		wire.tx(wire.tx_ctx, sent.frame, sent.len);
	}
	device.sent_count = 0;
	web_poll(&web);
	receive_what_fits();
}

static int setup(void **state)
{
	(void)state;
	hosted_reset();
	memset(&skiff, 0, sizeof(skiff));
	memset(built_in, 0, sizeof(built_in));
	left = NULL;
	device_init(&device);
	fake_nic_init(&wire);
	web_init(&web, &wire);
	web.serve = serve;
	dhcp_server_open(&dhcp, &wire);
	dhcp_server_say(&dhcp, 1, "\377\377\377\0", 4);
	hosted_idle_hook(idle, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_true(device_content(&device));
	assert_int_equal(device.status, 0);
	assert_int_equal(hosted_dma_live(), 0);
	assert_string_equal(web.complaint, "");
	web_free(&web);
	fake_nic_free(&wire);
	return 0;
}

static int run(const char *const *keys)
{
	left = keys;
	device_attach(&device);
	return program_run(DEVICE_FN, "00:03.0");
}

static void assert_printed(const char *text)
{
	if (!strstr(hosted_output(), text))
		fail_msg("not printed: %s\n%s", text, hosted_output());
}

/* --- the whole way --------------------------------------------------------------------------- */

static void a_kernel_is_started_over_the_driver(void **state)
{
	char banner[100];

	(void)state;
	assert_int_equal(
		run((const char *const[]){ "url", HOST "kernel", "cmdline", "quiet", NULL }), 0);
	assert_string_equal(hosted_booted(), "quiet");
	assert_true(pattern_is(hosted_cargo(0)->extent.at, 1, KERNEL_LEN));
	snprintf(banner, sizeof(banner),
		 "skiff %s virtio-net 00:03.0 1af4:1041 52:54:00:12:34:56 "
		 "mtu 1500\nvirtio: offered 0x",
		 skiff_version);
	assert_memory_equal(hosted_output(), banner, strlen(banner));
	assert_printed("+VERSION_1 +MAC +STATUS\ndhcp: 10.0.2.15/24, ");
	assert_printed("\nboot: hosted, kernel 50001 bytes, ");
	assert_null(strstr(hosted_output(), "failed"));
}

static void a_fetch_comes_back_with_success(void **state)
{
	(void)state;
	assert_int_equal(run((const char *const[]){ "fetch", HOST "kernel", NULL }), 0);
	assert_null(hosted_booted());
	assert_printed("\nfetch: 50001 bytes sha256 ");
}

static void a_legacy_device_does_as_well(void **state)
{
	(void)state;
	device_init_legacy(&device);
	assert_int_equal(run((const char *const[]){ "url", HOST "kernel", NULL }), 0);
	assert_non_null(hosted_booted());
	assert_printed(" 1af4:1000 52:54:00:12:34:56 mtu 1500\n");
}

/* --- where keys come from -------------------------------------------------------------------- */

static void what_is_built_in_is_heard(void **state)
{
	(void)state;
	built_in[0] = (struct builtin_key){ "ip", "10.0.2.15/24 10.0.2.2" };
	built_in[1] = (struct builtin_key){ "url", HOST "kernel" };
	built_in[2] = (struct builtin_key){ "cmdline", "built in" };
	assert_int_equal(run(NULL), 0);
	assert_string_equal(hosted_booted(), "built in");
	assert_int_equal(dhcp.discovers, 0);
}

static void what_was_left_goes_before_what_is_built_in(void **state)
{
	(void)state;
	built_in[0] = (struct builtin_key){ "url", HOST "nothing" };
	built_in[1] = (struct builtin_key){ "cmdline", "built in" };
	assert_int_equal(run((const char *const[]){ "url", HOST "kernel", "cmdline", "", NULL }),
			 0);
	assert_string_equal(hosted_booted(), "");
}

/* [DHCP-30] */
static void dhcp_goes_before_the_url_that_is_built_in(void **state)
{
	(void)state;
	dhcp_server_say(&dhcp, 67, HOST "kernel", sizeof(HOST "kernel") - 1);
	built_in[0] = (struct builtin_key){ "url", HOST "nothing" };
	assert_int_equal(run(NULL), 0);
	assert_non_null(hosted_booted());
}

static void a_bad_key_is_said_before_the_device_is_touched(void **state)
{
	static const struct {
		const char *const keys[3];
		struct builtin_key built_in;
		const char *line;
	} bad[] = {
		{ { "uri", "x", NULL },
		  { 0, 0 },
		  "skiff: failed at config: fw_cfg: there is no key \"uri\"" },
		{ { "csum", "maybe", NULL },
		  { 0, 0 },
		  "skiff: failed at config: fw_cfg: csum=\"maybe\" is malformed" },
		{ { "csum", "off", NULL },
		  { "csum", "perhaps" },
		  "skiff: failed at config: built in: csum=\"perhaps\" is malformed" },
		{ { NULL }, { 0, 0 }, "skiff: failed at config: the source cannot be read\n" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		built_in[0] = bad[i].built_in;
		assert_int_equal(run(bad[i].keys), ERR_CONFIG);
		assert_memory_equal(hosted_output(), bad[i].line, strlen(bad[i].line));
		assert_null(strstr(hosted_output(), "count: "));
		assert_int_equal(device.log_count, 0);
	}
}

static void keys_reach_the_driver(void **state)
{
	static const char *const accepts[] = { "url", HOST "kernel", NULL },
				 *const declines[] = { "url", HOST "kernel", "csum", "off", NULL },
				 *const masks[] = { "url", HOST "kernel", "features", "20", NULL };

	device_offer(&device, FEATURE_CSUM);
	assert_int_equal(run(accepts), 0);
	assert_printed(" +GUEST_CSUM");
	teardown(state);
	setup(state);
	device_offer(&device, FEATURE_CSUM);
	assert_int_equal(run(declines), 0);
	assert_printed(" -GUEST_CSUM");
	teardown(state);
	setup(state);
	device_offer(&device, FEATURE_CSUM);
	assert_int_equal(run(masks), 0);
	assert_printed(", accepted 0x100000020 +VERSION_1 +MAC -");
}

/* --- failures -------------------------------------------------------------------------------- */

static void a_device_that_cannot_be_driven_has_no_counters(void **state)
{
	(void)state;
	device.refuses_features = true;
	assert_int_equal(run((const char *const[]){ "url", HOST "kernel", NULL }), ERR_DEVICE);
	assert_memory_equal(hosted_output(), "skiff: failed at device: ", 25);
	assert_null(strstr(hosted_output(), "count: "));
}

static void no_memory_for_the_device_is_said(void **state)
{
	(void)state;
	hosted_dma_fail(1);
	assert_int_equal(run((const char *const[]){ "url", HOST "kernel", NULL }), ERR_NO_SPACE);
	assert_memory_equal(hosted_output(), "skiff: failed at ", 17);
	assert_null(strstr(hosted_output(), "virtio: "));
}

static void a_failure_ends_with_its_line_and_the_counters(void **state)
{
	const char *line;

	(void)state;
	assert_int_equal(run((const char *const[]){ "url", HOST "nothing", NULL }), ERR_REFUSED);
	line = strstr(hosted_output(), "\nskiff: failed at http: the server answered 404 Not Found "
				       "to GET /nothing");
	assert_non_null(line);
	assert_non_null(strstr(line, "\ncount: rx "));
	assert_null(hosted_booted());
}

static void serve_a_lie(struct web_conn *c)
{
	serve(c);
	device_use(&device, 0, 0x7777, 100);
	device_show(&device, 0);
}

/* In the middle of a download: the boot ends, whatever the ring says next. */
static void a_ring_that_lies_ends_the_boot(void **state)
{
	(void)state;
	web.serve = serve_a_lie;
	assert_int_equal(run((const char *const[]){ "url", HOST "kernel", NULL }), ERR_DEVICE);
	assert_printed("\nskiff: failed at queues: ");
	assert_null(hosted_booted());
}

/* For whoever learns from somebody else that devices must be silent (ExitBootServices). */
static void the_device_can_be_stopped_any_number_of_times(void **state)
{
	(void)state;
	assert_int_equal(run((const char *const[]){ "url", HOST "kernel", NULL }), 0);
	assert_int_equal(program_stop(), 0);
	assert_int_equal(program_stop(), 0);
}

static jmp_buf out;

static void serve_and_stop(struct web_conn *c)
{
	(void)c;
	assert_int_not_equal(device.status, 0);
	assert_int_equal(program_stop(), 0);
	longjmp(out, 1); /* whoever ended boot services does not come back */
}

/* [UEFI-06] */
static void the_device_can_be_stopped_in_a_download(void **state)
{
	(void)state;
	web.serve = serve_and_stop;
	if (setjmp(out) == 0)
		(void)run((const char *const[]){ "url", HOST "kernel", NULL });
	assert_int_equal(device.status, 0);
	assert_null(hosted_booted());
	hosted_reset(); /* what the device was granted stays granted: nobody takes it back */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kernel_is_started_over_the_driver),
		TEST(a_fetch_comes_back_with_success),
		TEST(a_legacy_device_does_as_well),
		TEST(what_is_built_in_is_heard),
		TEST(what_was_left_goes_before_what_is_built_in),
		TEST(dhcp_goes_before_the_url_that_is_built_in),
		TEST(a_bad_key_is_said_before_the_device_is_touched),
		TEST(keys_reach_the_driver),
		TEST(a_device_that_cannot_be_driven_has_no_counters),
		TEST(no_memory_for_the_device_is_said),
		TEST(a_failure_ends_with_its_line_and_the_counters),
		TEST(a_ring_that_lies_ends_the_boot),
		TEST(the_device_can_be_stopped_any_number_of_times),
		TEST(the_device_can_be_stopped_in_a_download),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
