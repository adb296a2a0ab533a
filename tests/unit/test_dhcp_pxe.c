/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/dhcp_pxe.c: questions to proxies and boot servers, byte by byte, and who may answer them.
 */
#include "tests/model/pxe_server.h"
#include "tests/unit/dhcp_lab.h"

#define OTHER_PXE_IP 0x0a000205u
#define GROUP 0xefff0102u
#define TYPE 0x8001

static struct pxe_server server;
static struct dhcp_vendor vendor;

/* With a lease in use, and a neighbour that is every PXE server. */
static int bound(void **state)
{
	static const uint32_t ips[] = { PXE_SERVER_IP, OTHER_PXE_IP };
	uint8_t arp[28];

	fresh(state);
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_ip(1, OUR_MASK);
	assert_non_null(granted());
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t len = packet_arp(arp, 1, peer_mac, ips[i], our_mac, OUR_IP);

		len = packet_eth(frame, our_mac, peer_mac, 0x0806, arp, len);
		stage_rx(&stage, frame, len);
	}
	stage_tx_count(&stage);
	pxe_server_open(&server, &stage.fake);
	memset(&vendor, 0, sizeof(vendor));
	return 0;
}

/* Answers that are under way arrive. */
static enum dhcp_asking asked(void)
{
	stage_pass(&stage, 1);
	return stage.net.dhcp.ask.state;
}

/* An option 43 of our own, kept for as long as it is referred to. */
#define VENDOR(...) \
	do { \
		static const uint8_t option[] = { __VA_ARGS__ }; \
		dhcp_vendor_read(&vendor, (struct span){ option, sizeof(option) }); \
	} while (0)

/* --- the proxy ------------------------------------------------------------------------------- */

/* [DHCP-07] [DHCP-22] */
static void a_proxy_is_asked_as_pxe_has_it(void **state)
{
	static const uint8_t same[] = { 55, 57, 60, 61, 77, 93, 94, 97 };
	const struct dhcp_packet *discover = &stage.net.dhcp.cached[DHCP_CACHED_DISCOVER];
	const uint8_t *value, *m = server.question;
	uint32_t len = 0;

	(void)state;
	dhcp_ask_proxy(&stage.net, PXE_SERVER_IP);
	assert_int_equal(server.asked, 1);
	assert_int_equal(get_be32(m), 0x01010600);
	assert_int_equal(get_be32(m + 4), stage.net.dhcp.xid);
	assert_int_not_equal(get_be32(m + 4), get_be32(discover->data + 4));
	assert_int_equal(get_be32(m + 12), OUR_IP);
	assert_int_equal(get_be32(m + 16), 0);
	assert_memory_equal(m + 28, our_mac, 6);
	assert_true(server.question_len >= 300);
	assert_int_equal(*pxe_server_asked(&server, 53, &len), DHCP_REQUEST);
	assert_null(pxe_server_asked(&server, 43, &len));
	assert_null(pxe_server_asked(&server, 50, &len));
	assert_null(pxe_server_asked(&server, 54, &len));
	for (uint32_t i = 0; i < sizeof(same); i++) {
		value = pxe_server_asked(&server, same[i], &len);
		assert_non_null(value);
		for (const uint8_t *p = discover->data + 240; *p != 255; p += 2 + p[1])
			if (*p == same[i]) {
				assert_int_equal(len, p[1]);
				assert_memory_equal(value, p + 2, len);
			}
	}
}

/* [DHCP-22]: the answer comes to the port that the question came from, 68. */
static void its_answer_is_taken(void **state)
{
	const struct dhcp *d = &stage.net.dhcp;

	(void)state;
	pxe_say_class(&server.more);
	pxe_say(&server.more, 67, "pxelinux.0", 10);
	dhcp_ask_proxy(&stage.net, PXE_SERVER_IP);
	assert_false(dhcp_asked(&stage.net));
	assert_int_equal(asked(), DHCP_ANSWERED);
	assert_true(dhcp_asked(&stage.net));
	assert_string_equal(d->answer.file, "pxelinux.0");
	assert_string_equal(d->answer.server, "10.0.2.4");
	assert_int_equal(d->answer.by, DHCP_BY_PROXY);
	assert_int_equal(get_be32(d->cached[DHCP_CACHED_REPLY].data + 4), d->xid);
	assert_int_not_equal(get_be32(d->cached[DHCP_CACHED_ACK].data + 4), d->xid);
	stage_pass(&stage, 60000);
	assert_int_equal(server.asked, 1);
	assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
}

/* [DHCP-22]: at 0, 1, 3, 6 s; the end is at 10 s, and no failure. */
static void silence_is_bounded(void **state)
{
	static const uint32_t at_ms[] = { 0, 1000, 3000, 6000 };
	uint32_t ms = 0;

	(void)state;
	dhcp_ask_proxy(&stage.net, PXE_SERVER_IP);
	for (uint32_t i = 0; i < ARRAY_LEN(at_ms); i++) {
		for (; server.asked == i; ms++)
			stage_pass(&stage, 1);
		assert_int_equal(ms, at_ms[i]);
	}
	for (; !dhcp_asked(&stage.net); ms++)
		stage_pass(&stage, 1);
	assert_int_equal(ms, 10000);
	assert_int_equal(stage.net.dhcp.ask.state, DHCP_UNANSWERED);
	assert_int_equal(server.asked, 4);
	assert_int_equal(stage.net.dhcp.state, DHCP_BOUND);
	assert_int_equal(stage.fake.failure.err, 0);
}

static void a_lost_question_is_asked_again(void **state)
{
	(void)state;
	pxe_say_class(&server.more);
	pxe_say(&server.more, 67, "a", 1);
	server.lost = 2;
	dhcp_ask_proxy(&stage.net, PXE_SERVER_IP);
	stage_pass(&stage, 3002);
	assert_int_equal(stage.net.dhcp.ask.state, DHCP_ANSWERED);
}

/* --- who answers ----------------------------------------------------------------------------- */

static void answer(uint8_t type, uint32_t from, const char *class, const char *file)
{
	begin(type, from);
	put_be32(message + 16, 0);
	if (class)
		put(60, class, (uint32_t)strlen(class));
	if (file)
		put(67, file, (uint32_t)strlen(file));
	message[message_len++] = 255;
	deliver_to(our_mac, OUR_IP);
}

/* [DHCP-05] */
static void what_does_not_answer_the_question_is_ignored(void **state)
{
	(void)state;
	dhcp_ask_proxy(&stage.net, PXE_SERVER_IP);
	answer(DHCP_ACK, PXE_SERVER_IP, NULL, "a");
	answer(DHCP_ACK, PXE_SERVER_IP, "HTTPClient", "a");
	answer(DHCP_OFFER, PXE_SERVER_IP, "PXEClient", "a");
	answer(DHCP_NAK, PXE_SERVER_IP, "PXEClient", "a");
	answer(DHCP_ACK, PXE_SERVER_IP, "PXEClient", NULL);
	stage.net.dhcp.xid++;
	begin(DHCP_ACK, PXE_SERVER_IP);
	stage.net.dhcp.xid--;
	put(60, "PXEClient", 9);
	put(67, "a", 1);
	deliver();
	assert_int_equal(stage.net.dhcp.ask.state, DHCP_ASKED);
	assert_int_equal(stage.net.dhcp.fate[DHCP_NO_FILE], 1);
	answer(DHCP_ACK, PXE_SERVER_IP, "PXEClient", "a");
	assert_int_equal(stage.net.dhcp.ask.state, DHCP_ANSWERED);
	answer(DHCP_ACK, PXE_SERVER_IP, "PXEClient", "b"); /* once is enough */
	assert_string_equal(stage.net.dhcp.answer.file, "a");
}

/* A proxy's answer may be a menu. */
static void a_menu_is_an_answer(void **state)
{
	(void)state;
	pxe_say_class(&server.more);
	pxe_say(&server.more, 43, "\11\4\0\1\1x", 6);
	dhcp_ask_proxy(&stage.net, PXE_SERVER_IP);
	assert_int_equal(asked(), DHCP_ANSWERED);
	assert_int_equal(stage.net.dhcp.answer.vendor_len, 6);
}

/* --- boot servers ---------------------------------------------------------------------------- */

/* Where the first try goes; the options that it has. */
static void expect_asked(uint32_t n, const uint32_t to[])
{
	uint32_t len = 0;
	const uint8_t *item;

	server.discovered = 0;
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(server.discovered, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(server.to[i], to[i]);
	if (!n)
		return;
	item = pxe_server_asked(&server, 43, &len);
	assert_int_equal(len, 7);
	assert_memory_equal(item, "\107\4\200\1\0\0\377", 7);
	assert_int_equal(get_be32(server.question + 12), OUR_IP);
}

/* [DHCP-24]: bits 0 and 1, sub-options 7 and 8. */
static void boot_servers_are_asked_where_they_may_be(void **state)
{
	(void)state;
	VENDOR(255);
	expect_asked(1, (uint32_t[]){ IPV4_BROADCAST });
	VENDOR(7, 4, 0xef, 0xff, 1, 2);
	expect_asked(2, (uint32_t[]){ GROUP, IPV4_BROADCAST });
	VENDOR(7, 4, 0xef, 0xff, 1, 2, 6, 1, 1);
	expect_asked(1, (uint32_t[]){ GROUP });
	VENDOR(7, 4, 0xef, 0xff, 1, 2, 6, 1, 2);
	expect_asked(1, (uint32_t[]){ IPV4_BROADCAST });
	VENDOR(7, 4, 0xef, 0xff, 1, 2, 6, 1, 3);
	expect_asked(0, NULL);
	VENDOR(6, 1, 3, 8, 18, 0, 1, 1, 10, 0, 2, 9, 0x80, 1, 2, 10, 0, 2, 4, 10, 0, 2, 5);
	expect_asked(2, (uint32_t[]){ PXE_SERVER_IP, OTHER_PXE_IP });
}

/* RFC 1112 6.4 */
static void a_group_has_its_own_mac(void **state)
{
	static const uint8_t mac[6] = { 1, 0, 0x5e, 0x7f, 1, 2 };

	(void)state;
	stage.fake.tx = NULL;
	VENDOR(7, 4, 0xef, 0xff, 1, 2, 6, 1, 1);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	sent_len = stage_tx(&stage, sent);
	assert_memory_equal(sent, mac, 6);
	assert_int_equal(get_be32(sent + 30), GROUP);
	assert_int_equal(get_be16(sent + 36), 4011);
}

/* [DHCP-24] */
static void a_boot_server_s_answer_is_taken(void **state)
{
	(void)state;
	VENDOR(6, 1, 3, 8, 7, 0x80, 1, 1, 10, 0, 2, 4);
	pxe_say_class(&server.boot);
	pxe_say(&server.boot, 67, "grub.0", 6);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ANSWERED);
	assert_string_equal(stage.net.dhcp.answer.file, "grub.0");
	assert_int_equal(stage.net.dhcp.answer.by, DHCP_BY_BOOT_SERVER);
}

/* [DHCP-24]: of another type, or of none, as a DHCP server's ACK of what looks like REBINDING. */
static void an_answer_of_another_type_is_ignored(void **state)
{
	(void)state;
	VENDOR(255);
	pxe_say_class(&server.boot);
	pxe_say(&server.boot, 67, "grub.0", 6);
	server.type_xor = 1;
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ASKED);
	server.type_xor = 0;
	server.mute = true;
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ASKED);
	assert_int_equal(stage.net.dhcp.fate[DHCP_NOT_CHOSEN], 2);
}

/* [DHCP-24]: bit 2; a type without addresses lets anybody answer. */
static void only_who_is_listed_may_answer(void **state)
{
	(void)state;
	pxe_say_class(&server.boot);
	pxe_say(&server.boot, 67, "grub.0", 6);
	VENDOR(6, 1, 4, 8, 7, 0x80, 1, 1, 10, 0, 2, 5);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ASKED);
	VENDOR(6, 1, 4, 8, 7, 0x80, 2, 1, 10, 0, 2, 4);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ASKED);
	VENDOR(6, 1, 4, 8, 11, 0x80, 1, 2, 10, 0, 2, 5, 10, 0, 2, 4);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ANSWERED);
	VENDOR(6, 1, 4, 8, 3, 0x80, 1, 0);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ANSWERED);
	VENDOR(6, 1, 0, 8, 7, 0x80, 1, 1, 10, 0, 2, 5);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	assert_int_equal(asked(), DHCP_ANSWERED);
}

static void stopping_ends_a_question(void **state)
{
	(void)state;
	VENDOR(255);
	dhcp_ask_boot_server(&stage.net, &vendor, TYPE);
	dhcp_stop(&stage.net);
	assert_int_equal(asked(), DHCP_UNANSWERED);
	stage_pass(&stage, 20000);
	assert_int_equal(server.discovered, 1);
}

#define BOUND(f) cmocka_unit_test_setup_teardown(f, bound, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		BOUND(a_proxy_is_asked_as_pxe_has_it),
		BOUND(its_answer_is_taken),
		BOUND(silence_is_bounded),
		BOUND(a_lost_question_is_asked_again),
		BOUND(what_does_not_answer_the_question_is_ignored),
		BOUND(a_menu_is_an_answer),
		BOUND(boot_servers_are_asked_where_they_may_be),
		BOUND(a_group_has_its_own_mac),
		BOUND(a_boot_server_s_answer_is_taken),
		BOUND(an_answer_of_another_type_is_ignored),
		BOUND(only_who_is_listed_may_answer),
		BOUND(stopping_ends_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
