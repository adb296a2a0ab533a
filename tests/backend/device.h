/* SPDX-License-Identifier: BSD-2-Clause */
/* The device: moves frames between the guest's rings and the tap, as the rules want it. */
#ifndef BACKEND_DEVICE_H
#define BACKEND_DEVICE_H

#include "tests/backend/memory.h"
#include "tests/backend/mischief.h"
#include "tests/backend/pcap.h"
#include "tests/backend/ring.h"
#include "tests/backend/wire.h"

struct device {
	uint64_t features; /* negotiated */
	struct memory memory;
	struct ring ring[DIRECTIONS];
	struct wire wire[DIRECTIONS];
	struct rules rules;
	struct pcap pcap;
	struct ghost ghost;
	int tap;
	uint32_t late_ms;        /* a ring is looked at so long after it was begun */
	unsigned rx_descriptors; /* a receive buffer has at most so many; 0: any number */
	bool starved;            /* a frame waits for buffers of the guest */
	unsigned guest_noted;    /* of the guest's mistakes */
	uint64_t no_room, no_form, not_taken; /* frames that went nowhere */
};

void device_init(struct device *dev, int tap);

/* Moves what can be moved, a bounded number of frames. True: there is more. */
bool device_run(struct device *dev);

/* When to run again though nothing happens; UINT64_MAX: never. */
uint64_t device_due_ns(const struct device *dev);

/* Whether frames of the tap are wanted now. */
bool device_listens(const struct device *dev);

void device_features(struct device *dev, uint64_t features);
void device_stop(struct device *dev, enum direction dir);
void device_summary(const struct device *dev);

#endif
