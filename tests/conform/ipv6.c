/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host of the link: ICMPv6 echo (RFC 4443, 4) to find somebody, Neighbor Advertisements (RFC
 * 4861, 7.2.4) to be found. Frames are private copies that anybody on the wire may have written;
 * their checksums are the judge's.
 */
#include "tests/conform/ipv6.h"

#include "core/csum.h"
#include "core/mem.h"
#include "core/random.h"
#include "net/eth.h"

#define ANSWER_MS 250
#define ASKED 2 /* times */
#define PROTO_ICMP 58
#define HOP_LIMIT 255 /* what solicitations and advertisements must have; others may */
#define ECHO_REQUEST 128
#define ECHO_REPLY 129
#define ECHO_LEN 16
#define SOLICITATION 135
#define SOLICITATION_LEN 24
#define ADVERTISEMENT 136
#define ADVERTISEMENT_LEN 32
#define SOLICITED 0x40
#define OVERRIDE 0x20
#define TARGET_LINK_LAYER 2 /* an option, whose length 1 is 8 bytes */

/* ff02::1, and its MAC (RFC 2464, 7) */
static const uint8_t all_nodes[IPV6_ADDRESS_LEN] = { 0xff, 2, [15] = 1 };
static const uint8_t all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };

/* --- sending -------------------------------------------------------------------------------- */

uint8_t *ipv6_tx_buffer(struct ipv6 *v6)
{
	uint8_t *packet = eth_tx_buffer(&v6->t->net);

	return packet ? packet + IPV6_HEADER_LEN : NULL;
}

static uint32_t pseudo_sum(const uint8_t *src, const uint8_t *dst, uint8_t proto, uint32_t len)
{
	return csum_add(dst, IPV6_ADDRESS_LEN, csum_add(src, IPV6_ADDRESS_LEN, proto + len));
}

uint32_t ipv6_pseudo_sum(const struct ipv6 *v6, uint8_t proto, uint32_t len)
{
	return pseudo_sum(v6->address, v6->peer, proto, len);
}

static void send(struct ipv6 *v6, const uint8_t *dst, const uint8_t *mac, uint8_t proto,
		 uint32_t len)
{
	uint8_t *packet = eth_tx_buffer(&v6->t->net);

	if (!packet)
		return;
	memset(packet, 0, 4);
	packet[0] = 6 << 4;
	put_be16(packet + 4, (uint16_t)len);
	packet[6] = proto;
	packet[7] = HOP_LIMIT;
	memcpy(packet + 8, v6->address, IPV6_ADDRESS_LEN);
	memcpy(packet + 24, dst, IPV6_ADDRESS_LEN);
	eth_tx_send(&v6->t->net, mac, ETH_TYPE_IPV6, IPV6_HEADER_LEN + len);
}

void ipv6_tx_send(struct ipv6 *v6, uint8_t proto, uint32_t len)
{
	send(v6, v6->peer, v6->peer_mac, proto, len);
}

/* The message stands in the buffer, its checksum 0. */
static void send_icmp(struct ipv6 *v6, const uint8_t *dst, const uint8_t *mac, uint8_t *message,
		      uint32_t len)
{
	uint32_t sum = pseudo_sum(v6->address, dst, PROTO_ICMP, len);

	put_be16(message + 2, (uint16_t)~csum_fold(csum_add(message, len, sum)));
	send(v6, dst, mac, PROTO_ICMP, len);
}

/* --- what comes in -------------------------------------------------------------------------- */

static bool is_address(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, IPV6_ADDRESS_LEN) == 0;
}

/* A packet of at least len bytes of that protocol. */
static bool is_packet(struct span frame, uint8_t proto, uint32_t len)
{
	const uint8_t *ip = frame.at + ETH_HEADER_LEN;

	return frame.len >= ETH_HEADER_LEN + IPV6_HEADER_LEN + len &&
	       get_be16(frame.at + 12) == ETH_TYPE_IPV6 && ip[0] >> 4 == 6 && ip[6] == proto &&
	       get_be16(ip + 4) >= len;
}

bool ipv6_is_answer(const struct ipv6 *v6, struct span frame, uint8_t proto)
{
	const uint8_t *ip = frame.at + ETH_HEADER_LEN;

	return is_packet(frame, proto, 0) && is_address(ip + 8, v6->peer) &&
	       is_address(ip + 24, v6->address);
}

/* Who asks without an address (RFC 4862) wants ours for himself, and all are told whose it is. */
static void advertise(struct ipv6 *v6, const uint8_t *asker, const uint8_t *mac)
{
	static const uint8_t unspecified[IPV6_ADDRESS_LEN];
	bool nameless = is_address(asker, unspecified);
	uint8_t *message = ipv6_tx_buffer(v6);

	if (!message)
		return;
	memset(message, 0, ADVERTISEMENT_LEN);
	message[0] = ADVERTISEMENT;
	message[4] = nameless ? OVERRIDE : OVERRIDE | SOLICITED;
	memcpy(message + 8, v6->address, IPV6_ADDRESS_LEN);
	message[24] = TARGET_LINK_LAYER;
	message[25] = 1;
	memcpy(message + 26, v6->t->net.nic->mac, 6);
	send_icmp(v6, nameless ? all_nodes : asker, nameless ? all_nodes_mac : mac, message,
		  ADVERTISEMENT_LEN);
}

void ipv6_watch(struct ipv6 *v6, struct span frame)
{
	const uint8_t *mac = frame.at + 6, *ip = frame.at + ETH_HEADER_LEN;
	const uint8_t *message = ip + IPV6_HEADER_LEN;

	if (!is_packet(frame, PROTO_ICMP, ECHO_LEN) || memcmp(mac, v6->t->net.nic->mac, 6) == 0)
		return;
	if (is_packet(frame, PROTO_ICMP, SOLICITATION_LEN) && message[0] == SOLICITATION &&
	    ip[7] == HOP_LIMIT && is_address(message + 8, v6->address)) {
		advertise(v6, ip + 8, mac);
	} else if (message[0] == ECHO_REPLY && !v6->found && ip[8] != 0xff &&
		   is_address(ip + 24, v6->address) &&
		   memcmp(message + 8, v6->token, sizeof(v6->token)) == 0) {
		memcpy(v6->peer, ip + 8, IPV6_ADDRESS_LEN);
		memcpy(v6->peer_mac, mac, sizeof(v6->peer_mac));
		v6->found = true;
	}
}

/* --- somebody ------------------------------------------------------------------------------- */

static void watch(void *ctx, struct span frame)
{
	ipv6_watch(ctx, frame);
}

static bool is_found(void *ctx)
{
	const struct ipv6 *v6 = ctx;

	return v6->found;
}

static void ask(struct ipv6 *v6)
{
	uint8_t *message = ipv6_tx_buffer(v6);

	if (!message)
		return;
	memset(message, 0, ECHO_LEN);
	message[0] = ECHO_REQUEST;
	memcpy(message + 8, v6->token, sizeof(v6->token));
	send_icmp(v6, all_nodes, all_nodes_mac, message, ECHO_LEN);
}

static void init(struct ipv6 *v6, struct traffic *t)
{
	const uint8_t *mac = t->net.nic->mac;

	memset(v6, 0, sizeof(*v6));
	v6->t = t;
	random_fill(v6->token, sizeof(v6->token));
	v6->address[0] = 0xfe;
	v6->address[1] = 0x80;
	memcpy(v6->address + 8, mac, 3);
	v6->address[8] ^= 2;
	v6->address[11] = 0xff;
	v6->address[12] = 0xfe;
	memcpy(v6->address + 13, mac + 3, 3);
}

int ipv6_find(struct ipv6 *v6, struct traffic *t)
{
	struct station *st = t->station;
	void (*watch_before)(void *ctx, struct span frame) = st->watch;
	void *ctx_before = st->watch_ctx;
	int err = 0;

	init(v6, t);
	st->watch = watch;
	st->watch_ctx = v6;
	for (unsigned i = 0; i < ASKED && !err && !v6->found; i++) {
		ask(v6);
		err = traffic_wait(t, is_found, v6, ANSWER_MS);
	}
	st->watch = watch_before;
	st->watch_ctx = ctx_before;
	return err;
}
