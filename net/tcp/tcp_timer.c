/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What time does to connections: retransmission (RFC 6298), probes of a closed window, keep-alive,
 * the end of those that close. Every one of them is bounded; how long a user waits is decided in
 * netboot. Called by tcp_poll()'s caller, and by the other files of TCP to start and stop.
 */
#include "core/clock.h"
#include "net/ipv4.h"
#include "net/tcp/tcp_impl.h"

#define RTO_MIN_MS 1000      /* RFC 6298 2.4 */
#define RTO_MAX_MS 60000     /* 2.5 */
#define RTO_SYN_LOST_MS 3000 /* 5.7 */
/*
 * Transmissions without an answer: at 0, 1, 3, 7, 15, 31, 63 s, given up at 123 s. RFC 9293 3.8.3
 * wants 3 minutes for a SYN, 100 s for the rest; nobody stands before a booting machine for longer
 * [TCP-07] [TCP-34].
 */
#define TRIES_MAX 7
/*
 * A probe after each 5 s of silence; after twelve without an answer the peer is dead: 65 s, which a
 * bridge that relearns its tree survives [TCP-40]. A peer that answers and sends nothing is the
 * deadline's affair (net_wait()).
 */
#define KEEP_ALIVE_MS 5000
#define PROBES_MAX 12
#define CLOSING_MS 5000 /* nobody waits for these any more [TCP-41] */
/* RFC 9293 3.6 says 4 minutes. Where its slot is needed a tombstone ends even sooner [TCP-42]. */
#define TIME_WAIT_MS 60000

void tcp_timer_start(struct tcp_conn *c, uint32_t now_ms)
{
	c->rto_running = true;
	c->rto_at_ms = now_ms + c->rto_ms;
}

void tcp_timer_sent(struct tcp_conn *c, uint32_t end, uint32_t now_ms)
{
	if (!c->rtt_running) {
		c->rtt_running = true;
		c->rtt_seq = end;
		c->rtt_at_ms = now_ms;
	}
	if (!c->rto_running)
		tcp_timer_start(c, now_ms);
}

static uint32_t rto_of_rtt(const struct tcp_conn *c)
{
	uint32_t rto_ms = c->srtt_ms8 / 8 + c->rttvar_ms4;

	if (rto_ms < RTO_MIN_MS)
		return RTO_MIN_MS;
	return rto_ms < RTO_MAX_MS ? rto_ms : RTO_MAX_MS;
}

/* RFC 6298 2.2, 2.3 [TCP-33] */
static void take_rtt(struct tcp_conn *c, uint32_t rtt_ms)
{
	uint32_t srtt_ms = c->srtt_ms8 / 8;

	if (rtt_ms > RTO_MAX_MS)
		rtt_ms = RTO_MAX_MS;
	if (!c->rtt_known) {
		c->rtt_known = true;
		c->srtt_ms8 = rtt_ms * 8;
		c->rttvar_ms4 = rtt_ms * 2;
	} else {
		c->rttvar_ms4 += (rtt_ms > srtt_ms ? rtt_ms - srtt_ms : srtt_ms - rtt_ms) -
				 c->rttvar_ms4 / 4;
		c->srtt_ms8 += rtt_ms - srtt_ms;
	}
	c->rto_ms = rto_of_rtt(c);
}

/*
 * RFC 6298 3 (Karn): what was sent twice tells no time, and leaves the RTO backed off; 5.2, 5.3:
 * the timer.
 */
void tcp_timer_acked(struct tcp_conn *c, uint32_t now_ms)
{
	if (c->rtt_running && tcp_seq_diff(c->snd_una, c->rtt_seq) >= 0) {
		c->rtt_running = false;
		take_rtt(c, now_ms - c->rtt_at_ms);
	}
	c->tries = 0;
	c->rto_running = false;
}

void tcp_timer_syn_acked(struct tcp_conn *c, uint32_t now_ms)
{
	if (c->tries)
		c->rto_ms = RTO_SYN_LOST_MS;
	tcp_timer_acked(c, now_ms);
}

void tcp_timer_reopened(struct tcp_conn *c, uint32_t now_ms)
{
	c->rto_ms = rto_of_rtt(c);
	c->tries = 0;
	tcp_timer_start(c, now_ms);
}

static bool is_opening(const struct tcp_conn *c)
{
	return c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED;
}

static void doubt(struct net *net, const struct tcp_conn *c)
{
	arp_doubt(net, ipv4_next_hop(net, c->remote_ip));
}

/* RFC 6298 5.4 to 5.6 */
static void expire(struct net *net, struct tcp_conn *c, uint32_t now_ms)
{
	if (++c->tries >= TRIES_MAX) {
		if (c->state == TCP_SYN_SENT)
			tcp_end(c, ERR_TIMEOUT);
		else
			tcp_reset(net, c, ERR_TIMEOUT);
		return;
	}
	if (c->tries >= 2) {
		doubt(net, c);                    /* [ARP-07] */
		if (c->snd_mss > TCP_MSS_DEFAULT) /* RFC 2923 2.1 [TCP-46] */
			c->snd_mss = TCP_MSS_DEFAULT;
	}
	c->rto_ms = c->rto_ms < RTO_MAX_MS / 2 ? c->rto_ms * 2 : RTO_MAX_MS;
	if (!is_opening(c) && c->snd_una != c->snd_nxt) {
		c->recovering = true;
		c->recover = c->snd_nxt;
	}
	tcp_out_again(net, c);
	tcp_timer_start(c, now_ms);
}

/*
 * For a user that waits: a peer that has vanished must not hang the boot. Each probe has its time,
 * also if nobody polled for long.
 */
static void keep_alive(struct net *net, struct tcp_conn *c, uint32_t now_ms)
{
	if (!clock_reached(now_ms, c->quiet_ms + KEEP_ALIVE_MS))
		return;
	if (c->probes == PROBES_MAX) {
		tcp_reset(net, c, ERR_TIMEOUT);
		return;
	}
	c->quiet_ms = now_ms;
	if (++c->probes >= 2)
		doubt(net, c);
	tcp_out_keep_alive(net, c);
}

/* Of a connection that nobody owns any more. */
static void poll_closing(struct net *net, struct tcp_conn *c, uint32_t now_ms)
{
	bool tombstone = c->state == TCP_TIME_WAIT;

	if (!clock_reached(now_ms, c->since_ms + (tombstone ? TIME_WAIT_MS : CLOSING_MS)))
		return;
	if (tombstone)
		tcp_end(c, 0);
	else
		tcp_reset(net, c, 0);
}

static void poll_one(struct net *net, struct tcp_conn *c, uint32_t now_ms)
{
	if (c->due & TCP_DUE_ACK) /* there was no buffer for it */
		tcp_out_ack(net, c);
	if (c->rto_running && clock_reached(now_ms, c->rto_at_ms))
		expire(net, c, now_ms);
	if (c->state == TCP_SYN_SENT && arp_failed(net, ipv4_next_hop(net, c->remote_ip)))
		tcp_end(c, ERR_UNREACHABLE);
	if (c->state == TCP_ESTABLISHED && !tcp_has_unacked(c))
		keep_alive(net, c, now_ms);
	if (c->state != TCP_CLOSED && !c->user)
		poll_closing(net, c, now_ms);
}

void tcp_poll(struct net *net, uint32_t now_ms)
{
	for (struct tcp_conn *c = net->tcp.conn; c < net->tcp.conn + TCP_CONNS_MAX; c++)
		if (c->state != TCP_CLOSED)
			poll_one(net, c, now_ms);
}
