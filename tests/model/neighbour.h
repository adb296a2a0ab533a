/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform over a model device on whose wire somebody answers: ARP, echo, and a RST to every
 * SYN; over IPv6, too, if a test wants that. One run at a time. A test changes the device, or what
 * it does with the frames for the guest, and looks at which rows were found broken.
 */
#ifndef TESTS_MODEL_NEIGHBOUR_H
#define TESTS_MODEL_NEIGHBOUR_H

#include "tests/conform/conform.h"
#include "tests/model/device.h"
#include "tests/model/neighbour6.h"

struct neighbour {
	struct device device;
	struct conform conform;
	enum verdict verdict;
	/* Keys beside ip: pairs, ended by NULL. */
	const char *const *keys;

	/* Set by a test; NULL: frames are received honestly, and nothing else is done. */
	void (*deliver)(struct neighbour *n, const uint8_t *frame, uint32_t len);
	void (*on_idle)(struct neighbour *n); /* each millisecond */
	uint32_t number;                      /* of the frame that is delivered, from 1 */
	bool records;                         /* what the program records is kept */
	bool silent;                          /* nobody answers */
	struct neighbour6 v6;
	unsigned seen; /* frames of the guest that were looked at */
};

/*
 * With an honest modern device, not attached yet: change it, or init another one, before
 * neighbour_run().
 */
struct neighbour *neighbour_new(void);

/* What was recorded, *len bytes. */
const uint8_t *neighbour_record(size_t *len);

/* The whole run. */
void neighbour_run(struct neighbour *n);

/* The rows that were found broken at any level, as "DEV-31 DEV-40 "; valid until the next call. */
const char *neighbour_broken(const struct neighbour *n);

/* Whether the report has these words, wherever its lines break. */
bool neighbour_tells(const struct neighbour *n, const char *words);

/* Whether a row has a test point that is ok, or not, in this configuration ("" for none). */
bool neighbour_says(const struct neighbour *n, const char *begin, const char *row,
		    const char *scene);

#endif
