/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost-user back end for virtio-net that misbehaves on request: what its parts share. It stands
 * between the rings of an unmodified QEMU's guest and a tap, and breaks the rules it was told to.
 * Bits are named by the kernel's headers, so that this program and the driver share no mistake.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rings and headers are little-endian");

/* As the guest sees it; also the numbers of its queues. */
enum direction { RX, TX, DIRECTIONS };

#define BIT(n) (UINT64_C(1) << (n))
#define NS_PER_MS UINT64_C(1000000)

/* One sentence for the user, and the end with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on stderr. The peers can cause these, so there is an end to them. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* CLOCK_MONOTONIC */
uint64_t now_ns(void);

#endif
