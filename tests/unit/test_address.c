/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/boot/address.c: the link, and an address from the user or from DHCP: what it prints, what is
 * in use afterwards, and the sentence when it comes to nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"
#include "net/boot/address.h"
#include "tests/model/dhcp_server.h"

#include <cmocka.h>

#define ASLEEP_MS 60 /* how late net_wait() may be, at most */

static struct stage stage;
static struct dhcp_server server;
static struct console console;
static struct config config;

static int fresh(void **state)
{
	(void)state;
	stage_open(&stage);
	dhcp_server_open(&server, &stage.fake);
	memset(&console, 0, sizeof(console));
	config_init(&config);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void set(const char *key, const char *value)
{
	assert_int_equal(config_set(&config, "test", key, strlen(key), value, strlen(value),
				    &stage.fake.failure),
			 0);
}

static void expect_output(const char *text)
{
	assert_string_equal(hosted_output(), text);
}

static void expect_failure(int err, enum err want, enum rung rung, const char *sentence)
{
	assert_int_equal(err, want);
	assert_int_equal(stage.fake.failure.err, want);
	assert_int_equal(stage.fake.failure.rung, rung);
	assert_string_equal(stage.fake.failure.text, sentence);
}

static void expect_dhcp_failure(enum err want, const char *sentence)
{
	expect_failure(address_take(&stage.net, &console, &config, false), want, RUNG_ADDRESS,
		       sentence);
	assert_int_equal(stage.net.ip, 0);
}

/* --- the link -------------------------------------------------------------------------------- */

static void a_link_that_is_up_is_not_spoken_of(void **state)
{
	(void)state;
	assert_int_equal(address_wait_for_link(&stage.net, &console), 0);
	expect_output("");
}

/* [ETH-07] */
static void a_link_that_stays_down_is_named(void **state)
{
	(void)state;
	stage.fake.down = true;
	expect_failure(address_wait_for_link(&stage.net, &console), ERR_UNREACHABLE, RUNG_LINK,
		       "the link stayed down for 60 s; connect it, or raise the key deadline");
	expect_output("link: down, waiting\n");
}

static void connect_cable(void *ctx)
{
	stage.fake.down = clock_now_ms() - *(uint32_t *)ctx < 5000;
}

/* [ETH-07] */
static void a_link_that_comes_up_is_taken(void **state)
{
	uint32_t start_ms = clock_now_ms();

	(void)state;
	stage.fake.down = true;
	hosted_idle_hook(connect_cable, &start_ms);
	assert_int_equal(address_wait_for_link(&stage.net, &console), 0);
	assert_in_range(clock_now_ms() - start_ms, 5000, 5000 + ASLEEP_MS);
}

static void giving_up_ends_the_waiting_for_a_link(void **state)
{
	(void)state;
	stage.fake.down = true;
	hosted_type("\33");
	expect_failure(address_wait_for_link(&stage.net, &console), ERR_ABORTED, RUNG_LINK,
		       "given up by Esc or Ctrl-C");
}

static void a_device_that_breaks_ends_the_waiting_for_a_link(void **state)
{
	(void)state;
	stage.fake.down = true;
	stage.fake.broken = "queue 1 lies";
	expect_failure(address_wait_for_link(&stage.net, &console), ERR_DEVICE, RUNG_QUEUES,
		       "queue 1 lies");
}

/* --- an address ------------------------------------------------------------------------------ */

static void the_user_s_address_needs_no_server(void **state)
{
	(void)state;
	set("ip", "10.0.2.99/25 10.0.2.1 10.0.2.3");
	assert_int_equal(address_take(&stage.net, &console, &config, false), 0);
	expect_output("ip: 10.0.2.99/25 gateway 10.0.2.1 dns 10.0.2.3\n");
	assert_int_equal(stage.net.ip, 0x0a000263);
	assert_int_equal(stage.net.mask, 0xffffff80);
	assert_int_equal(stage.net.gateway, 0x0a000201);
	assert_int_equal(stage.net.dns_servers[0], 0x0a000203);
	assert_int_equal(stage.net.dns_servers[1], 0);
	assert_int_equal(stage.net.mtu, 1500);
	assert_int_equal(server.discovers, 0);
}

static void a_prefix_of_32_bits_and_no_dns_will_do(void **state)
{
	(void)state;
	set("ip", "10.0.2.99/32 10.0.2.1");
	assert_int_equal(address_take(&stage.net, &console, &config, false), 0);
	expect_output("ip: 10.0.2.99/32 gateway 10.0.2.1\n");
	assert_int_equal(stage.net.mask, 0xffffffff);
}

/* All of it: no field of the net is anybody else's to write. */
static void a_lease_is_taken_into_use_as_a_whole(void **state)
{
	(void)state;
	dhcp_server_say(&server, 1, "\377\377\377\0", 4);
	dhcp_server_say(&server, 6, "\12\0\2\3\12\0\2\4", 8);
	dhcp_server_say(&server, 15, "example.org", 11);
	dhcp_server_say(&server, 26, "\5\170", 2);
	dhcp_server_say(&server, 67, "http://10.0.2.2/k", 17);
	dhcp_server_say(&server, 121, "\0\12\0\2\2\20\254\20\12\0\2\11", 12);
	assert_int_equal(address_take(&stage.net, &console, &config, false), 0);
	expect_output("dhcp: 10.0.2.15/24 gateway 10.0.2.2 dns 10.0.2.3, 0 ms\n");
	assert_int_equal(stage.net.ip, OUR_IP);
	assert_int_equal(stage.net.mask, OUR_MASK);
	assert_int_equal(stage.net.gateway, PEER_IP);
	assert_int_equal(stage.net.routes, 1);
	assert_int_equal(stage.net.route[0].dst, 0xac100000);
	assert_int_equal(stage.net.route[0].gateway, 0x0a000209);
	assert_int_equal(stage.net.dns_servers[0], 0x0a000203);
	assert_int_equal(stage.net.dns_servers[1], 0x0a000204);
	assert_string_equal(stage.net.search, "example.org");
	assert_int_equal(stage.net.mtu, 1400);
	assert_string_equal(stage.net.dhcp.lease.boot.file, "http://10.0.2.2/k");
}

static void the_server_learns_who_asks(void **state)
{
	static const uint8_t uuid[16] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };

	(void)state;
	hosted_uuid_set(uuid);
	hosted_dhcp_arch_set(7);
	assert_int_equal(address_take(&stage.net, &console, &config, false), 0);
	assert_memory_equal(dhcp_server_asked(&server, 93), "\0\7", 2);
	assert_memory_equal(dhcp_server_asked(&server, 97) + 1, uuid, sizeof(uuid));
}

/* [DHCP-27] */
static void routes_without_room_are_said(void **state)
{
	uint8_t routes[34 * 7];

	(void)state;
	for (uint32_t i = 0; i < 34; i++)
		memcpy(routes + 7 * i, (uint8_t[]){ 16, 172, (uint8_t)i, 10, 0, 2, 9 }, 7);
	dhcp_server_say(&server, 121, routes, sizeof(routes));
	set("url", "http://a/b");
	assert_int_equal(address_take(&stage.net, &console, &config, false), 0);
	expect_output("dhcp: 10.0.2.15/8, 0 ms\n"
		      "dhcp: option 121 has 2 routes more than the 32 that there is room for\n");
}

/* [DHCP-20]: an offer that is silent waits only as long as nothing else says what to boot. */
static void what_else_says_what_to_boot_shortens_the_wait(void **state)
{
	static const struct {
		const char *key;
		bool builtin;
		uint32_t ms;
	} cases[] = {
		{ NULL, false, 4000 }, { NULL, true, 1000 },  { "url", false, 0 },
		{ "url", true, 0 },    { "fetch", false, 0 }, { "cmdline", false, 4000 },
	};
	uint32_t start_ms;

	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		gone(state);
		fresh(state);
		if (cases[i].key)
			set(cases[i].key, "http://a/b");
		start_ms = clock_now_ms();
		assert_int_equal(address_take(&stage.net, &console, &config, cases[i].builtin), 0);
		assert_in_range(clock_now_ms() - start_ms, cases[i].ms, cases[i].ms + ASLEEP_MS);
	}
}

/* [DHCP-20] */
static void a_deadline_shorter_than_the_wait_loses_no_offer(void **state)
{
	(void)state;
	stage.net.deadline_ms = 1000;
	assert_int_equal(address_take(&stage.net, &console, &config, false), 0);
}

/* --- the sentence ---------------------------------------------------------------------------- */

static void silence(void **state)
{
	(void)state;
	server.offer = 0;
	expect_dhcp_failure(ERR_TIMEOUT,
			    "no DHCP answer within 60 s; is there a server on this network? "
			    "The key ip needs none");
	assert_in_range(server.discovers, 8, 10); /* [DHCP-03] */
}

/* [DHCP-21] */
static void offers_that_are_of_no_use(void **state)
{
	(void)state;
	stage.net.deadline_ms = 2000;
	server.anonymous = true;
	expect_dhcp_failure(ERR_TIMEOUT,
			    "no DHCP answer within 2 s; is there a server on this network? "
			    "The key ip needs none; not used: 1 without option 54");
	gone(state);
	fresh(state);
	stage.net.deadline_ms = 2000;
	server.yiaddr = 0;
	expect_dhcp_failure(ERR_TIMEOUT,
			    "no DHCP answer within 2 s; is there a server on this network? "
			    "The key ip needs none; not used: 1 without an address");
}

/* As when a back end dies: the link bit falls, and nothing comes any more. */
static void a_link_that_went_down_meanwhile(void **state)
{
	(void)state;
	server.offer = 0;
	stage.fake.down = true;
	expect_dhcp_failure(ERR_TIMEOUT,
			    "no DHCP answer within 60 s; is there a server on this network? "
			    "The key ip needs none; the link went down meanwhile");
}

static void an_offer_that_is_not_confirmed(void **state)
{
	(void)state;
	server.ack = 0;
	expect_dhcp_failure(
		ERR_TIMEOUT,
		"the DHCP server 10.0.2.2 offered an address and then did not confirm it");
	assert_true(server.requests > 3);
}

/* [DHCP-19]: be it that the deadline ends in the pause behind the refusal. */
static void a_refusal_in_the_last_seconds(void **state)
{
	(void)state;
	stage.net.deadline_ms = 300;
	server.ack = 6;
	expect_dhcp_failure(ERR_TIMEOUT,
			    "the DHCP server 10.0.2.2 offered an address and then did not "
			    "confirm it; not used: 1 NAK");
}

/* [DHCP-19] */
static void nothing_but_refusals(void **state)
{
	(void)state;
	server.ack = 6;
	expect_dhcp_failure(ERR_REFUSED,
			    "the DHCP server refused 4 requests in a row (NAK); do two "
			    "servers contradict each other?");
	assert_int_equal(server.requests, 4);
}

static void the_abort_key_ends_it(void **state)
{
	(void)state;
	server.offer = 0;
	hosted_type("\33");
	expect_dhcp_failure(ERR_ABORTED, "given up by Esc or Ctrl-C");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_link_that_is_up_is_not_spoken_of),
		TEST(a_link_that_stays_down_is_named),
		TEST(a_link_that_comes_up_is_taken),
		TEST(giving_up_ends_the_waiting_for_a_link),
		TEST(a_device_that_breaks_ends_the_waiting_for_a_link),
		TEST(the_user_s_address_needs_no_server),
		TEST(a_prefix_of_32_bits_and_no_dns_will_do),
		TEST(a_lease_is_taken_into_use_as_a_whole),
		TEST(the_server_learns_who_asks),
		TEST(routes_without_room_are_said),
		TEST(what_else_says_what_to_boot_shortens_the_wait),
		TEST(a_deadline_shorter_than_the_wait_loses_no_offer),
		TEST(silence),
		TEST(offers_that_are_of_no_use),
		TEST(a_link_that_went_down_meanwhile),
		TEST(an_offer_that_is_not_confirmed),
		TEST(a_refusal_in_the_last_seconds),
		TEST(nothing_but_refusals),
		TEST(the_abort_key_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
