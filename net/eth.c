/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet II. Everybody on the wire wrote these bytes; net_rx() calls for what comes in, ARP and
 * IPv4 for what goes out. Only frame->head is looked at here: private, so it may be read as often
 * as need be.
 */
#include "core/assert.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/net.h"

#define TYPE_VLAN 0x8100
#define VLAN_TAG_LEN 4
#define VLAN_VID 0x0fff

const uint8_t eth_broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static inline bool same_mac(const uint8_t *a, const uint8_t *b)
{
	return get_le32(a) == get_le32(b) && get_le16(a + 4) == get_le16(b + 4);
}

/*
 * No frame is too long here: none can be longer than the buffer that the driver posted for it. A
 * length in place of the type (802.3, such as spanning tree) is a type that nobody knows [ETH-03].
 */
uint16_t eth_rx(struct net *net, struct packet *pkt)
{
	/* cppcheck-suppress ctuuninitvar ; net_rx() has set frame, it alone */
	const uint8_t *head = pkt->frame->head;
	uint32_t len = pkt->frame->data.len;
	uint16_t type;

	pkt->l3_off = ETH_HEADER_LEN;
	pkt->broadcast = false;
	/* Neither ARP nor IPv4 is so short [ETH-03] [SEC-01]. */
	if (len < ETH_HEADER_LEN + VLAN_TAG_LEN) {
		net->count.bad_eth++;
		return ETH_TYPE_NONE;
	}
	/*
	 * Our nic's filter is coarse, if it has one: look again. We have joined no group [ETH-02].
	 */
	if (!same_mac(head, net->nic->mac)) {
		if (!same_mac(head, eth_broadcast))
			return ETH_TYPE_NONE;
		pkt->broadcast = true; /* [ETH-04] */
	}
	if (same_mac(head + 6, net->nic->mac)) /* a reflection [ETH-08] */
		return ETH_TYPE_NONE;
	type = get_be16(head + 12);
	if (type == TYPE_VLAN) { /* VID 0 is a priority and no VLAN: 802.1Q 9.6 [ETH-06] */
		if (get_be16(head + 14) & VLAN_VID)
			return ETH_TYPE_NONE;
		type = get_be16(head + 16);
		pkt->l3_off += VLAN_TAG_LEN;
	}
	pkt->l3_len = len - pkt->l3_off;
	return type;
}

uint32_t eth_tx_room(const struct net *net)
{
	uint32_t room = (uint32_t)net->nic->tx_max - ETH_HEADER_LEN;

	return net->mtu < room ? net->mtu : room;
}

uint8_t *eth_tx_buffer(struct net *net)
{
	uint8_t *frame = net->nic->ops->tx_buffer(net->nic);

	if (!frame) {
		net->count.no_room++;
		return NULL;
	}
	return frame + ETH_HEADER_LEN;
}

bool eth_tx_ready(const struct net *net)
{
	return net->nic->ops->tx_buffer(net->nic) != NULL;
}

void eth_tx_send(struct net *net, const uint8_t dst[6], uint16_t type, uint32_t len)
{
	uint8_t *frame = net->nic->ops->tx_buffer(net->nic);

	assert(frame && len <= eth_tx_room(net));
	memcpy(frame, dst, 6);
	memcpy(frame + 6, net->nic->mac, 6);
	put_be16(frame + 12, type);
	len += ETH_HEADER_LEN;
	/* 802.3 3.2.8; never what an earlier frame left there [ETH-01]. */
	if (len < ETH_FRAME_MIN) {
		memset(frame + len, 0, ETH_FRAME_MIN - len);
		len = ETH_FRAME_MIN;
	}
	net->count.tx++;
	net->nic->ops->tx_send(net->nic, len);
}
