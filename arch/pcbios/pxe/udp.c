/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP for a boot program that has none (PXE 2.1, 3.3.5): any port is its own, and what arrives is
 * kept until it asks [PXE-09]. The boot program wrote the parameters, the network the datagrams.
 * pxe.c calls.
 */
#include "arch/pcbios/pxe/pxe_impl.h"
#include "core/clock.h"
#include "core/mem.h"

#define SOURCE_PORT 2069  /* where the caller names none */
#define NO_BUFFER_MS 1000 /* that long a transmit buffer is waited for */

static void datagram_rx(void *ctx, uint32_t src, uint16_t src_port, struct span data)
{
	struct pxe *p = ctx;
	struct pxe_packet *k = data.len <= sizeof(k->data) ? pxe_packet_new(p) : NULL;

	if (!k)
		return;
	k->src_ip = src;
	k->src_port = src_port;
	k->dst_port = p->socket.port;
	k->len = (uint16_t)data.len;
	memcpy(k->data, data.at, data.len);
}

/* {status, our address}: it is the one that DHCP gave us, whatever stands there. */
enum pxe_status udp_open_call(struct pxe *p, uint8_t *q)
{
	(void)q;
	if (p->udp_open)
		return PXE_UDP_OPEN;
	if (p->tftp.open)
		return PXE_TFTP_OPEN; /* [PXE-11] */
	if (p->undi_open || p->base_unloaded)
		return PXE_UNDI_INVALID_STATE;
	if (!pxe_serve(p))
		return PXE_FAILURE;
	p->socket = (struct udp_socket){ .any = true, .rx = datagram_rx, .ctx = p };
	udp_open(p->net, &p->socket);
	p->udp_open = true;
	p->packets = 0;
	return PXE_SUCCESS;
}

enum pxe_status udp_close_call(struct pxe *p, uint8_t *q)
{
	(void)q;
	if (!p->udp_open)
		return PXE_UDP_CLOSED;
	udp_close(p->net, &p->socket);
	p->udp_open = false;
	p->packets = 0;
	return PXE_SUCCESS;
}

/* {status, address, gateway, source port, destination port, length, data}: our routes count. */
enum pxe_status udp_write_call(struct pxe *p, uint8_t *q)
{
	struct span data = { pxe_pointer(q + 16), get_le16(q + 14) };
	uint16_t port = get_be16(q + 10);
	uint32_t started_ms = clock_now_ms();
	int err;

	if (!p->udp_open)
		return PXE_UDP_CLOSED;
	do {
		p->socket.port = port ? port : SOURCE_PORT;
		err = udp_send(p->net, &p->socket, get_be32(q + 2), get_be16(q + 12), data);
		pxe_poll(p);
	} while (err == ERR_AGAIN && !clock_reached(clock_now_ms(), started_ms + NO_BUFFER_MS));
	return err ? PXE_FAILURE : PXE_SUCCESS;
}

/* Where in the ring is the oldest one that the caller asks for; -1: none. */
static int find(const struct pxe *p, uint16_t port)
{
	for (uint16_t i = 0; i < p->packets; i++) {
		uint16_t at = (uint16_t)((p->first + i) % PXE_SLOTS);

		if (!port || p->packet[at].dst_port == port)
			return at;
	}
	return -1;
}

/* Those in front of it move up. */
static void drop(struct pxe *p, uint16_t at)
{
	while (at != p->first) {
		uint16_t before = (uint16_t)((at + PXE_SLOTS - 1) % PXE_SLOTS);

		memcpy(&p->packet[at], &p->packet[before], sizeof(p->packet[at]));
		at = before;
	}
	p->first = (uint16_t)((p->first + 1) % PXE_SLOTS);
	p->packets--;
}

/*
 * {status, source address, destination address, source port, destination port, length, data}: waits
 * for nobody. An address or port of the destination that is not 0 is a condition; only our own
 * address ever matches. What is longer than the caller's buffer is cut.
 */
enum pxe_status udp_read_call(struct pxe *p, uint8_t *q)
{
	uint32_t to = get_be32(q + 6);
	uint16_t port = get_be16(q + 12), room = get_le16(q + 14), len;
	int at;

	if (!p->udp_open)
		return PXE_UDP_CLOSED;
	at = find(p, port);
	if (at < 0) {
		pxe_poll(p);
		at = find(p, port);
	}
	if (at < 0 || (to && to != p->net->ip))
		return PXE_FAILURE;
	len = p->packet[at].len < room ? p->packet[at].len : room;
	put_be32(q + 2, p->packet[at].src_ip);
	put_be32(q + 6, p->net->ip);
	put_be16(q + 10, p->packet[at].src_port);
	put_be16(q + 12, p->packet[at].dst_port);
	put_le16(q + 14, len);
	memcpy(pxe_pointer(q + 16), p->packet[at].data, len);
	drop(p, (uint16_t)at);
	return PXE_SUCCESS;
}
