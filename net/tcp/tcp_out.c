/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments that leave: ACKs above all, now and then a request. A segment that finds no transmit
 * buffer, or no route any more, is lost as if on the wire, and sent again by the timer or the peer;
 * an ACK is put off until there is a buffer. Called by the other files of TCP.
 */
#include "core/clock.h"
#include "core/csum.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "net/tcp/tcp_impl.h"

#define CSUM_OFFSET 16
#define SYN_OPTIONS_LEN 12
#define NO_OPERATIONS_LEN 8 /* a frame of 62 bytes */
#define CHALLENGES_MAX 10   /* RFC 5961 7: in CHALLENGE_MS */
#define CHALLENGE_MS 1000

_Static_assert(IPV4_HEADER_LEN + TCP_HEADER_LEN + 4 + 8 * TCP_SACK_BLOCKS <= IPV4_MTU_MIN,
	       "all but data fits any MTU");

/*
 * The fixed header; the options stand behind it already. No reserved bit, no ECE, no CWR [TCP-45].
 */
static void put_header(uint8_t *p, uint32_t seq, uint32_t ack, uint8_t flags, uint16_t wnd,
		       uint32_t header_len)
{
	put_be32(p + 4, seq);
	put_be32(p + 8, ack);
	p[12] = (uint8_t)(header_len / 4 << 4);
	p[13] = flags;
	put_be16(p + 14, wnd);
	put_be16(p + CSUM_OFFSET, 0);
	put_be16(p + 18, 0);
}

/* ports: theirs << 16 | ours. */
static void put_ports(uint8_t *p, uint32_t ports)
{
	put_be16(p, (uint16_t)ports);
	put_be16(p + 2, (uint16_t)(ports >> 16));
}

/*
 * A bare header makes a frame that is too short for Ethernet, and Debian's passt drops packets
 * behind which there is a pad. So it is lengthened by no-operations (RFC 9293 3.1), which nobody
 * minds.
 */
static uint32_t lengthen(uint8_t *p, uint32_t len)
{
	if (len != TCP_HEADER_LEN)
		return len;
	memset(p + len, 1, NO_OPERATIONS_LEN);
	p[12] = (uint8_t)((len + NO_OPERATIONS_LEN) / 4 << 4);
	return len + NO_OPERATIONS_LEN;
}

/* The segment's checksum and, if it is a bare one, its no-operations. Returns its length. */
static uint32_t finish(struct net *net, uint32_t dst, uint8_t *p, uint32_t segment_len)
{
	uint32_t len = lengthen(p, segment_len);
	uint32_t sum = ipv4_pseudo_sum(net->ip, dst, IPV4_PROTO_TCP, len);

	put_be16(p + CSUM_OFFSET, (uint16_t)~csum_fold(csum_add(p, len, sum)));
	return len;
}

/* Without a route it is lost. */
static void send(struct net *net, uint32_t dst, uint8_t *p, uint32_t segment_len)
{
	uint32_t len = finish(net, dst, p, segment_len);

	err_ignore(ipv4_tx_send(net, IPV4_PROTO_TCP, net->ip, dst, len));
}

/*
 * RFC 9293 3.8.6: what arrives is consumed at once, so the window does not shrink, its right edge
 * goes to the right only [TCP-28], and it is never closed [TCP-30]. What is held waits for no
 * buffer any more, so as much may come in addition: a peer that has nothing left to send does not
 * notice that its repair of a hole was lost, too (RFC 8985 3.2), and waits for its timer. In whole
 * windows, since for a segment at a time it would send a segment at a time.
 */
static uint16_t announce_window(struct tcp_conn *c)
{
	uint32_t windows = 1 + (c->held_bytes + c->rcv_wnd - 1) / c->rcv_wnd;
	uint32_t wnd = windows * c->rcv_wnd, left = tcp_window_left(c);

	if (wnd < left)
		wnd = left;
	wnd = (wnd + (1u << c->rcv_shift) - 1) >> c->rcv_shift;
	if (wnd > UINT16_MAX)
		wnd = UINT16_MAX;
	c->rcv_adv = c->rcv_nxt + (wnd << c->rcv_shift);
	return (uint16_t)wnd;
}

/*
 * A segment of the connection that stands in p but for its fixed header; it carries the ACK that is
 * owed.
 */
static void send_segment(struct net *net, struct tcp_conn *c, uint8_t *p, uint32_t seq,
			 uint8_t flags, uint32_t header_len, uint32_t len)
{
	c->due &= (uint8_t)~TCP_DUE_ACK;
	put_ports(p, c->ports);
	put_header(p, seq, c->rcv_nxt, flags | TCP_ACK, announce_window(c), header_len);
	send(net, c->remote_ip, p, header_len + len);
}

/*
 * RFC 9293 3.7.1 MSS [TCP-10]; RFC 7323 2.2, window scale and RFC 2018 2, SACK permitted: in a
 * SYN-ACK only if the peer's SYN had them. No timestamps: data segments stay free of options
 * [TCP-14].
 */
static void put_syn_options(const struct tcp_conn *c, uint8_t *p)
{
	bool answer = c->state == TCP_SYN_RECEIVED;

	memset(p, 1, SYN_OPTIONS_LEN); /* no-operation */
	p[0] = 2;
	p[1] = 4;
	put_be16(p + 2, c->rcv_mss);
	if (!answer || c->sack_ok) {
		p[4] = 4;
		p[5] = 2;
	}
	if (!answer || c->scale_ok) {
		p[9] = 3;
		p[10] = 3;
		p[11] = c->rcv_shift;
	}
}

void tcp_out_syn(struct net *net, struct tcp_conn *c)
{
	uint8_t flags = c->state == TCP_SYN_RECEIVED ? TCP_SYN | TCP_ACK : TCP_SYN;
	uint16_t wnd = (uint16_t)(c->rcv_wnd < UINT16_MAX ? c->rcv_wnd : UINT16_MAX);
	uint8_t *p = ipv4_tx_buffer(net);

	if (!p)
		return;
	put_ports(p, c->ports);
	put_syn_options(c, p + TCP_HEADER_LEN);
	put_header(p, c->iss, c->rcv_nxt, flags, wnd, TCP_HEADER_LEN + SYN_OPTIONS_LEN);
	send(net, c->remote_ip, p, TCP_HEADER_LEN + SYN_OPTIONS_LEN);
}

/* RFC 2018 3, behind two no-operations. Returns its length. */
static uint32_t put_sack(const struct tcp_conn *c, uint8_t *p)
{
	struct tcp_range blocks[TCP_SACK_BLOCKS];
	uint32_t n = c->sack_ok ? tcp_store_sack(c, blocks) : 0;
	uint32_t seq = c->rcv_nxt - (uint32_t)c->rcv_off; /* of byte 0 */

	if (!n)
		return 0;
	p[0] = p[1] = 1;
	p[2] = 5;
	p[3] = (uint8_t)(2 + 8 * n);
	for (uint32_t i = 0; i < n; i++) {
		put_be32(p + 4 + 8 * i, seq + blocks[i].from);
		put_be32(p + 8 + 8 * i, seq + blocks[i].to);
	}
	return 4 + 8 * n;
}

void tcp_out_ack(struct net *net, struct tcp_conn *c)
{
	uint8_t *p = eth_tx_ready(net) ? ipv4_tx_buffer(net) : NULL;

	if (!p) { /* put off: nothing is lost, and one stands for many */
		c->due |= TCP_DUE_ACK;
		return;
	}
	send_segment(net, c, p, c->snd_nxt, 0, TCP_HEADER_LEN + put_sack(c, p + TCP_HEADER_LEN), 0);
}

void tcp_out_challenge(struct net *net, struct tcp_conn *c)
{
	uint32_t now_ms = clock_now_ms();

	if (now_ms - c->challenge_ms >= CHALLENGE_MS) {
		c->challenge_ms = now_ms;
		c->challenges = 0;
	}
	if (c->challenges == CHALLENGES_MAX)
		return;
	c->challenges++;
	tcp_out_ack(net, c);
}

/* RFC 9293 3.8.4: what the peer has acknowledged already makes it answer [TCP-40]. */
void tcp_out_keep_alive(struct net *net, struct tcp_conn *c)
{
	uint8_t *p = ipv4_tx_buffer(net);

	if (p)
		send_segment(net, c, p, c->snd_nxt - 1, 0, TCP_HEADER_LEN, 0);
}

/* len of the queued bytes from sequence number seq on. PSH where they end [TCP-36]. */
static void send_data(struct net *net, struct tcp_conn *c, uint32_t seq, uint32_t len)
{
	uint8_t *p = ipv4_tx_buffer(net);
	uint32_t from = seq - c->out_seq, end = seq + len;

	if (tcp_seq_diff(end, c->snd_nxt) > 0) {
		c->snd_nxt = end;
		tcp_timer_sent(c, end, clock_now_ms());
	}
	if (!p)
		return;
	memcpy(p + TCP_HEADER_LEN, c->out + from, len);
	send_segment(net, c, p, seq, from + len == c->out_len ? TCP_PSH : 0, TCP_HEADER_LEN, len);
}

/*
 * Two segments in flight, RFC 5681's smallest initial window, and no more than that at any time:
 * requests are short [TCP-35]. RFC 9293 3.8.6.2.1: no small segment unless it is the last, or as
 * large as this peer ever allows.
 */
void tcp_out_more(struct net *net, struct tcp_conn *c)
{
	if (c->state != TCP_ESTABLISHED && c->state != TCP_CLOSE_WAIT)
		return;
	while (!tcp_sent(c) && !c->recovering) {
		uint32_t in_flight = c->snd_nxt - c->snd_una;
		uint32_t left = c->out_seq + c->out_len - c->snd_nxt;
		uint32_t room = c->snd_wnd > in_flight ? c->snd_wnd - in_flight : 0;
		uint32_t len = left < c->snd_mss ? left : c->snd_mss;

		if (!left || in_flight + len > 2u * c->snd_mss)
			break;
		if (len > room) {
			len = room;
			if (!len || len < c->snd_max_wnd / 2)
				break;
		}
		send_data(net, c, c->snd_nxt, len);
	}
	/* The window is closed, or too small: it will be probed [TCP-31]. */
	if (!tcp_sent(c) && !c->rto_running)
		tcp_timer_start(c, clock_now_ms());
}

void tcp_out_fin(struct net *net, struct tcp_conn *c)
{
	uint8_t *p = ipv4_tx_buffer(net);

	if (p)
		send_segment(net, c, p, c->snd_nxt - 1, TCP_FIN, TCP_HEADER_LEN, 0);
}

/* The same bytes at the same place as before [TCP-34]. */
void tcp_out_again(struct net *net, struct tcp_conn *c)
{
	uint32_t left, len;

	c->rtt_running = false; /* RFC 6298 3, Karn: what was sent twice tells no time */
	switch (c->state) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECEIVED:
		tcp_out_syn(net, c);
		break;
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		left = c->out_seq + c->out_len - c->snd_una;
		len = left < c->snd_mss ? left : c->snd_mss;
		if (len > c->snd_wnd)
			len = c->snd_wnd ? c->snd_wnd : 1; /* RFC 9293 3.8.6.1 [TCP-31] */
		send_data(net, c, c->snd_una, len);
		break;
	case TCP_FIN_WAIT_1:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		tcp_out_fin(net, c);
		break;
	default:
		break;
	}
}

void tcp_out_rst(struct net *net, const struct tcp_conn *c)
{
	uint8_t *p = ipv4_tx_buffer(net);

	if (!p)
		return;
	put_ports(p, c->ports);
	put_header(p, c->snd_nxt, c->rcv_nxt, TCP_RST | TCP_ACK, 0, TCP_HEADER_LEN);
	send(net, c->remote_ip, p, TCP_HEADER_LEN);
}

void tcp_out_rst_for(struct net *net, const struct tcp_segment *s)
{
	uint32_t len = s->len + (s->flags & TCP_SYN ? 1 : 0) + (s->flags & TCP_FIN ? 1 : 0);
	uint8_t *p;

	if (s->flags & TCP_RST)
		return;
	p = ipv4_tx_buffer(net);
	if (!p)
		return;
	put_ports(p, s->ports);
	if (s->flags & TCP_ACK)
		put_header(p, s->ack, 0, TCP_RST, 0, TCP_HEADER_LEN);
	else
		put_header(p, 0, s->seq + len, TCP_RST | TCP_ACK, 0, TCP_HEADER_LEN);
	len = finish(net, s->pkt->src, p, TCP_HEADER_LEN);
	ipv4_tx_answer(net, IPV4_PROTO_TCP, s->pkt->src, len);
}
