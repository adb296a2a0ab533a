/* SPDX-License-Identifier: BSD-2-Clause */
/* A PXE server for tests; see pxe_server.h. */
#include "tests/model/pxe_server.h"

#include <string.h>

#include "core/assert.h"
#include "core/wire.h"

#define MESSAGE_OFF 42
#define OPTIONS_OFF 240
#define DISCOVER 1
#define OFFER 2
#define REQUEST 3
#define ACK 5

const uint8_t *pxe_server_asked(const struct pxe_server *s, uint8_t code, uint32_t *len)
{
	const uint8_t *p = s->question + OPTIONS_OFF;

	for (; *p != code; p += *p ? 2 + p[1] : 1)
		if (*p == 255)
			return NULL;
	*len = p[1];
	return p + 2;
}

/* To who asked: to its address if it has one, else to everybody. item: NULL, or 4 bytes. */
static void answer(struct pxe_server *s, uint8_t type, const struct pxe_says *says,
		   const uint8_t *item)
{
	const uint8_t *asked = s->question;
	uint8_t frame[2000], message[1500] = { 2, 1, 6 };
	uint32_t len = OPTIONS_OFF, ciaddr = get_be32(asked + 12);
	uint32_t dst = ciaddr ? ciaddr : 0xffffffff;

	if (!says->len)
		return;
	memcpy(message + 4, asked + 4, 4);
	memcpy(message + 28, asked + 28, 6);
	put_be32(message + 236, 0x63825363);
	memcpy(message + len, (uint8_t[]){ 53, 1, type, 54, 4 }, 5);
	put_be32(message + len + 5, s->ip);
	len += 9;
	if (item) {
		memcpy(message + len, (uint8_t[]){ 43, 7, 71, 4 }, 4);
		memcpy(message + len + 4, item, 4);
		message[len + 5] ^= s->type_xor;
		message[len + 8] = 255;
		len += 9;
	}
	memcpy(message + len, says->options, says->len);
	len += says->len;
	message[len++] = 255;
	len = packet_udp(frame + 34, s->ip, 4011, dst, 68, message, len);
	len = packet_ipv4(frame + 14, s->ip, dst, 17, frame + 34, len);
	len = packet_eth(frame, ciaddr ? our_mac : all_macs, peer_mac, 0x0800, frame + 14, len);
	fake_nic_receive(s->nic, frame, len);
}

static void question(struct pxe_server *s, uint32_t to)
{
	uint32_t len = 0;
	const uint8_t *vendor = pxe_server_asked(s, 43, &len);
	const uint8_t *item = vendor && len >= 6 && vendor[0] == 71 ? vendor + 2 : NULL;

	if (item && s->discovered < 32)
		s->to[s->discovered] = to;
	if (item)
		s->discovered++;
	else
		s->asked++;
	if (s->lost)
		s->lost--;
	else if (item)
		answer(s, ACK, &s->boot, s->mute ? NULL : item);
	else
		answer(s, ACK, &s->more, NULL);
}

static void hear(void *ctx, const uint8_t *frame, uint32_t len)
{
	struct pxe_server *s = ctx;
	const uint8_t *m = frame + MESSAGE_OFF;
	uint16_t port;

	if (len > MESSAGE_OFF + OPTIONS_OFF + 3 && get_be16(frame + 12) == 0x0800 &&
	    frame[23] == 17) {
		port = get_be16(frame + 36);
		s->question_len = len - MESSAGE_OFF;
		assert(s->question_len <= sizeof(s->question));
		memcpy(s->question, m, s->question_len);
		if (port == 67 && m[OPTIONS_OFF + 2] == DISCOVER)
			answer(s, OFFER, &s->offer, NULL);
		else if ((port == 67 && get_be32(m + 12)) || port == 4011)
			question(s, get_be32(frame + 30));
	}
	if (s->tx)
		s->tx(s->tx_ctx, frame, len);
}

void pxe_server_open(struct pxe_server *s, struct fake_nic *nic)
{
	memset(s, 0, sizeof(*s));
	s->nic = nic;
	s->ip = PXE_SERVER_IP;
	s->tx = nic->tx;
	s->tx_ctx = nic->tx_ctx;
	nic->tx = hear;
	nic->tx_ctx = s;
}

void pxe_say(struct pxe_says *says, uint8_t code, const void *value, uint32_t len)
{
	assert(len < 256 && says->len + 2 + len <= sizeof(says->options));
	says->options[says->len++] = code;
	says->options[says->len++] = (uint8_t)len;
	memcpy(says->options + says->len, value, len);
	says->len += len;
}

void pxe_say_class(struct pxe_says *says)
{
	pxe_say(says, 60, "PXEClient", 9);
}
