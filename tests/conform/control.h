/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control queue (VIRTIO 1.4, 5.1.9.5): one command at a time, of three descriptors, and what
 * the device makes of it.
 */
#ifndef TESTS_CONFORM_CONTROL_H
#define TESTS_CONFORM_CONTROL_H

#include "tests/conform/registers.h"
#include "tests/conform/station.h"

#define CONTROL_DATA_MAX 64
#define CONTROL_ACK_NONE 0xa5 /* what stands in ack before the device has written it */

enum control_ack { VIRTIO_NET_OK = 0, VIRTIO_NET_ERR = 1 };

/* Classes, and commands of each. */
enum control_class {
	VIRTIO_NET_CTRL_RX = 0,
	VIRTIO_NET_CTRL_MAC = 1,
	VIRTIO_NET_CTRL_MQ = 4,
};
enum control_command {
	VIRTIO_NET_CTRL_RX_PROMISC = 0,
	VIRTIO_NET_CTRL_MAC_TABLE_SET = 0,
	VIRTIO_NET_CTRL_MAC_ADDR_SET = 1,
	VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET = 0,
};

struct control {
	struct ledger *ledger;
	uint16_t queue, idx;
	bool silent; /* a command was not answered: the device may hold all that there is */
	struct window doorbell;
	volatile struct virtq_desc *desc;
	volatile struct virtq_avail *avail;
	volatile struct virtq_used *used;
	uint8_t *bytes; /* header, data, ack: in the arena */
	uint64_t dev;   /* the device's address of the same */
};

/*
 * Sets the queue up: behind FEATURES_OK, before DRIVER_OK. False if it does not exist, or cannot be
 * reached.
 */
bool control_open(struct control *q, struct station *st, uint16_t queue) MUST_CHECK;

/*
 * One command, behind DRIVER_OK; its used length is judged [DEV-71]. The ack that came;
 * CONTROL_ACK_NONE for none within a bounded time. From then on q->silent is set and nothing more
 * is sent, so that of later commands nothing can be told.
 */
uint8_t control_send(struct control *q, uint8_t class, uint8_t command, const void *data,
		     uint32_t len) MUST_CHECK;

#endif
