/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a port's main() starts. skiff is one (arch/skiff.c); another one that is linked in its
 * place, such as tests/conform, finds the same services. It owns its memory and all that it prints.
 */
#ifndef ARCH_PROGRAM_H
#define ARCH_PROGRAM_H

#include "core/types.h"

struct net;

/*
 * Runs over the virtio NIC at fn, whose place is printed as `place` ("00:03.0"). Every service of
 * arch/port.h is up. Returns when it has done what it was told (0), or with the error whose
 * sentence it has printed; the device has been stopped.
 */
int program_run(uintptr_t fn, const char *place);

/*
 * For a port that serves others when program_run()'s story is over (PXE): our stack, with the
 * address that it got and what DHCP said; and its PCI function.
 */
struct net *program_net(uintptr_t *fn);

/*
 * Opens the device again, which has been stopped, for that stack: with at most rx_slots receive
 * buffers, without checksum offloads. What was under way is over. 0, or an error.
 */
int program_serve(uint16_t rx_slots) MUST_CHECK;

/*
 * Stops the device, whatever program_run() is doing with it: bounded, allocating nothing, any
 * number of times. For a port that learns from somebody else that devices must be silent now
 * (ExitBootServices). 0, or ERR_DEVICE for one that does not stop.
 */
int program_stop(void);

#endif
