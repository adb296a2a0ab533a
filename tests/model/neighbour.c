/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers on the model device's wire. The frames it sees are conform's; what it sends is right, as
 * far as it goes.
 */
#include "tests/model/neighbour.h"

#include <stdio.h>
#include <string.h>

#include "core/wire.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

static struct neighbour neighbour;
static uint8_t record[1 << 20];
static size_t record_len;

bool program_records(void)
{
	record_len = 0;
	return neighbour.records;
}

void program_record(const void *bytes, size_t len)
{
	if (len > sizeof(record) - record_len)
		return;
	memcpy(record + record_len, bytes, len);
	record_len += len;
}

const uint8_t *neighbour_record(size_t *len)
{
	*len = record_len;
	return record;
}

/* This port has no configuration of its own: skiff-conform's is what the test says. */
int boot_config_each(boot_config_fn each, void *ctx, struct failure *f)
{
	static const char ip[] = "10.0.2.15/24 10.0.2.2";
	int err = each(ctx, "test", "ip", ip, sizeof(ip) - 1);

	(void)f;
	for (const char *const *key = neighbour.keys; key && *key && !err; key += 2)
		err = each(ctx, "test", key[0], key[1], (uint32_t)strlen(key[1]));
	return err;
}

static void deliver(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	if (!device_passes(&n->device, frame))
		return;
	n->number++;
	if (n->deliver)
		n->deliver(n, frame, len);
	else
		(void)device_receive(&n->device, NULL, frame, len);
}

static void answer_arp(struct neighbour *n, const uint8_t *frame)
{
	uint8_t packet[28], answer[60];
	const uint8_t *arp = frame + 14;

	if (get_be16(arp + 6) != 1 || get_be32(arp + 24) != PEER_IP)
		return;
	packet_arp(packet, 2, peer_mac, PEER_IP, frame + 6, get_be32(arp + 14));
	deliver(n, answer, packet_eth(answer, frame + 6, peer_mac, 0x0806, packet, sizeof(packet)));
}

static void answer_echo(struct neighbour *n, const uint8_t *frame, const uint8_t *icmp,
			uint32_t len)
{
	uint8_t message[2000], packet[2048], answer[2100];
	uint32_t l3;

	if (icmp[0] != 8)
		return;
	packet_icmp(message, 0, 0, get_be32(icmp + 4), icmp + 8, len - 8);
	l3 = packet_ipv4(packet, PEER_IP, OUR_IP, 1, message, len);
	deliver(n, answer, packet_eth(answer, frame + 6, peer_mac, 0x0800, packet, l3));
}

/* RFC 9293, 3.10.7.1: nobody listens; all of the segment is acknowledged. */
static void answer_segment(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	uint8_t answer[100];
	struct segment s;

	if (segment_read(&s, frame, len) || s.flags & (RST | ACK))
		return;
	struct segment rst = {
		.src = s.dst,
		.dst = s.src,
		.src_port = s.dst_port,
		.dst_port = s.src_port,
		.seq = 0,
		.ack = s.seq + s.len + !!(s.flags & SYN),
		.flags = 0x14,
	};
	memcpy(rst.dst_mac, frame + 6, 6);
	memcpy(rst.src_mac, peer_mac, 6);
	deliver(n, answer, segment_write(answer, &rst));
}

static void answer_ipv6(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	uint8_t answer[1514];
	uint32_t answer_len = neighbour6_answer(&n->v6, frame, len, answer);

	if (answer_len)
		deliver(n, answer, answer_len);
}

static void answer(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + 14;

	if (len < 60)
		return;
	if (get_be16(frame + 12) == 0x0806)
		answer_arp(n, frame);
	else if (get_be16(frame + 12) == 0x0800 && ip[9] == 1)
		answer_echo(n, frame, ip + 20, get_be16(ip + 2) - 20u);
	else if (get_be16(frame + 12) == 0x0800 && ip[9] == 6)
		answer_segment(n, frame, len);
	else if (get_be16(frame + 12) == 0x86dd)
		answer_ipv6(n, frame, len);
}

static void idle(void *ctx)
{
	struct neighbour *n = ctx;

	if (n->on_idle)
		n->on_idle(n);
	for (; n->seen != n->device.sent_count; n->seen++) {
		const struct device_sent *sent = &n->device.sent[n->seen % DEVICE_SENT_MAX];
		uint8_t frame[DEVICE_FRAME_MAX];

		memcpy(frame, sent->frame, sent->len);
		if (!n->silent && n->device.status & VIRTIO_CONFIG_S_DRIVER_OK)
			answer(n, frame, sent->len);
	}
}

struct neighbour *neighbour_new(void)
{
	hosted_reset();
	memset(&neighbour, 0, sizeof(neighbour));
	device_init(&neighbour.device);
	return &neighbour;
}

void neighbour_run(struct neighbour *n)
{
	device_probe(&n->device);
	device_attach(&n->device);
	hosted_idle_hook(idle, n);
	n->verdict = conform_run(&n->conform, DEVICE_FN, "00:03.0");
}

const char *neighbour_broken(const struct neighbour *n)
{
	static char words[ROWS * 8];
	size_t len = 0;

	words[0] = '\0';
	for (unsigned row = 0; row < ROWS; row++)
		for (unsigned level = 0; level <= LEVEL_REPORT; level++)
			if (row_set_has(n->conform.report.broken[level], row))
				len += (size_t)sprintf(words + len, "%s ", row_texts[row].id);
	return words;
}

bool neighbour_tells(const struct neighbour *n, const char *words)
{
	static char text[1 << 18];
	size_t len = 0;

	(void)n;
	for (const char *at = hosted_output(); *at && len + 1 < sizeof(text); at++) {
		char c = *at == '\n' || *at == '\r' ? ' ' : *at;

		if (c != ' ' || !len || text[len - 1] != ' ')
			text[len++] = c;
	}
	text[len] = '\0';
	return strstr(text, words) != NULL;
}

bool neighbour_says(const struct neighbour *n, const char *begin, const char *row,
		    const char *scene)
{
	char line[400], *end;
	const char *at = hosted_output();

	(void)n;
	for (; *at; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		end = strstr(line, row);
		if (strncmp(line, begin, strlen(begin)) == 0 && end && end[strlen(row)] == ' ' &&
		    strstr(line, scene))
			return true;
	}
	return false;
}
