/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dhcp_vendor.c: option 43 as PXE servers write it, and as they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/dhcp_vendor.h"

#include <cmocka.h>

#define SPAN(...) \
	((struct span){ (const uint8_t[]){ __VA_ARGS__ }, \
			sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static struct dhcp_vendor v;

/* [DHCP-23] [DHCP-24] */
static void each_sub_option_has_its_meaning(void **state)
{
	struct span option = SPAN(0, 6, 1, 11, 7, 4, 224, 0, 1, 2, 8, 7, 0x80, 1, 1, 10, 0, 0, 1, 9,
				  6, 0x80, 1, 3, 'a', 'b', 'c', 10, 3, 5, 'o', 'k', 71, 4, 1, 2, 3,
				  4, 255, 6, 1, 0);

	(void)state;
	dhcp_vendor_read(&v, option);
	assert_int_equal(v.control, 11);
	assert_int_equal(v.multicast, 0xe0000102);
	assert_int_equal(v.servers.len, 7);
	assert_int_equal(v.menu.len, 6);
	assert_true(v.has_prompt);
	assert_int_equal(v.prompt_s, 5);
	assert_int_equal(v.prompt.len, 2);
	assert_memory_equal(v.prompt.at, "ok", 2);
	assert_true(v.has_item);
	assert_int_equal(v.type, 0x102);
	assert_int_equal(v.layer, 0x304);
}

static void what_is_absent_allows_all(void **state)
{
	(void)state;
	memset(&v, 0xee, sizeof(v));
	dhcp_vendor_read(&v, (struct span){ NULL, 0 });
	assert_int_equal(v.control, 0);
	assert_int_equal(v.multicast, 0);
	assert_int_equal(v.servers.len, 0);
	assert_int_equal(v.menu.len, 0);
	assert_false(v.has_prompt);
	assert_false(v.has_item);
}

/* [SEC-03]: and what others put there, such as MTFTP's sub-options, says nothing. */
static void what_is_broken_is_not_there(void **state)
{
	(void)state;
	dhcp_vendor_read(&v, SPAN(6, 2, 8, 8, 7, 4, 10, 0, 2, 4, 7, 3, 224, 0, 1, 10, 0, 71, 3, 0,
				  0, 1, 1, 4, 224, 0, 0, 1, 5, 1, 9, 176, 1, 1));
	assert_int_equal(v.control, 0);
	assert_int_equal(v.multicast, 0);
	assert_false(v.has_prompt);
	assert_false(v.has_item);
	dhcp_vendor_read(&v, SPAN(6, 1, 8, 9, 9, 0, 0)); /* beyond the end */
	assert_int_equal(v.control, 8);
	assert_int_equal(v.menu.len, 0);
}

static void a_menu_is_walked_item_by_item(void **state)
{
	struct span menu = SPAN(0x80, 0, 2, 'h', 'i', 0, 0, 0, 0, 1, 3, 'c', 'u', 't');
	struct dhcp_menu_item item;

	(void)state;
	assert_true(dhcp_vendor_item(&menu, &item));
	assert_int_equal(item.type, 0x8000);
	assert_int_equal(item.text.len, 2);
	assert_memory_equal(item.text.at, "hi", 2);
	assert_true(dhcp_vendor_item(&menu, &item));
	assert_int_equal(item.type, 0);
	assert_int_equal(item.text.len, 0);
	assert_true(dhcp_vendor_item(&menu, &item));
	assert_false(dhcp_vendor_item(&menu, &item));
	menu = SPAN(0, 1, 4, 'c', 'u', 't');
	assert_false(dhcp_vendor_item(&menu, &item));
	menu = SPAN(0, 1);
	assert_false(dhcp_vendor_item(&menu, &item));
}

static void boot_servers_are_walked_type_by_type(void **state)
{
	struct span list = SPAN(0, 1, 2, 10, 0, 0, 1, 10, 0, 0, 2, 0x12, 0x34, 0, 0, 3, 1, 10, 0,
				0);
	struct dhcp_boot_servers s;

	(void)state;
	assert_true(dhcp_vendor_servers(&list, &s));
	assert_int_equal(s.type, 1);
	assert_int_equal(s.ips.len, 8);
	assert_memory_equal(s.ips.at + 4, "\12\0\0\2", 4);
	assert_true(dhcp_vendor_servers(&list, &s));
	assert_int_equal(s.type, 0x1234);
	assert_int_equal(s.ips.len, 0);
	assert_false(dhcp_vendor_servers(&list, &s));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sub_option_has_its_meaning),
		cmocka_unit_test(what_is_absent_allows_all),
		cmocka_unit_test(what_is_broken_is_not_there),
		cmocka_unit_test(a_menu_is_walked_item_by_item),
		cmocka_unit_test(boot_servers_are_walked_type_by_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
