/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of feature bits: which belong together, and what they are called. */
#ifndef TESTS_CONFORM_FEATURES_H
#define TESTS_CONFORM_FEATURES_H

#include "core/text.h"
#include "core/types.h"

/* Bits beside those of drivers/virtio.h and judge.h that configurations ask for. */
enum features_bit {
	VIRTIO_NET_F_CSUM = 0,
	VIRTIO_NET_F_HOST_TSO4 = 11,
	VIRTIO_NET_F_HOST_TSO6 = 12,
	VIRTIO_NET_F_CTRL_VQ = 17,
	VIRTIO_NET_F_CTRL_RX = 18,
	VIRTIO_NET_F_MQ = 22,
	VIRTIO_NET_F_CTRL_MAC_ADDR = 23,
	VIRTIO_F_EVENT_IDX = 29,
	VIRTIO_F_RING_PACKED = 34,
	VIRTIO_F_IN_ORDER = 35,
	VIRTIO_F_ORDER_PLATFORM = 36,
	VIRTIO_F_NOTIFICATION_DATA = 38,
	VIRTIO_F_RING_RESET = 40,
};

#define FEATURES_NAME_MAX 24

/*
 * A device may refuse a driver that declines these, so every configuration has those that are
 * offered (6.2), whatever the user masks.
 */
extern const uint64_t features_base;

/*
 * Those that a driver may accept just to see whether it can, without using them: no reserved bit,
 * nothing that has effects.
 */
extern const uint64_t features_harmless;

/* Those of `bits` of which no prerequisite is among them. */
uint64_t features_lacking(uint64_t bits);

/* `bits` without those whose prerequisites are not in it. */
uint64_t features_closed(uint64_t bits);

/* "GUEST_CSUM", or "BIT_63". Returns buf. */
char *features_name(char buf[FEATURES_NAME_MAX], unsigned bit);

#endif
