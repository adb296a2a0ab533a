/* SPDX-License-Identifier: BSD-2-Clause */
/* Joins the driver and the stack, who do not know each other, for one NIC: what every x86 port's main() does. */
#ifndef ARCH_X86_SKIFF_H
#define ARCH_X86_SKIFF_H

#include "core/console.h"
#include "drivers/fw_cfg.h"
#include "drivers/virtio_net.h"
#include "net/netboot.h"

/* What one boot needs beside its buffers. The port places it, zeroed. */
struct skiff {
	struct console console;
	struct failure failure;
	struct config config;
	char features[VIRTIO_FEATURES_TEXT_LEN];
	struct virtio_net driver;
	struct netboot netboot;
};

/*
 * Boots from the NIC at fn, whose place is printed as `place` ("00:03.0"). fw may be closed. memory is what the device will see, about
 * 9 MiB, whatever is in it. Prints all that the user is to see. Returns when there is nothing to start, or it failed; the
 * device has been stopped.
 */
void skiff_run(struct skiff *s, uintptr_t fn, const char *place, struct fw_cfg *fw, struct virtio_net_memory *memory);

#endif
