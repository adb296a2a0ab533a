/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp.c: which of several offers is taken, and how long one that names a URL is waited for. */
#include "tests/unit/dhcp_lab.h"

/* [DHCP-20] */
static void with_a_url_the_first_offer_will_do(void **state)
{
	(void)state;
	start(0);
	offer();
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
}

static void expect_request_to(uint32_t server)
{
	uint8_t value[4];

	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
	take_message();
	put_be32(value, server);
	expect_option(54, value, 4);
}

/* [DHCP-20]: ISC's server pings the address for a second before it offers it. */
static void without_a_url_an_offer_with_one_is_waited_for(void **state)
{
	(void)state;
	start(4000);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	deliver();
	stage_pass(&stage, 3999);
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	expect_request_to(SERVER_IP);
}

/* [DHCP-20]: and the first of those without, if no other comes; no DISCOVER leaves meanwhile. */
static void without_a_boot_file_the_first_offer_waits(void **state)
{
	(void)state;
	start(4000);
	stage_pass(&stage, 2800);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	deliver();
	stage_pass(&stage, 3900);
	offer();
	stage_pass(&stage, 99);
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	assert_int_equal(stage_tx_count(&stage), 0);
	stage_pass(&stage, 1);
	expect_request_to(OTHER_SERVER_IP);
}

/* [DHCP-20]: a name for TFTP does not end the wait; it is better than none, for the sentence. */
static void a_boot_file_that_is_no_url_waits_too(void **state)
{
	(void)state;
	start(4000);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "pxelinux.0", 10);
	deliver();
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	put(67, "grub.0", 6);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	stage_pass(&stage, 4000);
	expect_request_to(SERVER_IP);
	start(4000);
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	put(67, "grub.0", 6);
	deliver();
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	expect_request_to(SERVER_IP);
}

/* [DHCP-20]: an offer in the hand is progress, once, and not lost to the deadline. */
static void the_wait_for_a_url_ends_before_the_deadline(void **state)
{
	uint32_t offered_ms;

	(void)state;
	stage.net.deadline_ms = 3000;
	start(4000);
	stage_pass(&stage, 1000);
	offer();
	offered_ms = clock_now_ms();
	assert_int_equal(stage.net.progress_ms, offered_ms);
	stage_pass(&stage, 500);
	offer();
	assert_int_equal(stage.net.progress_ms, offered_ms);
	stage_pass(&stage, 999);
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	stage_pass(&stage, 1);
	assert_int_equal(stage.net.dhcp.state, DHCP_REQUESTING);
}

/* [DHCP-20] */
static void a_boot_file_that_the_ack_leaves_out_is_the_offer_s(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	start(4000);
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	begin(DHCP_ACK, SERVER_IP);
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "http://a/b");
	stage_close(&stage);
	stage_open(&stage);
	start(4000);
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	begin(DHCP_ACK, SERVER_IP);
	put(67, "http://c", 8);
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "http://c");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(with_a_url_the_first_offer_will_do),
		TEST(without_a_url_an_offer_with_one_is_waited_for),
		TEST(without_a_boot_file_the_first_offer_waits),
		TEST(a_boot_file_that_is_no_url_waits_too),
		TEST(the_wait_for_a_url_ends_before_the_deadline),
		TEST(a_boot_file_that_the_ack_leaves_out_is_the_offer_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
