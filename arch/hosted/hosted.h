/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hosted port's other side: what a unit test, a fuzzer or a model device sets and sees. There
 * is one such port in a process (port.c; boot.c for what is loaded and started); hosted_reset()
 * makes it new.
 *
 * It is unkind on purpose: time starts shortly before its wrap, device addresses are none of our
 * memory's and begin above 4 GiB unless a test says otherwise, no two mappings are neighbours for
 * the device, and an access that breaks the contract of arch/port.h ends the process.
 */
#ifndef ARCH_HOSTED_HOSTED_H
#define ARCH_HOSTED_HOSTED_H

#include "arch/boot.h"
#include "arch/port.h"

/*
 * Everything below back to its start: nothing attached, nothing mapped, nothing printed, nothing
 * granted.
 */
void hosted_reset(void);

/* --- time, chance, text ------------------------------------------------------------------- */

void hosted_time_advance(uint32_t ms);
void hosted_time_set(uint32_t ms);
/* How far port_idle() moves the time at least, and in which steps; 1 at first. */
void hosted_idle_set(uint32_t ms);
/*
 * Is called at each of its steps, after the time has moved: a place for a peer to act. NULL:
 * nothing.
 */
void hosted_idle_hook(void (*hook)(void *ctx), void *ctx);
/* Keys that wait from now on, one after the other; valid until they have been asked for. */
void hosted_type(const char *keys);
void hosted_random_seed(uint64_t seed);
/* What port_putc() has been given since the reset, NUL-terminated; the first 64 KiB of it. */
const char *hosted_output(void);

/* --- PCI and registers ---------------------------------------------------------------------- */

struct hosted_bar {
	uint8_t kind;     /* enum window_kind; WINDOW_NONE: does not exist, or is unassigned */
	bool unreachable; /* above what the port's code can address */
	uint64_t len;
};

/*
 * One PCI function. Widths and alignment are checked before a call; cfg_* are asked below 256 only.
 */
struct hosted_pci {
	uintptr_t fn;
	void *ctx;
	uint32_t (*cfg_read)(void *ctx, unsigned off, unsigned width);
	void (*cfg_write)(void *ctx, unsigned off, unsigned width, uint32_t value);
	uint32_t (*bar_read)(void *ctx, unsigned bar, uint32_t off, unsigned width);
	void (*bar_write)(void *ctx, unsigned bar, uint32_t off, unsigned width, uint32_t value);
	struct hosted_bar bar[6];
};

/* Until hosted_reset(); the struct stays the caller's, and what it says may change. At most 8. */
void hosted_attach_pci(const struct hosted_pci *pci);

/*
 * fw_cfg's two registers: its bar_read and bar_write are called with bar 0, off 0 (selector) or 1
 * (data). NULL: there is no fw_cfg.
 */
void hosted_attach_fw_cfg(const struct hosted_pci *registers);
/* Where the port would find it. */
void hosted_fw_cfg_window(struct window *w);

/* --- memory that devices see ---------------------------------------------------------------- */

/* Our memory behind device address dev, if all len bytes lie in one live grant; NULL otherwise. */
uint8_t *hosted_dma(uint64_t dev, size_t len);
unsigned hosted_dma_live(void);
/* Lets the n-th port_dma_alloc() from now on fail (1: the next one; 0: none). */
void hosted_dma_fail(unsigned n);
/* From now on devices reach this memory, too, and grants say that all is flat. */
void hosted_dma_flat(struct extent memory);
/* Where the next grant will lie, for the device; a multiple of 4096. */
void hosted_dma_base(uint64_t dev);

/* --- who we are, what is loaded and started ----------------------------------------------- */

void hosted_uuid_set(const uint8_t uuid[16]); /* NULL: there is none */
void hosted_dhcp_arch_set(uint16_t arch);
/* What files begin with that are this program; valid until the reset. NULL: none is. */
void hosted_self_set(const char *magic);

#define HOSTED_CARGO_MAX 20

struct hosted_cargo {
	enum cargo cargo;
	struct extent extent;
	uint64_t asked_len; /* as boot_cargo_grant() got it */
	uint64_t file_len;  /* as boot_cargo_done() got it; IMAGE_LEN_UNKNOWN before */
};

/* The memory that grants are cut from; without a call a static area of 1 MiB. */
void hosted_cargo_area(uint8_t *at, size_t len);
/* Lets the next grant fail with this error and sentence. */
void hosted_cargo_refuse(enum err err, const char *sentence);
unsigned hosted_cargo_count(void);
const struct hosted_cargo *hosted_cargo(unsigned i);

/*
 * The command line that boot_start() was given; NULL if it was not called, or has refused. It
 * returns 0 here, as under UEFI, when what was started comes back with success.
 */
const char *hosted_booted(void);
/* Lets the next boot_start() fail with this error and sentence. */
void hosted_boot_refuse(enum err err, const char *sentence);

void hosted_boot_reset(void); /* boot.c's part of hosted_reset() */

#endif
