/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration keys as lines KEY=VALUE, the first one first, and their variables: every value is
 * kept as it is documented, or refused in a sentence, and a key that is set keeps its value. fuzz:
 * -max_len=5000
 */
#include "net/boot/config.h"
#include "net/boot/vars.h"
#include "tests/fuzz/fuzz.h"

static void must_be_sound(const struct config *c)
{
	must(strnlen(c->url, sizeof(c->url)) < sizeof(c->url) &&
		     strnlen(c->fetch, sizeof(c->fetch)) < sizeof(c->fetch) &&
		     strnlen(c->initrd, sizeof(c->initrd)) < sizeof(c->initrd) &&
		     strnlen(c->cmdline, sizeof(c->cmdline)) < sizeof(c->cmdline),
	     "a value without its end");
	must(c->digests <= CONFIG_DIGESTS_MAX, "more digests than there is room for");
	must(c->csum <= CSUM_POLICY_TRUST, "no such policy");
	must(c->deadline_ms >= 1000 || !config_has(c, CONFIG_DEADLINE),
	     "a deadline of less than a second");
	must(c->set >> CONFIG_KEYS == 0, "a key that there is not");
	if (c->ip_static)
		must(c->prefix >= 1 && c->prefix <= 32 && c->ip != 0 && c->ip != c->gateway,
		     "an address that no host can have");
}

static void expand(struct span value, const char *key, const struct vars *vars)
{
	char buf[300];
	struct text t;
	struct failure f = { .err = 0 };
	int err;

	text_init(&t, buf, sizeof(buf));
	err = vars_expand(&t, (const char *)value.at, value.len, vars, key, &f);
	must_agree(err, &f);
	must(t.len < sizeof(buf) && buf[t.len] == 0, "text without its end");
	if (!err)
		must(!t.cut, "a value that was cut");
}

/* The next line of the input, split at its first '='. */
static bool next_pair(struct input *in, struct span *key, struct span *value)
{
	const uint8_t *end = in->left ? memchr(in->at, '\n', in->left) : NULL, *equals;
	struct span line;

	if (!in->left)
		return false;
	line = take_span(in, end ? (size_t)(end - in->at) : in->left);
	take(in, 1);
	equals = line.len ? memchr(line.at, '=', line.len) : NULL;
	*key = (struct span){ line.at, equals ? (uint32_t)(equals - line.at) : line.len };
	*value = (struct span){ line.at + line.len, 0 };
	if (equals)
		*value = (struct span){ equals + 1, line.len - key->len - 1 };
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config config;
	static char url[CONFIG_URL_MAX];
	struct vars vars = { .mac = { 0x52, 0x54, 0, 1, 2, 3 } };
	struct input in = { data, len };
	struct span key, value;
	bool had_url;
	int err;

	vars.has_uuid = len & 1;
	vars.ip = len & 2 ? 0x0a00020f : 0;
	config_init(&config);
	while (next_pair(&in, &key, &value)) {
		struct failure f = { .err = 0 };

		had_url = config_has(&config, CONFIG_URL);
		memcpy(url, config.url, sizeof(url));
		err = config_set(&config, "fw_cfg", (const char *)key.at, key.len,
				 (const char *)value.at, value.len, &f);
		must_agree(err, &f);
		must_be_sound(&config);
		must(!had_url || !strcmp(url, config.url),
		     "a key that was set has changed its value");
		expand(value, "cmdline", &vars);
		if (err)
			break;
	}
	return 0;
}
