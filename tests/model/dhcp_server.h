/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCP server on the stage's wire, at PEER_IP: each message of the client is answered at once, in
 * a frame for everybody. What it says beyond an address, and whether it says anything, a test sets.
 */
#ifndef TESTS_MODEL_DHCP_SERVER_H
#define TESTS_MODEL_DHCP_SERVER_H

#include "tests/model/packets.h"

struct dhcp_server {
	struct stage *stage;
	uint8_t offer, ack;             /* types that answer DISCOVER and REQUEST; 0: silence */
	uint32_t yiaddr;
	bool anonymous;                 /* no option 54 */
	uint8_t options[1000];          /* behind those, as they stand on the wire */
	uint32_t options_len;
	uint32_t discovers, requests;   /* so far */
};

/* An honest one, for OUR_IP. Takes the transmit side of the stage's nic; others' frames are lost. */
void dhcp_server_open(struct dhcp_server *s, struct stage *stage);

/* One more option for its answers. */
void dhcp_server_say(struct dhcp_server *s, uint8_t code, const void *value, uint32_t len);

#endif
