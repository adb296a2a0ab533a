/* SPDX-License-Identifier: BSD-2-Clause */
/* The fixture of test_tcp*.c; see tcp_lab.h. */
#include "tests/model/tcp_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"

#include <cmocka.h>

void lab_land(struct tcp_lab *lab)
{
	if (lab->got >= lab->place_from && lab->got < lab->place_to)
		tcp_land(lab->c, lab->store + lab->got, (size_t)(lab->place_to - lab->got));
}

static void landed(void *ctx, uint64_t off, uint32_t len)
{
	struct tcp_lab *lab = ctx;

	assert_true(len > 0 && off == lab->got && off + len <= lab->place_to);
	lab->got += len;
	lab->landings++;
	if (lab->told)
		lab->told(lab);
}

static void data(void *ctx, uint64_t off, struct span bytes)
{
	struct tcp_lab *lab = ctx;

	assert_true(bytes.len > 0 && off == lab->got && off + bytes.len <= LAB_STORE);
	memcpy(lab->store + off, bytes.at, bytes.len);
	lab->got += bytes.len;
	lab->deliveries++;
	if (lab->told)
		lab->told(lab);
	lab_land(lab);
}

int lab_setup(void **state)
{
	struct tcp_lab *lab = calloc(1, sizeof(*lab));

	hosted_reset();
	assert_non_null(lab);
	lab->net = calloc(1, sizeof(*lab->net));
	lab->store = calloc(1, LAB_STORE);
	assert_true(lab->net && lab->store);
	fake_nic_init(&lab->nic);
	net_init(lab->net, &lab->nic.nic, &lab->failure, 60000);
	lease_configure(lab->net, LAB_IP, 0xffffff00, LAB_PEER_IP, 0);
	fake_nic_forget_sent(&lab->nic);
	lab->user = (struct tcp_user){ .landed = landed, .data = data, .ctx = lab };
	lab->place_to = LAB_STORE;
	memcpy(lab->peer_mac, "\x52\x55\x0a\x00\x02\x02", 6);
	lab->peer_ip = LAB_PEER_IP;
	lab->peer_port = 80;
	lab->iss = LAB_ISS;
	*state = lab;
	return 0;
}

int lab_teardown(void **state)
{
	struct tcp_lab *lab = *state;

	fake_nic_free(&lab->nic);
	free(lab->net);
	free(lab->store);
	free(lab);
	return 0;
}

/* An ARP request is answered for any address of the link. */
static void answer_arp(struct tcp_lab *lab, const uint8_t *request)
{
	uint8_t reply[60] = { 0 };

	if (lab->mute_arp || request[21] != 1 || !memcmp(request + 28, request + 38, 4))
		return;
	memcpy(reply, request + 6, 6);
	memcpy(reply + 6, lab->peer_mac, 6);
	memcpy(reply + 12, request + 12, 8);
	reply[21] = 2;
	memcpy(reply + 22, lab->peer_mac, 6);
	memcpy(reply + 28, request + 38, 4);
	memcpy(reply + 32, request + 22, 10);
	fake_nic_receive(&lab->nic, reply, sizeof(reply));
}

/* Takes ARP out of what was sent, answers it; true if there was any. */
static bool serve_arp(struct tcp_lab *lab)
{
	struct fake_frame **f = &lab->nic.sent_first, *arp;
	bool any = false;

	while (*f) {
		if ((*f)->bytes[12] == 8 && (*f)->bytes[13] == 6) {
			arp = *f;
			*f = arp->next;
			answer_arp(lab, arp->bytes);
			free(arp);
			any = true;
		} else {
			f = &(*f)->next;
		}
	}
	lab->nic.sent_last = f;
	return any;
}

void lab_poll(struct tcp_lab *lab)
{
	do
		assert_true(net_poll(lab->net) >= 0);
	while (serve_arp(lab) || lab->nic.rx_first);
}

void lab_pass(struct tcp_lab *lab, uint32_t ms)
{
	while (ms--) {
		hosted_time_advance(1);
		lab_poll(lab);
	}
}

bool lab_next(struct tcp_lab *lab, struct segment *s)
{
	struct fake_frame *f = fake_nic_sent(&lab->nic);
	const char *wrong;
	uint32_t len;

	if (!f)
		return false;
	len = f->len;
	memcpy(lab->frame, f->bytes, len);
	free(f);
	wrong = segment_read(s, lab->frame, len);
	if (wrong)
		fail_msg("sent: %s", wrong);
	assert_int_equal(s->src, LAB_IP);
	assert_memory_equal(s->dst_mac, lab->peer_mac, 6);
	return true;
}

void lab_take(struct tcp_lab *lab, struct segment *s)
{
	if (!lab_next(lab, s))
		fail_msg("nothing was sent");
}

void lab_expect_silence(struct tcp_lab *lab)
{
	struct segment s;

	if (lab_next(lab, &s))
		fail_msg("sent: flags %x seq +%d ack +%d len %u", s.flags,
			 (int)(s.seq - lab->syn_seq), (int)(s.ack - lab->iss), s.len);
}

uint32_t lab_drain(struct tcp_lab *lab)
{
	struct segment s;
	uint32_t n = 0;

	while (lab_next(lab, &s))
		n++;
	return n;
}

uint32_t lab_drain_rst(struct tcp_lab *lab)
{
	struct segment s;
	uint32_t n = 0;

	while (lab_next(lab, &s))
		n += s.flags & RST ? 1 : 0;
	return n;
}

struct segment lab_segment(const struct tcp_lab *lab, uint16_t flags, uint64_t off, uint32_t ack)
{
	struct segment s = {
		.src = lab->peer_ip,
		.src_port = lab->peer_port,
		.dst = LAB_IP,
		.dst_port = lab->port,
		.seq = lab->iss + 1 + (uint32_t)off,
		.flags = flags,
		.wnd = 512,
		.ack = flags & ACK ? lab->syn_seq + 1 + ack : 0,
	};

	memcpy(s.dst_mac, lab->nic.nic.mac, 6);
	memcpy(s.src_mac, lab->peer_mac, 6);
	return s;
}

struct segment lab_data(const struct tcp_lab *lab, uint64_t off, uint32_t len)
{
	struct segment s = lab_segment(lab, ACK, off, lab->c->snd_una - lab->syn_seq - 1);

	s.data = pattern_at(off, len);
	s.len = len;
	return s;
}

struct fake_frame *lab_put(struct tcp_lab *lab, const struct segment *s)
{
	static uint8_t frame[SEGMENT_FRAME_MAX];
	uint32_t len = segment_write(frame, s);

	return fake_nic_receive(&lab->nic, frame, len);
}

void lab_send(struct tcp_lab *lab, const struct segment *s)
{
	lab_put(lab, s);
	lab_poll(lab);
}

void lab_open(struct tcp_lab *lab, struct segment *syn)
{
	lab->c = tcp_open(lab->net, lab->peer_ip, lab->peer_port, &lab->user);
	lab_land(lab);
	assert_non_null(lab->c);
	lab_poll(lab);
	lab_take(lab, syn);
	lab_expect_silence(lab);
	assert_int_equal(syn->flags, SYN);
	lab->syn_seq = syn->seq;
	lab->port = syn->src_port;
}

struct segment lab_syn_ack(const struct tcp_lab *lab)
{
	static const uint8_t options[] = { 2, 4, 1460 >> 8, 1460 & 255, 4, 2, 1, 3, 3, 7, 0, 0 };
	struct segment s = lab_segment(lab, SYN | ACK, 0, 0);

	s.seq = lab->iss;
	s.wnd = 65535;
	s.options = options;
	s.options_len = sizeof(options);
	return s;
}

void lab_connect(struct tcp_lab *lab)
{
	struct segment s;

	lab_open(lab, &s);
	s = lab_syn_ack(lab);
	lab_send(lab, &s);
	lab_take(lab, &s);
	assert_int_equal(s.flags, ACK);
	assert_int_equal(s.ack, lab->iss + 1);
	assert_int_equal(s.seq, lab->syn_seq + 1);
	assert_int_equal(lab->c->state, TCP_ESTABLISHED);
	lab_expect_silence(lab);
}

void lab_expect_got(struct tcp_lab *lab, uint64_t len)
{
	assert_int_equal(lab->got, len);
	assert_int_equal(lab->c->rcv_off, len);
	assert_true(pattern_is(lab->store, 0, len));
}

void lab_forget(struct tcp_lab *lab)
{
	size_t len = (size_t)lab->got + (1u << 20); /* and what was held, in any window */

	memset(lab->store, 0xcc, len < LAB_STORE ? len : LAB_STORE);
	lab->got = 0;
}
