/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which NIC is ours, and the two moments at which it changes hands. The firmware says what there
 * is; configuration space and registers are the device's. Called by main.c and start.c.
 */
#include "arch/uefi/controller.h"

#include "arch/port.h"
#include "arch/uefi/path.h"
#include "arch/uefi/pci.h"
#include "core/text.h"
#include "drivers/pci.h"
#include "drivers/virtio.h"
#include "drivers/virtio_net.h"

#define CANDIDATES_MAX 32
#define STATUS_LINK_UP 1 /* VIRTIO_NET_S_LINK_UP, VIRTIO 1.4 5.1.4 */

static EFI_GUID pci_io_guid = EFI_PCI_IO_PROTOCOL_GUID;
static EFI_GUID snp_guid = EFI_SIMPLE_NETWORK_PROTOCOL_GUID;
static EFI_GUID device_path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;

const uint8_t *controller_path(EFI_HANDLE handle)
{
	return handle ? uefi_protocol(handle, &device_path_guid) : NULL;
}

/* The n handles that have a protocol, in the firmware's order; the caller frees them. */
static EFI_HANDLE *handles_with(EFI_GUID *protocol, UINTN *n)
{
	EFI_HANDLE *handles = NULL;

	*n = 0;
	(void)uefi.boot->LocateHandleBuffer(ByProtocol, protocol, NULL, n, &handles);
	return handles;
}

static void free_handles(EFI_HANDLE *handles)
{
	if (handles)
		(void)uefi.boot->FreePool(handles);
}

/* The virtio NICs among the machine's PCI functions, in the firmware's order; how many. */
static unsigned find_candidates(EFI_HANDLE candidate[CANDIDATES_MAX])
{
	UINTN n;
	EFI_HANDLE *handles = handles_with(&pci_io_guid, &n);
	EFI_PCI_IO_PROTOCOL *io;
	unsigned count = 0;

	for (UINTN i = 0; i < n && count < CANDIDATES_MAX; i++) {
		io = uefi_protocol(handles[i], &pci_io_guid);
		if (io && virtio_net_pci_is(pci_fn(io)))
			candidate[count++] = handles[i];
	}
	free_handles(handles);
	return count;
}

static void read_place(struct controller *c)
{
	UINTN segment = 0, bus = 0, device = 0, function = 0;
	struct text t;

	(void)c->pci_io->GetLocation(c->pci_io, &segment, &bus, &device, &function);
	text_init(&t, c->place, sizeof(c->place));
	if (segment)
		text_fmt(&t, "%04x:", (unsigned)segment);
	text_fmt(&t, "%02x:%02x.%u", (unsigned)bus, (unsigned)device, (unsigned)function);
}

/*
 * [UEFI-02] What the firmware had is remembered first, as far as it can be set again: an attribute
 * that only tells something, such as where the ROM came from, makes it refuse the rest (UEFI 2.10,
 * 14.4).
 */
static void enable(struct controller *c)
{
	EFI_PCI_IO_PROTOCOL *io = c->pci_io;
	UINT64 supported = 0;

	c->attributes = 0;
	(void)io->Attributes(io, EfiPciIoAttributeOperationGet, 0, &c->attributes);
	(void)io->Attributes(io, EfiPciIoAttributeOperationSupported, 0, &supported);
	c->attributes &= supported;
	supported &= EFI_PCI_IO_ATTRIBUTE_IO | EFI_PCI_IO_ATTRIBUTE_MEMORY |
		     EFI_PCI_IO_ATTRIBUTE_BUS_MASTER | EFI_PCI_IO_ATTRIBUTE_DUAL_ADDRESS_CYCLE;
	(void)io->Attributes(io, EfiPciIoAttributeOperationEnable, supported, NULL);
}

static void connect(EFI_HANDLE handle)
{
	(void)uefi.boot->ConnectController(handle, NULL, NULL, TRUE);
}

/*
 * Whether handle is reached through the device at parent; handles without a path of their own are
 * not.
 */
static bool is_below(EFI_HANDLE handle, const uint8_t *parent)
{
	const uint8_t *own = controller_path(handle);

	return own && parent && path_is_below(own, parent);
}

/*
 * [UEFI-05] From the top down: EDK2's virtio driver does not stop as long as a protocol stack has
 * its network interface started, and does not stop that stack itself.
 */
static EFI_STATUS disconnect(EFI_HANDLE nic)
{
	const uint8_t *path = controller_path(nic);
	UINTN n;
	EFI_HANDLE *handles = handles_with(&snp_guid, &n);

	for (UINTN i = 0; i < n; i++)
		if (is_below(handles[i], path))
			(void)uefi.boot->DisconnectController(handles[i], NULL, NULL);
	free_handles(handles);
	return uefi.boot->DisconnectController(nic, NULL, NULL);
}

/*
 * [UEFI-05] The firmware's drivers let go, then nobody but us may drive the function: UEFI 2.10,
 * 7.3.9, BY_DRIVER.
 */
static int take(struct controller *c, EFI_HANDLE handle, struct failure *f)
{
	EFI_STATUS disconnected = disconnect(handle), opened;
	char let_go[UEFI_STATUS_TEXT_LEN], open[UEFI_STATUS_TEXT_LEN];
	void *io = NULL;

	opened = uefi.boot->OpenProtocol(handle, &pci_io_guid, &io, uefi.image, handle,
					 EFI_OPEN_PROTOCOL_BY_DRIVER);
	if (opened != EFI_SUCCESS) {
		connect(handle);
		return fail(f, RUNG_DEVICE, ERR_DEVICE,
			    "the firmware does not give the virtio NIC away (DisconnectController: "
			    "%s, OpenProtocol: %s)",
			    uefi_status_text(let_go, disconnected), uefi_status_text(open, opened));
	}
	c->handle = handle;
	c->pci_io = io;
	read_place(c);
	enable(c);
	return 0;
}

void controller_give_back(struct controller *c)
{
	if (!c->handle)
		return;
	(void)c->pci_io->Attributes(c->pci_io, EfiPciIoAttributeOperationSet, c->attributes, NULL);
	(void)uefi.boot->CloseProtocol(c->handle, &pci_io_guid, uefi.image, c->handle);
	connect(c->handle);
	c->handle = NULL;
	c->pci_io = NULL;
}

/* VIRTIO 1.4 5.1.4.2: without STATUS, a link is assumed. */
static bool status_says_up(const struct virtio *v)
{
	if (!(v->offered & VIRTIO_BIT(VIRTIO_NET_F_STATUS)) ||
	    v->config_len < VIRTIO_NET_CONFIG_STATUS + 2)
		return true;
	return virtio_config_u16(v, VIRTIO_NET_CONFIG_STATUS) & STATUS_LINK_UP;
}

static bool has_link(uintptr_t fn)
{
	struct failure ignored = { 0 };
	struct virtio v;
	bool up;

	if (virtio_open(&v, fn, &ignored))
		return false;
	up = virtio_begin(&v, &ignored) == 0 && status_says_up(&v);
	return virtio_close(&v, &ignored) == 0 && up;
}

/* One of several that we were not loaded over. */
static int take_one_with_link(struct controller *c, const EFI_HANDLE *candidate, unsigned count,
			      struct failure *f)
{
	for (unsigned i = 0; i < count; i++) {
		struct failure ignored = { 0 };

		if (take(c, candidate[i], &ignored))
			continue;
		if (has_link(pci_fn(c->pci_io)))
			return 0;
		controller_give_back(c);
	}
	return take(c, candidate[0], f);
}

int controller_take(struct controller *c, struct failure *f)
{
	EFI_HANDLE candidate[CANDIDATES_MAX];
	unsigned count = find_candidates(candidate);

	if (count == 0)
		return fail(f, RUNG_DEVICE, ERR_DEVICE,
			    "the firmware shows no virtio network device (PCI 1af4:1000 or "
			    "1af4:1041)");
	/* What we were loaded from may vanish with the firmware's driver: it is asked first. */
	for (unsigned i = 0; i < count; i++)
		if (is_below(uefi.loaded->DeviceHandle, controller_path(candidate[i])))
			return take(c, candidate[i], f);
	return count == 1 ? take(c, candidate[0], f) : take_one_with_link(c, candidate, count, f);
}
