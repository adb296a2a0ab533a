/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial port and files, for the test programs beside this file. All that they read was written
 * by the tests themselves.
 */
#include "tests/uefi/lab.h"

#define UART 0x3f8
#define UART_LINE_STATUS (UART + 5)
#define LINE_DATA_READY 0x01
#define LINE_CAN_SEND 0x20

EFI_SYSTEM_TABLE *lab_system;

static UINT8 in8(UINT16 port)
{
	UINT8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void put(UINT8 c)
{
	while (!(in8(UART_LINE_STATUS) & LINE_CAN_SEND))
		;
	__asm__ volatile("outb %0, %1" : : "a"(c), "Nd"((UINT16)UART));
}

static void put_number(UINT64 value, UINT64 base)
{
	UINT8 digits[20];
	unsigned count = 0;

	do {
		digits[count++] = (UINT8) "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		put(digits[--count]);
}

void lab_print(const char *format, ...)
{
	__builtin_va_list values;

	__builtin_va_start(values, format);
	for (const char *at = format; *at; at++) {
		if (*at != '%') {
			put((UINT8)*at);
			continue;
		}
		at++;
		if (*at == 's')
			for (const char *s = __builtin_va_arg(values, const char *); *s; s++)
				put((UINT8)*s);
		else if (*at == 'w')
			for (const CHAR16 *s = __builtin_va_arg(values, const CHAR16 *); *s; s++)
				put(*s < 0x7f ? (UINT8)*s : '?');
		else
			put_number(__builtin_va_arg(values, UINT64), *at == 'x' ? 16 : 10);
	}
	__builtin_va_end(values);
	put('\r');
	put('\n');
}

void lab_wait_key(void)
{
	while (!(in8(UART_LINE_STATUS) & LINE_DATA_READY))
		;
	in8(UART);
}

void *lab_read_file(EFI_HANDLE image, const CHAR16 *name, UINTN *len)
{
	EFI_GUID image_guid = LOADED_IMAGE_PROTOCOL, volume_guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
	EFI_BOOT_SERVICES *boot = lab_system->BootServices;
	EFI_FILE_IO_INTERFACE *volume;
	EFI_LOADED_IMAGE *loaded;
	EFI_FILE_HANDLE root, file;
	UINT64 size = 0;
	char *data;

	if (boot->HandleProtocol(image, &image_guid, (void **)&loaded) ||
	    boot->HandleProtocol(loaded->DeviceHandle, &volume_guid, (void **)&volume) ||
	    volume->OpenVolume(volume, &root) ||
	    root->Open(root, &file, (CHAR16 *)(UINTN)name, EFI_FILE_MODE_READ, 0))
		return NULL;
	if (file->SetPosition(file, UINT64_MAX) || file->GetPosition(file, &size) ||
	    file->SetPosition(file, 0) ||
	    boot->AllocatePool(EfiLoaderData, size + 1, (void **)&data))
		return NULL;
	*len = size;
	if (file->Read(file, len, data) || *len != size)
		return NULL;
	data[size] = 0;
	file->Close(file);
	root->Close(root);
	return data;
}

void lab_power_off(void)
{
	lab_system->RuntimeServices->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	for (;;)
		;
}
