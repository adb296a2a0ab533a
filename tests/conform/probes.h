/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of a device beside traffic in a shape: one subject each, with a name that `only`
 * takes, in a file of its own (probe_*.c). Called by conform.c.
 */
#ifndef TESTS_CONFORM_PROBES_H
#define TESTS_CONFORM_PROBES_H

#include "tests/conform/conform.h"

#define PROBE_ROWS_MAX 8
#define PROBE_ANSWER_MS 1000
#define VIRTIO_MSI_NO_VECTOR 0xffff

/* When in the run. */
enum probe_time {
	PROBE_REGISTERS, /* without queues, before traffic */
	PROBE_TRAFFIC,   /* with queues, behind the shapes */
	PROBE_HOSTILE,   /* last, and only if the user wants it */
};

struct probe {
	const char *name;
	enum probe_time time;
	uint64_t needs; /* one of these must be offered; 0: none */
	uint8_t rows_len;
	enum row rows[PROBE_ROWS_MAX];
	/*
	 * The device is in any state before and behind it. 0; ERR_ABORTED, ERR_TIMEOUT at the run's
	 * end, or ERR_DEVICE with a sentence for what cannot be told, which is no verdict.
	 */
	int (*run)(struct conform *c);
};

/* --- among probe_*.c, and life.c -------------------------------------------------------------- */

/*
 * The station in this shape, by v: as station_open(), which has more to say. For the shape's
 * meddle() the caller sets station.meddle_ctx before.
 */
int probe_open(struct conform *c, struct virtio *v, const struct shape *shape) MUST_CHECK;

/*
 * One life of the device: brought up by v in this shape, asked one question, reset; twice, if
 * there is no answer. *answered is false where it did not come so far; then c->failure says why, if
 * it can. It is true, for want of a verdict, where the rings were broken meanwhile, which has rows
 * of its own. 0; ERR_ABORTED, ERR_TIMEOUT at the run's end, or ERR_DEVICE for a reset that does not
 * end.
 */
int probe_life(struct conform *c, struct virtio *v, const struct shape *shape, bool *answered)
	MUST_CHECK;

/*
 * Whether somebody answers a driver that does nothing unusual: without that no silence tells
 * anything. Asked once in a run.
 */
int probe_somebody(struct conform *c, bool *somebody) MUST_CHECK;

/* --- the run -------------------------------------------------------------------------------- */

/* All of one time. 0; ERR_ABORTED; ERR_DEVICE for a reset that does not end. */
int probes_run(struct conform *c, enum probe_time time) MUST_CHECK;

/* Appends the names of those of one time that this device has, and the run has not come to. */
void probes_list_unreached(const struct conform *c, enum probe_time time, struct text *t);

/* Whether one has that name. */
bool probes_has(const char *name, size_t len);

extern const struct probe probe_interrupts, probe_hostile;
extern const struct probe probe_tx_offload, probe_framing;
extern const struct probe probe_config_writes, probe_control;
extern const struct probe probe_pci_cfg, probe_feature_late;
extern const struct probe probe_after_reset, probe_feature_words, probe_feature_early;

#endif
