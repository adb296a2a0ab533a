/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam: everything that a platform provides to the rest of skiff, and nothing else does. Each
 * function states what the port guarantees and what the caller does. A port is one folder in arch/
 * that defines all of them; its main() joins drivers and net, who never see each other.
 *
 * All functions are called from one thread, none from an interrupt. None allocates on the frame
 * path.
 */
#ifndef ARCH_PORT_H
#define ARCH_PORT_H

#include "core/err.h"
#include "core/text.h"
#include "core/types.h"

/* --- time, chance, text ------------------------------------------------------------------- */

/*
 * Milliseconds since some point before the start. Never goes back; wraps at 2^32. Costs no more
 * than a few hundred ns.
 */
uint32_t port_now_ms(void);

/* A pause that is short (at most a few microseconds on hardware; hosted: advances virtual time). */
void port_idle(void);

/*
 * Whether the user wants to give up: Esc or Ctrl-C on any console, now or since the last call. At
 * most every 50 ms from a loop: the port may have to ask slow firmware.
 */
bool port_abort_pressed(void);

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

/*
 * QEMU's fw_cfg registers as a WINDOW_IO (selector at 0, data at 1), or WINDOW_NONE where there is
 * none.
 */
void port_fw_cfg_window(struct window *w);

/* --- memory that devices see ---------------------------------------------------------------- */

/* Memory that one device and we use at the same time, for rings and buffers. */
struct dma {
	uint8_t *va;  /* ours; page-aligned */
	uint64_t dev; /* the device's address of the same bytes; need not equal va */
	size_t len;
	void *token; /* the port's */
};

/*
 * Grants len bytes that fn may read and write until port_dma_free(), whatever is in them. The port
 * provides them, since only it knows what a device can reach (UEFI 2.10, 14.4: a common buffer is
 * the firmware's to allocate). At set-up only, never per packet. 0, or ERR_NO_SPACE.
 */
int port_dma_alloc(struct dma *d, uintptr_t fn, size_t len) MUST_CHECK;

/* The device has been reset, or has lost the bus. */
void port_dma_free(struct dma *d);

/* --- what the user wants -------------------------------------------------------------------- */

/*
 * One key and its value, of len bytes with a NUL behind them; both valid until it returns. source:
 * where it stands, for sentences ("fw_cfg"). 0, or an error that ends port_config_each(). Of two
 * with the same key the first counts.
 */
typedef int (*port_config_fn)(void *ctx, const char *source, const char *key, const char *value,
			      uint32_t len);

/*
 * Calls `each` for all configuration that whoever started us has left, the weightiest source first:
 * fw_cfg, then (UEFI) LoadOptions. 0; each's error; ERR_CONFIG with a sentence in f for a source
 * that cannot be read.
 */
int port_config_each(port_config_fn each, void *ctx, struct failure *f) MUST_CHECK;

/* --- who we are ------------------------------------------------------------------------------- */

/*
 * The SMBIOS system UUID in its stored order (RFC 4578 2.3); false, and zeros, where there is none.
 */
bool port_uuid(uint8_t uuid[16]);

/* RFC 4578 2.1, IANA "Processor Architecture Types": 0 for a BIOS, 7 for x64 UEFI. */
uint16_t port_dhcp_arch(void);

/* --- what is loaded, and started ------------------------------------------------------------- */

enum cargo {
	CARGO_KERNEL, /* to be started by port_boot() */
	CARGO_INITRD, /* for the kernel, each further one directly behind the one before, at the
			 next multiple of 4, zeros between */
	CARGO_FETCH,  /* to be looked at and forgotten */
};

#define CARGO_HEAD_LEN 1024          /* bytes of a kernel that are enough to place it */
#define CARGO_LEN_UNKNOWN UINT64_MAX /* chunked, or until the connection closes */

/* Memory granted for one download. Nothing is ever stored outside of it. */
struct extent {
	uint8_t *at;  /* for byte 0 of the file; never NULL, an empty file lies somewhere too */
	uint64_t len; /* bytes; at least the length asked for if that was known */
};

/*
 * Grants memory for a file of file_len bytes (or CARGO_LEN_UNKNOWN). head: its first
 * min(CARGO_HEAD_LEN, file_len) bytes, for CARGO_KERNEL; they decide where it will lie, which is
 * where it will run. Refuses, with a sentence in f (rung `image`), what is not a kernel that this
 * port can start (ERR_FORMAT) and what does not fit (ERR_NO_SPACE). The memory stays granted until
 * the end of the program. A kernel is granted before its initrds, and known in length before them
 * (port_cargo_done).
 */
int port_cargo_grant(enum cargo kind, struct span head, uint64_t file_len, struct extent *e,
		     struct failure *f) MUST_CHECK;

/*
 * The last grant's file is complete, with this many bytes. 0, or a refusal in f (rung `image`): a
 * kernel that is shorter than its own header says.
 */
int port_cargo_done(enum cargo kind, uint64_t file_len, struct failure *f) MUST_CHECK;

/*
 * Appends "linux 6.1.0-56-cloud-amd64 at 0x1000000, initrd 5242880 bytes": what port_boot() would
 * start, and where, if the port knows that.
 */
void port_boot_text(struct text *t);

/*
 * Starts the granted kernel with its initrds and the command line (NUL-terminated, any length).
 * Devices have been stopped. Returns only if the hand-over is refused, or (UEFI) when what was
 * started comes back: 0 if it did so with success, else an error with a sentence in f (rung
 * `hand-over`).
 */
int port_boot(const char *cmdline, struct failure *f) MUST_CHECK;

#endif
