/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text by the firmware's ConOut, keys by its ConIn: whatever screens, serial ports and keyboards
 * it has behind them. Called through the seam.
 */
#include "arch/uefi/console.h"

#include "arch/port.h"
#include "arch/uefi/uefi.h"

#define KEY_ESC 0x1b
#define SCAN_CODE_ESC 0x17 /* UEFI 2.10, appendix B */

static struct {
	uint32_t held;
	CHAR16 line[160 + 1]; /* one call of the firmware for many characters */
} console;

/* A machine may have no console (UEFI 2.10, 4.3). */
void console_flush(void)
{
	SIMPLE_TEXT_OUTPUT_INTERFACE *out = uefi.system->ConOut;

	console.line[console.held] = 0;
	if (console.held > 0 && out)
		(void)out->OutputString(out, console.line);
	console.held = 0;
}

static void put(char c)
{
	if (console.held == ARRAY_LEN(console.line) - 1)
		console_flush();
	console.line[console.held++] = (uint8_t)c;
}

/* What has no line's end yet is shown by port_key(), which every loop calls. */
void port_putc(char c)
{
	if (c == '\n')
		put('\r');
	put(c);
	if (c == '\n')
		console_flush();
}

int port_key(void)
{
	SIMPLE_INPUT_INTERFACE *in = uefi.system->ConIn;
	EFI_INPUT_KEY key;

	console_flush();
	if (!in || in->ReadKeyStroke(in, &key) != EFI_SUCCESS)
		return -1;
	if (key.ScanCode == SCAN_CODE_ESC)
		return KEY_ESC;
	return key.UnicodeChar < 0x80 ? key.UnicodeChar : 0;
}
