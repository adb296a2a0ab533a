/* SPDX-License-Identifier: BSD-2-Clause */
/* The web servers' TCP in world.h: enough to serve, to repeat itself, and to misbehave. */
#include "core/wire.h"
#include "tests/fuzz/world.h"
#include "tests/model/packets.h"

#define RETRY_MS 200
#define AT_ONCE 8 /* segments in a row */

static struct world_conn *find(struct world *w, const struct segment *s)
{
	for (struct world_conn *c = w->conn; c < w->conn + WORLD_CONNS; c++)
		if (c->used && c->client_port == s->src_port && c->ip == s->dst &&
		    c->port == s->dst_port)
			return c;
	return NULL;
}

static void send_segment(struct world *w, const struct world_conn *c, uint16_t flags, uint32_t seq,
			 const uint8_t *data, uint32_t len)
{
	static const uint8_t options[] = { 2, 4, 1460 >> 8, 1460 & 255, 4, 2, 1, 3, 3, 7, 0, 0 };
	uint8_t frame[1600];
	struct segment s = {
		.src = c->ip,
		.dst = OUR_IP,
		.src_port = c->port,
		.dst_port = c->client_port,
		.seq = seq,
		.flags = flags,
		.ack = flags & ACK ? c->client_seq : 0,
		.wnd = 512,
		.data = data,
		.len = len,
	};

	memcpy(s.dst_mac, our_mac, 6);
	memcpy(s.src_mac, peer_mac, 6);
	if (flags & SYN) {
		s.options = options;
		s.options_len = sizeof(options);
	}
	world_send(w, frame, segment_write(frame, &s));
}

static struct world_conn *free_slot(struct world *w)
{
	for (struct world_conn *c = w->conn; c < w->conn + WORLD_CONNS; c++)
		if (!c->used)
			return c;
	return NULL;
}

static void begin(struct world_conn *c, const struct segment *s, uint32_t choices)
{
	c->used = c->open = true;
	c->fin = c->fin_sent = false;
	c->client_port = s->src_port;
	c->port = s->dst_port;
	c->ip = s->dst;
	c->client_seq = s->seq + 1;
	c->iss = 0xfffff000u + choices; /* wraps soon */
	c->una = c->iss;
	c->nxt = c->iss + 1;
	c->shift = s->shift > 0 ? (uint32_t)s->shift : 0;
	c->mss = s->mss > 0 && s->mss < 1460 ? (uint32_t)s->mss : choices & 1 ? 300 : 1460;
	c->edge = c->nxt + s->wnd;
	c->got = c->len = 0;
}

/*
 * A SYN that comes again is answered as it was; each may be refused, or not be answered this time.
 */
static void syn_rx(struct world *w, const struct segment *s)
{
	uint32_t choices = take(w->in, 1);
	struct world_conn *c = find(w, s);

	if (!c) {
		c = free_slot(w);
		if (!c)
			return;
		begin(c, s, choices);
	}
	c->moved_ms = w->now_ms;
	if (choices >= 0xf8) {
		send_segment(w, c, RST | ACK, 0, NULL, 0);
		c->used = c->open = false;
	} else if (choices < 0xf0) {
		send_segment(w, c, SYN | ACK, c->iss, NULL, 0);
	}
}

/* Bytes of the stream, then the FIN, as far as the window goes. */
static void send_more(struct world *w, struct world_conn *c)
{
	if (!c->open || c->una == c->iss)
		return;
	for (unsigned n = 0; n < AT_ONCE; n++) {
		uint32_t off = c->nxt - c->iss - 1, len = c->len > off ? c->len - off : 0,
			 room = c->edge - c->nxt;

		if (len > c->mss)
			len = c->mss;
		if (len > room)
			len = (int32_t)room > 0 ? room : 0;
		if (!len)
			break;
		send_segment(w, c, ACK, c->nxt, c->stream + off, len);
		c->nxt += len;
	}
	if (c->fin && c->nxt - c->iss - 1 == c->len) {
		send_segment(w, c, FIN | ACK, c->nxt, NULL, 0);
		c->nxt++;
		c->fin_sent = true;
	}
}

static void ack_rx(struct world *w, struct world_conn *c, const struct segment *s)
{
	if ((int32_t)(s->ack - c->una) > 0) {
		must((int32_t)(s->ack - (c->iss + 2 + c->len)) <= 0,
		     "an acknowledgement of bytes that were never there");
		c->una = s->ack;
		c->moved_ms = w->now_ms;
		if ((int32_t)(c->una - c->nxt) > 0)
			c->nxt = c->una;
	}
	c->edge = s->ack + ((uint32_t)s->wnd << c->shift);
}

/* What it asks, as far as it is next in order; whole requests are served. */
static void request_rx(struct world *w, struct world_conn *c, const struct segment *s)
{
	uint32_t len = s->len;

	if (s->seq != c->client_seq || c->got + len >= sizeof(c->request))
		return;
	memcpy(c->request + c->got, s->data, len);
	c->got += len;
	c->client_seq += len;
	c->request[c->got] = 0;
	if (c->got >= 4 && !memcmp(c->request + c->got - 4, "\r\n\r\n", 4)) {
		must(!strncmp(c->request, "GET /", 5) && strstr(c->request, "\r\nHost: "),
		     "a request that is none");
		if (!c->fin)
			world_serve(w, c);
		c->got = 0;
	}
}

void world_web_rx(struct world *w, const struct segment *s)
{
	struct world_conn *c = find(w, s);

	if (s->flags & SYN) {
		syn_rx(w, s);
		return;
	}
	if (!c || !c->open)
		return;
	if (s->flags & RST) {
		c->open = c->used = false;
		return;
	}
	if (s->flags & ACK)
		ack_rx(w, c, s);
	if (s->len)
		request_rx(w, c, s);
	if ((s->flags & FIN) && s->seq + s->len == c->client_seq) {
		c->client_seq++;
		c->fin = true;
	}
	if (s->len || (s->flags & FIN))
		send_segment(w, c, ACK, c->nxt, NULL, 0);
	send_more(w, c);
	if ((s->flags & FIN) && c->fin_sent)
		c->open = c->used = c->una != c->nxt;
}

void world_web_poll(struct world *w)
{
	for (struct world_conn *c = w->conn; c < w->conn + WORLD_CONNS; c++) {
		if (!c->used || !c->open || w->now_ms - c->moved_ms < RETRY_MS)
			continue;
		c->moved_ms = w->now_ms;
		if (c->una == c->iss) {
			send_segment(w, c, SYN | ACK, c->iss, NULL, 0);
			continue;
		}
		if (c->una == c->nxt)
			continue;
		c->nxt = c->una; /* go back and begin again */
		send_more(w, c);
	}
}
