/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP connections: their beginning and their end, as their users and ICMP want it. What arrives is
 * handled in tcp_rx.c and tcp_in.c. Called by http and net.c.
 */
#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/sha256.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "net/tcp/tcp_impl.h"

#define PORT_FIRST 49152 /* RFC 6335 6: dynamic ports, 2^14 of them */
#define PORTS_MASK 0x3fff
#define MTU_FLOOR 552      /* [IP4-10] */
#define STARVE_MIN_MS 2000 /* a server on a loaded machine, the peer's first retransmissions */

void tcp_init(struct net *net)
{
	memset(&net->tcp, 0, sizeof(net->tcp));
	random_fill(net->tcp.secret, sizeof(net->tcp.secret));
}

/* RFC 6528 3: a clock of 4 µs and a keyed hash of the two ends [TCP-04]. */
static uint32_t initial_seq(struct net *net, const struct tcp_conn *c)
{
	uint8_t ends[12], digest[SHA256_LEN];
	struct sha256 sha;

	put_be32(ends, net->ip);
	put_be32(ends + 4, c->remote_ip);
	put_be32(ends + 8, c->ports);
	sha256_init(&sha);
	sha256_update(&sha, net->tcp.secret, sizeof(net->tcp.secret));
	sha256_update(&sha, ends, sizeof(ends));
	sha256_final(&sha, digest);
	return get_be32(digest) + clock_now_ms() * 250;
}

static bool port_is_used(const struct tcp *tcp, uint16_t port)
{
	for (uint32_t i = 0; i < TCP_CONNS_MAX; i++)
		if (tcp->conn[i].state != TCP_CLOSED && (uint16_t)tcp->conn[i].ports == port)
			return true;
	return false;
}

/* RFC 6056 3.3.1; after a reset of the machine it is another one than before [TCP-05]. */
static uint16_t random_port(const struct tcp *tcp)
{
	uint16_t port;

	do
		port = (uint16_t)(PORT_FIRST + (random_u32() & PORTS_MASK));
	while (port_is_used(tcp, port)); /* few are */
	return port;
}

/*
 * A free slot; else the oldest tombstone's [TCP-42]; else that of the connection that has been
 * closing for longest.
 */
static struct tcp_conn *free_slot(struct net *net)
{
	uint32_t now_ms = clock_now_ms();
	struct tcp_conn *best = NULL;

	for (struct tcp_conn *c = net->tcp.conn; c < net->tcp.conn + TCP_CONNS_MAX; c++) {
		if (c->user)
			continue;
		if (c->state == TCP_CLOSED)
			return c;
		if (!best || (c->state == TCP_TIME_WAIT) > (best->state == TCP_TIME_WAIT) ||
		    ((c->state == TCP_TIME_WAIT) == (best->state == TCP_TIME_WAIT) &&
		     now_ms - c->since_ms > now_ms - best->since_ms))
			best = c;
	}
	if (best && best->state != TCP_TIME_WAIT)
		tcp_reset(net, best, 0);
	return best;
}

/*
 * Every posted buffer may fill with a segment; they are posted again before the ACK leaves, so the
 * window need not shrink and its edge never retreats [TCP-28] [TCP-29]. A device that makes one
 * segment of many [NET-20] fills a buffer with more than the MSS: how much, what comes tells. No
 * odd bytes that the scale cannot express: RFC 7323 2.3.
 */
void tcp_widen(const struct net *net, struct tcp_conn *c, uint32_t len)
{
	uint32_t wnd = (uint32_t)net->nic->rx_slots * len, most = UINT32_C(65535) << c->rcv_shift;

	c->rcv_len = len;
	c->rcv_wnd = (wnd < most ? wnd : most) >> c->rcv_shift << c->rcv_shift;
}

static uint16_t mss_of(const struct net *net, uint32_t mtu)
{
	return net->tcp.small ? TCP_MSS_DEFAULT :
				(uint16_t)(mtu - IPV4_HEADER_LEN - TCP_HEADER_LEN);
}

/*
 * RFC 9293 3.7.1: fixed headers only [TCP-10]; what we send must fit our own transmit buffers, too
 * [TCP-11].
 */
static void choose_mss(const struct net *net, struct tcp_conn *c)
{
	c->rcv_mss = mss_of(net, net->mtu);
	c->snd_mss = mss_of(net, eth_tx_room(net));
}

void tcp_syn_sent(struct net *net, struct tcp_conn *c)
{
	c->state = TCP_SYN_SENT;
	c->due = 0;
	c->rcv_nxt = 0;
	c->rcv_shift = TCP_WINDOW_SHIFT;
	c->snd_shift = 0;
	c->sack_ok = c->scale_ok = false;
	choose_mss(net, c);
	tcp_widen(net, c, c->rcv_mss);
}

struct tcp_conn *tcp_open(struct net *net, uint32_t ip, uint16_t port, const struct tcp_user *user)
{
	struct tcp_conn *c = free_slot(net);
	uint32_t now_ms = clock_now_ms();

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->held = c->range;
	c->user = user;
	if (!ipv4_next_hop(net, ip)) {
		tcp_end(c, ERR_UNREACHABLE);
		return c;
	}
	c->remote_ip = ip;
	c->ports = (uint32_t)port << 16 | random_port(&net->tcp);
	tcp_syn_sent(net, c);
	c->iss = initial_seq(net, c);
	c->snd_una = c->iss;
	c->snd_nxt = c->out_seq = c->iss + 1;
	c->rto_ms = TCP_RTO_FIRST_MS;
	c->quiet_ms = c->challenge_ms = now_ms;
	tcp_out_syn(net, c);
	tcp_timer_sent(c, c->snd_nxt, now_ms);
	return c;
}

/* Bytes may leave in these states, or will. */
static bool can_send(const struct tcp_conn *c)
{
	return c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED ||
	       c->state == TCP_ESTABLISHED || c->state == TCP_CLOSE_WAIT;
}

void tcp_send(struct net *net, struct tcp_conn *c, struct span data)
{
	if (!can_send(c))
		return;
	assert(tcp_sent(c));
	c->out = data.at;
	c->out_len = data.len;
	c->out_seq = c->snd_nxt;
	c->asked_ms = clock_now_ms();
	tcp_out_more(net, c);
}

bool tcp_sent(const struct tcp_conn *c)
{
	return !c->out_len || tcp_seq_diff(c->snd_una, c->out_seq + c->out_len) >= 0;
}

/* A second probe without an answer is a sign that the peer does not live. */
bool tcp_starves(const struct net *net, const struct tcp_conn *c)
{
	uint32_t wait_ms = net->deadline_ms / 4;

	if (wait_ms < STARVE_MIN_MS)
		wait_ms = STARVE_MIN_MS;
	return c->state == TCP_ESTABLISHED && tcp_sent(c) && c->probes < 2 &&
	       c->rcv_off < c->rcv_mss && c->rcv_mss > TCP_MSS_DEFAULT &&
	       clock_reached(clock_now_ms(), c->asked_ms + wait_ms);
}

uint32_t tcp_mtu(const struct tcp_conn *c)
{
	return (uint32_t)c->rcv_mss + TCP_HEADER_LEN + IPV4_HEADER_LEN;
}

void tcp_shrink(struct net *net)
{
	net->tcp.small = true;
}

bool tcp_has_unacked(const struct tcp_conn *c)
{
	return c->snd_una != c->snd_nxt || !tcp_sent(c);
}

void tcp_end(struct tcp_conn *c, enum err error)
{
	c->state = TCP_CLOSED;
	c->error = error;
	c->rto_running = false;
	c->due &= TCP_DUE_PROGRESS;
}

void tcp_reset(struct net *net, struct tcp_conn *c, enum err error)
{
	tcp_out_rst(net, c);
	tcp_end(c, error);
}

void tcp_close(struct net *net, struct tcp_conn *c)
{
	bool loses = !tcp_sent(c) || c->held_len || c->state == TCP_SYN_RECEIVED;

	c->user = NULL;
	c->since_ms = clock_now_ms();
	if (c->state == TCP_SYN_SENT)
		tcp_end(c, 0); /* RFC 9293 3.10.4: nobody knows of it yet */
	if (c->state == TCP_CLOSED)
		return;
	if (loses) {
		tcp_reset(net, c, 0);
		return;
	}
	c->state = c->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1;
	c->snd_nxt++;
	tcp_out_fin(net, c);
	tcp_timer_sent(c, c->snd_nxt, c->since_ms);
}

void tcp_abort(struct net *net, struct tcp_conn *c)
{
	c->user = NULL;
	if (c->state == TCP_SYN_SENT)
		tcp_end(c, 0);
	if (c->state != TCP_CLOSED)
		tcp_reset(net, c, 0);
}

/*
 * In CLOSING, too, all is said: the peer's FIN has come and is acknowledged, it has sent its last
 * byte, and none of ours is on the way but a FIN for which nobody over there waits any more (RFC
 * 9293 3.10.7.4). Its ACK may come in nothing but a repeated FIN, as libslirp's does; that is out
 * of the window and does not count, so the next one would be a retransmission timeout away.
 */
bool tcp_quiet(void *ctx)
{
	const struct net *net = ctx;

	for (uint32_t i = 0; i < TCP_CONNS_MAX; i++)
		switch (net->tcp.conn[i].state) {
		case TCP_CLOSED:
		case TCP_FIN_WAIT_2:
		case TCP_CLOSING:
		case TCP_TIME_WAIT:
			break;
		default:
			return false;
		}
	return true;
}

void tcp_batch_end(struct net *net)
{
	bool progress = false;
	uint8_t due;

	for (struct tcp_conn *c = net->tcp.conn; c < net->tcp.conn + TCP_CONNS_MAX; c++) {
		tcp_store_tell(c); /* the user may close it */
		due = c->due;
		if (!due)
			continue;
		c->due = 0;
		if (due & TCP_DUE_ACK)
			tcp_out_ack(net, c);
		if (due & TCP_DUE_HEARD) {
			c->quiet_ms = clock_now_ms();
			c->probes = 0;
			/* RFC 9293 3.8.6.1: may stay closed as long as the peer answers [TCP-31] */
			if (!c->snd_wnd)
				c->tries = 0;
		}
		if (due & TCP_DUE_PROGRESS)
			progress = true;
	}
	if (progress)
		net_progress(net);
}

/* RFC 5927 4.1: only for what we have in flight can there be an error [ICMP-03]. */
static struct tcp_conn *find_in_flight(struct net *net, uint32_t ip, uint16_t remote_port,
				       uint16_t local_port, uint32_t seq)
{
	for (struct tcp_conn *c = net->tcp.conn; c < net->tcp.conn + TCP_CONNS_MAX; c++)
		if (c->state != TCP_CLOSED && c->remote_ip == ip &&
		    c->ports == ((uint32_t)remote_port << 16 | local_port) &&
		    seq - c->snd_una < c->snd_nxt - c->snd_una)
			return c;
	return NULL;
}

bool tcp_icmp_unreachable(struct net *net, uint32_t ip, uint16_t remote_port, uint16_t local_port,
			  uint32_t seq, bool hard)
{
	struct tcp_conn *c = find_in_flight(net, ip, remote_port, local_port, seq);

	/* RFC 5927 5.2: no error breaks what has been established [ICMP-04]. */
	if (c && hard && (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED))
		tcp_end(c, ERR_REFUSED);
	return c;
}

void tcp_icmp_too_big(struct net *net, uint32_t ip, uint16_t remote_port, uint16_t local_port,
		      uint32_t seq, uint16_t mtu)
{
	struct tcp_conn *c = find_in_flight(net, ip, remote_port, local_port, seq);
	uint16_t mss;

	if (mtu < MTU_FLOOR)
		mtu = MTU_FLOOR;
	mss = (uint16_t)(mtu - IPV4_HEADER_LEN - TCP_HEADER_LEN);
	if (!c || c->snd_mss <= mss)
		return;
	c->snd_mss = mss;
	tcp_out_again(net, c);
}
