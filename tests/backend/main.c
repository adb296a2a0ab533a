/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend: a vhost-user back end for QEMU between a tap and a guest, which breaks rules on request.
 * README.md has the faults. One thread, one poll(); nothing in it waits for anything else.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/backend/options.h"
#include "tests/backend/tap.h"
#include "tests/backend/vhost_user.h"

#define NOTES_MAX 5000

static unsigned notes;
static struct device device;
static struct vhost_user vhost_user = { .dev = &device };

_Noreturn void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("backend: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
	exit(1);
}

void note(const char *format, ...)
{
	va_list args;

	if (notes == NOTES_MAX)
		format = "backend: no more lines until the end";
	if (notes++ > NOTES_MAX)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* SIGTERM and SIGINT end the program in order, as a readable fd. */
static int signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		fail("signalfd: %s", strerror(errno));
	return fd;
}

enum { SIGNAL, LISTEN, MESSAGE, TAP, KICK, FDS = KICK + DIRECTIONS };

/* Sleeps until something can be done, but no longer than until due_ns. */
static void wait(struct pollfd *fds, int signal_fd, bool more)
{
	uint64_t due = device_due_ns(&device), now = now_ns();
	struct timespec timeout = { 0 }, *limit = &timeout;

	fds[SIGNAL].fd = signal_fd;
	fds[LISTEN].fd = vhost_user.fd < 0 ? vhost_user.listen_fd : -1;
	fds[MESSAGE].fd = vhost_user.fd;
	fds[TAP].fd = device_listens(&device) ? device.tap : -1;
	for (int dir = RX; dir < DIRECTIONS; dir++)
		fds[KICK + dir].fd = device.ring[dir].kick_fd;
	for (int i = 0; i < FDS; i++)
		fds[i].events = POLLIN;
	if (!more && due == UINT64_MAX) {
		limit = NULL;
	} else if (!more && due > now) {
		timeout.tv_sec = (time_t)((due - now) / 1000000000);
		timeout.tv_nsec = (long)((due - now) % 1000000000);
	}
	if (ppoll(fds, FDS, limit, NULL) < 0 && errno != EINTR)
		fail("poll: %s", strerror(errno));
}

static void serve(int signal_fd)
{
	struct pollfd fds[FDS];
	bool more = false;
	uint64_t kicks;

	for (;;) {
		pcap_flush(&device.pcap);
		wait(fds, signal_fd, more);
		if (fds[SIGNAL].revents)
			return;
		for (int dir = RX; dir < DIRECTIONS; dir++)
			if (fds[KICK + dir].revents &&
			    read(fds[KICK + dir].fd, &kicks, sizeof(kicks)) < 0 && errno != EAGAIN)
				fail("a kick cannot be read: %s", strerror(errno));
		if (fds[MESSAGE].revents)
			vhost_user_message(&vhost_user);
		else if (fds[LISTEN].revents)
			vhost_user_accept(&vhost_user);
		more = device_run(&device);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	int signal_fd;

	options_parse(&options, argc, argv);
	setvbuf(stderr, NULL, _IOLBF, 0);
	signal_fd = signals();
	device_init(&device, tap_open(options.tap));
	device.rules = options.rules;
	device.rx_descriptors = options.rx_descriptors;
	device.late_ms = options.late_ms;
	if (options.pcap)
		pcap_open(&device.pcap, options.pcap);
	vhost_user.offered = options.features;
	vhost_user.mtu = options.mtu;
	vhost_user_listen(&vhost_user, options.socket);
	if (options.ready_fd >= 0 && write(options.ready_fd, "\n", 1) != 1)
		fail("--ready-fd %d: %s", options.ready_fd, strerror(errno));
	note("backend: ready");
	serve(signal_fd);
	notes = 0;
	device_summary(&device);
	unlink(options.socket);
	return 0;
}
