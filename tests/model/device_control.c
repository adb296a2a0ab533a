/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device's control queue (VIRTIO 1.4, 5.1.9.5): receive mode, MAC filter, queue pairs, as
 * far as skiff-conform asks for them; and what it does wrong there on request.
 */
#include "tests/model/device.h"

#include <string.h>

#include "core/wire.h"

enum { F_CTRL_RX = 18 };
enum { CLASS_RX = 0, CLASS_MAC = 1, CLASS_MQ = 4 };
enum { OK = 0, ERR = 1 };

#define PAIRS 1
#define BYTES_MAX 80

/* A command's bytes: class, command, data. */
struct command {
	uint8_t bytes[BYTES_MAX];
	uint32_t len;
};

void device_reset_control(struct device *d)
{
	if (d->filter.moved)
		memcpy(d->config, d->filter.mac, 6);
	memset(&d->filter, 0, sizeof(d->filter));
}

static uint8_t set_promiscuous(struct device *d, const struct command *c)
{
	if (c->len != 3)
		return ERR;
	d->filter.promiscuous = c->bytes[2] && !device_faulty(d, FAULT_FILTER_DEAF);
	return OK;
}

/* Two tables, of which the second is to be empty here. */
static uint8_t set_table(struct device *d, const struct command *c)
{
	uint32_t entries = get_le32(c->bytes + 2);

	if (entries > 1 || c->len != 10 + 6 * entries)
		return ERR;
	if (d->filter.has_table && device_faulty(d, FAULT_TABLE_KEPT))
		return OK;
	d->filter.has_table = entries > 0;
	memcpy(d->filter.table, c->bytes + 6, 6);
	return OK;
}

static uint8_t set_mac(struct device *d, const struct command *c)
{
	if (c->len != 8)
		return ERR;
	if (!d->filter.moved)
		memcpy(d->filter.mac, d->config, 6);
	d->filter.moved = true;
	if (device_faulty(d, FAULT_MAC_HIDDEN)) {
		memcpy(d->filter.table, c->bytes + 2, 6);
		d->filter.has_table = true;
		return OK;
	}
	for (unsigned i = 0; i < 6; i++)
		device_config_change(d, i, c->bytes[2 + i]);
	return OK;
}

static uint8_t set_pairs(struct device *d, const struct command *c)
{
	uint16_t pairs = get_le16(c->bytes + 2);

	if (device_faulty(d, FAULT_PAIRS_OK))
		return OK;
	return c->len == 4 && pairs >= 1 && pairs <= PAIRS ? OK : ERR;
}

static uint8_t obey(struct device *d, const struct command *c)
{
	switch (c->bytes[0] << 8 | c->bytes[1]) {
	case CLASS_RX << 8:
		return set_promiscuous(d, c);
	case CLASS_MAC << 8:
		return set_table(d, c);
	case CLASS_MAC << 8 | 1:
		return set_mac(d, c);
	case CLASS_MQ << 8:
		return set_pairs(d, c);
	default:
		return device_faulty(d, FAULT_CONTROL_OK) ? OK : ERR;
	}
}

void device_control(struct device *d)
{
	struct device_chain chain;
	struct command c;
	uint8_t ack;

	while (device_pop(d, 2, &chain)) {
		const struct device_piece *last = &chain.piece[chain.count - 1];

		memset(&c, 0, sizeof(c));
		c.len = device_gather(d, &chain, c.bytes, sizeof(c.bytes));
		if (c.len < 3 || c.len > sizeof(c.bytes) || !last->write || last->len != 1) {
			device_complain(d, "a control command that is none");
			return;
		}
		if (device_faulty(d, FAULT_CONTROL_SILENT))
			continue;
		ack = obey(d, &c);
		device_fill(d, &chain, c.len, &ack, 1);
		device_use(d, 2, chain.head, device_faulty(d, FAULT_CONTROL_LEN) ? c.len + 1 : 1);
		device_show(d, 2);
	}
}

bool device_passes(const struct device *d, const uint8_t *frame)
{
	const struct device_filter *f = &d->filter;

	if (!device_accepted(d, F_CTRL_RX) || device_faulty(d, FAULT_FILTER_OPEN))
		return true;
	return f->promiscuous || frame[0] & 1 || memcmp(frame, d->config, 6) == 0 ||
	       (f->has_table && memcmp(frame, f->table, 6) == 0);
}
