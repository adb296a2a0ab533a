/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Option 43 of a PXE server (PXE 2.1, 2.2.3, table 2-1): which boot servers there are, how to find
 * them, and the menu to choose from. No state, no network: bytes in, spans out.
 */
#ifndef NET_DHCP_VENDOR_H
#define NET_DHCP_VENDOR_H

#include "core/types.h"

/* PXE_DISCOVERY_CONTROL, sub-option 6: how boot servers may be found, and who may answer. */
#define DHCP_CONTROL_NO_BROADCAST 0x01
#define DHCP_CONTROL_NO_MULTICAST 0x02
#define DHCP_CONTROL_LISTED_ONLY 0x04
#define DHCP_CONTROL_BOOT_FILE 0x08 /* no menu and no discovery where a boot file is named */

#define DHCP_MENU_LOCAL 0 /* an item's type: the next boot device */
#define DHCP_PROMPT_WAIT 255

#define DHCP_VENDOR_ITEM 71 /* PXE_BOOT_ITEM: type and layer, 16 bits each */

struct dhcp_vendor {
	uint8_t control;     /* 0 if absent: all is allowed */
	uint32_t multicast;  /* where discovery goes; host order; 0: none */
	struct span servers; /* PXE_BOOT_SERVERS, for dhcp_vendor_servers() */
	struct span menu;    /* PXE_BOOT_MENU, for dhcp_vendor_item() */
	bool has_prompt;
	uint8_t prompt_s;   /* 0: the first item, at once; DHCP_PROMPT_WAIT: until a key */
	struct span prompt; /* text */
	bool has_item;
	uint16_t type, layer; /* what an answer is about */
};

struct dhcp_menu_item {
	uint16_t type;
	struct span text; /* as it came: any bytes */
};

struct dhcp_boot_servers {
	uint16_t type;
	struct span ips; /* four bytes each; none: whoever answers for that type */
};

/* Reads an option 43, which v refers to from now on. What is broken in it is not there. */
void dhcp_vendor_read(struct dhcp_vendor *v, struct span option);

/* The next item of a menu, which shrinks by it; false: there is no more. */
bool dhcp_vendor_item(struct span *menu, struct dhcp_menu_item *item);

/* The next entry of a list of boot servers, which shrinks by it; false: there is no more. */
bool dhcp_vendor_servers(struct span *list, struct dhcp_boot_servers *servers);

#endif
