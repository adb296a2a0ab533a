/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP server for tests; see peer.h. Offsets are of our stream, in 64 bits: sequence number iss +
 * 1 + offset.
 */
#include "tests/model/peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/assert.h"

static void complain(struct peer *p, const char *fmt, ...)
{
	va_list ap;

	if (p->complaint[0])
		return;
	va_start(ap, fmt);
	vsnprintf(p->complaint, sizeof(p->complaint), fmt, ap);
	va_end(ap);
}

/* --- in -------------------------------------------------------------------------------------- */

static void take_syn(struct peer *p, const struct segment *s)
{
	if (p->state != PEER_LISTEN && p->state != PEER_SYN_RECEIVED)
		return;
	if (s->mss < 0 || !s->sack_ok || s->shift < 0)
		complain(p, "a SYN without MSS, SACK permitted or window scale");
	p->state = PEER_SYN_RECEIVED;
	p->client_ip = s->src;
	p->client_port = s->src_port;
	p->client_irs = s->seq;
	p->client_seq = s->seq + 1;
	p->client_mss = (uint16_t)s->mss;
	p->client_sack = s->sack_ok;
	p->client_scale = s->shift >= 0 && p->shift >= 0;
	p->client_shift = p->client_scale ? (uint32_t)s->shift : 0;
	p->edge = s->wnd;
	p->rto_running = true;
	p->rto_at_ms = port_now_ms() + p->rto_ms;
	peer_send_syn_ack(p);
}

/* In order or not at all: requests are short. */
static void take_text(struct peer *p, const struct segment *s)
{
	uint32_t skip = p->client_seq - s->seq;

	if (!s->len && !(s->flags & FIN))
		return;
	if (skip <= s->len && p->request_got + (s->len - skip) <= PEER_REQUEST_MAX && !p->fin_got) {
		memcpy(p->request + p->request_got, s->data + skip, s->len - skip);
		p->request_got += s->len - skip;
		p->client_seq += s->len - skip;
		if (s->flags & FIN) {
			p->fin_got = true;
			p->client_seq++;
		}
	}
	peer_send_ack(p);
}

static void take_segment(struct peer *p, const struct segment *s)
{
	if (s->dst_port != p->port || s->dst != p->ip)
		return;
	if (s->flags & RST) {
		p->rst_got = true;
		p->state = PEER_CLOSED;
		p->rto_running = false;
	} else if (s->flags & SYN) {
		take_syn(p, s);
	} else if (p->state != PEER_LISTEN && p->state != PEER_CLOSED &&
		   s->src_port == p->client_port) {
		if (p->state == PEER_SYN_RECEIVED)
			peer_send_start(p);
		take_text(p, s);
		peer_send_acked(p, s);
	}
}

static void nic_receive(void *ctx, const uint8_t *frame, uint32_t len)
{
	struct peer *p = ctx;
	struct fake_frame *f = fake_nic_receive(p->nic, frame, len);

	p->segments++;
	if (p->sum_every && !frame[SEGMENT_L4 + 16] && !frame[SEGMENT_L4 + 17])
		f->csum = CSUM_VOUCHED;
}

static void answer_arp(struct peer *p, const uint8_t *request)
{
	uint8_t reply[60] = { 0 };
	uint32_t ip = (uint32_t)request[38] << 24 | (uint32_t)request[39] << 16 |
		      (uint32_t)request[40] << 8 | request[41];

	if (request[21] != 1 || ip != p->ip)
		return;
	memcpy(reply, request + 6, 6);
	memcpy(reply + 6, p->mac, 6);
	memcpy(reply + 12, request + 12, 8);
	reply[21] = 2;
	memcpy(reply + 22, p->mac, 6);
	memcpy(reply + 28, request + 38, 4);
	memcpy(reply + 32, request + 22, 10);
	nic_receive(p, reply, sizeof(reply));
}

/* What came through the link; it may be damaged. */
static void peer_receive(void *ctx, const uint8_t *frame, uint32_t len)
{
	struct peer *p = ctx;
	struct segment s;

	if (!segment_read(&s, frame, len))
		take_segment(p, &s);
}

/* --- the client's behaviour, as it leaves its nic -------------------------------------------- */

static void judge_acks(struct peer *p, const struct segment *s)
{
	uint64_t ack = peer_send_offset(p, s->ack);
	uint64_t edge = ack + ((uint64_t)s->wnd << p->client_shift);

	if (ack > p->high)
		complain(p, "acknowledges %llu, sent were %llu", (unsigned long long)ack,
			 (unsigned long long)p->high);
	if (p->told && ack < p->told_ack)
		complain(p, "an acknowledgment went back");
	if (p->told && edge < p->told_edge)
		complain(p, "the window's right edge retreats [TCP-28]");
	for (uint32_t i = 0; i < s->sacks; i++) {
		uint64_t from = peer_send_offset(p, s->sack[i][0]);
		uint64_t to = peer_send_offset(p, s->sack[i][1]);

		if (from <= ack || to <= from || to > p->high || to > edge)
			complain(p, "SACK %u of something else", i);
	}
	if (s->sacks && !(p->sack && p->client_sack))
		complain(p, "SACK that was not permitted");
	p->told = true;
	p->told_ack = ack;
	p->told_edge = edge;
}

static void client_sent(void *ctx, const uint8_t *frame, uint32_t len)
{
	struct peer *p = ctx;
	const char *wrong;
	struct segment s;

	if (frame[12] == 8 && frame[13] == 6) {
		answer_arp(p, frame);
		return;
	}
	memcpy(p->client_mac, frame + 6, 6);
	wrong = segment_read(&s, frame, len);
	if (wrong)
		complain(p, "%s", wrong);
	else if (s.flags & ACK && !(s.flags & RST) && p->state == PEER_OPEN)
		judge_acks(p, &s);
	link_send(&p->to_peer, frame, len);
}

/* --- time ------------------------------------------------------------------------------------ */

void peer_init(struct peer *p, struct fake_nic *nic, uint32_t seed)
{
	memset(p, 0, sizeof(*p));
	p->nic = nic;
	link_init(&p->to_client, seed, nic_receive, p);
	link_init(&p->to_peer, seed + 1, peer_receive, p);
	memcpy(p->mac, "\x52\x55\x0a\x00\x02\x02", 6);
	p->ip = 0x0a000202;
	p->port = 80;
	p->iss = 0x7fffff00;
	p->mss = 1460;
	p->shift = 7;
	p->sack = true;
	p->close = true;
	p->rto_ms = PEER_RTO_FIRST_MS;
	nic->tx = client_sent;
	nic->tx_ctx = p;
}

void peer_free(struct peer *p)
{
	link_free(&p->to_client);
	link_free(&p->to_peer);
}

bool peer_run(struct peer *p, struct net *net, bool (*done)(void *ctx), void *ctx,
	      uint32_t limit_ms)
{
	uint32_t start_ms = port_now_ms();
	bool busy;
	int n;

	while (!done(ctx)) {
		busy = link_poll(&p->to_client);
		n = net_poll(net);
		assert(n >= 0);
		busy = link_poll(&p->to_peer) || n > 0 || busy;
		peer_send_poll(p);
		if (busy)
			continue;
		if (port_now_ms() - start_ms >= limit_ms)
			return done(ctx);
		hosted_time_advance(1);
	}
	return true;
}
