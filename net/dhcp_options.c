/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks a DHCP message's options. A server, or whoever plays one, wrote them; the message is a
 * private copy. dhcp.c and dhcp_lease.c call.
 */
#include "core/mem.h"
#include "net/dhcp_options.h"

bool dhcp_options_next(struct span *area, struct dhcp_part *part)
{
	while (area->len && *area->at == DHCP_OPTION_PAD) {
		area->at++;
		area->len--;
	}
	if (area->len < 2 || area->at[0] == DHCP_OPTION_END || area->at[1] > area->len - 2)
		return false;
	*part = (struct dhcp_part){ area->at[0], { area->at + 2, area->at[1] } };
	area->at += 2u + part->value.len;
	area->len -= 2u + part->value.len;
	return true;
}

/*
 * RFC 2132 9.3: option 52 says which of the two fields hold options too; `file` comes first
 * [DHCP-14].
 */
void dhcp_options_open(struct dhcp_options *o, struct span message)
{
	const struct span file = { message.at + DHCP_FILE_OFF, DHCP_FILE_LEN };
	const struct span sname = { message.at + DHCP_SNAME_OFF, DHCP_SNAME_LEN };
	struct span overload;
	uint8_t fields;

	memset(o, 0, sizeof(*o));
	o->file = file;
	o->sname = sname;
	o->area[0] = (struct span){ message.at + DHCP_OPTIONS_OFF, message.len - DHCP_OPTIONS_OFF };
	overload = dhcp_options_get(o, DHCP_OPTION_OVERLOAD, &fields, sizeof(fields));
	if (overload.len != 1 || fields < 1 || fields > 3)
		return;
	if (fields & 1) {
		o->area[1] = file;
		o->file.len = 0;
	}
	if (fields & 2) {
		o->area[2] = sname;
		o->sname.len = 0;
	}
}

/*
 * RFC 3396 5: parts are joined in the order of the areas, and only then have a meaning [DHCP-15]
 * [SEC-03].
 */
struct span dhcp_options_get(const struct dhcp_options *o, enum dhcp_option code, uint8_t *buf,
			     uint32_t cap)
{
	struct span joined = { NULL, 0 };
	struct dhcp_part part;

	for (uint32_t i = 0; i < ARRAY_LEN(o->area); i++) {
		struct span area = o->area[i];

		while (dhcp_options_next(&area, &part)) {
			if (part.code != code)
				continue;
			if (part.value.len > cap - joined.len)
				return (struct span){ NULL, 0 };
			memcpy(buf + joined.len, part.value.at, part.value.len);
			joined.at = buf;
			joined.len += part.value.len;
		}
	}
	return joined;
}
