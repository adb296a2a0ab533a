/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/boot/choose.c, pxe.c and pxe_menu.c: whole boots of which DHCP, proxies, boot servers and the
 * user at the menu say what is started.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"
#include "tests/model/boot_lab.h"
#include "tests/model/pxe_server.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define HOST "http://10.0.2.2/"

static const struct boot_page pages[] = {
	{ .path = "/kernel", .off = 1, .len = 3000 },
	{ .path = "/other", .off = 7, .len = 3000 },
	{ .path = "/skiff.efi", .text = "MZ\1skiff" },
	{ .path = "/entry", .text = "efi skiff.efi\n" },
	{ .path = "/entry-with-words", .text = "efi skiff.efi\noptions url=x\n" },
	{ .path = NULL },
};

static struct pxe_server server;

static int setup(void **state)
{
	struct boot_lab *lab;

	boot_lab_setup(state);
	lab = *state;
	lab->pages = pages;
	pxe_server_open(&server, &lab->fake);
	return 0;
}

static void assert_printed(const char *text)
{
	if (!strstr(hosted_output(), text))
		fail_msg("not printed: %s\n%s", text, hosted_output());
}

static void assert_not_printed(const char *text)
{
	if (strstr(hosted_output(), text))
		fail_msg("printed: %s\n%s", text, hosted_output());
}

static void say(struct pxe_says *says, uint8_t code, const char *text)
{
	pxe_say(says, code, text, (uint32_t)strlen(text));
}

/* --- without PXE ----------------------------------------------------------------------------- */

/* [DHCP-16] [DHCP-30] */
static void a_url_of_dhcp_is_taken_and_said(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_lease(lab, 67, HOST "kernel");
	lab->builtin_url = HOST "nothing";
	boot_lab_boots(lab, "");
	assert_printed("\nboot file: http://10.0.2.2/kernel (DHCP server 10.0.2.2: option 67)\n");
	assert_true(lab->nb->named_by_dhcp);
}

/* [DHCP-16]: what is no URL is for TFTP. */
static void a_file_name_of_dhcp_is_taken_and_said(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_lease(lab, 67, "\\boot\\a b.0");
	boot_lab_lease(lab, 66, "boot.example");
	lab->err = netboot_run(lab->nb, &lab->fake.nic, &lab->config, NULL, &lab->console,
			       &lab->fake.failure, clock_now_ms());
	assert_int_not_equal(lab->err, 0); /* nobody has that name */
	assert_printed("\nboot file: tftp://boot.example/%5Cboot%5Ca%20b.0 "
		       "(DHCP server 10.0.2.2: option 67, option 66)\n");
	assert_true(lab->nb->named_by_dhcp);
}

/*
 * [DHCP-30]: what was built in is meant for us; what is no URL, perhaps for the firmware. No PXE
 * server is asked then, and no menu shown.
 */
static void a_url_that_is_built_in_goes_before_a_file_name(void **state)
{
	struct boot_lab *lab = *state;
	uint32_t start_ms = clock_now_ms();

	boot_lab_lease(lab, 67, "skiff.efi");
	boot_lab_lease(lab, 60, "PXEClient");
	lab->builtin_url = HOST "kernel";
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/kernel ");
	assert_not_printed("boot file: ");
	assert_not_printed("pxe: ");
	assert_false(lab->nb->named_by_dhcp);
	assert_in_range(clock_now_ms() - start_ms, 1000, 1500); /* for somebody else's URL */
}

static void a_key_is_not_dhcp_s(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_key(lab, "url", HOST "kernel");
	boot_lab_lease(lab, 67, "pxelinux.0");
	boot_lab_lease(lab, 60, "PXEClient");
	boot_lab_boots(lab, "");
	assert_not_printed("boot file: ");
	assert_false(lab->nb->named_by_dhcp);
	assert_int_equal(server.asked, 0);
}

/* --- this very program ----------------------------------------------------------------------- */

static void as_skiff_efi(void)
{
	hosted_dhcp_arch_set(7);
	hosted_self_set("MZ\1skiff");
}

/* Whoever names it: it would come by here again. */
static void this_program_is_not_started_again(void **state)
{
	static const char *const names[] = { "skiff.efi", "entry" };
	char url[40];

	for (uint32_t i = 0; i < 2 * ARRAY_LEN(names); i++) {
		as_skiff_efi();
		snprintf(url, sizeof(url), HOST "%s", names[i / 2]);
		if (i & 1)
			boot_lab_key(*state, "url", url);
		else
			boot_lab_lease(*state, 67, url);
		boot_lab_fails(*state, RUNG_IMAGE, ERR_CONFIG, "the file is this program");
		assert_int_equal(hosted_cargo_count(), 0);
		boot_lab_teardown(state);
		setup(state);
	}
	boot_lab_lease(*state, 67, HOST "kernel");
	boot_lab_boots(*state, "");
}

/* They may say what to boot. */
static void this_program_is_started_with_other_words(void **state)
{
	as_skiff_efi();
	boot_lab_lease(*state, 67, HOST "entry-with-words");
	boot_lab_boots(*state, "url=x");
	boot_lab_teardown(state);
	setup(state);
	as_skiff_efi();
	boot_lab_key(*state, "url", HOST "skiff.efi");
	boot_lab_key(*state, "cmdline", "url=y");
	boot_lab_boots(*state, "url=y");
}

/* The key takes away the words that the entry has. */
static void an_empty_key_cmdline_is_no_word(void **state)
{
	as_skiff_efi();
	boot_lab_key(*state, "cmdline", "");
	boot_lab_lease(*state, 67, HOST "entry-with-words");
	boot_lab_fails(*state, RUNG_IMAGE, ERR_CONFIG, "the file is this program");
}

/* --- proxies --------------------------------------------------------------------------------- */

/* [DHCP-20] [DHCP-21]: no time is lost with a proxy that is there. */
static void a_proxy_names_the_file(void **state)
{
	struct boot_lab *lab = *state;
	uint32_t start_ms = clock_now_ms();

	pxe_say_class(&server.offer);
	say(&server.offer, 67, HOST "kernel");
	boot_lab_boots(lab, "");
	assert_printed(
		"boot file: http://10.0.2.2/kernel (proxy DHCP server 10.0.2.4: option 67)\n");
	assert_in_range(clock_now_ms() - start_ms, 0, 500);
	assert_not_printed("waiting up to");
	assert_int_equal(server.asked, 0);
}

/* [DHCP-20]: the wait has a name. */
static void a_wait_for_a_boot_file_is_said(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_fails(lab, RUNG_CONFIG, ERR_CONFIG, "nobody says what to boot");
	assert_printed("dhcp: 10.0.2.2 offers an address and no boot file; waiting up to 4000 ms "
		       "for a server that names one\n");
}

static void a_wait_for_a_url_is_said(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_lease(lab, 67, "skiff.efi");
	lab->builtin_url = HOST "kernel";
	boot_lab_boots(lab, "");
	assert_printed("dhcp: 10.0.2.2 offers an address and no URL to boot; waiting up to 1000 ms "
		       "for a server that names one\n");
}

/* [DHCP-21] [DHCP-30]: only a URL, and nobody is asked for more. */
static void a_url_that_is_built_in_yields_to_a_proxy_s_url_only(void **state)
{
	struct boot_lab *lab = *state;
	uint32_t start_ms = clock_now_ms();

	pxe_say_class(&server.offer);
	say(&server.offer, 67, HOST "other");
	boot_lab_lease(lab, 67, "skiff.efi");
	lab->builtin_url = HOST "kernel";
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/other ");
	assert_true(lab->nb->named_by_dhcp);
	assert_in_range(clock_now_ms() - start_ms, 0, 500);

	boot_lab_teardown(state);
	setup(state);
	lab = *state;
	pxe_say_class(&server.offer);
	say(&server.offer, 67, "skiff.efi");
	lab->builtin_url = HOST "kernel";
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/kernel ");
	assert_int_equal(server.asked, 0);
}

/* [DHCP-21] */
static void the_lease_s_own_file_goes_before_a_proxy_s(void **state)
{
	struct boot_lab *lab = *state;

	pxe_say_class(&server.offer);
	say(&server.offer, 67, HOST "other");
	boot_lab_lease(lab, 67, HOST "kernel");
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/kernel ");
}

/* [DHCP-22] */
static void a_proxy_that_left_it_open_is_asked(void **state)
{
	struct boot_lab *lab = *state;

	pxe_say_class(&server.offer);
	pxe_say_class(&server.more);
	say(&server.more, 67, HOST "kernel");
	server.lost = 1;
	boot_lab_boots(lab, "");
	assert_int_equal(server.asked, 2);
	assert_printed("pxe: asking 10.0.2.4 what to boot\n");
	assert_printed("(proxy DHCP server 10.0.2.4: option 67)\n");
}

/* [DHCP-22]: PXE 2.1, 2.2: a DHCP server with option 60 and no more has a PXE service beside it. */
static void a_dhcp_server_that_left_it_open_is_asked(void **state)
{
	struct boot_lab *lab = *state;

	boot_lab_lease(lab, 60, "PXEClient");
	server.ip = PEER_IP;
	pxe_say_class(&server.more);
	say(&server.more, 67, HOST "kernel");
	boot_lab_boots(lab, "");
	assert_int_equal(server.asked, 1);
	assert_not_printed("waiting up to");
}

/* [DHCP-22]: the silence is said, and is no failure itself: what there is then is nothing. */
static void a_proxy_that_stays_silent_leaves_nothing(void **state)
{
	struct boot_lab *lab = *state;

	pxe_say_class(&server.offer);
	boot_lab_fails(lab, RUNG_CONFIG, ERR_CONFIG, "nobody says what to boot");
	assert_int_equal(server.asked, 4);
	assert_printed("pxe: 10.0.2.4 does not answer on UDP port 4011\n");
}

static void a_proxy_is_waited_for_no_longer_than_the_deadline(void **state)
{
	struct boot_lab *lab = *state;

	pxe_say_class(&server.offer);
	lab->config.deadline_ms = 2000;
	boot_lab_fails(lab, RUNG_CONFIG, ERR_CONFIG, "nobody says what to boot");
	assert_int_equal(lab->nb->net.dhcp.ask.state, DHCP_UNANSWERED);
}

/* [DHCP-21] */
static void a_proxy_alone_is_told_apart(void **state)
{
	struct boot_lab *lab = *state;

	lab->dhcp.offer = 0;
	lab->config.deadline_ms = 2000;
	pxe_say_class(&server.offer);
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_TIMEOUT,
		       "not used: 1 of a proxy, which grants no address");
}

/* --- menus ----------------------------------------------------------------------------------- */

/* Option 43: bit 3 clear, boot servers for two types, a menu with both and "local". */
static const uint8_t servers[] = { 8, 14, 0x80, 1, 1, 10, 0, 2, 4, 0x80, 2, 1, 10, 0, 2, 4 };
static const uint8_t menu[] = { 9,   25,   0x80, 1, 5,   'f', 'i', 'r', 's',
				't', 0x80, 2,    6, 's', 'e', 'c', 'o', 'n',
				'd', 0,    0,    5, 'l', 'o', 'c', 'a', 'l' };

/* prompt_s of -1: no prompt. control: of sub-option 6. */
static void offer_menu(int prompt_s, uint8_t control)
{
	uint8_t option[100] = { 6, 1, control };
	uint32_t len = 3;

	memcpy(option + len, servers, sizeof(servers));
	len += sizeof(servers);
	memcpy(option + len, menu, sizeof(menu));
	len += sizeof(menu);
	if (prompt_s >= 0) {
		memcpy(option + len, (uint8_t[]){ 10, 7, (uint8_t)prompt_s }, 3);
		memcpy(option + len + 3, "Choose", 6);
		len += 9;
	}
	option[len++] = 255;
	pxe_say_class(&server.offer);
	pxe_say(&server.offer, 43, option, len);
	pxe_say_class(&server.boot);
	say(&server.boot, 67, HOST "kernel");
}

static uint8_t asked_type(void)
{
	uint32_t len = 0;

	return pxe_server_asked(&server, 43, &len)[3];
}

/* Keys that the user types once the menu is there. */
static struct typist {
	const char *keys;
	uint32_t since_ms, after_ms;
} typist;

static void type(void *ctx)
{
	struct typist *t = ctx;

	if (!t->since_ms && strstr(hosted_output(), "pxe: 1: "))
		t->since_ms = clock_now_ms();
	if (!t->since_ms || !t->keys || clock_now_ms() - t->since_ms < t->after_ms)
		return;
	hosted_type(t->keys);
	t->keys = NULL;
}

static void user_types(const char *keys, uint32_t after_ms)
{
	typist = (struct typist){ keys, 0, after_ms };
	hosted_idle_hook(type, &typist);
}

/* [DHCP-30] */
static void a_url_that_is_built_in_needs_no_menu(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(255, 3);
	lab->builtin_url = HOST "other";
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/other ");
	assert_not_printed("pxe: ");
	assert_int_equal(server.discovered, 0);
}

/* [DHCP-23] [DHCP-24] */
static void a_key_chooses(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(30, 3);
	user_types("2", 1500);
	boot_lab_boots(lab, "");
	assert_printed("pxe: Choose\npxe: 1: first\npxe: 2: second\npxe: 3: local\n");
	assert_printed("a key, Enter, or 1 in 30 s");
	assert_printed("a key, Enter, or 1 in 29 s");
	assert_printed("pxe: chosen: second\npxe: looking for a boot server of type 32770\n");
	assert_printed("boot file: http://10.0.2.2/kernel (boot server 10.0.2.4: option 67)\n");
	assert_int_equal(server.discovered, 1);
	assert_int_equal(server.to[0], PXE_SERVER_IP);
	assert_int_equal(asked_type(), 2);
	assert_int_equal(server.asked, 0);
	assert_true(lab->nb->named_by_dhcp);
}

/* [DHCP-23]: and keys that mean nothing stop no clock. */
static void the_first_item_is_taken_when_the_time_is_up(void **state)
{
	struct boot_lab *lab = *state;
	uint32_t start_ms = clock_now_ms();

	offer_menu(5, 3);
	user_types("4x0", 0);
	boot_lab_boots(lab, "");
	assert_printed("pxe: chosen: first\n");
	assert_int_equal(asked_type(), 1);
	assert_in_range(clock_now_ms() - start_ms, 5000, 5500);
}

static void enter_takes_the_first_at_once(void **state)
{
	struct boot_lab *lab = *state;
	uint32_t start_ms = clock_now_ms();

	offer_menu(255, 3);
	user_types("\r", 0);
	boot_lab_boots(lab, "");
	assert_int_equal(asked_type(), 1);
	assert_in_range(clock_now_ms() - start_ms, 0, 500);
}

/* [DHCP-23] */
static void a_prompt_of_0_shows_no_menu(void **state)
{
	struct boot_lab *lab = *state;
	uint32_t start_ms = clock_now_ms();

	offer_menu(0, 3);
	boot_lab_boots(lab, "");
	assert_printed("pxe: chosen: first\n");
	assert_not_printed("second");
	assert_in_range(clock_now_ms() - start_ms, 0, 500);
}

/* [DHCP-23]: longer than any deadline; and so does a menu without a prompt that leaves a choice. */
static void a_prompt_of_255_waits_for_the_user(void **state)
{
	struct boot_lab *lab = *state;
	uint32_t start_ms = clock_now_ms();

	for (int prompt_s = -1; prompt_s <= 255; prompt_s += 256) {
		offer_menu(prompt_s, 3);
		user_types("2", 500000);
		boot_lab_boots(lab, "");
		assert_int_equal(asked_type(), 2);
		assert_true(clock_now_ms() - start_ms >= 500000);
		assert_not_printed("or 1 in");
		boot_lab_teardown(state);
		setup(state);
		lab = *state;
		start_ms = clock_now_ms();
	}
	offer_menu(0, 3);
	boot_lab_boots(lab, "");
}

/* Those that came before the menu do not count. */
static void what_was_typed_before_chooses_nothing(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(3, 3);
	hosted_type("2222");
	boot_lab_boots(lab, "");
	assert_int_equal(asked_type(), 1);
	boot_lab_teardown(state);
	setup(state);
	lab = *state;
	offer_menu(3, 3);
	hosted_type("2\33");
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_ABORTED, "given up by Esc or Ctrl-C");
}

static void esc_gives_up_in_the_menu(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(255, 3);
	user_types("\33", 1000);
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_ABORTED, "given up by Esc or Ctrl-C");
}

/* [DHCP-23]: type 0. */
static void local_boot_is_the_next_device_s_turn(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(255, 3);
	user_types("3", 0);
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_ABORTED,
		       "the PXE menu leads to the next boot device");
	assert_printed("pxe: chosen: local\n");
	assert_int_equal(server.discovered, 0);
}

/* [DHCP-23]: bit 3. */
static void a_boot_file_and_bit_3_need_no_menu(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(255, 8);
	say(&server.offer, 67, HOST "other");
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/other ");
	assert_not_printed("pxe: ");
}

/* [DHCP-23]: without it the menu has the word. */
static void a_boot_file_without_bit_3_is_the_menu_s_affair(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(0, 3);
	say(&server.offer, 67, HOST "other");
	boot_lab_boots(lab, "");
	assert_string_equal(lab->asked, "/kernel ");
}

/* [DHCP-22] [DHCP-23]: as dnsmasq does for UEFI. */
static void a_menu_may_come_from_port_4011(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(0, 3);
	memcpy(&server.more, &server.offer, sizeof(server.more));
	server.offer.len = 0;
	pxe_say_class(&server.offer);
	boot_lab_boots(lab, "");
	assert_int_equal(server.asked, 1);
	assert_int_equal(server.discovered, 1);
}

/* PXE 2.1: without a menu, the first type that is listed. */
static void boot_servers_without_a_menu_are_looked_for(void **state)
{
	struct boot_lab *lab = *state;

	pxe_say_class(&server.offer);
	pxe_say(&server.offer, 43, servers, sizeof(servers));
	pxe_say_class(&server.boot);
	say(&server.boot, 67, HOST "kernel");
	boot_lab_boots(lab, "");
	assert_int_equal(asked_type(), 1);
	assert_int_equal(server.asked, 0);
}

/* [DHCP-24] */
static void a_boot_server_that_does_not_answer_is_a_failure(void **state)
{
	struct boot_lab *lab = *state;

	offer_menu(0, 3);
	server.boot.len = 0;
	boot_lab_fails(lab, RUNG_ADDRESS, ERR_TIMEOUT,
		       "no boot server of type 32769 answers, which the PXE server 10.0.2.4 leads "
		       "to");
	assert_int_equal(server.discovered, 4);
}

/* [SEC-10]: any bytes, of any length. */
static void the_menu_s_texts_are_made_printable_and_cut(void **state)
{
	struct boot_lab *lab = *state;
	uint8_t option[255] = { 9, 212, 0x80, 1, 200 };

	memset(option + 5, 'x', 200);
	memcpy(option + 5, "\33[2Jevil\n", 9);
	memcpy(option + 205, (uint8_t[]){ 0, 0, 6, 's', 't', 'o', 'p', 0, 'p' }, 9);
	pxe_say_class(&server.offer);
	pxe_say(&server.offer, 43, option, 214);
	pxe_say_class(&server.boot);
	say(&server.boot, 67, HOST "kernel");
	user_types("1", 0);
	boot_lab_boots(lab, "");
	assert_printed(
		"pxe: 1: ?[2Jevil?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xx\n");
	assert_printed("pxe: 2: stop\n");
}

/* More items than keys: those beyond cannot be chosen, and do no harm. */
static void a_menu_has_as_many_items_as_keys(void **state)
{
	struct boot_lab *lab = *state;
	uint8_t option[200] = { 9, 4 * 30 };

	for (uint8_t i = 0; i < 30; i++)
		memcpy(option + 2 + 4 * i, (uint8_t[]){ 0x80, i, 1, (uint8_t)('A' + i) }, 4);
	pxe_say_class(&server.offer);
	pxe_say(&server.offer, 43, option, 2 + 4 * 30);
	pxe_say_class(&server.boot);
	say(&server.boot, 67, HOST "kernel");
	user_types("K", 0);
	boot_lab_boots(lab, "");
	assert_printed("pxe: k: T\n");
	assert_not_printed(": U\n");
	assert_int_equal(asked_type(), 19);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, boot_lab_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_url_of_dhcp_is_taken_and_said),
		TEST(a_file_name_of_dhcp_is_taken_and_said),
		TEST(a_url_that_is_built_in_goes_before_a_file_name),
		TEST(a_key_is_not_dhcp_s),
		TEST(this_program_is_not_started_again),
		TEST(this_program_is_started_with_other_words),
		TEST(an_empty_key_cmdline_is_no_word),
		TEST(a_proxy_names_the_file),
		TEST(a_wait_for_a_boot_file_is_said),
		TEST(a_wait_for_a_url_is_said),
		TEST(a_url_that_is_built_in_yields_to_a_proxy_s_url_only),
		TEST(the_lease_s_own_file_goes_before_a_proxy_s),
		TEST(a_proxy_that_left_it_open_is_asked),
		TEST(a_dhcp_server_that_left_it_open_is_asked),
		TEST(a_proxy_that_stays_silent_leaves_nothing),
		TEST(a_proxy_is_waited_for_no_longer_than_the_deadline),
		TEST(a_proxy_alone_is_told_apart),
		TEST(a_url_that_is_built_in_needs_no_menu),
		TEST(a_key_chooses),
		TEST(the_first_item_is_taken_when_the_time_is_up),
		TEST(enter_takes_the_first_at_once),
		TEST(a_prompt_of_0_shows_no_menu),
		TEST(a_prompt_of_255_waits_for_the_user),
		TEST(what_was_typed_before_chooses_nothing),
		TEST(esc_gives_up_in_the_menu),
		TEST(local_boot_is_the_next_device_s_turn),
		TEST(a_boot_file_and_bit_3_need_no_menu),
		TEST(a_boot_file_without_bit_3_is_the_menu_s_affair),
		TEST(a_menu_may_come_from_port_4011),
		TEST(boot_servers_without_a_menu_are_looked_for),
		TEST(a_boot_server_that_does_not_answer_is_a_failure),
		TEST(the_menu_s_texts_are_made_printable_and_cut),
		TEST(a_menu_has_as_many_items_as_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
