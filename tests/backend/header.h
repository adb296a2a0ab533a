/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio header that the guest gets to see: as it should be, and then as the rules want it. */
#ifndef BACKEND_HEADER_H
#define BACKEND_HEADER_H

#include "tests/backend/frame.h"

/*
 * Makes header and frame as an honest device with these features would, and applies the plan; once
 * for each frame. num_buffers is left for header_buffers(). False: the guest cannot take the frame.
 */
bool header_make(struct frame *frame, uint64_t features);

/* num_buffers, when it is known how many buffers the frame takes. */
void header_buffers(struct frame *frame, unsigned buffers);

#endif
