/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp_boot.c: which of the many places for a boot file and its server counts. */
#include "tests/unit/dhcp_lab.h"

/* --- the file -------------------------------------------------------------------------------- */

/* [DHCP-16] */
static void option_67_comes_before_the_file_field(void **state)
{
	const struct dhcp_lease *l;

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "tftp://10.0.2.2/old");
	put(67, "http://10.0.2.2/new", 19);
	l = granted();
	assert_string_equal(l->boot.file, "http://10.0.2.2/new");
	assert_true(l->boot.in_option_67);
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	strcpy((char *)message + 108, "tftp://10.0.2.2/old");
	put(67, "\0", 1);
	l = granted();
	assert_string_equal(l->boot.file, "tftp://10.0.2.2/old");
	assert_false(l->boot.in_option_67);
}

/* --- its server ------------------------------------------------------------------------------ */

#define SIADDR 1
#define OPTION_66 2
#define SNAME 4
#define OPTION_150 8

/* The boot data of an ACK that names a server in these places, each time another one. */
static const struct dhcp_boot *named_in(unsigned places)
{
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put(67, "pxelinux.0", 10);
	if (places & SIADDR)
		put_be32(message + 20, 0x0a000211);
	if (places & OPTION_66)
		put(66, "boot.example", 13);
	if (places & SNAME)
		memcpy(message + 44, "field", 5);
	if (places & OPTION_150)
		put(150, "\0\0\0\0\12\0\2\22\12\0\2\23", 12);
	return &granted()->boot;
}

/* [DHCP-16]: all mixes. */
static void a_server_is_looked_for_in_one_order(void **state)
{
	static const struct {
		unsigned place;
		enum dhcp_server_in in;
		const char *server;
	} order[] = {
		{ SIADDR, DHCP_IN_SIADDR, "10.0.2.17" },
		{ OPTION_66, DHCP_IN_OPTION_66, "boot.example" },
		{ SNAME, DHCP_IN_SNAME, "field" },
		{ OPTION_150, DHCP_IN_OPTION_150, "10.0.2.18" },
		{ 16, DHCP_IN_OPTION_54, "10.0.2.2" },
	};
	const struct dhcp_boot *b;
	unsigned first;

	(void)state;
	for (unsigned places = 0; places < 16; places++) {
		b = named_in(places);
		for (first = 0; !((places | 16) & order[first].place); first++)
			;
		assert_int_equal(b->server_in, order[first].in);
		assert_string_equal(b->server, order[first].server);
		assert_string_equal(b->file, "pxelinux.0");
		assert_int_equal(b->from, SERVER_IP);
	}
}

/* [DHCP-16]: ISC's and Kea's `server-name` is a remark as often as a name. */
static void what_cannot_be_a_host_is_passed_over(void **state)
{
	static const char *const remarks[] = { "our DHCP server", "10.0.2", "a_b/c", "..", "" };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(remarks); i++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put_be32(message + 20, 0x7f000001);
		put(66, remarks[i], (uint32_t)strlen(remarks[i]));
		memcpy(message + 44, remarks[i], strlen(remarks[i]));
		assert_int_equal(granted()->boot.server_in, DHCP_IN_OPTION_54);
	}
	assert_string_equal(granted_with(66, "10.0.2.9", 8)->boot.server, "10.0.2.9");
}

/* [DHCP-14]: a field that holds options names nobody. */
static void an_overloaded_sname_is_no_name(void **state)
{
	static const uint8_t in_sname[] = { 66, 4, 'b', 'o', 'o', 't', 255 };

	(void)state;
	reach_requesting();
	begin(DHCP_ACK, SERVER_IP);
	put(52, "\2", 1);
	memcpy(message + 44, in_sname, sizeof(in_sname));
	assert_string_equal(granted()->boot.server, "boot");
	assert_int_equal(stage.net.dhcp.lease.boot.server_in, DHCP_IN_OPTION_66);
}

/* --- option 43 ------------------------------------------------------------------------------- */

/* [DHCP-23] [DHCP-15] */
static void option_43_counts_where_option_60_says_whose_it_is(void **state)
{
	static const uint8_t menu[] = { 6, 1, 8, 255 };
	const struct dhcp_boot *b;

	(void)state;
	for (int pxe = 0; pxe < 2; pxe++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put(43, menu, 2);
		put(60, pxe ? "PXEClient:x" : "PXEClien", pxe ? 11 : 8);
		put(43, menu + 2, 2);
		b = &granted()->boot;
		assert_int_equal(b->pxe, pxe);
		assert_int_equal(b->vendor_len, pxe ? sizeof(menu) : 0);
		if (pxe)
			assert_memory_equal(b->vendor, menu, sizeof(menu));
	}
}

/* [SEC-03] */
static void a_longer_option_43_than_there_is_room_for_is_none(void **state)
{
	uint8_t part[255] = { 0 };

	(void)state;
	for (uint32_t parts = 1; parts < 4; parts++) {
		reach_requesting();
		begin(DHCP_ACK, SERVER_IP);
		put(60, "PXEClient", 9);
		for (uint32_t i = 0; i < parts; i++)
			put(43, part, sizeof(part));
		assert_int_equal(granted()->boot.vendor_len, parts < 3 ? parts * 255 : 0);
	}
}

/* --- what is said ---------------------------------------------------------------------------- */

static const char *said(const struct dhcp_boot *b)
{
	static char buf[100];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	dhcp_boot_text(b, &t);
	assert_false(t.cut);
	return buf;
}

/* [DHCP-16] */
static void who_said_it_and_where_is_said(void **state)
{
	struct dhcp_boot b = { .from = 0x0a000204, .by = DHCP_BY_PROXY, .file = "x" };

	(void)state;
	assert_string_equal(said(named_in(SIADDR)), "DHCP server 10.0.2.2: option 67, siaddr");
	assert_string_equal(said(named_in(OPTION_66)),
			    "DHCP server 10.0.2.2: option 67, option 66");
	b.server_in = DHCP_IN_SNAME;
	assert_string_equal(said(&b), "proxy DHCP server 10.0.2.4: file, sname");
	b.by = DHCP_BY_BOOT_SERVER;
	b.server_in = DHCP_IN_OPTION_54;
	assert_string_equal(said(&b), "boot server 10.0.2.4: file, option 54");
	strcpy(b.file, "http://a/b");
	assert_string_equal(said(&b), "boot server 10.0.2.4: file");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(option_67_comes_before_the_file_field),
		TEST(a_server_is_looked_for_in_one_order),
		TEST(what_cannot_be_a_host_is_passed_over),
		TEST(an_overloaded_sname_is_no_name),
		TEST(option_43_counts_where_option_60_says_whose_it_is),
		TEST(a_longer_option_43_than_there_is_room_for_is_none),
		TEST(who_said_it_and_where_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
