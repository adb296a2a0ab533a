/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot menu of a PXE server (PXE 2.1, table 2-1, sub-options 9 and 10) on the console. */
#ifndef NET_BOOT_PXE_MENU_H
#define NET_BOOT_PXE_MENU_H

#include "core/console.h"
#include "net/net.h"

#define PXE_MENU_ITEMS_MAX 20 /* as many as there are keys for; the others cannot be chosen */

/*
 * Shows the menu, which has an item, and lets the user choose, as long as the server says; *item is
 * what it came to, and printed. 0; net_wait()'s ERR_ABORTED and ERR_DEVICE.
 */
int pxe_menu_choose(struct net *net, struct console *console, const struct dhcp_vendor *vendor,
		    struct dhcp_menu_item *item) MUST_CHECK;

#endif
