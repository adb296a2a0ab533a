/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio network driver on a model device, as tests need it again and again. One at a time:
 * rig_new() makes the hosted port new.
 */
#ifndef TESTS_MODEL_RIG_H
#define TESTS_MODEL_RIG_H

#include "drivers/virtio_net.h"
#include "tests/model/device.h"

#define RIG_FRAME_MAX 65600

struct rig {
	struct device device;
	struct virtio_net vn;
	struct virtio_net_options options; /* csum=auto, no mask */
	struct failure failure;
	struct nic *nic;

	/* What nic->rx got. */
	unsigned received;
	struct frame last; /* head and data.at point to the copies below */
	uint8_t last_head[FRAME_HEAD_MAX], last_bytes[RIG_FRAME_MAX];
	/* Is called at the beginning of rx, while the frame is the driver's. */
	void (*on_rx)(struct rig *r, const struct frame *frame);
};

/*
 * With an honest modern device that is not attached yet: change it, or init another one, before
 * rig_open().
 */
struct rig *rig_new(void);

/* Attaches the device (once) and opens the driver. What virtio_net_open() says. */
int rig_open(struct rig *r);

/*
 * Closes the driver. Whether that went well, nothing stayed mapped, and the device has no
 * complaint.
 */
bool rig_end(struct rig *r);

/*
 * A frame of len bytes that begins with a counter; two of them differ everywhere. Valid until the
 * next call.
 */
const uint8_t *rig_frame(uint32_t number, uint32_t len);

/* Has the driver send it. The buffer that it was given; NULL: none was free. */
uint8_t *rig_send(struct rig *r, uint32_t number, uint32_t len);

/*
 * Lets the device receive such a frame honestly, polls, and says whether exactly it came through,
 * with this verdict.
 */
bool rig_passes(struct rig *r, uint32_t number, uint32_t len, enum csum_verdict csum);

#endif
