/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address by DHCP (RFC 2131), over lwIP's UDP: Debian builds lwIP without its client. It asks
 * every 4 s until there is a lease, and anew when half of that is over.
 */
#include <lwip/prot/dhcp.h>
#include <lwip/prot/iana.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>
#include <string.h>

#include "tests/example/example.h"

#define AGAIN_MS 4000u
#define LEASE_S_MAX 86400u

union message {
	struct dhcp_msg dhcp;
	uint8_t bytes[576];
};

static struct udp_pcb *pcb;
static uint32_t xid;

/* A copy of the option's first 4 bytes, zeros if it is not there. The message is the network's. */
static uint32_t option(const union message *m, uint8_t code)
{
	size_t at = offsetof(struct dhcp_msg, options);
	uint32_t value = 0;

	while (at + 6 <= sizeof(*m) && m->bytes[at] != DHCP_OPTION_END) {
		const uint8_t *o = &m->bytes[at];

		if (o[0] == code) {
			memcpy(&value, o + 2, LWIP_MIN(o[1], sizeof(value)));
			break;
		}
		at += o[0] == DHCP_OPTION_PAD ? 1 : 2u + o[1];
	}
	return value;
}

static uint8_t *put(uint8_t *at, uint8_t code, uint8_t len, const void *value)
{
	*at++ = code;
	*at++ = len;
	memcpy(at, value, len);
	return at + len;
}

/* The REQUEST of an offer; without one, a DISCOVER. */
static void ask(struct netif *netif, const union message *offer)
{
	static const uint8_t wanted[] = { DHCP_OPTION_SUBNET_MASK, DHCP_OPTION_ROUTER };
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, sizeof(struct dhcp_msg), PBUF_RAM);
	struct dhcp_msg m = { .op = DHCP_BOOTREQUEST, .htype = LWIP_IANA_HWTYPE_ETHERNET };
	uint8_t *at, type = offer ? DHCP_REQUEST : DHCP_DISCOVER;
	uint32_t server;

	if (!p)
		return; /* it will be asked again */
	m.hlen = netif->hwaddr_len;
	m.xid = xid;
	m.flags = PP_HTONS(0x8000); /* lwIP takes no answer to an address that it has not got */
	m.cookie = PP_HTONL(DHCP_MAGIC_COOKIE);
	memcpy(m.chaddr, netif->hwaddr, netif->hwaddr_len);
	at = put(m.options, DHCP_OPTION_MESSAGE_TYPE, 1, &type);
	at = put(at, DHCP_OPTION_PARAMETER_REQUEST_LIST, sizeof(wanted), wanted);
	if (offer) {
		server = option(offer, DHCP_OPTION_SERVER_ID);
		at = put(at, DHCP_OPTION_REQUESTED_IP, 4, &offer->dhcp.yiaddr);
		at = put(at, DHCP_OPTION_SERVER_ID, 4, &server);
	}
	*at = DHCP_OPTION_END;
	pbuf_take(p, &m, sizeof(m));
	udp_sendto_if_src(pcb, p, IP_ADDR_BROADCAST, LWIP_IANA_PORT_DHCP_SERVER, netif,
			  IP4_ADDR_ANY);
	pbuf_free(p);
}

static void discover(void *netif)
{
	xid++;
	sys_timeout(AGAIN_MS, discover, netif);
	ask(netif, NULL);
}

/* What it says is true until half of the lease is over. */
static void take(struct netif *netif, const union message *ack)
{
	const ip4_addr_t address = { ack->dhcp.yiaddr.addr };
	const ip4_addr_t mask = { option(ack, DHCP_OPTION_SUBNET_MASK) };
	const ip4_addr_t router = { option(ack, DHCP_OPTION_ROUTER) };
	uint32_t lease_s = lwip_ntohl(option(ack, DHCP_OPTION_LEASE_TIME));

	netif_set_addr(netif, &address, &mask, &router);
	sys_untimeout(discover, netif);
	sys_timeout(LWIP_MIN(lease_s, LEASE_S_MAX) * 500u + AGAIN_MS, discover, netif);
	say("address ");
	say(ip4addr_ntoa(&address));
	say("\r\n");
}

static void answered(void *netif, struct udp_pcb *unused, struct pbuf *p, const ip_addr_t *from,
		     u16_t port)
{
	union message m = { .bytes = { 0 } };
	uint32_t type;

	(void)unused, (void)from, (void)port;
	pbuf_copy_partial(p, &m, sizeof(m), 0);
	pbuf_free(p);
	if (m.dhcp.op != DHCP_BOOTREPLY || m.dhcp.xid != xid ||
	    m.dhcp.cookie != PP_HTONL(DHCP_MAGIC_COOKIE))
		return;
	type = option(&m, DHCP_OPTION_MESSAGE_TYPE);
	if (type == DHCP_OFFER)
		ask(netif, &m);
	else if (type == DHCP_ACK)
		take(netif, &m);
}

void lease(struct netif *netif)
{
	const ip4_addr_t nobody = { PP_HTONL(1) }; /* 0.0.0.1: lwIP hears nothing without any */

	netif_set_addr(netif, &nobody, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
	pcb = udp_new();
	udp_bind(pcb, IP4_ADDR_ANY, LWIP_IANA_PORT_DHCP_CLIENT);
	udp_recv(pcb, answered, netif);
	xid = LWIP_RAND();
	discover(netif);
}
