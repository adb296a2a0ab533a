/* SPDX-License-Identifier: BSD-2-Clause */
/* A scripted network for tests; see web.h. Who answers ARP, DNS and SYNs, and what steps send. */
#include "tests/model/web.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/assert.h"
#include "core/wire.h"
#include "tests/model/packets.h"

enum step_kind { STEP_TEXT, STEP_FILE, STEP_PACE, STEP_PAUSE, STEP_FIN, STEP_RST };

struct web_step {
	struct web_step *next;
	enum step_kind kind;
	uint64_t off, left; /* bytes; of a text off counts through its repetitions */
	uint32_t piece, ms;
	uint32_t len; /* of the text */
	char text[];
};

static void complain(struct web *w, const char *what)
{
	if (!w->complaint[0])
		snprintf(w->complaint, sizeof(w->complaint), "%s", what);
}

/* --- steps ----------------------------------------------------------------------------------- */

static struct web_step *step_new(struct web_conn *c, enum step_kind kind, uint32_t text_len)
{
	struct web_step *s = calloc(1, sizeof(*s) + text_len + 1);

	assert(s);
	s->kind = kind;
	s->len = text_len;
	*c->last = s;
	c->last = &s->next;
	return s;
}

static void step_done(struct web_conn *c)
{
	struct web_step *s = c->first;

	c->first = s->next;
	if (!c->first)
		c->last = &c->first;
	free(s);
}

static void forget_steps(struct web_conn *c)
{
	while (c->first)
		step_done(c);
}

void web_say(struct web_conn *c, const char *fmt, ...)
{
	char text[2 * WEB_REQUEST_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(len >= 0 && (size_t)len < sizeof(text));
	web_repeat(c, text, 1);
}

void web_repeat(struct web_conn *c, const char *text, uint64_t n)
{
	uint32_t len = (uint32_t)strlen(text);
	struct web_step *s = step_new(c, STEP_TEXT, len);

	memcpy(s->text, text, len);
	s->left = n > UINT64_MAX / (len ? len : 1) ? UINT64_MAX : n * len;
}

void web_file(struct web_conn *c, uint64_t off, uint64_t len)
{
	struct web_step *s = step_new(c, STEP_FILE, 0);

	s->off = off;
	s->left = len;
}

void web_answer(struct web_conn *c, const char *status, uint64_t len)
{
	web_say(c, "HTTP/1.1 %s\r\nContent-Length: %llu\r\n\r\n", status, (unsigned long long)len);
	web_file(c, 0, len);
}

void web_pace(struct web_conn *c, uint32_t bytes, uint32_t every_ms)
{
	struct web_step *s = step_new(c, STEP_PACE, 0);

	s->piece = bytes;
	s->ms = every_ms;
}

void web_pause(struct web_conn *c, uint32_t ms)
{
	step_new(c, STEP_PAUSE, 0)->ms = ms;
}

void web_fin(struct web_conn *c)
{
	step_new(c, STEP_FIN, 0);
}

void web_rst(struct web_conn *c)
{
	step_new(c, STEP_RST, 0);
}

/* --- segments out ---------------------------------------------------------------------------- */

static void emit(struct web_conn *c, struct segment *s)
{
	static uint8_t frame[SEGMENT_FRAME_MAX];
	uint32_t len;

	memcpy(s->dst_mac, c->client_mac, 6);
	memcpy(s->src_mac, peer_mac, 6);
	s->src = c->ip;
	s->dst = OUR_IP;
	s->src_port = c->port;
	s->dst_port = c->client_port;
	s->seq = c->seq;
	s->ack = c->deaf ? c->irs + 1 : c->client_seq;
	s->wnd = 60000;
	s->flags |= ACK;
	len = segment_write(frame, s);
	if (!c->web->path_mtu || len <= 14 + c->web->path_mtu)
		fake_nic_receive(c->web->nic, frame, len);
	c->seq += s->len + (s->flags & (SYN | FIN) ? 1 : 0);
	c->sent += s->len;
}

static void emit_flags(struct web_conn *c, uint16_t flags)
{
	struct segment s = { .flags = flags };

	emit(c, &s);
}

static void emit_syn_ack(struct web_conn *c)
{
	uint8_t options[] = {
		2, 4, (uint8_t)(c->web->mss >> 8), (uint8_t)c->web->mss, 4, 2, 1, 3, 3, 7, 0, 0
	};
	struct segment s = { .flags = SYN, .options = options, .options_len = sizeof(options) };

	emit(c, &s);
}

static void wait_for(struct web_conn *c, uint32_t ms)
{
	c->waits = ms > 0;
	c->until_ms = port_now_ms() + ms;
}

/* One segment of the step's bytes; false: the window is full. */
static bool send_bytes(struct web_conn *c, struct web_step *step)
{
	uint8_t text[2048];
	struct segment s = { .flags = PSH };
	uint32_t room = c->edge - c->seq;

	s.len = c->client_mss < sizeof(text) ? c->client_mss : sizeof(text);
	if (c->piece && c->piece < s.len)
		s.len = c->piece;
	if (step->left < s.len)
		s.len = (uint32_t)step->left;
	if ((int32_t)room < (int32_t)s.len)
		return false;
	if (step->kind == STEP_FILE) {
		s.data = pattern_at(step->off, s.len);
	} else {
		for (uint32_t i = 0; i < s.len; i++)
			text[i] = (uint8_t)step->text[(step->off + i) % step->len];
		s.data = text;
	}
	emit(c, &s);
	step->off += s.len;
	step->left -= s.len;
	wait_for(c, c->every_ms);
	return true;
}

/* Takes the first step, or a piece of it. False: that must wait. */
static bool take_step(struct web_conn *c)
{
	struct web_step *s = c->first;

	if (c->waits && (int32_t)(port_now_ms() - c->until_ms) < 0)
		return false;
	c->waits = false;
	switch (s->kind) {
	case STEP_TEXT:
	case STEP_FILE:
		if (s->left && !send_bytes(c, s))
			return false;
		if (s->left)
			return true;
		break;
	case STEP_PACE:
		c->piece = s->piece;
		c->every_ms = s->ms;
		break;
	case STEP_PAUSE:
		wait_for(c, s->ms);
		break;
	case STEP_FIN:
		emit_flags(c, FIN);
		break;
	case STEP_RST:
		emit_flags(c, RST);
		c->open = false;
		forget_steps(c);
		return true;
	}
	step_done(c);
	return true;
}

static void push(struct web_conn *c)
{
	while (c->open && c->first && take_step(c))
		;
}

/* --- segments in ----------------------------------------------------------------------------- */

static const struct web_host *host_at(const struct web *w, uint32_t ip)
{
	for (const struct web_host *h = w->hosts; h && h->ip; h++)
		if (h->ip == ip)
			return h;
	return NULL;
}

static void refuse(struct web *w, const struct segment *syn, const uint8_t *client_mac)
{
	static uint8_t frame[SEGMENT_FRAME_MAX];
	struct segment s = {
		.src = syn->dst,
		.dst = syn->src,
		.src_port = syn->dst_port,
		.dst_port = syn->src_port,
		.ack = syn->seq + 1,
		.flags = RST | ACK,
	};

	memcpy(s.dst_mac, client_mac, 6);
	memcpy(s.src_mac, peer_mac, 6);
	fake_nic_receive(w->nic, frame, segment_write(frame, &s));
}

static struct web_conn *conn_of(struct web *w, const struct segment *s)
{
	for (uint32_t i = 0; i < w->connections; i++)
		if (w->conn[i].open && w->conn[i].ip == s->dst && w->conn[i].port == s->dst_port &&
		    w->conn[i].client_port == s->src_port)
			return &w->conn[i];
	return NULL;
}

static void take_syn(struct web *w, const struct segment *s, const uint8_t *client_mac)
{
	const struct web_host *host = host_at(w, s->dst);
	struct web_conn *c = conn_of(w, s);

	if (host && host->how == WEB_SILENT)
		return;
	if (s->dst_port != w->port || (host && host->how == WEB_REFUSES)) {
		refuse(w, s, client_mac);
		return;
	}
	if (c) /* sent again: nothing is lost here, so it is only early */
		return;
	assert(w->connections < WEB_CONNS_MAX);
	c = &w->conn[w->connections++];
	*c = (struct web_conn){
		.number = w->connections,
		.ip = s->dst,
		.port = s->dst_port,
		.open = true,
		.web = w,
		.client_port = s->src_port,
		.irs = s->seq,
		.client_seq = s->seq + 1,
		.client_una = 0x22220000u * w->connections,
		.client_mss = (uint32_t)s->mss,
		.client_shift = (uint32_t)s->shift,
	};
	c->iss = c->seq = c->client_una;
	c->edge = c->iss + 1 + s->wnd;
	c->last = &c->first;
	memcpy(c->client_mac, client_mac, 6);
	emit_syn_ack(c);
}

/* The client's bytes up to the empty line are a request. */
static void take_text(struct web_conn *c, const struct segment *s)
{
	bool fresh = s->seq == c->client_seq;

	if (fresh) {
		if (s->len && c->web->requests && !c->request_len)
			c->pieces = 0;
		assert(c->request_len + s->len < WEB_REQUEST_MAX);
		memcpy(c->request + c->request_len, s->data, s->len);
		c->request_len += s->len;
		c->request[c->request_len] = '\0';
		c->pieces += s->len > 0;
		c->client_seq += s->len;
		if (s->flags & FIN) {
			c->client_seq++;
			c->fin_got = true;
		}
	}
	emit_flags(c, 0);
	if (fresh && s->len && strstr(c->request, "\r\n\r\n")) {
		c->requests++;
		c->web->requests++;
		if (c->web->serve)
			c->web->serve(c);
		c->request_len = 0;
	}
	if (fresh && c->fin_got)
		web_fin(c);
}

static void take_segment(struct web_conn *c, const struct segment *s)
{
	bool first = s->ack == c->iss + 1 && c->client_una == c->iss;

	if (!c->open)
		return;
	if (s->flags & RST) {
		c->rst_got = true;
		c->open = false;
		forget_steps(c);
		return;
	}
	if ((int32_t)(s->ack - c->client_una) >= 0) {
		c->client_una = s->ack;
		c->edge = s->ack + ((uint32_t)s->wnd << c->client_shift);
	}
	if (first && c->web->accepted)
		c->web->accepted(c);
	if (s->len || s->flags & FIN)
		take_text(c, s);
	else if (s->seq != c->client_seq) /* a keep-alive */
		emit_flags(c, 0);
	push(c);
}

/* --- ARP and DNS ----------------------------------------------------------------------------- */

static void answer_arp(struct web *w, const uint8_t *frame)
{
	uint8_t packet[28], answer[60];
	const uint8_t *arp = frame + 14;
	uint32_t ip = get_be32(arp + 24);
	const struct web_host *host = host_at(w, ip);

	if (get_be16(arp + 6) != 1 || ip == OUR_IP || (host && host->how == WEB_GONE))
		return;
	packet_arp(packet, 2, peer_mac, ip, frame + 6, get_be32(arp + 14));
	fake_nic_receive(w->nic, answer,
			 packet_eth(answer, frame + 6, peer_mac, 0x0806, packet, sizeof(packet)));
}

/* The question's name as text; returns what stands behind it. */
static const uint8_t *read_name(const uint8_t *p, char *name)
{
	char *dot = name;

	*name = '\0';
	for (; *p; p += *p + 1) {
		if (dot != name)
			*dot++ = '.';
		memcpy(dot, p + 1, *p);
		dot += *p;
		*dot = '\0';
	}
	return p + 1;
}

static uint8_t *put_address(uint8_t *p, uint32_t ip)
{
	static const uint8_t head[12] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };

	memcpy(p, head, sizeof(head));
	put_be32(p + sizeof(head), ip);
	return p + sizeof(head) + 4;
}

static void answer_dns(struct web *w, const uint8_t *packet)
{
	const uint8_t *udp = packet + 20, *question = udp + 8, *end;
	uint8_t answer[600], frame[700], *p;
	const struct web_name *n;
	char name[256];

	w->questions++;
	if (w->dns_mute)
		return;
	end = read_name(question + 12, name) + 4;
	memset(answer, 0, sizeof(answer));
	memcpy(answer, question, (size_t)(end - question));
	p = answer + (end - question);
	put_be16(answer + 2, 0x8180);
	put_be16(answer + 6, 0);
	put_be32(answer + 8, 0); /* nothing behind the question: no EDNS either */
	for (n = w->names; n && n->name && strcmp(n->name, name); n++)
		;
	if (!n || !n->name)
		put_be16(answer + 2, 0x8183);
	for (uint16_t i = 0; n && n->name && i < WEB_ADDRESSES_MAX && n->ip[i]; i++) {
		p = put_address(p, n->ip[i]);
		put_be16(answer + 6, (uint16_t)(i + 1));
	}
	if (w->dns_edit)
		w->dns_edit(answer);
	fake_nic_receive(w->nic, frame,
			 frame_udp(frame, get_be32(packet + 16), 53, OUR_IP, get_be16(udp), answer,
				   (uint32_t)(p - answer)));
}

/* --- the whole ------------------------------------------------------------------------------- */

static void client_sent(void *ctx, const uint8_t *frame, uint32_t len)
{
	struct web *w = ctx;
	const char *wrong;
	struct segment s;
	struct web_conn *c;

	if (get_be16(frame + 12) == 0x0806) {
		answer_arp(w, frame);
		return;
	}
	if (get_be16(frame + 12) != 0x0800 || frame[23] != 6) {
		if (get_be16(frame + 12) == 0x0800 && frame[23] == 17 && get_be16(frame + 36) == 53)
			answer_dns(w, frame + 14);
		return;
	}
	wrong = segment_read(&s, frame, len);
	if (wrong) {
		complain(w, wrong);
		return;
	}
	c = conn_of(w, &s);
	if (s.flags & SYN)
		take_syn(w, &s, frame + 6);
	else if (c)
		take_segment(c, &s);
}

void web_poll(struct web *w)
{
	for (uint32_t i = 0; i < w->connections; i++)
		push(&w->conn[i]);
}

static void idle(void *ctx)
{
	web_poll(ctx);
}

void web_init(struct web *w, struct fake_nic *nic)
{
	memset(w, 0, sizeof(*w));
	w->nic = nic;
	w->port = 80;
	w->mss = 1460;
	nic->tx = client_sent;
	nic->tx_ctx = w;
	hosted_idle_hook(idle, w);
}

void web_free(struct web *w)
{
	for (uint32_t i = 0; i < w->connections; i++)
		forget_steps(&w->conn[i]);
	hosted_idle_hook(NULL, NULL);
	w->nic->tx = NULL;
}

const char *web_path(const struct web_conn *c)
{
	static char path[WEB_REQUEST_MAX];

	if (sscanf(c->request, "GET %8191s HTTP/1.1\r\n", path) != 1)
		path[0] = '\0';
	return path;
}
