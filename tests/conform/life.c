/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether there still is a device: of one that has gone nothing is good. A configuration in which
 * the link fell, or no frame came, is followed by one that has worked before, whose frames tell a
 * configuration that does not work from a device that has died of it. Called by conform.c.
 */
#include "core/mem.h"
#include "tests/conform/probes.h"

/*
 * The configuration that has worked, or the one under way, once more, for its frames alone; what it
 * shows is no longer news. 1, 0; ERR_ABORTED.
 */
static int still_works(struct conform *c, const struct configuration *configuration)
{
	const struct shape *shape = &configuration->shape;
	struct failure failure = { 0 }, *its = c->station.failure;
	int err, closed;

	ledger_init(&c->probe);
	c->station.ledger = &c->probe;
	c->station.failure = &failure;
	err = probe_open(c, shape->legacy ? &c->legacy : &c->modern, shape);
	if (!err)
		err = traffic_run(&c->traffic);
	closed = station_close(&c->station);
	c->station.ledger = &c->ledger;
	c->station.failure = c->station.nic.failure = its;
	return err == ERR_ABORTED ? err : !closed && c->probe.frames;
}

/*
 * Networks lose frames: of a configuration that brought none silence is believed the second time.
 * 0, also where the run's time is up before that; ERR_ABORTED.
 */
static int ask_again(struct conform *c, const struct configuration *configuration)
{
	int works = still_works(c, configuration);

	if (works < 0)
		return works;
	if (!works && conform_at_end(c))
		return 0;
	ledger_seen(&c->ledger, DEV_57);
	if (!works) /* [DEV-57] */
		ledger_broken(&c->ledger, DEV_57,
			      "not one frame came, nor when it was tried again; in [%s] they did",
			      c->good->shape.name);
	c->ledger.evidence[DEV_57].accepted = c->station.v->accepted;
	return 0;
}

static int gone(struct conform *c, const struct configuration *configuration,
		struct report_scene *scene, bool fell)
{
	report_scene_seen(scene, &c->ledger);
	memset(&c->failure, 0, sizeof(c->failure));
	if (fell)
		return fail(&c->failure, RUNG_DEVICE, ERR_DEVICE,
			    "in [%s] the link fell, and no frame has come since: the device has "
			    "died, or its network was taken away",
			    configuration->shape.name);
	return fail(&c->failure, RUNG_DEVICE, ERR_DEVICE,
		    "no frame came in [%s], nor in [%s] after it, where they had come before: the "
		    "device or its network has gone",
		    configuration->shape.name, c->good->shape.name);
}

int life_check(struct conform *c, const struct configuration *configuration,
	       struct report_scene *scene, bool silent)
{
	const struct station *st = &c->station;
	bool fell = st->link_down, lost = st->link_lost;
	uint32_t frames = c->ledger.frames;
	uint64_t accepted = st->v->accepted; /* before another configuration follows */
	int alive, err = 0;

	if (frames)
		ledger_seen(&c->ledger, DEV_57);
	if (!fell && frames)
		c->good = configuration;
	if (!fell && !(silent && c->good)) {
		if (silent)
			c->mute |= UINT64_C(1) << (configuration - shapes);
		return 0;
	}
	alive = still_works(c, c->good ? c->good : configuration);
	if (alive < 0)
		return alive;
	if (!alive && conform_at_end(c)) {
		report_scene_seen(scene, &c->ledger);
		return 0;
	}
	if (lost || (fell && !alive)) { /* [DEV-57] */
		ledger_broken(&c->ledger, DEV_57, "the link fell after %u frames; %s",
			      (unsigned)frames,
			      alive ? "it came back more than a second later" :
				      "neither it nor a frame has come back");
		c->ledger.evidence[DEV_57].accepted = accepted;
	} else if (silent && alive && c->good) {
		err = ask_again(c, configuration);
	}
	if (conform_at_end(c))
		report_scene_seen(scene, &c->ledger);
	return alive ? err : gone(c, configuration, scene, fell);
}

int life_conclude(struct conform *c)
{
	int err = 0;

	for (unsigned i = 0; i < shapes_len && c->good && !err && !conform_at_end(c); i++) {
		struct report_scene scene = { .name = shapes[i].shape.name,
					      .rows = ROW_SET(DEV_57),
					      .legacy = shapes[i].shape.legacy };

		if (!(c->mute >> i & 1) || !conform_begin(c, scene.name, scene.rows))
			continue;
		err = ask_again(c, &shapes[i]);
		report_scene_seen(&scene, &c->ledger);
		report_scene(&c->report, &scene, &c->ledger);
	}
	return err;
}
