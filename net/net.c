/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack's one loop: frames up, timers, the ACKs that are owed, the doorbell. Everything that
 * waits, waits in net_wait(), so that no wait is without a bound and an abort key. Called by
 * netboot and by each client that it runs.
 */
#include "arch/port.h"
#include "core/clock.h"
#include "core/mem.h"
#include "net/eth.h"
#include "net/ipv4.h"
#include "net/net.h"

#define ABORT_ASK_MS 100 /* the port may have to leave its mode to ask for a key */

void net_init(struct net *net, struct nic *nic, struct failure *failure, uint32_t deadline_ms)
{
	memset(net, 0, sizeof(*net));
	net->nic = nic;
	net->failure = failure;
	net->deadline_ms = deadline_ms;
	net->mtu = nic->mtu;
	net->progress_ms = net->abort_asked_ms = net->timers_ms = clock_now_ms();
	tcp_init(net);
	nic->rx = eth_rx;
	nic->rx_ctx = net;
}

void net_configure(struct net *net, const struct dhcp_lease *lease)
{
	uint32_t most = net->nic->ops->mtu_max(net->nic);

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
	return port_abort_pressed();
}

int net_wait(struct net *net, bool (*done)(void *ctx), void *ctx, uint32_t timeout_ms)
{
	uint32_t start_ms = clock_now_ms(), now_ms;
	int frames;

	for (;;) {
		frames = net_poll(net);
		if (frames < 0)
			return frames;
		if (done(ctx))
			return 0;
		now_ms = clock_now_ms();
		if (timeout_ms && clock_reached(now_ms, start_ms + timeout_ms))
			return ERR_TIMEOUT;
		if (clock_reached(now_ms, net->progress_ms + net->deadline_ms))
			return ERR_TIMEOUT;
		if (abort_pressed(net, now_ms))
			return fail(net->failure, net->rung, ERR_ABORTED,
				    "given up by Esc or Ctrl-C");
		if (!frames)
			port_idle();
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
	uint8_t id;

	if (!net->nic->ops->link_up(net->nic))
		text_fmt(t, "; the link went down meanwhile");
	if (net->arp.conflicts) /* RFC 5227 2.4 [ARP-10] */
		text_fmt(t, "; another machine on this link claims our address");
	for (id = 0; id < FRAME_BREACHES; id++) {
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
