/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which sets of features the device takes: all that it offers, all but one, again what it took at
 * first. No queue is set up, so no accepted feature has an effect. Called by conform.c.
 */
#include "core/mem.h"
#include "tests/conform/conform.h"
#include "tests/conform/features.h"

#define ROWS_OF_SUBSETS ROW_SET(DEV_04, DEV_06, DEV_10)

static int negotiate(struct conform *c, uint64_t set, bool *taken)
{
	struct virtio *v = &c->modern;
	int err = registers_reset(&c->registers, v, &c->ledger, &c->failure);

	if (!err)
		err = virtio_begin(v, &c->failure);
	if (err)
		return err;
	registers_begin(&c->registers, v, &c->ledger);
	*taken = virtio_accept(v, set, &c->failure) == 0;
	if (*taken)
		registers_accepted(&c->registers, v, &c->ledger);
	return 0;
}

static void report(struct conform *c, const char *name, struct row_set rows)
{
	struct report_scene scene = {
		.name = name,
		.rows = rows,
		.offered = c->modern.offered,
	};

	report_scene(&c->report, &scene, &c->ledger);
}

/* One set: it should be taken [DEV-04]. */
static int subset(struct conform *c, const char *name, uint64_t set)
{
	bool taken = false;
	int err;

	if (!conform_begin(c, name, ROWS_OF_SUBSETS))
		return 0;
	err = negotiate(c, set, &taken);
	if (!err) {
		ledger_seen(&c->ledger, DEV_04);
		if (!taken) /* [DEV-04] */
			ledger_broken(&c->ledger, DEV_04,
				      "0x%llx of the offered 0x%llx is refused: status is 0x%02x",
				      (unsigned long long)c->modern.accepted,
				      (unsigned long long)c->modern.offered,
				      c->modern.transport->status(&c->modern));
		else if (!c->accepted)
			c->accepted = c->modern.accepted;
	}
	report(c, name, ROWS_OF_SUBSETS);
	return err;
}

/* The first set that was taken, once more [DEV-05]. */
static int again(struct conform *c)
{
	struct row_set rows = ROW_SET(DEV_05, DEV_10);
	bool taken = false;
	int err = 0;

	if (!conform_begin(c, "again", rows))
		return 0;
	if (!c->accepted)
		c->accepted = c->modern.offered & features_base;
	for (unsigned time = 0; time < 2 && !err; time++) {
		err = negotiate(c, c->accepted, &taken);
		if (err || (time == 0 && !taken))
			break;
		if (time == 0)
			continue;
		ledger_seen(&c->ledger, DEV_05);
		if (!taken) /* [DEV-05] */
			ledger_broken(&c->ledger, DEV_05,
				      "0x%llx was accepted before a reset, and is refused after it",
				      (unsigned long long)c->accepted);
	}
	report(c, "again", rows);
	return err;
}

uint64_t conform_features(const struct conform *c)
{
	return features_closed(c->modern.offered &
			       ((features_harmless & c->knobs.config.features) | features_base));
}

int subsets_run(struct conform *c)
{
	uint64_t all = conform_features(c);
	char name[FEATURES_NAME_MAX + 8], feature[FEATURES_NAME_MAX];
	int err;

	/*
	 * Without VERSION_1 a device may refuse anything (6.2), and virtio_accept() does not ask
	 * it.
	 */
	if (!(all >> VIRTIO_F_VERSION_1 & 1))
		return 0;
	err = subset(c, "all", all);
	for (unsigned bit = 0; bit < 64 && !err && !conform_at_end(c); bit++) {
		if (!((all & ~features_base) >> bit & 1))
			continue;
		text_print(name, sizeof(name), "without-%s", features_name(feature, bit));
		err = subset(c, name, features_closed(all & ~(UINT64_C(1) << bit)));
	}
	return err || conform_at_end(c) ? err : again(c);
}
