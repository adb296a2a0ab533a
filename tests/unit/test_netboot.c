/* SPDX-License-Identifier: BSD-2-Clause */
/* net/boot/netboot.c: whole boots that end well, and what is started then. */
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

#define KERNEL_LEN 200001
#define FIRST_LEN 30001
#define SECOND_LEN 5

static const struct boot_page pages[] = {
	{ .path = "/kernel", .off = 1, .len = KERNEL_LEN },
	{ .path = "/first", .off = 500, .len = FIRST_LEN },
	{ .path = "/dir/second", .off = 900, .len = SECOND_LEN },
	{ .path = "/empty", .off = 0, .len = 0 },
	{ .path = "/entry",
	  .text = "linux kernel\ninitrd /first\noptions a b\n"
		  "initrd dir/second\noptions c\n" },
	{ .path = "/dir/entry", .text = "linux ../kernel\ninitrd second\n" },
	{ .path = "/moved", .location = "/dir/entry" },
	{ .path = "/uki", .text = "uki kernel\noptions from the entry\n" },
	{ .path = "/far", .text = "linux http://boot.example/moved-kernel\ninitrd first\n" },
	{ .path = "/moved-kernel", .location = "http://10.0.2.77/dir/kernel" },
	{ .path = "/dir/kernel", .off = 1, .len = KERNEL_LEN },
	{ .path = NULL },
};

static const struct web_name boot_example[] = { { "boot.example", { 0x0a000205 } },
						{ .name = NULL } };

static int setup(void **state)
{
	boot_lab_setup(state);
	((struct boot_lab *)*state)->pages = pages;
	return 0;
}

static void assert_printed(const char *text)
{
	if (!strstr(hosted_output(), text))
		fail_msg("not printed: %s\n%s", text, hosted_output());
}

/* --- what is loaded -------------------------------------------------------------------------- */

static void a_kernel_and_its_initrds_are_started(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_key(lab, "initrd", "  " HOST "first " HOST "dir/second ");
	boot_lab_key(lab, "cmdline", "console=ttyS0");
	boot_lab_boots(lab, "console=ttyS0");
	assert_int_equal(hosted_cargo_count(), 3);
	assert_true(boot_lab_got(0, CARGO_KERNEL, 1, KERNEL_LEN));
	assert_true(boot_lab_got(1, CARGO_INITRD, 500, FIRST_LEN));
	assert_true(boot_lab_got(2, CARGO_INITRD, 900, SECOND_LEN));
	assert_printed("dhcp: 10.0.2.15/24 gateway 10.0.2.2 dns 10.0.2.3, ");
	assert_printed("\nhttp: " HOST "kernel 200001 bytes in ");
	assert_printed("\nhttp: " HOST "dir/second 5 bytes in ");
	assert_printed("\ncount: rx ");
	assert_printed("\nboot: hosted, kernel 200001 bytes, initrd 30001 bytes, initrd 5 bytes, ");
}

static void a_kernel_alone_is_started(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_boots(lab, "");
	assert_int_equal(hosted_cargo_count(), 1);
}

/* [HTTP-16] */
static void all_files_of_one_server_come_over_one_connection(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "entry");
	boot_lab_boots(lab, "a b c");
	assert_string_equal(lab->asked, "/entry /kernel /first /dir/second ");
	assert_int_equal(lab->web.connections, 1);
}

static void an_empty_initrd_is_an_initrd(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_key(lab, "initrd", HOST "empty " HOST "first");
	boot_lab_boots(lab, "");
	assert_true(boot_lab_got(1, CARGO_INITRD, 0, 0));
	assert_true(boot_lab_got(2, CARGO_INITRD, 500, FIRST_LEN));
}

/* --- entries --------------------------------------------------------------------------------- */

static void an_entry_names_kernel_initrds_and_options(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "entry");
	boot_lab_boots(lab, "a b c");
	assert_int_equal(hosted_cargo_count(), 3);
	assert_true(boot_lab_got(0, CARGO_KERNEL, 1, KERNEL_LEN));
	assert_true(boot_lab_got(1, CARGO_INITRD, 500, FIRST_LEN));
	assert_true(boot_lab_got(2, CARGO_INITRD, 900, SECOND_LEN));
}

static void keys_go_before_what_an_entry_says(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "entry");
	boot_lab_key(lab, "initrd", HOST "dir/second");
	boot_lab_key(lab, "cmdline", "mine");
	boot_lab_boots(lab, "mine");
	assert_string_equal(lab->asked, "/entry /kernel /dir/second ");
}

static void empty_keys_switch_off_what_an_entry_says(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "entry");
	boot_lab_key(lab, "initrd", "");
	boot_lab_key(lab, "cmdline", "");
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/entry /kernel ");
}

/* RFC 3986 5.1.3: relative names begin where the entry was found in the end. [HTTP-08] */
static void a_redirect_of_the_entry_changes_the_base(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "moved");
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/moved /dir/entry /kernel /dir/second ");
}

static void a_redirect_of_the_kernel_does_not(void **state)
{
	struct boot_lab *lab = *state;

	lab->web.names = boot_example;
	boot_lab_key(lab, "url", HOST "far");
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/far /moved-kernel /dir/kernel /first ");
	assert_printed("\nhttp: http://10.0.2.77/dir/kernel 200001 bytes in ");
	assert_printed("\nhttp: " HOST "first 30001 bytes in ");
}

static void under_uefi_an_entry_may_name_an_efi_program(void **state)
{
	struct boot_lab *lab = *state;

	hosted_dhcp_arch_set(7);
	boot_lab_key(lab, "url", HOST "uki");
	boot_lab_boots(lab, "from the entry");
	assert_true(boot_lab_got(0, CARGO_KERNEL, 1, KERNEL_LEN));
	assert_memory_equal(dhcp_server_asked(&lab->dhcp, 93), "\0\7", 2);
}

/* --- what says so ---------------------------------------------------------------------------- */

/* [DHCP-16] [DHCP-30] */
static void dhcp_says_what_to_boot(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_lease(lab, 67, HOST "dir/entry");
	lab->builtin_url = HOST "nothing";
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/dir/entry /kernel /dir/second ");
}

static void the_key_url_goes_before_dhcp(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_lease(lab, 67, HOST "nothing");
	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_boots(lab, "");
}

static void what_is_built_in_comes_last(void **state)
{
	struct boot_lab *lab = *state;

	lab->builtin_url = HOST "kernel";
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/kernel ");
}

static void a_static_address_asks_no_dhcp_server(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "ip", "10.0.2.15/24 10.0.2.2");
	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_boots(lab, "");
	assert_int_equal(lab->dhcp.discovers, 0);
	assert_printed("ip: 10.0.2.15/24 gateway 10.0.2.2\n");
}

static void variables_are_replaced_in_keys(void **state)
{
	static const struct boot_page by_mac[] = {
		{ .path = "/52:54:00:12:34:56", .text = "linux k\n" },
		{ .path = "/k", .off = 1, .len = 3000 },
		{ .path = "/10.0.2.15", .off = 2, .len = 100 },
		{ .path = NULL },
	};
	static const uint8_t uuid[16] = {
		0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 7, 8,
	};
	struct boot_lab *lab = *state;

	hosted_uuid_set(uuid);
	lab->pages = by_mac;
	boot_lab_key(lab, "url", HOST "${mac}");
	boot_lab_key(lab, "initrd", HOST "${ip}");
	boot_lab_key(lab, "cmdline", "me=${uuid},${ip}");
	boot_lab_boots(lab, "me=12345678-9abc-def0-0102-030405060708,10.0.2.15");
	assert_true(boot_lab_got(1, CARGO_INITRD, 2, 100));
	assert_memory_equal(dhcp_server_asked(&lab->dhcp, 97) + 1, uuid, 16);
}

/* What a server wrote is no key: it means what it says. */
static void variables_are_not_replaced_in_options(void **state)
{
	static const struct boot_page entry[] = {
		{ .path = "/e", .text = "linux k\noptions ${mac} $ {\n" },
		{ .path = "/k", .off = 1, .len = 3000 },
		{ .path = NULL },
	};
	struct boot_lab *lab = *state;

	lab->pages = entry;
	boot_lab_key(lab, "url", HOST "e");
	boot_lab_boots(lab, "${mac} $ {");
}

static void a_name_is_looked_up_with_the_lease_s_domain(void **state)
{
	struct boot_lab *lab = *state;

	lab->web.names = boot_example;
	boot_lab_lease(lab, 15, "example");
	boot_lab_key(lab, "url", "http://boot/kernel");
	boot_lab_boots(lab, "");
	assert_printed("\ndns: boot");
}

static void link_comes_up(void *ctx)
{
	struct boot_lab *lab = ctx;

	if (strstr(hosted_output(), "link: down, waiting"))
		lab->fake.down = false;
	web_poll(&lab->web);
}

/* [ETH-07] */
static void a_link_that_comes_up_late_is_waited_for(void **state)
{
	struct boot_lab *lab = *state;

	lab->fake.down = true;
	hosted_idle_hook(link_comes_up, lab);
	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_boots(lab, "");
}

/* --- digests --------------------------------------------------------------------------------- */

static void require(struct boot_lab *lab, const char *const digest[4])
{
	char list[4 * SHA256_HEX_LEN];

	snprintf(list, sizeof(list), "%s %s,%s %s", digest[0], digest[1], digest[2], digest[3]);
	boot_lab_key(lab, "sha256", list);
}

static void digests_are_those_of_entry_kernel_and_initrds(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "entry");
	require(lab, (const char *const[]){ boot_lab_sha256(pages[4].text, 0, 0),
					    boot_lab_sha256(NULL, 1, KERNEL_LEN),
					    boot_lab_sha256(NULL, 500, FIRST_LEN),
					    boot_lab_sha256(NULL, 900, SECOND_LEN) });
	boot_lab_boots(lab, "a b c");
}

static void files_beyond_the_list_are_not_checked(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "entry");
	boot_lab_key(lab, "sha256", boot_lab_sha256(pages[4].text, 0, 0));
	boot_lab_boots(lab, "a b c");
}

/* --- fetch ----------------------------------------------------------------------------------- */

static void fetch_downloads_and_starts_nothing(void **state)
{
	char line[120];
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "fetch", HOST "kernel");
	boot_lab_key(lab, "url", HOST "nothing");
	boot_lab_key(lab, "sha256", boot_lab_sha256(NULL, 1, KERNEL_LEN));
	boot_lab_run(lab);
	assert_null(hosted_booted());
	assert_string_equal(lab->asked, "/kernel ");
	snprintf(line, sizeof(line), "\nfetch: 200001 bytes sha256 %s\n",
		 boot_lab_sha256(NULL, 1, KERNEL_LEN));
	assert_printed(line);
	assert_int_equal(hosted_cargo(0)->cargo, CARGO_FETCH);
	assert_true(pattern_is(hosted_cargo(0)->extent.at, 1, KERNEL_LEN));
}

static void an_empty_file_can_be_fetched(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "fetch", HOST "empty");
	boot_lab_run(lab);
	assert_printed("\nfetch: 0 bytes sha256 "
		       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
}

/* An entry is a file like any other there. */
static void fetch_does_not_look_into_the_file(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "fetch", HOST "entry");
	boot_lab_run(lab);
	assert_string_equal(lab->asked, "/entry ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, boot_lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kernel_and_its_initrds_are_started),
		TEST(a_kernel_alone_is_started),
		TEST(all_files_of_one_server_come_over_one_connection),
		TEST(an_empty_initrd_is_an_initrd),
		TEST(an_entry_names_kernel_initrds_and_options),
		TEST(keys_go_before_what_an_entry_says),
		TEST(empty_keys_switch_off_what_an_entry_says),
		TEST(a_redirect_of_the_entry_changes_the_base),
		TEST(a_redirect_of_the_kernel_does_not),
		TEST(under_uefi_an_entry_may_name_an_efi_program),
		TEST(dhcp_says_what_to_boot),
		TEST(the_key_url_goes_before_dhcp),
		TEST(what_is_built_in_comes_last),
		TEST(a_static_address_asks_no_dhcp_server),
		TEST(variables_are_replaced_in_keys),
		TEST(variables_are_not_replaced_in_options),
		TEST(a_name_is_looked_up_with_the_lease_s_domain),
		TEST(a_link_that_comes_up_late_is_waited_for),
		TEST(digests_are_those_of_entry_kernel_and_initrds),
		TEST(files_beyond_the_list_are_not_checked),
		TEST(fetch_downloads_and_starts_nothing),
		TEST(an_empty_file_can_be_fetched),
		TEST(fetch_does_not_look_into_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
