/* SPDX-License-Identifier: BSD-2-Clause */
/* port_now_ms() by the time-stamp counter. */
#ifndef ARCH_X86_TIME_H
#define ARCH_X86_TIME_H

/*
 * Measures the counter's rate against PIT channel 2, 5 ms long; to be called once, before
 * port_now_ms().
 */
void time_init(void);

#endif
