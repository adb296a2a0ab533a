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
	DEV_60,
	DEV_61,
	DEV_62,
	DEV_63,
	DEV_64,
	DEV_65,
	DEV_66,
	DEV_67,
	DEV_68,
	DEV_69,
	DEV_70,
	DEV_71,
	DEV_72,
	DEV_73,
	DEV_74,
	DEV_75,
	DEV_76,
	DEV_77,
	DEV_78,
	DEV_79,
	DEV_80,
	DEV_81,
	DEV_82,
	DEV_83,
	DEV_84,
	DEV_85,
	DEV_86,
	DEV_87,
	ROWS,
};

/* Sets of those rows that a received frame shows: the first ones. */
#define ROWS_OF_FRAMES 64
_Static_assert(DEV_58 < ROWS_OF_FRAMES, "a set of frames' rows is one uint64_t");
#define ROW_BIT(row) (UINT64_C(1) << (row))

/* Sets of any rows. */
struct row_set {
	uint64_t word[2]; /* the first is made of ROW_BIT()s */
};
_Static_assert(ROWS <= 128, "a set of rows is two words");

#define ROW_SET(...) \
	row_set_of((const enum row[]){ __VA_ARGS__ }, \
		   sizeof((const enum row[]){ __VA_ARGS__ }) / sizeof(enum row))

static inline void row_set_add(struct row_set *s, unsigned row)
{
	s->word[row / 64] |= UINT64_C(1) << row % 64;
}

static inline struct row_set row_set_of(const enum row *rows, size_t n)
{
	struct row_set s = { { 0 } };

	for (size_t i = 0; i < n; i++)
		row_set_add(&s, rows[i]);
	return s;
}

static inline bool row_set_has(struct row_set s, unsigned row)
{
	return s.word[row / 64] >> row % 64 & 1;
}

static inline bool row_set_any(struct row_set s)
{
	return (s.word[0] | s.word[1]) != 0;
}

/* a or b, a and b, a without b */
static inline struct row_set row_set_or(struct row_set a, struct row_set b)
{
	return (struct row_set){ { a.word[0] | b.word[0], a.word[1] | b.word[1] } };
}

static inline struct row_set row_set_and(struct row_set a, struct row_set b)
{
	return (struct row_set){ { a.word[0] & b.word[0], a.word[1] & b.word[1] } };
}

static inline struct row_set row_set_without(struct row_set a, struct row_set b)
{
	return (struct row_set){ { a.word[0] & ~b.word[0], a.word[1] & ~b.word[1] } };
}

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

static inline struct row_set row_set_all(void)
{
	struct row_set s = { { 0 } };

	for (unsigned row = 0; row < ROWS; row++)
		row_set_add(&s, row);
	return s;
}

/* "MUST", "SHOULD", "habit", "report only" */
const char *level_name(enum level level);

/* The row whose id is the len bytes at s, in either case; ROWS if there is none. */
enum row row_find(const char *s, size_t len);

#endif
