/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCP client's states from INIT to BOUND (RFC 2131 3.1, 4.4.1; figure 5). Whoever is on the link
 * may answer first, and what answers say is checked by dhcp_lease.c; here stands when to ask and
 * whom to believe. netboot starts it; UDP and net_poll() call.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/net.h"
#include "net/uri.h"

#define SERVER_PORT 67
#define OP_REPLY 2
#define HTYPE_ETHERNET 1

/*
 * RFC 2131 4.1 doubles the first interval until it is 64 s. Here it is doubled once: many switches
 * forward nothing for the 30 s after a link came up, and a boot that has 60 s must not lose half of
 * what is left to a pause [DHCP-03].
 */
#define RESEND_MS 4000
#define JITTER_MS 1000
#define NAK_PAUSE_MS 1500
#define REQUESTS_MAX 3 /* unanswered, then all begins again */
#define NO_BUFFER_MS 100

static uint32_t jittered(uint32_t ms)
{
	return ms - JITTER_MS + random_u32() % (2 * JITTER_MS + 1);
}

/* A state that no attempt had reached before is progress; coming by again is not. */
static void enter(struct net *net, enum dhcp_state state)
{
	struct dhcp *d = &net->dhcp;

	d->state = state;
	d->tries = 0;
	if (state <= d->furthest)
		return;
	d->furthest = state;
	net_progress(net);
}

static void keep(struct dhcp *d, enum dhcp_cached which, struct span m)
{
	struct dhcp_packet *p = &d->cached[which];

	p->len = (uint16_t)(m.len < sizeof(p->data) ? m.len : sizeof(p->data));
	memcpy(p->data, m.at, p->len);
}

/* --- out ------------------------------------------------------------------------------------- */

/* From 0.0.0.0:68 to 255.255.255.255:67 [DHCP-02]. */
static void send(struct net *net, enum dhcp_type type, uint32_t now_ms)
{
	struct dhcp *d = &net->dhcp;
	uint32_t len = dhcp_message_write(net, type, d->buf);

	if (type == DHCP_DISCOVER)
		keep(d, DHCP_CACHED_DISCOVER, (struct span){ d->buf, len });
	if (udp_send(net, &d->socket, IPV4_BROADCAST, SERVER_PORT, (struct span){ d->buf, len })) {
		d->next_ms = now_ms + NO_BUFFER_MS;
		return;
	}
	d->next_ms = now_ms + jittered(d->tries ? 2 * RESEND_MS : RESEND_MS);
	if (d->tries < REQUESTS_MAX)
		d->tries++;
}

static void send_discover(struct net *net, uint32_t now_ms)
{
	uint32_t secs = (now_ms - net->dhcp.started_ms) / 1000;

	net->dhcp.secs = (uint16_t)(secs < UINT16_MAX ? secs : UINT16_MAX);
	send(net, DHCP_DISCOVER, now_ms);
}

/* RFC 2131 3.1 3: with the `secs` of the DISCOVER, which stands in dhcp.secs. */
static void request_offer(struct net *net, uint32_t now_ms)
{
	enter(net, DHCP_REQUESTING);
	send(net, DHCP_REQUEST, now_ms);
}

/*
 * Back to INIT, to begin anew at the given time. A new xid: what is under way is of no use any
 * more.
 */
static void begin(struct net *net, uint32_t when_ms)
{
	struct dhcp *d = &net->dhcp;

	d->xid = random_u32();
	d->next_ms = when_ms;
	enter(net, DHCP_SELECTING);
}

/* --- in -------------------------------------------------------------------------------------- */

/* RFC 2131 2. What is wrong here was not written by a DHCP server. */
static bool is_answer(struct span m)
{
	return m.len >= DHCP_OPTIONS_OFF && m.at[DHCP_OP_OFF] == OP_REPLY &&
	       m.at[DHCP_HTYPE_OFF] == HTYPE_ETHERNET && m.at[DHCP_HLEN_OFF] == 6 &&
	       get_be32(m.at + DHCP_COOKIE_OFF) == DHCP_COOKIE;
}

/* 2: it names a URL as boot file; 1: something else; 0: nothing. */
static int worth(const struct dhcp_lease *offer)
{
	return offer->boot.file[0] ? 1 + uri_is(offer->boot.file) : 0;
}

/*
 * RFC 2131 4.4.1 leaves it to us how many offers to wait for: until one names a URL, as long as
 * nothing else says what to boot [DHCP-20]. The first of the best is kept.
 */
static enum dhcp_fate offer_rx(struct net *net, struct span m, const struct dhcp_options *o)
{
	uint32_t now_ms = clock_now_ms();
	struct dhcp *d = &net->dhcp;

	/* lease is free to read into until there is one. */
	if (!dhcp_lease_read(&d->lease, m, o, d->buf))
		return DHCP_NO_ADDRESS;
	if (!d->lease.server)
		return DHCP_NO_SERVER;
	if (d->state == DHCP_SELECTING || worth(&d->lease) > worth(&d->offer))
		memcpy(&d->offer, &d->lease, sizeof(d->offer));
	if (d->state == DHCP_SELECTING) {
		enter(net, DHCP_CHOOSING);
		d->next_ms = now_ms + d->url_wait_ms;
	}
	if (!d->url_wait_ms || worth(&d->offer) == 2)
		request_offer(net, now_ms);
	return DHCP_TAKEN;
}

static enum dhcp_fate ack_rx(struct net *net, struct span m, const struct dhcp_options *o)
{
	struct dhcp *d = &net->dhcp;

	if (!dhcp_lease_read(&d->lease, m, o, d->buf))
		return DHCP_NO_ADDRESS;
	if (!d->lease.server)
		d->lease.server = d->offer.server;
	if (d->lease.server != d->offer.server)
		return DHCP_NOT_CHOSEN;
	if (!d->lease.boot.file[0] && d->offer.boot.file[0]) /* [DHCP-20] */
		memcpy(&d->lease.boot, &d->offer.boot, sizeof(d->lease.boot));
	keep(d, DHCP_CACHED_ACK, m);
	keep(d, DHCP_CACHED_REPLY, m);
	enter(net, DHCP_BOUND);
	return DHCP_TAKEN;
}

/* RFC 2131 3.1 4: from the beginning, after a pause that grows, a few times [DHCP-19]. */
static enum dhcp_fate nak_rx(struct net *net, const struct dhcp_options *o)
{
	struct dhcp *d = &net->dhcp;
	struct span server = dhcp_options_get(o, DHCP_OPTION_SERVER, d->buf, sizeof(d->buf));

	if (server.len == 4 && get_be32(server.at) != d->offer.server)
		return DHCP_NOT_CHOSEN;
	if (d->naks++ < DHCP_NAKS_MAX)
		begin(net, clock_now_ms() + jittered((uint32_t)NAK_PAUSE_MS << (d->naks - 1)));
	else
		d->state = DHCP_FAILED;
	return DHCP_REFUSED;
}

/* RFC 2131 4.4.1: what answers this attempt of ours, and fits its state [DHCP-05]. */
static enum dhcp_fate answer_rx(struct net *net, struct span m)
{
	struct dhcp *d = &net->dhcp;
	struct dhcp_options o;
	struct span type;

	if (!is_answer(m))
		return DHCP_MALFORMED;
	if (get_be32(m.at + DHCP_XID_OFF) != d->xid ||
	    memcmp(m.at + DHCP_CHADDR_OFF, net->nic->mac, 6))
		return DHCP_FOREIGN;
	dhcp_options_open(&o, m);
	type = dhcp_options_get(&o, DHCP_OPTION_TYPE, d->buf, sizeof(d->buf));
	if (type.len != 1)
		return DHCP_BOOTP;
	if (d->state <= DHCP_CHOOSING && *type.at == DHCP_OFFER)
		return offer_rx(net, m, &o);
	if (d->state == DHCP_REQUESTING && *type.at == DHCP_ACK)
		return ack_rx(net, m, &o);
	if (d->state == DHCP_REQUESTING && *type.at == DHCP_NAK)
		return nak_rx(net, &o);
	return DHCP_OUT_OF_TURN;
}

static void message_rx(void *ctx, uint32_t src, uint16_t src_port, struct span m)
{
	struct net *net = ctx;

	(void)src; /* a relay agent's, or a server's other address */
	(void)src_port;
	net->dhcp.fate[answer_rx(net, m)]++;
}

/* --- the user's side ------------------------------------------------------------------------- */

/*
 * RFC 2131 4.4.1 would have us wait for 1 to 10 s first, for the sake of networks whose machines
 * all start at once; resending is jittered enough [DHCP-04].
 */
void dhcp_start(struct net *net, const struct dhcp_identity *id, uint32_t url_wait_ms)
{
	struct dhcp *d = &net->dhcp;

	dhcp_stop(net);
	memset(d, 0, sizeof(*d));
	d->id = *id;
	/* An offer must not be lost to the wait for a better one. */
	d->url_wait_ms = url_wait_ms < net->deadline_ms / 2 ? url_wait_ms : net->deadline_ms / 2;
	d->started_ms = clock_now_ms();
	d->socket = (struct udp_socket){ .port = DHCP_CLIENT_PORT, .rx = message_rx, .ctx = net };
	udp_open(net, &d->socket);
	begin(net, d->started_ms);
	send_discover(net, d->started_ms);
}

void dhcp_stop(struct net *net)
{
	struct dhcp *d = &net->dhcp;

	if (d->socket.open)
		udp_close(net, &d->socket);
	if (d->state != DHCP_BOUND)
		d->state = DHCP_IDLE;
}

void dhcp_poll(struct net *net, uint32_t now_ms)
{
	struct dhcp *d = &net->dhcp;

	if (d->state < DHCP_SELECTING || d->state > DHCP_REQUESTING ||
	    !clock_reached(now_ms, d->next_ms))
		return;
	if (d->state == DHCP_SELECTING)
		send_discover(net, now_ms);
	else if (d->state == DHCP_CHOOSING)
		request_offer(net, now_ms);
	else if (d->tries < REQUESTS_MAX)
		send(net, DHCP_REQUEST, now_ms);
	else
		begin(net, now_ms);
}

bool dhcp_done(void *net)
{
	enum dhcp_state state = ((struct net *)net)->dhcp.state;

	return state == DHCP_BOUND || state == DHCP_FAILED;
}

void dhcp_unused_text(const struct dhcp *d, struct text *t)
{
	static const char *const what[DHCP_FATES] = {
		[DHCP_REFUSED] = "NAK",
		[DHCP_MALFORMED] = "malformed",
		[DHCP_FOREIGN] = "to another machine or question",
		[DHCP_BOOTP] = "BOOTP (no option 53)",
		[DHCP_NO_ADDRESS] = "without an address (a proxy's?)",
		[DHCP_NO_SERVER] = "without option 54",
		[DHCP_NOT_CHOSEN] = "from another server",
		[DHCP_OUT_OF_TURN] = "out of turn",
	};
	const char *between = "; not used:";

	for (uint32_t i = DHCP_REFUSED; i < DHCP_FATES; i++) {
		if (!d->fate[i])
			continue;
		text_fmt(t, "%s %u %s", between, (unsigned)d->fate[i], what[i]);
		between = ",";
	}
}
