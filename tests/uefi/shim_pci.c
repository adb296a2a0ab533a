/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PciIo whose device addresses are not the CPU's, as behind an IOMMU or in encrypted memory. The
 * firmware maps memory one to one, so whoever hands a pointer to the device instead of what Map()
 * returned gets away with it there. Here the program under test gets each buffer at an alias, far
 * above all memory, that only the CPU knows; the device would find nothing there.
 *
 * The functions of the NICs' PciIo instances are replaced in place. Calls of the images that were
 * there before the program, such as the firmware's own driver, pass through; all others are the
 * program's, whatever it unpacks itself into.
 */
#include "tests/uefi/shim.h"

#define PAGE 4096
#define NICS_MAX 8
#define FIRMWARE_MAX 256 /* images */
#define VIRTIO_VENDOR 0x1af4
#define NET_TRANSITIONAL 0x1000
#define NET_MODERN 0x1041

#define SLOT 128 /* of the top page table, 512 GiB each */
#define ALIAS ((UINT64)SLOT << 39)
#define CR0_WP 0x10000
#define CR4_LA57 0x1000

#define FRESH 0xa5 /* what a program finds in a new buffer, and */
#define STALE 0xdb /* in one that it has freed */

struct shim_accounts shim;

static struct nic {
	EFI_PCI_IO_PROTOCOL *io;
	EFI_PCI_IO_PROTOCOL original;
	UINT64 before, left; /* its attributes, as the program found and as it left them */
} nics[NICS_MAX];
static UINTN nics_count;

static struct image {
	const UINT8 *base;
	UINT64 len;
} firmware[FIRMWARE_MAX];
static UINTN firmware_count;

/* Of the function that it stands in: who called it. */
#define FROM_PROGRAM() is_program(__builtin_return_address(0))

static BOOLEAN is_program(const UINT8 *caller)
{
	for (const struct image *i = firmware; i < firmware + firmware_count; i++)
		if ((UINT64)(caller - i->base) < i->len)
			return FALSE;
	return TRUE;
}

static struct nic *nic_of(const EFI_PCI_IO_PROTOCOL *io)
{
	for (struct nic *n = nics; n < nics + nics_count; n++)
		if (n->io == io)
			return n;
	lab_print("shim: breach: a PciIo of a NIC that is not there");
	lab_power_off();
}

static const EFI_PCI_IO_PROTOCOL *original(const EFI_PCI_IO_PROTOCOL *io)
{
	return &nic_of(io)->original;
}

static EFI_STATUS breach(const char *what, UINT64 value)
{
	shim.breaches++;
	lab_print("shim: breach: %s %x", what, value);
	return EFI_INVALID_PARAMETER;
}

/* The buffer of which the program knows this address and `len` bytes from there on. */
static struct shim_buffer *find(const void *host, UINT64 len)
{
	UINT64 phys = (UINT64)host - ALIAS;

	for (struct shim_buffer *b = shim.buffers; b < shim.buffers + SHIM_BUFFERS; b++) {
		UINT64 at = phys - (UINT64)b->phys;

		if (b->pages && at < b->pages * PAGE && len <= b->pages * PAGE - at)
			return b;
	}
	return NULL;
}

static EFI_STATUS EFIAPI allocate(EFI_PCI_IO_PROTOCOL *io, EFI_ALLOCATE_TYPE type,
				  EFI_MEMORY_TYPE memory, UINTN pages, void **host, UINT64 wanted)
{
	EFI_STATUS status = original(io)->AllocateBuffer(io, type, memory, pages, host, wanted);
	struct shim_buffer *b = shim.buffers;

	if (!FROM_PROGRAM() || status)
		return status;
	while (b->pages)
		if (++b == shim.buffers + SHIM_BUFFERS)
			return breach("too many buffers, of pages:", pages);
	*b = (struct shim_buffer){ .phys = *host, .pages = pages };
	for (UINTN i = 0; i < pages * PAGE; i++)
		b->phys[i] = FRESH;
	*host = b->phys + ALIAS;
	shim.allocated++;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI release(EFI_PCI_IO_PROTOCOL *io, UINTN pages, void *host)
{
	struct shim_buffer *b;
	UINT8 *phys;

	if (!FROM_PROGRAM())
		return original(io)->FreeBuffer(io, pages, host);
	b = find(host, 1);
	if (!b || b->phys + ALIAS != host || b->pages != pages)
		return breach("FreeBuffer of what AllocateBuffer did not return:", (UINT64)host);
	if (b->mapping)
		return breach("FreeBuffer of what is still mapped:", (UINT64)host);
	phys = b->phys;
	for (UINTN i = 0; i < pages * PAGE; i++)
		phys[i] = STALE;
	b->pages = 0;
	shim.freed++;
	return original(io)->FreeBuffer(io, pages, phys);
}

static EFI_STATUS EFIAPI map(EFI_PCI_IO_PROTOCOL *io, EFI_PCI_IO_PROTOCOL_OPERATION operation,
			     void *host, UINTN *len, EFI_PHYSICAL_ADDRESS *device, void **mapping)
{
	struct shim_buffer *b;
	EFI_STATUS status;

	if (!FROM_PROGRAM())
		return original(io)->Map(io, operation, host, len, device, mapping);
	if (operation != EfiPciIoOperationBusMasterCommonBuffer)
		return breach("Map for an operation that is not a common buffer's:", operation);
	b = find(host, *len);
	if (!b)
		return breach("Map of a common buffer that AllocateBuffer did not return:",
			      (UINT64)host);
	if (b->mapping)
		return breach("Map of what is mapped already:", (UINT64)host);
	status = original(io)->Map(io, operation, (UINT8 *)host - ALIAS, len, device, mapping);
	if (status)
		return status;
	b->mapping = *mapping;
	shim.mapped++;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI unmap(EFI_PCI_IO_PROTOCOL *io, void *mapping)
{
	struct shim_buffer *b = shim.buffers;

	if (!FROM_PROGRAM())
		return original(io)->Unmap(io, mapping);
	while (!b->pages || b->mapping != mapping)
		if (++b == shim.buffers + SHIM_BUFFERS)
			return breach("Unmap of what Map did not return:", (UINT64)mapping);
	b->mapping = NULL;
	shim.unmapped++;
	return original(io)->Unmap(io, mapping);
}

static EFI_STATUS EFIAPI attributes(EFI_PCI_IO_PROTOCOL *io,
				    EFI_PCI_IO_PROTOCOL_ATTRIBUTE_OPERATION operation, UINT64 value,
				    UINT64 *result)
{
	struct nic *n = nic_of(io);
	EFI_STATUS status = n->original.Attributes(io, operation, value, result);

	if (FROM_PROGRAM())
		n->original.Attributes(io, EfiPciIoAttributeOperationGet, 0, &n->left);
	return status;
}

static EFI_STATUS written(EFI_STATUS status)
{
	shim.writes++;
	shim_register_written();
	return status;
}

static EFI_STATUS EFIAPI write_memory(EFI_PCI_IO_PROTOCOL *io, EFI_PCI_IO_PROTOCOL_WIDTH width,
				      UINT8 bar, UINT64 off, UINTN count, void *values)
{
	EFI_STATUS status = original(io)->Mem.Write(io, width, bar, off, count, values);

	return FROM_PROGRAM() ? written(status) : status;
}

static EFI_STATUS EFIAPI write_port(EFI_PCI_IO_PROTOCOL *io, EFI_PCI_IO_PROTOCOL_WIDTH width,
				    UINT8 bar, UINT64 off, UINTN count, void *values)
{
	EFI_STATUS status = original(io)->Io.Write(io, width, bar, off, count, values);

	return FROM_PROGRAM() ? written(status) : status;
}

/* Makes ALIAS + n the same memory as n. The firmware may have write-protected its page tables. */
static void make_alias(void)
{
	UINT64 cr0, cr3, cr4, *table;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	table = (UINT64 *)(cr3 & 0xffffffffff000);
	if (cr4 & CR4_LA57 || table[SLOT]) {
		lab_print("shim: this firmware's page tables are of a kind that is not known here");
		lab_power_off();
	}
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0 & ~(UINT64)CR0_WP) : "memory");
	table[SLOT] = table[0];
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
}

static void insert(struct nic *n)
{
	n->original = *n->io;
	n->io->Attributes(n->io, EfiPciIoAttributeOperationGet, 0, &n->before);
	n->left = n->before;
	n->io->Attributes = attributes;
	n->io->AllocateBuffer = allocate;
	n->io->FreeBuffer = release;
	n->io->Map = map;
	n->io->Unmap = unmap;
	n->io->Mem.Write = write_memory;
	n->io->Io.Write = write_port;
}

static void learn_firmware(void)
{
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	EFI_LOADED_IMAGE *loaded;
	EFI_HANDLE *handles;
	UINTN count;

	if (lab_system->BootServices->LocateHandleBuffer(ByProtocol, &guid, NULL, &count, &handles))
		return;
	for (UINTN i = 0; i < count && i < FIRMWARE_MAX; i++)
		if (!lab_system->BootServices->HandleProtocol(handles[i], &guid, (void **)&loaded))
			firmware[firmware_count++] = (struct image){ loaded->ImageBase,
								     loaded->ImageSize };
}

UINTN shim_pci_insert(void)
{
	EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	UINTN count;

	learn_firmware();
	make_alias();
	if (lab_system->BootServices->LocateHandleBuffer(ByProtocol, &guid, NULL, &count, &handles))
		return 0;
	for (UINTN i = 0; i < count && nics_count < NICS_MAX; i++) {
		struct nic *n = &nics[nics_count];
		UINT16 id[2];

		if (lab_system->BootServices->HandleProtocol(handles[i], &guid, (void **)&n->io) ||
		    n->io->Pci.Read(n->io, EfiPciIoWidthUint16, 0, 2, id) ||
		    id[0] != VIRTIO_VENDOR || (id[1] != NET_TRANSITIONAL && id[1] != NET_MODERN))
			continue;
		insert(n);
		nics_count++;
	}
	return nics_count;
}

void shim_pci_remove(void)
{
	for (struct nic *n = nics; n < nics + nics_count; n++) {
		*n->io = n->original;
		if (n->left != n->before)
			breach("PCI attributes that were not restored:", n->left);
	}
}
