/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire of world.h, and who answers ARP, DHCP and DNS on it. */
#include "tests/fuzz/world.h"

#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "net/dhcp_options.h"
#include "net/ipv4.h"
#include "tests/model/packets.h"

#define IDLE_MS 20
#define BOUND_MS (3600u * 1000) /* of one run; all that can be served comes in minutes */

/* --- the wire --------------------------------------------------------------------------------- */

/* The frame on the wire, or NULL: the memory of a switch was full. */
static struct world_frame *put_on(struct world *w, const uint8_t *frame, uint32_t len,
				  uint32_t delay_ms)
{
	struct world_frame *f;

	if (w->in_flight == WORLD_FLIGHT || len > sizeof(f->bytes))
		return NULL;
	f = &w->frame[w->in_flight++];
	f->due_ms = w->now_ms + delay_ms;
	f->len = len;
	memcpy(f->bytes, frame, len);
	return f;
}

/*
 * One byte of the input for each frame. Damage is one bit, which every checksum sees, and not in
 * the Ethernet header.
 */
void world_send(struct world *w, const uint8_t *frame, uint32_t len)
{
	uint32_t fate = take(w->in, 1), bit;
	struct world_frame *f;

	switch (fate >> 4) {
	case 15: /* lost */
		return;
	case 14: /* doubled */
		put_on(w, frame, len, fate & 15);
		break;
	case 13: /* late */
		put_on(w, frame, len, 1u << (fate & 15));
		return;
	case 12:
		bit = 14 * 8 + take(w->in, 2) % ((len - 14) * 8);
		f = put_on(w, frame, len, 0);
		if (f && !w->intact)
			f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		return;
	}
	put_on(w, frame, len, 0);
}

static void deliver_due(struct world *w)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->in_flight; i++) {
		struct world_frame *f = &w->frame[i];

		if ((int32_t)(w->now_ms - f->due_ms) >= 0) {
			w->deliver(w->ctx, f->bytes, f->len);
		} else if (kept++ != i) {
			w->frame[kept - 1] = *f;
		}
	}
	w->in_flight = kept;
}

/* --- ARP, DHCP, DNS --------------------------------------------------------------------------- */

static void answer_arp(struct world *w, const uint8_t *arp)
{
	uint8_t frame[64], reply[28];
	uint32_t wanted = get_be32(arp + 24);

	if (get_be16(arp + 6) != 1 || wanted == OUR_IP || take(w->in, 1) >= 0xf8)
		return;
	packet_arp(reply, 2, peer_mac, wanted, our_mac, get_be32(arp + 14));
	world_send(w, frame, packet_eth(frame, our_mac, peer_mac, 0x0806, reply, sizeof(reply)));
}

static uint32_t put_option(uint8_t *m, uint32_t len, uint8_t code, const void *value,
			   uint32_t value_len)
{
	m[len] = code;
	m[len + 1] = (uint8_t)value_len;
	memcpy(m + len + 2, value, value_len);
	return len + 2 + value_len;
}

static uint32_t put_ip_option(uint8_t *m, uint32_t len, uint8_t code, uint32_t ip)
{
	uint8_t value[4];

	put_be32(value, ip);
	return put_option(m, len, code, value, sizeof(value));
}

static uint32_t put_mtu_option(uint8_t *m, uint32_t len, uint32_t choice)
{
	static const uint16_t mtus[] = { 1500, 576, 68, 1400, 9000, 0, 575, 65535 };
	uint8_t value[2];

	put_be16(value, mtus[choice]);
	return put_option(m, len, DHCP_OPTION_MTU, value, sizeof(value));
}

/*
 * Options of a lease; first what the input wants to be there, which may be anything, then what is
 * useful.
 */
static uint32_t put_options(struct world *w, uint8_t *m, uint32_t len, uint8_t type)
{
	static const char *const files[] = { "http://10.0.2.2/f0", "http://" WORLD_NAME "/e0",
					     "http://192.0.2.7/r1", "pxelinux.0" };
	uint32_t choices = take(w->in, 1);
	struct span more = take_span(w->in, choices & 0x80 ? take(w->in, 1) : 0);
	const char *file = files[choices & 3];

	len = put_option(m, len, DHCP_OPTION_TYPE, &type, 1);
	memcpy(m + len, more.at, more.len);
	len += more.len;
	len = put_ip_option(m, len, DHCP_OPTION_SERVER, PEER_IP);
	len = put_ip_option(m, len, DHCP_OPTION_MASK, OUR_MASK);
	len = put_ip_option(m, len, DHCP_OPTION_ROUTER, PEER_IP);
	len = put_ip_option(m, len, DHCP_OPTION_DNS, WORLD_DNS_IP);
	len = put_option(m, len, DHCP_OPTION_BOOT_FILE, file, (uint32_t)strlen(file));
	if (choices & 0x40)
		len = put_mtu_option(m, len, choices >> 3 & 7);
	m[len++] = DHCP_OPTION_END;
	return len;
}

static void answer_dhcp(struct world *w, struct span m)
{
	uint8_t reply[1000], frame[1400], type;
	uint32_t len;

	if (m.len < DHCP_OPTIONS_OFF + 3)
		return;
	type = m.at[DHCP_OPTIONS_OFF + 2] == DHCP_DISCOVER ? DHCP_OFFER :
							     DHCP_ACK; /* it comes first */
	if (type == DHCP_ACK && take(w->in, 1) >= 0xf0)
		type = DHCP_NAK;
	memcpy(reply, m.at, DHCP_OPTIONS_OFF);
	reply[DHCP_OP_OFF] = 2;
	put_be32(reply + DHCP_YIADDR_OFF, OUR_IP);
	len = put_options(w, reply, DHCP_OPTIONS_OFF, type);
	world_send(w, frame, frame_udp(frame, PEER_IP, 67, OUR_IP, 68, reply, len));
}

static void answer_dns(struct world *w, const uint8_t *ip, uint16_t port, struct span m)
{
	uint8_t reply[600], frame[700];
	uint32_t choices = take(w->in, 1), len = m.len;

	if (len < 17 || len > 400)
		return;
	memcpy(reply, m.at, len);
	reply[2] |= choices & 0x80 ? 0x82 : 0x80;
	reply[3] = (uint8_t)(choices >> 4 & 7);
	put_be16(reply + 6, 1 + (choices & 3));
	for (len = 12; len < m.len && reply[len]; len += reply[len] + 1u)
		;
	len += 5; /* what else was asked is not looked at */
	put_be16(reply + 8, 0);
	put_be16(reply + 10, 0);
	for (uint32_t i = 0; i <= (choices & 3); i++) {
		put_be32(reply + len, 0xc00c0001);
		put_be32(reply + len + 4, 0x00010000);
		put_be32(reply + len + 8, 60u << 16 | 4);
		put_be16(reply + len + 6, 0);
		put_be16(reply + len + 8, 60);
		put_be16(reply + len + 10, 4);
		put_be32(reply + len + 12, i ? PEER_IP + 40 + i : FAR_IP);
		len += 16;
	}
	if (choices & 8) /* and bytes that are nothing */
		len += take(w->in, 1) % 50;
	world_send(w, frame, frame_udp(frame, get_be32(ip + 16), 53, OUR_IP, port, reply, len));
}

static void answer_udp(struct world *w, const uint8_t *ip, uint32_t len)
{
	const uint8_t *udp = ip + 20;
	struct span data = { udp + 8, len - 28 };

	must(packet_sum(packet_pseudo(get_be32(ip + 12), get_be32(ip + 16), 17, len - 20), udp,
			len - 20) == 0xffff,
	     "a wrong UDP checksum");
	if (get_be16(udp + 2) == 67)
		answer_dhcp(w, data);
	else if (get_be16(udp + 2) == 53)
		answer_dns(w, ip, get_be16(udp), data);
}

void world_rx(struct world *w, const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + 14;
	struct segment s;
	const char *wrong;
	uint32_t ip_len;

	must(len >= 60, "a runt");
	if (take(w->in, 1) >= 0xf0)
		return; /* lost */
	if (get_be16(frame + 12) == 0x0806) {
		answer_arp(w, ip);
		return;
	}
	ip_len = get_be16(ip + 2);
	must(get_be16(frame + 12) == 0x0800 && ip_len >= 28 && ip_len <= len - 14,
	     "a frame of a protocol that we do not speak");
	must(packet_sum(0, ip, 20) == 0xffff, "a wrong IPv4 checksum");
	if (ip[9] == IPV4_PROTO_UDP)
		answer_udp(w, ip, ip_len);
	if (ip[9] != IPV4_PROTO_TCP)
		return;
	wrong = segment_read(&s, frame, len);
	must(!wrong, wrong);
	world_web_rx(w, &s);
}

static void idle(void *ctx)
{
	struct world *w = ctx;

	w->now_ms += IDLE_MS;
	must(w->now_ms < BOUND_MS, "there is no end of it");
	world_web_poll(w);
	deliver_due(w);
	if (w->on_idle)
		w->on_idle(w->ctx);
}

void world_open(struct world *w, struct input *in, uint32_t salt)
{
	w->in = in;
	w->now_ms = w->in_flight = 0;
	w->salt = (uint64_t)salt * 65537;
	for (unsigned i = 0; i < WORLD_CONNS; i++)
		w->conn[i].used = false;
	for (unsigned i = 0; i < WORLD_FILES; i++)
		w->lens[i] = 0;
	hosted_idle_set(IDLE_MS);
	hosted_idle_hook(idle, w);
}

bool world_served(const struct world *w, const uint8_t *at, uint64_t len, unsigned *file)
{
	for (*file = 0; *file < WORLD_FILES; ++*file)
		for (unsigned i = 0; i < w->lens[*file]; i++)
			if (w->len[*file][i] == len &&
			    pattern_is(at, w->salt + *file * UINT64_C(4099), len))
				return true;
	return false;
}
