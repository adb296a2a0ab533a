/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP (RFC 768) for the few clients that need it: a client opens a socket with a port of its own,
 * and a callback sees what arrives from the peer that it names.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "core/types.h"
#include "net/packet.h"

#define UDP_HEADER_LEN 8
#define UDP_SENT_LEN (UDP_HEADER_LEN + 4)
#define UDP_SOCKETS_MAX 4
#define UDP_DATA_MAX 4096 /* longer ones to a socket are counted no_room: none is wanted */

struct net;

struct udp_socket {
	bool open;
	bool any;         /* gets what no other socket's port is for; port is then the last one's */
	uint16_t port;    /* ours */
	uint32_t peer_ip; /* 0: any (DHCP) [UDP-02] */
	uint16_t peer_port; /* 0: any */
	/* data: a private copy, checksum verified, valid until the callback returns. */
	void (*rx)(void *ctx, uint32_t src, uint16_t src_port, struct span data);
	/* The peer says by ICMP that nobody listens there (ERR_REFUSED) [ICMP-04]. May be NULL. */
	void (*unreachable)(void *ctx);
	void *ctx;
	/*
	 * How the last datagram began, and what stood behind a shorter one: for
	 * udp_icmp_unreachable(). 0: there was none.
	 */
	uint8_t sent[UDP_SENT_LEN];
};

struct udp {
	struct udp_socket *sockets[UDP_SOCKETS_MAX];
	uint8_t data[UDP_DATA_MAX]; /* the private copy */
};

/*
 * From net_rx(): a packet that carries UDP. False: it is whole, and nobody has that port open,
 * which its sender may be told.
 */
bool udp_rx(struct net *net, const struct packet *pkt) MUST_CHECK;

/*
 * Opens a socket that the caller owns and has filled in (port 0: a random one that is free
 * [UDP-03], unless it is for any). It stays open until udp_close().
 */
void udp_open(struct net *net, struct udp_socket *s);
void udp_close(struct net *net, struct udp_socket *s);

/*
 * Sends data to dst:dport. 0; ERR_AGAIN: no buffer now; ERR_UNREACHABLE: no route; ERR_NO_SPACE:
 * longer than the MTU [UDP-05].
 */
int udp_send(struct net *net, struct udp_socket *s, uint32_t dst, uint16_t dport, struct span data)
	MUST_CHECK;

/*
 * ICMP says that dst cannot be reached, quoting a datagram from its header on, UDP_HEADER_LEN bytes
 * or more. Whether it is what an open socket sent last, to the peer that it names; if so, and hard,
 * its owner is told [ICMP-04].
 */
bool udp_icmp_unreachable(struct net *net, uint32_t dst, struct span quote, bool hard);

#endif
