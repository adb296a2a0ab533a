/* SPDX-License-Identifier: BSD-2-Clause */
/* What to boot: a part of the story of netboot.c. */
#ifndef NET_BOOT_CHOOSE_H
#define NET_BOOT_CHOOSE_H

#include "net/boot/netboot.h"

#define URL_SHOWN_MAX 550 /* bytes of a URL on a line that has more to say */

/*
 * With the address in use: leaves the key `url` set, or nb->uri and uri_chosen, and prints what
 * DHCP or a PXE server named. builtin_url may be NULL. 0; an error with a sentence (rungs config
 * and address).
 */
int choose_url(struct netboot *nb, const char *builtin_url) MUST_CHECK;

#endif
