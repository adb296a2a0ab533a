/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dns_parse.c: compressed names that lead nowhere, and any byte that is wrong. */
#include "tests/unit/dns_lab.h"

/* One A record whose owner is these bytes. Malformed: as if it had not come. */
static void owner_is_refused(const void *owner, uint32_t len)
{
	begin(0x8180);
	put_be16(answer + 6, 2);
	memcpy(answer + answer_len, owner, len);
	answer_len += len;
	memcpy(answer + answer_len, "\0\1\0\1\0\0\0\74\0\4\6\6\6\6", 14);
	answer_len += 14;
	put_be16(answer + 6, 1);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
}

/* [DNS-05] [SEC-04] */
static void pointers_lead_backward_only(void **state)
{
	uint8_t owner[2];

	(void)state;
	start("boot.example");
	for (uint32_t target = 30; target < 0x4000; target++) {
		put_be16(owner, (uint16_t)(0xc000 | target));
		owner_is_refused(owner, 2);
	}
	owner_is_refused("\1x\300\40", 4); /* to itself, at 32 */
	owner_is_refused("\1x\300\36", 4); /* to the beginning of its own name, at 30 */
}

/* [DNS-05] [SEC-04] */
static void labels_have_two_kinds(void **state)
{
	(void)state;
	start("boot.example");
	for (uint32_t tag = 0x40; tag < 0xc0; tag++) {
		uint8_t owner[3] = { (uint8_t)tag, 12, 0 }; /* 0xc00c would be the name asked for */

		owner_is_refused(owner, sizeof(owner));
	}
}

/* [DNS-05] */
static void a_name_of_256_bytes_is_refused(void **state)
{
	struct span msg = { answer, 0 };
	char name[DNS_NAME_MAX];
	uint32_t off = 0;

	(void)state;
	for (uint32_t i = 0; i < 127; i++)
		memcpy(answer + 2 * i, "\1a", 2);
	answer[254] = 0;
	msg.len = 255;
	assert_true(dns_name_read(msg, &off, name));
	assert_int_equal(off, 255);
	assert_int_equal(strlen(name), 253);
	memcpy(answer + 252, "\2aa", 4);
	msg.len = 256;
	off = 0;
	assert_false(dns_name_read(msg, &off, name));
	assert_int_equal(off, 0);
}

/* [DNS-05]: each pointer to the one before it. */
static void a_stair_of_pointers_is_cut_off(void **state)
{
	struct span msg = { answer, 0 };
	char name[DNS_NAME_MAX];
	uint32_t off;

	(void)state;
	memcpy(answer, "\1a", 3);
	for (uint32_t i = 0; i < 100; i++)
		put_be16(answer + 3 + 2 * i, (uint16_t)(0xc000 | (i ? 1 + 2 * i : 0)));
	msg.len = 3 + 200;
	off = 3 + 2 * 31;
	assert_true(dns_name_read(msg, &off, name));
	assert_string_equal(name, "a");
	off = 3 + 2 * 32;
	assert_false(dns_name_read(msg, &off, name));
}

/* [SEC-04]: counts that promise more than there is. */
static void a_count_without_records_is_malformed(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	put_be16(answer + 6, 2);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	put_be16(answer + 6, 0xffff);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	put_be16(answer + 6, 1);
	put_be16(answer + 8, 0xffff); /* sections that nobody reads */
	put_be16(answer + 10, 0xffff);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [SEC-04] [DNS-07] */
static void a_record_longer_than_the_message_is_malformed(void **state)
{
	static const uint16_t lens[] = { 5, 100, 0x7fff, 0xffff };

	(void)state;
	start("boot.example");
	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++) {
		begin(0x8180);
		put_a(NULL, BOOT_IP);
		put_be16(answer + answer_len - 6, lens[i]);
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_ASKING);
	}
}

/*
 * [SEC-04]: an alias must fill its record exactly, though the name that it is read from may lie
 * elsewhere.
 */
static void an_alias_that_does_not_fill_its_record_is_malformed(void **state)
{
	uint32_t data;

	(void)state;
	start("boot.example");
	begin(0x8180);
	data = begin_record(NULL, CNAME, 1);
	put_name("a.example");
	answer[answer_len++] = 0;
	end_record(data);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	begin(0x8180);
	data = begin_record("x.example", CNAME, 1);
	put_word(NAME);
	end_record(data);
	put_be16(answer + data - 2, 1);
	answer_len--;
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	assert_string_equal(stage.net.dns.name, "boot.example");
}

static void rich_answer(void)
{
	begin(0x8180);
	put_cname(NULL, "a.example");
	put_a("c.example", BOOT_IP);
	put_cname("a.example", "c.example");
}

/* [SEC-04] */
static void no_prefix_of_an_answer_is_an_answer(void **state)
{
	uint32_t whole;

	(void)state;
	start("boot.example");
	rich_answer();
	whole = answer_len;
	for (uint32_t len = 0; len < whole; len++) {
		answer_len = len;
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_ASKING);
		assert_string_equal(stage.net.dns.name, "boot.example");
	}
	answer_len = whole;
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [SEC-04]: parsed at the very end of its memory, where the sanitizer sees each byte too many. */
static void any_byte_may_be_wrong(void **state)
{
	uint32_t answers = 0;
	struct dns_answer a;
	uint8_t copy[200];
	struct span msg;

	(void)state;
	start("boot.example");
	rich_answer();
	assert_in_range(answer_len, 1, sizeof(copy));
	for (uint32_t i = 0; i < answer_len; i++)
		for (uint32_t flip = 1; flip < 256; flip++) {
			uint8_t *at = copy + sizeof(copy) - answer_len;
			char name[DNS_NAME_MAX] = "boot.example";

			memcpy(at, answer, answer_len);
			at[i] ^= (uint8_t)flip;
			msg = (struct span){ at, answer_len };
			answers += dns_answer_read(msg, get_be16(question), name, &a) ==
				   DNS_ADDRESSES;
			assert_in_range(strnlen(name, sizeof(name)), 0, 253);
			assert_in_range(a.addresses, 0, DNS_ADDRESSES_MAX);
		}
	assert_true(answers > 0);
	for (uint32_t i = 0; i < answer_len; i++) {
		char name[DNS_NAME_MAX] = "boot.example";

		memcpy(copy + sizeof(copy) - i, answer, i);
		msg = (struct span){ copy + sizeof(copy) - i, i };
		assert_int_equal(dns_answer_read(msg, get_be16(question), name, &a), DNS_FOREIGN);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(pointers_lead_backward_only),
		TEST(labels_have_two_kinds),
		TEST(a_name_of_256_bytes_is_refused),
		TEST(a_stair_of_pointers_is_cut_off),
		TEST(a_count_without_records_is_malformed),
		TEST(a_record_longer_than_the_message_is_malformed),
		TEST(an_alias_that_does_not_fill_its_record_is_malformed),
		TEST(no_prefix_of_an_answer_is_an_answer),
		TEST(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
