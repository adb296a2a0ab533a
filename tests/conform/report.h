/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report: TAP version 13, one test point per row and configuration, the evidence behind each
 * that is not ok. What is no MUST is marked TODO, so that a consumer's verdict counts MUSTs.
 */
#ifndef TESTS_CONFORM_REPORT_H
#define TESTS_CONFORM_REPORT_H

#include "core/console.h"
#include "tests/conform/knobs.h"
#include "tests/conform/ledger.h"

/* The program's result, and its exit status. */
enum verdict {
	VERDICT_GOOD,     /* no MUST is broken */
	VERDICT_BROKEN,   /* some are */
	VERDICT_UNTESTED, /* Bail out! */
};

/* What a ledger was filled in. */
struct report_scene {
	const char *name;    /* the configuration's */
	struct row_set rows; /* those that it could show */
	uint64_t offered;    /* features */
	bool legacy;
};

struct report {
	struct console console;
	const struct knobs *knobs;
	unsigned points;
	struct row_set shown;                    /* rows that have a point */
	struct row_set broken[LEVEL_REPORT + 1]; /* rows by their levels */
	uint32_t started_ms;
};

/* The first lines. place, fn: of the device. */
void report_begin(struct report *r, const struct knobs *knobs, uintptr_t fn, const char *place);

/* Lines that no consumer counts. */
void report_note(struct report *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same with the features that the device offers. */
void report_offer(struct report *r, uint64_t offered);

/* The points of one configuration, as far as the user asked for them. */
void report_scene(struct report *r, const struct report_scene *scene, const struct ledger *l);

/*
 * Leaves the rows in the scene of which something was seen: the others are not good because nobody
 * was there, or had the time.
 */
void report_scene_seen(struct report_scene *scene, const struct ledger *l);

/* Points for rows that no configuration could show, then plan and summary. */
enum verdict report_end(struct report *r);

/* Plan, summary, "Bail out!" and why. A MUST that was found broken before stays the verdict. */
enum verdict report_bail_out(struct report *r, const char *why);

#endif
