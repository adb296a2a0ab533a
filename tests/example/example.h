/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the example have of each other. */
#ifndef TESTS_EXAMPLE_H
#define TESTS_EXAMPLE_H

void say(const char *text); /* port.c: on COM1 */
_Noreturn void halt(void);  /* start.S */

#endif
