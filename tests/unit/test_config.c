/* SPDX-License-Identifier: BSD-2-Clause */
/* net/boot/config.c: every key, first match wins, and a sentence for each typing error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/boot/config.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static struct config c;
static struct failure f;

static int fresh(void **state)
{
	(void)state;
	memset(&c, 0xee, sizeof(c));
	config_init(&c);
	return 0;
}

static int set(const char *key, const char *value)
{
	memset(&f, 0, sizeof(f));
	return config_set(&c, "fw_cfg", key, strlen(key), value, strlen(value), &f);
}

static void assert_malformed(const char *key, const char *value, const char *sentence)
{
	assert_int_equal(set(key, value), ERR_CONFIG);
	assert_int_equal(f.err, ERR_CONFIG);
	assert_int_equal(f.rung, RUNG_CONFIG);
	assert_string_equal(f.text, sentence);
}

static void absent_keys_have_their_defaults(void **state)
{
	(void)state;
	for (int key = 0; key < CONFIG_KEYS; key++)
		assert_false(config_has(&c, (enum config_key)key));
	assert_string_equal(c.url, "");
	assert_string_equal(c.fetch, "");
	assert_string_equal(c.initrd, "");
	assert_string_equal(c.cmdline, "");
	assert_int_equal(c.digests, 0);
	assert_int_equal(c.csum, CSUM_POLICY_AUTO);
	assert_true(c.features == UINT64_MAX);
	assert_int_equal(c.deadline_ms, 60000);
	assert_false(c.ip_static);
	assert_false(c.nbp);
}

static void each_key_is_known_by_its_name(void **state)
{
	static const char *const values[CONFIG_KEYS] = {
		[CONFIG_URL] = "http://h/k", [CONFIG_INITRD] = "http://h/i",
		[CONFIG_CMDLINE] = "quiet",  [CONFIG_FETCH] = "http://h/f",
		[CONFIG_SHA256] = HASH,      [CONFIG_CSUM] = "off",
		[CONFIG_FEATURES] = "ff",    [CONFIG_IP] = "dhcp",
		[CONFIG_DEADLINE] = "5",     [CONFIG_NBP] = "1",
	};

	(void)state;
	for (int key = 0; key < CONFIG_KEYS; key++) {
		assert_int_equal(set(config_names[key], values[key]), 0);
		assert_true(config_has(&c, (enum config_key)key));
		assert_int_equal(c.set, (2u << key) - 1);
	}
}

static void texts_are_kept_as_written(void **state)
{
	(void)state;
	assert_int_equal(set("url", "http://Boot/${mac}/k#x"), 0);
	assert_int_equal(set("fetch", "tftp://10.0.2.2/f"), 0);
	assert_int_equal(set("initrd", "http://h/${ip}  http://h/b"), 0);
	assert_int_equal(set("cmdline", "  console=ttyS0 root=\"a b\" $x ${uuid} \xc3\xa9"), 0);
	assert_string_equal(c.url, "http://Boot/${mac}/k#x");
	assert_string_equal(c.fetch, "tftp://10.0.2.2/f");
	assert_string_equal(c.initrd, "http://h/${ip}  http://h/b");
	assert_string_equal(c.cmdline, "  console=ttyS0 root=\"a b\" $x ${uuid} \xc3\xa9");
}

static void trailing_white_space_is_cut(void **state)
{
	(void)state;
	assert_int_equal(set("url", "http://h/k \t\r\n"), 0);
	assert_string_equal(c.url, "http://h/k");
	memset(&f, 0, sizeof(f));
	assert_int_equal(config_set(&c, "fw_cfg", "csum", 4, "trust\n\0\0", 8, &f), 0);
	assert_int_equal(c.csum, CSUM_POLICY_TRUST);
}

static void the_first_source_wins(void **state)
{
	(void)state;
	assert_int_equal(set("url", "http://first/"), 0);
	assert_int_equal(set("url", "http://second/"), 0);
	assert_string_equal(c.url, "http://first/");
	assert_int_equal(set("ip", "10.0.0.2/24 10.0.0.1"), 0);
	assert_int_equal(set("ip", "dhcp"), 0);
	assert_true(c.ip_static);
	assert_int_equal(set("sha256", HASH), 0);
	assert_int_equal(set("sha256", HASH " " HASH), 0);
	assert_int_equal(c.digests, 1);
	assert_int_equal(set("deadline", "7"), 0);
	assert_int_equal(set("deadline", "8"), 0);
	assert_int_equal(c.deadline_ms, 7000);
	assert_int_equal(set("nbp", "1"), 0);
	assert_int_equal(set("nbp", "0"), 0);
	assert_true(c.nbp);
	assert_int_equal(set("features", "0x20"), 0);
	assert_int_equal(set("features", "0x21"), 0);
	assert_int_equal(c.features, 0x20);
	assert_int_equal(set("csum", "off"), 0);
	assert_int_equal(set("csum", "auto"), 0);
	assert_int_equal(c.csum, CSUM_POLICY_OFF);
}

static void a_later_source_is_checked_all_the_same(void **state)
{
	(void)state;
	assert_int_equal(set("csum", "off"), 0);
	assert_malformed("csum", "of",
			 "fw_cfg: csum=\"of\" is malformed; accepted is auto, off or trust");
	assert_int_equal(set("cmdline", ""), 0);
	assert_int_equal(set("cmdline", "a\nb"), ERR_CONFIG);
	assert_int_equal(c.csum, CSUM_POLICY_OFF);
}

static void off_is_not_absent(void **state)
{
	static const enum config_key keys[] = {
		CONFIG_FETCH,
		CONFIG_INITRD,
		CONFIG_CMDLINE,
		CONFIG_SHA256,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(set(config_names[keys[i]], " \n"), 0);
		assert_true(config_has(&c, keys[i]));
	}
	assert_int_equal(set("fetch", "http://h/f"), 0);
	assert_int_equal(set("initrd", "http://h/i"), 0);
	assert_int_equal(set("cmdline", "x"), 0);
	assert_int_equal(set("sha256", HASH), 0);
	assert_string_equal(c.fetch, "");
	assert_string_equal(c.initrd, "");
	assert_string_equal(c.cmdline, "");
	assert_int_equal(c.digests, 0);
}

static void empty_is_malformed_elsewhere(void **state)
{
	(void)state;
	assert_malformed("url", " ",
			 "fw_cfg: url: the URL \"\" does not begin with http:// or tftp://");
	assert_malformed("csum", "",
			 "fw_cfg: csum=\"\" is malformed; accepted is auto, off or trust");
	assert_malformed("features", "",
			 "fw_cfg: features=\"\" is malformed; accepted is a hexadecimal mask of at "
			 "most 64 bits");
	assert_malformed(
		"ip", "",
		"fw_cfg: ip=\"\" is malformed; accepted is dhcp, or ADDRESS/PREFIX GATEWAY [DNS] "
		"(10.0.0.7/24 10.0.0.1)");
	assert_malformed("deadline", "",
			 "fw_cfg: deadline=\"\" is malformed; accepted is a number of seconds from "
			 "1 to 86400");
	assert_malformed("nbp", "", "fw_cfg: nbp=\"\" is malformed; accepted is 0 or 1");
	assert_malformed("nbp", "yes", "fw_cfg: nbp=\"yes\" is malformed; accepted is 0 or 1");
	assert_int_equal(c.set, 0);
}

static void an_unknown_key_lists_the_known_ones(void **state)
{
	static const char *const keys[] = { "", "urll", "ur", "URL", "url ", "append" };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(set(keys[i], "x"), ERR_CONFIG);
	assert_malformed("cmdlin", "quiet",
			 "fw_cfg: there is no key \"cmdlin\"; the keys are url, initrd, cmdline, "
			 "fetch, sha256, csum, features, ip, deadline and nbp");
}

static void malformed_urls_are_found_before_anything_is_done(void **state)
{
	(void)state;
	assert_malformed("url", "http://h:70000/",
			 "fw_cfg: url: the URL \"http://h:70000/\" "
			 "has a port that is no number from 1 to 65535");
	assert_malformed("url", "vmlinuz",
			 "fw_cfg: url: the URL \"vmlinuz\" does not begin with http:// or tftp://");
	assert_malformed("url", "ftp://me:pw@h/x",
			 "fw_cfg: url: the URL begins neither with http:// nor with tftp://");
	assert_malformed("fetch", "http://${name}/",
			 "fw_cfg: fetch: fetch has the variable \"${name}\"; there are ${mac}, "
			 "${uuid} and ${ip}");
	assert_malformed("url", "http://h/a b",
			 "fw_cfg: url: the URL \"http://h/a b\" contains a space (write %20) or "
			 "a control character");
	assert_malformed(
		"initrd", "http://h/a,http://h/b initrd.img",
		"fw_cfg: initrd: the URL \"initrd.img\" does not begin with http:// or tftp://");
	assert_int_equal(c.set, 0);
}

static void texts_have_limits(void **state)
{
	static char value[20000];

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	memcpy(value, "http://h/", 9);
	value[4096] = '\0';
	assert_int_equal(set("url", value), 0);
	assert_int_equal(strlen(c.url), 4096);
	value[4096] = 'a';
	value[4097] = '\0';
	assert_int_equal(set("fetch", value), ERR_CONFIG);
	assert_non_null(strstr(f.text, "fw_cfg: fetch=\"http://h/aaaa"));
	assert_non_null(strstr(f.text, "accepted is a URL of at most 4096 characters"));
	value[4097] = 'a';
	value[4095] = '\0';
	assert_int_equal(set("cmdline", value), 0);
	assert_int_equal(strlen(c.cmdline), 4095);
	value[4095] = 'a';
	value[4096] = '\0';
	assert_int_equal(set("cmdline", value), ERR_CONFIG);
	assert_non_null(strstr(f.text, "aaaa...\" is malformed; accepted is one line of at most "
				       "4095 characters; or nothing"));
	/* Several of the longest fit side by side, one that is longer does not. */
	value[4096] = ' ';
	memcpy(value + 4097, value, 4096);
	value[4097 + 4096] = '\0';
	assert_int_equal(set("initrd", value), 0);
	assert_int_equal(strlen(c.initrd), 2 * 4096 + 1);
	value[4096] = 'a';
	assert_int_equal(set("initrd", value), ERR_CONFIG);
	assert_non_null(strstr(f.text, "accepted is URLs of at most 4096 characters, separated by "
				       "spaces, 16383 in all; or nothing"));
	value[4096] = ' ';
	memset(value + 4097 + 4096, ' ', 16383 - 4097 - 4096);
	value[16383] = 'x';
	value[16384] = '\0';
	assert_int_equal(set("initrd", value), ERR_CONFIG);
}

static void control_bytes_are_no_text(void **state)
{
	(void)state;
	assert_malformed("cmdline", "a\x1b[2Jb",
			 "fw_cfg: cmdline=\"a?[2Jb\" is malformed; accepted is one line of at most "
			 "4095 characters; or nothing");
	assert_int_equal(set("cmdline", "a\nb"), ERR_CONFIG);
	assert_int_equal(set("cmdline", "a\x7f"), ERR_CONFIG);
	assert_int_equal(set("initrd", "http://h/a\thttp://h/b"), ERR_CONFIG);
	assert_int_equal(set("url", "http://h/\x7f"), ERR_CONFIG);
	memset(&f, 0, sizeof(f));
	assert_int_equal(config_set(&c, "fw_cfg", "cmdline", 7, "a\0b", 3, &f), ERR_CONFIG);
}

static void digests_are_read_in_order(void **state)
{
	char value[9 * 65 + 1] = "";

	(void)state;
	assert_int_equal(set("sha256", ZEROS ", " HASH), 0);
	assert_int_equal(c.digests, 2);
	assert_int_equal(c.sha256[0][0], 0x00);
	assert_int_equal(c.sha256[1][0], 0x9f);
	assert_int_equal(c.sha256[1][31], 0x08);
	fresh(state);
	for (int i = 0; i < 8; i++)
		strcat(value, HASH " ");
	assert_int_equal(set("sha256", value), 0);
	assert_int_equal(c.digests, 8);
	strcat(value, HASH);
	assert_int_equal(set("sha256", value), ERR_CONFIG);
	assert_int_equal(set("sha256", "9f86d0"), ERR_CONFIG);
	assert_non_null(strstr(f.text, "accepted is at most 8 digests of 64 hexadecimal digits"));
	assert_int_equal(set("sha256", HASH HASH), ERR_CONFIG);
}

static void numbers_have_ranges(void **state)
{
	static const char *const deadlines[] = {
		"0", "86401", "-1", "1.5", "60s", " 60", "4294967297",
	};
	static const char *const masks[] = { "0x", "0x10000000000000000", "-1", "0xg", "1 2" };

	(void)state;
	for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++)
		assert_int_equal(set("deadline", deadlines[i]), ERR_CONFIG);
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		assert_int_equal(set("features", masks[i]), ERR_CONFIG);
	assert_int_equal(set("deadline", "86400"), 0);
	assert_int_equal(c.deadline_ms, 86400000);
	assert_int_equal(set("features", "0x130000022"), 0);
	assert_true(c.features == 0x130000022);
}

static void a_static_address(void **state)
{
	(void)state;
	assert_int_equal(set("ip", "192.0.2.7/24 192.0.2.1 192.0.2.53"), 0);
	assert_true(c.ip_static);
	assert_int_equal(c.ip, 0xc0000207);
	assert_int_equal(c.prefix, 24);
	assert_int_equal(c.gateway, 0xc0000201);
	assert_int_equal(c.dns, 0xc0000235);
	fresh(state);
	assert_int_equal(set("ip", "192.0.2.7/31,192.0.2.6"), 0);
	assert_int_equal(c.prefix, 31);
	assert_int_equal(c.dns, 0);
}

static void the_gateway_may_lie_outside_the_subnet(void **state)
{
	(void)state;
	assert_int_equal(set("ip", "203.0.113.9/32, 10.0.0.1"), 0);
	assert_int_equal(c.prefix, 32);
	assert_int_equal(c.gateway, 0x0a000001);
}

static void malformed_addresses_are_refused(void **state)
{
	static const char *const values[] = {
		"DHCP",
		"192.0.2.7",
		"192.0.2.7/24",
		"192.0.2.7 192.0.2.1",
		"192.0.2.7/ 192.0.2.1",
		"192.0.2.7/0 192.0.2.1",
		"192.0.2.7/33 192.0.2.1",
		"192.0.2.7/255.255.255.0 192.0.2.1",
		"192.0.2.7/24 192.0.2.1 192.0.2.53 1.1.1.1",
		"192.0.2.7/24 gateway",
		"192.0.2.7/24 192.0.2.1 dns",
		"0.0.0.0/24 192.0.2.1",
		"127.0.0.1/8 192.0.2.1",
		"224.0.0.1/24 192.0.2.1",
		"255.255.255.255/32 192.0.2.1",
		"192.0.2.0/24 192.0.2.1",
		"192.0.2.255/24 192.0.2.1",
		"192.0.2.7/24 192.0.2.7",
		"192.0.2.7/24 0.0.0.0",
		"192.0.2.7/24 192.0.2.1 224.0.0.1",
		"192.0.2.7 /24 192.0.2.1",
		"192.0.2.07/24 192.0.2.1",
		"dhcp 192.0.2.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (set("ip", values[i]) != ERR_CONFIG)
			fail_msg("accepted: %s", values[i]);
	assert_false(config_has(&c, CONFIG_IP));
}

static void the_sentence_names_the_source(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	assert_int_equal(config_set(&c, "make", "deadline", 8, "soon", 4, &f), ERR_CONFIG);
	assert_string_equal(f.text, "make: deadline=\"soon\" is malformed; accepted is a number of "
				    "seconds from 1 to 86400");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(absent_keys_have_their_defaults, fresh),
		cmocka_unit_test_setup(each_key_is_known_by_its_name, fresh),
		cmocka_unit_test_setup(texts_are_kept_as_written, fresh),
		cmocka_unit_test_setup(trailing_white_space_is_cut, fresh),
		cmocka_unit_test_setup(the_first_source_wins, fresh),
		cmocka_unit_test_setup(a_later_source_is_checked_all_the_same, fresh),
		cmocka_unit_test_setup(off_is_not_absent, fresh),
		cmocka_unit_test_setup(empty_is_malformed_elsewhere, fresh),
		cmocka_unit_test_setup(an_unknown_key_lists_the_known_ones, fresh),
		cmocka_unit_test_setup(malformed_urls_are_found_before_anything_is_done, fresh),
		cmocka_unit_test_setup(texts_have_limits, fresh),
		cmocka_unit_test_setup(control_bytes_are_no_text, fresh),
		cmocka_unit_test_setup(digests_are_read_in_order, fresh),
		cmocka_unit_test_setup(numbers_have_ranges, fresh),
		cmocka_unit_test_setup(a_static_address, fresh),
		cmocka_unit_test_setup(the_gateway_may_lie_outside_the_subnet, fresh),
		cmocka_unit_test_setup(malformed_addresses_are_refused, fresh),
		cmocka_unit_test_setup(the_sentence_names_the_source, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
