/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TFTP transfer under packets, time and calls of the input's choice. As long as blocks come from
 * the file, wherever in it and in whatever order, the user gets its bytes, each once and in order;
 * what anybody but the peer says changes nothing; what we send is right, and not more than is due.
 * fuzz: -max_len=250
 */
#include "arch/hosted/hosted.h"
#include "core/clock.h"
#include "core/wire.h"
#include "net/tftp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

#define TID 4711
#define NAME "boot/file"

static struct stage stage;
static struct input in;
static struct tftp t;
static uint64_t file_len, got, block; /* block: the newest in order, counted without end */
static uint32_t begins, received, sent, polls;
static bool raw, wraps_to_1; /* raw: a block came that is none of the file's */
static int refuse;
static uint16_t our_port;
static uint8_t newest[48]; /* the packet that was sent last, from its IPv4 header on */

/* --- the user --------------------------------------------------------------------------------- */

static int begin(void *ctx, uint64_t size)
{
	must(ctx == &t && !begins++ && !got, "a file that begins twice");
	must(size == t.size && size, "another size than is known");
	return refuse == 1 ? ERR_NO_SPACE : 0;
}

static int data(void *ctx, uint64_t off, struct span bytes)
{
	must(ctx == &t && begins == 1, "bytes before the beginning");
	must(off == got && off == t.off, "bytes that are not the next ones");
	must(bytes.len && bytes.len <= t.blksize, "a block of no length, or a longer one");
	must(bytes.len <= t.size - off, "more bytes than were announced");
	must(raw || pattern_is(bytes.at, off, bytes.len), "bytes that are not the file's");
	if (refuse == 2)
		return ERR_FORMAT;
	got += bytes.len;
	block++;
	return 0;
}

/* --- what leaves ------------------------------------------------------------------------------ */

static void check_request(const uint8_t *p, uint32_t len)
{
	static const char mode[] = NAME "\0octet";

	must(t.state == TFTP_ASKING && len <= 512, "a request in the middle");
	must(len >= 2 + sizeof(mode) && !memcmp(p + 2, mode, sizeof(mode)), "not the file's name");
	must(!p[len - 1], "a request without its end");
	must(!t.bare || len == 2 + sizeof(mode), "options that the server does not like");
}

static void check_sent(void *ctx, const uint8_t *frame, uint32_t len)
{
	const uint8_t *udp = frame + 34, *p = udp + 8;
	uint16_t to = get_be16(udp + 2);

	(void)ctx;
	if (get_be16(frame + 12) != 0x0800 || frame[23] != 17)
		return;
	must(get_be32(frame + 30) == PEER_IP, "a packet to somebody else");
	must(get_be16(udp + 4) <= len - 34, "a datagram longer than its frame");
	len = get_be16(udp + 4) - 8u;
	memcpy(newest, frame + 14, sizeof(newest));
	our_port = get_be16(udp);
	sent++;
	switch (get_be16(p)) {
	case 1:
		must(to == 69, "a request to another port");
		check_request(p, len);
		break;
	case 4:
		must(len == 4 && to == t.peer_port, "an ACK to a stranger");
		must(get_be16(p + 2) == t.last, "an ACK of another block");
		must(t.state == TFTP_READING || t.state == TFTP_DONE, "an ACK out of time");
		break;
	default:
		must(get_be16(p) == 5 && len > 4 && !p[len - 1], "a packet of no kind");
	}
}

/* --- what arrives ----------------------------------------------------------------------------- */

static void arrive(uint32_t ip, uint16_t port, const uint8_t *packet, uint32_t len)
{
	static uint8_t frame[FAKE_NIC_FRAME_MAX];

	received++;
	stage_rx(&stage, frame, frame_udp(frame, ip, port, OUR_IP, our_port, packet, len));
}

static void say(const uint8_t *packet, uint32_t len)
{
	arrive(PEER_IP, t.peer_port ? t.peer_port : TID, packet, len);
}

static uint16_t number(uint64_t n)
{
	if (n < 65536)
		return (uint16_t)n;
	return (uint16_t)(wraps_to_1 + (n - 65536) % (65536u - wraps_to_1));
}

/* A block of the file, from near the newest one. */
static void say_block(void)
{
	uint32_t blksize = t.blksize ? t.blksize : 512;
	uint64_t n = block + (uint64_t)(int64_t)(int8_t)take(&in, 1), off;
	uint8_t packet[4 + 4096] = { 0, 3 };
	uint32_t len;

	if (n - 1 > file_len / blksize) /* there is none; or block 0, by wrapping */
		return;
	if (t.windowsize < 2 && n > block + 1) /* nobody asked for it, and 1 may be told from 0 */
		return;
	off = (n - 1) * blksize;
	len = file_len - off < blksize ? (uint32_t)(file_len - off) : blksize;
	put_be16(packet + 2, number(n));
	memcpy(packet + 4, pattern_at(off, len), len);
	say(packet, 4 + len);
}

static void say_wrong_block(void)
{
	uint8_t packet[4 + 1500] = { 0, 3 };
	uint32_t len = take(&in, 2) % 1500;

	put_be16(packet + 2, (uint16_t)(t.last + take(&in, 1) - 2));
	raw = true;
	say(packet, 4 + len);
}

static uint32_t add(char *at, const char *name, uint32_t value)
{
	return (uint32_t)sprintf(at, "%s%c%u", name, 0, (unsigned)value) + 1;
}

/* What an honest server may take, and what it may not. */
static void say_oack(void)
{
	uint32_t choices = take(&in, 1), len = 2;
	uint8_t packet[200] = { 0, 6 };
	char *p = (char *)packet;

	if (choices & 1)
		len += add(p + len, "blksize", choices & 2 ? take(&in, 2) : t.asked.blksize);
	if (choices & 4)
		len += add(p + len, "WindowSize", choices & 8 ? take(&in, 1) : t.asked.windowsize);
	if (choices & 16)
		len += add(p + len, "tsize",
			   (uint32_t)file_len + (choices & 32 ? take(&in, 1) - 128 : 0));
	say(packet, len);
}

/* The packet by itself, where it ends. */
static void read_packet(struct span packet)
{
	const struct tftp_options most = { 1468, 16, true };
	struct tftp_options agreed;
	char text[TFTP_TEXT_MAX];
	uint64_t size;

	switch (tftp_opcode(packet)) {
	case TFTP_OACK:
		if (!tftp_oack_read(packet, &most, &agreed, &size))
			break;
		must(agreed.blksize <= 1468 && agreed.windowsize <= 16, "more than was offered");
		must(agreed.tsize == (size != TFTP_SIZE_UNKNOWN), "a size that nobody said");
		break;
	case TFTP_ERROR:
		tftp_error_read(packet, text);
		for (size_t i = 0; i < strnlen(text, sizeof(text)); i++)
			must(text[i] >= ' ' && text[i] <= '~', "a control byte in a text");
		must(strnlen(text, sizeof(text)) < sizeof(text), "a text without its end");
		break;
	default:
		break;
	}
}

static void say_bytes(uint8_t opcode, uint32_t ip, uint16_t port)
{
	struct span bytes = take_span(&in, take(&in, 1));
	uint8_t *packet = malloc(2 + bytes.len); /* exact */

	packet[0] = 0;
	packet[1] = opcode;
	memcpy(packet + 2, bytes.at, bytes.len);
	read_packet((struct span){ packet, 2 + bytes.len });
	arrive(ip, port, packet, 2 + bytes.len);
	free(packet);
}

/* Anybody but the peer, once there is one. */
static void say_as_stranger(void)
{
	enum tftp_state state = t.state;
	uint64_t off = t.off;
	uint32_t choices = take(&in, 1);

	if (!t.peer_port)
		return;
	say_bytes(3 + choices % 4, choices & 8 ? FAR_IP : PEER_IP,
		  (uint16_t)(choices & 8 ? t.peer_port : t.peer_port + 1));
	must(t.state == state && t.off == off, "a stranger was believed");
}

static void say_unreachable(void)
{
	uint32_t code = take(&in, 1) % 16;
	uint8_t message[36], frame[100];

	received++;
	packet_icmp(message, 3, (uint8_t)code, 0, newest, 28);
	stage_rx(&stage, frame, frame_ipv4(frame, PEER_IP, OUR_IP, 1, message, sizeof(message)));
}

static void pass(uint32_t ms)
{
	while (ms--) {
		stage_pass(&stage, 1);
		tftp_poll(&t, clock_now_ms());
		polls++;
	}
}

/* --- a run ------------------------------------------------------------------------------------ */

static void step(void)
{
	uint32_t choices = take(&in, 1);

	switch (choices % 11) {
	case 0:
		pass(choices & 0x80 ? 20 * take(&in, 1) : take(&in, 1) % 64);
		break;
	case 1:
		say_oack();
		break;
	case 2:
		say_bytes(6, PEER_IP, t.peer_port ? t.peer_port : TID);
		break;
	case 3:
	case 4:
	case 5:
		say_block();
		break;
	case 6:
		say_wrong_block();
		break;
	case 7:
		say_bytes(5, PEER_IP, t.peer_port ? t.peer_port : TID);
		break;
	case 8:
		say_as_stranger();
		break;
	case 9:
		say_unreachable();
		break;
	case 10:
		tftp_more(&t);
		received++;
		break;
	}
}

/* What holds between any two steps. */
static void check(void)
{
	must(t.off == got, "bytes that nobody got");
	must(t.state != TFTP_READING || (t.blksize >= 8 && t.blksize <= 4092 && t.windowsize),
	     "an agreement that nobody can keep");
	must(t.state != TFTP_DONE || t.request.size_only || t.size == TFTP_SIZE_UNKNOWN ||
		     t.off == t.size,
	     "a file of another length than its size is done");
	must((t.state == TFTP_FAILED) == (t.cause != TFTP_NO_CAUSE && t.err < 0),
	     "a failure without a reason");
	/* An answer, or an ERROR and a request; and by the clock ten in a second at the most. */
	must(sent <= 2 + 2 * received + polls / 90, "more packets than are due");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct tftp_sink sink = { .begin = begin, .data = data, .ctx = &t };
	struct tftp_request request = { .server = PEER_IP, .port = 69, .name = NAME };
	uint32_t choices;

	in = (struct input){ bytes, len };
	choices = take(&in, 2);
	request.pull = choices & 1;
	request.size_only = choices & 2;
	request.windowsize = (uint16_t)(choices >> 2 & 15);
	request.blksize = choices & 0x40 ? (uint16_t)take(&in, 2) : 0;
	wraps_to_1 = choices & 0x80 && request.windowsize < 2;
	refuse = choices >> 8 & 7;
	file_len = take(&in, choices & 0x1000 ? 3 : 2);
	if (choices & 0x800)
		file_len += UINT64_C(70000) * 4096;
	got = block = 0;
	begins = received = sent = polls = 0;
	raw = false;
	memset(&t, 0, sizeof(t));
	stage_open_configured(&stage);
	stage.fake.tx = check_sent;
	tftp_start(&t, &stage.net, &request, &sink);
	if (choices & 0x800) { /* shortly before the numbers wrap, once a block has come */
		step();
		step();
		if (t.state == TFTP_READING && t.has_data) {
			t.last = (uint16_t)(65535 - (choices >> 13));
			block = t.last;
			t.off = got = block * t.blksize;
			t.run = 0;
		}
	}
	while (in.left) {
		step();
		check();
	}
	pass(500);
	check();
	must(raw || t.state != TFTP_DONE || request.size_only || got == file_len ||
		     t.size != TFTP_SIZE_UNKNOWN,
	     "half a file");
	tftp_abort(&t, TFTP_NOT_DEFINED, "over");
	must(!t.socket.open, "a socket that nobody closes");
	stage_close(&stage);
	return 0;
}
