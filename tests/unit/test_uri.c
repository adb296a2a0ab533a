/* SPDX-License-Identifier: BSD-2-Clause */
/* net/uri.c: URLs good, odd and hostile; references as in RFC 3986 5.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/uri.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

/* Parses a copy that ends where ASan looks. */
static int parse(struct uri *u, const char *s, size_t len, struct failure *f)
{
	char *copy = malloc(len + !len);
	int err;

	assert_non_null(copy);
	memcpy(copy, s, len);
	memset(f, 0, sizeof(*f));
	err = uri_parse(u, copy, len, f, RUNG_CONFIG);
	free(copy);
	return err;
}

static void assert_parses(const char *s, enum uri_scheme scheme, const char *host, uint16_t port,
			  const char *path)
{
	struct failure f;
	struct uri u;

	assert_int_equal(parse(&u, s, strlen(s), &f), 0);
	assert_int_equal(u.scheme, scheme);
	assert_string_equal(u.host, host);
	assert_int_equal(u.port, port);
	assert_string_equal(u.path, path);
}

static void assert_malformed(const char *s, const char *why)
{
	char sentence[300];
	struct failure f;
	struct uri u;

	assert_int_equal(parse(&u, s, strlen(s), &f), ERR_CONFIG);
	assert_int_equal(f.rung, RUNG_CONFIG);
	text_print(sentence, sizeof(sentence), "the URL \"%s\" %s", s, why);
	assert_string_equal(f.text, sentence);
}

/* [HTTP-01] [HTTP-19] */
static void takes_urls_apart(void **state)
{
	(void)state;
	assert_parses("http://10.0.2.2:8080/vmlinuz", URI_HTTP, "10.0.2.2", 8080, "/vmlinuz");
	assert_parses("http://boot.example/a/b?c=d&e", URI_HTTP, "boot.example", 80, "/a/b?c=d&e");
	assert_parses("tftp://10.0.2.2/pxelinux.0", URI_TFTP, "10.0.2.2", 69, "/pxelinux.0");
	assert_parses("https://boot.example/", URI_HTTPS, "boot.example", 443, "/");
	assert_parses("HTTP://Boot.EXAMPLE./A", URI_HTTP, "boot.example.", 80, "/A");
	assert_parses("http://h:/", URI_HTTP, "h", 80, "/");
	assert_parses("http://h:1/", URI_HTTP, "h", 1, "/");
	assert_parses("http://h:65535/", URI_HTTP, "h", 65535, "/");
	assert_parses("http://my_host-1/", URI_HTTP, "my_host-1", 80, "/");
	assert_parses("http://h/a@b:c", URI_HTTP, "h", 80, "/a@b:c");
}

/* [HTTP-02] */
static void an_empty_path_is_a_slash(void **state)
{
	(void)state;
	assert_parses("http://h", URI_HTTP, "h", 80, "/");
	assert_parses("http://h?q", URI_HTTP, "h", 80, "/?q");
	assert_parses("http://h#f", URI_HTTP, "h", 80, "/");
}

/* [HTTP-01] */
static void the_fragment_is_dropped(void **state)
{
	(void)state;
	assert_parses("http://h/a#b", URI_HTTP, "h", 80, "/a");
	assert_parses("http://h/a?b#c?d", URI_HTTP, "h", 80, "/a?b");
	assert_parses("http://h/a#b/../c", URI_HTTP, "h", 80, "/a");
}

/* [HTTP-02] */
static void unsafe_bytes_are_encoded_and_encoded_ones_kept(void **state)
{
	(void)state;
	assert_parses("http://h/%41%2f%c3%A9", URI_HTTP, "h", 80, "/%41%2f%c3%A9");
	assert_parses("http://h/\"<>\\^`{|}[]", URI_HTTP, "h", 80,
		      "/%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D");
	assert_parses("http://h/\xc3\xa9?\xff", URI_HTTP, "h", 80, "/%C3%A9?%FF");
	assert_parses("http://h/%", URI_HTTP, "h", 80, "/%25");
	assert_parses("http://h/%4", URI_HTTP, "h", 80, "/%254");
	assert_parses("http://h/%z4%4z", URI_HTTP, "h", 80, "/%25z4%254z");
	assert_parses("http://h/%zz%4", URI_HTTP, "h", 80, "/%25zz%254");
	assert_parses("http://h/-._~!$&'()*+,;=:@", URI_HTTP, "h", 80, "/-._~!$&'()*+,;=:@");
}

/* RFC 3986 5.2.4 */
static void dot_segments_are_removed(void **state)
{
	(void)state;
	assert_parses("http://h/a/b/c/./../../g", URI_HTTP, "h", 80, "/a/g");
	assert_parses("http://h/..", URI_HTTP, "h", 80, "/");
	assert_parses("http://h/../../x", URI_HTTP, "h", 80, "/x");
	assert_parses("http://h/a/.", URI_HTTP, "h", 80, "/a/");
	assert_parses("http://h/a/..", URI_HTTP, "h", 80, "/");
	assert_parses("http://h/a//../b", URI_HTTP, "h", 80, "/a/b");
	assert_parses("http://h//../a", URI_HTTP, "h", 80, "/a");
	assert_parses("http://h//a//b", URI_HTTP, "h", 80, "//a//b");
	assert_parses("http://h/...", URI_HTTP, "h", 80, "/...");
	assert_parses("http://h/a?b/../c", URI_HTTP, "h", 80, "/a?b/../c");
}

/* [HTTP-03] */
static void a_url_cannot_end_the_request_line(void **state)
{
	static const char bytes[] = { '\r', '\n', '\0', ' ', '\t', 0x7f, 0x1b };
	char url[] = "http://h/aXb";
	struct failure f;
	struct uri u;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		for (size_t at = 0; at < sizeof(url); at++) {
			memcpy(url, "http://h/aXb", sizeof(url));
			url[at] = bytes[i];
			assert_int_equal(parse(&u, url, sizeof(url), &f), ERR_CONFIG);
			assert_non_null(strstr(f.text, "contains a space (write %20)"));
		}
}

/* [HTTP-19] */
static void malformed_urls_get_a_sentence(void **state)
{
	(void)state;
	assert_malformed("", "does not begin with http:// or tftp://");
	assert_malformed("vmlinuz", "does not begin with http:// or tftp://");
	assert_malformed("//h/x", "does not begin with http:// or tftp://");
	assert_malformed("1http://h/", "does not begin with http:// or tftp://");
	assert_malformed("http:", "lacks the // behind its scheme");
	assert_malformed("http:/h/x", "lacks the // behind its scheme");
	assert_malformed("http://", "names no host");
	assert_malformed("http:///x", "names no host");
	assert_malformed("http://:80/x", "names no host");
	assert_malformed("http://h:0/", "has a port that is no number from 1 to 65535");
	assert_malformed("http://h:65536/", "has a port that is no number from 1 to 65535");
	assert_malformed("http://h:18446744073709551617/",
			 "has a port that is no number from 1 to 65535");
	assert_malformed("http://h:8o/", "has a port that is no number from 1 to 65535");
	assert_malformed("http://h:+1/", "has a port that is no number from 1 to 65535");
	assert_malformed("http://h:1:2/", "has a port that is no number from 1 to 65535");
	assert_malformed("http://a..b/", "has a malformed host name");
	assert_malformed("http://.b/", "has a malformed host name");
	assert_malformed("http://a%41/", "has a malformed host name");
	assert_malformed("http://${ip}/", "has a malformed host name");
}

/* [DNS-11] */
static void what_ends_in_a_number_must_be_a_dotted_quad(void **state)
{
	static const char *const urls[] = {
		"http://1.2.3/",    "http://1.2.3.4.5/", "http://256.1.1.1/", "http://010.0.0.1/",
		"http://16777217/", "http://1.2.3.4./",  "http://host.1/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_malformed(urls[i], "has a malformed address (it is not four numbers from "
					  "0 to 255)");
}

/* [DNS-11] */
static void an_address_is_told_from_a_name(void **state)
{
	struct failure f;
	uint32_t ip = 0;
	struct uri u;

	(void)state;
	assert_int_equal(parse(&u, "http://192.0.2.1/", 17, &f), 0);
	assert_true(uri_host_ip(&u, &ip));
	assert_int_equal(ip, 0xc0000201);
	assert_int_equal(parse(&u, "http://192.0.2.1.example/", 25, &f), 0);
	assert_false(uri_host_ip(&u, &ip));
}

/* [HTTP-19] */
static void user_names_are_refused_and_passwords_not_shown(void **state)
{
	struct failure f;
	struct uri u;

	(void)state;
	assert_int_equal(parse(&u, "http://me:secret@h/", 19, &f), ERR_UNSUPPORTED);
	assert_null(strstr(f.text, "secret"));
	assert_int_equal(parse(&u, "http://@h/", 10, &f), ERR_UNSUPPORTED);
	assert_int_equal(parse(&u, "http://me:se cret@h/", 20, &f), ERR_CONFIG);
	assert_null(strstr(f.text, "cret"));
	assert_int_equal(parse(&u, "http://me:sec/ret@h/", 20, &f), ERR_CONFIG);
	assert_null(strstr(f.text, "sec"));
}

/* [HTTP-19] */
static void ipv6_literals_are_refused_by_name(void **state)
{
	struct failure f;
	struct uri u;

	(void)state;
	assert_int_equal(parse(&u, "http://[2001:db8::1%25eth0]:80/x", 32, &f), ERR_UNSUPPORTED);
	assert_string_equal(f.text, "the URL has an IPv6 address ([2001:db8::1%25eth0]:80), "
				    "and this version of skiff speaks only IPv4");
}

static void other_schemes_are_only_named(void **state)
{
	(void)state;
	assert_parses("nfs://h/x", URI_OTHER, "", 0, "");
	assert_parses("mailto:root", URI_OTHER, "", 0, "");
	assert_parses("httpx://h/", URI_OTHER, "", 0, "");
	assert_parses("htt://h/", URI_OTHER, "", 0, "");
}

static void host_and_path_have_limits(void **state)
{
	char url[5000];
	struct failure f;
	struct uri u;

	(void)state;
	/* "http://" and 255 characters of host in labels of 1 */
	memcpy(url, "http://", 7);
	for (size_t i = 0; i < 256; i++)
		url[7 + i] = i % 2 ? '.' : 'a';
	assert_int_equal(parse(&u, url, 7 + 255, &f), 0);
	assert_int_equal(strlen(u.host), 255);
	assert_int_equal(parse(&u, url, 7 + 256, &f), ERR_CONFIG);
	/* a label of 63 */
	memset(url + 7, 'a', 64);
	assert_int_equal(parse(&u, url, 7 + 63, &f), 0);
	assert_int_equal(parse(&u, url, 7 + 64, &f), ERR_CONFIG);
	/* a URL of 4096, and a path that is longer once encoded */
	memcpy(url, "http://h/", 9);
	memset(url + 9, 'a', sizeof(url) - 9);
	assert_int_equal(parse(&u, url, 4096, &f), 0);
	assert_int_equal(strlen(u.path), 4096 - 8);
	assert_int_equal(parse(&u, url, 4097, &f), ERR_CONFIG);
	assert_non_null(strstr(f.text, "...\" is one of more than 4096 characters"));
	memset(url + 9, '"', 4);
	assert_int_equal(parse(&u, url, 4097 - 1, &f), 0);
	assert_int_equal(strlen(u.path), 4096);
	url[13] = '"';
	assert_int_equal(parse(&u, url, 4097 - 1, &f), ERR_CONFIG);
	assert_non_null(strstr(f.text, "...\" has a path of more than 4096 characters"));
}

/* Each byte of a URL replaced by each value: what is accepted can stand in a request. [SEC-06]
 * [HTTP-03] */
static void whatever_is_accepted_is_safe_in_a_request(void **state)
{
	static const char good[] = "http://a.b:80/c/%41?d#e";
	char url[sizeof(good)];
	struct failure f;
	struct uri u;

	(void)state;
	for (size_t at = 0; at + 1 < sizeof(good); at++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(url, good, sizeof(good));
			url[at] = (char)byte;
			if (parse(&u, url, sizeof(url) - 1, &f) < 0) {
				assert_int_not_equal(f.text[0], 0);
				continue;
			}
			for (size_t i = 0; u.host[i] != '\0'; i++)
				assert_true(strchr(".-_0123456789abcdefghijklmnopqrstuvwxyz",
						   u.host[i]) != NULL);
			for (size_t i = 0; u.path[i] != '\0'; i++)
				assert_true(u.path[i] > ' ' && u.path[i] < 0x7f &&
					    !strchr("\"#<>[]\\^`{|}", u.path[i]));
			assert_true(u.scheme == URI_OTHER ||
				    (u.host[0] != '\0' && u.path[0] == '/' && u.port > 0));
		}
}

/* --- references -------------------------------------------------------------------------- */

static void assert_resolves(const char *base, const char *ref, const char *expected)
{
	char buf[2048];
	struct failure f = { 0 };
	struct uri b, u;
	struct text t;

	assert_int_equal(uri_parse(&b, base, strlen(base), &f, RUNG_TRANSFER), 0);
	assert_int_equal(uri_resolve(&u, &b, ref, strlen(ref), &f, RUNG_TRANSFER), 0);
	text_init(&t, buf, sizeof(buf));
	uri_text(&t, &u);
	assert_string_equal(buf, expected);
}

/* [HTTP-08] RFC 3986 5.4.1; references with a fragment lose it here */
static void normal_references(void **state)
{
	static const char *const table[][2] = {
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g/" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q" },
		{ "g#s", "http://a/b/c/g" },
		{ "g?y#s", "http://a/b/c/g?y" },
		{ ";x", "http://a/b/c/;x" },
		{ "g;x", "http://a/b/c/g;x" },
		{ "g;x?y#s", "http://a/b/c/g;x?y" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../", "http://a/" },
		{ "../../g", "http://a/g" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_resolves("http://a/b/c/d;p?q", table[i][0], table[i][1]);
}

/* [HTTP-08] RFC 3986 5.4.2 */
static void abnormal_references(void **state)
{
	static const char *const table[][2] = {
		{ "../../../g", "http://a/g" },
		{ "../../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ ".g", "http://a/b/c/.g" },
		{ "g..", "http://a/b/c/g.." },
		{ "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" },
		{ "./g/.", "http://a/b/c/g/" },
		{ "g/./h", "http://a/b/c/g/h" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g;x=1/./y", "http://a/b/c/g;x=1/y" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/./x", "http://a/b/c/g?y/./x" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "g#s/./x", "http://a/b/c/g" },
		{ "g#s/../x", "http://a/b/c/g" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_resolves("http://a/b/c/d;p?q", table[i][0], table[i][1]);
}

/* [HTTP-08] */
static void a_reference_keeps_or_replaces_host_and_port(void **state)
{
	(void)state;
	assert_resolves("http://a:8080/b/c", "d", "http://a:8080/b/d");
	assert_resolves("http://a:8080/b/c", "//x/d", "http://x/d");
	assert_resolves("http://a:8080/b/c", "//x:81/d", "http://x:81/d");
	assert_resolves("http://a:8080/b/c", "https://x/d", "https://x/d");
	assert_resolves("http://a:8080/b/c", "tftp://x:69/d", "tftp://x/d");
	assert_resolves("tftp://a/b/c", "d", "tftp://a/b/d");
	assert_resolves("http://a/x?b/c", "d", "http://a/d");
	assert_resolves("http://a", "d", "http://a/d");
	assert_resolves("http://a/\xff/x", "\xfe", "http://a/%FF/%FE");
}

/* [HTTP-03] [HTTP-08] */
static void bad_references_fail_on_the_caller_s_rung(void **state)
{
	static const char *const refs[] = {
		"a b", "a\r\nX: y", "//", "//h:99999/", "//u@h/", "//[::1]/", "http:", "///x",
	};
	struct failure f = { 0 };
	struct uri base, u;

	(void)state;
	assert_int_equal(uri_parse(&base, "http://a/b", 10, &f, RUNG_TRANSFER), 0);
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		memset(&f, 0, sizeof(f));
		assert_true(uri_resolve(&u, &base, refs[i], strlen(refs[i]), &f, RUNG_TRANSFER) <
			    0);
		assert_int_equal(f.rung, RUNG_TRANSFER);
		assert_int_not_equal(f.text[0], 0);
	}
}

static void a_joined_path_may_be_long_only_for_a_moment(void **state)
{
	char base_text[4000] = "http://a/", ref[2100];
	struct failure f = { 0 };
	struct uri base, u;

	(void)state;
	memset(base_text + 9, 'b', 3900);
	base_text[3909] = '/';
	assert_int_equal(uri_parse(&base, base_text, 3910, &f, RUNG_TRANSFER), 0);
	memcpy(ref, "../", 3);
	memset(ref + 3, 'c', 2000);
	assert_int_equal(uri_resolve(&u, &base, ref, 2003, &f, RUNG_TRANSFER), 0);
	assert_int_equal(strlen(u.path), 2001);
	assert_int_equal(uri_resolve(&u, &base, ref + 3, 2000, &f, RUNG_TRANSFER), ERR_CONFIG);
}

/* Who is to mend it: whoever wrote the key, the redirect, the entry. */
static void a_sentence_says_whose_url_it_was(void **state)
{
	static const struct {
		enum rung rung;
		const char *words;
	} cases[] = {
		{ RUNG_CONFIG, "the URL \"http://h:x/\" has a port" },
		{ RUNG_TRANSFER, "the redirect's URL \"http://h:x/\" has a port" },
		{ RUNG_IMAGE, "the boot entry's URL \"http://h:x/\" has a port" },
	};
	static char longer[URI_MAX + 2];
	struct failure f;
	struct uri base, u;

	(void)state;
	memset(longer, 'a', sizeof(longer));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f.err = 0;
		assert_int_equal(uri_parse(&base, "http://h/", 9, &f, RUNG_TRANSFER), 0);
		assert_int_equal(uri_resolve(&u, &base, "http://h:x/", 11, &f, cases[i].rung),
				 ERR_CONFIG);
		assert_ptr_equal(strstr(f.text, cases[i].words), f.text);
		f.err = 0;
		assert_int_equal(uri_resolve(&u, &base, longer, URI_MAX - 1, &f, cases[i].rung), 0);
		assert_int_equal(uri_resolve(&u, &base, longer, URI_MAX + 1, &f, cases[i].rung),
				 ERR_CONFIG);
		assert_memory_equal(f.text, cases[i].words, strcspn(cases[i].words, "\""));
		assert_non_null(strstr(f.text, "...\" is one of more than 4096 characters"));
	}
}

/* --- file names for TFTP ------------------------------------------------------------------- */

/* What a URL asks a server for, taken through its text and back. */
static void assert_names(const char *url, const char *name)
{
	char text[300], got[100];
	struct failure f;
	struct text t;
	struct uri u;

	assert_int_equal(parse(&u, url, strlen(url), &f), 0);
	assert_true(uri_file_name(&u, got, sizeof(got)));
	assert_string_equal(got, name);
	text_init(&t, text, sizeof(text));
	uri_text(&t, &u);
	assert_int_equal(parse(&u, text, t.len, &f), 0);
	assert_true(uri_file_name(&u, got, sizeof(got)));
	assert_string_equal(got, name);
}

/* RFC 3617 */
static void a_tftp_url_names_a_file(void **state)
{
	(void)state;
	assert_names("tftp://h/pxelinux.0", "pxelinux.0");
	assert_names("tftp://h:6969/a/b", "a/b");
	assert_names("tftp://h//abs/olute", "/abs/olute");
	assert_names("tftp://h/a%20b%5Cc%25d", "a b\\c%d");
	assert_names("tftp://h/\\Boot\\x64\\wdsnbp.com", "\\Boot\\x64\\wdsnbp.com");
	assert_names("tftp://h/a?b=%3f", "a?b=?");
	assert_names("tftp://h/a/../b", "b");
	assert_names("tftp://h/%2E%2E/b", "../b");
	assert_names("tftp://h/a;mode=octet", "a");
	assert_names("tftp://h/a;MODE=Octet;mode=octet", "a");
	assert_names("tftp://h/a;mode=octet;b", "a;mode=octet;b");
	assert_names("tftp://h/a%3Bmode=netascii", "a;mode=netascii");
	assert_malformed("tftp://h/a;mode=netascii", "asks for a mode other than octet");
	assert_malformed("tftp://h/a;mode=", "asks for a mode other than octet");
	assert_malformed("tftp://h/a%00b", "has a NUL (%00) in its path");
	assert_malformed("tftp://h/", "names no file");
	assert_malformed("tftp://h", "names no file");
	assert_malformed("tftp://h/;mode=octet", "names no file");
	assert_parses("http://h/a%00;mode=netascii", URI_HTTP, "h", 80, "/a%00;mode=netascii");
}

/* [TFTP-18] Each byte alone, and what DHCP servers of this world write. */
static void a_name_from_dhcp_is_asked_for_verbatim(void **state)
{
	static const char *const names[] = {
		"pxelinux.0",      "/pxelinux.0", "\\Boot\\x64\\wdsnbp.com",
		"a b%20c%",        "..\\x",       "../../x",
		"./x/.",           "a//b",        "x?y#z",
		"a;mode=netascii", "http:x",
	};
	char name[] = "?/?", got[100], text[200];
	struct failure f = { 0 };
	struct uri u, again;
	struct text t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names) + 255; i++) {
		const char *asked = i < ARRAY_LEN(names) ? names[i] : name;

		name[0] = name[2] = (char)(i - ARRAY_LEN(names) + 1);
		assert_int_equal(uri_tftp(&u, "192.0.2.1", asked, &f, RUNG_CONFIG), 0);
		assert_int_equal(u.scheme, URI_TFTP);
		assert_int_equal(u.port, 69);
		assert_string_equal(u.host, "192.0.2.1");
		assert_true(uri_file_name(&u, got, sizeof(got)));
		assert_string_equal(got, asked);
		text_init(&t, text, sizeof(text));
		uri_text(&t, &u);
		assert_int_equal(uri_parse(&again, text, t.len, &f, RUNG_CONFIG), 0);
		assert_string_equal(again.path, u.path);
	}
	assert_false(uri_file_name(&u, got, 3));
	assert_int_equal(uri_tftp(&u, "Boot.Example", "a b/c", &f, RUNG_CONFIG), 0);
	assert_string_equal(u.host, "boot.example");
	assert_int_equal(uri_resolve(&again, &u, "../d", 4, &f, RUNG_IMAGE), 0);
	assert_string_equal(again.path, "/d");
}

/* [SEC-06] */
static void a_server_from_dhcp_must_be_one(void **state)
{
	static char long_name[URI_PATH_MAX + 1];
	static const char *const hosts[] = { "",    "a b",  "a/b",   "1.2.3",
					     "h\n", "a..b", "[::1]", "h:69" };
	struct failure f;
	struct uri u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		f.err = 0;
		assert_int_equal(uri_tftp(&u, hosts[i], "x", &f, RUNG_CONFIG), ERR_CONFIG);
		assert_non_null(strstr(f.text, "is neither a host name nor an address"));
	}
	memset(long_name, 'a', sizeof(long_name) - 1);
	f.err = 0;
	assert_int_equal(uri_tftp(&u, "h", long_name + 1, &f, RUNG_CONFIG), ERR_CONFIG);
	assert_non_null(strstr(f.text, "is too long for TFTP"));
	f.err = 0;
	assert_int_equal(uri_tftp(&u, "h", long_name + 2, &f, RUNG_CONFIG), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_urls_apart),
		cmocka_unit_test(a_sentence_says_whose_url_it_was),
		cmocka_unit_test(an_empty_path_is_a_slash),
		cmocka_unit_test(the_fragment_is_dropped),
		cmocka_unit_test(unsafe_bytes_are_encoded_and_encoded_ones_kept),
		cmocka_unit_test(dot_segments_are_removed),
		cmocka_unit_test(a_url_cannot_end_the_request_line),
		cmocka_unit_test(malformed_urls_get_a_sentence),
		cmocka_unit_test(what_ends_in_a_number_must_be_a_dotted_quad),
		cmocka_unit_test(an_address_is_told_from_a_name),
		cmocka_unit_test(user_names_are_refused_and_passwords_not_shown),
		cmocka_unit_test(ipv6_literals_are_refused_by_name),
		cmocka_unit_test(other_schemes_are_only_named),
		cmocka_unit_test(host_and_path_have_limits),
		cmocka_unit_test(whatever_is_accepted_is_safe_in_a_request),
		cmocka_unit_test(normal_references),
		cmocka_unit_test(abnormal_references),
		cmocka_unit_test(a_reference_keeps_or_replaces_host_and_port),
		cmocka_unit_test(bad_references_fail_on_the_caller_s_rung),
		cmocka_unit_test(a_joined_path_may_be_long_only_for_a_moment),
		cmocka_unit_test(a_tftp_url_names_a_file),
		cmocka_unit_test(a_name_from_dhcp_is_asked_for_verbatim),
		cmocka_unit_test(a_server_from_dhcp_must_be_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
