/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of TCP share, and nobody else needs:
 *
 *   tcp_rx.c     the way of a full segment, in order or not: check, sum and store in one pass
 *   tcp_in.c     everything else that can arrive: RFC 9293 3.10.7
 *   tcp_store.c  which bytes are held, where the others go, SACK
 *   tcp_out.c    segments that leave
 *   tcp_timer.c  retransmission, keep-alive, the end of closing connections
 *   tcp.c        connections: open, send, close, ICMP
 */
#ifndef NET_TCP_TCP_IMPL_H
#define NET_TCP_TCP_IMPL_H

#include "net/net.h"
#include "net/packet.h"
#include "net/tcp/tcp.h"

/*
 * RFC 9293 3.7.1: the peer is silent [TCP-10]. All IPv4 hosts, so all paths, carry the packet of
 * 576 bytes that it makes (RFC 791 3.1), so it is what is left where larger ones get lost [TCP-46].
 * 1220 would be 2.3 times the window and fit nearly every tunnel; this is for when nothing else
 * works, and there is no third try.
 */
#define TCP_MSS_DEFAULT 536

/*
 * RFC 9293 3.1. URG is ignored, its data stays in line [TCP-37]; so are the reserved bits, CWR and
 * ECE [TCP-45].
 */
enum tcp_flag { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10 };

/* Marks for the end of the batch. */
enum tcp_due {
	TCP_DUE_ACK = 1,
	TCP_DUE_HEARD = 2,    /* the peer is alive */
	TCP_DUE_PROGRESS = 4, /* a new state; what bytes are worth, their user knows */
};

/*
 * A segment that was staged, in numbers. Its header was read from private memory, its lengths and
 * its checksum are right.
 */
struct tcp_segment {
	const struct packet *pkt;
	const uint8_t *head; /* the private header, options included */
	const uint8_t *data; /* the private payload */
	uint32_t ports;      /* theirs << 16 | ours */
	uint32_t seq, ack;
	uint32_t header_len, len; /* len: of the payload */
	uint16_t wnd;             /* as it stands there, unscaled */
	uint8_t flags;
};

/* RFC 9293 3.4: sequence numbers are compared by their difference [TCP-21]. */
static inline int32_t tcp_seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* What the peer may still send without leaving the window that we have announced. */
static inline uint32_t tcp_window_left(const struct tcp_conn *c)
{
	return c->rcv_adv - c->rcv_nxt;
}

/*
 * RFC 9293 3.10.7.4: SND.WND follows the newest segment, not the last one that came [TCP-32]. The
 * caller has seen that SEG.ACK is not below SND.UNA; so it is not below SND.WL2 either, which
 * therefore need not be remembered.
 */
static inline void tcp_update_window(struct tcp_conn *c, uint32_t seq, uint16_t wnd)
{
	if (tcp_seq_diff(seq, c->snd_wl1) < 0)
		return;
	c->snd_wnd = (uint32_t)wnd << c->snd_shift;
	c->snd_wl1 = seq;
	if (c->snd_wnd > c->snd_max_wnd)
		c->snd_max_wnd = c->snd_wnd;
}

/*
 * --- tcp.c --------------------------------------------------------------------------------------
 */

/* The connection is over; its user finds the reason in c->error. */
void tcp_end(struct tcp_conn *c, enum err error);
/* The same, and the peer is told by a RST. */
void tcp_reset(struct net *net, struct tcp_conn *c, enum err error);
/*
 * SYN-SENT, from the beginning or once more: what our SYN offers, and nothing of the peer's. The
 * caller sends the SYN, or leaves it to the timer that runs.
 */
void tcp_syn_sent(struct net *net, struct tcp_conn *c);
/*
 * A segment of len bytes, longer than all before it: what is posted holds more than was thought,
 * and the window grows.
 */
void tcp_widen(const struct net *net, struct tcp_conn *c, uint32_t len);
/* Whether bytes or a FIN of ours wait: to be sent, or to be acknowledged. */
bool tcp_has_unacked(const struct tcp_conn *c);

/* --- tcp_in.c -------------------------------------------------------------------------------- */

/* A verified segment, its payload staged. c: its connection, or NULL. */
void tcp_in(struct net *net, struct tcp_conn *c, struct tcp_segment *s);

/* --- tcp_store.c ----------------------------------------------------------------------------- */

/*
 * Where len bytes go that begin `ahead` behind RCV.NXT, both inside the window; NULL: they are not
 * wholly in the landing.
 */
static inline uint8_t *tcp_store_landing(const struct tcp_conn *c, uint32_t ahead, uint32_t len)
{
	return ahead + len <= c->landing.len ? c->landing.at + ahead : NULL;
}

/* len bytes at RCV.NXT are in their landing. */
static inline void tcp_store_advance(struct tcp_conn *c, uint32_t len)
{
	c->rcv_nxt += len;
	c->rcv_off += len;
	c->landing.at += len;
	c->landing.len -= len;
	c->landed_len += len;
}

/* Tells the user what has landed since it was told. */
void tcp_store_tell(struct tcp_conn *c);
/* Whether one of the bytes is held already. */
bool tcp_store_overlaps(const struct tcp_conn *c, uint64_t off, uint32_t len);
/*
 * The bytes, none of which is held, lie in their place: out of order. false: the list is full, they
 * do not count.
 */
bool tcp_store_hold(struct tcp_conn *c, uint64_t off, uint32_t len);
/* RCV.NXT has moved: takes over what is held there. */
void tcp_store_merge(struct tcp_conn *c);
/* Staged bytes at off ≥ rcv_off, inside the window: each that is new is stored or delivered. */
void tcp_store_staged(struct net *net, struct tcp_conn *c, uint64_t off, const uint8_t *data,
		      uint32_t len);

/* The ranges to report, that of the segment that came last first. How many. */
uint32_t tcp_store_sack(const struct tcp_conn *c, struct tcp_range blocks[TCP_SACK_BLOCKS]);

/* --- tcp_out.c ------------------------------------------------------------------------------- */

void tcp_out_syn(struct net *net, struct tcp_conn *c);
/* A bare ACK now; if there is no buffer, at the end of the next batch. */
void tcp_out_ack(struct net *net, struct tcp_conn *c);
/* RFC 5961 7: the same, a few in a second [TCP-25]. */
void tcp_out_challenge(struct net *net, struct tcp_conn *c);
/* Queued bytes, as far as window and caution allow. */
void tcp_out_more(struct net *net, struct tcp_conn *c);
/* What SND.UNA stands for, again: SYN, bytes or FIN; a byte, if the window is closed. */
void tcp_out_again(struct net *net, struct tcp_conn *c);
void tcp_out_fin(struct net *net, struct tcp_conn *c);
void tcp_out_keep_alive(struct net *net, struct tcp_conn *c);
void tcp_out_rst(struct net *net, const struct tcp_conn *c);
/* RFC 9293 3.10.7.1: the RST that a segment without a connection deserves [TCP-43]. */
void tcp_out_rst_for(struct net *net, const struct tcp_segment *s);

/* --- tcp_timer.c ----------------------------------------------------------------------------- */

#define TCP_RTO_FIRST_MS 1000 /* RFC 6298 2.1 [TCP-07] */

void tcp_timer_start(struct tcp_conn *c, uint32_t now_ms);
/* Bytes up to `end` leave for the first time: one at a time is timed. */
void tcp_timer_sent(struct tcp_conn *c, uint32_t end, uint32_t now_ms);
/* The peer has acknowledged something new: c->snd_una says what. */
void tcp_timer_acked(struct tcp_conn *c, uint32_t now_ms);
/* The same, for a SYN: RFC 6298 5.7. */
void tcp_timer_syn_acked(struct tcp_conn *c, uint32_t now_ms);
/* The peer's window was closed, and is no more. */
void tcp_timer_reopened(struct tcp_conn *c, uint32_t now_ms);

#endif
