/* SPDX-License-Identifier: BSD-2-Clause */
/* The port's console; the seam has the rest. */
#ifndef ARCH_UEFI_CONSOLE_H
#define ARCH_UEFI_CONSOLE_H

/* Shows what is held back: characters go to the firmware a line at a time. */
void console_flush(void);

#endif
