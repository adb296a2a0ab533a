/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device's registers, but for the legacy ones (device_legacy.c). The driver under test
 * writes them; what it must not do becomes a complaint that names the row of tests/rows.txt.
 */
#include "tests/model/device.h"

#include <string.h>

#include "core/wire.h"

enum { DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, FAILED = 128 };
enum { COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4 };
enum { F_MTU = 3, F_MAC = 5, F_STATUS = 16, F_MQ = 22, F_VERSION_1 = 32, F_RING_RESET = 40 };
enum { QUEUE_RESET = 58 };

static bool offered(const struct device *d, unsigned bit)
{
	return d->offers[bit / 32] >> bit % 32 & 1;
}

/* A field exists with its feature, and is read by its own width ([PCI-02]). */
uint32_t device_config_read(struct device *d, uint32_t off, unsigned width)
{
	unsigned feature = off < 6 ? F_MAC : off < 8 ? F_STATUS : off < 10 ? F_MQ : F_MTU;

	if (d->on_config_read)
		d->on_config_read(d, off);
	if (!offered(d, feature))
		device_complain(
			d, "a configuration field was read whose feature is not offered [INIT-21]");
	if (width != (off < 6 ? 1u : 2u) || off % width)
		device_complain(d, "a configuration field was not read by its own width [PCI-02]");
	if (off + width > d->config_len)
		device_complain(d, "configuration was read beyond its end");
	return off + width > sizeof(d->config) ? UINT32_MAX :
	       width == 1                      ? d->config[off] :
						 get_le16(d->config + off);
}

/* [INIT-03] [NET-02] */
static void config_write(struct device *d, uint32_t off, unsigned width, uint32_t value)
{
	device_forbid(d, "device configuration was written [INIT-03] [NET-02]");
	if (!device_faulty(d, FAULT_CONFIG_WRITABLE) || off + width > d->config_len)
		return;
	for (unsigned i = 0; i < width; i++)
		d->config[off + i] = (uint8_t)(value >> 8 * i);
}

/* --- registers that both interfaces have ------------------------------------------------------ */

static void clear_queue(struct device *d, struct device_queue *q)
{
	if (!device_faulty(d, FAULT_SIZE_STAYS))
		q->size = q->max;
	q->enabled = false;
	if (!device_faulty(d, FAULT_ADDRESSES_STAY))
		q->desc = q->avail = q->used = 0;
	if (!device_faulty(d, FAULT_VECTORS_STAY))
		q->vector = UINT16_MAX;
	q->last_avail = q->used_idx = 0;
}

static void reset(struct device *d)
{
	d->reset_reads_left = d->status ? d->reset_reads : 0;
	if (d->reset_reads_left == 0)
		d->status = 0;
	if (!device_faulty(d, FAULT_FEATURES_STAY))
		memset(d->accepted, 0, sizeof(d->accepted));
	if (!device_faulty(d, FAULT_SELECTORS_STAY))
		d->device_feature_select = d->driver_feature_select = d->queue_select = 0;
	device_reset_probed(d);
	for (unsigned i = 0; i < DEVICE_QUEUES; i++)
		clear_queue(d, &d->queue[i]);
}

uint8_t device_status_read(struct device *d)
{
	if (d->reset_reads_left && d->reset_reads_left != DEVICE_RESET_NEVER &&
	    --d->reset_reads_left == 0)
		d->status = 0;
	return d->status;
}

void device_status_write(struct device *d, uint8_t value, bool legacy)
{
	if (value == 0) {
		reset(d);
		return;
	}
	if (d->reset_reads_left && value != FAILED)
		device_complain(d, "the driver did not wait for the end of the reset [PCI-11]");
	if ((value & d->status) != d->status)
		device_complain(d, "a status bit was cleared without a reset [INIT-02]");
	if (d->status & FAILED)
		device_complain(d, "the driver went on after FAILED [INIT-07]");
	if (value & DRIVER_OK && !legacy && !(d->status & FEATURES_OK))
		device_complain(d, "DRIVER_OK without FEATURES_OK [INIT-05]");
	if (value & FEATURES_OK && legacy)
		device_complain(d, "FEATURES_OK on a legacy device [INIT-26]");
	if (value & FEATURES_OK && !legacy && !device_accepted(d, F_VERSION_1))
		device_forbid(d, "VERSION_1 was not accepted [INIT-14]");
	if (value & DRIVER_OK && !(d->cfg[4] & COMMAND_MASTER))
		device_complain(d, "DRIVER_OK while bus mastering is off [PCI-19]");
	if (d->refuses_features || (d->probed && !device_accepted(d, F_VERSION_1)) ||
	    ((d->accepted[2] | d->accepted[3]) && device_faulty(d, FAULT_UPPER_REFUSED)))
		value &= (uint8_t)~FEATURES_OK;
	d->status = value;
}

void device_feature_write(struct device *d, unsigned word, uint32_t value)
{
	if (device_faulty(d, FAULT_WORDS_FOLDED))
		word &= 1;
	if (d->status & (FEATURES_OK | DRIVER_OK)) {
		device_forbid(d, "features were written too late [INIT-04]");
		if (!device_faulty(d, FAULT_FEATURES_LATE))
			return;
	}
	if (!(d->status & DRIVER)) {
		device_forbid(d, "features were written before DRIVER [INIT-01]");
		if (!device_faulty(d, FAULT_FEATURES_EARLY))
			return;
	}
	if (word >= 4)
		return;
	if (value & ~d->offers[word])
		device_complain(d, "a feature was accepted that is not offered [INIT-11]");
	d->accepted[word] = value;
}

void device_doorbell(struct device *d, uint32_t queue)
{
	if (!(d->status & DRIVER_OK))
		device_complain(d, "a doorbell before DRIVER_OK [INIT-08]");
	if (queue >= DEVICE_QUEUES || !d->queue[queue].enabled) {
		device_complain(d, "a doorbell for a queue that is not set up");
		return;
	}
	d->queue[queue].doorbells++;
	if (queue == 1 && !d->queue[1].hold)
		device_transmit(d);
	if (queue == 2)
		device_control(d);
}

struct device_queue *device_selected(struct device *d)
{
	uint16_t queue = d->queue_select;

	if (device_faulty(d, FAULT_SELECT_WRAPS))
		queue &= 0x3fff;
	return queue < DEVICE_QUEUES ? &d->queue[queue] : NULL;
}

/* --- the modern interface -------------------------------------------------------------------- */

/*
 * Offsets and widths of struct virtio_pci_common_cfg's members that a driver needs, and whether it
 * may write them.
 */
static const struct common_register {
	uint8_t off, width;
	bool writable;
} common_registers[] = {
	{ 0, 4, true },   { 4, 4, false }, { 8, 4, true },   { 12, 4, true }, { 16, 2, true },
	{ 18, 2, false }, { 20, 1, true }, { 21, 1, false }, { 22, 2, true }, { 24, 2, true },
	{ 26, 2, true },  { 28, 2, true }, { 30, 2, false }, { 32, 4, true }, { 36, 4, true },
	{ 40, 4, true },  { 44, 4, true }, { 48, 4, true },  { 52, 4, true },
};

static void check_common(struct device *d, uint32_t off, unsigned width, bool write)
{
	for (size_t i = 0; i < sizeof(common_registers) / sizeof(common_registers[0]); i++) {
		const struct common_register *r = &common_registers[i];

		if (r->off != off)
			continue;
		if (r->width != width)
			device_complain(d, "a register was not accessed by its own width [PCI-02]");
		if (write && !r->writable)
			device_complain(d, "a read-only register was written [PCI-07]");
		return;
	}
	if (off != QUEUE_RESET || width != 2 || !device_accepted(d, F_RING_RESET))
		device_complain(d, "an access that is no register [PCI-13]");
}

static uint32_t address_read(const struct device_queue *q, uint32_t off)
{
	uint64_t address;

	if (!q || off < 32 || off >= 56)
		return 0;
	address = off < 40 ? q->desc : off < 48 ? q->avail : q->used;
	return (uint32_t)(off & 4 ? address >> 32 : address);
}

static uint32_t common_read(struct device *d, uint32_t off)
{
	const struct device_queue *q = device_selected(d);

	switch (off) {
	case 0:
		return d->device_feature_select;
	case 4:
		if (device_faulty(d, FAULT_OFFER_REPEATS))
			return d->offers[d->device_feature_select % 4];
		return d->device_feature_select < 4 ? d->offers[d->device_feature_select] : 0;
	case 8:
		return d->driver_feature_select;
	case 12:
		return d->driver_feature_select < 4 ? d->accepted[d->driver_feature_select] : 0;
	case 16:
		return d->config_vector;
	case 18:
		return DEVICE_QUEUES;
	case 20:
		return device_status_read(d);
	case 21:
		return d->generation;
	case 22:
		return d->queue_select;
	case 24:
		return q ? q->size : 0;
	case 26:
		if (device_faulty(d, FAULT_VECTOR_FORGOTTEN) && q && q->vector != UINT16_MAX)
			return 0;
		return q ? q->vector : UINT16_MAX;
	case 28:
		return q ? q->enabled : 0;
	case 30:
		return q ? q->notify_off : 0;
	default:
		return address_read(q, off);
	}
}

static void half(uint64_t *v, bool high, uint32_t value)
{
	if (high)
		*v = (*v & UINT32_MAX) | (uint64_t)value << 32;
	else
		*v = (*v & ~(uint64_t)UINT32_MAX) | value;
}

static void queue_write(struct device *d, uint32_t off, uint32_t value)
{
	struct device_queue *q = device_selected(d);

	if (!q || q->max == 0) {
		device_complain(d, "a queue was set up that does not exist [PCI-09]");
		return;
	}
	if (off == QUEUE_RESET && value == 1) {
		clear_queue(d, q);
		return;
	}
	if (off == 26) {
		q->vector = (uint16_t)value;
		return;
	}
	if (q->enabled)
		device_complain(d, "a queue was changed after queue_enable [PCI-10]");
	if (!(d->status & FEATURES_OK))
		device_complain(d, "a queue was set up before FEATURES_OK [INIT-01]");
	if (off == 24) {
		if (value == 0 || value & (value - 1) || value > q->max)
			device_complain(
				d, "queue_size is no power of two within the device's [PCI-08]");
		q->size = (uint16_t)value;
	} else if (off == 28) {
		if (value != 1)
			device_complain(
				d, "queue_enable was written with another value than 1 [PCI-10]");
		if (q->desc % 16 || q->avail % 2 || q->used % 4)
			device_complain(d, "a part of the ring is misaligned [SPLIT-01]");
		if (!q->desc || !q->avail || !q->used)
			device_complain(d, "queue_enable before all addresses [PCI-10]");
		q->enabled = true;
	} else if (off >= 32) {
		half(off < 40 ? &q->desc : off < 48 ? &q->avail : &q->used, off & 4, value);
	}
}

static void common_write(struct device *d, uint32_t off, uint32_t value)
{
	switch (off) {
	case 0:
		d->device_feature_select = value;
		break;
	case 8:
		d->driver_feature_select = value;
		break;
	case 12:
		device_feature_write(d, d->driver_feature_select, value);
		break;
	case 16:
		d->config_vector = (uint16_t)value;
		break;
	case 20:
		device_status_write(d, (uint8_t)value, false);
		break;
	case 22:
		d->queue_select = (uint16_t)value;
		break;
	default:
		queue_write(d, off, value);
	}
}

/* [PCI-14] [PCI-15]: 16 bits, the queue's index, at the address of that queue. */
static void notify_write(struct device *d, uint32_t off, unsigned width, uint32_t value)
{
	if (width != 2)
		device_complain(d, "a doorbell that is not 16 bits wide [PCI-14]");
	if (value >= DEVICE_QUEUES ||
	    (uint64_t)d->queue[value].notify_off * d->notify_off_multiplier != off)
		device_complain(d, "a doorbell at another queue's address [PCI-15]");
	device_doorbell(d, value);
}

/* --- BARs ------------------------------------------------------------------------------------- */

static void check_decode(struct device *d, unsigned bar)
{
	uint8_t need = d->pci.bar[bar].kind == WINDOW_IO ? COMMAND_IO : COMMAND_MEMORY;

	if (!(d->cfg[4] & need))
		device_complain(d, "registers were accessed while the device does not decode them");
}

static uint32_t registers_read(struct device *d, unsigned bar, uint32_t off, unsigned width)
{
	uint32_t value;

	check_decode(d, bar);
	if (bar == 0)
		return device_legacy_read(d, off, width);
	if (bar == DEVICE_MSIX_BAR && d->probed)
		return device_msix_read(d, off);
	if (bar == 4 && off == DEVICE_ISR_OFF && d->probed)
		return device_isr_read(d);
	if (bar == 4 && off >= DEVICE_CONFIG_OFF && off < DEVICE_NOTIFY_OFF)
		return device_config_read(d, off - DEVICE_CONFIG_OFF, width);
	if (bar != 4 || off >= DEVICE_ISR_OFF) {
		device_complain(d, "a read where nothing is to be read");
		return UINT32_MAX;
	}
	check_common(d, off, width, false);
	value = common_read(d, off);
	if (d->on_common_read)
		d->on_common_read(d, off, &value);
	return value;
}

/* The PCI_CFG window's BAR is whatever stands there. */
static bool has_bar(struct device *d, unsigned bar)
{
	if (bar < ARRAY_LEN(d->pci.bar))
		return true;
	device_complain(d, "an access to a BAR that no device has [PCI-16]");
	return false;
}

uint32_t device_bar_read(void *ctx, unsigned bar, uint32_t off, unsigned width)
{
	uint32_t value = has_bar(ctx, bar) ? registers_read(ctx, bar, off, width) : UINT32_MAX;

	device_record(ctx, bar, false, off, width, value);
	return value;
}

void device_bar_write(void *ctx, unsigned bar, uint32_t off, unsigned width, uint32_t value)
{
	struct device *d = ctx;

	device_record(d, bar, true, off, width, value);
	if (!has_bar(d, bar))
		return;
	check_decode(d, bar);
	if (bar == 0) {
		device_legacy_write(d, off, width, value);
	} else if (bar == 2) {
		notify_write(d, off, width, value);
	} else if (bar == 4 && off >= DEVICE_NOTIFY_OFF) {
		notify_write(d, off - DEVICE_NOTIFY_OFF, width, value);
	} else if (bar == 4 && off < DEVICE_ISR_OFF) {
		check_common(d, off, width, true);
		common_write(d, off, value);
	} else {
		config_write(d, off - DEVICE_CONFIG_OFF, width, value);
	}
}
