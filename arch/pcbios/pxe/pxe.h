/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Preboot Execution Environment's API (PXE 2.1), for a boot program (NBP) that has been
 * downloaded: it calls back into skiff for files, datagrams and frames.
 *
 *   stub.S     the entries in real mode, and the hooks, in a segment at the top of base memory
 *   segment.c  that segment's structures, the reservation of memory, and its return
 *   pxe.c      the start of a boot program, one call, the end
 *   undi.c, udp.c, tftp.c, preboot.c   the calls, by the chapters of the specification
 *
 * skiff itself moves out of the way before: to the highest memory that is free, which the memory
 * map then shows as reserved. Calls come in real mode and are carried out in flat mode, interrupts
 * off, without a call to the BIOS.
 */
#ifndef ARCH_PCBIOS_PXE_PXE_H
#define ARCH_PCBIOS_PXE_PXE_H

#include "arch/pcbios/place.h"

/* Bytes that a boot program may have: from 7C00h to where our segment will be. */
uint32_t pxe_nbp_room(void);

/*
 * Starts the boot program of len bytes at the physical address at, which are at most
 * pxe_nbp_room() and not below 1 MiB. The device has been stopped. Returns only if there is no
 * memory for ourselves, with a sentence in f (rung `hand-over`); nothing has been changed then.
 */
int pxe_start(uint32_t at, uint32_t len, struct place *place, struct failure *f);

#endif
