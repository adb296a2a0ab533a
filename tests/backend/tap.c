/* SPDX-License-Identifier: BSD-2-Clause */
/* The tap. The kernel wrote what is read, the guest what is written. Called by device.c, main.c. */
#include "tests/backend/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_tun.h>

static uint8_t buffer[FRAME_MAX];

int tap_open(const char *name)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int header_len = sizeof(struct virtio_net_hdr_v1);
	struct ifreq ifr;

	if (fd < 0)
		fail("/dev/net/tun: %s", strerror(errno));
	if (!name[0] || strlen(name) >= sizeof(ifr.ifr_name))
		fail("--tap %s: a name has 1 to %zu characters", name, sizeof(ifr.ifr_name) - 1);
	memset(&ifr, 0, sizeof(ifr));
	strcpy(ifr.ifr_name, name);
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &header_len) < 0)
		fail("--tap %s: %s", name, strerror(errno));
	tap_offload(fd, 0);
	return fd;
}

void tap_offload(int fd, uint64_t features)
{
	unsigned flags = 0;

	if (features & BIT(VIRTIO_NET_F_GUEST_CSUM)) {
		flags |= TUN_F_CSUM;
		flags |= features & BIT(VIRTIO_NET_F_GUEST_TSO4) ? TUN_F_TSO4 : 0;
		flags |= features & BIT(VIRTIO_NET_F_GUEST_TSO6) ? TUN_F_TSO6 : 0;
		flags |= features & BIT(VIRTIO_NET_F_GUEST_ECN) ? TUN_F_TSO_ECN : 0;
	}
	if (ioctl(fd, TUNSETOFFLOAD, flags) < 0)
		fail("the tap takes no offload flags 0x%x: %s", flags, strerror(errno));
}

struct frame *tap_read(int fd)
{
	struct virtio_net_hdr_v1 header;
	struct iovec iov[2] = { { &header, sizeof(header) }, { buffer, sizeof(buffer) } };
	ssize_t len = readv(fd, iov, 2);
	struct frame *frame;

	if (len < (ssize_t)sizeof(header))
		return NULL;
	frame = frame_new(buffer, (uint32_t)(len - (ssize_t)sizeof(header)));
	frame->header = header;
	return frame;
}

bool tap_write(int fd, const struct frame *frame)
{
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)&frame->header, sizeof(frame->header) },
		{ (void *)(uintptr_t)frame->data, frame->len },
	};

	return writev(fd, iov, 2) >= 0;
}
