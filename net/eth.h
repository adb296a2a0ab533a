/* SPDX-License-Identifier: BSD-2-Clause */
/* Ethernet II: what comes in is filtered and named, what goes out is addressed and padded. */
#ifndef NET_ETH_H
#define NET_ETH_H

#include "core/types.h"
#include "net/packet.h"

#define ETH_HEADER_LEN 14
#define ETH_FRAME_MIN 60 /* without the FCS; shorter ones are padded [ETH-01] */
#define ETH_TYPE_NONE 0
#define ETH_TYPE_IPV4 0x0800
#define ETH_TYPE_ARP 0x0806

struct net;

extern const uint8_t eth_broadcast[6];

/*
 * What pkt->frame carries: its EtherType, behind a priority tag too, with l3_off, l3_len (4 or
 * more) and broadcast set; 0 for a frame that is not for us, or malformed, which is counted.
 */
uint16_t eth_rx(struct net *net, struct packet *pkt) MUST_CHECK;

/*
 * A nic transmit buffer for one frame whose payload starts at the returned address, eth_tx_room()
 * bytes of room there; NULL, and counted no_room, if the nic has none. Asking again without sending
 * returns the same buffer.
 */
uint8_t *eth_tx_buffer(struct net *net) MUST_CHECK;
/* Whether the nic has one, for what is not lost but waits until it has. Counts nothing. */
bool eth_tx_ready(const struct net *net) MUST_CHECK;
/* Bytes of payload in one frame: net->mtu, and never more than the nic's buffer holds. */
uint32_t eth_tx_room(const struct net *net);
/*
 * Sends the payload that stands in the buffer from eth_tx_buffer(): header before it, zeros behind
 * it.
 */
void eth_tx_send(struct net *net, const uint8_t dst[6], uint16_t type, uint32_t len);

#endif
