/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack's one loop and its switchboard: frames up, timers, the ACKs that are owed, the
 * doorbell. net_rx() is the whole way of a frame: each layer says what it found, nobody calls the
 * layer above him. Everything that waits, waits in net_wait(), so that no wait is without a bound
 * and an abort key. Called by the boot story and by each client that it runs.
 */
#include "arch/port.h"
#include "core/clock.h"
#include "core/console.h"
#include "core/mem.h"
#include "core/wire.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "net/net.h"

#define ABORT_ASK_MS 100 /* the port may have to leave its mode to ask for a key */
#define SLEEP_SHARE 32
#define SLEEP_MOST_MS 60 /* no less than 55, where a BIOS's clock ends it */

/* --- the way of a frame ---------------------------------------------------------------------- */

/* Before there is an address nobody else hears anything (RFC 2131 4.1) [IP4-04] [DHCP-25]. */
static bool is_for_dhcp(const struct packet *pkt)
{
	return pkt->l4_len >= UDP_HEADER_LEN &&
	       get_be16(pkt->frame->head + pkt->l4_off + 2) == DHCP_CLIENT_PORT;
}

static __attribute__((noinline)) void udp_in(struct net *net, const struct packet *pkt)
{
	if ((net->ip || is_for_dhcp(pkt)) && !udp_rx(net, pkt))
		icmp_port_unreachable(net, pkt);
}

/* An error counts if what it quotes is in flight; a soft one is only remembered [ICMP-03]. */
static __attribute__((noinline)) void icmp_in(struct net *net, const struct packet *pkt)
{
	struct icmp_error e;
	uint16_t local, remote;
	bool live = false;
	uint32_t seq;

	if (!icmp_rx(net, pkt, &e))
		return;
	local = get_be16(e.l4.at);
	remote = get_be16(e.l4.at + 2);
	seq = get_be32(e.l4.at + 4);
	if (e.proto == IPV4_PROTO_TCP && e.too_big)
		tcp_icmp_too_big(net, e.dst, remote, local, seq, e.mtu); /* [IP4-10] */
	else if (e.proto == IPV4_PROTO_TCP)
		live = tcp_icmp_unreachable(net, e.dst, remote, local, seq, e.hard);
	else if (e.proto == IPV4_PROTO_UDP)
		live = udp_icmp_unreachable(net, e.dst, e.l4, e.hard);
	if (live && !e.hard)
		icmp_remember(net, &e);
}

/* In a frame for everybody, or before we have an address, there is nothing but UDP [ETH-04]. */
static void ipv4_in(struct net *net, struct packet *pkt)
{
	uint8_t proto = ipv4_rx(net, pkt);

	if (proto == IPV4_PROTO_UDP)
		udp_in(net, pkt);
	else if (pkt->broadcast || !net->ip) /* [ICMP-02] */
		return;
	else if (proto == IPV4_PROTO_TCP) {
		flow_learn(&net->flow, pkt);
		tcp_rx(net, pkt);
	} else if (proto == IPV4_PROTO_ICMP)
		icmp_in(net, pkt);
}

HOT_PATH void net_rx(void *ctx, const struct frame *frame)
{
	struct net *net = ctx;
	struct packet pkt;

	net->count.rx++;
	pkt.frame = frame;
	if (frame->csum == CSUM_BAD) { /* the driver has counted it */
		net->breach[frame->breach % FRAME_BREACHES].bad++;
		return;
	}
	if (flow_rx(&net->flow, &pkt)) {
		tcp_rx(net, &pkt);
		return;
	}
	switch (eth_rx(net, &pkt)) {
	case ETH_TYPE_IPV4:
		ipv4_in(net, &pkt);
		break;
	case ETH_TYPE_ARP:
		arp_rx(net, &pkt);
		break;
	default: /* and of all others nobody knows anything [ETH-03] */
		break;
	}
}

/* --- the stack as a whole -------------------------------------------------------------------- */

/* From the beginning, but for what is configured. */
static void begin(struct net *net)
{
	net->progress_ms = net->abort_asked_ms = net->timers_ms = net->seen_ms = clock_now_ms();
	tcp_init(net);
	net->nic->rx = net_rx;
	net->nic->rx_ctx = net;
}

void net_init(struct net *net, struct nic *nic, struct failure *failure, uint32_t deadline_ms)
{
	memset(net, 0, sizeof(*net));
	net->nic = nic;
	net->failure = failure;
	net->deadline_ms = deadline_ms;
	net->mtu = nic->mtu;
	begin(net);
}

void net_resume(struct net *net)
{
	dhcp_stop(net); /* port 68 is anybody's from now on */
	net->flow.known = false;
	memset(&net->arp, 0, sizeof(net->arp));
	memset(&net->icmp, 0, sizeof(net->icmp));
	memset(&net->udp, 0, sizeof(net->udp));
	memset(&net->tcp, 0, sizeof(net->tcp));
	begin(net);
}

void net_configure(struct net *net, const struct lease *lease)
{
	uint32_t most = net->nic->ops->mtu_max(net->nic);

	net->flow.known = false;
	net->ip = lease->ip;
	net->mask = lease->mask;
	net->gateway = lease->gateway;
	memcpy(net->route, lease->route, sizeof(net->route));
	net->routes = lease->routes;
	memcpy(net->dns_servers, lease->dns, sizeof(net->dns_servers));
	memcpy(net->search, lease->search, sizeof(net->search));
	/* RFC 2132 5.1; what the posted buffers or the device cannot hold is ignored [DHCP-28]. */
	if (lease->mtu >= IPV4_MTU_MIN)
		net->mtu = (uint16_t)(lease->mtu < most ? lease->mtu : most);
	arp_announce(net);
}

/* Timers count in milliseconds: in between there is nothing for them to find. */
static void run_timers(struct net *net, uint32_t now_ms)
{
	if (net->timers_ms == now_ms)
		return;
	net->timers_ms = now_ms;
	arp_poll(net, now_ms);
	dhcp_poll(net, now_ms);
	dns_poll(net, now_ms);
	tcp_poll(net, now_ms);
}

int net_poll(struct net *net)
{
	int frames = net->nic->ops->poll(net->nic);

	if (frames < 0)
		return frames;
	if (frames > 0)
		tcp_batch_end(net);
	run_timers(net, clock_now_ms());
	net->nic->ops->tx_flush(net->nic);
	return frames;
}

static bool abort_pressed(struct net *net, uint32_t now_ms)
{
	if (!clock_reached(now_ms, net->abort_asked_ms + ABORT_ASK_MS))
		return false;
	net->abort_asked_ms = now_ms;
	return console_aborts(&net->key);
}

/*
 * How long the port may sleep: a 32nd of the silence, so that no answer is later by more than that,
 * and nobody sleeps while frames flow. It lasts since a frame came or went, not since the wait
 * began: a menu's are short.
 */
static uint32_t sleep_ms(struct net *net, uint32_t now_ms)
{
	uint32_t frames = net->count.rx + net->count.tx, ms;

	if (net->frames_seen != frames) {
		net->frames_seen = frames;
		net->seen_ms = now_ms;
	}
	ms = (now_ms - net->seen_ms) / SLEEP_SHARE;
	return ms < SLEEP_MOST_MS ? ms : SLEEP_MOST_MS;
}

int net_wait(struct net *net, bool (*done)(void *ctx), void *ctx, uint32_t timeout_ms)
{
	uint32_t start_ms = clock_now_ms(), now_ms, end_ms, ms;
	int frames;

	for (;;) {
		frames = net_poll(net);
		if (frames < 0)
			return frames;
		if (done(ctx))
			return 0;
		now_ms = clock_now_ms();
		end_ms = net->progress_ms + net->deadline_ms;
		if (timeout_ms && clock_reached(end_ms, start_ms + timeout_ms))
			end_ms = start_ms + timeout_ms;
		if (clock_reached(now_ms, end_ms))
			return ERR_TIMEOUT;
		if (abort_pressed(net, now_ms))
			return fail(net->failure, net->rung, ERR_ABORTED,
				    "given up by Esc or Ctrl-C");
		ms = sleep_ms(net, now_ms);
		if (!frames && !(net->spare && net->spare(net->spare_ctx)))
			port_idle(ms < end_ms - now_ms ? ms : end_ms - now_ms);
	}
}

void net_progress(struct net *net)
{
	net->progress_ms = clock_now_ms();
}

void net_count_breach(struct net *net, const struct packet *pkt, uint16_t field, uint16_t pseudo)
{
	struct net_breach *b = &net->breach[pkt->frame->breach % FRAME_BREACHES];

	if (!field)
		b->zero++;
	else if (field == pseudo)
		b->pseudo++;
	else
		b->wrong++;
}

void net_begin(struct net *net, enum rung rung)
{
	net->rung = rung;
	memset(net->breach, 0, sizeof(net->breach));
	net->icmp.soft_type = 0;
	net_progress(net);
}

static void breach_text(struct net *net, uint8_t id, uint32_t n, const char *what, const char *held,
			struct text *t)
{
	if (!n)
		return;
	text_fmt(t, "; %u %s had %s", (unsigned)n, what, held);
	if (id)
		net->nic->ops->breach_text(net->nic, id, t);
}

void net_breach_text(struct net *net, const char *what, struct text *t)
{
	if (!net->nic->ops->link_up(net->nic))
		text_fmt(t, "; the link went down meanwhile");
	if (net->arp.conflicts) /* RFC 5227 2.4 [ARP-10] */
		text_fmt(t, "; another machine on this link claims our address");
	for (uint8_t id = 0; id < FRAME_BREACHES; id++) {
		const struct net_breach *b = &net->breach[id];

		breach_text(net, id, b->zero, what, "checksum 0", t);
		breach_text(net, id, b->pseudo, what, "only the pseudo-header's sum", t);
		breach_text(net, id, b->wrong, what, "a wrong checksum", t);
		breach_text(net, id, b->bad, "frames", "checksums", t);
	}
}

void net_count_text(struct net *net, struct text *t)
{
	const struct net_count *c = &net->count;

	text_fmt(t,
		 "rx %u tx %u vouched %u partial %u | bad_eth %u bad_ip %u bad_udp %u bad_tcp %u "
		 "no_room %u ",
		 (unsigned)c->rx, (unsigned)c->tx, (unsigned)c->vouched, (unsigned)c->partial,
		 (unsigned)c->bad_eth, (unsigned)c->bad_ip, (unsigned)c->bad_udp,
		 (unsigned)c->bad_tcp, (unsigned)c->no_room);
	net->nic->ops->count_text(net->nic, t);
}
