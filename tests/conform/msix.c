/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI-X, masked. The capability was written by the device. Called by probe_*.c. */
#include "tests/conform/msix.h"

#include "core/mem.h"
#include "drivers/pci.h"

#define CONTROL 2
#define CONTROL_SIZE 0x7ff /* vectors, less one */
#define CONTROL_MASK 0x4000
#define CONTROL_ENABLE 0x8000
#define PENDING 8 /* offset in its low BAR number's BAR */
#define BIR 7
#define BARS 6
#define CAPABILITY_LEN 12

bool msix_find(struct msix *m, uintptr_t fn)
{
	struct pci_caps caps;
	uint32_t pending;

	memset(m, 0, sizeof(*m));
	m->fn = fn;
	pci_caps_begin(&caps, fn);
	m->at = (uint8_t)pci_cap_next(&caps, PCI_CAP_ID_MSIX);
	if (m->at == 0 || m->at + CAPABILITY_LEN > PCI_CONFIG_LEN)
		return false;
	m->vectors = (uint16_t)((port_pci_read(fn, m->at + CONTROL, 2) & CONTROL_SIZE) + 1);
	pending = port_pci_read(fn, m->at + PENDING, 4);
	if ((pending & BIR) >= BARS ||
	    port_window_open(&m->pending, fn, pending & BIR, pending & ~(uint32_t)BIR, 4) < 0)
		m->pending.kind = WINDOW_NONE;
	return true;
}

void msix_enable(const struct msix *m)
{
	port_pci_write(m->fn, m->at + CONTROL, 2, CONTROL_ENABLE | CONTROL_MASK);
}

void msix_disable(const struct msix *m)
{
	port_pci_write(m->fn, m->at + CONTROL, 2, 0);
}

bool msix_pending(const struct msix *m, unsigned vector)
{
	return port_window_read(&m->pending, 0, 4) >> vector & 1;
}
