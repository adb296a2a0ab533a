/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP (RFC 826; RFC 5227 without its probes: they would delay the first packet by seconds). Anybody
 * on the link may have written what arp_rx() sees, so strangers can neither fill the cache nor push
 * out of it where our own packets go. net_rx() and IPv4 call.
 */
#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "net/net.h"

#define PACKET_LEN 28 /* wholly in frame->head: less than FRAME_HEAD_MAX - ETH_HEADER_LEN - 4 */
#define HTYPE_ETHERNET 1
#define OP_REQUEST 1
#define OP_REPLY 2
#define FAILED (ARP_TRIES + 1) /* in `tries`: the last query's second has passed too */

#define QUERY_EVERY_MS 1000    /* RFC 1122 2.3.2.1 */
#define CONFIRM_EVERY_MS 60000 /* RFC 1122 2.3.2.1: the order of a minute */
#define DEFEND_EVERY_MS 10000  /* RFC 5227 1.1 DEFEND_INTERVAL */

static const uint8_t no_mac[6];

static struct arp_entry *find(struct net *net, uint32_t ip)
{
	for (struct arp_entry *e = net->arp.entry; e < net->arp.entry + ARP_ENTRIES; e++)
		if (e->ip == ip)
			return e;
	return NULL;
}

/* The entry behind which ip lies: its own, or that of its next hop. */
static const struct arp_entry *find_hop(const struct net *net, uint32_t ip)
{
	const struct arp_entry *end = net->arp.entry + ARP_ENTRIES;
	uint32_t hop = ipv4_next_hop(net, ip);

	for (const struct arp_entry *e = net->arp.entry; e < end; e++)
		if (e->ip && (e->ip == ip || e->ip == hop))
			return e;
	return NULL;
}

static struct arp_entry *take(struct arp_entry *e, uint32_t ip, uint32_t now_ms)
{
	memset(e, 0, offsetof(struct arp_entry, held));
	e->ip = ip;
	e->used_ms = now_ms;
	return e;
}

/* Whether a goes before b: who only asked us does before whom we ask; then the longest unused. */
static bool goes_first(const struct arp_entry *a, const struct arp_entry *b)
{
	if (a->ours != b->ours)
		return b->ours;
	return !clock_reached(a->used_ms, b->used_ms);
}

/*
 * A new entry for somebody to whom we send: a free one; for an exchange of ours else that of whom
 * we miss least, and never the gateway's [ARP-06]. NULL: there is none.
 */
static struct arp_entry *create(struct net *net, uint32_t ip, bool ours, uint32_t now_ms)
{
	struct arp_entry *victim = NULL;

	for (struct arp_entry *e = net->arp.entry; e < net->arp.entry + ARP_ENTRIES; e++) {
		if (!e->ip)
			return take(e, ip, now_ms);
		if (ours && e->ip != net->gateway && (!victim || goes_first(e, victim)))
			victim = e;
	}
	return victim ? take(victim, ip, now_ms) : NULL;
}

/* --- what we send ---------------------------------------------------------------------------- */

/* The fields of RFC 826 in its order; the sender's are always ours. */
static void send(struct net *net, const uint8_t to[6], uint16_t op, const uint8_t tha[6],
		 uint32_t tpa)
{
	uint8_t *p = eth_tx_buffer(net);

	if (!p)
		return;
	put_be16(p, HTYPE_ETHERNET);
	put_be16(p + 2, ETH_TYPE_IPV4);
	p[4] = 6;
	p[5] = 4;
	put_be16(p + 6, op);
	memcpy(p + 8, net->nic->mac, 6);
	put_be32(p + 14, net->ip);
	memcpy(p + 18, tha, 6);
	put_be32(p + 24, tpa);
	eth_tx_send(net, to, ETH_TYPE_ARP, PACKET_LEN);
}

static void query(struct net *net, struct arp_entry *e, uint32_t now_ms)
{
	e->asked_ms = now_ms;
	if (e->tries < ARP_TRIES)
		e->tries++;
	send(net, eth_broadcast, OP_REQUEST, no_mac, e->ip);
}

/* RFC 5227 2.3: a request for our own address, so that everybody's cache is right [ARP-09]. */
void arp_announce(struct net *net)
{
	send(net, eth_broadcast, OP_REQUEST, no_mac, net->ip);
}

/* RFC 1122 2.3.2.2: of the packets that wait for an answer the newest is kept [ARP-05]. */
static void hold(struct net *net, struct arp_entry *e, uint32_t len)
{
	const uint8_t *packet = eth_tx_buffer(net);

	assert(packet);
	if (len > sizeof(e->held)) {
		net->count.no_room++;
		return;
	}
	memcpy(e->held, packet, len);
	e->held_len = len;
}

void arp_tx(struct net *net, uint32_t ip, uint32_t len, bool ours)
{
	struct arp_entry *e = find(net, ip);
	bool fresh = !e;
	uint32_t now_ms;

	if (e && e->resolved) {
		/* As for nearly every packet: without asking for the time. */
		e->used_ms = net->timers_ms;
		e->ours |= ours;
		eth_tx_send(net, e->mac, ETH_TYPE_IPV4, len);
		return;
	}
	now_ms = clock_now_ms();
	if (fresh)
		e = create(net, ip, ours, now_ms);
	if (!e) {
		net->count.no_room++;
		return;
	}
	e->used_ms = now_ms;
	e->ours |= ours;
	hold(net, e, len);
	if (fresh || (e->tries == FAILED && clock_reached(now_ms, e->asked_ms + QUERY_EVERY_MS)))
		query(net, e, now_ms);
}

/* --- what we hear ---------------------------------------------------------------------------- */

static void settle(struct net *net, struct arp_entry *e, const uint8_t mac[6])
{
	uint32_t len = e->held_len;
	uint8_t *packet;

	memcpy(e->mac, mac, 6);
	e->resolved = true;
	e->tries = 0;
	e->asked_ms = clock_now_ms();
	e->held_len = 0;
	if (!len || len > eth_tx_room(net))
		return;
	packet = eth_tx_buffer(net);
	if (!packet)
		return;
	memcpy(packet, e->held, len);
	eth_tx_send(net, e->mac, ETH_TYPE_IPV4, len);
}

/*
 * Somebody else uses our address: say so at most every ten seconds, and go on (RFC 5227 2.4 (b))
 * [ARP-10].
 */
static void defend(struct net *net)
{
	uint32_t now_ms = clock_now_ms();

	if (net->arp.conflicts++ && !clock_reached(now_ms, net->arp.defended_ms + DEFEND_EVERY_MS))
		return;
	net->arp.defended_ms = now_ms;
	arp_announce(net);
}

/* RFC 826 "Packet Reception", and what no sender may claim to be [ARP-08]. */
static bool is_valid(const struct net *net, const uint8_t *p, uint32_t len)
{
	static const uint8_t fixed[6] = { 0, HTYPE_ETHERNET, 0x08, 0x00, 6, 4 };
	uint32_t spa;

	if (len < PACKET_LEN || memcmp(p, fixed, sizeof(fixed))) /* [ARP-01] */
		return false;
	spa = get_be32(p + 14);
	if ((p[8] & 1) || !memcmp(p + 8, no_mac, 6))
		return false;
	return !spa || (ipv4_is_unicast(spa) && !ipv4_is_broadcast(net, spa));
}

void arp_rx(struct net *net, const struct packet *pkt)
{
	const uint8_t *p = pkt->frame->head + pkt->l3_off;
	uint32_t spa, tpa;
	struct arp_entry *e;
	uint16_t op;
	bool for_us;

	if (!is_valid(net, p, pkt->l3_len)) {
		net->count.bad_eth++;
		return;
	}
	op = get_be16(p + 6);
	spa = get_be32(p + 14);
	tpa = get_be32(p + 24);
	if ((op != OP_REQUEST && op != OP_REPLY) || !memcmp(p + 8, net->nic->mac, 6))
		return;
	if (net->ip && spa == net->ip) {
		defend(net);
		return;
	}
	for_us = op == OP_REQUEST && net->ip && tpa == net->ip;
	if (spa) { /* an RFC 5227 probe has no sender to remember */
		e = find(net, spa);
		/*
		 * A stranger gets an entry only by asking for us, and only a free one [ARP-03]
		 * [ARP-06].
		 */
		if (!e && for_us && find(net, 0))
			e = take(find(net, 0), spa, clock_now_ms());
		if (e)
			settle(net, e, p + 8);
	}
	if (for_us)
		send(net, p + 8, OP_REPLY, p + 8, spa); /* [ARP-02] */
}

/* --- time ------------------------------------------------------------------------------------ */

void arp_doubt(struct net *net, uint32_t ip)
{
	const struct arp_entry *known = find_hop(net, ip);
	struct arp_entry *e = known ? find(net, known->ip) : NULL;
	uint32_t now_ms = clock_now_ms();

	if (e && e->resolved && clock_reached(now_ms, e->asked_ms + QUERY_EVERY_MS))
		query(net, e, now_ms);
}

bool arp_failed(const struct net *net, uint32_t ip)
{
	const struct arp_entry *e = find_hop(net, ip);

	return e && e->tries == FAILED;
}

/*
 * One query a second, ARP_TRIES of them, then the entry has failed until somebody sends there again
 * [ARP-04].
 */
static void poll_unresolved(struct net *net, struct arp_entry *e, uint32_t now_ms)
{
	if (e->tries == FAILED || !clock_reached(now_ms, e->asked_ms + QUERY_EVERY_MS))
		return;
	if (e->tries < ARP_TRIES) {
		query(net, e, now_ms);
	} else {
		e->tries = FAILED;
		e->held_len = 0;
	}
}

/*
 * An entry that is old and used is asked for again once a minute, and used all the while [ARP-07].
 */
static void poll_resolved(struct net *net, struct arp_entry *e, uint32_t now_ms)
{
	if (clock_reached(now_ms, e->asked_ms + CONFIRM_EVERY_MS) &&
	    !clock_reached(now_ms, e->used_ms + CONFIRM_EVERY_MS))
		query(net, e, now_ms);
}

void arp_poll(struct net *net, uint32_t now_ms)
{
	for (struct arp_entry *e = net->arp.entry; e < net->arp.entry + ARP_ENTRIES; e++) {
		if (!e->ip)
			continue;
		if (e->resolved)
			poll_resolved(net, e, now_ms);
		else
			poll_unresolved(net, e, now_ms);
	}
}
