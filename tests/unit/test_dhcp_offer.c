/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/dhcp.c: which of several offers is taken, how long one that says what to boot is waited for,
 * and what a proxy has to say to it.
 */
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
static void without_a_url_an_offer_that_says_more_is_waited_for(void **state)
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

/* [DHCP-20]: whatever it names; and option 60 says that the server has more on port 4011. */
static void the_first_offer_that_says_what_to_boot_will_do(void **state)
{
	static const struct {
		uint8_t code;
		const char *value;
	} cases[] = { { 67, "pxelinux.0" }, { 67, "http://a/b" }, { 60, "PXEClient" } };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		start(4000);
		begin(DHCP_OFFER, OTHER_SERVER_IP);
		put(175, "\1\1\1", 3);
		put(17, "iscsi:10.0.2.2::::a", 19);
		deliver();
		assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
		begin(DHCP_OFFER, SERVER_IP);
		put(cases[i].code, cases[i].value, (uint32_t)strlen(cases[i].value));
		deliver();
		expect_request_to(SERVER_IP);
	}
}

/* [DHCP-20] [DHCP-30]: the caller has a URL, before which only another one goes. */
static void with_a_url_built_in_only_a_url_ends_the_wait(void **state)
{
	(void)state;
	dhcp_start(&stage.net, &identity, 1000, true);
	take_message();
	begin(DHCP_OFFER, OTHER_SERVER_IP);
	put(67, "pxelinux.0", 10);
	put(60, "PXEClient", 9);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_CHOOSING);
	begin(DHCP_OFFER, SERVER_IP);
	put(67, "http://a/b", 10);
	deliver();
	expect_request_to(SERVER_IP);
}

/* --- proxies --------------------------------------------------------------------------------- */

#define PROXY_IP 0x0a000204u

/* Of PXE 2.1, 2.2: no address. file: NULL, or what it names. */
static void proxy_offer(uint32_t from, const char *file)
{
	begin(DHCP_OFFER, from);
	put_be32(message + 16, 0);
	put(60, "PXEClient", 9);
	if (file)
		put(67, file, (uint32_t)strlen(file));
	deliver();
}

/* [DHCP-21] */
static void a_proxy_ends_the_wait_and_grants_nothing(void **state)
{
	const struct dhcp *d = &stage.net.dhcp;

	(void)state;
	start(4000);
	begin(DHCP_OFFER, SERVER_IP);
	deliver();
	assert_int_equal(d->state, DHCP_CHOOSING);
	proxy_offer(PROXY_IP, "pxelinux.0");
	expect_request_to(SERVER_IP);
	assert_int_equal(d->proxy.from, PROXY_IP);
	assert_string_equal(d->proxy.file, "pxelinux.0");
	assert_int_equal(d->proxy.by, DHCP_BY_PROXY);
	assert_int_equal(d->proxy.server_in, DHCP_IN_OPTION_54);
	assert_string_equal(d->proxy.server, "10.0.2.4");
	assert_int_equal(d->fate[DHCP_PROXY], 1);
}

/* [DHCP-21] [DHCP-30] */
static void with_a_url_built_in_a_proxy_s_counts_if_it_is_one(void **state)
{
	const struct dhcp *d = &stage.net.dhcp;

	(void)state;
	dhcp_start(&stage.net, &identity, 1000, true);
	take_message();
	offer();
	proxy_offer(PROXY_IP, NULL);
	proxy_offer(PROXY_IP + 1, "a");
	proxy_offer(PROXY_IP + 2, "b");
	stage_pass(&stage, 999);
	assert_int_equal(d->state, DHCP_CHOOSING);
	proxy_offer(PROXY_IP + 3, "http://a/b");
	expect_request_to(SERVER_IP);
	assert_int_equal(d->proxy.from, PROXY_IP + 3);
	proxy_offer(PROXY_IP + 4, "http://a/c");
	assert_int_equal(d->proxy.from, PROXY_IP + 3);
}

/* [DHCP-21]: it may be quicker than who grants addresses. */
static void a_proxy_may_come_first(void **state)
{
	(void)state;
	start(4000);
	proxy_offer(PROXY_IP, NULL);
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	assert_int_equal(stage_tx_count(&stage), 0);
	offer();
	expect_request_to(SERVER_IP);
	assert_int_equal(stage.net.dhcp.proxy.from, PROXY_IP);
}

static void the_first_proxy_that_says_more_is_kept(void **state)
{
	const struct dhcp *d = &stage.net.dhcp;

	(void)state;
	start(4000);
	proxy_offer(PROXY_IP, NULL);
	proxy_offer(PROXY_IP + 1, NULL);
	assert_int_equal(d->proxy.from, PROXY_IP);
	proxy_offer(PROXY_IP + 2, "a");
	proxy_offer(PROXY_IP + 3, "b");
	assert_int_equal(d->proxy.from, PROXY_IP + 2);
	offer();
	proxy_offer(PROXY_IP + 4, "c"); /* too late to be better, and no harm */
	assert_int_equal(d->state, DHCP_REQUESTING);
	assert_string_equal(d->proxy.file, "a");
}

/* [DHCP-21] [DHCP-29]: without option 60 it is an offer of nothing. */
static void no_address_and_no_class_is_no_proxy(void **state)
{
	(void)state;
	start(4000);
	begin(DHCP_OFFER, PROXY_IP);
	put_be32(message + 16, 0);
	put(60, "HTTPClient", 10);
	put(67, "http://a/b", 10);
	deliver();
	assert_int_equal(stage.net.dhcp.proxy.from, 0);
	assert_int_equal(stage.net.dhcp.fate[DHCP_NO_ADDRESS], 1);
}

/* PXE 2.1, 3.3.4: the third packet is who says what to boot. */
static void the_last_packet_is_the_proxy_s_where_it_counts(void **state)
{
	const struct dhcp_packet *p = stage.net.dhcp.cached;
	static uint8_t offered[sizeof(message)];

	(void)state;
	for (int lease_knows = 0; lease_knows < 2; lease_knows++) {
		stage_tx_count(&stage);
		start(4000);
		proxy_offer(PROXY_IP, "a");
		memcpy(offered, message, message_len);
		assert_int_equal(p[DHCP_CACHED_REPLY].len, message_len);
		offer();
		begin(DHCP_ACK, SERVER_IP);
		if (lease_knows)
			put(67, "b", 1);
		assert_non_null(granted());
		assert_memory_equal(p[DHCP_CACHED_ACK].data, message, message_len);
		assert_memory_equal(p[DHCP_CACHED_REPLY].data, lease_knows ? message : offered,
				    p[DHCP_CACHED_REPLY].len);
	}
}

/* --- the rest -------------------------------------------------------------------------------- */

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
		TEST(without_a_url_an_offer_that_says_more_is_waited_for),
		TEST(without_a_boot_file_the_first_offer_waits),
		TEST(the_first_offer_that_says_what_to_boot_will_do),
		TEST(with_a_url_built_in_only_a_url_ends_the_wait),
		TEST(a_proxy_ends_the_wait_and_grants_nothing),
		TEST(with_a_url_built_in_a_proxy_s_counts_if_it_is_one),
		TEST(a_proxy_may_come_first),
		TEST(the_first_proxy_that_says_more_is_kept),
		TEST(no_address_and_no_class_is_no_proxy),
		TEST(the_last_packet_is_the_proxy_s_where_it_counts),
		TEST(the_wait_for_a_url_ends_before_the_deadline),
		TEST(a_boot_file_that_the_ack_leaves_out_is_the_offer_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
