/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCP server on a fake nic's wire, at PEER_IP: each message of the client is answered at once,
 * in a frame for everybody. What it says beyond an address, and whether it says anything, a test
 * sets.
 */
#ifndef TESTS_MODEL_DHCP_SERVER_H
#define TESTS_MODEL_DHCP_SERVER_H

#include "tests/model/packets.h"

struct dhcp_server {
	struct fake_nic *nic;
	uint8_t offer, ack; /* types that answer DISCOVER and REQUEST; 0: silence */
	uint32_t yiaddr;
	bool anonymous;        /* no option 54 */
	uint8_t options[1000]; /* behind those, as they stand on the wire */
	uint32_t options_len;
	uint32_t discovers, requests; /* so far */
	uint8_t asked[600];           /* the last DISCOVER */

	/* Whose frames the others are: who took what the nic sends before. */
	void (*tx)(void *ctx, const uint8_t *frame, uint32_t len);
	void *tx_ctx;
};

/* An honest one, for OUR_IP. Stands on the nic's transmit side until the nic is gone. */
void dhcp_server_open(struct dhcp_server *s, struct fake_nic *nic);

/* The value of an option in the last DISCOVER, which has it. */
const uint8_t *dhcp_server_asked(const struct dhcp_server *s, uint8_t code);

/* One more option for its answers. */
void dhcp_server_say(struct dhcp_server *s, uint8_t code, const void *value, uint32_t len);

#endif
