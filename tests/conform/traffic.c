/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversations. What peers say is parsed by net/; here only time is kept. Called by conform.c. */
#include "tests/conform/traffic.h"

#include "arch/boot.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "net/boot/address.h"
#include "net/eth.h"

#define ANSWER_MS 1000      /* for an answer of a neighbour */
#define MISSES 2            /* in the whole run, and nobody is asked again */
#define LAST_CHANCE_MS 200  /* for a DHCP server that has missed so often */
#define SETTLE_MS 40        /* for what else a burst brings */
#define FETCH_MS 2000       /* without a byte of the file */
#define FETCH_TOTAL_MS 3000 /* for what has come of it by then */
#define FETCH_AGAIN_MS 500  /* once that was not enough, twice in the run */
#define PORT_CLOSED 9       /* discard: most answer with a RST, which will do */
#define PROVOKED 4          /* echo requests, of which nobody waits for the replies */
#define ECHO_LEN_MAX 1400

void traffic_init(struct traffic *t, const struct knobs *knobs, struct console *console,
		  struct station *station)
{
	memset(t, 0, sizeof(*t));
	t->knobs = knobs;
	t->console = console;
	t->station = station;
}

/* Silence is no error; what ends the configuration is. */
static int unless_fatal(int err)
{
	return err == ERR_DEVICE || err == ERR_ABORTED ? err : 0;
}

int traffic_wait(struct traffic *t, bool (*done)(void *ctx), void *ctx, uint32_t timeout_ms)
{
	int err;

	net_progress(&t->net);
	err = net_wait(&t->net, done, ctx, timeout_ms);
	/* Who was to be waited for has not had the time. */
	return err == ERR_TIMEOUT && station_at_end(t->station) ? err : unless_fatal(err);
}

/* Who has never answered is not asked for ever. */
static bool gives_up(const struct traffic_peer *peer)
{
	return !peer->heard && peer->misses >= MISSES;
}

/* err: the conversation had no chance. */
static void note_answer(struct traffic_peer *peer, int err, bool answered)
{
	peer->heard |= answered;
	peer->misses = (uint8_t)(peer->misses + (!err && !answered && !gives_up(peer)));
}

/*
 * Before an answer is waited for: whoever provides the device may be late to look at its queues,
 * and the time until then counts against nobody.
 */
static int wait_for_device(struct traffic *t)
{
	if (station_begun(t->station))
		return 0;
	return traffic_wait(t, station_begun, t->station, STATION_START_MS);
}

/* --- an address ---------------------------------------------------------------------------- */

static bool link_is_up(void *ctx)
{
	struct net *net = ctx;

	return net->nic->ops->link_up(net->nic);
}

static void configure(struct traffic *t)
{
	net_configure(&t->net, &t->lease.address);
	t->peer = t->lease.address.gateway ? t->lease.address.gateway : t->lease.server;
}

/*
 * With patience the first time, since a server may think a while before its first offer. Without an
 * answer the old lease.
 */
static int take_dhcp(struct traffic *t)
{
	struct dhcp_identity id = { .arch = boot_dhcp_arch() };
	uint32_t patience_ms = t->asked ? ANSWER_MS : t->knobs->deadline_ms;
	int err;

	boot_uuid(id.uuid);
	t->asked = true;
	if (gives_up(&t->dhcp))
		patience_ms = LAST_CHANCE_MS;
	dhcp_start(&t->net, &id, 0, false);
	err = wait_for_device(t);
	if (!err)
		err = traffic_wait(t, dhcp_done, &t->net, patience_ms);
	note_answer(&t->dhcp, err, t->net.dhcp.state == DHCP_BOUND);
	if (err)
		return err;
	if (t->net.dhcp.state == DHCP_BOUND)
		t->lease = t->net.dhcp.lease;
	dhcp_stop(&t->net);
	if (t->lease.address.ip)
		configure(t);
	return 0;
}

static int take_address(struct traffic *t)
{
	const struct config *c = &t->knobs->config;
	/* The first time with the patience that a network deserves; see take_dhcp(). */
	int err = traffic_wait(t, link_is_up, &t->net,
			       t->asked ? ANSWER_MS : t->knobs->deadline_ms);

	if (err || !link_is_up(&t->net))
		return err;
	if (!c->ip_static)
		return take_dhcp(t);
	t->asked = true;
	address_static(&t->lease.address, c);
	configure(t);
	return 0;
}

/* --- conversations ------------------------------------------------------------------------- */

static bool echoes_done(void *ctx)
{
	const struct traffic *t = ctx;

	return t->echoes_seen >= t->echoes;
}

bool traffic_has_buffer(void *ctx)
{
	struct nic *nic = ctx;

	return nic->ops->tx_buffer(nic);
}

int traffic_drain(struct traffic *t)
{
	return traffic_wait(t, station_drained, t->station, STATION_STALL_MS);
}

/*
 * One, which also finds the peer's MAC; then a burst of all lengths, the MTU's among them, and one
 * beyond. Who never answers is not asked again.
 */
static int echo(struct traffic *t)
{
	static const uint16_t lens[] = { 0, 1, 46, 480, 1024, ECHO_LEN_MAX, UINT16_MAX };
	int err;

	if (gives_up(&t->echo))
		return 0;
	t->echoes = t->echoes_seen = 0;
	t->has_peer_mac = false;
	err = traffic_send_echo(t, 56);
	if (!err)
		err = wait_for_device(t);
	if (!err)
		err = traffic_wait(t, echoes_done, t, ANSWER_MS);
	note_answer(&t->echo, err, t->echoes_seen > 0);
	for (unsigned i = 0; i < ARRAY_LEN(lens) && t->echoes_seen && !err; i++)
		err = traffic_send_echo(t, lens[i]);
	if (!err)
		err = unless_fatal(traffic_exceed(t));
	return err || !t->echoes_seen ? err : traffic_wait(t, echoes_done, t, ANSWER_MS);
}

/* Also a server that fails has sent something. */
static bool dns_has_answered(void *ctx)
{
	const struct net *net = ctx;

	return net->dns.state != DNS_ASKING || net->dns.rcode;
}

static int ask_dns(struct traffic *t)
{
	int err = traffic_drain(t);

	if (err || gives_up(&t->dns) || !t->net.dns_servers[0])
		return err;
	dns_start(&t->net, "skiff-conform.invalid");
	err = traffic_wait(t, dns_has_answered, &t->net, ANSWER_MS);
	note_answer(&t->dns, err, dns_has_answered(&t->net));
	dns_stop(&t->net);
	return err;
}

static bool has_answered(void *ctx)
{
	const struct tcp_conn *conn = ctx;

	return conn->state != TCP_SYN_SENT;
}

/* Nothing is wanted of the connection. */
static void no_data(void *ctx, uint64_t off, struct span data)
{
	(void)ctx;
	(void)off;
	(void)data;
}

static const struct tcp_user nobody = { .data = no_data };

static int knock(struct traffic *t)
{
	struct tcp_conn *conn = NULL;
	int err = traffic_drain(t);

	if (!err && !gives_up(&t->tcp))
		conn = tcp_open(&t->net, t->peer, PORT_CLOSED, &nobody);
	if (!conn)
		return err;
	err = traffic_wait(t, has_answered, conn, ANSWER_MS);
	note_answer(&t->tcp, err, conn->state != TCP_SYN_SENT);
	tcp_abort(&t->net, conn);
	return err;
}

static int place_in_sink(void *ctx, struct image *img)
{
	struct traffic *t = ctx;

	img->extent = (struct extent){ t->sink, sizeof(t->sink) };
	return 0;
}

/* The file may be longer than the sink: then the fetch fails, which is as good. */
static int fetch(struct traffic *t)
{
	const struct config *c = &t->knobs->config;
	struct failure unread = { 0 };
	int err;

	if (!config_has(c, CONFIG_URL))
		return 0;
	err = uri_parse(&t->uri, c->url, text_len(c->url), &unread, RUNG_CONFIG);
	if (err)
		return 0;
	t->net.deadline_ms = FETCH_MS;
	net_progress(&t->net);
	fetch_init(&t->fetch, &t->net, t->console);
	image_open(&t->image, 0, place_in_sink, t, &t->failure);
	station_bound(t->station, t->slow < MISSES ? FETCH_TOTAL_MS : FETCH_AGAIN_MS);
	err = fetch_get(&t->fetch, &t->uri, &t->image);
	if (!err)
		err = fetch_close(&t->fetch);
	if (err)
		fetch_abort(&t->fetch);
	t->slow = (uint8_t)(t->slow + (err == ERR_TIMEOUT && t->slow < MISSES));
	station_bound(t->station, 0);
	memset(&t->failure, 0, sizeof(t->failure));
	return unless_fatal(err);
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static void begin(struct traffic *t)
{
	memset(&t->failure, 0, sizeof(t->failure));
	net_init(&t->net, &t->station->nic, &t->failure, t->knobs->deadline_ms);
	traffic_watch_echoes(t);
	t->peer = 0;
	t->frames_before = t->station->ledger->frames;
}

static bool any_frame_came(const struct traffic *t)
{
	return t->station->ledger->frames != t->frames_before;
}

/* Who may answer an echo request yet is waited for, whatever else comes. */
static bool question_is_answered(void *ctx)
{
	const struct traffic *t = ctx;

	return t->echoes_seen || (gives_up(&t->echo) && any_frame_came(t));
}

int traffic_ask(struct traffic *t, uint32_t patience_ms, bool *answered)
{
	int err;

	begin(t);
	err = traffic_wait(t, link_is_up, &t->net, ANSWER_MS);
	if (!err && t->lease.address.ip)
		configure(t);
	else if (!err)
		err = take_address(t);
	t->frames_before = t->station->ledger->frames;
	if (!err && t->peer)
		err = traffic_send_echo(t, 56);
	if (!err && t->peer)
		err = wait_for_device(t);
	if (!err && t->peer)
		err = traffic_wait(t, question_is_answered, t, patience_ms);
	if (t->peer)
		note_answer(&t->echo, err, t->echoes_seen > 0);
	*answered = !err && (t->echoes_seen || (!t->echo.heard && any_frame_came(t)));
	return err;
}

int traffic_run(struct traffic *t)
{
	int err;

	begin(t);
	err = take_address(t);
	if (!err && t->peer) {
		err = echo(t);
		if (!err)
			err = ask_dns(t);
		if (!err)
			err = knock(t);
		if (!err)
			err = fetch(t);
	}
	if (!err)
		err = traffic_wait(t, never, NULL, SETTLE_MS);
	return err ? err : traffic_wait(t, station_drained, t->station, 2 * STATION_STALL_MS);
}

int traffic_provoke(struct traffic *t, uint32_t ms)
{
	struct tcp_conn *conn = NULL;
	int err = 0;

	for (unsigned i = 0; i < PROVOKED && t->peer && !err; i++)
		err = traffic_send_echo(t, ECHO_LEN_MAX);
	if (t->peer && !err)
		conn = tcp_open(&t->net, t->peer, PORT_CLOSED, &nobody);
	if (!err)
		err = traffic_wait(t, never, NULL, ms);
	if (conn)
		tcp_abort(&t->net, conn);
	return err;
}
