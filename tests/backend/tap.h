/* SPDX-License-Identifier: BSD-2-Clause */
/* A tap with virtio headers: frames that the kernel has not finished, and ones it need not. */
#ifndef BACKEND_TAP_H
#define BACKEND_TAP_H

#include "tests/backend/frame.h"

/* The fd of the tap `name`, which does not block. */
int tap_open(const char *name);

/* Tells the kernel what the guest takes: checksums undone, large segments. */
void tap_offload(int fd, uint64_t features);

/* The next frame, not parsed; NULL: none for now. */
struct frame *tap_read(int fd);

/* False if the kernel did not take it. */
bool tap_write(int fd, const struct frame *frame);

#endif
