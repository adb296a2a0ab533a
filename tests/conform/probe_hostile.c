/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile driver, for users who ask for it: each act may end in NEEDS_RESET, be ignored or be
 * refused, but a reset ends it, and then the device works [DEV-86]. Called by probes.c.
 */
#include "core/clock.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/hostile.h"
#include "tests/conform/probes.h"
#include "tests/conform/registers_impl.h"

#define OUTCOME_MS 30 /* for the device to make something of it */

/* 4.1.4.3.1: a queue that is not there has no size, whatever selects it. [DEV-85] */
static int select_beyond(struct conform *c)
{
	static const uint16_t queues[] = { 0x4000, 0x7fff, 0x8000, 0xfffe, 0xffff };
	struct registers *r = &c->registers;
	int err = registers_reset(r, &c->modern, &c->ledger, &c->failure);

	if (!err)
		err = virtio_begin(&c->modern, &c->failure);
	for (unsigned i = 0; i < ARRAY_LEN(queues) && !err; i++) {
		uint32_t size;

		if (queues[i] < registers_get(r, COMMON_NUM_QUEUES, 2))
			continue;
		registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, queues[i]);
		size = registers_get(r, VIRTIO_PCI_COMMON_Q_SIZE, 2);
		ledger_seen(&c->ledger, DEV_85);
		if (size)
			ledger_broken(&c->ledger, DEV_85, "queue_size is %u for queue_select %u",
				      (unsigned)size, queues[i]);
	}
	return err;
}

/* --- one act --------------------------------------------------------------------------------- */

static void wait_for_outcome(struct conform *c)
{
	uint32_t begun_ms = clock_now_ms();

	while (!clock_reached(clock_now_ms(), begun_ms + OUTCOME_MS) &&
	       !(c->modern.transport->status(&c->modern) & VIRTIO_CONFIG_S_NEEDS_RESET))
		port_idle(0);
}

static int commit_bare(struct conform *c, const struct hostile_act *act)
{
	struct station *st = &c->station;
	int err = registers_reset(&c->registers, &c->modern, &c->ledger, &c->failure);

	if (!err)
		err = virtio_begin(&c->modern, &c->failure);
	if (!err)
		err = virtio_accept(&c->modern, c->modern.offered & features_base, &c->failure);
	if (err)
		return err;
	st->v = &c->modern;
	st->shape = (struct shape){ .name = "hostile" };
	st->now = (st->now + 1) % STATION_ARENAS;
	arena_begin(&st->arena[st->now]);
	act->commit_bare(st);
	return 0;
}

/* Of what comes back nothing is judged: the driver has broken the rules first. */
static int commit(struct conform *c, const struct hostile_act *act)
{
	const struct shape shape = { .name = "hostile", .features = act->features };
	struct station *st = &c->station;
	bool answered;
	int err;

	if (act->commit_bare)
		return commit_bare(c, act);
	err = probe_open(c, &c->modern, &shape);
	if (err)
		return err;
	if (!act->receive)
		station_post_meaningless(st);
	act->commit(st);
	if (!act->receive)
		station_publish(st, &st->tx);
	if (act->receive && traffic_ask(&c->traffic, OUTCOME_MS, &answered) == ERR_ABORTED)
		return ERR_ABORTED;
	return 0;
}

/*
 * The device is as it has to be before its queues are looked at again. One that does not answer any
 * more has this act to blame, and no later one.
 */
static int recover(struct conform *c, const struct hostile_act *act, bool *answered)
{
	static const struct shape shape = { .name = "hostile", .one_descriptor = true };
	uint8_t status = c->modern.transport->status(&c->modern);
	int err = station_close(&c->station);

	*answered = false;
	if (!err)
		err = probe_life(c, &c->modern, &shape, answered);
	if (err == ERR_ABORTED || err == ERR_TIMEOUT)
		return err;
	ledger_seen(&c->ledger, DEV_86);
	if (!*answered)
		ledger_broken(&c->ledger, DEV_86, "%s: status was 0x%02x; %s", act->what, status,
			      err ? "a reset did not end" :
				    "after a reset no answer comes, as did before");
	return err;
}

static int run(struct conform *c)
{
	bool works;
	int err = probe_somebody(c, &works);

	if (!err)
		err = select_beyond(c);
	for (unsigned i = 0; i < hostile_acts_len && !err && works; i++) {
		const struct hostile_act *act = &hostile_acts[i];

		if (act->features & ~c->modern.offered)
			continue;
		report_note(&c->report, "[hostile] %s", act->what);
		err = commit(c, act);
		if (err)
			break;
		wait_for_outcome(c);
		err = recover(c, act, &works);
	}
	return err;
}

const struct probe probe_hostile = {
	.name = "hostile",
	.time = PROBE_HOSTILE,
	.rows_len = 2,
	.rows = { DEV_85, DEV_86 },
	.run = run,
};
