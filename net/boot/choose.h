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

/*
 * With what is to be started known, the key `cmdline`, or an entry's options, into nb->cmdline. 0;
 * vars_expand()'s errors.
 */
int choose_cmdline(struct netboot *nb) MUST_CHECK;

/*
 * What begins with head is to be started. Refuses, with a sentence (rung `image`), this very
 * program, if it gets no word of its own by which it could do anything but load itself again.
 */
int choose_refuse_self(const struct netboot *nb, struct span head) MUST_CHECK;

#endif
