/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP (RFC 792, RFC 1122 3.2.2, RFC 5927). Anybody may have written what icmp_rx() sees, with any
 * source address; net_rx() calls, and asks TCP or UDP whether an error quotes what is alive.
 */
#include "core/clock.h"
#include "core/csum.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/icmp.h"
#include "net/ipv4.h"
#include "net/net.h"

#define HEADER_LEN 8
#define QUOTED_LEN 8 /* of the quoted payload: ports, and TCP's sequence number */

#define ECHO_REPLY 0
#define UNREACHABLE 3
#define ECHO 8
#define TIME_EXCEEDED 11
#define PARAMETER_PROBLEM 12

#define PROTOCOL_UNREACHABLE 2
#define PORT_UNREACHABLE 3
#define FRAGMENTATION_NEEDED 4

#define ERRORS_PER_SECOND 4

_Static_assert(IPV4_HEADER_LEN + ICMP_QUOTE_MAX <= IPV4_MTU_MIN, "an error of ours fits any MTU");

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
	ipv4_tx_answer(net, IPV4_PROTO_ICMP, dst, len);
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

/*
 * Reads the error of len private bytes in e->bytes: of a first fragment that went out from our
 * address [SEC-07].
 */
static bool read_error(const struct net *net, struct icmp_error *e, uint32_t len)
{
	const uint8_t *message = e->bytes, *h = message + HEADER_LEN;
	uint32_t header_len;

	if (len < HEADER_LEN + IPV4_HEADER_LEN + QUOTED_LEN)
		return false;
	header_len = (h[0] & 15u) * 4;
	if (h[0] >> 4 != 4 || header_len < IPV4_HEADER_LEN ||
	    len < HEADER_LEN + header_len + QUOTED_LEN)
		return false;
	if ((get_be16(h + 6) & 0x1fff) || get_be32(h + 12) != net->ip)
		return false;
	e->type = message[0];
	e->code = message[1];
	e->mtu = get_be16(message + 6);
	e->proto = h[9];
	e->dst = get_be32(h + 16);
	e->l4 = (struct span){ h + header_len, len - HEADER_LEN - header_len };
	/* RFC 1122 3.2.2.1 [ICMP-03] [ICMP-05] */
	e->hard = e->type == UNREACHABLE &&
		  (e->code == PROTOCOL_UNREACHABLE || e->code == PORT_UNREACHABLE);
	e->too_big = e->type == UNREACHABLE && e->code == FRAGMENTATION_NEEDED;
	return true;
}

/* The quote is copied, the rest only summed: each byte of the frame is read once. */
static bool error_rx(struct net *net, const struct packet *pkt, struct icmp_error *e)
{
	uint32_t sum, len = pkt->l4_len < ICMP_QUOTE_MAX ? pkt->l4_len : ICMP_QUOTE_MAX;
	struct span message = packet_l4(pkt);

	sum = copy_message(e->bytes, pkt, len);
	if (csum_fold(csum_add(message.at + len, message.len - len, sum)) != 0xffff) {
		net->count.bad_ip++;
		return false;
	}
	e->from = pkt->src;
	return read_error(net, e, len);
}

void icmp_remember(struct net *net, const struct icmp_error *e)
{
	net->icmp.soft_type = e->type;
	net->icmp.soft_code = e->code;
	net->icmp.soft_from = e->from;
}

/*
 * The checksum is always verified, device or not [SUM-06]. Redirects, source quench (RFC 6633) and
 * whatever else there is: ignored [IP4-14] [ICMP-08].
 */
bool icmp_rx(struct net *net, const struct packet *pkt, struct icmp_error *e)
{
	if (pkt->l4_len < HEADER_LEN) {
		net->count.bad_ip++;
		return false;
	}
	switch (pkt->frame->head[pkt->l4_off]) {
	case ECHO:
		echo(net, pkt);
		return false;
	case UNREACHABLE:
	case TIME_EXCEEDED:
	case PARAMETER_PROBLEM:
		return error_rx(net, pkt, e);
	default:
		return false;
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
