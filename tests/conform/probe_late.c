/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Features that are written behind FEATURES_OK (VIRTIO 1.4, 2.2, 3.1.1): without VERSION_1 the
 * header would be shorter, and every frame two bytes off. A device that holds to what was agreed
 * answers all the same [DEV-65]. Called by probes.c.
 */
#include "drivers/virtio_pci.h"
#include "tests/conform/probes.h"

/* No feature is left, and what stands in driver_feature then is nobody's. */
static void write_late(struct station *st)
{
	st->v->transport->accept(st->v, 0);
}

static int run(struct conform *c)
{
	static const struct shape shape = { .name = "feature-late",
					    .meddle = write_late,
					    .one_descriptor = true };
	bool somebody, answered;
	int err = probe_somebody(c, &somebody);

	if (!err && somebody)
		err = probe_life(c, &c->modern, &shape, &answered);
	if (err || !somebody)
		return err;
	ledger_seen(&c->ledger, DEV_65);
	if (!answered)
		ledger_broken(&c->ledger, DEV_65,
			      "driver_feature was written with 0 behind FEATURES_OK, and then no "
			      "answer came; without that it does");
	return 0;
}

const struct probe probe_feature_late = {
	.name = "feature-late",
	.time = PROBE_TRAFFIC,
	.rows_len = 1,
	.rows = { DEV_65 },
	.run = run,
};
