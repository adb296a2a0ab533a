/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers beyond those that a driver needs (VIRTIO 1.4, 2.1 to 2.6, 4.1.4, 5.1.4). The device
 * wrote all that is read. Capabilities are in scan.c. Called by station_open.c and conform.c.
 */
#include "tests/conform/registers.h"

#include "core/clock.h"
#include "core/mem.h"
#include "drivers/virtio_net.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/registers_impl.h"

#define RESET_MS 100
#define MTU_LEAST 68
#define TRIES 8
#define QUEUES_LOOKED_AT 8
#define FEATURE_WORDS 4            /* of 32 bits; what is behind them is DEV-63 */
#define RESERVED_LOW (0x3fu << 12) /* bits 44 to 49, in the second word */
#define DEFINED_UPPER 0x7fu        /* bits 64 to 70 */

/* --- access -------------------------------------------------------------------------------- */

/*
 * As drivers/virtio_pci.c has it: through configuration space (4.1.4.9) where a BAR is out of
 * reach.
 */
static unsigned aim(const struct window *w, uint32_t off, unsigned width)
{
	port_pci_write(w->fn, w->pci_cfg + VIRTIO_PCI_CAP_BAR, 1, w->bar);
	port_pci_write(w->fn, w->pci_cfg + VIRTIO_PCI_CAP_OFFSET, 4, (uint32_t)w->base + off);
	port_pci_write(w->fn, w->pci_cfg + VIRTIO_PCI_CAP_LENGTH, 4, width);
	return w->pci_cfg + VIRTIO_PCI_CFG_DATA;
}

uint32_t registers_get(const struct registers *r, uint32_t off, unsigned width)
{
	const struct window *w = &r->common;

	if (w->kind == WINDOW_PCI_CFG)
		return port_pci_read(w->fn, aim(w, off, width), width);
	return port_window_read(w, off, width);
}

void registers_put(const struct registers *r, uint32_t off, unsigned width, uint32_t value)
{
	const struct window *w = &r->common;

	if (w->kind == WINDOW_PCI_CFG)
		port_pci_write(w->fn, aim(w, off, width), width, value);
	else
		port_window_write(w, off, width, value);
}

uint64_t registers_get_64(const struct registers *r, uint32_t off)
{
	uint32_t low = registers_get(r, off, 4);

	return (uint64_t)registers_get(r, off + 4, 4) << 32 | low;
}

void registers_put_64(const struct registers *r, uint32_t off, uint64_t value)
{
	registers_put(r, off, 4, (uint32_t)value);
	registers_put(r, off + 4, 4, (uint32_t)(value >> 32));
}

uint32_t registers_driver_feature(const struct registers *r, uint32_t word)
{
	registers_put(r, VIRTIO_PCI_COMMON_GFSELECT, 4, word);
	return registers_get(r, VIRTIO_PCI_COMMON_GF, 4);
}

uint64_t registers_driver_features(const struct registers *r)
{
	uint32_t low = registers_driver_feature(r, 0);

	return (uint64_t)registers_driver_feature(r, 1) << 32 | low;
}

static bool offered(const struct virtio *v, unsigned feature)
{
	return v->offered >> feature & 1;
}

/* --- features ------------------------------------------------------------------------------ */

static void look_at_reserved(struct registers *r, struct ledger *l)
{
	uint32_t word, reserved;

	ledger_seen(l, DEV_03);
	for (unsigned i = 1; i < FEATURE_WORDS; i++) {
		registers_put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, i);
		word = registers_get(r, VIRTIO_PCI_COMMON_DF, 4);
		reserved = i == 1 ? word & RESERVED_LOW : i == 2 ? word & ~DEFINED_UPPER : word;
		if (reserved)
			ledger_broken(l, DEV_03, "bits %u to %u of the offer are 0x%08x", 32 * i,
				      32 * i + 31, (unsigned)word);
	}
}

void registers_offer(struct registers *r, const struct virtio *v, struct ledger *l)
{
	uint64_t lacking = features_lacking(v->offered);
	char name[FEATURES_NAME_MAX];

	ledger_seen(l, DEV_02);
	for (unsigned bit = 0; bit < 64; bit++)
		if (lacking >> bit & 1) /* [DEV-02] */
			ledger_broken(l, DEV_02,
				      "%s is offered without what it requires; offered is 0x%llx",
				      features_name(name, bit), (unsigned long long)v->offered);
	if (v->transport->legacy)
		return;
	ledger_seen(l, DEV_01);
	if (!offered(v, VIRTIO_F_VERSION_1)) /* [DEV-01] */
		ledger_broken(l, DEV_01, "offered is 0x%llx, without bit 32",
			      (unsigned long long)v->offered);
	look_at_reserved(r, l); /* [DEV-03] */
}

/* [DEV-06] */
static void look_at_accepted(struct registers *r, const struct virtio *v, struct ledger *l)
{
	uint64_t shown;

	if (r->common.kind == WINDOW_NONE)
		return;
	shown = registers_driver_features(r);
	ledger_seen(l, DEV_06);
	if (shown != v->accepted)
		ledger_broken(l, DEV_06, "driver_feature is 0x%llx; 0x%llx was written",
			      (unsigned long long)shown, (unsigned long long)v->accepted);
}

/* --- queues -------------------------------------------------------------------------------- */

/* The queue one behind the last does not exist either way of counting: queue_size is 0 there. */
void registers_queues(struct registers *r, const struct virtio *v, struct ledger *l)
{
	uint32_t queues = registers_get(r, COMMON_NUM_QUEUES, 2);

	for (uint32_t queue = 0; queue <= queues; queue++) {
		uint32_t size = v->transport->queue_max(v, (uint16_t)queue);

		if (queue < queues && size)
			registers_doorbell(r, queue, l);
		if (offered(v, VIRTIO_F_RING_PACKED) && queue < queues)
			continue;
		ledger_seen(l, DEV_14);
		if (size & (size - 1) || (queue == queues && size)) /* [DEV-14] */
			ledger_broken(l, DEV_14, "queue_size of queue %u is %u; num_queues is %u",
				      (unsigned)queue, (unsigned)size, (unsigned)queues);
	}
}

/*
 * Of the first queues, which are all that most devices have; queue_reset exists once RING_RESET is
 * negotiated. [DEV-10]
 */
static void look_at_reset_queues(struct registers *r, bool ring_reset, struct ledger *l)
{
	uint32_t queues = registers_get(r, COMMON_NUM_QUEUES, 2), enable, resetting;

	for (uint32_t queue = 0; queue < queues && queue < QUEUES_LOOKED_AT; queue++) {
		registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
		enable = registers_get(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2);
		resetting = ring_reset ? registers_get(r, COMMON_QUEUE_RESET, 2) : 0;
		if (enable || resetting)
			ledger_broken(
				l, DEV_10,
				"after a reset queue_enable of queue %u is %u, queue_reset %u",
				(unsigned)queue, (unsigned)enable, (unsigned)resetting);
	}
}

int registers_reset_blindly(struct virtio *v, struct ledger *l, struct failure *f)
{
	uint32_t begun_ms = clock_now_ms();
	uint8_t status;

	l->v = v;
	v->status = 0;
	v->transport->set_status(v, 0);
	ledger_seen(l, DEV_10);
	while ((status = v->transport->status(v)) != 0) {
		if (clock_reached(clock_now_ms(), begun_ms + RESET_MS)) {
			ledger_broken(l, DEV_10, "status is 0x%02x, %u ms after 0 was written",
				      status, RESET_MS);
			return fail(
				f, RUNG_DEVICE, ERR_DEVICE,
				"the device did not finish its reset within %u ms (status 0x%02x)",
				RESET_MS, status);
		}
		port_idle(0);
	}
	return 0;
}

int registers_reset(struct registers *r, struct virtio *v, struct ledger *l, struct failure *f)
{
	int err = registers_reset_blindly(v, l, f);

	if (err)
		return err;
	if (r->common.kind != WINDOW_NONE && !v->transport->legacy)
		look_at_reset_queues(r, false, l);
	return 0;
}

/* 2.6.1.1.1, 4.1.4.3.1 [DEV-16] */
bool registers_reset_queue(struct registers *r, uint16_t queue, struct ledger *l)
{
	uint32_t begun_ms, enable, resetting;

	registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	registers_put(r, COMMON_QUEUE_RESET, 2, 1);
	ledger_seen(l, DEV_16);
	begun_ms = clock_now_ms();
	while ((resetting = registers_get(r, COMMON_QUEUE_RESET, 2)) == 1 &&
	       !clock_reached(clock_now_ms(), begun_ms + RESET_MS))
		port_idle(0);
	enable = registers_get(r, VIRTIO_PCI_COMMON_Q_ENABLE, 2);
	if (resetting || enable)
		ledger_broken(
			l, DEV_16,
			"%u ms after queue %u was reset queue_reset is %u and queue_enable %u",
			(unsigned)(clock_now_ms() - begun_ms), queue, (unsigned)resetting,
			(unsigned)enable);
	return !resetting;
}

/* --- configuration ------------------------------------------------------------------------- */

static bool has_field(const struct virtio *v, unsigned feature, uint32_t end)
{
	return offered(v, feature) && v->config_len >= end;
}

/* All of one moment: the generation is the same before and after. */
static void read_config(const struct virtio *v, struct registers_config *c)
{
	const struct virtio_transport *t = v->transport;

	for (unsigned i = 0; i < TRIES; i++) {
		memset(c, 0, sizeof(*c));
		c->generation = t->generation ? t->generation(v) : 0;
		for (unsigned k = 0; k < sizeof(c->mac) && has_field(v, VIRTIO_NET_F_MAC, 6); k++)
			c->mac[k] = (uint8_t)t->config(v, VIRTIO_NET_CONFIG_MAC + k, 1);
		if (has_field(v, VIRTIO_NET_F_STATUS, VIRTIO_NET_CONFIG_STATUS + 2))
			c->status = virtio_config_u16(v, VIRTIO_NET_CONFIG_STATUS);
		if (has_field(v, VIRTIO_NET_F_MTU, VIRTIO_NET_CONFIG_MTU + 2))
			c->mtu = virtio_config_u16(v, VIRTIO_NET_CONFIG_MTU);
		if (!t->generation || t->generation(v) == c->generation)
			return;
	}
}

/* Whether mac and mtu are the same; their difference in words is left in t. */
static bool same_fields(const struct registers_config *a, const struct registers_config *b,
			struct text *t)
{
	char mac[2][MAC_TEXT_LEN];

	text_fmt(t,
		 "generation %u: mac %s status %u mtu %u; generation %u: mac %s status %u mtu %u",
		 (unsigned)a->generation, mac_text(mac[0], a->mac), a->status, a->mtu,
		 (unsigned)b->generation, mac_text(mac[1], b->mac), b->status, b->mtu);
	return memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && a->mtu == b->mtu;
}

static void look_at_mtu(struct registers *r, struct ledger *l)
{
	ledger_seen(l, DEV_09);
	if (r->config.mtu < MTU_LEAST || r->config.mtu != r->mtu) /* [DEV-09] */
		ledger_broken(l, DEV_09, "mtu is %u; at first it was %u", r->config.mtu, r->mtu);
}

void registers_begin(struct registers *r, const struct virtio *v, struct ledger *l)
{
	read_config(v, &r->config);
	if (!has_field(v, VIRTIO_NET_F_MTU, VIRTIO_NET_CONFIG_MTU + 2))
		return;
	if (!r->has_mtu)
		r->mtu = r->config.mtu;
	r->has_mtu = true;
	look_at_mtu(r, l);
}

void registers_accepted(struct registers *r, const struct virtio *v, struct ledger *l)
{
	struct registers_config now;
	char words[EVIDENCE_TEXT_MAX];
	struct text t;

	look_at_accepted(r, v, l);
	if (v->accepted >> VIRTIO_F_RING_RESET & 1 && r->common.len >= COMMON_QUEUE_RESET + 2)
		look_at_reset_queues(r, true, l);
	if (!has_field(v, VIRTIO_NET_F_MAC, 6) &&
	    !has_field(v, VIRTIO_NET_F_MTU, VIRTIO_NET_CONFIG_MTU + 2))
		return;
	read_config(v, &now);
	text_init(&t, words, sizeof(words));
	ledger_seen(l, DEV_07);
	if (!same_fields(&r->config, &now, &t) &&
	    r->config.generation == now.generation) /* [DEV-07] */
		ledger_broken(l, DEV_07, "before FEATURES_OK and after it differ: %s", words);
	r->config = now;
}

void registers_look(struct registers *r, const struct virtio *v, struct ledger *l)
{
	struct registers_config now;
	char words[EVIDENCE_TEXT_MAX];
	struct text t;
	bool same;

	read_config(v, &now);
	text_init(&t, words, sizeof(words));
	same = same_fields(&r->config, &now, &t) && r->config.status == now.status;
	if (!same && v->transport->generation) {
		ledger_seen(l, DEV_08);
		if (r->config.generation == now.generation) /* [DEV-08] */
			ledger_broken(l, DEV_08, "%s", words);
	}
	r->config = now;
	if (has_field(v, VIRTIO_NET_F_MTU, VIRTIO_NET_CONFIG_MTU + 2))
		look_at_mtu(r, l);
}
