/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads option 43 as PXE servers write it. A server, or whoever plays one, wrote it; the copy is
 * private. dhcp_pxe.c and the boot story call.
 */
#include "core/mem.h"
#include "core/wire.h"
#include "net/dhcp_options.h"
#include "net/dhcp_vendor.h"

/* PXE 2.1, table 2-1; 1 to 5 are MTFTP's, of which nothing is known here. */
enum sub_option {
	SUB_CONTROL = 6,
	SUB_MULTICAST = 7,
	SUB_SERVERS = 8,
	SUB_MENU = 9,
	SUB_PROMPT = 10,
	SUB_ITEM = DHCP_VENDOR_ITEM,
};

static void read_multicast(struct dhcp_vendor *v, struct span value)
{
	uint32_t ip = value.len == 4 ? get_be32(value.at) : 0;

	if (ip >> 28 == 14) /* RFC 1112 4 */
		v->multicast = ip;
}

static void read_prompt(struct dhcp_vendor *v, struct span value)
{
	if (!value.len)
		return;
	v->has_prompt = true;
	v->prompt_s = value.at[0];
	v->prompt = (struct span){ value.at + 1, value.len - 1 };
}

static void read_item(struct dhcp_vendor *v, struct span value)
{
	if (value.len != 4)
		return;
	v->has_item = true;
	v->type = get_be16(value.at);
	v->layer = get_be16(value.at + 2);
}

/* They look as options do, pad and end included (RFC 2132 8.4) [DHCP-23]. */
void dhcp_vendor_read(struct dhcp_vendor *v, struct span option)
{
	struct dhcp_part sub;

	memset(v, 0, sizeof(*v));
	while (dhcp_options_next(&option, &sub)) {
		switch (sub.code) {
		case SUB_CONTROL:
			v->control = sub.value.len == 1 ? sub.value.at[0] : 0;
			break;
		case SUB_MULTICAST:
			read_multicast(v, sub.value);
			break;
		case SUB_SERVERS:
			v->servers = sub.value;
			break;
		case SUB_MENU:
			v->menu = sub.value;
			break;
		case SUB_PROMPT:
			read_prompt(v, sub.value);
			break;
		case SUB_ITEM:
			read_item(v, sub.value);
			break;
		default:
			break;
		}
	}
}

/* Type, a count of `unit` bytes each, and those. False: there is no more, or it is cut short. */
static bool next(struct span *list, uint32_t unit, uint16_t *type, struct span *value)
{
	if (list->len < 3 || list->at[2] * unit > list->len - 3)
		return false;
	*type = get_be16(list->at);
	*value = (struct span){ list->at + 3, list->at[2] * unit };
	list->at += 3 + value->len;
	list->len -= 3 + value->len;
	return true;
}

bool dhcp_vendor_item(struct span *menu, struct dhcp_menu_item *item)
{
	return next(menu, 1, &item->type, &item->text);
}

bool dhcp_vendor_servers(struct span *list, struct dhcp_boot_servers *servers)
{
	return next(list, 4, &servers->type, &servers->ips);
}
