/* SPDX-License-Identifier: BSD-2-Clause */
/* The probes in the order of the run. What each asks is in its own file. Called by conform.c. */
#include "tests/conform/probes.h"

#include "core/console.h"
#include "core/mem.h"

static const struct probe *const probes[] = {
	/* clang-format off */
	&probe_after_reset,
	&probe_feature_words,
	&probe_feature_early,
	&probe_config_writes,
	&probe_feature_late,
	&probe_pci_cfg,
	&probe_control,
	&probe_tx_offload,
	&probe_interrupts,
	&probe_framing,
	&probe_hostile,
	/* clang-format on */
};

_Static_assert(ARRAY_LEN(probes) <= 32, "conform.probed has a bit for each");

/* Nothing is out of the ordinary: what every device does. */
static const struct shape ordinary = { .name = "ordinary", .one_descriptor = true };

/* --- lives ---------------------------------------------------------------------------------- */

/* Offences against the rings, of which a life may end whatever else it was to show. */
static uint32_t ring_offences(const struct ledger *l)
{
	return l->broken[DEV_20] + l->broken[DEV_21] + l->broken[DEV_23] + l->broken[DEV_27] +
	       l->broken[DEV_30] + l->broken[DEV_82];
}

int probe_open(struct conform *c, struct virtio *v, const struct shape *shape)
{
	/* fail() keeps the first sentence: another life's is not this one's. */
	memset(c->station.failure, 0, sizeof(*c->station.failure));
	c->station.v = v;
	c->station.cut_at = 0;
	return station_open(&c->station, shape, c->knobs.config.features);
}

static int live(struct conform *c, struct virtio *v, const struct shape *shape, bool *answered)
{
	int err, closed;

	*answered = false;
	err = probe_open(c, v, shape);
	if (!err)
		err = traffic_ask(&c->traffic, PROBE_ANSWER_MS, answered);
	closed = station_close(&c->station);
	return closed ? closed : err == ERR_ABORTED || err == ERR_TIMEOUT ? err : 0;
}

/* Networks lose frames: silence is believed the second time. */
int probe_life(struct conform *c, struct virtio *v, const struct shape *shape, bool *answered)
{
	uint32_t offences = ring_offences(&c->ledger);
	int err = live(c, v, shape, answered);

	if (!err && !*answered)
		err = live(c, v, shape, answered);
	*answered |= !err && ring_offences(&c->ledger) != offences;
	return err;
}

int probe_somebody(struct conform *c, bool *somebody)
{
	int err = 0;

	if (!c->asked)
		err = live(c, &c->modern, &ordinary, &c->somebody);
	if (!c->asked && !err && !c->somebody)
		err = live(c, &c->modern, &ordinary, &c->somebody);
	if (!err) /* why nobody answers is nothing that follows */
		memset(&c->failure, 0, sizeof(c->failure));
	c->asked |= !err;
	*somebody = c->somebody;
	return err;
}

/*
 * Behind each probe: the device may have died of it, and whatever came next would be blamed for
 * that. 0; ERR_ABORTED, ERR_TIMEOUT; ERR_DEVICE with a sentence.
 */
static int check_alive(struct conform *c, const char *name)
{
	bool answered = true;
	int err = 0;

	if (c->asked && c->somebody)
		err = probe_life(c, &c->modern, &ordinary, &answered);
	if (err || answered)
		return err;
	memset(&c->failure, 0, sizeof(c->failure));
	return fail(&c->failure, RUNG_DEVICE, ERR_DEVICE,
		    "nobody answers behind [%s], as somebody did before it: the device or its "
		    "network has gone",
		    name);
}

/* --- the run -------------------------------------------------------------------------------- */

bool probes_has(const char *name, size_t len)
{
	for (unsigned i = 0; i < ARRAY_LEN(probes); i++)
		if (text_is(name, len, probes[i]->name))
			return true;
	return false;
}

/*
 * The device is reset behind it, so that nobody finds it as a probe has left it. The end of the run
 * is no error: what was seen until then is told.
 */
static int run_probe(struct conform *c, const struct probe *p, struct row_set rows)
{
	struct virtio *v = &c->modern;
	struct report_scene scene = { .name = p->name, .rows = rows };
	int err = p->run(c), closed;

	scene.offered = v->offered;
	if (err && c->failure.text[0])
		report_note(&c->report, "[%s] %s", p->name, c->failure.text);
	memset(&c->failure, 0, sizeof(c->failure));
	closed = registers_reset(&c->registers, v, &c->ledger, &c->failure);
	if (closed) /* of which the run ends, whatever the probe is about */
		row_set_add(&scene.rows, DEV_10);
	if (conform_at_end(c))
		report_scene_seen(&scene, &c->ledger);
	report_scene(&c->report, &scene, &c->ledger);
	if (!closed && err != ERR_ABORTED && !conform_at_end(c))
		closed = check_alive(c, p->name);
	return err == ERR_ABORTED ? err : closed == ERR_TIMEOUT ? 0 : closed;
}

/* Whether the device has what it asks about; 6.2: without VERSION_1 it may refuse to work. */
static bool is_possible(const struct conform *c, const struct probe *p)
{
	return c->modern.transport && c->modern.offered >> VIRTIO_F_VERSION_1 & 1 &&
	       (!p->needs || p->needs & c->modern.offered);
}

void probes_list_unreached(const struct conform *c, enum probe_time time, struct text *t)
{
	for (unsigned i = 0; i < ARRAY_LEN(probes); i++)
		if (probes[i]->time == time && !(c->probed >> i & 1) && is_possible(c, probes[i]) &&
		    knobs_wants(&c->knobs, probes[i]->name))
			text_fmt(t, " %s", probes[i]->name);
}

int probes_run(struct conform *c, enum probe_time time)
{
	int err = 0;

	for (unsigned i = 0; i < ARRAY_LEN(probes) && !err && !conform_at_end(c); i++) {
		const struct probe *p = probes[i];
		struct row_set rows = row_set_of(p->rows, p->rows_len);

		if (p->time != time)
			continue;
		c->probed |= 1u << i;
		if (!is_possible(c, p) || !conform_begin(c, p->name, rows))
			continue;
		err = console_aborts(NULL) ? ERR_ABORTED : run_probe(c, p, rows);
	}
	return err;
}
