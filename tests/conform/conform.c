/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run: knobs, transports, one configuration after the other, verdict. What the device says is
 * judged elsewhere. Called by main.c, and by unit tests with a device that lies.
 */
#include "tests/conform/conform.h"

#include "arch/boot.h"
#include "core/clock.h"
#include "core/console.h"
#include "core/mem.h"
#include "core/random.h"
#include "drivers/virtio_legacy.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/probes.h"

#define CUT_AFTER 5        /* frames: in the middle of the echo replies */
#define CUT_AFTER_FETCH 60 /* in the middle of the file */
#define AFTERMATH_MS 100   /* that memory is watched with no queue alive */
#define RING_RESET_MS 60
#define UNREACHED_TEXT_MAX 700 /* all names of shapes and probes */

#define ROWS_OF_REGISTERS \
	ROW_SET(DEV_01, DEV_02, DEV_03, DEV_09, DEV_10, DEV_14, DEV_15, DEV_17, DEV_67, DEV_68)
/* Traffic has nothing to say about these. */
#define ROWS_WITHOUT_TRAFFIC \
	ROW_SET(DEV_01, DEV_02, DEV_03, DEV_05, DEV_14, DEV_15, DEV_17, DEV_67, DEV_68)

bool conform_is_name(const char *name, size_t len)
{
	static const char without[] = "without-";

	for (unsigned i = 0; i < shapes_len; i++)
		if (text_is(name, len, shapes[i].shape.name))
			return true;
	if (text_is(name, len, "registers") || text_is(name, len, "all") ||
	    text_is(name, len, "again") || probes_has(name, len))
		return true;
	return len > sizeof(without) - 1 && text_is(name, sizeof(without) - 1, without);
}

bool conform_begin(struct conform *c, const char *name, struct row_set rows)
{
	ledger_init(&c->ledger);
	memset(&c->failure, 0, sizeof(c->failure));
	return knobs_wants(&c->knobs, name) && row_set_any(row_set_and(rows, c->knobs.rows));
}

/* --- before and after all configurations --------------------------------------------------- */

static int set_knob(void *ctx, const char *source, const char *key, const char *value, uint32_t len)
{
	struct conform *c = ctx;

	return knobs_set(&c->knobs, conform_is_name, source, key, value, len, &c->failure);
}

/*
 * Both transports of a transitional device; the legacy one opens no window that the modern one
 * needs.
 */
static int open_transports(struct conform *c)
{
	const char *not_modern, *not_legacy;

	c->modern.fn = c->legacy.fn = c->fn;
	not_modern = virtio_pci.open(&c->modern);
	c->modern.transport = not_modern ? NULL : &virtio_pci;
	not_legacy = virtio_legacy.open(&c->legacy);
	c->legacy.transport = not_legacy ? NULL : &virtio_legacy;
	if (!not_modern) /* either release() leaves what the first open() found */
		c->legacy.command = c->modern.command;
	if (!not_modern || !not_legacy)
		return 0;
	return fail(&c->failure, RUNG_DEVICE, ERR_DEVICE, "the device cannot be driven: %s, and %s",
		    not_modern, not_legacy);
}

static int open_memory(struct conform *c)
{
	if (port_dma_alloc(&c->dma, c->fn, CONFORM_DMA_LEN) < 0)
		return fail(&c->failure, RUNG_QUEUES, ERR_NO_SPACE,
			    "no memory that the device can access");
	station_init(&c->station, c->dma.va, c->dma.dev, CONFORM_DMA_LEN, c->knobs.seed);
	c->station.registers = &c->registers;
	c->station.record = &c->record;
	record_begin(&c->record);
	c->station.ledger = &c->ledger;
	c->station.failure = &c->failure;
	c->station.has_end = c->knobs.limit_ms;
	c->station.end_ms = c->report.started_ms + c->knobs.limit_ms;
	traffic_init(&c->traffic, &c->knobs, &c->report.console, &c->station);
	return 0;
}

int conform_stop(struct conform *c)
{
	struct virtio *v = c->modern.transport ? &c->modern : &c->legacy;
	struct failure unread = { 0 };
	int err = virtio_close(v, &unread);

	if (c->dma.len)
		port_dma_free(&c->dma);
	c->dma.len = 0;
	return err;
}

bool conform_at_end(const struct conform *c)
{
	return station_at_end(&c->station);
}

/* --- registers ----------------------------------------------------------------------------- */

/* The configuration without queues: what can be read of the device. */
static int run_registers(struct conform *c)
{
	struct virtio *v = c->modern.transport ? &c->modern : &c->legacy;
	struct report_scene scene = { .name = "registers",
				      .rows = ROWS_OF_REGISTERS,
				      .legacy = v == &c->legacy };
	int err;

	(void)conform_begin(c, "registers", ROWS_OF_REGISTERS);
	err = registers_reset(&c->registers, v, &c->ledger, &c->failure);
	if (!err)
		err = virtio_begin(v, &c->failure);
	if (!err) {
		registers_scan(&c->registers, scene.legacy ? NULL : v, c->fn, &c->ledger);
		registers_offer(&c->registers, v, &c->ledger);
		registers_begin(&c->registers, v, &c->ledger);
		if (!scene.legacy)
			registers_queues(&c->registers, v, &c->ledger);
		report_offer(&c->report, v->offered);
		err = registers_reset(&c->registers, v, &c->ledger, &c->failure);
	}
	scene.offered = v->offered;
	if (scene.legacy)
		scene.rows = row_set_without(scene.rows, ROW_SET(DEV_10));
	if (knobs_wants(&c->knobs, "registers"))
		report_scene(&c->report, &scene, &c->ledger);
	return err;
}

/* --- traffic ------------------------------------------------------------------------------- */

/* What is done with a device that runs. */
static int act(struct conform *c, const struct configuration *configuration)
{
	int err;

	c->station.cut_at = 0;
	if (configuration->act == ACT_RESET)
		c->station.cut_at = config_has(&c->knobs.config, CONFIG_URL) ? CUT_AFTER_FETCH :
									       CUT_AFTER;
	err = traffic_run(&c->traffic);
	if (err || configuration->act != ACT_RING_RESET || !station_stop_receiving(&c->station))
		return err;
	err = traffic_provoke(&c->traffic, RING_RESET_MS);
	if (!err)
		err = station_resume_receiving(&c->station);
	return err ? err : traffic_provoke(&c->traffic, RING_RESET_MS);
}

static void wait_ms(uint32_t ms)
{
	uint32_t begun_ms = clock_now_ms();

	while (!clock_reached(clock_now_ms(), begun_ms + ms))
		port_idle(0);
}

/*
 * Whether nothing was heard of a device that came up, and that was not left for another reason than
 * that it stands still.
 */
static bool was_silent(const struct conform *c, bool opened, int err)
{
	return opened && !c->ledger.frames && (!err || c->ledger.broken[DEV_13]);
}

/*
 * One configuration. 0; ERR_ABORTED, or ERR_DEVICE with a sentence for a reset that does not end
 * and a device that has gone: the run is over then.
 */
static int run_shape(struct conform *c, const struct configuration *configuration, struct virtio *v)
{
	const struct shape *shape = &configuration->shape;
	struct report_scene scene = { .name = shape->name, .legacy = shape->legacy };
	uint32_t begun_ms = clock_now_ms();
	int err, closed, gone = 0;
	bool opened;

	c->station.v = v;
	err = station_open(&c->station, shape, c->knobs.config.features);
	opened = !err;
	scene.rows = shapes_rows(configuration, v, opened);
	scene.offered = v->offered;
	if (!err)
		err = act(c, configuration);
	if (err && c->failure.text[0] && configuration->act != ACT_RESET)
		report_note(&c->report, "[%s] %s", shape->name, c->failure.text);
	report_note(&c->report, "[%s] %u frames in %u ms", shape->name, (unsigned)c->ledger.frames,
		    (unsigned)(clock_now_ms() - begun_ms));
	c->frames += c->ledger.frames;
	memset(&c->failure, 0, sizeof(c->failure));
	closed = station_close(&c->station);
	if (configuration->act == ACT_RESET) {
		wait_ms(AFTERMATH_MS);
		station_watch(&c->station);
	}
	c->tried++;
	if (conform_at_end(c))
		report_scene_seen(&scene, &c->ledger);
	else if (!closed && opened && err != ERR_ABORTED)
		gone = life_check(c, configuration, &scene, was_silent(c, opened, err));
	report_scene(&c->report, &scene, &c->ledger);
	return closed ? closed : err == ERR_ABORTED ? err : gone;
}

/* shapes[], as far as `end`. */
static int run_shapes(struct conform *c, unsigned end)
{
	int err = 0;

	for (; c->reached < end && !err && !conform_at_end(c); c->reached++) {
		const struct configuration *configuration = &shapes[c->reached];
		const struct shape *shape = &configuration->shape;
		struct virtio *v = shape->legacy ? &c->legacy : &c->modern;

		if (!v->transport ||
		    !conform_begin(c, shape->name,
				   row_set_without(row_set_all(), ROWS_WITHOUT_TRAFFIC)))
			continue;
		if (console_aborts(NULL))
			err = ERR_ABORTED;
		else if (shape->all & ~v->offered)
			continue;
		else if (!shape->needs || shape->needs & v->offered ||
			 (shape->legacy && !v->offered))
			err = run_shape(c, configuration, v);
	}
	return err;
}

/* --- the whole ----------------------------------------------------------------------------- */

static int run(struct conform *c)
{
	int err = run_registers(c);

	if (!err && c->modern.transport)
		err = subsets_run(c);
	if (!err && c->modern.transport)
		err = probes_run(c, PROBE_REGISTERS);
	if (!err)
		err = run_shapes(c, shapes_legacy());
	if (!err && c->modern.transport)
		err = probes_run(c, PROBE_TRAFFIC);
	if (!err)
		err = run_shapes(c, shapes_len);
	if (!err)
		err = life_conclude(c);
	if (!err && c->modern.transport && c->knobs.hostile)
		err = probes_run(c, PROBE_HOSTILE);
	return err;
}

static void list_shapes(const struct conform *c, struct text *t, unsigned from, unsigned end)
{
	for (unsigned i = from > c->reached ? from : c->reached; i < end; i++)
		if (knobs_wants(&c->knobs, shapes[i].shape.name))
			text_fmt(t, " %s", shapes[i].shape.name);
}

/* For a run that ends early, in the order of run(). */
static void list_unreached(struct conform *c)
{
	char words[UNREACHED_TEXT_MAX];
	struct text t;

	text_init(&t, words, sizeof(words));
	probes_list_unreached(c, PROBE_REGISTERS, &t);
	list_shapes(c, &t, 0, shapes_legacy());
	probes_list_unreached(c, PROBE_TRAFFIC, &t);
	list_shapes(c, &t, shapes_legacy(), shapes_len);
	if (c->knobs.hostile)
		probes_list_unreached(c, PROBE_HOSTILE, &t);
	if (t.len)
		report_note(&c->report, "not reached:%s", words);
}

/* Nothing is good of which nothing was seen. */
static enum verdict conclude(struct conform *c, int err)
{
	char limit[80];

	if (err || conform_at_end(c))
		list_unreached(c);
	if (err == ERR_ABORTED)
		return report_bail_out(&c->report, "given up by Esc or Ctrl-C");
	if (err)
		return report_bail_out(&c->report, c->failure.text);
	if (conform_at_end(c)) {
		text_print(limit, sizeof(limit), "the limit of %u s was reached before the end",
			   (unsigned)(c->knobs.limit_ms / 1000));
		return report_bail_out(&c->report, limit);
	}
	if (c->tried && !c->frames)
		return report_bail_out(
			&c->report, station_link(&c->station) ?
					    "not one frame came back; is a DHCP server there? The "
					    "key ip needs none" :
					    "not one frame came back: the link is down");
	if (!c->report.points)
		return report_bail_out(&c->report,
				       "this device has no configuration that `only` names");
	return report_end(&c->report);
}

enum verdict conform_run(struct conform *c, uintptr_t fn, const char *place)
{
	enum verdict verdict;
	int err;

	memset(c, 0, sizeof(*c));
	c->fn = fn;
	knobs_init(&c->knobs);
	random_fill(&c->knobs.seed, sizeof(c->knobs.seed));
	err = boot_config_each(set_knob, c, &c->failure);
	report_begin(&c->report, &c->knobs, fn, place);
	if (!err)
		err = open_transports(c);
	if (!err)
		err = open_memory(c);
	if (!err)
		err = run(c);
	verdict = conclude(c, err);
	return conform_stop(c) ? VERDICT_BROKEN : verdict;
}
