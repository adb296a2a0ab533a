/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP (RFC 9293), active opener, made for receiving: payload goes straight from the device's buffer
 * to where the user wants it, in the same pass that verifies it, in order or not. There is no queue
 * of packets.
 */
#ifndef NET_TCP_TCP_H
#define NET_TCP_TCP_H

#include "core/err.h"
#include "core/nic.h"
#include "core/types.h"
#include "net/packet.h"

#define TCP_HEADER_LEN 20
#define TCP_CONNS_MAX 4     /* one in use; the others are closing, or tombstones [TCP-42] */
#define TCP_STAGE_MAX 65536 /* the largest segment's payload */
/*
 * The most that we let a peer have in flight: enough for 80 Gbit/s at 0.1 ms, for 400 Mbit/s at 20
 * ms; a multiple of the scale that it needs. More only makes a peer that is faster than we are fill
 * queues.
 */
#define TCP_WINDOW_SHIFT 4
#define TCP_WINDOW_MAX (65535u << TCP_WINDOW_SHIFT)
/*
 * Ranges received out of order, per connection. Each has a segment of its own and follows one that
 * is missing, so this is as many as the largest window can have of segments of 1 KiB; peers whose
 * path carries Ethernet's 1500 bytes send 1440 or 1460, and need 364. In smaller ones there may be
 * more holes than that.
 */
#define TCP_HELD_MAX 512
#define TCP_SACK_BLOCKS 4 /* what fits the header without timestamps: RFC 2018 3 [TCP-16] */

struct net;
struct tcp_conn;

enum tcp_state {
	TCP_CLOSED,
	TCP_SYN_SENT,
	TCP_SYN_RECEIVED,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
};

/*
 * What the owner of a connection is told. Stream offsets count the peer's bytes from 0, in 64 bits.
 * No callback may call back into tcp_*() except tcp_land(), tcp_send() and tcp_close().
 */
struct tcp_user {
	/*
	 * len bytes, next in order, lie where tcp_land() said: verified and complete. Told once for
	 * a batch of frames, and before data().
	 */
	void (*landed)(void *ctx, uint64_t off, uint32_t len);
	/*
	 * The next bytes in order, which had no landing: private, verified, valid until the
	 * callback returns.
	 */
	void (*data)(void *ctx, uint64_t off, struct span data);
	void *ctx;
};

/*
 * Stream bytes that are stored, and are not next in order: from … to. The low halves of their
 * offsets, which say where they are in a window from rcv_off on.
 */
struct tcp_range {
	uint32_t from, to;
};

/*
 * Members are the RFC's variables. state, error, fin_received and rcv_off may be read by the user.
 * A slot is free when it is CLOSED and has no user.
 */
struct tcp_conn {
	enum tcp_state state;
	/*
	 * Why it is CLOSED: 0, ERR_REFUSED (RST or ICMP before ESTABLISHED), ERR_PROTO (RST later),
	 * ERR_TIMEOUT (the peer is silent), ERR_UNREACHABLE (no route, ARP).
	 */
	enum err error;
	bool fin_received;           /* all that the peer sent has been delivered */
	uint64_t rcv_off;            /* stream offset of RCV.NXT: bytes delivered in order */
	const struct tcp_user *user; /* NULL: free, closing by itself, or a tombstone */

	uint32_t remote_ip;
	uint32_t ports; /* theirs << 16 | ours */
	uint8_t due;    /* what tcp_batch_end() has to do: enum tcp_due */

	uint32_t irs, rcv_nxt;
	uint32_t rcv_adv; /* the right edge that was announced: never retreats */
	uint32_t rcv_wnd; /* what may be on its way; never shrinks */
	uint32_t rcv_len; /* the longest segment so far; at first the MSS that we announced */
	uint16_t rcv_mss; /* that MSS */
	uint8_t rcv_shift, snd_shift;
	bool sack_ok, scale_ok; /* the peer's SYN carried these options */
	bool fin_known;         /* a FIN has come: it stands at fin_off */
	uint64_t fin_off;

	uint32_t iss, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_max_wnd;
	uint16_t snd_mss;
	const uint8_t *out; /* bytes to send, the user's until they are acknowledged */
	uint32_t out_len;
	uint32_t out_seq; /* sequence number of out[0] */
	uint8_t dup_acks;
	bool recovering; /* RFC 6582: until `recover` is acknowledged */
	uint32_t recover;

	bool rto_running, rtt_running, rtt_known;
	uint8_t tries; /* expiries since the peer acknowledged something */
	uint32_t rto_ms, rto_at_ms;
	uint32_t rtt_seq, rtt_at_ms, srtt_ms8, rttvar_ms4; /* srtt times 8, rttvar times 4 */

	uint32_t asked_ms;  /* when our last bytes were queued, or staged ones came [TCP-46] */
	uint32_t quiet_ms;  /* when the last came, or our last keep-alive [TCP-40] */
	uint8_t probes;     /* keep-alives without an answer */
	uint8_t challenges; /* RFC 5961 7: sent since challenge_ms [TCP-25] */
	uint32_t challenge_ms;
	uint32_t since_ms; /* when its user left; TIME-WAIT: when that began */

	struct landing landing; /* from RCV.NXT on */
	uint32_t landed_len;    /* bytes below rcv_off of which the user has not been told yet */

	struct tcp_range *held;        /* in range[]: sorted, disjoint, apart, all above rcv_off */
	uint32_t held_len, held_bytes; /* ranges, and bytes in all of them */
	uint32_t recent[TCP_SACK_BLOCKS]; /* where the last segments lie, each in another range */
	uint32_t recent_len;
	struct tcp_range range[TCP_HELD_MAX];
};

struct tcp {
	struct tcp_conn conn[TCP_CONNS_MAX];
	uint8_t secret[16];           /* RFC 6528 3 */
	bool small;                   /* tcp_shrink() was called */
	uint8_t stage[TCP_STAGE_MAX]; /* the private copy of a segment that has no place */
};

void tcp_init(struct net *net);
/* From net_rx(): a packet to us that carries TCP. */
void tcp_rx(struct net *net, const struct packet *pkt);
/* After every batch of frames: the ACKs that are owed. */
void tcp_batch_end(struct net *net);
/* Timers. */
void tcp_poll(struct net *net, uint32_t now_ms);
/*
 * ICMP says that ip:remote_port cannot be reached, quoting a segment with this sequence number
 * [ICMP-03] [ICMP-04]. hard: port or protocol unreachable. Returns whether such a segment is in
 * flight (icmp.c remembers soft errors of live flows); nothing happens if not.
 */
bool tcp_icmp_unreachable(struct net *net, uint32_t ip, uint16_t remote_port, uint16_t local_port,
			  uint32_t seq, bool hard);
/* RFC 1191: the same for a packet that was too big for the next hop, whose MTU it is. */
void tcp_icmp_too_big(struct net *net, uint32_t ip, uint16_t remote_port, uint16_t local_port,
		      uint32_t seq, uint16_t mtu);

/*
 * Sends a SYN to ip:port from a fresh random port. user is the caller's until it closes or aborts
 * the connection, which it does also when the connection has come to be CLOSED by itself. NULL: all
 * connections have users. No route: CLOSED with ERR_UNREACHABLE.
 */
struct tcp_conn *tcp_open(struct net *net, uint32_t ip, uint16_t port, const struct tcp_user *user)
	MUST_CHECK;
/*
 * From now on the next len bytes of the stream belong at `at`, one behind the other: they are
 * stored there as they come, in order or not, before their checksum is known. Bytes that are not
 * wholly among them are kept only in order, and end the landing. The memory is TCP's until the user
 * is told that the last of them is there, or closes or aborts the connection. Called by the user
 * before the first byte has come, or from data().
 */
void tcp_land(struct tcp_conn *c, uint8_t *at, size_t len);
/*
 * Queues bytes; they stay the caller's and unchanged until tcp_sent(), tcp_close() or tcp_abort().
 * One call at a time. On a connection that is CLOSED: nothing.
 */
void tcp_send(struct net *net, struct tcp_conn *c, struct span data);
/* Whether all that was queued has been acknowledged. */
bool tcp_sent(const struct tcp_conn *c);
/*
 * Whether a path that is narrower than its ends believe seems to swallow what the peer sends
 * [TCP-46]: it lives and has acknowledged all of ours, since then or since the last bytes that had
 * no place nothing has come for a quarter of net->deadline_ms and 2 s, nor ever as much as a full
 * segment, and segments could be smaller.
 */
bool tcp_starves(const struct net *net, const struct tcp_conn *c);
/* The largest packet that we have let the peer send. */
uint32_t tcp_mtu(const struct tcp_conn *c);
/* From now on connections begin with the MSS that every path carries. */
void tcp_shrink(struct net *net);
/*
 * Sends a FIN; the connection finishes by itself, the caller forgets it. A RST instead where
 * closing loses something: bytes of ours that are not acknowledged, bytes of the peer's that are
 * not delivered, now or later [TCP-41].
 */
void tcp_close(struct net *net, struct tcp_conn *c);
/* Sends a RST where RFC 9293 3.10.5 wants one and forgets the connection. */
void tcp_abort(struct net *net, struct tcp_conn *c);
/*
 * For net_wait(): whether no connection is open or has a FIN on its way. Peers that have
 * acknowledged ours and not sent theirs, FINs that have crossed, and tombstones are not waited
 * for: the machine may be handed over [TCP-44].
 */
bool tcp_quiet(void *net);

#endif
