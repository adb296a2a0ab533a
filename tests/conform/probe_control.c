/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control queue at work (VIRTIO 1.4, 5.1.9.5): answers to what no device knows, to more queue
 * pairs than there are, and a MAC filter that is tried by asking for answers to an address that is
 * not the device's. Called by probes.c.
 */
#include "core/mem.h"
#include "core/wire.h"
#include "tests/conform/control.h"
#include "tests/conform/features.h"
#include "tests/conform/probes.h"

#define UNKNOWN 0x7f    /* class, or command */
#define PATIENCE_MS 150 /* for an answer that is not to come; others take a fraction */
#define MAX_PAIRS 8     /* where max_virtqueue_pairs stands in the configuration */

/* A life with a control queue. */
struct controlled {
	struct conform *c;
	struct control queue;
	uint16_t pairs; /* max_virtqueue_pairs; 0: MQ is not negotiated */
	bool open;
};

/*
 * 5.1.2: behind all pairs that there can be. Where the device does not say how many, or the queue's
 * number would have more than 16 bits, there is no way to it.
 */
static void open_queue(struct station *st)
{
	struct controlled *life = st->meddle_ctx;
	bool mq = virtio_has(st->v, VIRTIO_NET_F_MQ);

	if (mq && st->v->config_len < MAX_PAIRS + 2)
		return;
	life->pairs = mq ? (uint16_t)st->v->transport->config(st->v, MAX_PAIRS, 2) : 0;
	if (life->pairs > UINT16_MAX / 2)
		return;
	life->open = control_open(&life->queue, st,
				  (uint16_t)(2 * (life->pairs ? life->pairs : 1)));
}

static int begin(struct controlled *life, const struct shape *shape)
{
	struct conform *c = life->c;

	c->station.meddle_ctx = life;
	return probe_open(c, &c->modern, shape);
}

/* --- what is unknown, and too much ----------------------------------------------------------- */

static const char *ack_text(uint8_t ack)
{
	return ack == VIRTIO_NET_OK    ? "OK" :
	       ack == VIRTIO_NET_ERR   ? "ERR" :
	       ack == CONTROL_ACK_NONE ? "no answer" :
					 "neither OK nor ERR";
}

/* [DEV-72] */
static void send_unknown(struct controlled *life, uint8_t class, uint8_t command)
{
	uint8_t data = 0, ack;

	if (life->queue.silent)
		return;
	ack = control_send(&life->queue, class, command, &data, 1);
	ledger_seen(&life->c->ledger, DEV_72);
	if (ack != VIRTIO_NET_ERR)
		ledger_broken(&life->c->ledger, DEV_72,
			      "class %u, command %u, which is none: %s (0x%02x)", class, command,
			      ack_text(ack), ack);
}

static uint8_t set_pairs(struct controlled *life, unsigned pairs)
{
	uint8_t data[2];

	put_le16(data, (uint16_t)pairs);
	return control_send(&life->queue, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, data,
			    sizeof(data));
}

/* [DEV-73]: one pair is what every device takes. */
static void send_pairs(struct controlled *life)
{
	const unsigned wrong[] = { 0, life->pairs + 1u, 0x8001 };
	uint8_t ack;

	if (life->queue.silent)
		return;
	ack = set_pairs(life, 1);
	ledger_seen(&life->c->ledger, DEV_73);
	if (ack != VIRTIO_NET_OK)
		ledger_broken(&life->c->ledger, DEV_73, "1 queue pair of %u: %s (0x%02x)",
			      life->pairs, ack_text(ack), ack);
	for (unsigned i = 0; i < ARRAY_LEN(wrong) && !life->queue.silent; i++) {
		ack = set_pairs(life, wrong[i]);
		if (ack != VIRTIO_NET_ERR)
			ledger_broken(&life->c->ledger, DEV_73, "%u queue pairs of %u: %s (0x%02x)",
				      wrong[i], life->pairs, ack_text(ack), ack);
	}
}

static void send_malformed(struct controlled *life)
{
	send_unknown(life, UNKNOWN, 0);
	if (life->c->modern.accepted >> VIRTIO_NET_F_CTRL_RX & 1)
		send_unknown(life, VIRTIO_NET_CTRL_RX, UNKNOWN);
	if (life->pairs)
		send_pairs(life);
}

/* --- the filter ------------------------------------------------------------------------------ */

static uint8_t set_promiscuous(struct controlled *life, uint8_t on)
{
	return control_send(&life->queue, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &on, 1);
}

/* A table of one unicast address, or of none; and no multicast address. */
static uint8_t set_table(struct controlled *life, const uint8_t *mac)
{
	uint8_t table[4 + 6 + 4] = { 0 };

	table[0] = mac ? 1 : 0;
	if (mac)
		memcpy(table + 4, mac, 6);
	return control_send(&life->queue, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, table,
			    mac ? 14 : 8);
}

static uint8_t set_mac(struct controlled *life, const uint8_t mac[6])
{
	return control_send(&life->queue, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, mac,
			    6);
}

/*
 * One question, and once more if an answer is expected: networks lose frames. 0; the same as
 * traffic_ask().
 */
static int ask(struct conform *c, bool expected, bool *answered)
{
	int err = traffic_ask(&c->traffic, PATIENCE_MS, answered);

	if (!err && expected && !*answered)
		err = traffic_ask(&c->traffic, PROBE_ANSWER_MS, answered);
	return err;
}

/*
 * Asks with the station's address, behind a command. Whether the answer came, or stayed away, as it
 * should [DEV-74].
 */
static int expect(struct conform *c, uint8_t ack, bool wanted, const char *when)
{
	bool answered;
	int err = ask(c, wanted, &answered);

	if (err)
		return err;
	ledger_seen(&c->ledger, DEV_74);
	if (ack != VIRTIO_NET_OK || answered != wanted)
		ledger_broken(&c->ledger, DEV_74,
			      "%s (%s): a frame for an address that is not the device's %s", when,
			      ack_text(ack), answered ? "came" : "did not come");
	return 0;
}

/* With promiscuous mode off. */
static int try_receive_modes(struct controlled *life, const uint8_t other[6])
{
	static const struct {
		bool table, on, wanted;
		const char *when;
	} modes[] = {
		{ true, false, false, "the table is empty" },
		{ false, true, true, "promiscuous mode is on" },
		{ false, false, false, "promiscuous mode is off" },
		{ true, true, true, "the table has it" },
		{ true, false, false, "the table has lost it" },
	};
	int err = 0;

	for (unsigned i = 0; i < ARRAY_LEN(modes) && !err && !life->queue.silent; i++) {
		uint8_t ack = modes[i].table ? set_table(life, modes[i].on ? other : NULL) :
					       set_promiscuous(life, modes[i].on);

		err = expect(life->c, ack, modes[i].wanted, modes[i].when);
	}
	return err;
}

/*
 * 5.1.9.5.2.1: mac is in the configuration before the command is used. [DEV-75] Without an answer
 * to it that is all; nobody knows what the filter is.
 */
static int change_mac(struct controlled *life, const uint8_t mac[6])
{
	struct conform *c = life->c;
	struct virtio *v = &c->modern;
	uint8_t ack = set_mac(life, mac), shown[6];
	char words[2][MAC_TEXT_LEN];

	for (unsigned i = 0; i < sizeof(shown); i++)
		shown[i] = (uint8_t)v->transport->config(v, i, 1);
	ledger_seen(&c->ledger, DEV_75);
	if (ack != VIRTIO_NET_OK || memcmp(shown, mac, sizeof(shown)) != 0)
		ledger_broken(&c->ledger, DEV_75, "mac was set to %s: %s; mac is %s",
			      mac_text(words[0], mac), ack_text(ack), mac_text(words[1], shown));
	return life->queue.silent ? 0 : expect(c, ack, true, "mac is set to it");
}

static int try_mac(struct controlled *life, const uint8_t own[6], const uint8_t other[6])
{
	int err = change_mac(life, other);

	if (!err && !life->queue.silent && set_mac(life, own) != VIRTIO_NET_OK)
		ledger_broken(&life->c->ledger, DEV_75, "mac could not be set back");
	return err;
}

/* The station has another address meanwhile, of the device's own kind. */
static int try_filter(struct controlled *life)
{
	struct station *st = &life->c->station;
	uint8_t own[6], other[6];
	int err;

	if (set_promiscuous(life, 0) != VIRTIO_NET_OK)
		return 0;
	memcpy(own, st->nic.mac, sizeof(own));
	memcpy(other, own, sizeof(other));
	other[0] = (uint8_t)(other[0] | 2);
	other[3] ^= 0x5a;
	memcpy(st->nic.mac, other, sizeof(other));
	err = try_receive_modes(life, other);
	if (!err && !life->queue.silent && virtio_has(st->v, VIRTIO_NET_F_CTRL_MAC_ADDR) &&
	    virtio_has(st->v, VIRTIO_NET_F_MAC))
		err = try_mac(life, own, other);
	memcpy(st->nic.mac, own, sizeof(own));
	return err;
}

/* --- the two lives --------------------------------------------------------------------------- */

#define BIT(n) (UINT64_C(1) << (n))
#define CONTROL BIT(VIRTIO_NET_F_CTRL_VQ)
#define FILTER (CONTROL | BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR))

static const struct shape lives[] = {
	{ .name = "control",
	  .features = FILTER | BIT(VIRTIO_NET_F_MQ),
	  .meddle = open_queue,
	  .one_descriptor = true },
	{ .name = "control",
	  .features = FILTER | BIT(VIRTIO_NET_F_MAC),
	  .meddle = open_queue,
	  .one_descriptor = true },
};

static int live(struct conform *c, const struct shape *shape, bool filter)
{
	struct controlled life = { .c = c };
	bool answered = false;
	int err = begin(&life, shape), closed;

	if (!err && life.open && !filter)
		send_malformed(&life);
	if (!err && life.open && filter)
		err = ask(c, true, &answered);
	/* Broadcasts would be taken for answers where no echo is answered. */
	if (!err && answered && c->traffic.echoes_seen &&
	    c->modern.accepted & BIT(VIRTIO_NET_F_CTRL_RX))
		err = try_filter(&life);
	closed = station_close(&c->station);
	return closed ? closed : err;
}

static int run(struct conform *c)
{
	bool somebody;
	int err = probe_somebody(c, &somebody);

	if (!err)
		err = live(c, &lives[0], false);
	if (!err && somebody)
		err = live(c, &lives[1], true);
	return err;
}

const struct probe probe_control = {
	.name = "control",
	.time = PROBE_TRAFFIC,
	.needs = CONTROL,
	.rows_len = 5,
	.rows = { DEV_71, DEV_72, DEV_73, DEV_74, DEV_75 },
	.run = run,
};
