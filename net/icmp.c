/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP (RFC 792, RFC 1122 3.2.2, RFC 5927). Anybody may have written what icmp_rx() sees, with any
 * source address; ipv4_rx calls. An error counts only if the packet that it quotes is one that we
 * sent in an exchange which is alive.
 */
#include "core/clock.h"
#include "core/csum.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/icmp.h"
#include "net/ipv4.h"
#include "net/net.h"
#include "net/tcp/tcp.h"
#include "net/udp.h"

#define HEADER_LEN 8
#define QUOTED_LEN 8 /* of the quoted payload: ports, and TCP's sequence number */
#define PRIVATE_LEN (HEADER_LEN + 60 + UDP_SENT_LEN) /* all of an error that we look at */

#define ECHO_REPLY 0
#define UNREACHABLE 3
#define ECHO 8
#define TIME_EXCEEDED 11
#define PARAMETER_PROBLEM 12

#define PROTOCOL_UNREACHABLE 2
#define PORT_UNREACHABLE 3
#define FRAGMENTATION_NEEDED 4

#define ERRORS_PER_SECOND 4

_Static_assert(IPV4_HEADER_LEN + PRIVATE_LEN <= IPV4_MTU_MIN, "an error of ours fits any MTU");

/*
 * Copies len bytes of the message, which has at least HEADER_LEN: the header from frame->head, the
 * rest, once, from the frame. Returns their sum.
 */
static uint32_t copy_message(uint8_t *dst, const struct packet *pkt, uint32_t len)
{
	memcpy(dst, pkt->frame->head + pkt->l4_off, HEADER_LEN);
	return csum_copy(dst + HEADER_LEN, packet_l4(pkt).at + HEADER_LEN, len - HEADER_LEN,
			 csum_add(dst, HEADER_LEN, 0));
}

/*
 * Completes and sends the message of len bytes that stands in the buffer of ipv4_tx_buffer(). No
 * way back to dst is not our concern.
 */
static void send(struct net *net, uint8_t *message, uint32_t dst, uint32_t len)
{
	put_be16(message + 2, 0);
	put_be16(message + 2, (uint16_t)~csum_fold(csum_add(message, len, 0)));
	err_ignore(ipv4_tx_send(net, IPV4_PROTO_ICMP, net->ip, dst, len));
}

/* RFC 1122 3.2.2.6: the same again, if it fits a packet of ours [ICMP-01]. */
static void echo(struct net *net, const struct packet *pkt)
{
	uint8_t *reply = ipv4_tx_buffer(net);

	if (!reply)
		return;
	if (pkt->l4_len > eth_tx_room(net) - IPV4_HEADER_LEN) {
		net->count.no_room++;
	} else if (csum_fold(copy_message(reply, pkt, pkt->l4_len)) != 0xffff) {
		net->count.bad_ip++;
	} else {
		reply[0] = ECHO_REPLY;
		send(net, reply, pkt->src, pkt->l4_len);
	}
}

/* --- errors from others ---------------------------------------------------------------------- */

/* What an error says about which packet of ours. */
struct quote {
	uint8_t type, code, proto;
	uint16_t mtu; /* RFC 1191 4 */
	uint32_t dst;
	struct span l4; /* QUOTED_LEN bytes or more */
};

/*
 * Reads the quote in an error of len private bytes: a first fragment that went out from our address
 * [SEC-07].
 */
static bool read_quote(const struct net *net, const uint8_t *message, uint32_t len, struct quote *q)
{
	const uint8_t *h = message + HEADER_LEN;
	uint32_t header_len;

	if (len < HEADER_LEN + IPV4_HEADER_LEN + QUOTED_LEN)
		return false;
	header_len = (h[0] & 15u) * 4;
	if (h[0] >> 4 != 4 || header_len < IPV4_HEADER_LEN ||
	    len < HEADER_LEN + header_len + QUOTED_LEN)
		return false;
	if ((get_be16(h + 6) & 0x1fff) || get_be32(h + 12) != net->ip)
		return false;
	*q = (struct quote){
		.type = message[0],
		.code = message[1],
		.mtu = get_be16(message + 6),
		.proto = h[9],
		.dst = get_be32(h + 16),
		.l4 = { h + header_len, len - HEADER_LEN - header_len },
	};
	return true;
}

/*
 * RFC 1122 3.2.2.1: protocol and port unreachable are hard errors, all others soft [ICMP-03]
 * [ICMP-05].
 */
static void error(struct net *net, uint32_t from, const struct quote *q)
{
	bool hard = q->type == UNREACHABLE &&
		    (q->code == PROTOCOL_UNREACHABLE || q->code == PORT_UNREACHABLE);
	uint16_t local = get_be16(q->l4.at), remote = get_be16(q->l4.at + 2);
	uint32_t seq = get_be32(q->l4.at + 4);
	bool live = false;

	if (q->proto == IPV4_PROTO_TCP && q->type == UNREACHABLE && q->code == FRAGMENTATION_NEEDED)
		tcp_icmp_too_big(net, q->dst, remote, local, seq, q->mtu); /* [IP4-10] */
	else if (q->proto == IPV4_PROTO_TCP)
		live = tcp_icmp_unreachable(net, q->dst, remote, local, seq, hard);
	else if (q->proto == IPV4_PROTO_UDP)
		live = udp_icmp_unreachable(net, q->dst, q->l4, hard);
	if (!live || hard)
		return;
	net->icmp.soft_type = q->type;
	net->icmp.soft_code = q->code;
	net->icmp.soft_from = from;
}

/* The quote is copied, the rest only summed: each byte of the frame is read once. */
static void error_rx(struct net *net, const struct packet *pkt)
{
	uint32_t sum, len = pkt->l4_len < PRIVATE_LEN ? pkt->l4_len : PRIVATE_LEN;
	struct span message = packet_l4(pkt);
	uint8_t copy[PRIVATE_LEN];
	struct quote q;

	sum = copy_message(copy, pkt, len);
	if (csum_fold(csum_add(message.at + len, message.len - len, sum)) != 0xffff)
		net->count.bad_ip++;
	else if (read_quote(net, copy, len, &q))
		error(net, pkt->src, &q);
}

/*
 * The checksum is always verified, device or not [SUM-06]. Redirects, source quench (RFC 6633) and
 * whatever else there is: ignored [IP4-14] [ICMP-08].
 */
void icmp_rx(struct net *net, const struct packet *pkt)
{
	if (pkt->l4_len < HEADER_LEN) {
		net->count.bad_ip++;
		return;
	}
	switch (pkt->frame->head[pkt->l4_off]) {
	case ECHO:
		echo(net, pkt);
		break;
	case UNREACHABLE:
	case TIME_EXCEEDED:
	case PARAMETER_PROBLEM:
		error_rx(net, pkt);
		break;
	default:
		break;
	}
}

void icmp_soft_text(const struct net *net, struct text *t)
{
	static const char *const unreachable[] = {
		[0] = "network unreachable", [1] = "host unreachable",
		[5] = "source route failed", [6] = "network unknown",
		[7] = "host unknown",        [9] = "network prohibited",
		[10] = "host prohibited",    [13] = "prohibited by a filter",
	};
	const char *what = "destination unreachable";
	uint8_t code = net->icmp.soft_code;
	char from[IP_TEXT_LEN];

	if (!net->icmp.soft_type)
		return;
	if (net->icmp.soft_type == TIME_EXCEEDED)
		what = "time to live exceeded";
	else if (net->icmp.soft_type == PARAMETER_PROBLEM)
		what = "parameter problem";
	else if (code < ARRAY_LEN(unreachable) && unreachable[code])
		what = unreachable[code];
	text_fmt(t, "; %s says: %s", ip_text(from, net->icmp.soft_from), what);
}

/* --- an error of ours ------------------------------------------------------------------------ */

static bool may_send(struct icmp *icmp)
{
	uint32_t now_ms = clock_now_ms();

	if (clock_reached(now_ms, icmp->sent_ms + 1000) || !icmp->sent_ms) {
		icmp->sent_ms = now_ms;
		icmp->credit = ERRORS_PER_SECOND;
	}
	if (!icmp->credit)
		return false;
	icmp->credit--;
	return true;
}

/*
 * RFC 1122 3.2.2, 4.1.3.1. Its callers have only whole packets from unicast sources; fragments
 * never come here [ICMP-06].
 */
void icmp_port_unreachable(struct net *net, const struct packet *pkt)
{
	uint32_t quote_len = pkt->l4_off - pkt->l3_off + QUOTED_LEN;
	uint8_t *message;

	if (pkt->broadcast || !may_send(&net->icmp)) /* [ICMP-07] */
		return;
	message = ipv4_tx_buffer(net);
	if (!message)
		return;
	memset(message, 0, HEADER_LEN);
	message[0] = UNREACHABLE;
	message[1] = PORT_UNREACHABLE;
	memcpy(message + HEADER_LEN, pkt->frame->head + pkt->l3_off, quote_len);
	send(net, message, pkt->src, HEADER_LEN + quote_len);
}
