/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be seen of a device without its queues: capabilities, features, queue sizes,
 * configuration, and what a reset leaves. Beside drivers/virtio*.c, which reads no more than it
 * needs.
 */
#ifndef TESTS_CONFORM_REGISTERS_H
#define TESTS_CONFORM_REGISTERS_H

#include "drivers/virtio.h"
#include "tests/conform/ledger.h"

/* Device configuration at one moment. Fields that are not offered are 0. */
struct registers_config {
	uint32_t generation;
	uint8_t mac[6];
	uint16_t status, mtu;
};

struct registers {
	const struct virtio *v; /* open, and begun once */
	struct window
		common; /* all of the common configuration that there is; WINDOW_NONE: legacy */
	bool has_mtu;
	struct registers_config config; /* as last looked at, since the last bring-up began */
	uint16_t mtu;                   /* the first that was ever read */
};

/*
 * After virtio_begin(): looks at the capabilities [DEV-15] and the identity [DEV-17] of fn, and
 * opens r->common. v is open by the modern transport, or NULL where there is none.
 */
void registers_scan(struct registers *r, const struct virtio *v, uintptr_t fn, struct ledger *l);

/* After virtio_begin(): the offer [DEV-01, DEV-02, DEV-03]. */
void registers_offer(struct registers *r, const struct virtio *v, struct ledger *l);

/*
 * After virtio_begin(), modern: queue sizes [DEV-14], and doorbells within their capability
 * [DEV-15].
 */
void registers_queues(struct registers *r, const struct virtio *v, struct ledger *l);

/*
 * After virtio_begin(): the configuration as it is now is what later ones are compared with
 * [DEV-09].
 */
void registers_begin(struct registers *r, const struct virtio *v, struct ledger *l);

/*
 * After FEATURES_OK: is it still the same [DEV-07]? Does driver_feature show what was accepted
 * [DEV-06]?
 */
void registers_accepted(struct registers *r, const struct virtio *v, struct ledger *l);

/* Any time later: what has changed has a new generation [DEV-08]. */
void registers_look(struct registers *r, const struct virtio *v, struct ledger *l);

/*
 * Resets the device, bounded, and looks at what that leaves [DEV-10]. 0; ERR_DEVICE with a sentence
 * for a reset that never ends. DMA stays on.
 */
int registers_reset(struct registers *r, struct virtio *v, struct ledger *l, struct failure *f)
	MUST_CHECK;

/* The same, but selects no queue to look at: all selectors are as the device has left them. */
int registers_reset_blindly(struct virtio *v, struct ledger *l, struct failure *f) MUST_CHECK;

/* RING_RESET: resets one queue and waits, bounded, for its end [DEV-16]. Whether it ended. */
bool registers_reset_queue(struct registers *r, uint16_t queue, struct ledger *l);

#endif
