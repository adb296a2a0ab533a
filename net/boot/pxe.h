/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What DHCP, a proxy and boot servers say is to be booted: PXE 2.1, chapter 2, from the ACK on.
 * With a boot file in the lease there is nothing to do; else whoever may know is asked, and the
 * user, if there is a menu.
 */
#ifndef NET_BOOT_PXE_H
#define NET_BOOT_PXE_H

#include "core/console.h"
#include "net/net.h"

/*
 * Asks and lets choose, with the lease in use. *boot: what it came to, part of net->dhcp; without a
 * file: nobody says anything. Who is asked, and who does not answer, is printed. 0; ERR_ABORTED
 * with a sentence: the user gave up, or the next boot device was chosen; ERR_TIMEOUT with a
 * sentence (rung `address`): no boot server answers; ERR_DEVICE.
 */
int pxe_choose(struct net *net, struct console *console, const struct dhcp_boot **boot) MUST_CHECK;

#endif
