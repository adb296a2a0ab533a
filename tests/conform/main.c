/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform, the program: in the place of arch/skiff.c. Under QEMU with an isa-debug-exit
 * device its verdict becomes QEMU's exit status; elsewhere the firmware goes on. Called by a port's
 * main().
 */
#include "arch/cpu.h"
#include "arch/program.h"
#include "arch/x86/io.h"
#include "core/err.h"
#include "tests/conform/conform.h"

#define RECORD_PORT 0x504     /* an isa-debugcon there keeps the record */
#define DEBUGCON 0xe9         /* what it reads as */
#define DEBUG_EXIT_PORT 0x501 /* QEMU's default iobase */
/* QEMU makes 2 n + 1 of n: 33, 35 and 37, which no other end of QEMU has. */
#define DEBUG_EXIT_BASE 0x10

/*
 * All that the program knows, zeros at the start. Beside it record.c and exceed.c have a buffer
 * each, in which they put together what is written and sent at once.
 */
static struct conform conform;

/*
 * Where there is no device, a port reads all ones. On machines that are no QEMU nobody is asked:
 * anything could be there.
 */
static bool reads(uint16_t port, uint8_t value)
{
	struct window fw_cfg;

	cpu_fw_cfg_window(&fw_cfg);
	return fw_cfg.kind != WINDOW_NONE && inb(port) == value;
}

bool program_records(void)
{
	return reads(RECORD_PORT, DEBUGCON);
}

void program_record(const void *bytes, size_t len)
{
	for (const uint8_t *at = bytes; len--; at++)
		outb(RECORD_PORT, *at);
}

static void tell_qemu(enum verdict verdict)
{
	if (reads(DEBUG_EXIT_PORT, 0))
		outb(DEBUG_EXIT_PORT, (uint8_t)(DEBUG_EXIT_BASE + verdict));
}

int program_run(uintptr_t fn, const char *place)
{
	enum verdict verdict = conform_run(&conform, fn, place);

	tell_qemu(verdict);
	return verdict == VERDICT_GOOD ? 0 : ERR_DEVICE;
}

int program_stop(void)
{
	return conform_stop(&conform);
}
