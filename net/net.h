/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack as a whole: one nic, one address, and the state of every protocol, owned by the caller
 * in one struct. Nothing runs by itself: net_poll() moves frames and timers, net_wait() polls until
 * something is done or its bound has passed.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "core/nic.h"
#include "core/types.h"
#include "net/arp.h"
#include "net/dhcp.h"
#include "net/dns.h"
#include "net/flow.h"
#include "net/icmp.h"
#include "net/ipv4.h"
#include "net/lease.h"
#include "net/packet.h"
#include "net/tcp/tcp.h"
#include "net/udp.h"

/*
 * What became of frames. All behind `partial` is zero on a good day: traffic that is not meant for
 * us is no fault and not counted.
 */
struct net_count {
	uint32_t rx, tx;           /* frames */
	uint32_t vouched, partial; /* TCP and UDP packets taken without a checksum pass of ours */
	uint32_t bad_eth, bad_ip, bad_udp,
		bad_tcp;  /* dropped: malformed, a wrong checksum, a fragment */
	uint32_t no_room; /* not sent, or not stored, for want of a buffer */
};

/*
 * Packets that failed their checksum, by what stood in the field: this is what tells a device's
 * fault from a wire's. One per breach id of the nic; id 0: the device broke no rule with them.
 */
struct net_breach {
	uint32_t zero;   /* the field is 0: nobody computed it */
	uint32_t pseudo; /* the pseudo-header's sum only: left to be completed */
	uint32_t wrong;  /* anything else */
	uint32_t bad;    /* not looked at: the nic said CSUM_BAD; frames of any protocol */
};

struct net {
	struct nic *nic;
	struct failure *failure; /* shared with the nic and the caller */
	struct net_count count;
	struct net_breach breach[FRAME_BREACHES];
	enum rung rung;          /* what is being attempted now */
	uint32_t deadline_ms;    /* without progress, then ERR_TIMEOUT */
	uint32_t progress_ms;    /* when there was some */
	uint32_t abort_asked_ms; /* when the port was last asked for keys */
	char key;                /* one that came while somebody waited, for menus; 0: none */
	uint32_t timers_ms;      /* when timers last ran */
	uint32_t frames_seen;    /* both ways, when net_wait() last looked */
	uint32_t seen_ms;        /* when there was another one */

	/*
	 * Of the caller: a small piece of work for a turn of net_wait() that found no frame, and
	 * whether there was any. NULL: there never is.
	 */
	bool (*spare)(void *ctx);
	void *spare_ctx;

	/* Of the lease in use; written by net_configure() only. ip is 0 before. Host order. */
	uint32_t ip, mask, gateway;
	struct ipv4_route route[IPV4_ROUTES_MAX]; /* beside gateway, the default route [DHCP-27] */
	uint32_t routes;
	uint32_t dns_servers[DNS_SERVERS_MAX]; /* 0: none */
	char search[DNS_SEARCH_MAX];           /* as in a lease */
	uint16_t mtu; /* largest IP packet that we send, and whose MSS we announce */

	struct flow flow;
	struct arp arp;
	struct icmp icmp;
	struct udp udp;
	struct dhcp dhcp;
	struct dns dns;
	struct tcp tcp;
};

/* Joins net to nic (and sets its rx). The nic is up. Both outlive net. */
void net_init(struct net *net, struct nic *nic, struct failure *failure, uint32_t deadline_ms);

/* Takes a lease into use. Its MTU is kept within what the nic can receive. */
void net_configure(struct net *net, const struct lease *lease);

/*
 * The nic was closed, and is open again. The address and what DHCP said stay; whatever was under
 * way is over, a lease's renewal, too.
 */
void net_resume(struct net *net);

/*
 * A nic's rx callback; ctx is the struct net. The one place that decides who is next: eth_rx() and
 * ipv4_rx() say what a frame is; ARP, UDP, TCP and ICMP get what is theirs.
 */
void net_rx(void *ctx, const struct frame *frame);

/*
 * One turn: nic->poll (every frame that is there goes up through net_rx), due timers, the ACK that
 * the frames deserve, one doorbell. Bounded by the nic's slots. 0 or more: frames; ERR_DEVICE.
 */
int net_poll(struct net *net) MUST_CHECK;

/*
 * Polls until done(ctx), more and more seldom while no frame comes or goes: 60 ms apart at last. 0;
 * ERR_TIMEOUT if deadline_ms passed without progress, or timeout_ms (0: none) passed at all;
 * ERR_ABORTED; ERR_DEVICE. Only the last two have set `failure`: the caller knows best what it was
 * waiting for.
 */
int net_wait(struct net *net, bool (*done)(void *ctx), void *ctx, uint32_t timeout_ms) MUST_CHECK;

/* A state further than any before, or a byte stored: the deadline starts anew. */
void net_progress(struct net *net);

/*
 * A packet with a wrong TCP or UDP checksum was dropped: remembers what its field held. pseudo: the
 * folded pseudo-header sum, as a sender that leaves the rest to others would have stored it.
 */
void net_count_breach(struct net *net, const struct packet *pkt, uint16_t field, uint16_t pseudo);

/* A rung of the ladder begins: its failure speaks of its own packets, its deadline starts. */
void net_begin(struct net *net, enum rung rung);

/*
 * Appends what else is known to be wrong with this network (the link is down by now, checksums
 * since net_begin() …) as a continuation of a sentence: "; 8 segments had checksum 0 marked …", or
 * nothing. what: "segments", "datagrams".
 */
void net_breach_text(struct net *net, const char *what, struct text *t);

/* Appends the counter line behind "count: ". */
void net_count_text(struct net *net, struct text *t);

#endif
