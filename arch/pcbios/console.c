/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to the screen, by INT 10h, and to the serial port, by our own access to its UART: SeaBIOS's
 * serial console, which repeats INT 10h there, wraps lines at 80 columns and holds back the last
 * character. The user's keys come from both. Called through the seam.
 */
#include "arch/pcbios/console.h"

#include "arch/pcbios/bios.h"
#include "arch/port.h"
#include "arch/x86/io.h"

#define BDA_COM1 0x00 /* I/O port of the first serial port, 0 without one */
#define BDA_CURSOR_COLUMN 0x50
#define COM1 0x3f8

/* Registers of a 16550, from its base */
#define UART_DATA 0
#define UART_IER 1
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_DLL 0
#define UART_DLM 1
#define UART_FCR_ENABLE 0x01
#define UART_FCR_TRIGGER_14 0xc0
#define UART_LCR_8N1 0x03
#define UART_LCR_DLAB 0x80
#define UART_MCR_DTR_RTS 0x03
#define UART_LSR_DATA 0x01
#define UART_LSR_THR_EMPTY 0x20
#define UART_DIVISOR_115200 1

#define UART_WAIT_MS 1000    /* for room for one character, on a busy host */
#define UART_SEQUENCE_MS 2   /* to the second byte of an escape sequence */
#define UART_SEQUENCE_MAX 16 /* bytes of one */

#define KEY_ESC 0x1b

static struct {
	uint16_t uart;   /* I/O port; 0: none */
	bool uart_stuck; /* took none within UART_WAIT_MS: only tried */
	bool screen;
	uint8_t held;   /* characters in line[] */
	char line[160]; /* for the screen: one BIOS call for many characters */
} console;

/*
 * The UART that SeaBIOS has its console on; 0: it has the screen. etc/sercon-port is an integer of
 * 1 to 8 bytes.
 */
static uint16_t serial_console(const struct fw_cfg *fw)
{
	uint8_t port[8] = { 0 };

	if (fw_cfg_u16(fw, FW_CFG_NOGRAPHIC) != 0)
		return COM1;
	if (fw_cfg_read(fw, "etc/sercon-port", port, sizeof(port)) <= 0)
		return 0;
	return (uint16_t)(port[0] | port[1] << 8);
}

static void uart_init(uint16_t uart)
{
	outb(uart + UART_LCR, UART_LCR_DLAB);
	outb(uart + UART_DLL, UART_DIVISOR_115200);
	outb(uart + UART_DLM, 0);
	outb(uart + UART_LCR, UART_LCR_8N1);
	outb(uart + UART_IER, 0);
	outb(uart + UART_MCR, UART_MCR_DTR_RTS);
}

/*
 * QEMU puts as many bytes into the FIFO as are short of its trigger level: so a terminal's sequence
 * comes in one piece.
 */
static void uart_fifo(uint16_t uart)
{
	outb(uart + UART_FCR, UART_FCR_ENABLE | UART_FCR_TRIGGER_14);
}

/*
 * The BIOS's serial console holds back one character and a cursor move; a backspace in the first
 * column sends them and does nothing else.
 */
static void sercon_flush(void)
{
	struct bios_regs r = { .eax = 0x0e08, .ebx = 0x0007 };

	if (bda_byte(BDA_CURSOR_COLUMN) == 0)
		bios_int(&r, 0x10);
}

void console_init(const struct fw_cfg *fw)
{
	console.uart = serial_console(fw);
	console.screen = console.uart == 0;
	if (!console.screen) {
		sercon_flush();
		uart_fifo(console.uart);
		return;
	}
	console.uart = bda_word(BDA_COM1);
	if (console.uart && inb(console.uart + UART_LSR) == 0xff)
		console.uart = 0;
	if (!console.uart)
		return;
	uart_init(console.uart);
	uart_fifo(console.uart);
}

/* [SEC-13] */
static void uart_put(uint8_t byte)
{
	uint32_t start_ms = port_now_ms();

	while (!(inb(console.uart + UART_LSR) & UART_LSR_THR_EMPTY)) {
		if (console.uart_stuck)
			return;
		console.uart_stuck = port_now_ms() - start_ms >= UART_WAIT_MS;
	}
	console.uart_stuck = false;
	outb(console.uart + UART_DATA, byte);
}

void console_flush(void)
{
	if (console.held > 0)
		bios_print(console.line, console.held);
	console.held = 0;
}

static void put(char c)
{
	if (console.uart)
		uart_put((uint8_t)c);
	if (!console.screen)
		return;
	if (console.held == sizeof(console.line))
		console_flush();
	console.line[console.held++] = c;
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

void console_print(const char *text)
{
	while (*text)
		port_putc(*text++);
}

static bool uart_has_byte(void)
{
	return inb(console.uart + UART_LSR) & UART_LSR_DATA;
}

/* The byte that follows at once; -1: none does. */
static int uart_next(void)
{
	uint32_t start_ms = port_now_ms();

	while (!uart_has_byte())
		if (port_now_ms() - start_ms >= UART_SEQUENCE_MS)
			return -1;
	return inb(console.uart + UART_DATA);
}

/*
 * Esc, if it stands alone. A terminal sends it in front of its function keys and reports, too: ECMA
 * 48, 5.4 (a control sequence ends with 40h … 7Eh), or one more character.
 */
static int uart_sequence(void)
{
	int byte = uart_next();

	if (byte < 0)
		return KEY_ESC;
	if (byte == 'O') /* SS3 */
		uart_next();
	for (int i = 0; byte == '[' && i < UART_SEQUENCE_MAX; i++) {
		int next = uart_next();

		if (next < 0 || (next >= 0x40 && next <= 0x7e))
			break;
	}
	return 0;
}

static int uart_key(void)
{
	uint8_t byte;

	if (!console.uart || !uart_has_byte())
		return -1;
	byte = inb(console.uart + UART_DATA);
	if (byte == KEY_ESC)
		return uart_sequence();
	return byte < 0x80 ? byte : 0;
}

/*
 * The BIOS's serial console reads the UART too, at each of its clock ticks: then the key comes from
 * bios_key(). While there is a boot program keys are its own.
 */
int port_key(void)
{
	int key;

	if (bios_over)
		return -1;
	console_flush();
	key = uart_key();
	if (key < 0)
		key = bios_key();
	return key < 0x80 ? key : 0;
}
