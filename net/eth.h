/* SPDX-License-Identifier: BSD-2-Clause */
/* Ethernet II: what comes in is filtered and passed up, what goes out is addressed and padded. */
#ifndef NET_ETH_H
#define NET_ETH_H

#include "core/frame.h"
#include "core/types.h"

#define ETH_HEADER_LEN 14
#define ETH_FRAME_MIN 60 /* without the FCS; shorter ones are padded [ETH-01] */
#define ETH_TYPE_IPV4 0x0800
#define ETH_TYPE_ARP 0x0806

struct net;

extern const uint8_t eth_broadcast[6];

/* A nic's rx callback; ctx is the struct net. */
void eth_rx(void *ctx, const struct frame *frame);

/*
 * A nic transmit buffer for one frame whose payload starts at the returned address, eth_tx_room()
 * bytes of room there; NULL, and counted no_room, if the nic has none. Asking again without sending
 * returns the same buffer.
 */
uint8_t *eth_tx_buffer(struct net *net) MUST_CHECK;
/* Bytes of payload in one frame: net->mtu, and never more than the nic's buffer holds. */
uint32_t eth_tx_room(const struct net *net);
/*
 * Sends the payload that stands in the buffer from eth_tx_buffer(): header before it, zeros behind
 * it.
 */
void eth_tx_send(struct net *net, const uint8_t dst[6], uint16_t type, uint32_t len);

#endif
