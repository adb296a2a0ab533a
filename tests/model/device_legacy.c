/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device's legacy registers, in BAR0. What the driver must not do becomes a complaint
 * that names the row of tests/rows.txt.
 */
#include "tests/model/device.h"

#include "core/wire.h"

static uint32_t legacy_config_off(const struct device *d)
{
	return get_le16(d->cfg + DEVICE_CAP_MSIX + 2) & 0x8000 ? 24 : 20;
}

static unsigned legacy_width(uint32_t off)
{
	return off < 12 ? 4 : off < 18 ? 2 : 1;
}

uint32_t device_legacy_read(struct device *d, uint32_t off, unsigned width)
{
	const struct device_queue *q = device_selected(d);

	if (off >= legacy_config_off(d))
		return device_config_read(d, off - legacy_config_off(d), width);
	if (width != legacy_width(off))
		device_complain(d, "a legacy register was not read by its own width");
	switch (off) {
	case 0:
		return d->offers[0];
	case 8:
		return q ? (uint32_t)(q->desc >> 12) : 0;
	case 12:
		return q ? q->max : 0;
	case 18:
		return device_status_read(d);
	default:
		return 0;
	}
}

static void legacy_pfn(struct device *d, uint32_t value)
{
	struct device_queue *q = device_selected(d);

	if (!q || q->max == 0 || value == 0) {
		device_complain(d, "a queue was set up that does not exist, or at page 0");
		return;
	}
	q->size = q->max;
	q->desc = (uint64_t)value << 12;
	q->avail = q->desc + 16u * q->size;
	q->used = (q->avail + 6 + 2u * q->size + 4095) & ~UINT64_C(4095);
	q->enabled = true;
}

void device_legacy_write(struct device *d, uint32_t off, unsigned width, uint32_t value)
{
	if (width != legacy_width(off) || off > 18)
		device_complain(
			d, "a legacy register was not written by its own width, or is read-only");
	switch (off) {
	case 4:
		device_feature_write(d, 0, value);
		break;
	case 8:
		legacy_pfn(d, value);
		break;
	case 14:
		d->queue_select = (uint16_t)value;
		break;
	case 16:
		device_doorbell(d, value);
		break;
	case 18:
		device_status_write(d, (uint8_t)value, true);
		break;
	default:
		device_complain(d, "a read-only legacy register was written");
	}
}
