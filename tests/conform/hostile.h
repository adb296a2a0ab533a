/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile driver does, and no other may (VIRTIO 1.4 forbids all of it): one act each, in a
 * life of its own. Called by probe_hostile.c.
 */
#ifndef TESTS_CONFORM_HOSTILE_H
#define TESTS_CONFORM_HOSTILE_H

#include "tests/conform/station.h"

struct hostile_act {
	const char *what;  /* "a chain that is a loop" */
	uint64_t features; /* beside the base; all of them must be offered */
	/* On the device that runs in the station, one frame to transmit being posted, not shown. */
	void (*commit)(struct station *st);
	bool receive; /* it is about the receive queue: a frame has to come for it to matter */
	/* Instead: on a device whose features are agreed upon, and that has no queues. */
	void (*commit_bare)(struct station *st);
};

extern const struct hostile_act hostile_acts[];
extern const unsigned hostile_acts_len;

#endif
