/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam: what a driver and the stack need of the platform under them, in 13 functions. Each
 * states what the port guarantees and what the caller does. Whoever lifts the driver into other
 * firmware defines these and nothing else; what only a boot program needs is in arch/boot.h.
 *
 * All functions are called from one thread, none from an interrupt. None allocates on the frame
 * path.
 */
#ifndef ARCH_PORT_H
#define ARCH_PORT_H

#include "core/err.h"
#include "core/types.h"

/* --- time, chance, text ------------------------------------------------------------------- */

/*
 * Milliseconds since some point before the start. Never goes back; wraps at 2^32. Costs no more
 * than a few hundred ns.
 */
uint32_t port_now_ms(void);

/*
 * A pause within a wait. 0: a short one, at most a few microseconds on hardware. More: the caller
 * has nothing to do for so many milliseconds, and the port may let the processor sleep meanwhile;
 * an interrupt, a key say, may end it early, and it lasts to the next tick of the firmware's clock
 * at most (55 ms). Hosted: advances virtual time.
 */
void port_idle(uint32_t ms);

/*
 * The next key that waits on any console, in ASCII; 0 for a key without (a function key, with all
 * the characters that a terminal makes of it); -1: none. A loop that asks for all of them does so
 * at most every 50 ms: the port may have to ask slow firmware.
 */
int port_key(void);

/* Fills buf with unpredictable bytes: every source that the platform has, mixed. Never fails. */
void port_random(void *buf, size_t len);

/* One character to every console that is active. "\n" is sent as CR LF by the port. */
void port_putc(char c);

/*
 * A bug of our own: says where, stops devices as far as possible, gives the machine back or halts.
 */
_Noreturn void port_fatal(const char *file, int line);

/* --- PCI and registers ---------------------------------------------------------------------- */

/*
 * fn names a PCI function to the port and nobody else takes it apart: bus << 8 | device << 3 |
 * function on a PC, a protocol pointer under UEFI. Width is 1, 2 or 4 bytes, off a multiple of it,
 * below 256. Reads of what does not exist return all ones.
 */
uint32_t port_pci_read(uintptr_t fn, unsigned off, unsigned width);
void port_pci_write(uintptr_t fn, unsigned off, unsigned width, uint32_t value);

enum window_kind { WINDOW_NONE, WINDOW_IO, WINDOW_MMIO, WINDOW_PCI_CFG };

/*
 * A range of a device's registers. Opened by the port; a driver reads no member but len and kind.
 */
struct window {
	uint64_t base; /* I/O port, or address of the first register (PCI_CFG: offset in the BAR) */
	uintptr_t fn;
	uint32_t len;
	uint8_t kind; /* enum window_kind */
	uint8_t bar;
	uint8_t pci_cfg; /* WINDOW_PCI_CFG: where in configuration space the capability lies */
};

/*
 * Opens bytes off … off + len of BAR `bar` of fn, in w. 0; ERR_DEVICE if the BAR does not exist, is
 * unassigned, or does not reach as far (checked in 64 bits); ERR_UNREACHABLE if it is above what
 * this port's code can address (then the caller may go through the PCI_CFG capability).
 */
int port_window_open(struct window *w, uintptr_t fn, unsigned bar, uint32_t off, uint32_t len)
	MUST_CHECK;

/*
 * WINDOW_IO and WINDOW_MMIO only. off + width ≤ len (the caller has checked). One access of exactly
 * this width (1, 2, 4 bytes, natural alignment), little-endian as on PCI, not merged, not reordered
 * against others.
 */
uint32_t port_window_read(const struct window *w, uint32_t off, unsigned width);
void port_window_write(const struct window *w, uint32_t off, unsigned width, uint32_t value);

/* --- memory that devices see ---------------------------------------------------------------- */

/* Memory that one device and we use at the same time, for rings and buffers. */
struct dma {
	uint8_t *va;  /* ours; page-aligned */
	uint64_t dev; /* the device's address of the same bytes; need not equal va */
	size_t len;
	void *token; /* the port's */
	/* All other memory of ours is the device's, too, as far from `dev` as it is from `va`. */
	bool flat;
};

/*
 * Grants len bytes that fn may read and write until port_dma_free(), whatever is in them. The port
 * provides them, since only it knows what a device can reach (UEFI 2.10, 14.4: a common buffer is
 * the firmware's to allocate). At set-up only, never per packet. 0, or ERR_NO_SPACE.
 */
int port_dma_alloc(struct dma *d, uintptr_t fn, size_t len) MUST_CHECK;

/* The device has been reset, or has lost the bus. */
void port_dma_free(struct dma *d);

#endif
