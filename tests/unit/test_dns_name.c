/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dns.c and dns_parse.c: which names are asked for, with which domains behind them. */
#include "tests/unit/dns_lab.h"

/* The same with domains to search, each with its NUL. */
static void search(const char *name, const void *domains, size_t len)
{
	memset(stage.net.search, 0, sizeof(stage.net.search));
	memcpy(stage.net.search, domains, len);
	start(name);
}

static void what_is_no_host_name_is_not_asked_for(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"a..b",
		".a",
		"a..",
		"a b",
		"a\nb",
		"b\303\274cher.example",
		"a/b",
		"a:b",
		"*.example",
		"0123456789012345678901234567890123456789012345678901234567890123.example",
	};
	char longest[400];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
		dns_start(&stage.net, bad[i]);
		assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	}
	memset(longest, 'a', sizeof(longest));
	for (uint32_t i = 50; i < sizeof(longest); i += 51)
		longest[i] = '.';
	for (uint32_t i = 254; i < sizeof(longest); i++) {
		longest[i] = '\0';
		dns_start(&stage.net, longest);
		assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
		longest[i] = i % 51 == 50 ? '.' : 'a';
	}
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-05]: 253 characters are 255 bytes, with or without a dot behind them. */
static void the_longest_name_is_asked_for_and_recognized(void **state)
{
	char longest[255];

	(void)state;
	for (uint32_t dot = 0; dot < 2; dot++) {
		memset(longest, 'a', sizeof(longest));
		for (uint32_t i = 50; i < 253; i += 51)
			longest[i] = '.';
		longest[253] = dot ? '.' : '\0';
		longest[254] = '\0';
		start(longest);
		assert_int_equal(question_len, 12 + 255 + 4 + 11);
		begin(0x8180);
		put_a(NULL, BOOT_IP);
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_DONE);
	}
}

/* RFC 1123 2.1, and the underscore that people use. */
static void letters_digits_and_two_signs_make_a_name(void **state)
{
	static const char *const good[] = {
		"az.AZ.09.-_",
		"012345678901234567890123456789012345678901234567890123456789012.example",
		"example.012345678901234567890123456789012345678901234567890123456789012",
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(good); i++) {
		start(good[i]);
		begin(0x8180);
		put_a(good[i], BOOT_IP);
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_DONE);
	}
	start("az.AZ.example");
	begin(0x8180);
	put_a("AZ.az.EXAMPLE", BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-10] */
static void a_single_label_gets_the_suffix_first(void **state)
{
	(void)state;
	search("boot", "example.org", 12);
	expect_question("\4boot\7example\3org", 18);
	answer_with(0x8183);
	take_question();
	expect_question("\4boot", 6);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	start("boot");
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	start("boot");
	answer_with(0x8180);
	take_question();
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

/* [DNS-10]: each has as many tries and aliases as any name. */
static void every_domain_of_the_search_list_is_tried_in_its_order(void **state)
{
	(void)state;
	search("boot", "a.example\0b.example\0c.example", 30);
	expect_question("\4boot\1a\7example", 16);
	for (uint32_t i = 1; i < 16; i++) {
		stage_pass(&stage, 2000);
		take_question();
	}
	answer_with(0x8183);
	take_question();
	expect_question("\4boot\1b\7example", 16);
	stage_pass(&stage, 2000);
	take_question();
	expect_question("\4boot\1b\7example", 16);
	answer_with(0x8180);
	take_question();
	expect_question("\4boot\1c\7example", 16);
	answer_with(0x8183);
	take_question();
	expect_question("\4boot", 6);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-02]: a failure of this moment must not lead to another machine of the same name. */
static void a_server_s_failure_is_no_reason_for_the_next_domain(void **state)
{
	(void)state;
	search("boot", "a.example\0b.example", 20);
	answer_with(0x8182);
	stage_pass(&stage, 2000);
	take_question();
	expect_question("\4boot\1a\7example", 16);
}

/* [DNS-10] */
static void other_names_are_absolute(void **state)
{
	(void)state;
	search("boot.", "example.org", 12);
	expect_question("\4boot", 6);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	start("boot.lan");
	expect_question("\4boot\3lan", 10);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	search("boot", "", 1);
	expect_question("\4boot", 6);
}

/* [DNS-10]: a suffix from DHCP that is no name, or leaves no room. */
static void a_useless_suffix_is_passed_over(void **state)
{
	char longest[256];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[251] = '\0';
	search("boot", "exa mple\0..\0a.example", 22);
	expect_question("\4boot\1a\7example", 16);
	search("boot", "..", 3);
	expect_question("\4boot", 6);
	search("boot", longest, 252);
	expect_question("\4boot", 6);
	longest[251] = 'a';
	longest[255] = '\0';
	search("boot", longest, 256);
	expect_question("\4boot", 6);
	search("boot", "example.org.", 13);
	expect_question("\4boot\7example\3org", 18);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-10]: as DHCP leaves it: full, with two NULs at the end. */
static void the_longest_search_list_ends(void **state)
{
	(void)state;
	memset(stage.net.search, 0, sizeof(stage.net.search));
	for (uint32_t i = 0; i + 2 < sizeof(stage.net.search); i += 2)
		stage.net.search[i] = 'a';
	start("b");
	for (uint32_t i = 0; i + 2 < sizeof(stage.net.search); i += 2) {
		expect_question("\1b\1a", 5);
		answer_with(0x8183);
		take_question();
	}
	expect_question("\1b", 3);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_no_host_name_is_not_asked_for),
		TEST(the_longest_name_is_asked_for_and_recognized),
		TEST(letters_digits_and_two_signs_make_a_name),
		TEST(a_single_label_gets_the_suffix_first),
		TEST(every_domain_of_the_search_list_is_tried_in_its_order),
		TEST(a_server_s_failure_is_no_reason_for_the_next_domain),
		TEST(other_names_are_absolute),
		TEST(a_useless_suffix_is_passed_over),
		TEST(the_longest_search_list_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
