/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/port.h in a POSIX process, but for what is loaded and started (boot.c) and for what the user
 * wants (boot_config_each() is the test's own): virtual time, seeded chance, PCI functions and
 * memory that a test attaches. What these answer is the test's; accesses are held against the
 * contract.
 */
#include "arch/hosted/hosted.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

#define OUTPUT_MAX 65536
#define PCI_MAX 8
#define DMA_MAX 64
#define DMA_POISON 0x40000u /* bytes of a mapping that are poisoned at first */
#define DMA_GAP 0x11000u    /* unmapped device addresses between two mappings */

struct mapping {
	uint8_t *va;
	uint64_t dev;
	size_t len;
};

/* This file's part of the port; all of it is new after hosted_reset(). */
static struct {
	uint32_t now_ms, idle_ms;
	void (*idle_hook)(void *ctx);
	void *idle_ctx;
	const char *keys;
	uint64_t random;
	size_t output_len;

	const struct hosted_pci *pci[PCI_MAX], *fw_cfg;
	unsigned pci_count;

	struct mapping mapping[DMA_MAX];
	uint64_t dma_next;
	unsigned dma_fail;
	struct extent flat;
} hosted;

static size_t whole_pages(size_t len)
{
	return (len + 4095) / 4096 * 4096;
}

/*
 * The memory of the last mapping that ended, poisoned: a driver's is 9 MiB, and a process that
 * opens it a thousand times a second should not ask the system for it each time.
 */
static struct {
	uint8_t *va;
	size_t len;
} spare;

static uint8_t *take_memory(size_t len)
{
	uint8_t *va = spare.va;

	if (!va || spare.len != len)
		return aligned_alloc(4096, len);
	spare.va = NULL;
	ASAN_UNPOISON_MEMORY_REGION(va, len);
	return va;
}

static void give_memory(uint8_t *va, size_t len)
{
	if (spare.va) {
		ASAN_UNPOISON_MEMORY_REGION(spare.va, spare.len);
		free(spare.va);
	}
	spare.va = va;
	spare.len = len;
	ASAN_POISON_MEMORY_REGION(va, len);
}

static void end_mapping(struct mapping *m)
{
	if (m->len)
		give_memory(m->va, whole_pages(m->len));
	memset(m, 0, sizeof(*m));
}

static char output[OUTPUT_MAX];

static void __attribute__((constructor)) start(void)
{
	hosted_reset();
}

void hosted_reset(void)
{
	hosted_boot_reset();
	for (unsigned i = 0; i < DMA_MAX; i++)
		end_mapping(&hosted.mapping[i]);
	memset(&hosted, 0, sizeof(hosted));
	output[0] = 0;
	hosted.now_ms = UINT32_MAX - 2500;
	hosted.idle_ms = 1;
	hosted.random = 0x5eed;
	hosted.dma_next = 0x4200000000;
}

/* --- time, chance, text ------------------------------------------------------------------- */

uint32_t port_now_ms(void)
{
	return hosted.now_ms;
}

/* A peer acts at each step; who sleeps hears nothing of it before the end. */
void port_idle(uint32_t ms)
{
	uint32_t start_ms = hosted.now_ms;

	do {
		hosted.now_ms += hosted.idle_ms;
		if (hosted.idle_hook)
			hosted.idle_hook(hosted.idle_ctx);
	} while (hosted.now_ms - start_ms + hosted.idle_ms <= ms);
}

void hosted_time_advance(uint32_t ms)
{
	hosted.now_ms += ms;
}

void hosted_time_set(uint32_t ms)
{
	hosted.now_ms = ms;
}

void hosted_idle_set(uint32_t ms)
{
	hosted.idle_ms = ms;
}

void hosted_idle_hook(void (*hook)(void *ctx), void *ctx)
{
	hosted.idle_hook = hook;
	hosted.idle_ctx = ctx;
}

int port_key(void)
{
	return hosted.keys && *hosted.keys ? *hosted.keys++ : -1;
}

void hosted_type(const char *keys)
{
	hosted.keys = keys;
}

void hosted_random_seed(uint64_t seed)
{
	hosted.random = seed;
}

/* A 64-bit linear congruential generator (Knuth's constants); its upper bits. */
void port_random(void *buf, size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		hosted.random = hosted.random * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(hosted.random >> 56);
	}
}

void port_putc(char c)
{
	if (hosted.output_len + 1 == sizeof(output))
		return;
	output[hosted.output_len++] = c;
	output[hosted.output_len] = 0;
}

const char *hosted_output(void)
{
	return output;
}

_Noreturn void port_fatal(const char *file, int line)
{
	fprintf(stderr, "assertion failed at %s:%d\n", file, line);
	abort();
}

/* --- PCI and registers ---------------------------------------------------------------------- */

static void check_access(uint64_t off, unsigned width, uint64_t len)
{
	assert(width == 1 || width == 2 || width == 4);
	assert(off % width == 0);
	assert(off + width <= len);
}

static const struct hosted_pci *pci_at(uintptr_t fn)
{
	for (unsigned i = 0; i < hosted.pci_count; i++)
		if (hosted.pci[i]->fn == fn)
			return hosted.pci[i];
	return NULL;
}

static uint32_t width_mask(unsigned width)
{
	return width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
}

void hosted_attach_pci(const struct hosted_pci *pci)
{
	assert(hosted.pci_count < PCI_MAX && !pci_at(pci->fn));
	hosted.pci[hosted.pci_count++] = pci;
}

void hosted_attach_fw_cfg(const struct hosted_pci *registers)
{
	hosted.fw_cfg = registers;
}

uint32_t port_pci_read(uintptr_t fn, unsigned off, unsigned width)
{
	const struct hosted_pci *pci = pci_at(fn);

	check_access(off, width, 256);
	return (pci ? pci->cfg_read(pci->ctx, off, width) : UINT32_MAX) & width_mask(width);
}

void port_pci_write(uintptr_t fn, unsigned off, unsigned width, uint32_t value)
{
	const struct hosted_pci *pci = pci_at(fn);

	check_access(off, width, 256);
	assert(value <= width_mask(width));
	if (pci)
		pci->cfg_write(pci->ctx, off, width, value);
}

int port_window_open(struct window *w, uintptr_t fn, unsigned bar, uint32_t off, uint32_t len)
{
	const struct hosted_pci *pci = pci_at(fn);
	const struct hosted_bar *b;

	assert(bar < 6);
	memset(w, 0, sizeof(*w));
	if (!pci || pci->bar[bar].kind == WINDOW_NONE)
		return ERR_DEVICE;
	b = &pci->bar[bar];
	if ((uint64_t)off + len > b->len)
		return ERR_DEVICE;
	if (b->unreachable)
		return ERR_UNREACHABLE;
	*w = (struct window){
		.base = off, .fn = fn, .len = len, .kind = b->kind, .bar = (uint8_t)bar
	};
	return 0;
}

static const struct hosted_pci *registers_of(const struct window *w, uint32_t off, unsigned width)
{
	assert(w->kind == WINDOW_IO || w->kind == WINDOW_MMIO);
	assert(off + (uint64_t)width <= w->len);
	if (hosted.fw_cfg && w->fn == UINTPTR_MAX)
		return hosted.fw_cfg;
	check_access(w->base + off, width, UINT64_MAX);
	assert(pci_at(w->fn));
	return pci_at(w->fn);
}

uint32_t port_window_read(const struct window *w, uint32_t off, unsigned width)
{
	const struct hosted_pci *pci = registers_of(w, off, width);

	return pci->bar_read(pci->ctx, w->bar, (uint32_t)w->base + off, width) & width_mask(width);
}

void port_window_write(const struct window *w, uint32_t off, unsigned width, uint32_t value)
{
	const struct hosted_pci *pci = registers_of(w, off, width);

	assert(value <= width_mask(width));
	pci->bar_write(pci->ctx, w->bar, (uint32_t)w->base + off, width, value);
}

void hosted_fw_cfg_window(struct window *w)
{
	memset(w, 0, sizeof(*w));
	if (hosted.fw_cfg)
		*w = (struct window){ .fn = UINTPTR_MAX, .len = 2, .kind = WINDOW_IO };
}

/* --- memory that devices see ---------------------------------------------------------------- */

int port_dma_alloc(struct dma *d, uintptr_t fn, size_t len)
{
	size_t whole = whole_pages(len);

	(void)fn;
	assert(len > 0);
	memset(d, 0, sizeof(*d));
	if (hosted.dma_fail && --hosted.dma_fail == 0)
		return ERR_NO_SPACE;
	for (unsigned i = 0; i < DMA_MAX; i++) {
		struct mapping *m = &hosted.mapping[i];

		if (m->len)
			continue;
		*m = (struct mapping){ take_memory(whole), hosted.dma_next, len };
		assert(m->va);
		/* Nobody relies on zeros. */
		memset(m->va, 0xa5, len < DMA_POISON ? len : DMA_POISON);
		hosted.dma_next += whole + DMA_GAP;
		*d = (struct dma){ m->va, m->dev, len, m, hosted.flat.len > 0 };
		return 0;
	}
	return ERR_NO_SPACE;
}

void port_dma_free(struct dma *d)
{
	struct mapping *m = d->token;

	assert(m && m->len == d->len && m->dev == d->dev);
	end_mapping(m);
	memset(d, 0, sizeof(*d));
}

/* Memory beside the grants that is the device's, too, where it is as far from m as dev says. */
static uint8_t *flat_dma(const struct mapping *m, uint64_t dev, size_t len)
{
	uintptr_t at = (uintptr_t)m->va + (uintptr_t)(dev - m->dev);
	uintptr_t off = at - (uintptr_t)hosted.flat.at;

	return off < hosted.flat.len && len <= hosted.flat.len - off ? hosted.flat.at + off : NULL;
}

void hosted_dma_flat(struct extent memory)
{
	hosted.flat = memory;
}

uint8_t *hosted_dma(uint64_t dev, size_t len)
{
	for (unsigned i = 0; i < DMA_MAX; i++) {
		const struct mapping *m = &hosted.mapping[i];

		if (m->len && flat_dma(m, dev, len))
			return flat_dma(m, dev, len);
		if (!m->len || dev < m->dev || dev - m->dev > m->len ||
		    len > m->len - (dev - m->dev))
			continue;
		return m->va + (dev - m->dev);
	}
	return NULL;
}

unsigned hosted_dma_live(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DMA_MAX; i++)
		n += hosted.mapping[i].len != 0;
	return n;
}

void hosted_dma_fail(unsigned n)
{
	hosted.dma_fail = n;
}

void hosted_dma_base(uint64_t dev)
{
	assert(dev % 4096 == 0);
	hosted.dma_next = dev;
}
