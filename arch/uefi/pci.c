/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space, registers and shared memory of a PCI function, all of it through the
 * firmware's EFI_PCI_IO_PROTOCOL (UEFI 2.10, 14.4), so that IOMMUs and encrypted memory are the
 * firmware's affair. The device may answer anything. Called through the seam.
 */
#include "arch/uefi/pci.h"

#include "arch/cpu.h"
#include "arch/port.h"
#include "core/assert.h"
#include "core/wire.h"

#define BARS 6
#define GRANTS_MAX 8
#define PAGE_LEN 4096

/* The resource descriptor that GetBarAttributes() returns (ACPI 6.4, 6.4.3.5.1), or an end tag. */
enum descriptor {
	DESC_TAG = 0,
	DESC_TYPE = 3,
	DESC_ADDRESS_LEN = 38,
};

#define TAG_QWORD_ADDRESS 0x8a
#define TYPE_MEMORY 0
#define TYPE_IO 1

/* Memory of one port_dma_alloc(). */
static struct grant {
	EFI_PCI_IO_PROTOCOL *pci_io; /* NULL: free */
	void *va, *mapping;
	UINTN pages;
} grants[GRANTS_MAX];

static EFI_PCI_IO_PROTOCOL_WIDTH width_of(unsigned width)
{
	if (width == 1)
		return EfiPciIoWidthUint8;
	return width == 2 ? EfiPciIoWidthUint16 : EfiPciIoWidthUint32;
}

static uint32_t all_ones(unsigned width)
{
	return UINT32_MAX >> (32 - 8 * width);
}

uint32_t port_pci_read(uintptr_t fn, unsigned off, unsigned width)
{
	uint32_t value = 0;
	EFI_STATUS status = pci_io(fn)->Pci.Read(pci_io(fn), width_of(width), off, 1, &value);

	return status == EFI_SUCCESS ? value : all_ones(width);
}

void port_pci_write(uintptr_t fn, unsigned off, unsigned width, uint32_t value)
{
	(void)pci_io(fn)->Pci.Write(pci_io(fn), width_of(width), off, 1, &value);
}

/*
 * The kind and length of a BAR, by the firmware's word. False: it does not exist, or has no
 * address.
 */
static bool read_bar(EFI_PCI_IO_PROTOCOL *io, unsigned bar, uint8_t *kind, uint64_t *len)
{
	VOID *resources = NULL;
	const uint8_t *desc;
	bool ok;

	if (io->GetBarAttributes(io, (UINT8)bar, NULL, &resources) != EFI_SUCCESS)
		return false;
	desc = resources;
	ok = desc[DESC_TAG] == TAG_QWORD_ADDRESS && desc[DESC_TYPE] <= TYPE_IO;
	if (ok) {
		*kind = desc[DESC_TYPE] == TYPE_IO ? WINDOW_IO : WINDOW_MMIO;
		*len = get_le64(desc + DESC_ADDRESS_LEN);
	}
	(void)uefi.boot->FreePool(resources);
	return ok;
}

int port_window_open(struct window *w, uintptr_t fn, unsigned bar, uint32_t off, uint32_t len)
{
	uint64_t bar_len;
	uint8_t kind;

	if (bar >= BARS || !read_bar(pci_io(fn), bar, &kind, &bar_len) ||
	    (uint64_t)off + len > bar_len)
		return ERR_DEVICE;
	*w = (struct window){
		.base = off,
		.fn = fn,
		.len = len,
		.kind = kind,
		.bar = (uint8_t)bar,
	};
	return 0;
}

static const EFI_PCI_IO_PROTOCOL_ACCESS *access_by(EFI_PCI_IO_PROTOCOL *io, const struct window *w)
{
	return w->kind == WINDOW_IO ? &io->Io : &io->Mem;
}

/* A window without a function is fw_cfg's, at the machine's own ports. */
uint32_t port_window_read(const struct window *w, uint32_t off, unsigned width)
{
	EFI_PCI_IO_PROTOCOL *io = pci_io(w->fn);
	uint32_t value = 0;
	EFI_STATUS status;

	if (!io)
		return cpu_window_read(w, off, width);
	status = access_by(io, w)->Read(io, width_of(width), w->bar, w->base + off, 1, &value);
	return status == EFI_SUCCESS ? value : all_ones(width);
}

void port_window_write(const struct window *w, uint32_t off, unsigned width, uint32_t value)
{
	EFI_PCI_IO_PROTOCOL *io = pci_io(w->fn);

	if (!io)
		cpu_window_write(w, off, width, value);
	else
		(void)access_by(io, w)->Write(io, width_of(width), w->bar, w->base + off, 1,
					      &value);
}

/* [UEFI-03] A common buffer is mapped whole or not at all. */
static bool map(struct grant *g, struct dma *d)
{
	UINTN mapped = d->len;
	EFI_PHYSICAL_ADDRESS dev;

	if (g->pci_io->Map(g->pci_io, EfiPciIoOperationBusMasterCommonBuffer, g->va, &mapped, &dev,
			   &g->mapping) != EFI_SUCCESS)
		return false;
	d->dev = dev;
	if (mapped == d->len)
		return true;
	(void)g->pci_io->Unmap(g->pci_io, g->mapping);
	return false;
}

static void free_buffer(struct grant *g)
{
	(void)g->pci_io->FreeBuffer(g->pci_io, g->pages, g->va);
	g->pci_io = NULL;
}

static struct grant *unused_grant(void)
{
	for (unsigned i = 0; i < GRANTS_MAX; i++)
		if (!grants[i].pci_io)
			return &grants[i];
	return NULL;
}

/* Above 4 GiB too, where DUAL_ADDRESS_CYCLE is enabled (controller.c). */
int port_dma_alloc(struct dma *d, uintptr_t fn, size_t len)
{
	EFI_PCI_IO_PROTOCOL *io = pci_io(fn);
	struct grant *g = unused_grant();

	if (!g)
		return ERR_NO_SPACE;
	g->pages = (len + PAGE_LEN - 1) / PAGE_LEN;
	if (io->AllocateBuffer(io, AllocateAnyPages, EfiBootServicesData, g->pages, &g->va, 0) !=
	    EFI_SUCCESS)
		return ERR_NO_SPACE;
	g->pci_io = io;
	*d = (struct dma){ .va = g->va, .len = len, .token = g };
	if (map(g, d))
		return 0;
	free_buffer(g);
	*d = (struct dma){ 0 };
	return ERR_NO_SPACE;
}

static void end_grant(struct grant *g)
{
	(void)g->pci_io->Unmap(g->pci_io, g->mapping);
	free_buffer(g);
}

void port_dma_free(struct dma *d)
{
	struct grant *g = d->token;

	assert(g && g->pci_io && g->va == d->va);
	end_grant(g);
	*d = (struct dma){ 0 };
}

void pci_free_all(void)
{
	for (unsigned i = 0; i < GRANTS_MAX; i++)
		if (grants[i].pci_io)
			end_grant(&grants[i]);
}
