/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks for a frame that is longer than the device's MTU: an echo request in fragments, of which
 * each is within it, while the reply, put together again, is not. Where the network's own MTU is
 * larger the peer sends it in one piece, and the device is not to pass it on [DEV-35]. Called by
 * traffic.c.
 */
#include "core/clock.h"
#include "core/csum.h"
#include "core/mem.h"
#include "net/eth.h"
#include "tests/conform/traffic.h"

#define EXCESS 160 /* beyond the MTU, and within an Ethernet frame where the MTU is below 1360 */
#define MESSAGE_MAX 4096
#define FRAGMENT_MOST 1480
#define MORE_FRAGMENTS 0x2000
#define TTL 64
#define ICMP_ECHO 8
#define PATIENCE_MS 200

struct message {
	uint16_t id;
	uint32_t len;
	uint8_t bytes[MESSAGE_MAX];
};

static void make_echo(struct message *m, uint32_t len)
{
	memset(m->bytes, 0, len);
	m->bytes[0] = ICMP_ECHO;
	m->len = len;
	put_be16(m->bytes + 4, m->id);
	put_be16(m->bytes + 2, (uint16_t)~csum_fold(csum_add(m->bytes, len, 0)));
}

/* Bytes off … off + len of the message in a frame of their own. */
static void fill_fragment(const struct traffic *t, uint8_t *frame, const struct message *m,
			  uint32_t off, uint32_t len)
{
	uint8_t *ip = frame + ETH_HEADER_LEN;

	memcpy(frame, t->peer_mac, sizeof(t->peer_mac));
	memcpy(frame + 6, t->station->nic.mac, 6);
	put_be16(frame + 12, ETH_TYPE_IPV4);
	memset(ip, 0, IPV4_HEADER_LEN);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(IPV4_HEADER_LEN + len));
	put_be16(ip + 4, m->id);
	put_be16(ip + 6, (uint16_t)(off / 8 | (off + len < m->len ? MORE_FRAGMENTS : 0u)));
	ip[8] = TTL;
	ip[9] = IPV4_PROTO_ICMP;
	put_be32(ip + 12, t->net.ip);
	put_be32(ip + 16, t->peer);
	put_be16(ip + 10, (uint16_t)~csum_fold(csum_add(ip, IPV4_HEADER_LEN, 0)));
	memcpy(ip + IPV4_HEADER_LEN, m->bytes + off, len);
}

static int send_fragments(struct traffic *t, const struct message *m)
{
	struct nic *nic = &t->station->nic;
	uint32_t most = (uint32_t)(nic->tx_max - ETH_HEADER_LEN - IPV4_HEADER_LEN) & ~7u, len;

	most = most < FRAGMENT_MOST ? most : FRAGMENT_MOST;
	for (uint32_t off = 0; off < m->len; off += len) {
		int err = net_wait(&t->net, traffic_has_buffer, nic, PATIENCE_MS);
		uint8_t *frame = err ? NULL : nic->ops->tx_buffer(nic);

		if (!frame)
			return err == ERR_TIMEOUT ? 0 : err;
		len = m->len - off < most ? m->len - off : most;
		fill_fragment(t, frame, m, off, len);
		nic->ops->tx_send(nic, ETH_HEADER_LEN + IPV4_HEADER_LEN + len);
		nic->ops->tx_flush(nic);
	}
	return 0;
}

int traffic_exceed(struct traffic *t)
{
	static struct message m;
	uint32_t mtu = t->station->rules.mtu;

	if (!t->has_peer_mac || !mtu || mtu + EXCESS > MESSAGE_MAX)
		return 0;
	m.id = (uint16_t)~t->echoes;
	make_echo(&m, mtu + EXCESS - IPV4_HEADER_LEN);
	return send_fragments(t, &m);
}
