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

#define DEBUG_EXIT_PORT 0x501 /* QEMU's default iobase */
/* QEMU makes 2 n + 1 of n: 33, 35 and 37, which no other end of QEMU has. */
#define DEBUG_EXIT_BASE 0x10

/* The one object of this program; all of it zeros at the start. */
static struct conform conform;

/*
 * Where there is no device, a port reads all ones. On machines that are no QEMU nobody is asked:
 * anything could be there.
 */
static void tell_qemu(enum verdict verdict)
{
	struct window fw_cfg;

	cpu_fw_cfg_window(&fw_cfg);
	if (fw_cfg.kind != WINDOW_NONE && inb(DEBUG_EXIT_PORT) == 0)
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
