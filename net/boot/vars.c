/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables in configured values. Users write them; config and netboot call. */
#include "net/boot/vars.h"

char *vars_uuid_text(char buf[UUID_TEXT_LEN], const uint8_t uuid[16])
{
	/* SMBIOS 2.6 and up, 7.2.1: the first three fields are stored little-endian. */
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct text t;

	text_init(&t, buf, UUID_TEXT_LEN);
	for (size_t i = 0; i < 16; i++)
		text_fmt(&t, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			 uuid[order[i]]);
	return buf;
}

/* One variable by its name. False: there is none, or none with a value here; *why says which. */
static bool add_value(struct text *out, const char *name, size_t len, const struct vars *v,
		      const char **why)
{
	char uuid[UUID_TEXT_LEN], mac[MAC_TEXT_LEN], ip[IP_TEXT_LEN];

	*why = "; there are ${mac}, ${uuid} and ${ip}";
	if (text_is(name, len, "mac")) {
		text_fmt(out, "%s", mac_text(mac, v->mac));
		return true;
	}
	if (text_is(name, len, "uuid")) {
		*why = ", and this machine has no UUID";
		if (v->has_uuid)
			text_fmt(out, "%s", vars_uuid_text(uuid, v->uuid));
		return v->has_uuid;
	}
	if (text_is(name, len, "ip")) {
		*why = ", and there is no address yet";
		if (v->ip != 0)
			text_fmt(out, "%s", ip_text(ip, v->ip));
		return v->ip != 0;
	}
	return false;
}

int vars_expand(struct text *out, const char *s, size_t len, const struct vars *v, const char *name,
		struct failure *f)
{
	const char *why;
	size_t end;

	for (size_t i = 0; i < len; i++) {
		if (s[i] != '$' || i + 1 == len || s[i + 1] != '{') {
			text_add(out, s + i, 1);
			continue;
		}
		for (end = i + 2; end < len && s[end] != '}'; end++)
			;
		if (end == len)
			return fail(f, RUNG_CONFIG, ERR_CONFIG, "%s has a \"${\" without its \"}\"",
				    name);
		if (!add_value(out, s + i + 2, end - i - 2, v, &why))
			return fail(f, RUNG_CONFIG, ERR_CONFIG, "%s has the variable \"%.*s\"%s",
				    name, end - i < 40 ? (int)(end - i + 1) : 40, s + i, why);
		i = end;
	}
	if (out->cut)
		return fail(f, RUNG_CONFIG, ERR_CONFIG,
			    "%s is longer than %zu characters once its variables are replaced",
			    name, out->cap - 1);
	return 0;
}
