/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCP client's states from INIT to BOUND (RFC 2131 3.1, 4.4.1; figure 5). Whoever is on the link
 * may answer first, and what answers say is checked by dhcp_lease.c and dhcp_boot.c; here stands
 * when to ask and whom to believe. netboot starts it; UDP and net_poll() call.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/wire.h"
#include "net/dhcp_impl.h"
#include "net/net.h"

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

void dhcp_keep(struct dhcp *d, enum dhcp_cached which, struct span m)
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

	d->requested_ms = now_ms;
	if (type == DHCP_DISCOVER)
		dhcp_keep(d, DHCP_CACHED_DISCOVER, (struct span){ d->buf, len });
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

/* Whether it says what to boot, as far as that is of use to the caller. */
static bool says(const struct dhcp *d, const struct dhcp_boot *b)
{
	return d->url_only ? uri_is(b->file) : dhcp_boot_says(b);
}

/*
 * RFC 2131 4.4.1 leaves it to us how many offers to wait for: until one says what to boot, as long
 * as nothing else does [DHCP-20].
 */
static bool is_settled(const struct dhcp *d)
{
	return !d->boot_wait_ms || says(d, &d->offer.boot) || says(d, &d->proxy);
}

/* The first that says what to boot is kept, or else the first. */
static enum dhcp_fate offer_rx(struct net *net, const struct dhcp_reader *r)
{
	uint32_t now_ms = clock_now_ms();
	struct dhcp *d = &net->dhcp;

	/* lease is free to read into until there is one. */
	if (!dhcp_lease_read(&d->lease, r))
		return DHCP_NO_ADDRESS;
	if (!d->lease.server)
		return DHCP_NO_SERVER;
	if (d->state == DHCP_SELECTING || (says(d, &d->lease.boot) && !says(d, &d->offer.boot)))
		memcpy(&d->offer, &d->lease, sizeof(d->offer));
	if (d->state == DHCP_SELECTING) {
		enter(net, DHCP_CHOOSING);
		d->next_ms = now_ms + d->boot_wait_ms;
	}
	if (is_settled(d))
		request_offer(net, now_ms);
	return DHCP_TAKEN;
}

/* PXE 2.1, 2.2: who knows what to boot, and grants no addresses [DHCP-21]. */
static bool is_proxy_offer(const struct dhcp_reader *r)
{
	return !get_be32(r->message.at + DHCP_YIADDR_OFF) && dhcp_is_pxe(r);
}

/* The first that names a file, or has a menu, is kept, or else the first: it can be asked. */
static enum dhcp_fate proxy_rx(struct net *net, const struct dhcp_reader *r)
{
	struct dhcp *d = &net->dhcp;
	struct dhcp_boot *b = &d->lease.boot; /* free */

	dhcp_boot_read(b, r, DHCP_BY_PROXY);
	if ((says(d, b) && !says(d, &d->proxy)) ||
	    (!d->proxy.file[0] && !d->proxy.vendor_len && (b->file[0] || b->vendor_len))) {
		memcpy(&d->proxy, b, sizeof(d->proxy));
		dhcp_keep(d, DHCP_CACHED_REPLY, r->message);
	}
	if (d->state == DHCP_CHOOSING && is_settled(d))
		request_offer(net, clock_now_ms());
	return DHCP_PROXY;
}

/* What the ACK leaves out is its OFFER's [DHCP-20]. */
static enum dhcp_fate ack_rx(struct net *net, const struct dhcp_reader *r)
{
	struct dhcp *d = &net->dhcp;
	struct dhcp_lease *l = &d->lease;

	if (!dhcp_lease_read(l, r))
		return DHCP_NO_ADDRESS;
	if (!l->server)
		l->server = d->offer.server;
	if (l->server != d->offer.server)
		return DHCP_NOT_CHOSEN;
	if (!l->boot.file[0] && !l->boot.vendor_len && dhcp_boot_says(&d->offer.boot))
		memcpy(&l->boot, &d->offer.boot, sizeof(l->boot));
	dhcp_keep(d, DHCP_CACHED_ACK, r->message);
	if (says(d, &l->boot) || !says(d, &d->proxy))
		dhcp_keep(d, DHCP_CACHED_REPLY, r->message);
	enter(net, DHCP_BOUND);
	return DHCP_TAKEN;
}

/* RFC 2131 3.1 4: from the beginning, after a pause that grows, a few times [DHCP-19]. */
static enum dhcp_fate nak_rx(struct net *net, const struct dhcp_reader *r)
{
	struct dhcp *d = &net->dhcp;
	struct span server = dhcp_get(r, DHCP_OPTION_SERVER);

	if (server.len == 4 && get_be32(server.at) != d->offer.server)
		return DHCP_NOT_CHOSEN;
	if (d->naks++ < DHCP_NAKS_MAX)
		begin(net, clock_now_ms() + jittered((uint32_t)NAK_PAUSE_MS << (d->naks - 1)));
	else
		d->state = DHCP_FAILED;
	return DHCP_REFUSED;
}

/* RFC 2131 4.4.1: what fits the state [DHCP-05]. */
static enum dhcp_fate type_rx(struct net *net, const struct dhcp_reader *r, uint8_t type)
{
	struct dhcp *d = &net->dhcp;

	if (d->ask.state == DHCP_ASKED)
		return dhcp_ask_rx(net, r, type);
	if (d->state < DHCP_BOUND && type == DHCP_OFFER && is_proxy_offer(r))
		return proxy_rx(net, r);
	if (d->state <= DHCP_CHOOSING && type == DHCP_OFFER)
		return offer_rx(net, r);
	if (d->state == DHCP_REQUESTING && type == DHCP_ACK)
		return ack_rx(net, r);
	if (d->state == DHCP_REQUESTING && type == DHCP_NAK)
		return nak_rx(net, r);
	if (d->renewing)
		return dhcp_renew_rx(net, r, type);
	return DHCP_OUT_OF_TURN;
}

/* What answers this attempt of ours [DHCP-05]. */
static enum dhcp_fate answer_rx(struct net *net, struct span m, uint32_t sender)
{
	struct dhcp *d = &net->dhcp;
	struct dhcp_reader r = { .message = m, .buf = d->buf, .sender = sender };
	struct span type;

	if (!is_answer(m))
		return DHCP_MALFORMED;
	if (get_be32(m.at + DHCP_XID_OFF) != d->xid ||
	    memcmp(m.at + DHCP_CHADDR_OFF, net->nic->mac, 6))
		return DHCP_FOREIGN;
	dhcp_options_open(&r.options, m);
	type = dhcp_get(&r, DHCP_OPTION_TYPE);
	return type.len == 1 ? type_rx(net, &r, *type.at) : DHCP_BOOTP;
}

/* The sender may be a relay agent, or a server's other address. */
static void message_rx(void *ctx, uint32_t src, uint16_t src_port, struct span m)
{
	struct net *net = ctx;

	(void)src_port;
	net->dhcp.fate[answer_rx(net, m, src)]++;
}

/* --- the user's side ------------------------------------------------------------------------- */

/*
 * RFC 2131 4.4.1 would have us wait for 1 to 10 s first, for the sake of networks whose machines
 * all start at once; resending is jittered enough [DHCP-04].
 */
void dhcp_start(struct net *net, const struct dhcp_identity *id, uint32_t boot_wait_ms,
		bool url_only)
{
	struct dhcp *d = &net->dhcp;

	dhcp_stop(net);
	memset(d, 0, sizeof(*d));
	d->id = *id;
	d->url_only = url_only;
	/* An offer must not be lost to the wait for a better one. */
	d->boot_wait_ms = boot_wait_ms < net->deadline_ms / 2 ? boot_wait_ms : net->deadline_ms / 2;
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
	dhcp_ask_end(net);
}

void dhcp_poll(struct net *net, uint32_t now_ms)
{
	struct dhcp *d = &net->dhcp;

	if (d->ask.state == DHCP_ASKED)
		dhcp_ask_poll(net, now_ms);
	else if (d->state == DHCP_BOUND && d->socket.open)
		dhcp_renew_poll(net, now_ms);
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

bool dhcp_offered(void *net)
{
	return ((struct net *)net)->dhcp.state > DHCP_SELECTING;
}

void dhcp_unused_text(const struct dhcp *d, struct text *t)
{
	static const char *const what[DHCP_FATES] = {
		[DHCP_REFUSED] = "NAK",
		[DHCP_MALFORMED] = "malformed",
		[DHCP_FOREIGN] = "to another machine or question",
		[DHCP_BOOTP] = "BOOTP (no option 53)",
		[DHCP_PROXY] = "of a proxy, which grants no address",
		[DHCP_NO_ADDRESS] = "without an address",
		[DHCP_NO_SERVER] = "without option 54",
		[DHCP_NOT_CHOSEN] = "from another server",
		[DHCP_OUT_OF_TURN] = "out of turn",
		[DHCP_NO_FILE] = "without a boot file",
	};
	const char *between = "; not used:";

	for (uint32_t i = DHCP_REFUSED; i < DHCP_FATES; i++) {
		if (!d->fate[i])
			continue;
		text_fmt(t, "%s %u %s", between, (unsigned)d->fate[i], what[i]);
		between = ",";
	}
}
