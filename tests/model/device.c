/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device: its birth, its PCI configuration space, its log. Registers are in
 * device_registers.c, rings in device_ring.c. What the driver under test must not do becomes a
 * complaint that names the row of tests/rows.txt.
 */
#include "tests/model/device.h"

#include <stdio.h>
#include <string.h>

#include "core/wire.h"

enum { F_MAC = 5, F_STATUS = 16, F_ANY_LAYOUT = 27, F_VERSION_1 = 32 };

static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

void device_complain(struct device *d, const char *what)
{
	if (!d->complaint)
		d->complaint = what;
}

bool device_content(const struct device *d)
{
	if (d->complaint)
		fprintf(stderr, "the device complains: %s\n", d->complaint);
	return !d->complaint;
}

bool device_accepted(const struct device *d, unsigned bit)
{
	return d->accepted[bit / 32] >> bit % 32 & 1;
}

void device_offer(struct device *d, unsigned bit)
{
	d->offers[bit / 32] |= 1u << bit % 32;
}

void device_withdraw(struct device *d, unsigned bit)
{
	d->offers[bit / 32] &= ~(1u << bit % 32);
}

void device_record(struct device *d, unsigned space, bool write, uint32_t off, unsigned width,
		   uint32_t value)
{
	if (d->log_count < DEVICE_LOG_MAX)
		d->log[d->log_count++] = (struct device_access){ (uint8_t)space, (uint8_t)width,
								 write, off, value };
}

/* --- configuration of the device -------------------------------------------------------------- */

void device_config_change(struct device *d, uint32_t off, uint8_t value)
{
	d->config[off] = value;
	d->generation = (uint8_t)(d->generation + d->counts_generation);
}

void device_link(struct device *d, bool up)
{
	device_config_change(d, 6, up);
}

/* --- PCI configuration space ------------------------------------------------------------------ */

/* 4.1.4.9.2 [PCI-16]: aligned, and inside one of the other capabilities. */
static void check_pci_cfg_aim(struct device *d, const uint8_t *cap)
{
	uint32_t off = get_le32(cap + 8), len = get_le32(cap + 12);

	if ((len != 1 && len != 2 && len != 4) || off % len)
		device_complain(d, "the PCI_CFG window was aimed at an unaligned place [PCI-16]");
	for (unsigned at = DEVICE_CAP_COMMON; at < DEVICE_CAP_PCI_CFG; at += 16) {
		const uint8_t *other = d->cfg + at;
		uint64_t begin = get_le32(other + 8), end = begin + get_le32(other + 12);

		if (other[0] == 9 && other[4] == cap[4] && off >= begin &&
		    (uint64_t)off + len <= end)
			return;
	}
	device_complain(d, "the PCI_CFG window was aimed outside every capability [PCI-16]");
}

static bool is_pci_cfg(const struct device *d, unsigned at)
{
	return d->cfg[at] == 9 && d->cfg[at + 3] == 5;
}

static uint32_t cfg_read(void *ctx, unsigned off, unsigned width)
{
	struct device *d = ctx;
	const uint8_t *cap = d->cfg + DEVICE_CAP_PCI_CFG;
	uint32_t value = 0;

	if (off == DEVICE_CAP_PCI_CFG + 16 && is_pci_cfg(d, DEVICE_CAP_PCI_CFG)) {
		check_pci_cfg_aim(d, cap);
		if (get_le32(cap + 12) != width)
			device_complain(
				d, "pci_cfg_data was accessed by another width than its length");
		if (device_faulty(d, FAULT_WINDOW_WIDE))
			return device_bar_read(d, cap[4], get_le32(cap + 8) & ~3u, 4);
		return device_bar_read(d, cap[4], get_le32(cap + 8), width);
	}
	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)d->cfg[off + i] << 8 * i;
	device_record(d, DEVICE_SPACE_CFG, false, off, width, value);
	return value;
}

static void cfg_write(void *ctx, unsigned off, unsigned width, uint32_t value)
{
	struct device *d = ctx;
	const uint8_t *cap = d->cfg + DEVICE_CAP_PCI_CFG;

	device_record(d, DEVICE_SPACE_CFG, true, off, width, value);
	if (off == DEVICE_CAP_PCI_CFG + 16 && is_pci_cfg(d, DEVICE_CAP_PCI_CFG)) {
		check_pci_cfg_aim(d, cap);
		if ((width == 1 && device_faulty(d, FAULT_WINDOW_LOSES)) ||
		    (get_le32(cap + 8) >= DEVICE_NOTIFY_OFF &&
		     device_faulty(d, FAULT_WINDOW_SILENT)))
			return;
		device_bar_write(d, cap[4], get_le32(cap + 8), width, value);
		return;
	}
	if (device_cfg_write_probed(d, off, width, value))
		return;
	if (off >= 0x40 && !(is_pci_cfg(d, DEVICE_CAP_PCI_CFG) && off >= DEVICE_CAP_PCI_CFG + 4 &&
			     off < DEVICE_CAP_PCI_CFG + 16)) {
		device_complain(d, "a capability was written [PCI-05] [PCI-18]");
		return;
	}
	if (off < 0x40 && (off != 4 || width != 2))
		device_complain(
			d, "another configuration register than the command register was written");
	for (unsigned i = 0; i < width; i++)
		d->cfg[off + i] = (uint8_t)(value >> 8 * i);
}

void device_capability(struct device *d, unsigned at, uint8_t next, uint8_t cfg_type, uint8_t bar,
		       uint32_t off, uint32_t len, uint32_t extra)
{
	uint8_t *cap = d->cfg + at;
	bool longer = cfg_type == 2 || cfg_type == 5;

	memset(cap, 0, longer ? 20 : 16);
	cap[0] = 9;
	cap[1] = next;
	cap[2] = longer ? 20 : 16;
	cap[3] = cfg_type;
	cap[4] = bar;
	put_le32(cap + 8, off);
	put_le32(cap + 12, len);
	if (longer)
		put_le32(cap + 16, extra);
}

/* --- birth ------------------------------------------------------------------------------------ */

static void init_common(struct device *d, uint16_t device_id, uint8_t revision)
{
	memset(d, 0, sizeof(*d));
	put_le16(d->cfg, 0x1af4);
	put_le16(d->cfg + 2, device_id);
	d->cfg[8] = revision;
	d->cfg[6] = 0x10; /* there is a capability list */
	memcpy(d->config, mac, sizeof(mac));
	d->config[6] = 1;
	put_le16(d->config + 8, 1);
	d->config_len = 12;
	d->counts_generation = true;
	device_offer(d, F_MAC);
	device_offer(d, F_STATUS);
	for (unsigned i = 0; i < DEVICE_QUEUES; i++) {
		d->queue[i].max = d->queue[i].size = 256;
		d->queue[i].notify_off = (uint16_t)i;
	}
	d->pci = (struct hosted_pci){
		.fn = DEVICE_FN,
		.ctx = d,
		.cfg_read = cfg_read,
		.cfg_write = cfg_write,
		.bar_read = device_bar_read,
		.bar_write = device_bar_write,
	};
	/* MSI-X first in the list, as QEMU has it. */
	d->cfg[0x34] = DEVICE_CAP_MSIX;
	d->cfg[DEVICE_CAP_MSIX] = 0x11;
}

static void init_modern(struct device *d)
{
	device_offer(d, F_VERSION_1);
	d->notify_off_multiplier = 4;
	d->pci.bar[4] = (struct hosted_bar){ .kind = WINDOW_MMIO, .len = DEVICE_BAR4_LEN };
	d->cfg[DEVICE_CAP_MSIX + 1] = DEVICE_CAP_PCI_CFG;
	device_capability(d, DEVICE_CAP_PCI_CFG, DEVICE_CAP_NOTIFY, 5, 0, 0, 0, 0);
	device_capability(d, DEVICE_CAP_NOTIFY, DEVICE_CAP_CONFIG, 2, 4, DEVICE_NOTIFY_OFF, 0x1000,
			  4);
	device_capability(d, DEVICE_CAP_CONFIG, DEVICE_CAP_ISR, 4, 4, DEVICE_CONFIG_OFF, 0x1000, 0);
	device_capability(d, DEVICE_CAP_ISR, DEVICE_CAP_COMMON, 3, 4, DEVICE_ISR_OFF, 0x1000, 0);
	device_capability(d, DEVICE_CAP_COMMON, 0, 1, 4, DEVICE_COMMON_OFF, 0x1000, 0);
}

void device_init(struct device *d)
{
	init_common(d, 0x1041, 1);
	init_modern(d);
}

void device_init_legacy(struct device *d)
{
	init_common(d, 0x1000, 0);
	device_offer(d, F_ANY_LAYOUT);
	d->pci.bar[0] = (struct hosted_bar){ .kind = WINDOW_IO, .len = 32 };
}

void device_init_transitional(struct device *d)
{
	init_common(d, 0x1000, 0);
	init_modern(d);
	d->pci.bar[0] = (struct hosted_bar){ .kind = WINDOW_IO, .len = 32 };
}

void device_attach(struct device *d)
{
	hosted_attach_pci(&d->pci);
}

/* --- the log --------------------------------------------------------------------------------- */

unsigned device_log_find(const struct device *d, unsigned space, uint32_t off, bool write,
			 uint32_t *values, unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->log_count; i++) {
		const struct device_access *a = &d->log[i];

		if (a->space != space || a->off != off || a->write != write)
			continue;
		if (n < max)
			values[n] = a->value;
		n++;
	}
	return n;
}

unsigned device_status_writes(const struct device *d, uint32_t *values, unsigned max)
{
	unsigned n = device_log_find(d, 4, DEVICE_COMMON_OFF + 20, true, values, max);

	return n ? n : device_log_find(d, 0, 18, true, values, max);
}
