/* SPDX-License-Identifier: BSD-2-Clause */
/* A TFTP server for tests; see tftp_server.h. */
#include "tests/model/tftp_server.h"

#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "core/clock.h"
#include "core/wire.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

#define UDP_AT 34
#define DATA_AT 42
#define SERVER 0 /* who speaks: an index of held[] */
#define CLIENT 1

static bool happens(struct tftp_server *s, uint32_t per_cent)
{
	s->seed = s->seed * 1664525 + 1013904223;
	return (s->seed >> 8) % 100 < per_cent;
}

/* --- the wire -------------------------------------------------------------------------------- */

static void hear(struct tftp_server *s, const uint8_t *frame, uint32_t len);

static void deliver(struct tftp_server *s, unsigned who, const uint8_t *frame, uint32_t len)
{
	if (who == SERVER)
		fake_nic_receive(s->nic, frame, len);
	else
		hear(s, frame, len);
}

/* What is held comes behind the next one, or never. */
static void pass_on(struct tftp_server *s, unsigned who, const uint8_t *frame, uint32_t len)
{
	uint32_t held = s->held_len[who];
	uint8_t copy[1600];

	if (s->drop && s->drop(s->ctx, frame + DATA_AT, len - DATA_AT, who == SERVER))
		return;
	if (happens(s, s->lost))
		return;
	if (!held && happens(s, s->swapped)) {
		assert(len <= sizeof(s->held[who]));
		memcpy(s->held[who], frame, len);
		s->held_len[who] = len;
		return;
	}
	s->held_len[who] = 0;
	memcpy(copy, s->held[who], held);
	deliver(s, who, frame, len);
	if (happens(s, s->doubled))
		deliver(s, who, frame, len);
	if (held)
		deliver(s, who, copy, held);
}

/* --- what it says ----------------------------------------------------------------------------- */

static void say(struct tftp_server *s, const struct tftp_transfer *x, const uint8_t *packet,
		uint32_t len)
{
	uint16_t port = (uint16_t)(TFTP_SERVER_PORT_FIRST + (x - s->transfer));
	uint8_t frame[FAKE_NIC_FRAME_MAX];

	s->sent++;
	len = frame_udp(frame, x->ip, port, OUR_IP, x->client_port, packet, len);
	pass_on(s, SERVER, frame, len);
}

static void say_error(struct tftp_server *s, struct tftp_transfer *x, uint16_t code,
		      const char *text)
{
	uint8_t packet[100] = { 0, 5, (uint8_t)(code >> 8), (uint8_t)code };

	x->open = false;
	strcpy((char *)packet + 4, text);
	say(s, x, packet, 4 + (uint32_t)strlen(text) + 1);
}

static uint16_t number(const struct tftp_server *s, uint64_t block)
{
	if (block < 65536)
		return (uint16_t)block;
	return (uint16_t)(s->wrap_to + (block - 65536) % (65536u - s->wrap_to));
}

/* How many blocks the file has, the short one included. */
static uint64_t blocks(const struct tftp_server *s, const struct tftp_transfer *x)
{
	return s->len / x->blksize + 1;
}

static void say_block(struct tftp_server *s, struct tftp_transfer *x, uint64_t block)
{
	uint64_t off = (block - 1) * x->blksize;
	uint32_t len = s->len - off < x->blksize ? (uint32_t)(s->len - off) : x->blksize;
	uint8_t packet[1600] = { 0, 3 };

	put_be16(packet + 2, number(s, block));
	memcpy(packet + 4, pattern_at(off, len), len);
	s->blocks++;
	say(s, x, packet, 4 + len);
}

/* RFC 7440 4: from the block behind the last acknowledged one on. */
static void say_window(struct tftp_server *s, struct tftp_transfer *x)
{
	x->due_ms = clock_now_ms() + s->timeout_ms;
	if (s->error_at && x->acked >= s->error_at) {
		say_error(s, x, 0, "disk on fire");
		return;
	}
	for (uint64_t i = 1; i <= x->windowsize && x->acked + i <= blocks(s, x); i++)
		say_block(s, x, x->acked + i);
}

static void add_option(uint8_t *packet, uint32_t *len, const char *name, uint64_t value)
{
	*len += (uint32_t)sprintf((char *)packet + *len, "%s", name) + 1;
	*len += (uint32_t)sprintf((char *)packet + *len, "%llu", (unsigned long long)value) + 1;
}

static void say_oack(struct tftp_server *s, struct tftp_transfer *x)
{
	uint8_t packet[200] = { 0, 6 };
	uint32_t len = 2;

	x->due_ms = clock_now_ms() + s->timeout_ms;
	if (s->tsize)
		add_option(packet, &len, "tsize", s->said_len ? s->said_len : s->len);
	if (s->blksize)
		add_option(packet, &len, "blksize", x->blksize);
	if (s->windowsize)
		add_option(packet, &len, "windowsize", x->windowsize);
	say(s, x, packet, len);
}

/* --- what it hears ---------------------------------------------------------------------------- */

/* The value of an option of the request; 0: it is not there. */
static uint32_t asked_for(const struct tftp_server *s, const char *name)
{
	const char *at = s->asked, *end = s->asked + s->asked_len;
	unsigned value = 0;

	for (; at < end; at += strlen(at) + 1)
		if (!strcmp(at, name) && sscanf(at + strlen(at) + 1, "%u", &value) == 1)
			return value;
	return 0;
}

static uint16_t least(uint32_t wanted, uint16_t most)
{
	return (uint16_t)(wanted < most ? wanted : most);
}

static void request(struct tftp_server *s, uint32_t ip, uint16_t port, const uint8_t *data,
		    uint32_t len)
{
	struct tftp_transfer *x = &s->transfer[s->transfers];
	size_t plain;

	s->requests++;
	assert(len < sizeof(s->asked) && data[len - 1] == 0);
	memcpy(s->asked, data + 2, len - 2);
	s->asked_len = len - 2;
	plain = strlen(s->asked) + 1;
	assert(!strcmp(s->asked + plain, "octet"));
	plain += 6;
	if (s->transfers == TFTP_SERVER_TRANSFERS) /* it has enough of that */
		return;
	s->transfers++;
	*x = (struct tftp_transfer){
		.ip = ip, .client_port = port, .blksize = 512, .windowsize = 1, .open = true
	};
	if (s->missing && !strcmp(s->asked, s->missing)) {
		say_error(s, x, 1, "File not found");
	} else if (s->options_error && s->asked_len > plain) {
		say_error(s, x, s->options_error, "what is this?");
	} else if (s->asked_len > plain && (s->blksize || s->windowsize || s->tsize)) {
		if (s->blksize && asked_for(s, "blksize"))
			x->blksize = least(asked_for(s, "blksize"), s->blksize);
		if (s->windowsize && asked_for(s, "windowsize"))
			x->windowsize = least(asked_for(s, "windowsize"), s->windowsize);
		say_oack(s, x);
	} else {
		x->greeted = true;
		say_window(s, x);
	}
}

/* The block in the window that has this number; 0 for none, acked for what was acknowledged. */
static void ack(struct tftp_server *s, struct tftp_transfer *x, uint16_t block)
{
	uint64_t acked = x->acked;

	if (s->mute_at && x->acked >= s->mute_at)
		return;
	if (!x->greeted && block != 0)
		return;
	for (uint64_t n = x->windowsize; n > 0; n--)
		if (x->greeted && number(s, x->acked + n) == block) {
			acked = x->acked + n;
			break;
		}
	if (acked == x->acked && (x->greeted || block != 0) &&
	    (!s->apprentice || block != number(s, x->acked)) && x->windowsize == 1)
		return; /* RFC 1123 4.2.3.1 */
	if (acked == x->acked && x->greeted && block != number(s, x->acked))
		return;
	if (acked == x->acked && x->greeted && s->every_ms) /* it is at work */
		return;
	x->greeted = true;
	x->acked = acked;
	x->repeats = 0;
	x->whole = x->acked == blocks(s, x);
	x->open = !x->whole;
	if (x->open && s->every_ms)
		x->due_ms = clock_now_ms() + s->every_ms;
	else if (x->open)
		say_window(s, x);
}

static void hear(struct tftp_server *s, const uint8_t *frame, uint32_t len)
{
	uint16_t port = get_be16(frame + UDP_AT + 2);
	uint32_t ip = get_be32(frame + 30), i = port - (uint32_t)TFTP_SERVER_PORT_FIRST;
	const uint8_t *data = frame + DATA_AT;

	s->heard++;
	len = get_be16(frame + UDP_AT + 4) - 8u;
	if (ip == s->silent_ip)
		return;
	if (port == 69)
		request(s, ip, get_be16(frame + UDP_AT), data, len);
	else if (get_be16(data) == 4 && i < s->transfers && s->transfer[i].open)
		ack(s, &s->transfer[i], get_be16(data + 2));
	else if (get_be16(data) == 5) {
		s->error = get_be16(data + 2);
		if (i < s->transfers)
			s->transfer[i].open = false;
	}
}

static void client_sent(void *ctx, const uint8_t *frame, uint32_t len)
{
	struct tftp_server *s = ctx;
	uint16_t port = get_be16(frame + UDP_AT + 2);

	if (get_be16(frame + 12) == 0x0800 && frame[23] == 17 &&
	    (port == 69 || (port >= TFTP_SERVER_PORT_FIRST &&
			    port < TFTP_SERVER_PORT_FIRST + TFTP_SERVER_TRANSFERS)))
		pass_on(s, CLIENT, frame, len);
	else if (s->tx)
		s->tx(s->tx_ctx, frame, len);
}

/* --- time ------------------------------------------------------------------------------------- */

void tftp_server_poll(struct tftp_server *s)
{
	for (struct tftp_transfer *x = s->transfer; x < s->transfer + s->transfers; x++) {
		if (!x->open || !clock_reached(clock_now_ms(), x->due_ms) ||
		    (s->mute_at && x->acked >= s->mute_at))
			continue;
		if (x->repeats++ > 30)
			x->open = false;
		else if (x->greeted)
			say_window(s, x);
		else
			say_oack(s, x);
	}
}

void tftp_server_open(struct tftp_server *s, struct fake_nic *nic)
{
	memset(s, 0, sizeof(*s));
	s->nic = nic;
	s->timeout_ms = 1000;
	s->seed = 1;
	s->error = 0xffff;
	s->tx = nic->tx;
	s->tx_ctx = nic->tx_ctx;
	nic->tx = client_sent;
	nic->tx_ctx = s;
}
