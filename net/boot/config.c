/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration: a typing error must not boot something else, so each value is checked as far as it
 * can be before anything is done. Written by users, and by DHCP servers where netboot passes their
 * options on. Called by netboot and the ports.
 */
#include "core/assert.h"
#include "core/mem.h"
#include "core/text.h"
#include "net/boot/config.h"
#include "net/boot/vars.h"

#define DEADLINE_DEFAULT_S 60
#define DEADLINE_MAX_S 86400
#define QUOTE_MAX 60 /* characters of a value in a sentence */

const char *const config_names[CONFIG_KEYS] = {
	[CONFIG_URL] = "url",           [CONFIG_INITRD] = "initrd", [CONFIG_CMDLINE] = "cmdline",
	[CONFIG_FETCH] = "fetch",       [CONFIG_SHA256] = "sha256", [CONFIG_CSUM] = "csum",
	[CONFIG_FEATURES] = "features", [CONFIG_IP] = "ip",         [CONFIG_DEADLINE] = "deadline",
	[CONFIG_NBP] = "nbp",
};

struct value {
	const char *s;
	size_t len;
};

static bool is_one_of(char c, const char *set)
{
	while (*set != '\0')
		if (*set++ == c)
			return true;
	return false;
}

/* The next word of v, which shrinks; false if there is none. */
static bool next_word(struct value *v, const char *separators, struct value *word)
{
	while (v->len > 0 && is_one_of(v->s[0], separators)) {
		v->s++;
		v->len--;
	}
	*word = (struct value){ v->s, 0 };
	while (v->len > 0 && !is_one_of(v->s[0], separators)) {
		v->s++;
		v->len--;
		word->len++;
	}
	return word->len > 0;
}

/* Stores a value as text, unless an earlier source had the say. It fits, if is_line() said so. */
static void keep_text(char *to, struct value v, bool keep)
{
	if (!keep)
		return;
	memcpy(to, v.s, v.len);
	to[v.len] = '\0';
}

static bool is_line(struct value v, size_t cap)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.s[i] < ' ' || v.s[i] == 0x7f)
			return false;
	return v.len < cap;
}

/* The value with stand-ins for the variables, in c->check_text. */
static bool check_variables(struct config *c, struct value v, size_t cap, const char *name)
{
	static const struct vars longest = { .has_uuid = true, .ip = UINT32_MAX };
	struct text t;

	text_init(&t, c->check_text, cap);
	return vars_expand(&t, v.s, v.len, &longest, name, &c->check_failure) == 0;
}

static bool check_url(struct config *c, struct value v, const char *name)
{
	if (!is_line(v, CONFIG_URL_MAX) || !check_variables(c, v, CONFIG_URL_MAX, name) ||
	    uri_parse(&c->check_uri, c->check_text, text_len(c->check_text), &c->check_failure,
		      RUNG_CONFIG) < 0)
		return false;
	if (c->check_uri.scheme != URI_OTHER)
		return true;
	fail(&c->check_failure, RUNG_CONFIG, ERR_CONFIG,
	     "the URL begins neither with http:// nor with tftp://");
	return false;
}

/* --- one function per key: false if the value is malformed; kept unless !keep ----------------- */

static bool set_url(struct config *c, struct value v, bool keep)
{
	if (!check_url(c, v, "url"))
		return false;
	keep_text(c->url, v, keep);
	return true;
}

static bool set_fetch(struct config *c, struct value v, bool keep)
{
	if (v.len > 0 && !check_url(c, v, "fetch"))
		return false;
	keep_text(c->fetch, v, keep);
	return true;
}

static bool set_initrd(struct config *c, struct value v, bool keep)
{
	struct value rest = v, word;

	if (!is_line(v, CONFIG_INITRD_MAX))
		return false;
	while (next_word(&rest, " ", &word))
		if (!check_url(c, word, "initrd"))
			return false;
	keep_text(c->initrd, v, keep);
	return true;
}

static bool set_cmdline(struct config *c, struct value v, bool keep)
{
	if (!is_line(v, CONFIG_CMDLINE_MAX) ||
	    !check_variables(c, v, CONFIG_CMDLINE_MAX, "cmdline"))
		return false;
	keep_text(c->cmdline, v, keep);
	return true;
}

static bool set_sha256(struct config *c, struct value v, bool keep)
{
	uint8_t digest[SHA256_LEN];
	uint32_t digests = 0;
	struct value word;

	while (next_word(&v, " ,", &word)) {
		if (digests == CONFIG_DIGESTS_MAX || !sha256_parse(word.s, word.len, digest))
			return false;
		if (keep)
			memcpy(c->sha256[digests], digest, sizeof(digest));
		digests++;
	}
	if (keep)
		c->digests = digests;
	return true;
}

static bool set_csum(struct config *c, struct value v, bool keep)
{
	static const char *const names[] = {
		[CSUM_POLICY_AUTO] = "auto",
		[CSUM_POLICY_OFF] = "off",
		[CSUM_POLICY_TRUST] = "trust",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (text_is(v.s, v.len, names[i])) {
			if (keep)
				c->csum = (enum csum_policy)i;
			return true;
		}
	return false;
}

static bool set_features(struct config *c, struct value v, bool keep)
{
	uint64_t mask;

	if (!text_hex_to_u64(v.s, v.len, &mask))
		return false;
	if (keep)
		c->features = mask;
	return true;
}

static bool set_deadline(struct config *c, struct value v, bool keep)
{
	uint64_t seconds;

	if (!text_to_u64(v.s, v.len, &seconds) || seconds < 1 || seconds > DEADLINE_MAX_S)
		return false;
	if (keep)
		c->deadline_ms = (uint32_t)seconds * 1000;
	return true;
}

static bool set_nbp(struct config *c, struct value v, bool keep)
{
	bool on = text_is(v.s, v.len, "1");

	if (!on && !text_is(v.s, v.len, "0"))
		return false;
	if (keep)
		c->nbp = on;
	return true;
}

/* An address that one host can have: RFC 1122 3.2.1.3. */
static bool word_to_host_ip(struct value word, uint32_t *ip)
{
	uint32_t net;

	if (!text_to_ip(word.s, word.len, ip))
		return false;
	net = *ip >> 24;
	return net != 0 && net != 127 && net < 224;
}

/* ADDRESS/PREFIX; the address is neither the network's own nor its broadcast. */
static bool word_to_ip_and_prefix(struct value word, uint32_t *ip, uint8_t *prefix)
{
	struct value address = { word.s, 0 }, rest;
	uint64_t bits;
	uint32_t hosts;

	while (address.len < word.len && word.s[address.len] != '/')
		address.len++;
	if (address.len == word.len)
		return false;
	rest = (struct value){ word.s + address.len + 1, word.len - address.len - 1 };
	if (!word_to_host_ip(address, ip) || !text_to_u64(rest.s, rest.len, &bits) || bits < 1 ||
	    bits > 32)
		return false;
	hosts = bits < 32 ? UINT32_MAX >> bits : 0;
	if (bits <= 30 && ((*ip & hosts) == 0 || (*ip & hosts) == hosts)) /* not a /31: RFC 3021 */
		return false;
	*prefix = (uint8_t)bits;
	return true;
}

static bool set_ip(struct config *c, struct value v, bool keep)
{
	uint32_t ip, gateway, dns = 0;
	struct value word;
	uint8_t prefix;

	if (text_is(v.s, v.len, "dhcp")) {
		if (keep)
			c->ip_static = false;
		return true;
	}
	if (!next_word(&v, " ,", &word) || !word_to_ip_and_prefix(word, &ip, &prefix) ||
	    !next_word(&v, " ,", &word) || !word_to_host_ip(word, &gateway) || gateway == ip)
		return false;
	if (next_word(&v, " ,", &word) && !word_to_host_ip(word, &dns))
		return false;
	if (next_word(&v, " ,", &word))
		return false;
	if (keep) {
		c->ip_static = true;
		c->ip = ip;
		c->prefix = prefix;
		c->gateway = gateway;
		c->dns = dns;
	}
	return true;
}

/* --- the whole ----------------------------------------------------------------------------- */

static const struct {
	bool (*set)(struct config *c, struct value v, bool keep);
	const char *accepted;
} keys[CONFIG_KEYS] = {
	[CONFIG_URL] = { set_url, "a URL of at most 4096 characters" },
	[CONFIG_INITRD] = { set_initrd,
			    "URLs of at most 4096 characters, separated by spaces, 16383 in "
			    "all; or nothing" },
	[CONFIG_CMDLINE] = { set_cmdline, "one line of at most 4095 characters; or nothing" },
	[CONFIG_FETCH] = { set_fetch, "a URL of at most 4096 characters; or nothing" },
	[CONFIG_SHA256] = { set_sha256, "at most 8 digests of 64 hexadecimal digits, separated by "
					"spaces; or nothing" },
	[CONFIG_CSUM] = { set_csum, "auto, off or trust" },
	[CONFIG_FEATURES] = { set_features, "a hexadecimal mask of at most 64 bits" },
	[CONFIG_IP] = { set_ip, "dhcp, or ADDRESS/PREFIX GATEWAY [DNS] (10.0.0.7/24 10.0.0.1)" },
	[CONFIG_DEADLINE] = { set_deadline, "a number of seconds from 1 to 86400" },
	[CONFIG_NBP] = { set_nbp, "0 or 1" },
};

void config_init(struct config *c)
{
	c->set = 0;
	c->url[0] = c->fetch[0] = c->initrd[0] = c->cmdline[0] = '\0';
	c->digests = 0;
	c->csum = CSUM_POLICY_AUTO;
	c->features = UINT64_MAX;
	c->deadline_ms = DEADLINE_DEFAULT_S * 1000;
	c->nbp = false;
	c->ip_static = false;
	c->prefix = 0;
	c->ip = c->gateway = c->dns = 0;
}

bool config_has(const struct config *c, enum config_key key)
{
	return c->set >> key & 1;
}

static enum config_key find_key(const char *key, size_t len)
{
	unsigned i;

	for (i = 0; i < CONFIG_KEYS; i++)
		if (text_is(key, len, config_names[i]))
			break;
	return (enum config_key)i;
}

static int cut_to(size_t len, size_t max)
{
	return (int)(len < max ? len : max);
}

int config_set(struct config *c, const char *source, const char *key, size_t key_len,
	       const char *value, size_t value_len, struct failure *f)
{
	enum config_key k = find_key(key, key_len);
	struct value v = { value, value_len };

	if (k == CONFIG_KEYS)
		return fail(f, RUNG_CONFIG, ERR_CONFIG,
			    "%s: there is no key \"%.*s\"; the keys are url, initrd, cmdline, "
			    "fetch, sha256, csum, features, ip, deadline and nbp",
			    source, cut_to(key_len, QUOTE_MAX), key);
	while (v.len > 0 && (v.s[v.len - 1] == '\0' || is_one_of(v.s[v.len - 1], " \t\r\n")))
		v.len--;
	c->check_failure.err = 0;
	if (keys[k].set(c, v, !config_has(c, k))) {
		c->set |= 1u << k;
		return 0;
	}
	if (c->check_failure.err != 0)
		return fail(f, RUNG_CONFIG, ERR_CONFIG, "%s: %s: %s", source, config_names[k],
			    c->check_failure.text);
	return fail(f, RUNG_CONFIG, ERR_CONFIG, "%s: %s=\"%.*s%s\" is malformed; accepted is %s",
		    source, config_names[k], cut_to(v.len, QUOTE_MAX), v.s,
		    v.len > QUOTE_MAX ? "..." : "", keys[k].accepted);
}
