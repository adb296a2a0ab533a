/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a server says about booting: the file, where it is, and option 43. Each has several places
 * in a message, and which one counts is decided here [DHCP-16]. dhcp.c, dhcp_lease.c and dhcp_pxe.c
 * call.
 */
#include "core/mem.h"
#include "core/text.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/ipv4.h"

bool dhcp_is_pxe(const struct dhcp_reader *r)
{
	struct span v = dhcp_get(r, DHCP_OPTION_VENDOR_CLASS);

	return v.len >= 9 && text_is((const char *)v.at, 9, "PXEClient");
}

/* An option 67 of nothing is none. */
static void read_file(struct dhcp_boot *b, const struct dhcp_reader *r)
{
	dhcp_copy_text(b->file, sizeof(b->file), dhcp_get(r, DHCP_OPTION_BOOT_FILE));
	b->in_option_67 = b->file[0];
	if (!b->in_option_67)
		dhcp_copy_text(b->file, sizeof(b->file), r->options.file);
}

static bool use_ip(struct dhcp_boot *b, enum dhcp_server_in in, uint32_t ip)
{
	if (!ipv4_is_unicast(ip))
		return false;
	b->server_in = in;
	ip_text(b->server, ip);
	return true;
}

static bool use_name(struct dhcp_boot *b, enum dhcp_server_in in, struct span name)
{
	dhcp_copy_text(b->server, sizeof(b->server), name);
	if (!uri_is_host(b->server)) /* `sname` is a remark, sometimes */
		return false;
	b->server_in = in;
	return true;
}

/* The first of these that names one: siaddr, 66, sname, 150; the server itself. */
static void read_server(struct dhcp_boot *b, const struct dhcp_reader *r)
{
	if (use_ip(b, DHCP_IN_SIADDR, get_be32(r->message.at + DHCP_SIADDR_OFF)) ||
	    use_name(b, DHCP_IN_OPTION_66, dhcp_get(r, DHCP_OPTION_SERVER_NAME)) ||
	    use_name(b, DHCP_IN_SNAME, r->options.sname) ||
	    use_ip(b, DHCP_IN_OPTION_150, dhcp_get_ip(r, DHCP_OPTION_TFTP_SERVERS)) ||
	    use_ip(b, DHCP_IN_OPTION_54, b->from))
		return;
	b->server[0] = '\0';
}

void dhcp_boot_read(struct dhcp_boot *b, const struct dhcp_reader *r, enum dhcp_by by)
{
	uint32_t from = dhcp_get_ip(r, DHCP_OPTION_SERVER);
	struct span v;

	memset(b, 0, sizeof(*b));
	b->from = from ? from : r->sender;
	b->by = by;
	read_file(b, r);
	read_server(b, r);
	b->pxe = dhcp_is_pxe(r);
	v = dhcp_get(r, DHCP_OPTION_VENDOR);
	if (!b->pxe || !v.len || v.len > sizeof(b->vendor)) /* whose it is else, nobody knows */
		return;
	memcpy(b->vendor, v.at, v.len);
	b->vendor_len = v.len;
}

void dhcp_boot_text(const struct dhcp_boot *b, struct text *t)
{
	static const char *const who[] = {
		[DHCP_BY_LEASE] = "DHCP server",
		[DHCP_BY_PROXY] = "proxy DHCP server",
		[DHCP_BY_BOOT_SERVER] = "boot server",
	};
	static const char *const where[] = {
		[DHCP_IN_NOTHING] = "no server",     [DHCP_IN_SIADDR] = "siaddr",
		[DHCP_IN_OPTION_66] = "option 66",   [DHCP_IN_SNAME] = "sname",
		[DHCP_IN_OPTION_150] = "option 150", [DHCP_IN_OPTION_54] = "option 54",
	};
	char ip[IP_TEXT_LEN];

	text_fmt(t, "%s %s: %s", who[b->by], ip_text(ip, b->from),
		 b->in_option_67 ? "option 67" : "file");
	if (!uri_is(b->file))
		text_fmt(t, ", %s", where[b->server_in]);
}
