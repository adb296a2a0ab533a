/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vhost-user messages. QEMU wrote them; each is checked against the table at the end before its
 * handler sees it. Called by main.c.
 */
#include "tests/backend/vhost_user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER_LEN 12
#define VERSION 1
#define VERSION_MASK 3
#define REPLY 4
#define NEED_REPLY 8
#define F_PROTOCOL_FEATURES 30 /* among the virtio features */
#define PROTOCOL_REPLY_ACK 3
#define PROTOCOL_NET_MTU 4
#define NO_FD 0x100 /* of a vring's kick, call and err */
#define MESSAGE_S 5 /* for the rest of a message that has begun */

/* On the wire, the first three are followed by the union at once. */
struct message {
	uint32_t request, flags, size;
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} state;
		struct {
			uint32_t index, flags;
			uint64_t desc, used, avail, log;
		} addr;
		struct {
			uint32_t count, padding;
			struct memory_region region[REGIONS_MAX];
		} memory;
	};
	int fd[REGIONS_MAX];
	unsigned fds;
};

void vhost_user_listen(struct vhost_user *vu, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		fail("--socket %s: a path of a socket has at most %zu characters", path,
		     sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, path);
	vu->fd = -1;
	vu->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (vu->listen_fd < 0 || bind(vu->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(vu->listen_fd, 1) < 0)
		fail("--socket %s: %s", path, strerror(errno));
}

static void set_fd(int *fd, int to)
{
	if (*fd >= 0)
		close(*fd);
	*fd = to;
}

/* Everything that QEMU told us is forgotten. */
static void forget(struct vhost_user *vu)
{
	for (int dir = RX; dir < DIRECTIONS; dir++) {
		struct ring *ring = &vu->dev->ring[dir];

		ring->started = false;
		set_fd(&ring->kick_fd, -1);
		set_fd(&ring->call_fd, -1);
		set_fd(&ring->err_fd, -1);
		ring_init(ring, dir);
		wire_clear(&vu->dev->wire[dir]);
	}
	vu->dev->ghost.left = 0;
	memory_clear(&vu->dev->memory);
	device_features(vu->dev, 0);
	vu->protocol = 0;
	vu->has_protocol = false;
}

void vhost_user_accept(struct vhost_user *vu)
{
	struct timeval timeout = { .tv_sec = MESSAGE_S };

	vu->fd = accept4(vu->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (vu->fd >= 0)
		setsockopt(vu->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	forget(vu);
}

static void hang_up(struct vhost_user *vu, const char *why, uint32_t request)
{
	if (why)
		note("qemu: its message %u %s; hanging up", request, why);
	set_fd(&vu->fd, -1);
	forget(vu);
}

static void reply(struct vhost_user *vu, struct message *m, uint32_t size)
{
	struct iovec iov[2] = { { m, HEADER_LEN }, { &m->u64, size } };

	m->flags = VERSION | REPLY;
	m->size = size;
	if (writev(vu->fd, iov, 2) != (ssize_t)(HEADER_LEN + size))
		note("qemu: it takes no answer");
}

/* --- one function a message; NULL, or what is wrong with it ---------------------------------- */

static const char *get_features(struct vhost_user *vu, struct message *m)
{
	m->u64 = vu->offered | BIT(F_PROTOCOL_FEATURES);
	reply(vu, m, sizeof(m->u64));
	return NULL;
}

static const char *set_features(struct vhost_user *vu, struct message *m)
{
	uint64_t features = m->u64 & ~BIT(F_PROTOCOL_FEATURES);

	if (features & ~vu->offered)
		return "accepts features that were not offered";
	vu->has_protocol = m->u64 & BIT(F_PROTOCOL_FEATURES);
	device_features(vu->dev, features);
	return NULL;
}

static const char *get_protocol_features(struct vhost_user *vu, struct message *m)
{
	m->u64 = BIT(PROTOCOL_REPLY_ACK) | BIT(PROTOCOL_NET_MTU);
	reply(vu, m, sizeof(m->u64));
	return NULL;
}

static const char *set_protocol_features(struct vhost_user *vu, struct message *m)
{
	if (m->u64 & ~(BIT(PROTOCOL_REPLY_ACK) | BIT(PROTOCOL_NET_MTU)))
		return "accepts protocol features that were not offered";
	vu->protocol = m->u64;
	vu->has_protocol = true;
	return NULL;
}

static const char *nothing_to_do(struct vhost_user *vu, struct message *m)
{
	(void)vu;
	(void)m;
	return NULL;
}

/* May come while the rings run: they are found again in the new mapping, or stop. */
static const char *set_mem_table(struct vhost_user *vu, struct message *m)
{
	struct device *dev = vu->dev;

	if (m->memory.count > REGIONS_MAX || m->fds != m->memory.count ||
	    m->size != 8 + m->memory.count * sizeof(m->memory.region[0]))
		return "has a memory table of a wrong length";
	dev->ghost.left = 0;
	if (!memory_set(&dev->memory, m->memory.region, m->fd, m->memory.count))
		return "has memory that cannot be mapped";
	for (int dir = RX; dir < DIRECTIONS; dir++)
		if (dev->ring[dir].started && !ring_map(&dev->ring[dir], &dev->memory))
			return "takes the memory of a ring that runs";
	return NULL;
}

static struct ring *ring_of(struct vhost_user *vu, uint32_t index)
{
	return index < DIRECTIONS ? &vu->dev->ring[index] : NULL;
}

static const char *set_vring_num(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->state.index);

	if (!ring || ring->started || !m->state.num || m->state.num > RING_SIZE_MAX ||
	    m->state.num & (m->state.num - 1))
		return "has a ring that is not there or runs, or a size that is no power of two up "
		       "to 1024";
	ring->size = (uint16_t)m->state.num;
	return NULL;
}

static const char *set_vring_addr(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->addr.index);

	if (!ring || !ring->size)
		return "has a ring that is not there, or without a size";
	ring->desc_user = m->addr.desc;
	ring->avail_user = m->addr.avail;
	ring->used_user = m->addr.used;
	return ring_map(ring, &vu->dev->memory) ? NULL : "has a ring outside the guest's memory";
}

static const char *set_vring_base(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->state.index);

	if (!ring || ring->started || m->state.num > UINT16_MAX)
		return "has a ring that is not there or runs, or an index beyond 16 bits";
	ring->last_avail = (uint16_t)m->state.num;
	return NULL;
}

/* Stops the ring: nothing touches it when the answer is out, but for a rule that says so. */
static const char *get_vring_base(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->state.index);

	if (!ring)
		return "has a ring that is not there";
	device_stop(vu->dev, ring->dir);
	set_fd(&ring->kick_fd, -1);
	m->state.num = ring->last_avail;
	reply(vu, m, sizeof(m->state));
	return NULL;
}

/* Moves the message's fd, if there should be one, to *fd. */
static const char *take_fd(struct message *m, int *fd)
{
	if (m->fds != !(m->u64 & NO_FD))
		return "has too many or too few file descriptors";
	set_fd(fd, m->fds ? m->fd[0] : -1);
	m->fds = 0;
	return NULL;
}

static const char *set_vring_kick(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->u64 & 0xff);
	const char *why;

	if (!ring || !ring->desc)
		return "has a ring that is not there, or without addresses";
	if (m->u64 & NO_FD)
		return "wants rings to be polled";
	if ((why = take_fd(m, &ring->kick_fd)))
		return why;
	if (fcntl(ring->kick_fd, F_SETFL, O_NONBLOCK) < 0)
		return "has a kick that cannot be read";
	vu->dev->ghost.left = 0;
	if (!ring->started)
		ring_start(ring, ring->last_avail);
	ring->stalled_until_ns = vu->dev->late_ms ? now_ns() + vu->dev->late_ms * NS_PER_MS : 0;
	if (!vu->has_protocol)
		ring->enabled = true;
	return NULL;
}

static const char *set_vring_call(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->u64 & 0xff);

	return ring ? take_fd(m, &ring->call_fd) : "has a ring that is not there";
}

static const char *set_vring_err(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->u64 & 0xff);

	return ring ? take_fd(m, &ring->err_fd) : "has a ring that is not there";
}

static const char *set_vring_enable(struct vhost_user *vu, struct message *m)
{
	struct ring *ring = ring_of(vu, m->state.index);

	if (!ring || m->state.num > 1)
		return "has a ring that is not there, or neither 0 nor 1";
	ring->enabled = m->state.num;
	return NULL;
}

static const char *net_set_mtu(struct vhost_user *vu, struct message *m)
{
	return vu->mtu && m->u64 > vu->mtu ? "has an MTU that is more than --mtu allows" : NULL;
}

#define U64 8
#define STATE 8
#define ADDR 40
#define ANY_SIZE UINT32_MAX

static const struct {
	const char *(*handle)(struct vhost_user *vu, struct message *m);
	uint32_t size;
	bool replies;
} requests[] = {
	[1] = { get_features, 0, true },           [2] = { set_features, U64, false },
	[3] = { nothing_to_do, 0, false }, /* SET_OWNER */
	[4] = { nothing_to_do, 0, false }, /* RESET_OWNER */
	[5] = { set_mem_table, ANY_SIZE, false },  [8] = { set_vring_num, STATE, false },
	[9] = { set_vring_addr, ADDR, false },     [10] = { set_vring_base, STATE, false },
	[11] = { get_vring_base, STATE, true },    [12] = { set_vring_kick, U64, false },
	[13] = { set_vring_call, U64, false },     [14] = { set_vring_err, U64, false },
	[15] = { get_protocol_features, 0, true }, [16] = { set_protocol_features, U64, false },
	[18] = { set_vring_enable, STATE, false }, [20] = { net_set_mtu, U64, false },
};

/* --- reading --------------------------------------------------------------------------------- */

static void keep_fds(struct message *m, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		m->fds = (unsigned)(len / sizeof(int));
		memcpy(m->fd, CMSG_DATA(c), m->fds * sizeof(int));
	}
}

/* Header, what came with it, and payload. 1: all of it; 0: QEMU has gone; -1: broken. */
static int receive(int fd, struct message *m)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(m->fd))];
	} control;
	struct iovec iov = { m, HEADER_LEN };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_WAITALL);

	m->fds = 0;
	if (len <= 0)
		return 0;
	keep_fds(m, &msg);
	if (len != HEADER_LEN || msg.msg_flags & MSG_CTRUNC || m->size > sizeof(m->memory) ||
	    (m->flags & (VERSION_MASK | REPLY)) != VERSION)
		return -1;
	return !m->size || recv(fd, &m->u64, m->size, MSG_WAITALL) == (ssize_t)m->size ? 1 : -1;
}

static const char *handle(struct vhost_user *vu, struct message *m)
{
	uint32_t n = m->request;

	if (n >= sizeof(requests) / sizeof(requests[0]) || !requests[n].handle)
		return "is none that was negotiated";
	if (requests[n].size != ANY_SIZE && m->size != requests[n].size)
		return "has a wrong length";
	return requests[n].handle(vu, m);
}

/* What has no answer of its own gets one if QEMU asks for it. */
static void acknowledge(struct vhost_user *vu, struct message *m)
{
	if (!(m->flags & NEED_REPLY) || !(vu->protocol & BIT(PROTOCOL_REPLY_ACK)) ||
	    requests[m->request].replies)
		return;
	m->u64 = 0;
	reply(vu, m, sizeof(m->u64));
}

void vhost_user_message(struct vhost_user *vu)
{
	struct message m;
	int got = receive(vu->fd, &m);
	const char *why = got > 0 ? NULL : got ? "is broken" : "";
	uint32_t request = got ? m.request : 0;

	if (got > 0) {
		why = handle(vu, &m);
		if (!why)
			acknowledge(vu, &m);
	}
	while (m.fds)
		close(m.fd[--m.fds]);
	if (why)
		hang_up(vu, got ? why : NULL, request);
}
