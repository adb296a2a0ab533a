/* SPDX-License-Identifier: BSD-2-Clause */
/* What lwIP asks of the compiler and the machine under it: its own hook, found as <arch/cc.h>. */
#ifndef TESTS_EXAMPLE_ARCH_CC_H
#define TESTS_EXAMPLE_ARCH_CC_H

#include <stdint.h>

uint32_t example_random(void);    /* port.c */
_Noreturn void example_bug(void); /* the same */

#define LWIP_RAND() example_random()
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) example_bug()

#endif
