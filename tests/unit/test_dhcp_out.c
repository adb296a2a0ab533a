/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp_out.c: what the messages of the client say. */
#include "tests/unit/dhcp_lab.h"

/* [DHCP-09] [DHCP-10] [DHCP-11] [DHCP-12] */
static void who_we_are(void **state)
{
	static const uint8_t client_id[7] = { 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	uint8_t uuid[17] = { 0 };
	struct dhcp_identity uefi = identity;
	uint32_t len;

	(void)state;
	memcpy(uuid + 1, identity.uuid, 16);
	start(0);
	expect_option(60, "PXEClient:Arch:00000:UNDI:002001", 32);
	expect_option(61, client_id, sizeof(client_id));
	expect_option(77, "skiff", 5);
	expect_option(93, "\0\0", 2);
	expect_option(94, "\1\2\1", 3);
	expect_option(97, uuid, sizeof(uuid));
	assert_null(sent_option(12, &len));
	assert_null(sent_option(50, &len));
	assert_null(sent_option(54, &len));
	uefi.arch = 7;
	dhcp_start(&stage.net, &uefi, 0, false);
	take_message();
	expect_option(60, "PXEClient:Arch:00007:UNDI:002001", 32);
	expect_option(93, "\0\7", 2);
}

/* [DHCP-06]: in any order, but 121 before 3. */
static void what_we_ask_for(void **state)
{
	static const uint8_t wanted[] = {
		1,   3,   6,   12,  15,  26,  28,  43,  54,  60,  66,  67,  119, 121,
		150, 128, 129, 130, 131, 132, 133, 134, 135, 208, 209, 210, 211,
	};
	uint32_t len = 0;
	const uint8_t *p;

	(void)state;
	start(0);
	p = sent_option(55, &len);
	assert_int_equal(len, sizeof(wanted));
	for (uint32_t i = 0; i < sizeof(wanted); i++)
		assert_non_null(memchr(p, wanted[i], len));
	assert_null(memchr(p, 42, len));
	assert_true(memchr(p, 121, len) < memchr(p, 3, len));
}

/* [DHCP-08] */
static void the_longest_message_is_one_that_we_can_take(void **state)
{
	static const struct {
		uint16_t mtu, len;
	} cases[] = {
		{ 1500, 1472 }, { 1400, 1372 }, { 604, 576 },    { 603, 576 },
		{ 576, 576 },   { 9000, 1500 }, { 65520, 1500 },
	};
	uint8_t value[2];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		stage.net.mtu = cases[i].mtu;
		start(0);
		put_be16(value, cases[i].len);
		expect_option(57, value, 2);
	}
}

/* [DHCP-18] [DHCP-07]: RFC 2131 3.1 3 wants the same secs too. */
static void a_request_repeats_the_discover_and_names_offer_and_server(void **state)
{
	static const uint8_t same[] = { 55, 57, 60, 61, 77, 93, 94, 97 };
	uint8_t fixed[240], value[4], options[sizeof(same)][64];
	uint32_t len[sizeof(same)];
	const uint8_t *m;

	(void)state;
	start(0);
	stage_pass(&stage, 5000);
	memcpy(fixed, take_message(), 240);
	assert_in_range(get_be16(fixed + 8), 3, 5);
	for (uint32_t i = 0; i < sizeof(same); i++)
		memcpy(options[i], sent_option(same[i], &len[i]), 64);
	stage_pass(&stage, 3000);
	offer();
	m = take_message();
	assert_int_equal(sent_type(), DHCP_REQUEST);
	assert_int_equal(get_be32(sent + 26), 0);
	assert_int_equal(get_be32(sent + 30), 0xffffffff);
	assert_memory_equal(m, fixed, sizeof(fixed));
	put_be32(value, YIADDR);
	expect_option(50, value, 4);
	put_be32(value, SERVER_IP);
	expect_option(54, value, 4);
	for (uint32_t i = 0; i < sizeof(same); i++)
		expect_option(same[i], options[i], len[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(who_we_are),
		TEST(what_we_ask_for),
		TEST(the_longest_message_is_one_that_we_can_take),
		TEST(a_request_repeats_the_discover_and_names_offer_and_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
