/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that land in the image: driver and TCP over a model device that does with posted buffers
 * what it may, by seeded chance: scribbles over all of them at any time, returns them in another
 * order, late, in batches; and a peer and a wire that lose, double, and cut. What TCP has accepted
 * is out of the device's reach at every moment, and right at the end.
 *
 * LANDINGS=1000000 in the environment: so many schedules in place of a second's worth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire.h"
#include "net/net.h"
#include "tests/model/lease.h"
#include "tests/model/rig.h"
#include "tests/model/segment.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define SCHEDULES 400
#define TURNS_MAX 20000
#define OUR_IP 0x0a00020f
#define PEER_IP 0x0a000202
#define PEER_ISS 0xfff80000u
#define MSS 1460
#define FULL (44 * MSS)
#define LONGEST (44 * MSS + 1000)
#define FILE_MAX (40 * FULL)
#define GUARD 65536 /* behind the file: nobody may land there */

static const uint8_t peer_mac[6] = { 0x52, 0x55, 0x0a, 0, 2, 2 };

struct bench {
	struct rig *rig;
	struct net net;
	struct tcp_conn *c;
	uint8_t *image;
	uint32_t random;
	uint32_t landed; /* large frames in buffers that were landings */

	/* How this schedule is unkind, in thousandths. */
	uint32_t loss, twice, shorter, longer, other, disorder, scribble, batch;

	/* The device's: what it has and has not returned, in the order in which it was posted. */
	struct device_chain have[VIRTIO_NET_RX_SLOTS];
	uint32_t count;

	/* The peer's. */
	uint32_t file_len, una, nxt, wnd, idle;
	uint16_t port;
	uint32_t ack; /* SND.NXT of ours */
	bool established;
};

static uint32_t chance(struct bench *b, uint32_t below)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 17;
	b->random ^= b->random << 5;
	return (b->random >> 8) % below;
}

static bool happens(struct bench *b, uint32_t thousandths)
{
	return chance(b, 1000) < thousandths;
}

/* --- the device ------------------------------------------------------------------------------- */

/* Offset in the image of a buffer's second piece; UINT32_MAX: it is the driver's own. */
static uint32_t place_of(const struct bench *b, const struct device_chain *chain)
{
	const uint8_t *at = hosted_dma(chain->piece[1].addr, chain->piece[1].len);

	assert_int_equal(chain->count, 2);
	assert_non_null(at);
	return at >= b->image && at < b->image + FILE_MAX ? (uint32_t)(at - b->image) : UINT32_MAX;
}

static void take_buffers(struct bench *b)
{
	while (device_pop(&b->rig->device, 0, &b->have[b->count]))
		b->count++;
}

/* To what is posted the device may write anything. */
static void scribble(struct bench *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		const struct device_piece *piece = &b->have[i].piece[1];
		uint32_t off = chance(b, piece->len), len = chance(b, piece->len - off) + 1;

		memset(hosted_dma(piece->addr + off, len), (int)chance(b, 256), len);
	}
}

/* [SEC-01]: no accepted byte, in order or not, where the device may still write. */
static void check_reach(struct bench *b)
{
	uint32_t off;

	take_buffers(b);
	for (uint32_t i = 0; i < b->count; i++) {
		off = place_of(b, &b->have[i]);
		if (off == UINT32_MAX)
			continue;
		assert_true(off >= b->c->rcv_off);
		assert_true(off + b->have[i].piece[1].len <= b->file_len);
		assert_int_equal(b->c->held_len, 0);
	}
}

static void receive(struct bench *b, const uint8_t header[12], const uint8_t *frame, uint32_t len)
{
	struct device *d = &b->rig->device;
	uint32_t i = 0;

	take_buffers(b);
	if (!b->count)
		return;
	if (happens(b, b->disorder))
		i = chance(b, b->count < 5 ? b->count : 5);
	b->landed += place_of(b, &b->have[i]) != UINT32_MAX && len > FULL;
	device_fill(d, &b->have[i], 0, header, 12);
	device_fill(d, &b->have[i], 12, frame, len);
	device_use(d, 0, b->have[i].head, 12 + len);
	memmove(&b->have[i], &b->have[i + 1], (--b->count - i) * sizeof(b->have[0]));
}

/* --- the peer --------------------------------------------------------------------------------- */

static void receive_segment(struct bench *b, uint16_t flags, uint32_t off, uint32_t len,
			    const uint8_t *options, uint32_t options_len)
{
	static uint8_t frame[SEGMENT_FRAME_MAX];
	uint8_t header[12] = {
		[0] = 1, [1] = 1, [4] = MSS & 255, [5] = MSS >> 8, [6] = 34, [8] = 16, [10] = 1
	};
	struct segment s = {
		.src = PEER_IP,
		.dst = OUR_IP,
		.src_port = 80,
		.dst_port = b->port,
		.seq = PEER_ISS + off,
		.ack = b->ack,
		.flags = flags,
		.wnd = 60000,
		.data = pattern_at(off - 1, len),
		.len = len,
		.options = options,
		.options_len = options_len,
	};

	memcpy(s.dst_mac, b->rig->nic->mac, 6);
	memcpy(s.src_mac, peer_mac, 6);
	receive(b, header, frame, segment_write(frame, &s));
}

static void answer_arp(struct bench *b, const uint8_t *request)
{
	static const uint8_t plain[12] = { [10] = 1 };
	uint8_t reply[60] = { 0 };

	if (request[21] != 1 || get_be32(request + 38) != PEER_IP)
		return;
	memcpy(reply, request + 6, 6);
	memcpy(reply + 6, peer_mac, 6);
	memcpy(reply + 12, request + 12, 8);
	reply[21] = 2;
	memcpy(reply + 22, peer_mac, 6);
	memcpy(reply + 28, request + 38, 4);
	memcpy(reply + 32, request + 22, 10);
	receive(b, plain, reply, sizeof(reply));
}

static void answer(struct bench *b, const uint8_t *frame)
{
	static const uint8_t options[] = { 2, 4, MSS >> 8, MSS & 255, 4, 2, 3, 3, 7, 0, 0, 0 };
	uint32_t ack = get_be32(frame + 42) - PEER_ISS - 1;

	if (frame[13] == 6) {
		answer_arp(b, frame);
	} else if (frame[23] == 6 && frame[47] & SYN) {
		b->port = get_be16(frame + 34);
		b->ack = get_be32(frame + 38) + 1;
		receive_segment(b, SYN | ACK, 0, 0, options, sizeof(options));
	} else if (frame[23] == 6 && frame[47] & ACK) {
		b->established = true;
		b->wnd = (uint32_t)get_be16(frame + 48) << TCP_WINDOW_SHIFT;
		if ((int32_t)(ack - b->una) > 0) {
			b->una = ack;
			b->idle = 0;
		}
		if ((int32_t)(b->nxt - b->una) < 0)
			b->nxt = b->una;
	}
}

static void turn(struct bench *b)
{
	struct device *d = &b->rig->device;
	unsigned sent = d->sent_count;

	device_show(d, 0);
	assert_true(net_poll(&b->net) >= 0);
	check_reach(b);
	for (; sent < d->sent_count; sent++)
		answer(b, d->sent[sent % DEVICE_SENT_MAX].frame);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t choose_len(struct bench *b)
{
	uint32_t room = b->una + b->wnd - b->nxt, left = b->file_len - b->nxt, len = FULL;

	if (happens(b, b->shorter))
		len = 1 + chance(b, FULL);
	else if (happens(b, b->longer))
		len = LONGEST;
	if ((int32_t)room < 0)
		room = 0;
	return smaller(smaller(len, left), room);
}

static void send_some(struct bench *b)
{
	static const uint8_t plain[12] = { [10] = 1 };
	uint32_t len = choose_len(b), off;

	if (happens(b, b->other)) /* nobody's, and not short */
		receive(b, plain, rig_frame(b->random, 60 + chance(b, 1400)), 60 + chance(b, 1400));
	if (happens(b, b->twice) && b->una) {
		off = chance(b, b->una);
		receive_segment(b, ACK, 1 + off, smaller(FULL, 1 + chance(b, b->nxt - off)), NULL,
				0);
	}
	if (++b->idle > 100) { /* the retransmission timer */
		b->idle = 0;
		b->nxt = b->una;
	}
	if (!len)
		return;
	if (!happens(b, b->loss))
		receive_segment(b, happens(b, 300) ? ACK | PSH : ACK, b->nxt + 1, len, NULL, 0);
	b->nxt += len;
}

/* --- a schedule ------------------------------------------------------------------------------- */

static void landed(void *ctx, uint64_t off, uint32_t len)
{
	const struct bench *b = ctx;

	assert_true(off + len <= b->file_len);
}

static void data(void *ctx, uint64_t off, struct span bytes)
{
	(void)ctx;
	(void)off;
	(void)bytes;
	assert_true(false); /* all have a place */
}

static void open_all(struct bench *b, const struct tcp_user *user)
{
	struct rig *r = b->rig = rig_new();

	hosted_dma_flat((struct extent){ b->image, FILE_MAX + GUARD });
	for (unsigned bit = 0; bit < 3; bit++)
		device_offer(&r->device, (const unsigned[]){ 1, 7, 28 }[bit]);
	r->options.tso = true;
	r->options.rx_slots = (uint16_t)(2 + chance(b, 24));
	assert_int_equal(rig_open(r), 0);
	assert_true(r->nic->lands);
	net_init(&b->net, r->nic, &r->failure, 60000);
	lease_configure(&b->net, OUR_IP, 0xffffff00, PEER_IP, 0);
	b->c = tcp_open(&b->net, PEER_IP, 80, user);
	assert_non_null(b->c);
	for (uint32_t i = 0; i < 100 && !b->established; i++)
		turn(b);
	assert_true(b->established);
	tcp_land(b->c, b->image, b->file_len);
	r->nic->landing = &b->c->landing;
}

static void choose_schedule(struct bench *b)
{
	b->file_len = 1 + chance(b, FILE_MAX);
	b->shorter = chance(b, 2) ? chance(b, 300) : 20;
	b->loss = chance(b, 3) ? 0 : chance(b, 50);
	b->twice = chance(b, 3) ? 0 : chance(b, 50);
	b->longer = chance(b, 3) ? 0 : chance(b, 50);
	b->other = chance(b, 3) ? 0 : chance(b, 100);
	b->disorder = chance(b, 3) ? 0 : chance(b, 500);
	b->scribble = chance(b, 100);
	b->batch = chance(b, 900);
}

static void run(struct bench *b)
{
	const struct tcp_user user = { landed, data, b };
	uint32_t turns = 0;

	choose_schedule(b);
	memset(b->image, 0xa5, FILE_MAX + GUARD);
	open_all(b, &user);
	for (; b->c->rcv_off < b->file_len; turns++) {
		assert_true(turns < TURNS_MAX);
		send_some(b);
		if (happens(b, b->scribble))
			scribble(b);
		if (!happens(b, b->batch))
			turn(b);
		if (happens(b, 20)) /* what was given up begins again, as with a new file */
			b->rig->nic->landing = &b->c->landing;
	}
	turn(b);
	scribble(b);
	assert_true(pattern_is(b->image, 0, b->file_len));
	for (uint32_t i = 0; i < GUARD; i++)
		assert_int_equal(b->image[b->file_len + i], 0xa5);
	for (uint32_t i = 0; i < b->count; i++)
		assert_int_equal(place_of(b, &b->have[i]), UINT32_MAX);
	assert_true(rig_end(b->rig));
}

static void what_landed_is_right_whatever_the_device_does(void **state)
{
	const char *more = getenv("LANDINGS");
	uint32_t schedules = more ? (uint32_t)atoi(more) : SCHEDULES, landings = 0;
	uint8_t *image = malloc(FILE_MAX + GUARD);
	struct bench *b = malloc(sizeof(*b));

	(void)state;
	assert_true(image && b);
	for (uint32_t seed = 1; seed <= schedules; seed++) {
		memset(b, 0, sizeof(*b));
		b->image = image;
		b->random = seed * 2654435761u;
		run(b);
		landings += b->landed;
	}
	assert_true(landings > 5 * schedules);
	free(b);
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_landed_is_right_whatever_the_device_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
