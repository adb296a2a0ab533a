/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device under skiff-conform's questions, which go beyond what a driver may do: what it
 * has for them alone, and what it does wrong there on request.
 */
#include "tests/model/device.h"

#include <string.h>

#include "core/wire.h"

#define MSIX_ENABLE 0x8000
#define MSIX_MASK 0x4000

bool device_faulty(const struct device *d, enum device_fault fault)
{
	return d->faults >> fault & 1;
}

void device_forbid(struct device *d, const char *what)
{
	if (!d->probed)
		device_complain(d, what);
}

/* --- MSI-X ------------------------------------------------------------------------------------ */

void device_probe(struct device *d)
{
	uint8_t *msix = d->cfg + DEVICE_CAP_MSIX;

	d->probed = true;
	d->pci.bar[DEVICE_MSIX_BAR] = (struct hosted_bar){ .kind = WINDOW_MMIO, .len = 0x1000 };
	put_le16(msix + 2, DEVICE_MSIX_VECTORS - 1);
	put_le32(msix + 4, DEVICE_MSIX_BAR);
	put_le32(d->cfg + 0x20, 0xfe000000); /* BAR4 has an address */
	put_le32(msix + 8, DEVICE_MSIX_PENDING_OFF | DEVICE_MSIX_BAR);
}

/* 4.1.5.1.2.1: a reset unmaps. */
void device_reset_probed(struct device *d)
{
	if (!device_faulty(d, FAULT_VECTORS_STAY))
		d->config_vector = UINT16_MAX;
	d->pending = 0;
	d->isr = 0;
	device_reset_control(d);
}

/* MSI-X' control, of which enabling and masking are the driver's. */
bool device_cfg_write_probed(struct device *d, unsigned off, unsigned width, uint32_t value)
{
	uint8_t *control = d->cfg + DEVICE_CAP_MSIX + 2;

	if (!d->probed || off != DEVICE_CAP_MSIX + 2 || width != 2)
		return false;
	put_le16(control,
		 (uint16_t)((DEVICE_MSIX_VECTORS - 1) | (value & (MSIX_ENABLE | MSIX_MASK))));
	if ((value & (MSIX_ENABLE | MSIX_MASK)) == MSIX_ENABLE)
		device_complain(d, "a vector was unmasked: a message would go nowhere");
	return true;
}

uint32_t device_msix_read(const struct device *d, uint32_t off)
{
	return off == DEVICE_MSIX_PENDING_OFF ? d->pending : 0;
}

/* --- interrupts ------------------------------------------------------------------------------- */

/* 2.7.7.2, 4.1.5.3 */
void device_signal(struct device *d, const struct device_queue *q, uint16_t flags)
{
	bool msix = get_le16(d->cfg + DEVICE_CAP_MSIX + 2) & MSIX_ENABLE;
	unsigned vector = q->vector;

	if (flags && !device_faulty(d, FAULT_ISR_ALWAYS))
		return;
	if (!msix) {
		d->isr |= !device_faulty(d, FAULT_ISR_NEVER);
		return;
	}
	if (device_faulty(d, FAULT_VECTOR_ZERO))
		vector = 0;
	if (vector == UINT16_MAX && device_faulty(d, FAULT_VECTOR_ONE))
		vector = 1;
	if (vector < DEVICE_MSIX_VECTORS)
		d->pending |= 1u << vector;
}

/* 4.1.4.5.1: reading clears it. */
uint8_t device_isr_read(struct device *d)
{
	uint8_t isr = d->isr;

	if (!device_faulty(d, FAULT_ISR_STAYS))
		d->isr = 0;
	return isr;
}
