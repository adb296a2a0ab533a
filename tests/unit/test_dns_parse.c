/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dns_parse.c: records, and the aliases that lead to them. */
#include "tests/unit/dns_lab.h"

/* --- records -------------------------------------------------------------------------------- */

static void several_addresses_are_kept_in_their_order(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	for (uint32_t i = 0; i < 12; i++)
		put_a(NULL, BOOT_IP + i);
	deliver();
	assert_int_equal(stage.net.dns.addresses, DNS_ADDRESSES_MAX);
	for (uint32_t i = 0; i < DNS_ADDRESSES_MAX; i++)
		assert_int_equal(stage.net.dns.address[i], BOOT_IP + i);
}

/* [DNS-07] */
static void only_a_records_of_the_name_count(void **state)
{
	uint32_t data;

	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a("other.example", 0x01010101);
	put_a("example", 0x01010102);
	put_a("x.boot.example", 0x01010103);
	put_a("boot.exampl", 0x01010104);
	put_a(".", 0x01010105);
	data = begin_record(NULL, A, 3); /* CHAOS */
	put_word(0x0101), put_word(0x0106);
	end_record(data);
	data = begin_record(NULL, AAAA, 1);
	put_word(0x0101), put_word(0x0107);
	end_record(data);
	data = begin_record(NULL, A, 1);
	put_word(0x0101), put_word(0x0108), answer[answer_len++] = 0;
	end_record(data);
	data = begin_record(NULL, A, 1);
	put_word(0x0101);
	end_record(data);
	put_a(NULL, 0x7f000001); /* no host's */
	put_a(NULL, 0);
	put_a(NULL, 0xe0000001);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	assert_int_equal(stage.net.dns.addresses, 1);
	assert_int_equal(stage.net.dns.address[0], BOOT_IP);
}

/* [DNS-07]: a file cannot come from everybody on this link. */
static void everybody_s_address_is_no_address(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a(NULL, OUR_IP | ~OUR_MASK);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	assert_int_equal(stage.net.dns.addresses, 1);
	assert_int_equal(stage.net.dns.address[0], BOOT_IP);
	start("boot.example");
	begin(0x8180);
	put_a(NULL, OUR_IP | ~OUR_MASK);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage.net.dns.addresses, 0);
}

static void a_label_with_a_dot_in_it_is_not_two_labels(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_be16(answer + 6, 1);
	memcpy(answer + answer_len, "\14boot.example\0\0\1\0\1\0\0\0\74\0\4\6\6\6\6", 28);
	answer_len += 28;
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

static void no_address_behind_a_name_ends_it(void **state)
{
	(void)state;
	start("boot.example");
	answer_with(0x8180);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage.net.dns.rcode, 0);
}

/* [DNS-04] */
static void a_cut_answer_without_an_address_leads_to_the_next_server(void **state)
{
	(void)state;
	start("boot.example");
	answer_with(0x8380);
	take_question();
	assert_int_equal(question_to, FAR_IP);
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	answer_with(0x8380);
	assert_int_equal(stage.net.dns.state, DNS_CUT);
	assert_int_equal(stage.net.dns.addresses, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-04]: any one address will do; a record that was cut in the middle ends the answer. */
static void of_a_cut_answer_the_whole_addresses_count(void **state)
{
	(void)state;
	for (uint32_t cut = 1; cut <= 16; cut++) {
		start("boot.example");
		begin(0x8380);
		put_cname(NULL, "a.example");
		put_a("a.example", BOOT_IP);
		put_a("a.example", BOOT_IP + 1);
		answer_len -= cut;
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_DONE);
		assert_int_equal(stage.net.dns.addresses, 1);
		assert_int_equal(stage.net.dns.address[0], BOOT_IP);
	}
}

/* [DNS-04] [DNS-06]: the alias is whole, and the answer for it may be shorter. */
static void the_alias_in_a_cut_answer_is_asked_for(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8380);
	put_cname(NULL, "a.example");
	put_a("a.example", BOOT_IP);
	answer_len -= 3;
	deliver();
	take_question();
	expect_question("\1a\7example", 11);
}

/* --- aliases -------------------------------------------------------------------------------- */

/* [DNS-06] */
static void aliases_are_followed_in_any_order(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a("c.example", BOOT_IP);
	put_cname("b.example", "C.example");
	put_cname("a.example", "B.example");
	put_cname(NULL, "A.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	assert_int_equal(stage.net.dns.address[0], BOOT_IP);
}

static void put_chain(uint32_t links)
{
	char from[] = "0.example", to[] = "1.example";

	for (uint32_t i = 0; i < links; i++) {
		from[0] = (char)('0' + i);
		to[0] = (char)('1' + i);
		put_cname(i ? from : NULL, to);
	}
	put_a(to, BOOT_IP);
}

/* [DNS-06] */
static void eight_aliases_are_followed_and_no_more(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_chain(8);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	start("boot.example");
	begin(0x8180);
	put_chain(9);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

/* [DNS-06] */
static void a_loop_of_aliases_ends(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "a.example");
	put_cname("a.example", "boot.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "boot.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-06] */
static void an_alias_without_an_address_is_asked_for(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "a.example");
	put_cname("a.example", "cdn.example");
	deliver();
	take_question();
	expect_question("\3cdn\7example", 13);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-06]: a server that has another alias for every name. */
static void aliases_without_end_end(void **state)
{
	char target[] = "a.example";
	uint32_t questions = 1;

	(void)state;
	start("boot.example");
	for (uint32_t i = 0; i < 20 && stage.net.dns.state == DNS_ASKING; i++) {
		begin(0x8180);
		target[0]++;
		put_cname(NULL, target);
		deliver();
		if (!stage.fake.sent_first)
			break;
		take_question();
		questions++;
	}
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(questions, 9);
}

static void an_alias_that_is_no_host_name_ends_it(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "a b.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage_tx_count(&stage), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(several_addresses_are_kept_in_their_order),
		TEST(only_a_records_of_the_name_count),
		TEST(everybody_s_address_is_no_address),
		TEST(a_label_with_a_dot_in_it_is_not_two_labels),
		TEST(no_address_behind_a_name_ends_it),
		TEST_TWO(a_cut_answer_without_an_address_leads_to_the_next_server),
		TEST(of_a_cut_answer_the_whole_addresses_count),
		TEST(the_alias_in_a_cut_answer_is_asked_for),
		TEST(aliases_are_followed_in_any_order),
		TEST(eight_aliases_are_followed_and_no_more),
		TEST(a_loop_of_aliases_ends),
		TEST(an_alias_without_an_address_is_asked_for),
		TEST(aliases_without_end_end),
		TEST(an_alias_that_is_no_host_name_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
