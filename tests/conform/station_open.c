/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A station's birth and death: the device brought up in a shape (VIRTIO 1.4, 3.1.1), and reset,
 * with its memory watched from then on. What the registers say was written by the device. Called by
 * conform.c.
 */
#include "core/clock.h"
#include "core/assert.h"
#include "core/mem.h"
#include "core/random.h"
#include "drivers/virtio_net.h"
#include "drivers/vnet.h"
#include "tests/conform/features.h"
#include "tests/conform/station.h"

#define SIZE_USUAL 256
#define SIZE_SMALLEST 2
#define SIZE_MOST 32768
#define ETH_ROOM (14 + 4) /* header and a VLAN tag */
#define RX_LEN_LEAST 1526 /* 5.1.9.3.1, without MRG_RXBUF */
#define RX_SLOTS 64
#define RX_ROOM (2u << 20) /* bytes of an arena for receive buffers */
#define RX_LEN_GSO (65601 + 4)
#define MTU_DEFAULT 1500
#define TYPE_EXPERIMENT 0x88b5 /* IEEE 802: for local experiments */
#define EARLY_FRAME_LEN 60

void station_init(struct station *st, uint8_t *va, uint64_t dev, uint32_t len, uint64_t key)
{
	uint32_t half = len / 2 & ~(uint32_t)(ARENA_PAGE - 1);

	memset(st, 0, sizeof(*st));
	for (unsigned i = 0; i < STATION_ARENAS; i++) {
		arena_init(&st->arena[i], va + i * half, dev + i * half, half, key + i);
		arena_begin(&st->arena[i]);
	}
	st->nic.ops = &station_ops;
}

static bool has(const struct station *st, unsigned feature)
{
	return st->v->accepted >> feature & 1;
}

/*
 * What does not depend on queues: the header's length, the rules, addresses and lengths of frames.
 */
static void take_facts(struct station *st)
{
	const struct registers_config *config = &st->registers->config;
	static const uint8_t none[6];
	bool mrg = has(st, VIRTIO_NET_F_MRG_RXBUF);

	st->rules = (struct judge_rules){
		.accepted = st->v->accepted,
		.modern = !st->v->transport->legacy,
		.has_num_buffers = !st->v->transport->legacy || mrg,
		.mtu = has(st, VIRTIO_NET_F_MTU) ? config->mtu : 0,
	};
	st->header_len = st->rules.has_num_buffers ? VNET_HEADER_LEN : VNET_LEGACY_HEADER_LEN;
	st->rx_len = st->shape->rx_len ? st->shape->rx_len : RX_LEN_LEAST;
	if (!mrg && st->rx_len < st->rules.mtu + ETH_ROOM + st->header_len)
		st->rx_len = st->rules.mtu + ETH_ROOM + st->header_len;
	if (!mrg && st->rx_len < RX_LEN_LEAST)
		st->rx_len = RX_LEN_LEAST;
	if (!mrg && st->v->accepted & JUDGE_GSO_FEATURES)
		st->rx_len = RX_LEN_GSO;
	st->nic.mtu = st->rules.mtu ? st->rules.mtu : MTU_DEFAULT;
	if (st->nic.mtu < NIC_MTU_LEAST)
		st->nic.mtu = NIC_MTU_LEAST;
	st->mtu_max = st->nic.mtu;
	if (!mrg && !st->rules.mtu && st->rx_len > RX_LEN_LEAST + ETH_ROOM)
		st->mtu_max = (uint16_t)(st->rx_len - ETH_ROOM - st->header_len < UINT16_MAX ?
						 st->rx_len - ETH_ROOM - st->header_len :
						 UINT16_MAX);
	st->nic.tx_max = (uint16_t)((st->nic.mtu < MTU_DEFAULT ? st->nic.mtu : MTU_DEFAULT) + 14);
	/*
	 * 5.1.4.2: the device's address, even where MAC is declined, so that leases stay the same;
	 * or one of our own.
	 */
	if (memcmp(config->mac, none, sizeof(none)) != 0)
		memcpy(st->nic.mac, config->mac, sizeof(st->nic.mac));
	if (memcmp(st->nic.mac, none, sizeof(none)) == 0) {
		random_fill(st->nic.mac, sizeof(st->nic.mac));
		st->nic.mac[0] = (uint8_t)((st->nic.mac[0] & 0xfc) | 2);
	}
}

/* --- queues -------------------------------------------------------------------------------- */

/*
 * The ring's size by the shape; the device's own on a legacy one. 0, with a sentence, if there is
 * none.
 */
static uint32_t choose_size(struct station *st, uint16_t queue)
{
	uint32_t max = st->v->transport->queue_max(st->v, queue), size = 1;
	uint32_t limit = st->shape->queue == QUEUE_SMALLEST                     ? SIZE_SMALLEST :
			 st->shape->queue == QUEUE_LARGEST || st->shape->legacy ? SIZE_MOST :
										  SIZE_USUAL;

	while (size * 2 <= max && size * 2 <= limit)
		size *= 2;
	if (max >= 2 && (!st->shape->legacy || size == max))
		return size;
	(void)fail(st->failure, RUNG_QUEUES, ERR_DEVICE,
		   "queue %u has %u entries, which is no ring", queue, (unsigned)max);
	return 0;
}

static bool no_memory(struct station *st, const char *what)
{
	(void)fail(st->failure, RUNG_QUEUES, ERR_NO_SPACE, "no memory for %s", what);
	return false;
}

static uint8_t pieces_of(const uint8_t layout[RING_PIECES_MAX - 1])
{
	uint8_t n = 0;

	while (n < RING_PIECES_MAX - 1 && layout[n])
		n++;
	return (uint8_t)(n + 1);
}

/*
 * As many slots as fit ring, shape and book; under IN_ORDER all of the ring, so it shrinks to them.
 */
static bool make_ring(struct station *st, struct ring *r, uint16_t queue, unsigned slots)
{
	bool receives = queue == VIRTIO_NET_RECEIVEQ;
	const uint8_t *layout = receives ? st->shape->rx_layout : st->shape->tx_layout;
	/* Buffers of a merged frame have one piece each, unless framing is the subject. */
	bool one = st->shape->one_descriptor || (receives && has(st, VIRTIO_NET_F_MRG_RXBUF));
	struct ring_shape shape = {
		.pieces = layout[0] ? pieces_of(layout) :
			  one       ? 1 :
				      2,
		.receives = receives,
		.legacy = st->shape->legacy,
		.event_idx = has(st, VIRTIO_F_EVENT_IDX),
		.indirect = has(st, VIRTIO_F_INDIRECT_DESC),
		.in_order = has(st, VIRTIO_F_IN_ORDER),
		.header_len = receives ? st->header_len : 0,
	};
	uint32_t size = choose_size(st, queue), each = shape.indirect ? 1 : shape.pieces;

	if (!size)
		return false;
	while (slots * each > size)
		slots /= 2;
	while (shape.in_order && !st->shape->legacy && slots * each < size)
		size /= 2;
	shape.size = (uint16_t)size;
	shape.slots = (uint16_t)slots;
	return ring_init(r, &shape, &st->arena[st->now], st->ledger) || no_memory(st, "a ring");
}

/* The lengths of a buffer's pieces, which are len in all: a header of its own, or as the shape has
 * it. */
static void cut(struct station *st, const struct ring *r, uint32_t len, struct ring_piece *piece)
{
	const uint8_t *layout = r->shape.receives ? st->shape->rx_layout : st->shape->tx_layout;
	unsigned last = r->shape.pieces - 1u;

	for (unsigned i = 0; i < last; i++) {
		piece[i].len = layout[0] ? layout[i] : st->header_len;
		len -= piece[i].len;
	}
	piece[last].len = len;
}

static bool bind_slots(struct station *st, struct ring *r, uint32_t len)
{
	struct arena *a = &st->arena[st->now];
	struct ring_piece piece[RING_PIECES_MAX];

	for (unsigned slot = 0; slot < r->shape.slots; slot++) {
		unsigned pieces = r->shape.pieces;

		assert(pieces <= RING_PIECES_MAX);
		cut(st, r, len, piece);
		for (unsigned i = 0; i < pieces; i++) {
			piece[i].at = arena_take(a, piece[i].len, 8);
			if (!piece[i].at)
				return no_memory(st, "buffers");
		}
		if (!ring_bind(r, slot, piece))
			return no_memory(st, "indirect tables");
	}
	return true;
}

static int start_receiveq(struct station *st)
{
	unsigned slots = st->shape->rx_slots ? st->shape->rx_slots : RX_SLOTS;

	while (slots > 1 && slots * (st->rx_len + ARENA_PAGE) > RX_ROOM)
		slots /= 2;
	if (!make_ring(st, &st->rx, VIRTIO_NET_RECEIVEQ, slots) ||
	    !bind_slots(st, &st->rx, st->rx_len))
		return ERR_DEVICE;
	for (unsigned slot = 0; slot < st->rx.shape.slots; slot++)
		ring_post(&st->rx, slot);
	st->nic.rx_slots = st->rx.shape.slots;
	return st->v->transport->queue_start(st->v, VIRTIO_NET_RECEIVEQ, &st->rx.place,
					     st->failure);
}

static int start_transmitq(struct station *st)
{
	if (!make_ring(st, &st->tx, VIRTIO_NET_TRANSMITQ, STATION_TX_SLOTS) ||
	    !bind_slots(st, &st->tx, STATION_TX_LEN))
		return ERR_DEVICE;
	st->tx_next = 0;
	return st->v->transport->queue_start(st->v, VIRTIO_NET_TRANSMITQ, &st->tx.place,
					     st->failure);
}

/* --- DRIVER_OK ----------------------------------------------------------------------------- */

/* A frame of no meaning, handed over before the device may take it. */
static void send_early(struct station *st)
{
	uint8_t *frame = st->nic.ops->tx_buffer(&st->nic);

	if (!frame)
		return;
	memset(frame, 0, EARLY_FRAME_LEN);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, st->nic.mac, 6);
	frame[12] = TYPE_EXPERIMENT >> 8;
	frame[13] = TYPE_EXPERIMENT & 0xff;
	st->nic.ops->tx_send(&st->nic, EARLY_FRAME_LEN);
}

/* 2.1.2: buffers are there, and nothing may happen to them yet [DEV-12]. */
static void linger(struct station *st)
{
	uint32_t begun_ms = clock_now_ms();

	ring_publish(&st->rx);
	if (st->shape->linger_ms)
		send_early(st);
	ring_publish(&st->tx);
	while (!clock_reached(clock_now_ms(), begun_ms + st->shape->linger_ms))
		port_idle();
	if (st->shape->legacy)
		return;
	ledger_seen(st->ledger, DEV_12);
	if (st->rx.used->idx || st->tx.used->idx)
		ledger_broken(
			st->ledger, DEV_12,
			"before DRIVER_OK used.idx is %u of the receive queue, %u of the transmit "
			"queue",
			st->rx.used->idx, st->tx.used->idx);
}

static int negotiate(struct station *st, uint64_t mask)
{
	uint64_t wanted = (st->shape->features & mask) | features_base;
	int err = virtio_begin(st->v, st->failure);

	if (err)
		return err;
	registers_begin(st->registers, st->v, st->ledger);
	wanted = features_closed(st->v->offered & wanted);
	err = virtio_accept(st->v, wanted, st->failure);
	if (!st->v->transport->legacy)
		ledger_seen(st->ledger, DEV_04);
	if (err && st->v->offered >> VIRTIO_F_VERSION_1 & 1) /* [DEV-04] */
		ledger_broken(st->ledger, DEV_04,
			      "0x%llx of the offered 0x%llx is refused: status is 0x%02x",
			      (unsigned long long)st->v->accepted,
			      (unsigned long long)st->v->offered, st->v->transport->status(st->v));
	if (err)
		return err;
	registers_accepted(st->registers, st->v, st->ledger);
	return 0;
}

int station_open(struct station *st, const struct shape *shape, uint64_t mask)
{
	int err;

	st->shape = shape;
	record_interface(st->record, shape->name);
	st->nic.failure = st->failure;
	st->nic.rx = NULL;
	st->live = st->broken = st->rx_off = false;
	st->link_down = st->link_lost = st->begun = false;
	memset(&st->rx, 0, sizeof(st->rx));
	memset(&st->tx, 0, sizeof(st->tx));
	st->now = (st->now + 1) % STATION_ARENAS;
	arena_begin(&st->arena[st->now]);
	err = registers_reset(st->registers, st->v, st->ledger, st->failure);
	if (!err)
		err = negotiate(st, mask);
	if (err)
		return err;
	take_facts(st);
	st->link_seen = st->v->offered >> VIRTIO_NET_F_STATUS & 1 && station_link(st);
	if (shape->meddle)
		shape->meddle(st);
	err = start_receiveq(st);
	if (!err)
		err = start_transmitq(st);
	if (err)
		return err;
	linger(st);
	virtio_driver_ok(st->v);
	st->live = true;
	st->v->transport->notify(st->v, VIRTIO_NET_RECEIVEQ);
	st->v->transport->notify(st->v, VIRTIO_NET_TRANSMITQ);
	st->looked_ms = clock_now_ms();
	return 0;
}

/* --- the end ------------------------------------------------------------------------------- */

/*
 * Of both arenas: the one just left, and the one before, past which a whole life of the device has
 * gone.
 */
void station_watch(struct station *st)
{
	const uint8_t *wrong;

	for (unsigned i = 0; i < STATION_ARENAS; i++) {
		struct arena *a = &st->arena[i];

		if (st->live && i == st->now)
			continue;
		ledger_seen(st->ledger, DEV_11);
		if (!arena_untouched(a, a->va, a->dirty, &wrong)) /* [DEV-11] */
			ledger_broken(
				st->ledger, DEV_11,
				"the queues were reset, and then byte 0x%x of their memory became "
				"0x%02x",
				(unsigned)(wrong - a->va), *wrong);
	}
}

int station_close(struct station *st)
{
	struct arena *a = &st->arena[st->now];
	uint32_t dirty = a->dirty;
	int err;

	if (st->live && !st->broken)
		st->broken = station_reap(st) < 0;
	if (st->live) {
		st->never_begun += !st->begun && !station_drained(st);
		registers_look(st->registers, st->v, st->ledger);
		err_ignore(station_look_at_link(st, clock_now_ms()));
	}
	err = registers_reset(st->registers, st->v, st->ledger, st->failure);
	st->live = false;
	if (err)
		return err;
	/* From here on every byte of it is the pattern, or the device's offence. */
	arena_begin(a);
	a->dirty = dirty;
	if (dirty)
		station_watch(st);
	return 0;
}

/* --- RING_RESET ---------------------------------------------------------------------------- */

/*
 * All that the receive queue has, ring and buffers, gets the pattern; who writes there now does
 * what DEV-29 forbids.
 */
static void poison_receiveq(struct station *st)
{
	for (unsigned slot = 0; slot < st->rx.shape.slots; slot++)
		for (unsigned i = 0; i < st->rx.slot[slot].pieces; i++)
			arena_fill(&st->arena[st->now], st->rx.slot[slot].piece[i].at,
				   st->rx.slot[slot].piece[i].len);
	st->rx.used->idx = 0;
}

bool station_stop_receiving(struct station *st)
{
	st->rx_off = registers_reset_queue(st->registers, VIRTIO_NET_RECEIVEQ, st->ledger);
	if (st->rx_off)
		poison_receiveq(st);
	return st->rx_off;
}

int station_resume_receiving(struct station *st)
{
	const uint8_t *wrong;

	ledger_seen(st->ledger, DEV_29);
	if (st->rx.used->idx) /* [DEV-29] */
		ledger_broken(st->ledger, DEV_29,
			      "the receive queue was reset, and then used.idx became %u",
			      st->rx.used->idx);
	for (unsigned slot = 0; slot < st->rx.shape.slots; slot++)
		for (unsigned i = 0; i < st->rx.slot[slot].pieces; i++)
			if (!arena_untouched(&st->arena[st->now], st->rx.slot[slot].piece[i].at,
					     st->rx.slot[slot].piece[i].len, &wrong))
				ledger_broken(st->ledger, DEV_29,
					      "the receive queue was reset, and then buffer %u was "
					      "written",
					      slot);
	st->rx_off = false;
	memset(&st->rx, 0, sizeof(st->rx));
	if (start_receiveq(st))
		return ERR_DEVICE;
	ring_publish(&st->rx);
	st->v->transport->notify(st->v, VIRTIO_NET_RECEIVEQ);
	return 0;
}
