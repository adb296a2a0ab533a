/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the example have of each other. */
#ifndef TESTS_EXAMPLE_H
#define TESTS_EXAMPLE_H

struct netif;

void say(const char *text);      /* port.c: on COM1 */
void lease(struct netif *netif); /* lease.c: from now on netif gets its address, and says so */
_Noreturn void halt(void);       /* start.S */

#endif
