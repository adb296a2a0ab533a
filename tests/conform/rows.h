/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device can be caught at, row by row: the rule in words, where it stands in VIRTIO 1.4, how
 * binding it is, and why a row may not have been seen. Read by everything else here.
 */
#ifndef TESTS_CONFORM_ROWS_H
#define TESTS_CONFORM_ROWS_H

#include "core/types.h"

enum row {
	DEV_01,
	DEV_02,
	DEV_03,
	DEV_04,
	DEV_05,
	DEV_06,
	DEV_07,
	DEV_08,
	DEV_09,
	DEV_10,
	DEV_11,
	DEV_12,
	DEV_13,
	DEV_14,
	DEV_15,
	DEV_16,
	DEV_17,
	DEV_20,
	DEV_21,
	DEV_22,
	DEV_23,
	DEV_24,
	DEV_25,
	DEV_26,
	DEV_27,
	DEV_28,
	DEV_29,
	DEV_30,
	DEV_31,
	DEV_32,
	DEV_33,
	DEV_34,
	DEV_35,
	DEV_36,
	DEV_40,
	DEV_41,
	DEV_42,
	DEV_42B,
	DEV_43,
	DEV_43B,
	DEV_44,
	DEV_45,
	DEV_46,
	DEV_47,
	DEV_48,
	DEV_49,
	DEV_50,
	DEV_51,
	DEV_52,
	DEV_53,
	DEV_54,
	DEV_55,
	DEV_56,
	DEV_57,
	DEV_58,
	ROWS,
};

_Static_assert(ROWS <= 64, "a set of rows is one uint64_t");
#define ROW_BIT(row) (UINT64_C(1) << (row))

enum level {
	LEVEL_MUST,
	LEVEL_SHOULD,
	LEVEL_HABIT,  /* not what the text says, but what Linux gets along with */
	LEVEL_REPORT, /* worth knowing; nobody can say that it is wrong */
};

struct row_text {
	const char *id; /* "DEV-40" */
	enum level level;
	const char *section; /* of VIRTIO 1.4 */
	const char *title;   /* what is so on a good device, in few words: the test point's name */
	const char *rule;    /* one sentence */
	const char *unseen;  /* why nothing may have shown it in a configuration that could */
	const char *needs;   /* the configuration that could, for a run without one */
};

extern const struct row_text row_texts[ROWS];

/* "MUST", "SHOULD", "habit", "report only" */
const char *level_name(enum level level);

/* The row whose id is the len bytes at s, in either case; ROWS if there is none. */
enum row row_find(const char *s, size_t len);

#endif
