/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP messages as the lease that they grant: addresses that a host can have, text that ends; as an
 * option 43, whose items and servers lie within it; and as the answer of a proxy or a boot server.
 * fuzz: -max_len=1500
 */
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/net.h"
#include "tests/fuzz/fuzz.h"

static void must_lie_in(struct span inner, struct span outer)
{
	must(!inner.len || (inner.at >= outer.at && inner.at + inner.len <= outer.at + outer.len),
	     "bytes from outside of an option");
}

static void must_be_walked(struct span option)
{
	struct dhcp_vendor v;
	struct dhcp_menu_item item;
	struct dhcp_boot_servers s;

	dhcp_vendor_read(&v, option);
	must(!v.multicast || v.multicast >> 28 == 14, "a group that is none");
	must_lie_in(v.prompt, option);
	must_lie_in(v.menu, option);
	must_lie_in(v.servers, option);
	while (dhcp_vendor_item(&v.menu, &item))
		must_lie_in(item.text, option);
	while (dhcp_vendor_servers(&v.servers, &s)) {
		must_lie_in(s.ips, option);
		must(s.ips.len % 4 == 0, "a part of an address");
	}
}

static void must_be_bootable(const struct dhcp_boot *b)
{
	char text[100];
	struct text t;

	must(strnlen(b->file, sizeof(b->file)) < sizeof(b->file), "text without its end");
	must(b->server_in == DHCP_IN_NOTHING || uri_is_host(b->server), "a server that is no host");
	must(b->vendor_len <= sizeof(b->vendor) && (b->pxe || !b->vendor_len),
	     "an option 43 of somebody else");
	must_be_walked((struct span){ b->vendor, b->vendor_len });
	text_init(&t, text, sizeof(text));
	dhcp_boot_text(b, &t);
	must(!t.cut, "a text that is cut");
}

/* The exchange on port 4011: whom the option 43 lets answer is kept out of the message. */
static void answer(const struct dhcp_reader *r, uint32_t choices, struct span option)
{
	static struct net net;
	struct dhcp *d = &net.dhcp;
	enum dhcp_fate fate;

	memset(d, 0, sizeof(*d));
	d->ask.state = DHCP_ASKED;
	d->ask.proxy = choices & 2 ? 0x0a000202 : 0;
	d->ask.type = choices >> 2 & 3;
	dhcp_vendor_read(&d->ask.vendor, option);
	fate = dhcp_ask_rx(&net, r, choices & 0x10 ? DHCP_OFFER : DHCP_ACK);
	must((fate == DHCP_TAKEN) == (d->ask.state == DHCP_ANSWERED), "taken, or not");
	if (fate != DHCP_TAKEN)
		return;
	must(!(choices & 0x10) && d->answer.pxe, "an answer of who is no PXE server");
	must(d->answer.file[0] || (d->ask.proxy && d->answer.vendor_len), "an answer of nothing");
	must(d->cached[DHCP_CACHED_REPLY].len <= DHCP_PACKET_MAX, "a packet beyond its room");
	must_be_bootable(&d->answer);
}

static void must_be_usable(const struct dhcp_lease *l)
{
	uint32_t i;

	must(ipv4_is_unicast(l->address.ip), "an address that no host can have");
	must((~l->address.mask & (~l->address.mask + 1)) == 0, "a mask with a hole");
	must(l->address.routes <= IPV4_ROUTES_MAX, "more routes than there is room for");
	for (i = 0; i < l->address.routes; i++)
		must((l->address.route[i].dst & ~l->address.route[i].mask) == 0,
		     "a route with bits outside of its mask");
	must_be_bootable(&l->boot);
	for (i = 0; i < sizeof(l->address.search) && l->address.search[i];
	     i += (uint32_t)strlen(l->address.search + i) + 1)
		must(strnlen(l->address.search + i, sizeof(l->address.search) - i) <
			     sizeof(l->address.search) - i,
		     "a domain without its end");
	must(i < sizeof(l->address.search), "domains without their end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dhcp_lease lease;
	struct dhcp_reader r = { .sender = 0x0a000202 };
	struct input in = { data, len };
	uint32_t choices = take(&in, 1), code = take(&in, 1), cap = take(&in, 1) * 8;
	uint8_t buf[DHCP_OPTIONS_MAX], *message;
	struct span vendor = choices & 0x20 ? take_span(&in, take(&in, 1)) :
					      (struct span){ NULL, 0 };
	struct span rest = take_rest(&in), value;
	/* What stands before `file` matters little: the input has it only where it is asked to. */
	uint32_t fixed = choices & 1 ? 0 : DHCP_FILE_OFF, whole = fixed + rest.len;

	if (whole < DHCP_OPTIONS_OFF) /* dhcp.c has looked at that */
		whole = DHCP_OPTIONS_OFF;
	message = malloc(whole);
	memset(message, 0, whole);
	if (fixed) {
		message[DHCP_OP_OFF] = 2;
		put_be32(message + DHCP_YIADDR_OFF, 0x0a00020f);
	}
	memcpy(message + fixed, rest.at, rest.len);
	r.message = (struct span){ message, whole };
	r.buf = buf;
	dhcp_options_open(&r.options, r.message);
	value = dhcp_options_get(&r.options, (enum dhcp_option)code, buf,
				 cap < sizeof(buf) ? cap : sizeof(buf));
	must(!value.at || value.len <= cap, "an option longer than its room");
	memset(&lease, 0xee, sizeof(lease));
	if (dhcp_lease_read(&lease, &r))
		must_be_usable(&lease);
	must_be_walked(vendor);
	answer(&r, choices, vendor);
	free(message);
	return 0;
}
