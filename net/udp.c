/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP (RFC 768). Hosts anywhere wrote what comes in; net_rx() calls, and the socket's owner gets a
 * private copy of what passed its checksum, or needed none. The header is read from frame->head,
 * the data once from the frame.
 */
#include "core/assert.h"
#include "core/csum.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "net/net.h"
#include "net/udp.h"

#define CSUM_OFFSET 6
#define RANDOM_PORT_FIRST 49152 /* RFC 6335 6: the dynamic ports */
#define RANDOM_PORTS 16384

static struct udp_socket *on_port(const struct net *net, uint16_t port)
{
	struct udp_socket *any = NULL, *s;

	for (uint32_t i = 0; i < UDP_SOCKETS_MAX; i++) {
		s = net->udp.sockets[i];
		if (s && s->any)
			any = s;
		else if (s && s->port == port)
			return s;
	}
	return any;
}

/* --- in -------------------------------------------------------------------------------------- */

static bool from_peer(const struct udp_socket *s, uint32_t src, uint16_t src_port)
{
	return (!s->peer_ip || s->peer_ip == src) && (!s->peer_port || s->peer_port == src_port);
}

/*
 * Copies the len bytes behind the header h to udp.data, and sums them on the way unless the device
 * has done so validly, or left the sum to us at exactly this datagram's checksum field [SUM-07].
 * False: the checksum is wrong. 0 in the field: the sender computed none (RFC 768) [SUM-04].
 */
static bool take_data(struct net *net, const struct packet *pkt, const uint8_t *h, uint32_t len)
{
	const struct frame *frame = pkt->frame;
	const uint8_t *data = packet_l4(pkt).at + UDP_HEADER_LEN;
	uint16_t field = get_be16(h + CSUM_OFFSET);
	uint32_t pseudo, sum;

	if (frame->csum == CSUM_VOUCHED) {
		net->count.vouched++;
	} else if (frame->csum == CSUM_PARTIAL && frame->csum_start == pkt->l4_off &&
		   frame->csum_offset == CSUM_OFFSET) {
		net->count.partial++;
	} else if (field) {
		pseudo = ipv4_pseudo_sum(pkt->src, pkt->dst, IPV4_PROTO_UDP, UDP_HEADER_LEN + len);
		sum = csum_add(h, UDP_HEADER_LEN, pseudo);
		if (csum_fold(csum_copy(net->udp.data, data, len, sum)) == 0xffff)
			return true;
		net_count_breach(net, pkt, field, csum_fold(pseudo));
		return false;
	}
	memcpy(net->udp.data, data, len);
	return true;
}

bool udp_rx(struct net *net, const struct packet *pkt)
{
	const uint8_t *h = pkt->frame->head + pkt->l4_off;
	struct udp_socket *s;
	uint16_t src_port;
	uint32_t len;

	if (pkt->l4_len < UDP_HEADER_LEN)
		goto bad;
	len = get_be16(h + 4);
	/* RFC 768; none of what is behind it are data [UDP-01], and it may have none [UDP-04]. */
	if (len < UDP_HEADER_LEN || len > pkt->l4_len)
		goto bad;
	len -= UDP_HEADER_LEN;
	src_port = get_be16(h);
	s = on_port(net, get_be16(h + 2));
	if (s ? !from_peer(s, pkt->src, src_port) : pkt->broadcast) /* [UDP-02] */
		return true;
	if (len > UDP_DATA_MAX) {
		net->count.no_room += s != NULL;
		return true;
	}
	if (!take_data(net, pkt, h, len))
		goto bad;
	if (!s)
		return false;
	s->port = get_be16(h + 2);
	s->rx(s->ctx, pkt->src, src_port, (struct span){ net->udp.data, len });
	return true;
bad:
	net->count.bad_udp++;
	return true;
}

/* --- errors ---------------------------------------------------------------------------------- */

/*
 * RFC 5927 4.1 [ICMP-03]: our port alone is soon guessed, so it must be the very datagram: its
 * length and checksum too, which covers what was random in it; or how its data began, since who
 * answers in a server's stead may quote a header of his own making.
 */
static bool is_quoted(const struct udp_socket *s, uint32_t dst, struct span quote)
{
	const uint8_t *sent = s->sent, *q = quote.at;

	return s->peer_ip == dst && get_le32(q) == get_le32(sent) &&
	       (get_le32(q + 4) == get_le32(sent + 4) ||
		(quote.len >= UDP_SENT_LEN &&
		 get_le32(q + UDP_HEADER_LEN) == get_le32(sent + UDP_HEADER_LEN)));
}

bool udp_icmp_unreachable(struct net *net, uint32_t dst, struct span quote, bool hard)
{
	struct udp_socket *s = on_port(net, get_be16(quote.at));

	if (!s || !is_quoted(s, dst, quote))
		return false;
	if (hard && s->unreachable)
		s->unreachable(s->ctx);
	return true;
}

/* --- sockets --------------------------------------------------------------------------------- */

/* RFC 6056 3.3.1 [UDP-03]. There are more ports than sockets: the loop ends. */
static uint16_t random_port(const struct net *net)
{
	const struct udp_socket *s;
	uint16_t port;

	do {
		port = (uint16_t)(RANDOM_PORT_FIRST + random_u32() % RANDOM_PORTS);
		s = on_port(net, port);
	} while (s && !s->any);
	return port;
}

void udp_open(struct net *net, struct udp_socket *s)
{
	uint32_t i = 0;

	while (i < UDP_SOCKETS_MAX && net->udp.sockets[i])
		i++;
	assert(i < UDP_SOCKETS_MAX && !s->open);
	if (!s->port && !s->any)
		s->port = random_port(net);
	s->open = true;
	net->udp.sockets[i] = s;
}

void udp_close(struct net *net, struct udp_socket *s)
{
	for (uint32_t i = 0; i < UDP_SOCKETS_MAX; i++)
		if (net->udp.sockets[i] == s)
			net->udp.sockets[i] = NULL;
	s->open = false;
}

int udp_send(struct net *net, struct udp_socket *s, uint32_t dst, uint16_t dport, struct span data)
{
	uint8_t *h = ipv4_tx_buffer(net);
	uint32_t len, sum;
	uint16_t csum;

	if (data.len > eth_tx_room(net) - IPV4_HEADER_LEN - UDP_HEADER_LEN) /* [UDP-05] */
		return ERR_NO_SPACE;
	if (!h)
		return ERR_AGAIN;
	len = UDP_HEADER_LEN + data.len;
	put_be16(h, s->port);
	put_be16(h + 2, dport);
	put_be16(h + 4, (uint16_t)len);
	put_be16(h + CSUM_OFFSET, 0);
	sum = ipv4_pseudo_sum(net->ip, dst, IPV4_PROTO_UDP, len);
	sum = csum_add(h, UDP_HEADER_LEN, sum);
	csum = (uint16_t)~csum_fold(csum_copy(h + UDP_HEADER_LEN, data.at, data.len, sum));
	/* RFC 768: 0 would mean that there is none [SUM-04]. */
	put_be16(h + CSUM_OFFSET, csum ? csum : 0xffff);
	memcpy(s->sent, h, sizeof(s->sent));
	return ipv4_tx_send(net, IPV4_PROTO_UDP, net->ip, dst, len);
}
