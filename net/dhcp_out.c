/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What we say to DHCP servers: DISCOVER, the REQUESTs for a lease and for its renewal (RFC 2131
 * 4.3.6), and what PXE servers are asked. All say the same of who we are and what we want
 * [DHCP-07], so that a server decides the same on each. dhcp.c, dhcp_renew.c and dhcp_pxe.c call.
 */
#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/net.h"

#define OP_REQUEST 1
#define HTYPE_ETHERNET 1
#define MESSAGE_MIN 300  /* RFC 1542 2.1 */
#define MESSAGE_MAX 1500 /* that we ask for */
#define VENDOR_CLASS_LEN 32
#define HEADERS_LEN (IPV4_HEADER_LEN + UDP_HEADER_LEN)

/*
 * Option 55: what PXE asks for (RFC 4578 2.4), and what we use. RFC 3442 wants 121 before 3
 * [DHCP-06].
 */
static const uint8_t wanted[] = {
	1,   121, 3,   6,   12,  15,  26,  28,  43,  54,  60,  66,  67,  119,
	150, 128, 129, 130, 131, 132, 133, 134, 135, 208, 209, 210, 211,
};

static void put_option(uint8_t **p, enum dhcp_option code, const void *value, size_t len)
{
	(*p)[0] = (uint8_t)code;
	(*p)[1] = (uint8_t)len;
	memcpy(*p + 2, value, len);
	*p += 2 + len;
}

static void put_option_be16(uint8_t **p, enum dhcp_option code, uint32_t v)
{
	uint8_t value[2];

	put_be16(value, (uint16_t)v);
	put_option(p, code, value, sizeof(value));
}

static void put_option_ip(uint8_t **p, enum dhcp_option code, uint32_t ip)
{
	uint8_t value[4];

	put_be32(value, ip);
	put_option(p, code, value, sizeof(value));
}

/*
 * The longest message that we can take: one packet of our MTU, as there is no reassembly, and no
 * more than every server's link can carry whole. RFC 2132 9.10 leaves open what is counted, so the
 * headers are left out [DHCP-08].
 */
static uint32_t max_len(const struct net *net)
{
	uint32_t len = net->mtu - HEADERS_LEN;

	if (len > MESSAGE_MAX)
		return MESSAGE_MAX;
	return len < IPV4_MTU_MIN ? IPV4_MTU_MIN : len;
}

/* RFC 4578, PXE 2.1 chapter 2. */
static void put_identity(uint8_t **p, const struct net *net)
{
	static const uint8_t undi[3] = { 1, 2, 1 }; /* UNDI 2.1 [DHCP-11] */
	const struct dhcp_identity *id = &net->dhcp.id;
	char vendor_class[VENDOR_CLASS_LEN + 1];
	uint8_t client_id[1 + 6] = { HTYPE_ETHERNET };
	uint8_t uuid[1 + 16] = { 0 };

	text_print(vendor_class, sizeof(vendor_class), "PXEClient:Arch:%05u:UNDI:002001",
		   (unsigned)id->arch);
	memcpy(client_id + 1, net->nic->mac, 6);
	memcpy(uuid + 1, id->uuid, 16);
	put_option_be16(p, DHCP_OPTION_MAX_LEN, max_len(net));
	put_option(p, DHCP_OPTION_VENDOR_CLASS, vendor_class, VENDOR_CLASS_LEN); /* [DHCP-09] */
	put_option(p, DHCP_OPTION_CLIENT_ID, client_id, sizeof(client_id));      /* [DHCP-12] */
	/* Plain text, as servers' rules compare it. */
	put_option(p, DHCP_OPTION_USER_CLASS, "skiff", 5);
	put_option_be16(p, DHCP_OPTION_ARCH, id->arch); /* [DHCP-10] */
	put_option(p, DHCP_OPTION_UNDI, undi, sizeof(undi));
	put_option(p, DHCP_OPTION_UUID, uuid, sizeof(uuid));
}

/* PXE 2.1, table 2-1: which boot servers are meant; layer 0 is the boot program [DHCP-24]. */
static void put_boot_item(uint8_t **p, uint16_t type)
{
	uint8_t vendor[] = { DHCP_VENDOR_ITEM, 4, (uint8_t)(type >> 8), (uint8_t)type, 0, 0,
			     DHCP_OPTION_END };

	put_option(p, DHCP_OPTION_VENDOR, vendor, sizeof(vendor));
}

uint32_t dhcp_message_write(const struct net *net, enum dhcp_type type,
			    uint8_t buf[DHCP_OPTIONS_MAX])
{
	const struct dhcp *d = &net->dhcp;
	uint8_t *p = buf + DHCP_OPTIONS_OFF, type_value = (uint8_t)type;
	bool bound = d->state == DHCP_BOUND, asking = d->ask.state == DHCP_ASKED;
	uint32_t len;

	/* No broadcast flag: we take answers to an address that is not ours yet [DHCP-25]. */
	memset(buf, 0, DHCP_OPTIONS_MAX);
	buf[DHCP_OP_OFF] = OP_REQUEST;
	buf[DHCP_HTYPE_OFF] = HTYPE_ETHERNET;
	buf[DHCP_HLEN_OFF] = 6;
	put_be32(buf + DHCP_XID_OFF, d->xid);
	put_be16(buf + DHCP_SECS_OFF, d->secs);
	put_be32(buf + DHCP_CIADDR_OFF, bound ? net->ip : 0); /* [DHCP-18] [DHCP-22] */
	memcpy(buf + DHCP_CHADDR_OFF, net->nic->mac, 6);
	put_be32(buf + DHCP_COOKIE_OFF, DHCP_COOKIE);
	put_option(&p, DHCP_OPTION_TYPE, &type_value, 1);
	if (type == DHCP_REQUEST && !bound) { /* RFC 2131 4.3.2 [DHCP-18] */
		put_option_ip(&p, DHCP_OPTION_REQUESTED_IP, d->offer.address.ip);
		put_option_ip(&p, DHCP_OPTION_SERVER, d->offer.server);
	}
	put_option(&p, DHCP_OPTION_WANTED, wanted, sizeof(wanted));
	put_identity(&p, net);
	if (asking && !d->ask.proxy)
		put_boot_item(&p, d->ask.type);
	*p++ = DHCP_OPTION_END;
	len = (uint32_t)(p - buf);
	assert(len <= DHCP_OPTIONS_MAX);
	return len < MESSAGE_MIN ? MESSAGE_MIN : len; /* [DHCP-01] */
}
