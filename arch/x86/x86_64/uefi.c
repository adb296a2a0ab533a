/* SPDX-License-Identifier: BSD-2-Clause */
/* What UEFI calls x86-64: IANA "Processor Architecture Types", and the PE format's machine types.
 */
#include "arch/cpu.h"

const struct cpu_uefi cpu_uefi = { .dhcp_arch = 7, .pe_machine = 0x8664 };
