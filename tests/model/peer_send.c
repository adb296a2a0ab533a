/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sending half of a TCP server for tests (peer.h): congestion window, scoreboard, recovery.
 * Offsets are of our stream, in 64 bits: sequence number iss + 1 + offset. Called by peer.c.
 */
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "tests/model/peer.h"

#define RTO_MAX_MS 8000

static void emit(struct peer *p, struct segment *s)
{
	static uint8_t frame[SEGMENT_FRAME_MAX];

	memcpy(s->dst_mac, p->client_mac, 6);
	memcpy(s->src_mac, p->mac, 6);
	s->src = p->ip;
	s->dst = p->client_ip;
	s->src_port = p->port;
	s->dst_port = p->client_port;
	s->ack = p->client_seq;
	s->wnd = 60000;
	s->flags |= ACK;
	s->unsummed = p->sum_every && ++p->emitted % p->sum_every;
	link_send(&p->to_client, frame, segment_write(frame, s));
}

void peer_send_syn_ack(struct peer *p)
{
	uint8_t options[12] = { 2, 4, (uint8_t)(p->mss >> 8), (uint8_t)p->mss, 1, 1, 1, 1, 1 };
	struct segment s = {
		.seq = p->iss,
		.flags = SYN,
		.options = options,
		.options_len = sizeof(options),
	};

	if (p->sack && p->client_sack)
		memcpy(options + 4, "\4\2", 2);
	if (p->shift >= 0 && p->client_scale) {
		memcpy(options + 6, "\3\3", 2);
		options[8] = (uint8_t)p->shift;
	}
	emit(p, &s);
}

void peer_send_ack(struct peer *p)
{
	struct segment s = { .seq = p->iss + 1 + (uint32_t)p->high };

	emit(p, &s);
}

static uint64_t stream_end(const struct peer *p)
{
	return p->file_len + (p->close ? 1 : 0); /* the FIN counts */
}

static void send_at(struct peer *p, uint64_t off, uint32_t len)
{
	bool fin = p->close && off + len == p->file_len + 1;
	struct segment s = {
		.seq = p->iss + 1 + (uint32_t)off,
		.len = len - fin,
		.flags = fin ? FIN : 0,
	};

	s.data = pattern_at(off, s.len);
	if (off < p->high)
		p->retransmitted++;
	if (off + len > p->high)
		p->high = off + len;
	emit(p, &s);
	if (!p->rto_running) {
		p->rto_running = true;
		p->rto_at_ms = port_now_ms() + p->rto_ms;
	}
}

static uint32_t segment_max(const struct peer *p)
{
	uint32_t max = p->client_mss < p->mss ? p->client_mss : p->mss;

	return p->max_segment && p->max_segment < max ? p->max_segment : max;
}

/*
 * How much may be sent at off at once: up to a reported range, the end, the window. 0: nothing;
 * *off moves over ranges.
 */
static uint32_t piece(const struct peer *p, uint64_t *off, uint64_t end)
{
	uint32_t max = segment_max(p);

	for (uint32_t i = 0; i < p->sacked_len; i++) {
		if (p->sacked[i].from <= *off && *off < p->sacked[i].to)
			*off = p->sacked[i].to;
		else if (p->sacked[i].from > *off && p->sacked[i].from < end)
			end = p->sacked[i].from;
	}
	if (*off >= end)
		return 0;
	return end - *off < max ? (uint32_t)(end - *off) : max;
}

/* In a recovery: the next hole below the highest report, once. */
static bool send_hole(struct peer *p)
{
	uint64_t end = p->sacked_len ? p->sacked[p->sacked_len - 1].from : p->una + segment_max(p);
	uint32_t len;

	if (p->hole < p->una)
		p->hole = p->una;
	if (end > p->recover)
		end = p->recover;
	len = piece(p, &p->hole, end);
	if (!len)
		return false;
	send_at(p, p->hole, len);
	p->hole += len;
	return true;
}

static bool send_new(struct peer *p)
{
	uint64_t end = stream_end(p) < p->edge ? stream_end(p) : p->edge;
	uint32_t len = piece(p, &p->nxt, end);

	if (!len || p->nxt + len > p->una + p->cwnd)
		return false;
	send_at(p, p->nxt, len);
	p->nxt += len;
	return true;
}

static void send_more(struct peer *p)
{
	if (p->state != PEER_OPEN || p->request_got < p->request_len)
		return;
	while (send_new(p))
		;
}

/* --- acknowledgments ------------------------------------------------------------------------- */

static void add_sacked(struct peer *p, uint64_t from, uint64_t to)
{
	uint32_t i = 0, j;

	while (i < p->sacked_len && p->sacked[i].to < from)
		i++;
	for (j = i; j < p->sacked_len && p->sacked[j].from <= to; j++) {
		from = p->sacked[j].from < from ? p->sacked[j].from : from;
		to = p->sacked[j].to > to ? p->sacked[j].to : to;
	}
	assert(p->sacked_len - (j - i) < PEER_SACKED_MAX);
	memmove(&p->sacked[i + 1], &p->sacked[j], (p->sacked_len - j) * sizeof(p->sacked[0]));
	p->sacked_len = p->sacked_len - (j - i) + 1;
	p->sacked[i] = (struct peer_range){ from, to };
}

static void forget_sacked(struct peer *p)
{
	while (p->sacked_len && p->sacked[0].from < p->una) {
		if (p->sacked[0].to > p->una) {
			p->sacked[0].from = p->una;
			return;
		}
		p->sacked_len--;
		memmove(&p->sacked[0], &p->sacked[1], p->sacked_len * sizeof(p->sacked[0]));
	}
}

/* The 64-bit offset that a 32-bit number near una means. */
uint64_t peer_send_offset(const struct peer *p, uint32_t seq)
{
	return p->una + (uint64_t)(int64_t)(int32_t)(seq - (p->iss + 1 + (uint32_t)p->una));
}

static void new_ack(struct peer *p, uint64_t off)
{
	uint64_t mss = segment_max(p);

	p->dup_acks = 0;
	p->una = off;
	if (p->nxt < off)
		p->nxt = off;
	if (p->recovering && off >= p->recover) {
		p->recovering = false;
		p->cwnd = p->ssthresh;
	} else if (p->recovering) {
		send_hole(p);
	} else {
		p->cwnd += p->cwnd < p->ssthresh ? mss : mss * mss / p->cwnd + 1;
	}
	p->rto_ms = PEER_RTO_FIRST_MS + 2 * (p->to_client.delay_ms + p->to_peer.delay_ms);
	p->rto_running = p->una < p->high;
	p->rto_at_ms = port_now_ms() + p->rto_ms;
	p->fin_acked = p->close && off == p->file_len + 1;
}

static void dup_ack(struct peer *p)
{
	uint64_t mss = segment_max(p), flight = p->nxt - p->una;

	p->dup_acks++;
	if (p->recovering) {
		if (!send_hole(p) && !p->sacked_len)
			p->cwnd += mss;
		return;
	}
	if (p->dup_acks < 3)
		return;
	p->recoveries++;
	p->recovering = true;
	p->recover = p->high;
	p->hole = p->una;
	p->ssthresh = flight / 2 > 2 * mss ? flight / 2 : 2 * mss;
	p->cwnd = p->ssthresh + 3 * mss;
	send_hole(p);
}

void peer_send_acked(struct peer *p, const struct segment *s)
{
	uint64_t off = peer_send_offset(p, s->ack);
	uint64_t edge = off + ((uint64_t)s->wnd << p->client_shift);

	if (off > p->high || off + (1u << 30) < p->una)
		return;
	for (uint32_t i = 0; i < s->sacks; i++)
		if (peer_send_offset(p, s->sack[i][0]) >= p->una)
			add_sacked(p, peer_send_offset(p, s->sack[i][0]),
				   peer_send_offset(p, s->sack[i][1]));
	if (off > p->una)
		new_ack(p, off);
	else if (off == p->una && edge == p->edge && p->una < p->nxt && !s->len)
		dup_ack(p);
	if (edge > p->edge)
		p->edge = edge;
	forget_sacked(p);
	send_more(p);
}

void peer_send_start(struct peer *p)
{
	p->state = PEER_OPEN;
	p->rto_running = false;
	p->cwnd = 10u * segment_max(p);
	p->ssthresh = UINT32_MAX;
}

static void expire(struct peer *p)
{
	uint64_t mss = segment_max(p), flight = p->nxt - p->una;

	p->timeouts++;
	p->rto_ms = 2 * p->rto_ms < RTO_MAX_MS ? 2 * p->rto_ms : RTO_MAX_MS;
	p->rto_at_ms = port_now_ms() + p->rto_ms;
	if (p->state == PEER_SYN_RECEIVED) {
		peer_send_syn_ack(p);
		return;
	}
	p->ssthresh = flight / 2 > 2 * mss ? flight / 2 : 2 * mss;
	p->cwnd = mss;
	p->nxt = p->una;
	p->recovering = false;
	p->dup_acks = 0;
	send_more(p);
}

void peer_send_poll(struct peer *p)
{
	if (p->rto_running && (int32_t)(port_now_ms() - p->rto_at_ms) >= 0)
		expire(p);
}
