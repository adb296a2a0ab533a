/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp_options.c: the shape of options, and messages in which any byte may be wrong. */
#include "tests/unit/dhcp_lab.h"

/* --- the shape of options ------------------------------------------------------------------- */

/* [DHCP-17] */
static void text_ends_at_a_nul_or_with_its_room(void **state)
{
	char longest[DHCP_BOOT_FILE_MAX];
	const struct dhcp_lease *l;

	(void)state;
	assert_string_equal(granted_with(67, "http://a/b", 10)->boot.file, "http://a/b");
	assert_string_equal(granted_with(67, "http://a/b\0", 11)->boot.file, "http://a/b");
	assert_string_equal(granted_with(67, "http://a/b\0garbage", 18)->boot.file, "http://a/b");
	assert_string_equal(granted_with(67, "", 0)->boot.file, "");
	memset(longest, 'x', sizeof(longest));
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	memcpy(message + 108, longest, 128);
	memcpy(message + 44, "sname", 5);
	l = granted();
	assert_int_equal(strlen(l->boot.file), 128);
}

/* [DHCP-14]: `file` and `sname` hold options and are no names. */
static void overloaded_fields_hold_options(void **state)
{
	static const uint8_t in_file[] = { 0, 0, 3, 4, 10, 0, 2, 9, 255, 3, 4, 1, 1, 1, 1 };
	static const uint8_t in_sname[] = { 26, 2, 5, 120 };
	const struct dhcp_lease *l;

	(void)state;
	for (uint8_t fields = 0; fields < 9; fields++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		memcpy(message + 108, in_file, sizeof(in_file));
		memcpy(message + 44, in_sname, sizeof(in_sname));
		put(52, &fields, 1);
		l = granted();
		assert_non_null(l);
		assert_int_equal(l->address.gateway, fields == 1 || fields == 3 ? 0x0a000209 : 0);
		assert_int_equal(l->address.mtu, fields == 2 || fields == 3 ? 1400 : 0);
		assert_string_equal(l->boot.file, "");
	}
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "http://a/b");
	put(52, "\2", 1);
	assert_string_equal(granted()->boot.file, "http://a/b");
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "http://a/b");
	put(52, "\1", 1);
	assert_string_equal(granted()->boot.file, "");
}

/* [DHCP-15]: RFC 3396: within an area, and from one area to the next in their order. */
static void the_parts_of_an_option_are_joined_first(void **state)
{
	static const uint8_t in_file[] = { 67, 3, '2', '.', '2', 255 };
	static const uint8_t in_sname[] = { 67, 2, '/', 'k', 255 };
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put(67, "http://", 7);
	put(52, "\3", 1);
	put(67, "10.0.", 5);
	put(121, "\30\12\11", 3);
	put(121, "\11\12\0", 3);
	put(121, "\2\11", 2);
	memcpy(message + 108, in_file, sizeof(in_file));
	memcpy(message + 44, in_sname, sizeof(in_sname));
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "http://10.0.2.2/k");
	assert_int_equal(l->address.routes, 1);
	assert_int_equal(l->address.route[0].dst, 0x0a090900);
	assert_int_equal(l->address.route[0].gateway, 0x0a000209);
}

/*
 * [SEC-03] [DHCP-15]: what is longer than its room is as if it were not there, neither cut nor
 * beyond. A boot file has room for all that a message can carry.
 */
static void a_boot_file_is_as_long_as_a_message_can_carry(void **state)
{
	uint8_t part[255];
	const struct dhcp_lease *l;

	(void)state;
	memset(part, 'a', sizeof(part));
	for (uint32_t parts = 1; parts < 14; parts++) {
		stage.net.mtu = 4028;
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		while (message_len < 240 + parts * 257)
			put(67, part, sizeof(part));
		put(15, part, sizeof(part));
		put(15, part, parts < 2 ? 0 : 1);
		l = granted();
		assert_non_null(l);
		assert_int_equal(strlen(l->boot.file), parts * 255);
		assert_int_equal(strlen(l->address.search), parts < 2 ? DNS_NAME_MAX - 1 : 0);
	}
}

/* [DHCP-13] */
static void pads_are_skipped_and_an_end_may_be_missing(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	message_len += 5;
	put_ip(3, PEER_IP);
	deliver_to(all_macs, 0xffffffff);
	assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
	assert_int_equal(stage.net.dhcp.lease.address.gateway, PEER_IP);
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	message[message_len++] = 255;
	put_ip(3, PEER_IP); /* behind the end: nothing */
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->address.gateway, 0);
}

/* [DHCP-13] */
static void an_option_beyond_the_end_is_not_there(void **state)
{
	(void)state;
	for (uint32_t cut = 1; cut <= 6; cut++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put_ip(3, PEER_IP);
		message_len -= cut;
		deliver_to(all_macs, 0xffffffff);
		assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
		assert_int_equal(stage.net.dhcp.lease.address.gateway, 0);
	}
}

/* --- hostile bytes -------------------------------------------------------------------------- */

/* An ACK with one of everything. */
static void rich_ack(void)
{
	static const uint8_t routes[] = { 24, 10, 9, 9, 10, 0, 2, 9, 0, 10, 0, 2, 2 };

	begin(DHCP_ACK, SERVER_IP);
	put_ip(1, 0xffffff00);
	put_ip(3, PEER_IP);
	put_ip(6, PEER_IP);
	put(15, "example.org", 11);
	put(26, "\5\170", 2);
	put(67, "http://a/", 9);
	put(119, "\3eng\5apple\3com\0\1x\300\4", 19);
	put(121, routes, sizeof(routes));
	put(67, "b", 1);
	put(52, "\3", 1);
	message[message_len++] = 255;
}

/* [SEC-03] [DHCP-13] */
static void every_prefix_of_a_message_is_survived(void **state)
{
	uint32_t len, whole;

	(void)state;
	reach_requesting();
	rich_ack();
	whole = message_len;
	for (len = 0; len < 240 + 3; len++) {
		message_len = len;
		deliver_to(all_macs, 0xffffffff);
		assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	}
	for (; len < whole; len++) {
		reach_requesting();
		rich_ack();
		message_len = len;
		deliver_to(all_macs, 0xffffffff);
	}
	assert_int_equal(bad_frames(&stage.net), 0);
}

/* [SEC-03] */
static void any_byte_may_be_wrong(void **state)
{
	static const uint8_t values[] = { 0, 1, 3, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff };
	uint32_t whole, bound = 0;

	(void)state;
	reach_requesting();
	rich_ack();
	whole = message_len;
	for (uint32_t i = 0; i < whole; i++)
		for (uint32_t v = 0; v < sizeof(values); v++) {
			dhcp_start(&stage.net, &identity, 0, false);
			offer();
			rich_ack();
			message[i] = values[v];
			deliver_to(all_macs, 0xffffffff);
			bound += stage.net.dhcp.state == DHCP_BOUND;
			stage_tx_count(&stage);
		}
	assert_true(bound > 1000);
	assert_int_equal(bad_frames(&stage.net), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(text_ends_at_a_nul_or_with_its_room),
		TEST(overloaded_fields_hold_options),
		TEST(the_parts_of_an_option_are_joined_first),
		TEST(a_boot_file_is_as_long_as_a_message_can_carry),
		TEST(pads_are_skipped_and_an_end_may_be_missing),
		TEST(an_option_beyond_the_end_is_not_there),
		TEST(every_prefix_of_a_message_is_survived),
		TEST(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
