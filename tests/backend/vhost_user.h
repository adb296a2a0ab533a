/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vhost-user protocol, the back end's side (QEMU, docs/interop/vhost-user): QEMU says where the
 * guest's memory and rings are, and when they run.
 */
#ifndef BACKEND_VHOST_USER_H
#define BACKEND_VHOST_USER_H

#include "tests/backend/device.h"

struct vhost_user {
	struct device *dev;
	uint64_t offered;  /* virtio features */
	uint16_t mtu;      /* 0: any */
	int listen_fd, fd; /* fd: -1 between two QEMUs */
	uint64_t protocol; /* accepted features of the protocol itself */
	bool has_protocol; /* whether they were negotiated: rings begin disabled then */
};

/* Listens on a Unix socket at `path`, where nothing may be. */
void vhost_user_listen(struct vhost_user *vu, const char *path);

/* A QEMU has connected. */
void vhost_user_accept(struct vhost_user *vu);

/* One message can be read. What is wrong with it ends the connection, with a line on stderr. */
void vhost_user_message(struct vhost_user *vu);

#endif
