/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was found in one configuration: how often a row could have been broken, how often it was,
 * and the first offence with the bytes. Whoever examines something writes here; report.c reads it.
 */
#ifndef TESTS_CONFORM_LEDGER_H
#define TESTS_CONFORM_LEDGER_H

#include "core/types.h"
#include "tests/conform/rows.h"

#define EVIDENCE_TEXT_MAX 280
#define EVIDENCE_HEADER_MAX 12
#define EVIDENCE_FRAME_MAX 80

struct virtio;

struct evidence {
	char what[EVIDENCE_TEXT_MAX];
	uint64_t accepted;  /* features, when it was found */
	uint32_t frame;     /* its number, from 1; 0: not about a frame */
	uint32_t frame_len; /* the whole frame's */
	uint8_t header_len, bytes_len;
	uint8_t header[EVIDENCE_HEADER_MAX], bytes[EVIDENCE_FRAME_MAX];
};

struct ledger {
	uint32_t seen[ROWS], broken[ROWS];
	struct evidence evidence[ROWS];
	uint32_t frames; /* received */
	/* How the device is driven since its last reset, for evidence; NULL before the first. */
	const struct virtio *v;
	/* The frame that is being looked at, for evidence; at is NULL outside of frames. */
	struct span header, frame;
};

void ledger_init(struct ledger *l);

/* Rows that could have been broken now, and were not as far as this says. */
void ledger_seen(struct ledger *l, enum row row);
void ledger_seen_set(struct ledger *l, uint64_t rows);

/* Frame number l->frames is looked at from now on; both spans empty: no longer. */
void ledger_frame(struct ledger *l, struct span header, struct span frame);

/*
 * The row was broken, after ledger_seen(). The first time is kept with this sentence and the frame.
 */
void ledger_broken(struct ledger *l, enum row row, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
