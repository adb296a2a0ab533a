/* SPDX-License-Identifier: BSD-2-Clause */
/* The knobs, read from what the user wrote. Called by conform.c. */
#include "tests/conform/knobs.h"

#include "core/mem.h"
#include "core/text.h"

#define DEADLINE_MS 5000
#define QUOTE_MAX 60
#define LIMIT_MAX_S 86400

void knobs_init(struct knobs *k)
{
	memset(k, 0, sizeof(*k));
	config_init(&k->config);
	k->rows = row_set_all();
	k->deadline_ms = DEADLINE_MS;
}

static bool is_separator(char c)
{
	return c == ' ' || c == ',' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* The next word of the list at *s; its length, 0 at the end. */
static size_t next_word(const char **s, const char *end)
{
	size_t len = 0;

	while (*s < end && is_separator(**s))
		(*s)++;
	while (*s + len < end && !is_separator((*s)[len]))
		len++;
	return len;
}

static int set_only(struct knobs *k, knobs_name_fn is_name, const char *source, const char *value,
		    uint32_t value_len, struct failure *f)
{
	const char *s = value, *end = value + value_len;
	struct row_set rows = { { 0 } };
	enum row row;
	size_t len;

	if (value_len >= sizeof(k->only))
		return fail(f, RUNG_CONFIG, ERR_CONFIG, "%s: only has more than %u characters",
			    source, KNOBS_ONLY_MAX - 1);
	for (; (len = next_word(&s, end)) > 0; s += len) {
		row = row_find(s, len);
		if (row != ROWS)
			row_set_add(&rows, row);
		else if (is_name(s, len))
			k->has_names = true;
		else
			return fail(
				f, RUNG_CONFIG, ERR_CONFIG,
				"%s: only names \"%.*s\", which is neither a row (DEV-40) nor a "
				"configuration (as-skiff)",
				source, (int)(len < QUOTE_MAX ? len : QUOTE_MAX), s);
	}
	if (row_set_any(rows))
		k->rows = rows;
	k->has_only = true;
	memcpy(k->only, value, value_len);
	return 0;
}

static uint32_t trimmed(const char *value, uint32_t len)
{
	while (len && is_separator(value[len - 1]))
		len--;
	return len;
}

static int set_limit(struct knobs *k, const char *source, const char *value, uint32_t len,
		     struct failure *f)
{
	uint64_t n;

	if (!text_to_u64(value, len, &n) || n < 1 || n > LIMIT_MAX_S)
		return fail(f, RUNG_CONFIG, ERR_CONFIG,
			    "%s: limit is a number of seconds from 1 to %u", source, LIMIT_MAX_S);
	if (!k->limit_ms)
		k->limit_ms = (uint32_t)n * 1000;
	return 0;
}

int knobs_set(struct knobs *k, knobs_name_fn is_name, const char *source, const char *key,
	      const char *value, uint32_t len, struct failure *f)
{
	static const char *const skiffs[] = { "url", "ip", "features", "deadline" };
	int err = 0;

	len = trimmed(value, len);
	if (text_eq(key, "only"))
		return k->has_only ? 0 : set_only(k, is_name, source, value, len, f);
	if (text_eq(key, "limit"))
		return set_limit(k, source, value, len, f);
	if (text_eq(key, "seed")) {
		if (!k->has_seed && !text_hex_to_u64(value, len, &k->seed))
			return fail(f, RUNG_CONFIG, ERR_CONFIG, "%s: seed is a hexadecimal number",
				    source);
		k->has_seed = true;
		return 0;
	}
	if (text_eq(key, "hostile")) {
		k->hostile |= text_is(value, len, "1");
		return text_is(value, len, "1") || text_is(value, len, "0") ?
			       0 :
			       fail(f, RUNG_CONFIG, ERR_CONFIG, "%s: hostile is 0 or 1", source);
	}
	for (unsigned i = 0; i < ARRAY_LEN(skiffs); i++)
		if (text_eq(key, skiffs[i])) {
			err = config_set(&k->config, source, key, text_len(key), value, len, f);
			if (!err && config_has(&k->config, CONFIG_DEADLINE))
				k->deadline_ms = k->config.deadline_ms;
			return err;
		}
	return fail(f, RUNG_CONFIG, ERR_CONFIG,
		    "%s: there is no key \"%.*s\"; the keys are only, seed, hostile, url, ip, "
		    "features, deadline and limit",
		    source, QUOTE_MAX, key);
}

bool knobs_wants(const struct knobs *k, const char *name)
{
	const char *s = k->only, *end = k->only + text_len(k->only);
	size_t len;

	if (!k->has_names)
		return true;
	for (; (len = next_word(&s, end)) > 0; s += len)
		if (text_is(s, len, name))
			return true;
	return false;
}
