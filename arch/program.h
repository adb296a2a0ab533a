/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a port's main() starts. skiff is one (arch/skiff.c); another one that is linked in its
 * place, such as tests/conform, finds the same services. It owns its memory and all that it prints.
 */
#ifndef ARCH_PROGRAM_H
#define ARCH_PROGRAM_H

#include "core/types.h"

/*
 * Runs over the virtio NIC at fn, whose place is printed as `place` ("00:03.0"). Every service of
 * arch/port.h is up. Returns when it has done what it was told (0), or with the error whose
 * sentence it has printed; the device has been stopped.
 */
int program_run(uintptr_t fn, const char *place);

/*
 * Stops the device, whatever program_run() is doing with it: bounded, allocating nothing, any
 * number of times. For a port that learns from somebody else that devices must be silent now
 * (ExitBootServices). 0, or ERR_DEVICE for one that does not stop.
 */
int program_stop(void);

#endif
