/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space: the device and the firmware wrote what is read here. Called by the
 * virtio transports, and by ports that are not told which function they serve.
 */
#include "drivers/pci.h"

#include "arch/port.h"

#define VENDOR_VIRTIO 0x1af4
#define DEVICE_TRANSITIONAL_NET 0x1000
#define DEVICE_NET 0x1041 /* 1040h + device type 1 */
#define STATUS_CAPABILITIES 0x10
#define MULTI_FUNCTION 0x80
#define FUNCTIONS 0x10000 /* 256 buses of 32 devices of 8 functions */
#define CAPS_BEGIN 0x40   /* behind the standard header */

/* VIRTIO 1.4 4.1.2.2 [PCI-01] */
bool virtio_net_pci_is(uintptr_t fn)
{
	uint32_t device;

	if (port_pci_read(fn, PCI_VENDOR_ID, 2) != VENDOR_VIRTIO)
		return false;
	device = port_pci_read(fn, PCI_DEVICE_ID, 2);
	return device == DEVICE_TRANSITIONAL_NET || device == DEVICE_NET;
}

bool virtio_net_pci_find(uintptr_t *fn)
{
	bool multi_function;

	for (uintptr_t device = *fn & ~(uintptr_t)7; device < FUNCTIONS; device += 8) {
		if (port_pci_read(device, PCI_VENDOR_ID, 2) == 0xffff)
			continue; /* a device has a function 0 */
		multi_function = port_pci_read(device, PCI_HEADER_TYPE, 1) & MULTI_FUNCTION;
		for (uintptr_t at = device; at < device + (multi_function ? 8 : 1); at++) {
			if (at < *fn || !virtio_net_pci_is(at))
				continue;
			*fn = at;
			return true;
		}
	}
	return false;
}

void pci_caps_begin(struct pci_caps *caps, uintptr_t fn)
{
	bool has_list = port_pci_read(fn, PCI_STATUS, 2) & STATUS_CAPABILITIES;

	caps->fn = fn;
	caps->next = has_list ? (uint8_t)port_pci_read(fn, PCI_CAPABILITY_LIST, 1) : 0;
	caps->left = (PCI_CONFIG_LEN - CAPS_BEGIN) / 4;
}

unsigned pci_cap_next(struct pci_caps *caps, enum pci_cap_id id)
{
	while (caps->left > 0) {
		unsigned at = caps->next & 0xfcu;

		if (at < CAPS_BEGIN)
			break;
		caps->left--;
		caps->next = (uint8_t)port_pci_read(caps->fn, at + 1, 1);
		if (port_pci_read(caps->fn, at, 1) == id)
			return at;
	}
	caps->left = 0;
	return 0;
}

/* [PCI-19] Configuration interrupts ignore the rings' suppression flags, so the pin is disabled. */
void pci_enable(struct pci_command_saved *saved, uintptr_t fn)
{
	saved->fn = fn;
	saved->command = (uint16_t)port_pci_read(fn, PCI_COMMAND, 2);
	port_pci_write(fn, PCI_COMMAND, 2,
		       saved->command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
			       PCI_COMMAND_INTX_DISABLE);
}

void pci_enable_dma(uintptr_t fn)
{
	uint32_t command = port_pci_read(fn, PCI_COMMAND, 2);

	port_pci_write(fn, PCI_COMMAND, 2, command | PCI_COMMAND_MASTER);
}

void pci_disable_dma(uintptr_t fn)
{
	uint32_t command = port_pci_read(fn, PCI_COMMAND, 2);

	port_pci_write(fn, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_MASTER);
}

void pci_restore(const struct pci_command_saved *saved)
{
	port_pci_write(saved->fn, PCI_COMMAND, 2, saved->command & ~(uint32_t)PCI_COMMAND_MASTER);
}
