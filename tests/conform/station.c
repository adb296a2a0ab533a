/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct nic_ops over the watching rings: transmitting, and looking at the device's state between
 * frames. Receiving is in station_rx.c, birth and death in station_open.c. Called by net/.
 */
#include "tests/conform/station.h"

#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "drivers/virtio_net.h"

#define LOOK_MS 20 /* between looks at status and configuration */
#define LINK_UP 1

_Static_assert(offsetof(struct station, nic) == 0, "self() relies on it");

static struct station *self(struct nic *nic)
{
	return (struct station *)(void *)nic;
}

void station_publish(struct station *st, struct ring *r)
{
	if (ring_publish(r) && st->live)
		st->v->transport->notify(st->v,
					 r == &st->rx ? VIRTIO_NET_RECEIVEQ : VIRTIO_NET_TRANSMITQ);
}

int station_reap(struct station *st)
{
	uint32_t len;
	int n, slot;

	while ((n = ring_arrived(&st->tx)) > 0) {
		slot = ring_take(&st->tx, &len);
		if (slot < 0)
			return slot;
		station_note_use(st);
		station_check_sent(st, (unsigned)slot);
	}
	return n;
}

void station_note_use(struct station *st)
{
	if (!st->begun)
		st->begun_ms = clock_now_ms();
	st->begun = true;
}

bool station_begun(void *ctx)
{
	const struct station *st = ctx;

	return st->begun;
}

bool station_drained(void *ctx)
{
	const struct station *st = ctx;

	for (unsigned slot = 0; slot < st->tx.shape.slots; slot++)
		if (st->tx.slot[slot].in_flight)
			return false;
	return true;
}

/*
 * How long the device has had the oldest buffer that it was to transmit, once it had begun: who
 * polls may be late to hear of a queue, but then looks at it.
 */
static uint32_t longest_held(const struct station *st, uint32_t now_ms)
{
	uint32_t longest_ms = 0, held_ms, life_ms = now_ms - st->begun_ms;

	for (unsigned slot = 0; slot < st->tx.shape.slots; slot++) {
		held_ms = now_ms - st->sent[slot].since_ms;
		if (st->begun && held_ms > life_ms)
			held_ms = life_ms;
		if (st->tx.slot[slot].in_flight && held_ms > longest_ms)
			longest_ms = held_ms;
	}
	return longest_ms;
}

/*
 * 2.1.2: a device in an error state says NEEDS_RESET [DEV-13]; one that stalls without a word ought
 * to have.
 */
static int look_at_status(struct station *st, uint32_t now_ms)
{
	uint8_t status = st->v->transport->status(st->v);
	uint32_t longest_ms = longest_held(st, now_ms);
	uint32_t limit_ms = st->begun || st->never_begun >= STATION_STARTS ? STATION_STALL_MS :
									     STATION_START_MS;
	ledger_seen(st->ledger, DEV_13);
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		ledger_broken(st->ledger, DEV_13, "the device asks for a reset: status is 0x%02x",
			      status);
	else if (!(status & VIRTIO_CONFIG_S_DRIVER_OK))
		ledger_broken(st->ledger, DEV_13,
			      "DRIVER_OK is gone, and nobody has reset the device: status is "
			      "0x%02x",
			      status);
	else if (longest_ms >= limit_ms)
		ledger_broken(
			st->ledger, DEV_13,
			"a buffer to be transmitted is with the device for %u ms; status is 0x%02x",
			(unsigned)longest_ms, status);
	else
		return 0;
	return fail(st->failure, RUNG_QUEUES, ERR_DEVICE,
		    "the device has stopped working (status 0x%02x)", status);
}

bool station_link(const struct station *st)
{
	return !(st->v->offered >> VIRTIO_NET_F_STATUS & 1) ||
	       st->registers->config.status & LINK_UP;
}

/*
 * 5.1.4.2: a back end that ends takes LINK_UP with it [DEV-58]. One that does not come back ends
 * the configuration.
 */
int station_look_at_link(struct station *st, uint32_t now_ms)
{
	bool up = station_link(st), fell = st->link_seen && !up && !st->link_down;

	st->link_seen |= up;
	if (st->link_seen)
		ledger_seen(st->ledger, DEV_58);
	if (fell) {
		st->link_fell_ms = now_ms;
		ledger_broken(st->ledger, DEV_58, "LINK_UP fell after %u frames",
			      (unsigned)st->ledger->frames);
	}
	st->link_down = st->link_seen && !up;
	if (!st->link_down || !clock_reached(now_ms, st->link_fell_ms + STATION_LINK_MS))
		return 0;
	st->link_lost = true;
	return fail(st->failure, RUNG_QUEUES, ERR_DEVICE,
		    "the link fell after %u frames and did not come back",
		    (unsigned)st->ledger->frames);
}

static int look_around(struct station *st)
{
	uint32_t now_ms = clock_now_ms();
	int err;

	if (now_ms - st->looked_ms < LOOK_MS)
		return 0;
	st->looked_ms = now_ms;
	registers_look(st->registers, st->v, st->ledger);
	err = station_look_at_link(st, now_ms);
	return err ? err : look_at_status(st, now_ms);
}

/* In the middle of traffic, as a test of what a reset stops. */
static int cut(struct station *st)
{
	if (!st->cut_at || st->ledger->frames < st->cut_at)
		return 0;
	return fail(st->failure, RUNG_QUEUES, ERR_DEVICE,
		    "reset on purpose, with traffic in flight");
}

void station_bound(struct station *st, uint32_t ms)
{
	st->has_step_end = ms;
	st->step_end_ms = clock_now_ms() + ms;
}

bool station_at_end(const struct station *st)
{
	return st->has_end && clock_reached(clock_now_ms(), st->end_ms);
}

static bool is_over(const struct station *st)
{
	return station_at_end(st) ||
	       (st->has_step_end && clock_reached(clock_now_ms(), st->step_end_ms));
}

static int station_poll(struct nic *nic)
{
	struct station *st = self(nic);
	int frames = 0, err;

	if (st->broken)
		return ERR_DEVICE;
	err = station_reap(st);
	if (!err && !st->rx_off)
		frames = station_receive(st);
	if (frames < 0)
		err = frames;
	if (!err)
		err = look_around(st);
	if (!err)
		err = cut(st);
	if (!err)
		return is_over(st) ? ERR_TIMEOUT : frames;
	st->broken = true;
	return fail(st->failure, RUNG_QUEUES, ERR_DEVICE, "the device broke a queue");
}

static uint8_t *station_tx_buffer(struct nic *nic)
{
	struct station *st = self(nic);

	if (st->broken)
		return NULL;
	if (st->tx.slot[st->tx_next].in_flight)
		station_publish(st, &st->tx);
	if (station_reap(st)) {
		st->broken = true;
		return NULL;
	}
	return st->tx.slot[st->tx_next].in_flight ? NULL : st->sent[st->tx_next].bytes;
}

/*
 * Slots go around, so that IN_ORDER is obeyed too. The header is zeros: no flags, no GSO,
 * num_buffers 0 (5.1.9.2.1), unless somebody has set another one.
 */
static void station_tx_send(struct nic *nic, uint32_t len)
{
	struct station *st = self(nic);
	struct station_tx *sent = &st->sent[st->tx_next];

	assert(len <= nic->tx_max && !st->tx.slot[st->tx_next].in_flight);
	memcpy(sent->header, st->tx_header, sizeof(sent->header));
	memset(st->tx_header, 0, sizeof(st->tx_header));
	record_frame(st->record, false, (struct span){ sent->header, st->header_len },
		     (struct span){ sent->bytes, len }, UINT32_MAX);
	sent->len = len;
	sent->since_ms = clock_now_ms();
	station_put_sent(st, st->tx_next);
	ring_post(&st->tx, st->tx_next);
	st->tx_next = (uint16_t)((st->tx_next + 1) % st->tx.shape.slots);
}

static void station_tx_flush(struct nic *nic)
{
	struct station *st = self(nic);

	if (!st->broken)
		station_publish(st, &st->tx);
}

static bool station_link_up(struct nic *nic)
{
	struct station *st = self(nic);

	return !virtio_has(st->v, VIRTIO_NET_F_STATUS) || st->registers->config.status & LINK_UP;
}

static uint16_t station_mtu_max(struct nic *nic)
{
	return self(nic)->mtu_max;
}

static int station_nic_close(struct nic *nic)
{
	return station_close(self(nic));
}

/* net/ only generates traffic here: nobody reads what it says about failures. */
static void station_breach_text(struct nic *nic, uint8_t breach, struct text *t)
{
	(void)nic;
	(void)breach;
	(void)t;
}

static void station_count_text(struct nic *nic, struct text *t)
{
	(void)nic;
	(void)t;
}

const struct nic_ops station_ops = {
	.poll = station_poll,
	.tx_buffer = station_tx_buffer,
	.tx_send = station_tx_send,
	.tx_flush = station_tx_flush,
	.link_up = station_link_up,
	.mtu_max = station_mtu_max,
	.close = station_nic_close,
	.breach_text = station_breach_text,
	.count_text = station_count_text,
};
