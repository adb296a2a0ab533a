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

#define ETH_ROOM (14 + 4) /* header and a VLAN tag */
#define RX_LEN_LEAST 1526 /* 5.1.9.3.1, without MRG_RXBUF */
#define RX_LEN_GSO (65601 + 4)
#define MTU_DEFAULT 1500

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

/*
 * What does not depend on queues: the header's length, the rules, addresses and lengths of frames.
 */
static void take_facts(struct station *st)
{
	const struct registers_config *config = &st->registers->config;
	static const uint8_t none[6];
	bool mrg = virtio_has(st->v, VIRTIO_NET_F_MRG_RXBUF);

	st->rules = (struct judge_rules){
		.accepted = st->v->accepted,
		.modern = !st->v->transport->legacy,
		.has_num_buffers = !st->v->transport->legacy || mrg,
		.mtu = virtio_has(st->v, VIRTIO_NET_F_MTU) ? config->mtu : 0,
	};
	st->header_len = st->rules.has_num_buffers ? VNET_HEADER_LEN : VNET_LEGACY_HEADER_LEN;
	st->rx_len = st->shape.rx_len ? st->shape.rx_len : RX_LEN_LEAST;
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

/* --- DRIVER_OK ----------------------------------------------------------------------------- */

/* 2.1.2: buffers are there, and nothing may happen to them yet [DEV-12]. */
static void linger(struct station *st)
{
	uint32_t begun_ms = clock_now_ms();

	ring_publish(&st->rx);
	if (st->shape.linger_ms)
		station_post_meaningless(st);
	ring_publish(&st->tx);
	while (!clock_reached(clock_now_ms(), begun_ms + st->shape.linger_ms))
		port_idle(0);
	if (st->shape.legacy)
		return;
	ledger_seen(st->ledger, DEV_12);
	if (ring_touched(&st->rx) || ring_touched(&st->tx))
		ledger_broken(st->ledger, DEV_12,
			      "before DRIVER_OK the device has used a buffer of the %s queue",
			      ring_touched(&st->rx) ? "receive" : "transmit");
}

static int negotiate(struct station *st, uint64_t mask)
{
	uint64_t wanted = (st->shape.features & mask) | features_base;
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

	st->shape = *shape;
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
	err = station_start_receiveq(st);
	if (!err)
		err = station_start_transmitq(st);
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
		ring_look_back(&st->rx);
		ring_look_back(&st->tx);
		st->never_begun += !st->begun && !station_drained(st);
		registers_look(st->registers, st->v, st->ledger);
		err_ignore(station_look_at_link(st, clock_now_ms()));
	}
	err = registers_reset(st->registers, st->v, st->ledger, st->failure);
	st->live = false;
	st->meddle_ctx = NULL;
	if (err)
		return err;
	/* From here on every byte of it is the pattern, or the device's offence. */
	arena_begin(a);
	a->dirty = dirty;
	if (dirty)
		station_watch(st);
	return 0;
}
