/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp_lease.c: what an answer means, option by option. */
#include "tests/unit/dhcp_lab.h"

/*
 * Nothing but the boot file comes from the OFFER, whose other options the ACK replaces by having
 * none.
 */
static void an_ack_says_all_that_counts(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	start(0);
	begin(DHCP_OFFER, SERVER_IP);
	put_ip(1, 0xffff0000);
	put_ip(3, PEER_IP);
	put_ip(6, PEER_IP);
	put(121, "\30\12\11\11\12\0\2\11", 8);
	put(26, "\5\170", 2);
	deliver();
	begin(DHCP_ACK, 0); /* not even the server */
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->server, SERVER_IP);
	assert_int_equal(l->address.mask, 0xff000000);
	assert_int_equal(l->address.gateway, 0);
	assert_int_equal(l->address.routes, 0);
	assert_int_equal(l->address.dns[0], 0);
	assert_int_equal(l->address.mtu, 0);
}

static void no_more_dns_servers_than_there_is_room_for(void **state)
{
	const struct dhcp_lease *l;
	uint8_t dns[10 * 4];

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		put_be32(dns + 4 * i, PEER_IP + i);
	l = granted_with(6, dns, sizeof(dns));
	for (uint32_t i = 0; i < DNS_SERVERS_MAX; i++)
		assert_int_equal(l->address.dns[i], PEER_IP + i);
	assert_int_equal(l->address.routes, 0);
	assert_int_equal(l->address.route[0].dst, 0);
}

/* [DHCP-21] [DHCP-29] */
static void offers_without_an_address_or_server_are_no_leases(void **state)
{
	static const uint32_t yiaddr[] = {
		0, 0x7f000001, 0xe0000001, 0xffffffff, 0x00000001, 0xf0000000,
	};

	(void)state;
	start(0);
	begin(DHCP_OFFER, SERVER_IP);
	put_ip(1, OUR_MASK);
	put_be32(message + 16, OUR_IP | ~OUR_MASK);
	deliver();
	for (uint32_t i = 0; i < ARRAY_LEN(yiaddr); i++) {
		begin(DHCP_OFFER, SERVER_IP);
		put(60, "PXEClient", 9);
		put_be32(message + 16, yiaddr[i]);
		deliver();
	}
	begin(DHCP_OFFER, 0);
	deliver();
	begin(DHCP_OFFER, 0);
	put_ip(54, 0xffffffff);
	deliver();
	assert_int_equal(stage.net.dhcp.state, DHCP_SELECTING);
	assert_int_equal(stage_tx_count(&stage), 0);
	offer();
	begin(DHCP_ACK, SERVER_IP);
	put_be32(message + 16, 0);
	assert_null(granted());
}

/* [DHCP-29]: and an address's class has to do. */
static void broken_masks_are_no_masks(void **state)
{
	static const struct {
		uint32_t ip, given, mask;
	} cases[] = {
		{ 0x0a000005, 0xffffff00, 0xffffff00 }, { 0x0a000005, 0xffffffff, 0xffffffff },
		{ 0x0a000005, 0xfffffffe, 0xfffffffe }, { 0x0a000005, 0x80000000, 0x80000000 },
		{ 0x0a000005, 0xff00ff00, 0xff000000 }, { 0x0a000005, 0, 0xff000000 },
		{ 0x0a000005, 1, 0xff000000 },          { 0xac100005, 0x000000ff, 0xffff0000 },
		{ 0xc0a80105, 0x7fffffff, 0xffffff00 },
	};
	const struct dhcp_lease *l;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put_be32(message + 16, cases[i].ip);
		put_ip(1, cases[i].given);
		l = granted();
		assert_non_null(l);
		assert_int_equal(l->address.mask, cases[i].mask);
	}
	l = granted_with(1, "\377\377\377", 3);
	assert_int_equal(l->address.mask, 0xff000000);
	l = granted_with(2, "\0\0\0\0", 4);
	assert_int_equal(l->address.mask, 0xff000000);
}

/* [DHCP-29] */
static void the_relay_agent_is_no_router(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_be32(message + 24, 0x0a000209);
	put_be32(message + 20, 0x0a00020a);
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->address.gateway, 0);
	assert_int_equal(granted_with(3, "\0\0\0\0\12\0\2\11\12\0\2\10", 12)->address.gateway,
			 0x0a000209);
	assert_int_equal(granted_with(3, "\12\0\2", 3)->address.gateway, 0);
}

/* [DHCP-28] */
static void an_mtu_below_576_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(granted_with(26, "\0\104", 2)->address.mtu, 0);
	assert_int_equal(granted_with(26, "\2\77", 2)->address.mtu, 0);
	assert_int_equal(granted_with(26, "\2\100", 2)->address.mtu, 576);
	assert_int_equal(granted_with(26, "\5\170", 2)->address.mtu, 1400);
	assert_int_equal(granted_with(26, "\43\50", 2)->address.mtu, 9000);
	assert_int_equal(granted_with(26, "\377\360", 2)->address.mtu, 65520);
	assert_int_equal(granted_with(26, "\377\377", 2)->address.mtu, 65535);
	assert_int_equal(granted_with(26, "\5", 1)->address.mtu, 0);
	assert_int_equal(granted_with(26, "\0\0\5\170", 4)->address.mtu, 0);
}

/* [DHCP-28]: and what the nic cannot hold is cut to what it can. */
static void an_mtu_is_kept_within_what_the_nic_holds(void **state)
{
	(void)state;
	granted_with(26, "\377\360", 2);
	stage.fake.mtu_max = 9000;
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	assert_int_equal(stage.net.mtu, 9000);
	stage.net.dhcp.lease.address.mtu = 1400;
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	assert_int_equal(stage.net.mtu, 1400);
	stage.net.dhcp.lease.address.mtu = 0;
	net_configure(&stage.net, &stage.net.dhcp.lease.address);
	assert_int_equal(stage.net.mtu, 1400);
}

/* [DHCP-27]: RFC 3442, its own examples among them. */
static void classless_routes_replace_the_router(void **state)
{
	/* clang-format off */
	static const uint8_t routes[] = {
		0, 10, 17, 0, 1,                        /* default */
		8, 10, 10, 17, 0, 2,
		24, 10, 0, 0, 10, 17, 0, 3,
		16, 10, 17, 10, 17, 0, 4,
		25, 10, 229, 0, 128, 10, 17, 0, 5,
		32, 10, 198, 122, 47, 0, 0, 0, 0,       /* on the link */
		17, 10, 27, 129, 10, 17, 0, 6,          /* a bit beyond the prefix */
		24, 10, 9, 9, 224, 0, 0, 1,             /* to no router */
	};
	/* clang-format on */
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_ip(3, PEER_IP);
	put(121, routes, sizeof(routes));
	l = granted();
	assert_non_null(l);
	assert_int_equal(l->address.gateway, 0x0a110001);
	assert_int_equal(l->address.routes, 6);
	assert_int_equal(l->address.route[0].dst, 0x0a000000);
	assert_int_equal(l->address.route[0].mask, 0xff000000);
	assert_int_equal(l->address.route[0].gateway, 0x0a110002);
	assert_int_equal(l->address.route[3].dst, 0x0ae50080);
	assert_int_equal(l->address.route[3].mask, 0xffffff80);
	assert_int_equal(l->address.route[4].mask, 0xffffffff);
	assert_int_equal(l->address.route[4].gateway, 0);
	assert_int_equal(l->address.route[5].dst, 0x0a1b8000);
	assert_int_equal(l->address.route[5].mask, 0xffff8000);
	net_configure(&stage.net, &l->address);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0ac67a2f), 0x0ac67a2f);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0ae50081), 0x0a110005);
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), 0x0a110001);
}

/* [DHCP-27] */
static void malformed_routes_leave_the_router(void **state)
{
	static const struct {
		uint32_t len;
		uint8_t bytes[12];
	} broken[] = {
		{ 1, { 0 } },
		{ 4, { 0, 10, 0, 2 } },
		{ 9, { 33, 10, 0, 0, 0, 10, 0, 2, 9 } },
		{ 5, { 255, 1, 1, 1, 1 } },
		{ 6, { 0, 10, 0, 2, 9, 24 } },
		{ 8, { 32, 10, 0, 0, 0, 10, 0, 2 } },
		{ 0, { 0 } },
	};
	const struct dhcp_lease *l;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(broken); i++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put_ip(3, PEER_IP);
		put(121, broken[i].bytes, broken[i].len);
		l = granted();
		assert_non_null(l);
		assert_int_equal(l->address.gateway, PEER_IP);
		assert_int_equal(l->address.routes, 0);
	}
}

/* [DHCP-27]: RFC 3442: "0.0.0.0" as router, and every host is a neighbour. */
static void a_default_route_may_lead_to_the_link_itself(void **state)
{
	static const uint8_t routes[] = {
		0, 0, 0, 0, 0, 24, 192, 0, 2, 10, 0, 2, 9, 0, 224, 0, 0, 1,
	};
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put_ip(3, PEER_IP);
	put(121, routes, sizeof(routes));
	l = granted();
	assert_non_null(l);
	net_configure(&stage.net, &l->address);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xc6336401), 0xc6336401);
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), 0x0a000209);
	assert_int_equal(ipv4_next_hop(&stage.net, 0x0a000203), 0x0a000203);
	assert_int_equal(ipv4_next_hop(&stage.net, 0xe0000001), 0);
	granted_with(121, "\0\0\0\0\0\0\12\0\2\11", 10);
	net_configure(&stage.net, &stage.net.dhcp.lease.address); /* both: the router's */
	assert_int_equal(ipv4_next_hop(&stage.net, FAR_IP), 0x0a000209);
}

/*
 * [DHCP-27] [SEC-03]: more routes than there is room for are counted; the default one behind them
 * still is one.
 */
static void too_many_routes_are_counted(void **state)
{
	uint8_t routes[35 * 7 + 5];
	const struct dhcp_lease *l;

	(void)state;
	for (uint32_t i = 0; i < 35; i++) {
		routes[i * 7] = 16;
		routes[i * 7 + 1] = 172;
		routes[i * 7 + 2] = (uint8_t)i;
		put_be32(routes + i * 7 + 3, PEER_IP);
	}
	routes[245] = 0;
	put_be32(routes + 246, 0x0a000209);
	l = granted_with(121, routes, sizeof(routes));
	assert_int_equal(l->address.routes, IPV4_ROUTES_MAX);
	assert_int_equal(l->address.routes_lost, 35 - IPV4_ROUTES_MAX);
	assert_int_equal(l->address.gateway, 0x0a000209);
	assert_int_equal(l->address.route[IPV4_ROUTES_MAX - 1].dst,
			 0xac000000 + (IPV4_ROUTES_MAX - 1) * 0x10000);
	l = granted_with(121, routes, IPV4_ROUTES_MAX * 7);
	assert_int_equal(l->address.routes, IPV4_ROUTES_MAX);
	assert_int_equal(l->address.routes_lost, 0);
}

/* The search list of a lease with these two options; "," stands for a NUL. */
static const char *searched(const void *list, uint32_t list_len, const char *domain)
{
	static char text[DNS_SEARCH_MAX];
	const struct dhcp_lease *l;
	uint32_t i = 0;

	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	for (; list_len > 255; list_len -= 255, list = (const uint8_t *)list + 255)
		put(119, list, 255);
	put(119, list, list_len);
	put(15, domain, (uint32_t)strlen(domain));
	l = granted();
	assert_non_null(l);
	for (; l->address.search[i]; i++) {
		for (; l->address.search[i]; i++)
			text[i] = l->address.search[i];
		text[i] = ',';
		assert_in_range(i, 0, DNS_SEARCH_MAX - 2);
	}
	text[i] = '\0';
	return text;
}

/* [DNS-10]: RFC 3397, its own example first; then option 15. */
static void the_search_list_and_the_domain_are_searched(void **state)
{
	static const uint8_t list[] = "\3eng\5apple\3com\0\11marketing\300\4";

	(void)state;
	assert_string_equal(searched(list, sizeof(list) - 1, ""),
			    "eng.apple.com,marketing.apple.com,");
	assert_string_equal(searched(list, sizeof(list) - 1, "example.org"),
			    "eng.apple.com,marketing.apple.com,example.org,");
	assert_string_equal(searched("", 0, "example.org"), "example.org,");
	assert_string_equal(searched("", 0, ""), "");
	assert_string_equal(searched("\0\3eng\0", 6, ""), "eng,"); /* the root is no domain */
	assert_string_equal(granted_with(15, "example.org\0x", 13)->address.search, "example.org");
}

/* [DNS-10] [SEC-04]: as if it were not there, in its whole. */
static void a_malformed_search_list_leaves_the_domain(void **state)
{
	(void)state;
	assert_string_equal(searched("\3eng\300\0", 6, "a.org"), "a.org,");
	assert_string_equal(searched("\3eng\0\3com", 9, "a.org"), "a.org,");
	assert_string_equal(searched("\7eng", 4, "a.org"), "a.org,");
	assert_string_equal(searched("\3eng\0\1a\300\20", 9, "a.org"), "a.org,");
}

/* [DNS-10] [SEC-03]: joined first (RFC 3396), and what has no room is left out. */
static void a_search_list_of_any_length_ends(void **state)
{
	uint8_t list[1200];
	char want[DNS_SEARCH_MAX];
	uint32_t i;

	(void)state;
	memset(list, 0, sizeof(list));
	for (i = 0; i < sizeof(list); i += 3)
		memcpy(list + i, "\1a", 3);
	memset(want, 0, sizeof(want));
	for (i = 0; i < 199; i++)
		memcpy(want + 2 * i, "a,", 2);
	assert_string_equal(searched(list, 3 * 199, ""), want);
	for (; i < (DNS_SEARCH_MAX - 2) / 2; i++)
		memcpy(want + 2 * i, "a,", 2);
	assert_string_equal(searched(list, 3 * 400, "b"), want);
}

/* [DHCP-32] */
static void options_of_other_programs_mean_nothing(void **state)
{
	static const uint8_t codes[] = { 114, 120, 175, 208, 209, 210, 211, 43, 60, 66, 150, 128 };
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	for (uint32_t i = 0; i < sizeof(codes); i++)
		put(codes[i], "http://10.0.2.2/x", 17);
	l = granted();
	assert_non_null(l);
	assert_string_equal(l->boot.file, "");
	assert_string_equal(l->address.search, "");
	assert_int_equal(l->address.gateway, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_ack_says_all_that_counts),
		TEST(no_more_dns_servers_than_there_is_room_for),
		TEST(offers_without_an_address_or_server_are_no_leases),
		TEST(broken_masks_are_no_masks),
		TEST(the_relay_agent_is_no_router),
		TEST(an_mtu_below_576_is_ignored),
		TEST(an_mtu_is_kept_within_what_the_nic_holds),
		TEST(classless_routes_replace_the_router),
		TEST(malformed_routes_leave_the_router),
		TEST(a_default_route_may_lead_to_the_link_itself),
		TEST(too_many_routes_are_counted),
		TEST(the_search_list_and_the_domain_are_searched),
		TEST(a_malformed_search_list_leaves_the_domain),
		TEST(a_search_list_of_any_length_ends),
		TEST(options_of_other_programs_mean_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
