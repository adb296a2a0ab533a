/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the test programs for UEFI share. They write to the first serial port themselves, since some
 * of their words come after ExitBootServices, and all are for the tests in tests/qemu, which read
 * that port.
 */
#ifndef TESTS_UEFI_LAB_H
#define TESTS_UEFI_LAB_H

#include <efi.h>

/* A line. %s is a string of bytes, %w one of CHAR16, %d and %x an unsigned number of 64 bits. */
void lab_print(const char *format, ...);

/* Waits for one byte to arrive on the port. */
void lab_wait_key(void);

/*
 * The whole file \NAME of the volume that `image` was loaded from, in pool memory with a NUL behind
 * it; NULL if there is none.
 */
void *lab_read_file(EFI_HANDLE image, const CHAR16 *name, UINTN *len);

_Noreturn void lab_power_off(void);

extern EFI_SYSTEM_TABLE *lab_system;

#endif
