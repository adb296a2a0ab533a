/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model device's view of its queues: it walks what the driver made available, by device
 * addresses only, and complains of what a driver must not do there.
 */
#include "tests/model/device.h"

#include <string.h>

#include "core/assert.h"
#include "core/wire.h"

#define DRIVER_OK 4
#define NEEDS_RESET 64
#define LEN_MAX (1u << 17)
#define MASTER 4
#define DESC_NEXT 1
#define DESC_WRITE 2
#define DESC_INDIRECT 4

uint32_t device_header_len(const struct device *d)
{
	return device_accepted(d, 32) ? 12 : 10;
}

/* Our memory at a device address, or a place of no consequence and a complaint. */
static uint8_t *reach(struct device *d, uint64_t addr, uint32_t len)
{
	static uint8_t nowhere[LEN_MAX];
	uint8_t *p = hosted_dma(addr, len);

	assert(len <= sizeof(nowhere));
	if (!(d->cfg[4] & MASTER) || !(d->status & DRIVER_OK))
		p = NULL;
	else if (!p)
		device_complain(d, "an address that is not the device's to access [INIT-15]");
	return p ? p : nowhere;
}

/*
 * What no driver may do; of a hostile one nothing else is to be expected. Whether the device stops
 * here.
 */
static bool refuse(struct device *d, const char *what)
{
	if (!d->hostile) {
		device_complain(d, what);
		return false;
	}
	d->status |= NEEDS_RESET;
	d->stuck |= device_faulty(d, FAULT_STUCK);
	return true;
}

static void read_desc(struct device *d, const struct device_queue *q, uint16_t i,
		      struct device_piece *piece, uint16_t *flags, uint16_t *next)
{
	const uint8_t *desc = reach(d, q->desc + 16u * i, 16);

	piece->addr = get_le64(desc);
	piece->len = get_le32(desc + 8);
	*flags = get_le16(desc + 12);
	*next = get_le16(desc + 14);
	piece->write = *flags & DESC_WRITE;
}

/* [SPLIT-04] [SPLIT-06] [SPLIT-07]: whether there is anything to be done with it. */
static bool walk(struct device *d, const struct device_queue *q, struct device_chain *chain)
{
	uint16_t flags = DESC_NEXT, next = chain->head;

	chain->count = 0;
	while (flags & DESC_NEXT) {
		struct device_piece *piece = &chain->piece[chain->count];

		if (chain->count == DEVICE_PIECES_MAX || next >= q->size) {
			(void)refuse(d, "a chain without an end, or out of the table [SPLIT-06]");
			return !d->hostile;
		}
		read_desc(d, q, next, piece, &flags, &next);
		if (flags & DESC_INDIRECT && refuse(d, "INDIRECT was not negotiated [SPLIT-07]"))
			return false;
		if (chain->count > 0 && chain->piece[chain->count - 1].write && !piece->write &&
		    refuse(d, "a readable piece after a writable one [SPLIT-04]"))
			return false;
		if (piece->len == 0 && refuse(d, "an empty piece"))
			return false;
		if (d->hostile && (piece->len > LEN_MAX || !hosted_dma(piece->addr, piece->len)))
			return !refuse(d, "memory that is not the device's");
		(void)reach(d, piece->addr, piece->len);
		chain->count++;
	}
	return true;
}

bool device_pop(struct device *d, unsigned queue, struct device_chain *chain)
{
	struct device_queue *q = &d->queue[queue];
	uint16_t idx, waiting;
	uint64_t entry;

	if (!q->enabled || !(d->status & DRIVER_OK) || d->stuck ||
	    (d->hostile && d->status & NEEDS_RESET))
		return false;
	idx = get_le16(reach(d, q->avail + 2, 2));
	waiting = (uint16_t)(idx - q->last_avail);
	if (waiting > q->size)
		(void)refuse(d, "avail.idx went back or too far [SPLIT-09]");
	if (waiting == 0 || waiting > q->size)
		return false;
	if (get_le16(reach(d, q->avail, 2)) != 1)
		device_forbid(d, "a polled queue without NO_INTERRUPT [SPLIT-14]");
	entry = q->avail + 4 + 2u * (q->last_avail & (q->size - 1u));
	chain->head = get_le16(reach(d, entry, 2));
	q->last_avail++;
	return walk(d, q, chain);
}

void device_fill(struct device *d, const struct device_chain *chain, uint32_t off, const void *data,
		 uint32_t len)
{
	const uint8_t *from = data;

	for (unsigned i = 0; i < chain->count && len > 0; i++) {
		const struct device_piece *piece = &chain->piece[i];
		uint32_t n;

		if (off >= piece->len) {
			off -= piece->len;
			continue;
		}
		n = piece->len - off < len ? piece->len - off : len;
		memcpy(reach(d, piece->addr + off, n), from, n);
		from += n;
		len -= n;
		off = 0;
	}
}

void device_use(struct device *d, unsigned queue, uint32_t id, uint32_t len)
{
	struct device_queue *q = &d->queue[queue];
	uint8_t *elem = reach(d, q->used + 4 + 8u * (q->used_idx & (q->size - 1u)), 8);

	put_le32(elem, id);
	put_le32(elem + 4, len);
	q->used_idx++;
}

void device_show_idx(struct device *d, unsigned queue, uint16_t idx)
{
	put_le16(reach(d, d->queue[queue].used + 2, 2), idx);
}

void device_show(struct device *d, unsigned queue)
{
	struct device_queue *q = &d->queue[queue];

	device_show_idx(d, queue, q->used_idx);
	device_signal(d, q, get_le16(reach(d, q->avail, 2)));
}

void device_used_flags(struct device *d, unsigned queue, uint16_t flags)
{
	put_le16(reach(d, d->queue[queue].used, 2), flags);
}

/* A legacy device without ANY_LAYOUT wants the header alone in the first piece [NET-L3]. */
static void check_layout(struct device *d, const struct device_chain *chain)
{
	bool alone = !device_accepted(d, 32) && !device_accepted(d, 27);

	if (alone && chain->piece[0].len != device_header_len(d))
		device_complain(d, "the header shares its descriptor [NET-L3]");
	if (chain->count > (d->no_chains ? 1u : 2u) + alone)
		device_forbid(d, "needlessly many descriptors [SPLIT-05]");
}

bool device_receive(struct device *d, const uint8_t header[12], const void *frame, uint32_t len)
{
	static const uint8_t honest[12] = { [10] = 1 };
	uint32_t header_len = device_header_len(d), room = 0;
	struct device_chain chain;

	if (!device_pop(d, 0, &chain))
		return false;
	for (unsigned i = 0; i < chain.count; i++) {
		if (!chain.piece[i].write &&
		    refuse(d, "a receive buffer that the device may not write"))
			return false;
		room += chain.piece[i].len;
	}
	check_layout(d, &chain);
	if (room < 1526 && refuse(d, "a receive buffer of less than 1526 bytes [NET-20]"))
		return false;
	assert(header_len + len <= room);
	if (chain.piece[0].len < header_len && device_faulty(d, FAULT_HEADER_WHOLE))
		return false;
	device_fill(d, &chain, 0, header ? header : honest, header_len);
	device_fill(d, &chain, header_len, frame, len);
	device_use(d, 0, chain.head, header_len + len);
	device_show(d, 0);
	return true;
}

uint32_t device_gather(struct device *d, const struct device_chain *chain, uint8_t *buf,
		       uint32_t cap)
{
	uint32_t total = 0;

	for (unsigned i = 0; i < chain->count; i++) {
		const struct device_piece *piece = &chain->piece[i];

		if (piece->write)
			continue;
		if (total + piece->len <= cap)
			memcpy(buf + total, reach(d, piece->addr, piece->len), piece->len);
		total += piece->len;
	}
	return total;
}

void device_transmit(struct device *d)
{
	uint8_t bytes[12 + DEVICE_FRAME_MAX];
	uint32_t header_len = device_header_len(d), len;
	struct device_chain chain;

	while (device_pop(d, 1, &chain)) {
		struct device_sent *sent = &d->sent[d->sent_count % DEVICE_SENT_MAX];

		check_layout(d, &chain);
		if (chain.piece[chain.count - 1].write &&
		    refuse(d, "a transmit buffer that the device may write"))
			return;
		len = device_gather(d, &chain, bytes, sizeof(bytes));
		if (len < header_len + 14 || len > sizeof(bytes)) {
			(void)refuse(d, "a transmitted frame of impossible length");
			return;
		}
		memset(sent, 0, sizeof(*sent));
		memcpy(sent->header, bytes, header_len);
		sent->len = len - header_len;
		memcpy(sent->frame, bytes + header_len, sent->len);
		sent->head = chain.head;
		if (chain.piece[0].len < header_len && device_faulty(d, FAULT_HEADER_WHOLE))
			sent->len = 0;
		d->sent_count++;
		device_offload(d);
		device_use(d, 1, chain.head, 0);
		device_show(d, 1);
	}
}
