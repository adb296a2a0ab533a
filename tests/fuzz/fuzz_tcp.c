/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP under segments and time of the input's choice. Whoever sends has the right bytes at each
 * offset of the stream, or a wrong checksum: so what the user gets is the pattern, each byte once
 * and in order, or the connection ends. What our side sends is read by a second hand, and is held
 * against what it may say. fuzz: -max_len=600
 */
#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "net/tcp/tcp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

#define SLOTS 4 /* connections in the life of one input */
#define STORE (256u << 10)
#define SERVER_PORT 80
#define REQUEST_LEN 3000
#define END_MAX_S (8 * 60) /* seven tries, the last of them a minute apart (RFC 6298 2.5) */

/* One connection: its user, and what both ends have said. */
struct slot {
	struct tcp_user user;
	struct tcp_conn *c; /* NULL: its user has left it */
	uint64_t base;      /* byte 0 of its stream is this one of the pattern */
	uint64_t got, place_from, place_to;
	uint16_t port;
	uint32_t irs, iss, ack, edge;
	bool acked;
	uint32_t asked; /* bytes handed to tcp_send() before the last call */
	uint8_t *store;
};

static struct stage stage;
static struct slot slot[SLOTS];
static unsigned slots;
static bool mute; /* nobody answers ARP */
static uint8_t stores[SLOTS][STORE];
static struct input in;

/* --- the user --------------------------------------------------------------------------------- */

static void land(struct slot *s)
{
	if (s->got >= s->place_from && s->got < s->place_to)
		tcp_land(s->c, s->store + s->got, (size_t)(s->place_to - s->got));
}

static void take_bytes(struct slot *s, const uint8_t *at, uint64_t off, uint64_t len)
{
	must(s->c, "bytes for a user who has left");
	must(len > 0 && off == s->got, "bytes out of order");
	must(pattern_is(at, s->base + off, len), "bytes that nobody sent");
	s->got += len;
}

static void landed(void *ctx, uint64_t off, uint32_t len)
{
	struct slot *s = ctx;

	must(off >= s->place_from && off + len <= s->place_to, "bytes landed where no place was");
	take_bytes(s, s->store + off, off, len);
}

static void delivered(void *ctx, uint64_t off, struct span data)
{
	take_bytes(ctx, data.at, off, data.len);
	land(ctx);
}

/* --- what leaves ------------------------------------------------------------------------------ */

static struct slot *slot_of(uint16_t port)
{
	for (unsigned i = slots; i > 0; i--)
		if (slot[i - 1].port == port)
			return &slot[i - 1];
	return NULL;
}

/* RFC 2018: what is reported is there, and will not be asked for again. */
static void check_sack(const struct slot *s, const struct segment *seg)
{
	for (uint32_t i = 0; i < seg->sacks; i++) {
		uint32_t from = seg->sack[i][0] - seg->ack, to = seg->sack[i][1] - seg->ack;

		must(from > 0 && from < to && to <= s->edge - seg->ack,
		     "a SACK block outside of the window");
		for (uint32_t j = 0; j < i; j++)
			must(seg->sack[j][1] - seg->ack < from || to < seg->sack[j][0] - seg->ack,
			     "SACK blocks that touch");
		from = seg->sack[i][0] - s->irs - 1;
		to = seg->sack[i][1] - s->irs - 1;
		must(from >= s->place_from && to <= s->place_to, "a SACK block that has no place");
		must(pattern_is(s->store + from, s->base + from, to - from),
		     "a SACK block of bytes that nobody sent");
	}
}

/* Its bytes are those of the request, at their number. */
static void check_request(const struct slot *s, const struct segment *seg)
{
	uint32_t off = seg->seq - s->iss - 1;

	must(seg->len == 0 || off + seg->len <= s->asked + REQUEST_LEN, "more than was to be sent");
	must(pattern_is(seg->data, off, seg->len), "a request that is another one");
}

static void check_segment(struct slot *s, const struct segment *seg)
{
	uint32_t shift = s->c ? s->c->rcv_shift : 0,
		 edge = seg->ack + ((uint32_t)seg->wnd << shift);

	if (seg->flags & SYN) {
		s->iss = seg->seq;
		s->acked = false;
		return;
	}
	check_request(s, seg);
	if (!(seg->flags & ACK) || (seg->flags & RST) || !s->c)
		return;
	s->irs = s->c->irs;
	/* What has landed is acknowledged before its user is told. */
	must(seg->ack - s->irs - 1 <= s->got + s->c->landed_len + 1,
	     "an acknowledgement of bytes that have not come");
	must(!s->acked || (int32_t)(seg->ack - s->ack) >= 0, "an acknowledgement that goes back");
	must(!s->acked || (int32_t)(edge - s->edge) >= 0, "a window whose right edge goes back");
	/* Before, another SYN may be believed: with this one's number, and other options. */
	s->acked = s->c->state > TCP_SYN_RECEIVED;
	s->ack = seg->ack;
	s->edge = edge;
	check_sack(s, seg);
}

static void sent(void *ctx, const uint8_t *frame, uint32_t len)
{
	uint8_t reply[64], arp[28];
	struct segment seg;
	struct slot *s;
	const char *wrong;

	(void)ctx;
	if (get_be16(frame + 12) == 0x0806) {
		if (mute || get_be16(frame + 20) != 1)
			return;
		len = packet_arp(arp, 2, peer_mac, get_be32(frame + 38), our_mac, OUR_IP);
		fake_nic_receive(&stage.fake, reply,
				 packet_eth(reply, our_mac, peer_mac, 0x0806, arp, len));
		return;
	}
	if (frame[23] != IPV4_PROTO_TCP)
		return;
	wrong = segment_read(&seg, frame, len);
	must(!wrong, wrong);
	s = slot_of(seg.src_port);
	if (s && seg.dst_port == SERVER_PORT)
		check_segment(s, &seg);
}

/* --- what arrives ----------------------------------------------------------------------------- */

/* All that has come, in batches of what the nic can hold. */
static void poll(void)
{
	int frames;

	do {
		frames = net_poll(&stage.net);
		must(frames >= 0, "a nic that cannot break is broken");
	} while (frames);
}

static void put(const struct segment *s, uint32_t damage)
{
	static uint8_t frame[SEGMENT_FRAME_MAX];
	uint32_t len = segment_write(frame, s), verdict = damage & 7, bit;
	struct fake_frame *f;

	if (verdict == 1) { /* one bit of it, behind the Ethernet header: a checksum sees that */
		bit = 14 * 8 + (damage >> 3) % (8 * (40 + s->len));
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	f = fake_nic_receive(&stage.fake, frame, len);
	if (verdict == 2) { /* the device has looked, and the field may hold anything */
		put_be16(f->bytes + SEGMENT_L4 + 16, (uint16_t)(damage >> 3));
		f->csum = CSUM_VOUCHED;
	} else if (verdict == 3) {
		f->csum = CSUM_PARTIAL;
		f->csum_start = SEGMENT_L4;
		f->csum_offset = 16;
	} else if (verdict == 4) {
		f->csum = CSUM_BAD;
	}
}

/*
 * Which byte of the stream the segment's first one is; below 0 for what is older than the stream.
 */
static uint64_t stream_off(const struct tcp_conn *c, const struct segment *seg)
{
	if (!c || c->state == TCP_SYN_SENT || (seg->flags & SYN))
		return 0; /* of a SYN that is believed; others are not looked at */
	return c->rcv_off + (uint64_t)(int64_t)(int32_t)(seg->seq - c->rcv_nxt);
}

/* A segment of the server's to a connection, old or new; bytes of the stream are the right ones. */
static void put_segment(struct slot *s, uint32_t kind)
{
	static const uint16_t flags[] = { ACK, ACK | PSH, ACK | FIN, SYN | ACK, SYN,
					  RST, RST | ACK, FIN,       ACK | URG, 0 };
	static const uint32_t lens[] = { 0, 1, 7, 8, 100, 536, 1460, 4000 };
	const struct tcp_conn *c = s->c;
	uint8_t options[40];
	struct span given = { options, 0 };
	struct segment seg = {
		.src = PEER_IP,
		.dst = OUR_IP,
		.src_port = SERVER_PORT,
		.dst_port = s->port,
		.flags = flags[take(&in, 1) % ARRAY_LEN(flags)],
		.wnd = (uint16_t)take(&in, 2),
	};
	uint32_t damage = take(&in, 2), next = c ? c->rcv_nxt : s->ack,
		 una = c ? c->snd_una : s->iss + 1;

	memcpy(seg.dst_mac, our_mac, 6);
	memcpy(seg.src_mac, peer_mac, 6);
	seg.len = lens[kind >> 3 & 7] + (kind & 0x40 ? take(&in, 1) : 0);
	seg.seq = next + (kind & 1 ? (uint32_t)(int16_t)take(&in, 2) : 0);
	seg.ack = seg.flags & ACK ? una + (kind & 2 ? (uint32_t)(int8_t)take(&in, 1) :
					   c        ? c->snd_nxt - una :
						      0) :
				    0;
	if (kind & 4) {
		given = take_span(&in, take(&in, 1) % 41);
		memcpy(options, given.at, given.len);
		seg.options = options;
		seg.options_len = given.len;
	}
	if ((kind & 0x80) && !(seg.flags & SYN))
		seg.seq += take(&in, 4);
	if ((seg.flags & SYN) && c && c->state <= TCP_SYN_RECEIVED)
		seg.seq = take(&in, 4); /* the stream begins here, if it is believed */
	seg.data = pattern_at(s->base + stream_off(c, &seg), seg.len);
	put(&seg, damage);
	while ((seg.flags & (SYN | RST)) && stage.fake.rx_first)
		poll(); /* what follows has to know whether it was */
}

/* ICMP about a segment of ours: unreachable, or too big. */
static void put_icmp(const struct slot *s)
{
	uint8_t frame[128], quote[28] = { 0x45, 0, 0, 40 };
	uint32_t type = take(&in, 1) % 16, code = take(&in, 1) % 16, word = take(&in, 2), len;

	quote[9] = IPV4_PROTO_TCP;
	put_be32(quote + 12, OUR_IP);
	put_be32(quote + 16, PEER_IP);
	put_be16(quote + 20, s->port);
	put_be16(quote + 22, SERVER_PORT);
	put_be32(quote + 24, (s->c ? s->c->snd_una : s->iss) + take(&in, 1) % 4);
	len = packet_icmp(frame + 34, (uint8_t)type, (uint8_t)code, word, quote, sizeof(quote));
	len = frame_ipv4(frame, PEER_IP, OUR_IP, IPV4_PROTO_ICMP, frame + 34, len);
	fake_nic_receive(&stage.fake, frame, len);
}

/* --- the user's calls ------------------------------------------------------------------------- */

static void open_connection(void)
{
	struct slot *s = &slot[slots];
	uint8_t *store = stores[slots];

	if (slots == SLOTS || (slots && slot[slots - 1].c))
		return;
	*s = (struct slot){ .store = store };
	s->user = (struct tcp_user){ .landed = landed, .data = delivered, .ctx = s };
	s->base = (UINT64_C(1) << 40) +
		  take(&in, 2) * UINT64_C(65537); /* so that bytes of earlier runs are wrong */
	s->place_from = take(&in, 1) * UINT64_C(4);
	s->place_to = s->place_from + (take(&in, 1) << 10);
	if (s->place_to > STORE)
		s->place_to = STORE;
	slots++;
	s->c = tcp_open(&stage.net, PEER_IP, SERVER_PORT, &s->user);
	must(s->c, "no connection although none has a user");
	land(s);
	s->port = (uint16_t)s->c->ports;
	s->iss = s->c->iss;
}

static void leave(struct slot *s, bool abort)
{
	struct tcp_conn *c = s->c;

	if (!c)
		return;
	must(c->rcv_off == s->got + c->landed_len,
	     "a connection that counts other bytes than its user");
	must(!c->fin_received || !c->fin_known || c->fin_off == s->got,
	     "the end of a stream that is not all there");
	s->ack = c->rcv_nxt;
	if (abort)
		tcp_abort(&stage.net, c);
	else
		tcp_close(&stage.net, c);
	s->c = NULL;
}

static void ask(struct slot *s)
{
	uint32_t len = 1 + take(&in, 2) % REQUEST_LEN;

	if (!s->c || !tcp_sent(s->c))
		return;
	s->asked = s->c->snd_nxt - s->c->iss - 1;
	tcp_send(&stage.net, s->c, (struct span){ pattern_at(s->asked, len), len });
}

static void pass(uint32_t ms)
{
	hosted_time_advance(ms);
	poll();
}

/*
 * A peer that says nothing more does not keep us: without progress everything is over in bounded
 * time.
 */
static void must_end(struct slot *s)
{
	uint32_t seconds;

	in.left = 0;
	for (seconds = 0;
	     seconds < END_MAX_S && s->c->state != TCP_CLOSED && s->c->state != TCP_CLOSE_WAIT;
	     seconds++)
		pass(1000);
	must(s->c->state == TCP_CLOSED || s->c->state == TCP_CLOSE_WAIT,
	     "a silent peer keeps the connection for ever");
	leave(s, false);
	for (seconds = 0; seconds < 200; seconds++)
		pass(1000);
	must(tcp_quiet(&stage.net), "something is on its way for ever");
}

static void step(struct slot *s)
{
	uint32_t op = take(&in, 1);

	switch (op & 15) {
	case 0:
		open_connection();
		break;
	case 1:
		pass(take(&in, 1));
		break;
	case 2:
		pass(take(&in, 2));
		break;
	case 3:
		ask(s);
		break;
	case 4:
		leave(s, op & 16);
		break;
	case 5:
		put_icmp(s);
		break;
	case 6:
		stage.fake.tx_buffers = op & 16 ? 0 : op & 32 ? 1 : UINT32_MAX;
		break;
	case 7:
		mute = op & 16;
		break;
	case 8:
		put_segment(&slot[(op >> 4) % slots], take(&in, 1));
		break;
	case 9:
	case 10:
	case 11:
		put_segment(s, take(&in, 1));
		break;
	default:
		put_segment(s, take(&in, 1));
		poll();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t choices;

	in = (struct input){ data, len };
	choices = take(&in, 1);
	slots = 0;
	mute = false;
	stage_open_configured(&stage);
	stage.fake.tx = sent;
	stage.fake.nic.rx_slots = choices & 1 ? 64 : choices & 2 ? 2 : 1024;
	hosted_random_seed(choices >> 2);
	open_connection();
	while (in.left)
		step(&slot[slots - 1]);
	poll();
	if ((choices & 0xc0) == 0xc0 && slot[slots - 1].c) {
		stage.fake.tx_buffers = UINT32_MAX;
		must_end(&slot[slots - 1]);
	}
	leave(&slot[slots - 1], true);
	stage_close(&stage);
	return 0;
}
