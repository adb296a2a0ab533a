/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to a boot file that other servers than the lease's know. What they say was checked by
 * net/dhcp_boot.c and net/dhcp_vendor.c. Called by netboot.c where no key says what to boot.
 */
#include "core/mem.h"
#include "net/boot/pxe.h"
#include "net/boot/pxe_menu.h"

/* The lease's server has the first word, and a proxy's offer only as far as that is silent. */
static const struct dhcp_boot *offered(const struct dhcp *d)
{
	return !dhcp_boot_says(&d->lease.boot) && d->proxy.from ? &d->proxy : &d->lease.boot;
}

/* net_wait() for a question's end: what is left of it is bounded by its tries. */
static int wait_for_answer(struct net *net)
{
	int err;

	net_begin(net, RUNG_ADDRESS);
	err = net_wait(net, dhcp_asked, net, 0);
	dhcp_ask_end(net); /* the deadline may have been shorter */
	return err == ERR_TIMEOUT ? 0 : err;
}

/*
 * Its offer named neither file nor menu: it has more to say on its other port [DHCP-22]. That it
 * does not is no failure.
 */
static int ask_proxy(struct net *net, struct console *console, const struct dhcp_boot **boot)
{
	struct dhcp *d = &net->dhcp;
	char ip[IP_TEXT_LEN];
	int err;

	ip_text(ip, (*boot)->from);
	console_line(console, "pxe: asking %s what to boot", ip);
	dhcp_ask_proxy(net, (*boot)->from);
	err = wait_for_answer(net);
	if (err)
		return err;
	if (d->ask.state != DHCP_ANSWERED) {
		console_line(console, "pxe: %s does not answer on UDP port 4011", ip);
		return 0;
	}
	memcpy(&d->proxy, &d->answer, sizeof(d->proxy)); /* a boot server may answer next */
	*boot = &d->proxy;
	return 0;
}

/* [DHCP-24] */
static int ask_boot_servers(struct net *net, struct console *console, const struct dhcp_vendor *v,
			    uint16_t type, const struct dhcp_boot **boot)
{
	char ip[IP_TEXT_LEN];
	int err;

	console_line(console, "pxe: looking for a boot server of type %u", (unsigned)type);
	dhcp_ask_boot_server(net, v, type);
	err = wait_for_answer(net);
	if (err)
		return err;
	if (net->dhcp.ask.state != DHCP_ANSWERED)
		return fail(net->failure, RUNG_ADDRESS, ERR_TIMEOUT,
			    "no boot server of type %u answers, which the PXE server %s leads to",
			    (unsigned)type, ip_text(ip, (*boot)->from));
	*boot = &net->dhcp.answer;
	return 0;
}

/* The menu, and where it leads. */
static int follow_menu(struct net *net, struct console *console, const struct dhcp_vendor *v,
		       const struct dhcp_boot **boot)
{
	struct dhcp_menu_item item;
	int err = pxe_menu_choose(net, console, v, &item);

	if (err)
		return err;
	if (item.type == DHCP_MENU_LOCAL)
		return fail(net->failure, RUNG_ADDRESS, ERR_ABORTED,
			    "the PXE menu leads to the next boot device");
	return ask_boot_servers(net, console, v, item.type, boot);
}

/*
 * [DHCP-23]: with a file, and bit 3 or no menu, all is said. Without a menu the first type of boot
 * server that is listed is meant.
 */
static int follow_vendor(struct net *net, struct console *console, const struct dhcp_boot **boot)
{
	struct dhcp_boot_servers first;
	struct dhcp_menu_item item;
	struct dhcp_vendor v;
	struct span list;

	dhcp_vendor_read(&v, (struct span){ (*boot)->vendor, (*boot)->vendor_len });
	if ((*boot)->file[0] && v.control & DHCP_CONTROL_BOOT_FILE)
		return 0;
	list = v.menu;
	if (dhcp_vendor_item(&list, &item))
		return follow_menu(net, console, &v, boot);
	list = v.servers;
	if (!(*boot)->file[0] && dhcp_vendor_servers(&list, &first))
		return ask_boot_servers(net, console, &v, first.type, boot);
	return 0;
}

/* Whether a menu or a list of boot servers stands there. */
static bool leads_on(const struct dhcp_boot *b)
{
	struct dhcp_vendor v;

	dhcp_vendor_read(&v, (struct span){ b->vendor, b->vendor_len });
	return v.menu.len || v.servers.len;
}

int pxe_choose(struct net *net, struct console *console, const struct dhcp_boot **boot)
{
	int err = 0;

	*boot = offered(&net->dhcp);
	if (!(*boot)->pxe)
		return 0;
	if (!(*boot)->file[0] && !leads_on(*boot))
		err = ask_proxy(net, console, boot);
	return err ? err : follow_vendor(net, console, boot);
}
