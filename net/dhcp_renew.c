/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lease's time, for downloads that take longer: RENEWING and REBINDING (RFC 2131 4.4.5)
 * [DHCP-26]. What is granted anew is the time; address, routes and the rest stay. A lease that runs
 * out, or is refused, is not given up in the middle of a boot: whoever is to have the address next
 * asks by ARP first, and is answered. dhcp.c calls.
 */
#include "core/clock.h"
#include "core/random.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/net.h"

#define SERVER_PORT 67
#define TIME_MAX_S 1000000u /* beyond what a boot can last; UINT32_MAX is for ever (2132 3.3) */
#define PAUSE_MIN_MS 60000

/* An option's seconds; 0: it is not there. */
static uint32_t seconds(const struct dhcp_reader *r, enum dhcp_option code)
{
	struct span v = dhcp_get(r, code);

	return v.len == 4 ? get_be32(v.at) : 0;
}

/* RFC 2131 4.4.5: T1 and T2 are half and seven eighths of the time unless they are said. */
void dhcp_times_read(struct dhcp_lease *l, const struct dhcp_reader *r)
{
	uint32_t end_s = seconds(r, DHCP_OPTION_LEASE_TIME);
	uint32_t t1_s = seconds(r, DHCP_OPTION_T1), t2_s = seconds(r, DHCP_OPTION_T2);

	l->t1_ms = l->t2_ms = l->end_ms = 0;
	if (!end_s || end_s > TIME_MAX_S)
		return;
	if (!t2_s || t2_s >= end_s)
		t2_s = end_s * 7 / 8;
	if (!t1_s || t1_s >= t2_s)
		t1_s = end_s / 2 < t2_s ? end_s / 2 : t2_s;
	l->t1_ms = 1000 * t1_s;
	l->t2_ms = 1000 * t2_s;
	l->end_ms = 1000 * end_s;
}

/*
 * To the lease's server until T2, then to all. Again after half of the time that is left for it, a
 * minute at least, and at T2 in any case.
 */
static void ask(struct net *net, uint32_t now_ms)
{
	struct dhcp *d = &net->dhcp;
	uint32_t past_ms = now_ms - d->requested_ms, pause_ms, len;
	bool rebinding = past_ms >= d->lease.t2_ms;
	uint32_t end_ms = rebinding ? d->lease.end_ms : d->lease.t2_ms;

	if (!d->renewing) {
		d->renewing = true;
		d->xid = random_u32();
		d->asked_ms = now_ms;
	}
	len = dhcp_message_write(net, DHCP_REQUEST, d->buf);
	err_ignore(udp_send(net, &d->socket, rebinding ? IPV4_BROADCAST : d->lease.server,
			    SERVER_PORT, (struct span){ d->buf, len }));
	pause_ms = (end_ms - past_ms) / 2;
	if (pause_ms < PAUSE_MIN_MS)
		pause_ms = PAUSE_MIN_MS;
	d->next_ms = now_ms + (pause_ms < end_ms - past_ms ? pause_ms : end_ms - past_ms);
}

void dhcp_renew_poll(struct net *net, uint32_t now_ms)
{
	struct dhcp *d = &net->dhcp;
	uint32_t past_ms = now_ms - d->requested_ms;

	if (!net->ip || past_ms < d->lease.t1_ms || past_ms >= d->lease.end_ms)
		return;
	if (!d->renewing || clock_reached(now_ms, d->next_ms))
		ask(net, now_ms);
}

enum dhcp_fate dhcp_renew_rx(struct net *net, const struct dhcp_reader *r, uint8_t type)
{
	struct dhcp *d = &net->dhcp;
	uint32_t server = dhcp_get_ip(r, DHCP_OPTION_SERVER);

	if (type == DHCP_NAK) {
		d->renewing = false;
		d->lease.end_ms = 0;
		return DHCP_REFUSED;
	}
	if (type != DHCP_ACK)
		return DHCP_OUT_OF_TURN;
	if (get_be32(r->message.at + DHCP_YIADDR_OFF) != net->ip)
		return DHCP_NO_ADDRESS;
	dhcp_times_read(&d->lease, r);
	if (server) /* another one, after T2 */
		d->lease.server = server;
	d->requested_ms = d->asked_ms;
	d->renewing = false;
	return DHCP_TAKEN;
}
