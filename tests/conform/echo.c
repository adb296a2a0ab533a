/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo requests (RFC 792), and the replies, for which net/ has no use. Anybody on the wire may have
 * written what comes. Called by traffic.c.
 */
#include "core/csum.h"
#include "core/mem.h"
#include "net/eth.h"
#include "tests/conform/traffic.h"

#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO 8
#define ICMP_HEADER_LEN 8

/*
 * Sees each frame, a private copy, before net does. A reply that is late belongs to another
 * question, by its identifier, or to another address.
 */
static void watch(void *ctx, struct span frame)
{
	struct traffic *t = ctx;
	uint32_t l4_off;

	if (frame.len < ETH_HEADER_LEN + IPV4_HEADER_LEN ||
	    memcmp(frame.at, t->station->nic.mac, 6) != 0 ||
	    get_be16(frame.at + 12) != ETH_TYPE_IPV4 ||
	    frame.at[ETH_HEADER_LEN + 9] != IPV4_PROTO_ICMP)
		return;
	l4_off = ETH_HEADER_LEN + (frame.at[ETH_HEADER_LEN] & 15u) * 4;
	if (frame.len >= l4_off + ICMP_HEADER_LEN && frame.at[l4_off] == ICMP_ECHO_REPLY &&
	    get_be16(frame.at + l4_off + 4) == t->echo_id) {
		t->echoes_seen++;
		memcpy(t->peer_mac, frame.at + 6, sizeof(t->peer_mac));
		t->has_peer_mac = true;
	}
}

void traffic_watch_echoes(struct traffic *t)
{
	t->station->watch = watch;
	t->station->watch_ctx = t;
	t->echo_id++;
	t->echoes = t->echoes_seen = 0;
}

int traffic_send_echo(struct traffic *t, uint32_t len)
{
	int err = traffic_drain(t);
	uint8_t *p = err ? NULL : ipv4_tx_buffer(&t->net);
	uint32_t mtu = t->station->nic.tx_max - (uint32_t)ETH_HEADER_LEN;

	if (!p)
		return err;
	if (mtu > t->net.mtu)
		mtu = t->net.mtu;
	if (len > mtu - IPV4_HEADER_LEN - ICMP_HEADER_LEN)
		len = mtu - IPV4_HEADER_LEN - ICMP_HEADER_LEN;
	memset(p, 0, ICMP_HEADER_LEN);
	p[0] = ICMP_ECHO;
	put_be16(p + 4, t->echo_id);
	put_be16(p + 6, (uint16_t)++t->echoes);
	for (uint32_t i = 0; i < len; i++)
		p[ICMP_HEADER_LEN + i] = (uint8_t)(i + t->echoes);
	put_be16(p + 2, (uint16_t)~csum_fold(csum_add(p, ICMP_HEADER_LEN + len, 0)));
	if (ipv4_tx_send(&t->net, IPV4_PROTO_ICMP, t->net.ip, t->peer, ICMP_HEADER_LEN + len) < 0)
		t->echoes--;
	return 0;
}
