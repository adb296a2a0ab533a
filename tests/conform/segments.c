/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments out of nowhere, and the RSTs to them. Called by probe_transmit.c. */
#include "tests/conform/segments.h"

#include "core/csum.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/wire.h"
#include "drivers/vnet.h"
#include "net/eth.h"

#define PORT_CLOSED 9 /* discard */
#define ANSWER_MS 300
#define PROTO_TCP 6
#define TCP_HEADER_LEN 20
#define TCP_FIELD 16
#define TCP_PSH 0x08
#define TCP_RST 0x04
#define HDR_LEN 2 /* in the virtio header, as VNET_GSO_TYPE */
#define GSO_SIZE 4
#define PACKET_MAX (IPV6_HEADER_LEN + TCP_HEADER_LEN + SEGMENTS_DATA_MAX)

_Static_assert(ETH_HEADER_LEN + PACKET_MAX + JUDGE_HEADER_LEN <= STATION_TX_LEN,
	       "the longest segment has room");

struct question {
	struct traffic *t;
	struct ipv6 *v6; /* NULL: over IPv4 */
	uint16_t port;   /* ours */
	uint32_t seq;
	uint16_t data, gso_size;
	struct segment_answer *answer;
};

/* Where the TCP header of a frame lies; 0: it has none for us. */
static uint32_t find_tcp(const struct question *q, struct span frame)
{
	const uint8_t *ip = frame.at + ETH_HEADER_LEN;
	uint32_t off = ETH_HEADER_LEN + IPV6_HEADER_LEN;

	if (q->v6 && !ipv6_is_answer(q->v6, frame, PROTO_TCP))
		return 0;
	if (!q->v6) {
		if (frame.len < ETH_HEADER_LEN + IPV4_HEADER_LEN + TCP_HEADER_LEN ||
		    get_be16(frame.at + 12) != ETH_TYPE_IPV4 || ip[9] != PROTO_TCP)
			return 0;
		off = ETH_HEADER_LEN + (ip[0] & 15u) * 4;
	}
	return frame.len < off + TCP_HEADER_LEN ? 0 : off;
}

/* A RST for our port: how much of the segment it acknowledges. The frame is a private copy. */
static void watch(void *ctx, struct span frame)
{
	struct question *q = ctx;
	uint32_t off = find_tcp(q, frame), acked;
	const uint8_t *tcp = frame.at + off;

	if (q->v6)
		ipv6_watch(q->v6, frame);
	if (!off || get_be16(tcp) != PORT_CLOSED || get_be16(tcp + 2) != q->port ||
	    !(tcp[13] & TCP_RST))
		return;
	acked = get_be32(tcp + 8) - q->seq;
	if (acked == q->data)
		q->answer->whole = true;
	if (acked == q->data || (q->gso_size && acked < q->data && acked % q->gso_size == 0))
		return;
	q->answer->others++;
	q->answer->other = acked;
}

static bool answered(void *ctx)
{
	const struct question *q = ctx;

	return q->answer->whole;
}

static void write_segment(const struct question *q, uint8_t *tcp, bool partial)
{
	uint32_t len = TCP_HEADER_LEN + (uint32_t)q->data;
	uint32_t pseudo = q->v6 ? ipv6_pseudo_sum(q->v6, PROTO_TCP, len) :
				  ipv4_pseudo_sum(q->t->net.ip, q->t->peer, PROTO_TCP, len);

	memset(tcp, 0, TCP_HEADER_LEN);
	put_be16(tcp, q->port);
	put_be16(tcp + 2, PORT_CLOSED);
	put_be32(tcp + 4, q->seq);
	tcp[12] = TCP_HEADER_LEN / 4 << 4;
	tcp[13] = TCP_PSH;
	put_be16(tcp + 14, 1024);
	for (uint32_t i = 0; i < q->data; i++)
		tcp[TCP_HEADER_LEN + i] = (uint8_t)(i * 7 + q->seq);
	put_be16(tcp + TCP_FIELD,
		 partial ? csum_fold(pseudo) : (uint16_t)~csum_fold(csum_add(tcp, len, pseudo)));
}

/* 5.1.9.2: what the device is to do with it. */
static void write_header(struct station *st, const struct segment_shape *how)
{
	uint16_t l4 = ETH_HEADER_LEN + (how->v6 ? IPV6_HEADER_LEN : IPV4_HEADER_LEN);
	uint8_t *header = st->tx_header;

	if (!how->partial)
		return;
	header[VNET_FLAGS] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	put_le16(header + VNET_CSUM_START, l4);
	put_le16(header + VNET_CSUM_OFFSET, TCP_FIELD);
	if (!how->gso_size)
		return;
	header[VNET_GSO_TYPE] = how->v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	put_le16(header + HDR_LEN, (uint16_t)(l4 + TCP_HEADER_LEN));
	put_le16(header + GSO_SIZE, how->gso_size);
}

/* Without a buffer, or a way to the peer, nothing was asked. */
static int send(struct question *q, const struct segment_shape *how)
{
	struct net *net = &q->t->net;
	struct station *st = q->t->station;
	uint8_t *p = q->v6 ? ipv6_tx_buffer(q->v6) : ipv4_tx_buffer(net);
	uint32_t len = TCP_HEADER_LEN + (uint32_t)how->data;
	int err = 0;

	if (!p)
		return 0;
	write_segment(q, p, how->partial);
	write_header(st, how);
	if (q->v6)
		ipv6_tx_send(q->v6, PROTO_TCP, len);
	else
		err = ipv4_tx_send(net, PROTO_TCP, net->ip, q->t->peer, len);
	memset(st->tx_header, 0, sizeof(st->tx_header));
	q->answer->asked = !err;
	return err == ERR_DEVICE ? err : 0;
}

int segments_ask(struct traffic *t, const struct segment_shape *how, struct segment_answer *answer)
{
	struct station *st = t->station;
	struct question q = { .t = t,
			      .v6 = how->v6,
			      .data = how->data,
			      .gso_size = how->gso_size,
			      .answer = answer };
	void (*watch_before)(void *ctx, struct span frame) = st->watch;
	void *ctx_before = st->watch_ctx;
	uint16_t mtu = t->net.mtu, tx_max = st->nic.tx_max;
	int err;

	memset(answer, 0, sizeof(*answer));
	random_fill(&q.seq, sizeof(q.seq));
	random_fill(&q.port, sizeof(q.port));
	q.port |= 0x8000;
	st->watch = watch;
	st->watch_ctx = &q;
	err = traffic_wait(t, traffic_has_buffer, &st->nic, STATION_STALL_MS);
	/* The device cuts it, not the stack. */
	t->net.mtu = PACKET_MAX;
	st->nic.tx_max = ETH_HEADER_LEN + PACKET_MAX;
	if (!err)
		err = send(&q, how);
	t->net.mtu = mtu;
	st->nic.tx_max = tx_max;
	if (!err && answer->asked)
		err = traffic_wait(t, answered, &q, ANSWER_MS);
	st->watch = watch_before;
	st->watch_ctx = ctx_before;
	return err;
}
