/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Something to receive: skiff's stack over a station, talking DHCP, ARP, ICMP echo, DNS, TCP and
 * HTTP with whoever is there. What comes of it does not matter, only that frames come; each
 * conversation is given up after a bounded time.
 */
#ifndef TESTS_CONFORM_TRAFFIC_H
#define TESTS_CONFORM_TRAFFIC_H

#include "net/boot/fetch.h"
#include "net/net.h"
#include "tests/conform/knobs.h"
#include "tests/conform/station.h"

#define TRAFFIC_SINK_LEN 0x40000 /* bytes of a file that are fetched, at most */

/* Whether somebody answers to one kind of question. */
struct traffic_peer {
	bool heard;
	uint8_t misses;
};

/* ERR_TIMEOUT says everywhere here that the run is at its end, so that silence tells nothing. */

/*
 * How far the conversations of a run have come: what nobody answered once is not asked for again
 * with the same patience.
 */
struct traffic {
	const struct knobs *knobs;
	struct console *console;
	struct station *station;
	struct net net;
	struct failure failure; /* net's: of no interest */
	struct fetch fetch;
	struct image image;
	struct uri uri;
	struct dhcp_lease lease; /* of an earlier configuration; ip 0: none */
	uint32_t peer;           /* whom we talk to */
	bool has_peer_mac;       /* it has answered an echo request */
	uint8_t peer_mac[6];
	bool asked;
	uint8_t slow; /* fetches that took too long */
	struct traffic_peer dhcp, echo, dns, tcp;
	uint16_t echo_id; /* of the conversation under way: each has its own */
	uint32_t echoes, echoes_seen;
	uint32_t frames_before; /* a question was asked */
	uint8_t sink[TRAFFIC_SINK_LEN];
};

/* Once. knobs, console and station outlive t. */
void traffic_init(struct traffic *t, const struct knobs *knobs, struct console *console,
		  struct station *station);

/* The whole of it, over the station, which is live. 0; ERR_DEVICE, ERR_ABORTED, ERR_TIMEOUT. */
int traffic_run(struct traffic *t) MUST_CHECK;

/*
 * One question over the station, which is live: the old lease, or an address as above, and an echo
 * request. *answered: whether a reply came; from a peer that answers to no echo any frame counts.
 * 0; ERR_DEVICE, ERR_ABORTED, ERR_TIMEOUT.
 */
int traffic_ask(struct traffic *t, uint32_t patience_ms, bool *answered) MUST_CHECK;

/* Moves frames until done(ctx), for at most timeout_ms. 0, whether it was done or not; the same. */
int traffic_wait(struct traffic *t, bool (*done)(void *ctx), void *ctx, uint32_t timeout_ms)
	MUST_CHECK;

/*
 * Only what makes a peer send: after traffic_run() on the same station. Waits for at most ms. 0;
 * ERR_DEVICE, ERR_ABORTED, ERR_TIMEOUT.
 */
int traffic_provoke(struct traffic *t, uint32_t ms) MUST_CHECK;

/* --- among traffic.c, echo.c, exceed.c and segments.c ---------------------------------------- */

/* For net_wait(): whether there is a buffer to transmit; ctx is the nic. */
bool traffic_has_buffer(void *ctx);

/*
 * Until all is transmitted: a queue of one buffer has none while the last packet is on its way. 0;
 * ERR_DEVICE, ERR_ABORTED, ERR_TIMEOUT.
 */
int traffic_drain(struct traffic *t) MUST_CHECK;

/* A conversation begins: the station's frames are looked at for replies, of which none has come. */
void traffic_watch_echoes(struct traffic *t);

/*
 * To the peer: len bytes of data, or as many as a packet and a buffer hold. 0, sent or not;
 * ERR_DEVICE, ERR_ABORTED, ERR_TIMEOUT.
 */
int traffic_send_echo(struct traffic *t, uint32_t len) MUST_CHECK;

/*
 * exceed.c: an echo request whose reply is longer than the MTU that was negotiated, if one was.
 * Nobody waits for it. 0; ERR_DEVICE, ERR_ABORTED.
 */
int traffic_exceed(struct traffic *t) MUST_CHECK;

#endif
