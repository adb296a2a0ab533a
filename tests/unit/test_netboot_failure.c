/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/boot/netboot.c: boots that fail, a rung at a time. Each time one sentence, the device
 * stopped, nothing started (boot_lab_fails() and the fixture's end look). [SEC-13]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "tests/model/boot_lab.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define HOST "http://10.0.2.2/"
#define KERNEL_LEN 20001
#define LONG_ENTRY 70000

static const struct boot_page pages[] = {
	{ .path = "/kernel", .off = 1, .len = KERNEL_LEN },
	{ .path = "/initrd", .off = 500, .len = 301 },
	{ .path = "/entry", .text = "linux kernel\ninitrd initrd\noptions a\n" },
	{ .path = "/entry-elsewhere", .text = "linux kernel\ninitrd gone\n" },
	{ .path = "/entry-of-efi", .text = "efi kernel\n" },
	{ .path = "/entry-of-tls", .text = "linux https://10.0.2.2/kernel\n" },
	{ .path = "/entry-without-url", .text = "linux http://\n" },
	{ .path = "/text", .text = "hello\n" },
	{ .path = "/page", .text = "\xef\xbb\xbf <html>log in</html>" },
	{ .path = NULL },
};

static int setup(void **state)
{
	struct boot_lab *lab;

	boot_lab_setup(state);
	lab = *state;
	lab->pages = pages;
	boot_lab_key(lab, "deadline", "5");
	return 0;
}

static void fails_with(struct boot_lab *lab, const char *url, enum rung rung, enum err err,
		       const char *words)
{
	boot_lab_key(lab, "url", url);
	boot_lab_fails(lab, rung, err, words);
}

/* --- link, dhcp ------------------------------------------------------------------------------ */

/* [ETH-07] */
static void a_link_that_stays_down(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.down = true;
	boot_lab_fails(lab, RUNG_LINK, ERR_UNREACHABLE, "the link stayed down for 5 s");
	assert_non_null(strstr(hosted_output(), "link: down, waiting\n"));
	assert_int_equal(lab->fake.sent, 0);
}

static void no_dhcp_server(void **state)
{
	struct boot_lab *lab = *state;

	lab->dhcp.offer = 0;
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_TIMEOUT, "no DHCP answer within 5 s");
	assert_true(lab->dhcp.discovers > 0);
}

static void an_offer_that_is_not_confirmed(void **state)
{
	struct boot_lab *lab = *state;

	lab->dhcp.ack = 0;
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_TIMEOUT,
		       "the DHCP server 10.0.2.2 offered an address and then did not confirm");
}

static void a_dhcp_server_that_refuses(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "kernel");
	lab->config.deadline_ms = 60000;
	lab->dhcp.ack = 6;
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_REFUSED, "(NAK)");
}

/* --- config ---------------------------------------------------------------------------------- */

static void nobody_says_what_to_boot(void **state)
{
	boot_lab_fails(*state, RUNG_CONFIG, ERR_CONFIG, "nobody says what to boot");
}

/* [DHCP-30] */
static void a_boot_file_that_is_a_bad_url(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_lease(lab, 67, "http://10.0.2.2:0/x");
	boot_lab_fails(lab, RUNG_CONFIG, ERR_CONFIG, "DHCP: url: ");
}

static void a_built_in_url_that_is_bad(void **state)
{
	struct boot_lab *lab = *state;

	lab->builtin_url = "http:/x";
	boot_lab_fails(lab, RUNG_CONFIG, ERR_CONFIG, "built in: url");
}

/* That it is malformed shows only here: which variables this machine has is not known before. */
static void a_variable_that_this_machine_lacks(void **state)
{
	static const char *const keys[] = { "url", "initrd", "cmdline", "fetch" };
	struct boot_lab *lab;

	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		if (i > 0) {
			boot_lab_teardown(state);
			setup(state);
		}
		lab = *state;
		boot_lab_key(lab, keys[i], i == 2 ? "${uuid}" : HOST "${uuid}");
		boot_lab_key(lab, "url", HOST "kernel");
		boot_lab_fails(lab, RUNG_CONFIG, ERR_CONFIG, "uuid");
		assert_non_null(strstr(lab->fake.failure.text, keys[i]));
	}
}

static void more_files_than_can_be_remembered(void **state)
{
	char list[NETBOOT_FILES_MAX * sizeof(HOST "initrd ") + 1] = "";
	struct boot_lab *lab = *state;

	for (unsigned i = 0; i < NETBOOT_FILES_MAX; i++)
		strcat(list, HOST "initrd ");
	boot_lab_key(lab, "initrd", list);
	fails_with(lab, HOST "kernel", RUNG_CONFIG, ERR_NO_SPACE, "more than 16 files to load");
}

/* --- dns, connect, http: each file's failure is the boot's ----------------------------------- */

static void a_name_that_does_not_exist(void **state)
{
	fails_with(*state, "http://gone.example/x", RUNG_NAME, ERR_UNREACHABLE,
		   "no address for gone.example");
}

static void nobody_at_that_address(void **state)
{
	static const struct web_host hosts[] = { { 0x0a000263, WEB_GONE }, { 0 } };
	struct boot_lab *lab = *state;

	lab->web.hosts = hosts;
	lab->config.deadline_ms = 20000;
	fails_with(lab, "http://10.0.2.99/x", RUNG_CONNECT, ERR_UNREACHABLE,
		   "nobody on this link answers for 10.0.2.99");
}

static void a_port_that_is_closed(void **state)
{
	fails_with(*state, "http://10.0.2.2:81/x", RUNG_CONNECT, ERR_REFUSED,
		   "10.0.2.2:81 refuses the connection");
}

static void a_file_that_is_not_there(void **state)
{
	fails_with(*state, HOST "gone", RUNG_TRANSFER, ERR_REFUSED, "404 Not Found to GET /gone");
}

static void an_initrd_that_is_not_there(void **state)
{
	struct boot_lab *lab = *state;

	fails_with(lab, HOST "entry-elsewhere", RUNG_TRANSFER, ERR_REFUSED,
		   "404 Not Found to GET /gone");
	assert_string_equal(lab->asked, "/entry-elsewhere /kernel /gone ");
}

static void a_listed_initrd_that_is_not_there(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "initrd", HOST "initrd " HOST "gone " HOST "initrd");
	fails_with(lab, HOST "kernel", RUNG_TRANSFER, ERR_REFUSED, "404 Not Found to GET /gone");
	assert_string_equal(lab->asked, "/kernel /initrd /gone ");
}

static void a_fetch_that_fails(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "fetch", HOST "gone");
	boot_lab_fails(lab, RUNG_TRANSFER, ERR_REFUSED, "404 Not Found");
	assert_null(strstr(hosted_output(), "fetch: "));
}

static void serve_half(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 20001\r\n\r\n");
	web_file(c, 1, 10000);
	web_fin(c);
}

/* [HTTP-12] */
static void a_kernel_that_is_cut_short(void **state)
{
	struct boot_lab *lab = *state;

	lab->web.serve = serve_half;
	fails_with(lab, HOST "kernel", RUNG_TRANSFER, ERR_PROTO, "cut short");
}

/* --- image ----------------------------------------------------------------------------------- */

static void a_kernel_that_the_port_refuses(void **state)
{
	struct boot_lab *lab = *state;

	hosted_cargo_refuse(ERR_FORMAT, "too odd a kernel");
	fails_with(lab, HOST "kernel", RUNG_IMAGE, ERR_FORMAT, "too odd a kernel");
	assert_int_equal(hosted_cargo_count(), 0);
}

static void memory_that_is_too_small(void **state)
{
	static uint8_t area[KERNEL_LEN + 100];
	struct boot_lab *lab = *state;

	hosted_cargo_area(area, sizeof(area));
	fails_with(lab, HOST "entry", RUNG_IMAGE, ERR_NO_SPACE, "does not fit into memory");
	assert_int_equal(hosted_cargo_count(), 1);
}

static void a_web_page(void **state)
{
	struct boot_lab *lab = *state;

	fails_with(lab, HOST "page", RUNG_IMAGE, ERR_FORMAT,
		   "not a kernel: the file looks like a web page");
	assert_int_equal(hosted_cargo_count(), 0);
}

/* The server is told that nothing more is wanted of it. */
static void text_that_is_no_entry(void **state)
{
	struct boot_lab *lab = *state;

	fails_with(lab, HOST "text", RUNG_IMAGE, ERR_FORMAT, "text without a line `linux`");
	assert_true(lab->web.conn[0].rst_got);
}

static void an_entry_for_another_firmware(void **state)
{
	fails_with(*state, HOST "entry-of-efi", RUNG_IMAGE, ERR_UNSUPPORTED,
		   "`efi` names an EFI program");
}

static void an_entry_whose_kernel_has_no_sensible_url(void **state)
{
	fails_with(*state, HOST "entry-without-url", RUNG_IMAGE, ERR_CONFIG, "http://");
}

static void an_entry_whose_kernel_needs_tls(void **state)
{
	fails_with(*state, HOST "entry-of-tls", RUNG_TRANSFER, ERR_UNSUPPORTED,
		   "does not speak TLS");
}

static void serve_long_text(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 200 OK\r\n");
	if (strcmp(web_path(c), "/announced") == 0)
		web_say(c, "Content-Length: %u\r\n", LONG_ENTRY);
	web_say(c, "\r\n");
	web_repeat(c, "# a comment line of 32 characters", LONG_ENTRY / 32);
	web_fin(c);
}

static void an_entry_that_is_announced_too_long(void **state)
{
	struct boot_lab *lab = *state;

	lab->web.serve = serve_long_text;
	fails_with(lab, HOST "announced", RUNG_IMAGE, ERR_NO_SPACE,
		   "the boot entry is longer than 65536 bytes");
}

/* [SEC-09] */
static void an_entry_that_turns_out_too_long(void **state)
{
	struct boot_lab *lab = *state;

	lab->web.serve = serve_long_text;
	fails_with(lab, HOST "x", RUNG_IMAGE, ERR_NO_SPACE,
		   "longer than the 65536 bytes of memory");
}

/* --- digest ---------------------------------------------------------------------------------- */

static const char *right_digest(unsigned i)
{
	if (i == 0)
		return boot_lab_sha256(pages[2].text, 0, 0);
	return i == 1 ? boot_lab_sha256(NULL, 1, KERNEL_LEN) : boot_lab_sha256(NULL, 500, 301);
}

static void a_wrong_digest_of_any_file(void **state)
{
	char list[3 * SHA256_HEX_LEN], words[120];
	struct boot_lab *lab;

	for (unsigned wrong = 0; wrong < 3; wrong++) {
		if (wrong > 0) {
			boot_lab_teardown(state);
			setup(state);
		}
		lab = *state;
		snprintf(list, sizeof(list), "%s %s %s", right_digest(wrong == 0),
			 right_digest(wrong == 1 ? 2 : 1), right_digest(wrong == 2 ? 1 : 2));
		boot_lab_key(lab, "sha256", list);
		snprintf(words, sizeof(words), "file %u of 3 has SHA-256 %s, but ", wrong + 1,
			 right_digest(wrong));
		fails_with(lab, HOST "entry", RUNG_DIGEST, ERR_DIGEST, words);
	}
}

static void more_digests_than_files(void **state)
{
	char list[2 * SHA256_HEX_LEN];
	struct boot_lab *lab = *state;

	snprintf(list, sizeof(list), "%s %s", right_digest(1), right_digest(2));
	boot_lab_key(lab, "sha256", list);
	fails_with(lab, HOST "kernel", RUNG_DIGEST, ERR_CONFIG,
		   "lists 2 digests, but there are only 1 files");
}

static void a_wrong_digest_of_a_fetched_file(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "fetch", HOST "kernel");
	boot_lab_key(lab, "sha256", right_digest(2));
	boot_lab_fails(lab, RUNG_DIGEST, ERR_DIGEST, "file 1 of 1 has SHA-256");
	assert_null(strstr(hosted_output(), "fetch: "));
}

static void more_digests_than_the_fetched_file(void **state)
{
	char list[2 * SHA256_HEX_LEN];
	struct boot_lab *lab = *state;

	snprintf(list, sizeof(list), "%s %s", right_digest(1), right_digest(2));
	boot_lab_key(lab, "fetch", HOST "kernel");
	boot_lab_key(lab, "sha256", list);
	boot_lab_fails(lab, RUNG_DIGEST, ERR_CONFIG, "lists 2 digests");
}

static void write_to_the_kernel(void *ctx)
{
	(void)ctx;
	hosted_cargo(0)->extent.at[KERNEL_LEN / 2] ^= 1;
}

/*
 * As long as it runs it may write anywhere: what is checked is what is left in the end. [INIT-28]
 */
static void a_device_that_writes_until_it_is_stopped(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.on_close = write_to_the_kernel;
	boot_lab_key(lab, "sha256", right_digest(1));
	fails_with(lab, HOST "kernel", RUNG_DIGEST, ERR_DIGEST, "file 1 of 1 has SHA-256");
}

/* --- the device, the start, the user --------------------------------------------------------- */

static void a_device_that_does_not_stop(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.stuck = "it goes on";
	fails_with(lab, HOST "entry", RUNG_DEVICE, ERR_DEVICE, "it goes on");
}

static void a_device_that_does_not_stop_after_a_fetch(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.stuck = "it goes on";
	boot_lab_key(lab, "fetch", HOST "kernel");
	boot_lab_fails(lab, RUNG_DEVICE, ERR_DEVICE, "it goes on");
	assert_null(strstr(hosted_output(), "fetch: "));
}

/* The first failure is the one to tell. */
static void a_device_that_does_not_stop_after_a_failure(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.stuck = "it goes on";
	fails_with(lab, HOST "gone", RUNG_TRANSFER, ERR_REFUSED, "404 Not Found");
}

static void serve_and_break(struct web_conn *c)
{
	struct boot_lab *lab = c->web->ctx;

	lab->fake.broken = "queue 0 lies";
	web_answer(c, "200 OK", 100000);
}

static void a_device_that_breaks_in_the_middle(void **state)
{
	struct boot_lab *lab = *state;

	lab->web.serve = serve_and_break;
	fails_with(lab, HOST "kernel", RUNG_QUEUES, ERR_DEVICE, "queue 0 lies");
}

static void a_start_that_is_refused(void **state)
{
	struct boot_lab *lab = *state;

	hosted_boot_refuse(ERR_NO_SPACE, "the command line is too long");
	boot_lab_key(lab, "url", HOST "entry");
	lab->err = netboot_run(lab->nb, &lab->fake.nic, &lab->config, NULL, &lab->console,
			       &lab->fake.failure, 0);
	assert_int_equal(lab->err, ERR_NO_SPACE);
	assert_int_equal(lab->fake.failure.rung, RUNG_HAND_OVER);
	assert_null(hosted_booted());
}

static void serve_and_press(struct web_conn *c)
{
	hosted_type("\33");
	web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
}

/* [SEC-13] */
static void the_user_gives_up_in_a_download(void **state)
{
	struct boot_lab *lab = *state;

	lab->web.serve = serve_and_press;
	fails_with(lab, HOST "kernel", RUNG_TRANSFER, ERR_ABORTED, "given up by Esc or Ctrl-C");
	assert_true(lab->web.conn[0].rst_got);
}

static void the_user_gives_up_in_dhcp(void **state)
{
	struct boot_lab *lab = *state;

	lab->dhcp.offer = 0;
	hosted_type("\33");
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_ABORTED, "given up");
}

static void a_failure_is_reported_with_its_rung_and_the_counters(void **state)
{
	struct boot_lab *lab = *state;

	fails_with(lab, HOST "gone", RUNG_TRANSFER, ERR_REFUSED, "404");
	netboot_report_failure(&lab->console, &lab->fake.failure, &lab->nb->net);
	assert_non_null(strstr(hosted_output(), "\nskiff: failed at http: the server answered "
						"404 Not Found to GET /gone"));
	assert_non_null(strstr(hosted_output(), "\ncount: rx "));
}

static void a_failure_before_the_net_has_no_counters(void **state)
{
	struct boot_lab *lab = *state;

	fails_with(lab, HOST "gone", RUNG_TRANSFER, ERR_REFUSED, "404");
	netboot_report_failure(&lab->console, &lab->fake.failure, NULL);
	assert_null(strstr(hosted_output(), "count: "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, boot_lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_that_stays_down),
		TEST(no_dhcp_server),
		TEST(an_offer_that_is_not_confirmed),
		TEST(a_dhcp_server_that_refuses),
		TEST(nobody_says_what_to_boot),
		TEST(a_boot_file_that_is_a_bad_url),
		TEST(a_built_in_url_that_is_bad),
		TEST(a_variable_that_this_machine_lacks),
		TEST(more_files_than_can_be_remembered),
		TEST(a_name_that_does_not_exist),
		TEST(nobody_at_that_address),
		TEST(a_port_that_is_closed),
		TEST(a_file_that_is_not_there),
		TEST(an_initrd_that_is_not_there),
		TEST(a_listed_initrd_that_is_not_there),
		TEST(a_fetch_that_fails),
		TEST(a_kernel_that_is_cut_short),
		TEST(a_kernel_that_the_port_refuses),
		TEST(memory_that_is_too_small),
		TEST(a_web_page),
		TEST(text_that_is_no_entry),
		TEST(an_entry_for_another_firmware),
		TEST(an_entry_whose_kernel_has_no_sensible_url),
		TEST(an_entry_whose_kernel_needs_tls),
		TEST(an_entry_that_is_announced_too_long),
		TEST(an_entry_that_turns_out_too_long),
		TEST(a_wrong_digest_of_any_file),
		TEST(more_digests_than_files),
		TEST(a_wrong_digest_of_a_fetched_file),
		TEST(more_digests_than_the_fetched_file),
		TEST(a_device_that_writes_until_it_is_stopped),
		TEST(a_device_that_does_not_stop),
		TEST(a_device_that_does_not_stop_after_a_fetch),
		TEST(a_device_that_does_not_stop_after_a_failure),
		TEST(a_device_that_breaks_in_the_middle),
		TEST(a_start_that_is_refused),
		TEST(the_user_gives_up_in_a_download),
		TEST(the_user_gives_up_in_dhcp),
		TEST(a_failure_is_reported_with_its_rung_and_the_counters),
		TEST(a_failure_before_the_net_has_no_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
