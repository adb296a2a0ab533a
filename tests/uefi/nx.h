/* SPDX-License-Identifier: BSD-2-Clause */
/* The attributes of pages, in the page tables: set by nx.c, in nx_pages.c. */
#ifndef TESTS_UEFI_NX_H
#define TESTS_UEFI_NX_H

#include "tests/uefi/lab.h"

/* UEFI 2.10, 7.2.3 */
#define NX_RP 0x2000  /* not readable; ignored: x86's page tables do not have it */
#define NX_XP 0x4000  /* not executable */
#define NX_RO 0x20000 /* not writable */

/* The processor obeys the attributes from here on. */
void nx_begin(void);

/* Of the page at this address. */
UINT64 nx_attributes(UINT64 address);

/* base and len: whole pages. */
void nx_change(UINT64 base, UINT64 len, UINT64 set, UINT64 clear);

#endif
