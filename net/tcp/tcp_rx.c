/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a received segment into TCP. Its header comes from the driver's private copy; its
 * payload was written by the network and lies where the device can still write, so it is read once:
 * summed and stored in one pass, straight to its final place if it has one, to tcp.stage otherwise.
 * Called by net_rx() for every packet; the speed of a download is decided here.
 */
#include "core/csum.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/ipv4.h"
#include "net/tcp/tcp_impl.h"

/*
 * Data offset 5, ACK, and neither FIN nor SYN nor RST; PSH or not [TCP-36], and the rest is ignored
 * anyway.
 */
#define PLAIN_MASK 0xf017
#define PLAIN 0x5010

/* Exactly this peer, and no other. ports: theirs << 16 | ours. */
HOT_PATH static inline struct tcp_conn *find(struct tcp *tcp, uint32_t ip, uint32_t ports)
{
	for (struct tcp_conn *c = tcp->conn; c < tcp->conn + TCP_CONNS_MAX; c++)
		if (c->ports == ports && c->remote_ip == ip && c->state != TCP_CLOSED)
			return c;
	return NULL;
}

static void count_bad_sum(struct net *net, const struct packet *pkt, const uint8_t *head)
{
	uint32_t pseudo = ipv4_pseudo_sum(pkt->src, pkt->dst, IPV4_PROTO_TCP, pkt->l4_len);

	net->count.bad_tcp++;
	net_count_breach(net, pkt, get_be16(head + FRAME_TCP_CSUM_OFFSET), csum_fold(pseudo));
}

/*
 * Copies the payload to dst. Whether it may be believed: vouched for or left to us by a device that
 * may do so, or verified here, over the bytes that were stored and the header that was read. The
 * field may hold anything, 0 too: it is just a value [SUM-06].
 */
HOT_PATH static bool take(struct net *net, const struct packet *pkt, const uint8_t *head,
			  uint32_t header_len, uint8_t *dst)
{
	const struct frame *frame = pkt->frame;
	const uint8_t *payload = frame->data.at + pkt->l4_off + header_len;
	uint32_t sum, len = pkt->l4_len - header_len;
	bool vouched = frame->csum == CSUM_VOUCHED;

	/* Only if it is this field that was left undone [SUM-07]. */
	if (vouched || (frame->csum == CSUM_PARTIAL && frame->csum_start == pkt->l4_off &&
			frame->csum_offset == FRAME_TCP_CSUM_OFFSET)) {
		*(vouched ? &net->count.vouched : &net->count.partial) += 1;
		if (dst != payload)
			memmove(dst, payload, len);
		return true;
	}
	/* The pad of a short frame is not in l4_len [SUM-03]. */
	sum = ipv4_pseudo_sum(pkt->src, pkt->dst, IPV4_PROTO_TCP, pkt->l4_len);
	sum = csum_add(head, header_len, sum);
	sum = csum_copy(dst, payload, len, sum);
	if (csum_fold(sum) == 0xffff)
		return true;
	count_bad_sum(net, pkt, head);
	return false;
}

/*
 * The landing of the len payload bytes of a plain segment: if nothing is wrong or special with it,
 * wholly inside the window, new, in order or not. NULL for every other one.
 */
HOT_PATH static uint8_t *place(const struct tcp_conn *c, const uint8_t *head, uint32_t len)
{
	uint32_t ahead = get_be32(head + 4) - c->rcv_nxt, wnd = tcp_window_left(c);

	if (c->state != TCP_ESTABLISHED || c->fin_known || get_be32(head + 8) != c->snd_una)
		return NULL;
	if (ahead >= wnd || len > wnd - ahead)
		return NULL;
	if (c->held_len && tcp_store_overlaps(c, c->rcv_off + ahead, len))
		return NULL;
	return tcp_store_landing(c, ahead, len);
}

/*
 * Out of order, and in place. RFC 5681 4.2: an ACK for each at once, for peers that count them
 * [TCP-26].
 */
static __attribute__((noinline)) void landed_ahead(struct net *net, struct tcp_conn *c,
						   uint32_t ahead, uint32_t len)
{
	c->due |= TCP_DUE_HEARD;
	if (!tcp_store_hold(c, c->rcv_off + ahead, len))
		net->count.no_room++;
	tcp_out_ack(net, c);
}

/* The segment is believed, its payload in place. */
HOT_PATH static void landed(struct net *net, struct tcp_conn *c, const uint8_t *head, uint32_t len)
{
	uint32_t seq = get_be32(head + 4);

	tcp_update_window(c, seq, get_be16(head + 14));
	if (len > c->rcv_len)
		tcp_widen(net, c, len);
	if (seq != c->rcv_nxt) {
		landed_ahead(net, c, seq - c->rcv_nxt, len);
		return;
	}
	c->due |= TCP_DUE_ACK | TCP_DUE_HEARD;
	tcp_store_advance(c, len);
	if (c->held_len)
		tcp_store_merge(c);
	else
		c->landing.stride = c->rcv_len;
}

/* Everything else: staged, verified, then read. */
static void rx_staged(struct net *net, const struct packet *pkt, const uint8_t *head)
{
	struct tcp_segment s = { .pkt = pkt, .head = head, .data = net->tcp.stage };

	/* RFC 9293 3.1 Data Offset [TCP-09] */
	if (pkt->l4_len >= TCP_HEADER_LEN)
		s.header_len = (uint32_t)(head[12] >> 4) * 4;
	if (s.header_len < TCP_HEADER_LEN || s.header_len > pkt->l4_len) {
		net->count.bad_tcp++;
		return;
	}
	s.len = pkt->l4_len - s.header_len;
	s.ports = get_be32(head);
	s.seq = get_be32(head + 4);
	s.ack = get_be32(head + 8);
	s.flags = head[13];
	s.wnd = get_be16(head + 14);
	if (take(net, pkt, head, s.header_len, net->tcp.stage))
		tcp_in(net, find(&net->tcp, pkt->src, s.ports), &s);
}

/*
 * While landings are posted: accepted bytes are out of the device's reach only below the lowest of
 * them. What would not be, and what leaves a hole, is dropped, and its peer sends it again, to
 * ordinary buffers.
 */
static __attribute__((noinline)) bool is_clear(struct net *net, const struct packet *pkt,
					       const uint8_t *head)
{
	const struct tcp_conn *c = NULL;

	if (pkt->l4_len >= TCP_HEADER_LEN) /* else rx_staged() counts it [TCP-09] */
		c = find(&net->tcp, pkt->src, get_be32(head));
	if (!c || (tcp_seq_diff(get_be32(head + 4), c->rcv_nxt) <= 0 &&
		   c->landing.at + (pkt->l4_len - TCP_HEADER_LEN) <= pkt->frame->floor))
		return true;
	net->nic->landing = NULL;
	return false;
}

HOT_PATH void tcp_rx(struct net *net, const struct packet *pkt)
{
	const uint8_t *head = pkt->frame->head + pkt->l4_off;
	struct tcp_conn *c = NULL;
	uint8_t *dst = NULL;

	if (pkt->frame->floor && !is_clear(net, pkt, head))
		return;
	if (pkt->l4_len > TCP_HEADER_LEN && (get_be16(head + 12) & PLAIN_MASK) == PLAIN)
		c = find(&net->tcp, pkt->src, get_be32(head));
	if (c)
		dst = place(c, head, pkt->l4_len - TCP_HEADER_LEN);
	if (!dst)
		rx_staged(net, pkt, head);
	else if (take(net, pkt, head, TCP_HEADER_LEN, dst))
		landed(net, c, head, pkt->l4_len - TCP_HEADER_LEN);
}
