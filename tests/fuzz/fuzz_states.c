/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP, IP, ICMP, UDP, DHCP and DNS: their states under frames and time of the input's choice.
 * Addresses that begin with 11 come in answers to what was asked, from whom it was asked; those
 * that begin with 102 come from strangers, under other numbers, or with a wrong checksum: nobody
 * believes these. And every frame that leaves is a right one. fuzz: -max_len=800
 */
#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "net/dhcp.h"
#include "net/dhcp_options.h"
#include "net/dns.h"
#include "tests/fuzz/fuzz.h"
#include "tests/model/packets.h"

#define DNS_IP (PEER_IP + 1)
#define HONEST 0x0b000000u
#define FORGED 0x66000000u
#define ERRORS_PER_SECOND 4 /* ICMP [ICMP-07] */

static struct stage stage;
static struct input in;
static bool raw; /* bytes without a checksum of ours came: anything may have been said */
static uint32_t received, polls, passed_ms;

/* What they sent last, to be answered. */
static struct {
	uint8_t question[512];
	uint32_t question_len, server, xid;
	uint16_t port;
	uint8_t packet[128];
	uint32_t packet_len;
	uint32_t errors, errors_since_ms;
} heard;

/* --- what leaves ------------------------------------------------------------------------------ */

static void check_arp(const uint8_t *p)
{
	must(get_be16(p) == 1 && get_be16(p + 2) == 0x0800 && get_be16(p + 4) == 0x0604,
	     "ARP of another kind");
	must(get_be16(p + 6) == 1 || get_be16(p + 6) == 2, "ARP of no operation");
	must(!memcmp(p + 8, our_mac, 6), "ARP in somebody else's name");
	must(get_be32(p + 14) == stage.net.ip || !get_be32(p + 14),
	     "ARP with somebody else's address");
}

static void hear_udp(const uint8_t *ip, const uint8_t *udp, uint32_t len)
{
	uint16_t to = get_be16(udp + 2);

	must(len >= 8 && get_be16(udp + 4) == len, "a datagram of another length");
	must(get_be16(udp + 6) &&
		     packet_sum(packet_pseudo(get_be32(ip + 12), get_be32(ip + 16), 17, len), udp,
				len) == 0xffff,
	     "a wrong UDP checksum");
	if (to == 53 && len - 8 <= sizeof(heard.question)) {
		memcpy(heard.question, udp + 8, len - 8);
		heard.question_len = len - 8;
		heard.server = get_be32(ip + 16);
		heard.port = get_be16(udp);
	}
	if (to == 67 && len >= 8 + DHCP_OPTIONS_OFF)
		heard.xid = get_be32(udp + 8 + DHCP_XID_OFF);
}

static void hear_icmp(const uint8_t *icmp, uint32_t len)
{
	must(len >= 8 && packet_sum(0, icmp, len) == 0xffff, "a wrong ICMP checksum");
	must(icmp[0] == 0 || icmp[0] == 3, "ICMP that is neither an echo nor an error");
	if (icmp[0] == 0)
		return;
	if (passed_ms - heard.errors_since_ms >= 2000) { /* whatever second they count from */
		heard.errors_since_ms = passed_ms;
		heard.errors = 0;
	}
	must(++heard.errors <= 3 * ERRORS_PER_SECOND, "a flood of ICMP errors");
}

static void sent(void *ctx, const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + 14;
	uint32_t packet_len, dst;

	(void)ctx;
	must(len >= 60 && len <= 14 + 1500, "a frame of a forbidden length");
	must(!memcmp(frame + 6, our_mac, 6), "a frame from another MAC");
	if (get_be16(frame + 12) == 0x0806) {
		check_arp(ip);
		return;
	}
	must(get_be16(frame + 12) == 0x0800 && ip[0] == 0x45,
	     "a frame of a protocol that we do not speak");
	packet_len = get_be16(ip + 2);
	must(packet_len >= 20 && packet_len <= len - 14, "a packet longer than its frame");
	must(packet_sum(0, ip, 20) == 0xffff, "a wrong IPv4 checksum");
	must(get_be32(ip + 12) == stage.net.ip || !get_be32(ip + 12),
	     "a packet from somebody else's address");
	dst = get_be32(ip + 16);
	must(dst == IPV4_BROADCAST || ipv4_is_unicast(dst), "a packet to what is no host");
	must(dst == IPV4_BROADCAST || !(frame[0] & 1), "a packet to one host in a frame to many");
	heard.packet_len = packet_len < sizeof(heard.packet) ? packet_len : sizeof(heard.packet);
	memcpy(heard.packet, ip, heard.packet_len);
	if (ip[9] == IPV4_PROTO_UDP)
		hear_udp(ip, ip + 20, packet_len - 20);
	else if (ip[9] == IPV4_PROTO_ICMP)
		hear_icmp(ip + 20, packet_len - 20);
}

/* --- what arrives ----------------------------------------------------------------------------- */

static void arrive(const uint8_t *frame, uint32_t len)
{
	received++;
	fake_nic_receive(&stage.fake, frame, len);
}

/* Any bytes, to us; with right checksums if the input wants, so that they come further. */
static void put_raw(void)
{
	uint8_t frame[14 + 600];
	uint32_t choices = take(&in, 1), len;
	struct span bytes = take_span(&in, choices & 0x80 ? take(&in, 2) % 600 : take(&in, 1) % 80);

	memset(frame, 0, sizeof(frame));
	memcpy(frame, choices & 1 ? all_macs : our_mac, 6);
	memcpy(frame + 6, peer_mac, 6);
	put_be16(frame + 12, choices & 2 ? 0x0806 : choices & 4 ? 0x8100 : 0x0800);
	memcpy(frame + 14, bytes.at, bytes.len);
	len = 14 + bytes.len;
	if (!(choices & 6) && bytes.len >= 20) {
		if (choices & 8) {
			frame[14] = 0x45;
			put_be16(frame + 16, (uint16_t)bytes.len);
			put_be16(frame + 20, 0);
			put_be32(frame + 30, choices & 16 ? OUR_IP : IPV4_BROADCAST);
			packet_ipv4_seal(frame + 14);
		}
		if (choices & 32)
			frame[23] = IPV4_PROTO_ICMP;
		if (choices & 64 && bytes.len >= 28) {
			put_be16(frame + 36, 0);
			put_be16(frame + 36, (uint16_t)~packet_sum(0, frame + 34, bytes.len - 20));
		}
	}
	raw = true;
	arrive(frame, len);
}

static uint32_t some_ip(void)
{
	static const uint32_t ips[] = { OUR_IP, PEER_IP,        DNS_IP,     FAR_IP,
					0,      IPV4_BROADCAST, 0xe0000001, 0x0a0002ff };
	uint32_t which = take(&in, 1);

	return which < 0xe0 ? ips[which % ARRAY_LEN(ips)] : take(&in, 4);
}

static void put_arp(void)
{
	uint8_t frame[64], arp[28], sha[6] = { 0x52, 0x55, 1, 2, 3, 4 };
	uint32_t choices = take(&in, 1), spa = some_ip(), tpa = some_ip();

	if (choices & 4)
		memcpy(sha, choices & 8 ? all_macs : our_mac, 6);
	if (choices & 16)
		sha[0] |= 1; /* a group's */
	packet_arp(arp, (uint16_t)(choices & 3), sha, spa, our_mac, tpa);
	arrive(frame,
	       packet_eth(frame, choices & 32 ? all_macs : our_mac, sha, 0x0806, arp, sizeof(arp)));
}

/* A datagram, whose checksum is wrong if `damage` says so: what it says is then forged. */
static void put_udp(uint32_t src, uint16_t from, uint32_t dst, uint16_t to, const uint8_t *data,
		    uint32_t len, bool damage)
{
	static uint8_t frame[2048];

	len = frame_udp(frame, src, from, dst, to, data, len);
	if (damage)
		put_be16(frame + 40, (uint16_t)(get_be16(frame + 40) == 0x5555 ? 0x5556 : 0x5555));
	if (dst == IPV4_BROADCAST)
		memcpy(frame, all_macs, 6);
	arrive(frame, len);
}

static void put_dhcp(void)
{
	static const uint8_t types[] = { DHCP_OFFER, DHCP_ACK, DHCP_NAK, DHCP_DISCOVER };
	static uint8_t m[1400];
	uint32_t choices = take(&in, 1), len = DHCP_OPTIONS_OFF, forged = choices & 7;
	struct span more;

	memset(m, 0, DHCP_OPTIONS_OFF);
	m[DHCP_OP_OFF] = forged == 1 ? 1 : 2;
	m[DHCP_HTYPE_OFF] = 1;
	m[DHCP_HLEN_OFF] = 6;
	put_be32(m + DHCP_XID_OFF, heard.xid + (forged == 2));
	put_be32(m + DHCP_YIADDR_OFF,
		 (forged >= 1 && forged <= 4 ? FORGED : HONEST) | take(&in, 3));
	memcpy(m + DHCP_CHADDR_OFF, forged == 3 ? peer_mac : our_mac, 6);
	put_be32(m + DHCP_COOKIE_OFF, DHCP_COOKIE);
	m[len++] = DHCP_OPTION_TYPE;
	m[len++] = 1;
	m[len++] = types[choices >> 3 & 3];
	if (choices & 0x20) {
		m[len++] = DHCP_OPTION_SERVER;
		m[len++] = 4;
		put_be32(m + len, PEER_IP + (choices & 0x40 ? 1 : 0));
		len += 4;
	}
	more = take_span(&in, choices & 0x80 ? take(&in, 2) % 1000 : take(&in, 1));
	memcpy(m + len, more.at, more.len);
	put_udp(PEER_IP, 67, choices & 0x40 ? IPV4_BROADCAST : stage.net.ip, 68, m, len + more.len,
		forged == 4);
}

/* Resource records: each with a name, a type, and an address or a name. */
static uint32_t put_records(uint8_t *m, uint32_t len, uint32_t n, uint32_t prefix)
{
	static const uint8_t types[] = { 1, 5, 28, 41 };

	for (; n > 0; n--) {
		uint32_t choices = take(&in, 1), type = types[choices & 3];

		put_be16(m + len, (uint16_t)(choices & 4 ? 0xc000 | take(&in, 1) : 0xc00c));
		put_be16(m + len + 2, (uint16_t)type);
		put_be16(m + len + 4, choices & 8 ? 3 : 1);
		put_be32(m + len + 6, 60);
		len += 12;
		if (type == 1) {
			put_be16(m + len - 2, 4);
			put_be32(m + len, prefix | take(&in, 3));
			len += 4;
		} else {
			struct span name = take_span(&in, take(&in, 1) % 30);

			put_be16(m + len - 2, (uint16_t)(name.len + 2));
			memcpy(m + len, name.at, name.len);
			put_be16(m + len + name.len, choices & 16 ? 0xc000 | (choices >> 4) : 0);
			len += name.len + 2;
		}
	}
	return len;
}

static void put_dns(void)
{
	static uint8_t m[1400];
	uint32_t choices = take(&in, 1), flags = take(&in, 1), forged = choices & 7,
		 len = heard.question_len, n = choices >> 4 & 7;

	if (len < 17)
		return;
	memcpy(m, heard.question, len);
	m[2] |= 0x80;
	if (flags & 1)
		m[2] |= 2;
	m[3] = (uint8_t)(0x80 | (flags & 2 ? flags >> 4 : 0));
	put_be16(m + 6, (uint16_t)n);
	put_be16(m + 8, 0);
	put_be16(m + 10, 0);
	if (forged == 1)
		m[0] ^= 0x40;
	if (forged == 2)
		m[13] ^= 1;
	/* Behind the question alone: what they put behind it is not said again. */
	for (len = 12; len < heard.question_len && m[len]; len += m[len] + 1u)
		;
	len = put_records(m, len + 5, n, forged && forged <= 5 ? FORGED : HONEST);
	put_udp(forged == 3 ? FAR_IP + 1 : heard.server, forged == 5 ? 54 : 53, OUR_IP, heard.port,
		m, len, forged == 4);
}

/* An error about the last packet that left, or about one like it. */
static void put_icmp(void)
{
	uint8_t frame[256];
	uint32_t choices = take(&in, 1), len, at = take(&in, 1);

	if (!heard.packet_len)
		return;
	if (choices & 0x80)
		heard.packet[at % heard.packet_len] ^= (uint8_t)(1 + choices);
	len = packet_icmp(frame + 34, (uint8_t)(choices & 1 ? 3 : 11), choices >> 1 & 7, at,
			  heard.packet, choices & 0x40 ? heard.packet_len : 28);
	arrive(frame, frame_ipv4(frame, choices & 0x20 ? FAR_IP : PEER_IP, OUR_IP, IPV4_PROTO_ICMP,
				 frame + 34, len));
}

/* --- the clients ------------------------------------------------------------------------------ */

static void poll(void)
{
	polls++;
	must(net_poll(&stage.net) >= 0, "a nic that cannot break is broken");
}

static void pass(uint32_t ms)
{
	passed_ms += ms;
	hosted_time_advance(ms);
	poll();
}

static void ask_dns(void)
{
	static const char *const names[] = { "boot.example", "boot", "a.b.c.d.example.", "no name",
					     "" };
	static const char domains[] = "lan.example\0b.example\0";
	uint32_t which = take(&in, 1);

	dns_stop(&stage.net);
	memset(stage.net.search, 0, sizeof(stage.net.search));
	if (which & 0x80)
		memcpy(stage.net.search, domains, sizeof(domains));
	dns_start(&stage.net, names[which % ARRAY_LEN(names)]);
}

static void must_be_believable(void)
{
	const struct net *net = &stage.net;

	must(net->dns.state <= DNS_CUT && net->dhcp.state <= DHCP_FAILED, "no such state");
	must((net->dns.state != DNS_DONE) ||
		     (net->dns.addresses >= 1 && net->dns.addresses <= DNS_ADDRESSES_MAX),
	     "an answer without an address");
	if (net->dhcp.state == DHCP_BOUND)
		must(ipv4_is_unicast(net->dhcp.lease.address.ip), "a lease of what is no address");
	if (raw)
		return;
	for (uint32_t i = 0; net->dns.state == DNS_DONE && i < net->dns.addresses; i++)
		must((net->dns.address[i] & 0xff000000) == HONEST, "a forged answer was believed");
	if (net->dhcp.state == DHCP_BOUND)
		must((net->dhcp.lease.address.ip & 0xff000000) == HONEST,
		     "a forged lease was believed");
}

static void step(void)
{
	static const struct dhcp_identity id = { .arch = 7 };
	uint32_t op = take(&in, 1);

	switch (op & 15) {
	case 0:
		put_raw();
		break;
	case 1:
		put_arp();
		break;
	case 2:
	case 3:
		put_dhcp();
		break;
	case 4:
	case 5:
		put_dns();
		break;
	case 6:
		put_icmp();
		break;
	case 7:
		dhcp_start(&stage.net, &id, op & 16, op & 32);
		break;
	case 8:
		ask_dns();
		break;
	case 9:
		if (op & 16)
			dns_stop(&stage.net);
		else
			dhcp_stop(&stage.net);
		break;
	case 10:
		stage.fake.tx_buffers = op & 16 ? op >> 5 : UINT32_MAX;
		break;
	case 11:
		pass(take(&in, 2));
		break;
	case 12:
		pass(take(&in, 1));
		break;
	default:
		poll();
		must_be_believable();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t choices;

	in = (struct input){ data, len };
	choices = take(&in, 1);
	raw = false;
	received = polls = passed_ms = 0;
	memset(&heard, 0, sizeof(heard));
	if (choices & 1)
		stage_open(&stage);
	else
		stage_open_configured(&stage);
	stage.fake.tx = sent;
	hosted_random_seed(choices >> 1);
	stage.net.dns_servers[0] = DNS_IP;
	stage.net.dns_servers[1] = choices & 2 ? FAR_IP : 0;
	while (in.left)
		step();
	poll();
	must_be_believable();
	must(stage.fake.sent <= 16 + 4 * received + 16 * (passed_ms / 1000 + polls) + 8 * len,
	     "more was sent than there was reason for");
	stage_close(&stage);
	return 0;
}
