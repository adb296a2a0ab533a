/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP messages as the lease that they grant: addresses that a host can have, text that ends.
 * fuzz: -max_len=1500
 */
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "tests/fuzz/fuzz.h"

static void must_be_usable(const struct dhcp_lease *l)
{
	uint32_t i;

	must(ipv4_is_unicast(l->address.ip), "an address that no host can have");
	must((~l->address.mask & (~l->address.mask + 1)) == 0, "a mask with a hole");
	must(l->address.routes <= IPV4_ROUTES_MAX, "more routes than there is room for");
	for (i = 0; i < l->address.routes; i++)
		must((l->address.route[i].dst & ~l->address.route[i].mask) == 0,
		     "a route with bits outside of its mask");
	must(strnlen(l->boot.file, sizeof(l->boot.file)) < sizeof(l->boot.file),
	     "text without its end");
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
	struct dhcp_options o;
	struct input in = { data, len };
	uint32_t choices = take(&in, 1), code = take(&in, 1), cap = take(&in, 1) * 8;
	uint8_t buf[DHCP_OPTIONS_MAX], *message;
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
	dhcp_options_open(&o, (struct span){ message, whole });
	value = dhcp_options_get(&o, (enum dhcp_option)code, buf,
				 cap < sizeof(buf) ? cap : sizeof(buf));
	must(!value.at || value.len <= cap, "an option longer than its room");
	memset(&lease, 0xee, sizeof(lease));
	if (dhcp_lease_read(&lease, (struct span){ message, whole }, &o, buf))
		must_be_usable(&lease);
	free(message);
	return 0;
}
