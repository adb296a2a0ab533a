/* SPDX-License-Identifier: BSD-2-Clause */
/* A DHCP server for tests; see dhcp_server.h. */
#include "tests/model/dhcp_server.h"

#include <string.h>

#include "core/assert.h"
#include "core/wire.h"

#define MESSAGE_OFF 42
#define TYPE_OFF (MESSAGE_OFF + 240 + 2) /* the client's first option is 53 */
#define DISCOVER 1
#define REQUEST 3

static void answer(struct dhcp_server *s, const uint8_t *asked, uint8_t type)
{
	uint8_t frame[2000], message[1500] = { 2, 1, 6 };
	uint32_t len = 240;

	memcpy(message + 4, asked + 4, 4);
	put_be32(message + 16, s->yiaddr);
	memcpy(message + 28, asked + 28, 6);
	put_be32(message + 236, 0x63825363);
	memcpy(message + len, (uint8_t[]){ 53, 1, type, 54, 4 }, 5);
	put_be32(message + len + 5, PEER_IP);
	len += s->anonymous ? 3 : 9;
	memcpy(message + len, s->options, s->options_len);
	len += s->options_len;
	message[len++] = 255;
	len = packet_udp(frame + 34, PEER_IP, 67, 0xffffffff, 68, message, len);
	len = packet_ipv4(frame + 14, PEER_IP, 0xffffffff, 17, frame + 34, len);
	len = packet_eth(frame, all_macs, peer_mac, 0x0800, frame + 14, len);
	fake_nic_receive(s->nic, frame, len);
}

static void hear(void *ctx, const uint8_t *frame, uint32_t len)
{
	struct dhcp_server *s = ctx;

	if (len <= TYPE_OFF || get_be16(frame + 12) != 0x0800 || frame[23] != 17 ||
	    get_be16(frame + 36) != 67) {
		if (s->tx)
			s->tx(s->tx_ctx, frame, len);
		return;
	}
	if (frame[TYPE_OFF] == DISCOVER) {
		s->discovers++;
		assert(len - MESSAGE_OFF <= sizeof(s->asked));
		memcpy(s->asked, frame + MESSAGE_OFF, len - MESSAGE_OFF);
		if (s->offer)
			answer(s, frame + MESSAGE_OFF, s->offer);
	} else if (frame[TYPE_OFF] == REQUEST) {
		s->requests++;
		if (s->ack)
			answer(s, frame + MESSAGE_OFF, s->ack);
	}
}

const uint8_t *dhcp_server_asked(const struct dhcp_server *s, uint8_t code)
{
	const uint8_t *p = s->asked + 240;

	for (; *p != code; p += *p ? 2 + p[1] : 1)
		assert(*p != 255);
	return p + 2;
}

void dhcp_server_open(struct dhcp_server *s, struct fake_nic *nic)
{
	memset(s, 0, sizeof(*s));
	s->nic = nic;
	s->offer = 2;
	s->ack = 5;
	s->yiaddr = OUR_IP;
	s->tx = nic->tx;
	s->tx_ctx = nic->tx_ctx;
	nic->tx = hear;
	nic->tx_ctx = s;
}

void dhcp_server_say(struct dhcp_server *s, uint8_t code, const void *value, uint32_t len)
{
	assert(len < 256 && s->options_len + 2 + len <= sizeof(s->options));
	s->options[s->options_len++] = code;
	s->options[s->options_len++] = (uint8_t)len;
	memcpy(s->options + s->options_len, value, len);
	s->options_len += len;
}
