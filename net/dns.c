/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver's questions: which server, which name, when again. What servers wrote is read by
 * dns_parse.c; net/boot starts a question and waits for its end.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/text.h"
#include "net/dns_parse.h"
#include "net/net.h"

#define DNS_PORT 53
#define TRY_MS 2000      /* RFC 1123 6.1.3.3 wants some patience [DNS-03] */
#define TRIES_MAX 16     /* questions for a name: 32 s of silence at most */
#define UDP_SIZE 1232    /* fits every path: RFC 6891 6.2.5 wants fragments avoided [DNS-12] */
#define UDP_SIZE_MIN 512 /* RFC 6891 6.2.3 */

static void close_socket(struct net *net)
{
	if (net->dns.socket.open)
		udp_close(net, &net->dns.socket);
}

static void finish(struct net *net, enum dns_state state)
{
	close_socket(net);
	net->dns.state = state;
}

/* --- asking ---------------------------------------------------------------------------------- */

static void answer_rx(void *ctx, uint32_t src, uint16_t src_port, struct span msg);
static void server_gone(void *ctx);

/* The bit of the server that was asked last. */
static uint8_t server_bit(const struct dns *d)
{
	return (uint8_t)(1u << d->server);
}

/* Goes on to the next server from d->server on that may still answer; false: none is left. */
static bool choose_server(struct net *net)
{
	struct dns *d = &net->dns;

	for (uint32_t i = 0; i < DNS_SERVERS_MAX; i++) {
		if (net->dns_servers[d->server] && !((d->refused | d->failed) & server_bit(d)))
			return true;
		d->server = (uint8_t)((d->server + 1) % DNS_SERVERS_MAX);
	}
	return false;
}

/* What a server may send: a packet that reaches us whole. 0: EDNS is not to be used. */
static uint16_t udp_size(const struct net *net)
{
	uint32_t most = (uint32_t)net->mtu - IPV4_HEADER_LEN - UDP_HEADER_LEN;

	if (net->dns.plain & server_bit(&net->dns))
		return 0;
	if (most < UDP_SIZE_MIN)
		return UDP_SIZE_MIN;
	return (uint16_t)(most < UDP_SIZE ? most : UDP_SIZE);
}

/*
 * Sends the question from a new port, with a new number: RFC 5452 9.2 [DNS-01]. 0; ERR_FORMAT: no
 * name; udp_send()'s errors.
 */
static int send_question(struct net *net)
{
	uint8_t question[DNS_QUESTION_MAX];
	struct dns *d = &net->dns;
	uint32_t len;

	d->id = (uint16_t)random_u32();
	len = dns_question_write(question, d->id, d->name, udp_size(net));
	if (!len)
		return ERR_FORMAT;
	close_socket(net);
	d->socket = (struct udp_socket){
		.peer_ip = net->dns_servers[d->server],
		.peer_port = DNS_PORT,
		.rx = answer_rx,
		.unreachable = server_gone,
		.ctx = net,
	};
	udp_open(net, &d->socket);
	return udp_send(net, &d->socket, d->socket.peer_ip, DNS_PORT,
			(struct span){ question, len });
}

/*
 * The label behind the next domain of the search list that leaves room for it, at last the label
 * alone [DNS-10]. False: there is nothing more to try.
 */
static bool next_name(struct net *net)
{
	struct dns *d = &net->dns;
	const char *domain;
	struct text t;

	if (!d->label[0])
		return false;
	d->tries = d->requeries = 0;
	while (*(domain = net->search + d->search_off)) {
		d->search_off += (uint32_t)text_len(domain) + 1;
		text_init(&t, d->name, sizeof(d->name));
		text_fmt(&t, "%s.%s", d->label, domain);
		if (!t.cut)
			return true;
	}
	memcpy(d->name, d->label, sizeof(d->label));
	d->label[0] = '\0';
	return true;
}

static void ask(struct net *net)
{
	struct dns *d = &net->dns;
	int err;

	while (d->tries++ < TRIES_MAX && choose_server(net)) {
		err = send_question(net);
		if (!err || err == ERR_AGAIN) {
			d->next_ms = clock_now_ms() + TRY_MS;
			return;
		}
		if (err != ERR_FORMAT) {
			d->refused |= server_bit(d);
		} else if (!next_name(net)) {
			finish(net, DNS_NO_NAME);
			return;
		}
	}
	finish(net, d->cut ? DNS_CUT : DNS_NO_SERVER);
}

/* The server that was asked will not help: the next one at once [DNS-02]. */
static void give_up_server(struct net *net)
{
	net->dns.refused |= server_bit(&net->dns);
	ask(net);
}

static void server_gone(void *ctx)
{
	give_up_server(ctx);
}

/* --- answers --------------------------------------------------------------------------------- */

static void no_such_name(struct net *net)
{
	if (next_name(net))
		ask(net);
	else
		finish(net, DNS_NO_NAME);
}

/*
 * The server that was asked cannot help now: the next one at once. When each has said so, all have
 * another chance at the end of this try [DNS-02].
 */
static void try_later(struct net *net)
{
	struct dns *d = &net->dns;

	d->failed |= server_bit(d);
	if (choose_server(net)) {
		ask(net);
	} else {
		close_socket(net); /* what it says twice counts once */
		d->failed = 0;
	}
}

static void error_rx(struct net *net, uint8_t rcode)
{
	struct dns *d = &net->dns;

	d->rcode = rcode;
	if (rcode == DNS_NXDOMAIN) {
		no_such_name(net);
	} else if (rcode == DNS_SERVFAIL) {
		try_later(net);
	} else if ((rcode == DNS_FORMERR || rcode == DNS_NOTIMP) && !(d->plain & server_bit(d))) {
		d->old |= server_bit(d); /* RFC 6891 7 [DNS-12] */
		d->plain |= server_bit(d);
		ask(net);
	} else {
		give_up_server(net);
	}
}

/* An answer that holds less than it should, and no address [DNS-04]: with EDNS more may fit. */
static void cut_rx(struct net *net)
{
	struct dns *d = &net->dns;

	d->cut = true;
	if (d->plain & ~d->old & server_bit(d)) {
		d->plain &= (uint8_t)~server_bit(d);
		ask(net);
	} else {
		give_up_server(net);
	}
}

/* An address that is everybody's on our link is nobody's. */
static void take_addresses(struct net *net, const struct dns_answer *a)
{
	struct dns *d = &net->dns;

	for (uint32_t i = 0; i < a->addresses; i++)
		if (!ipv4_is_broadcast(net, a->address[i]))
			d->address[d->addresses++] = a->address[i];
	if (!d->addresses) {
		no_such_name(net);
		return;
	}
	finish(net, DNS_DONE);
	net_progress(net);
}

static void answer_rx(void *ctx, uint32_t src, uint16_t src_port, struct span msg)
{
	struct net *net = ctx;
	struct dns *d = &net->dns;
	struct dns_answer a;

	(void)src; /* the socket has seen to it that it is the server */
	(void)src_port;
	switch (dns_answer_read(msg, d->id, d->name, &a)) {
	case DNS_FOREIGN:
		d->foreign++;
		break;
	case DNS_TRUNCATED:
		cut_rx(net);
		break;
	case DNS_ERROR:
		error_rx(net, a.rcode);
		break;
	case DNS_ADDRESSES:
		take_addresses(net, &a);
		break;
	case DNS_ALIAS:
		if (d->requeries++ < DNS_CNAMES_MAX) /* [DNS-06] */
			ask(net);
		else
			finish(net, DNS_NO_NAME);
		break;
	case DNS_EMPTY:
		no_such_name(net);
		break;
	}
}

/* --- the user's side ------------------------------------------------------------------------- */

static bool is_single_label(const char *name)
{
	while (*name && *name != '.')
		name++;
	return !*name;
}

void dns_start(struct net *net, const char *name)
{
	struct dns *d = &net->dns;
	size_t len = text_len(name);

	dns_stop(net);
	memset(d, 0, sizeof(*d));
	d->state = DNS_ASKING;
	if (len >= sizeof(d->name)) {
		finish(net, DNS_NO_NAME);
		return;
	}
	memcpy(d->name, name, len + 1);
	/* RFC 1123 6.1.4.3; a dot at the end says that nothing is missing [DNS-10]. */
	if (is_single_label(name) && len < sizeof(d->label)) {
		memcpy(d->label, name, len + 1);
		next_name(net);
	}
	ask(net);
}

void dns_stop(struct net *net)
{
	close_socket(net);
	if (net->dns.state == DNS_ASKING)
		net->dns.state = DNS_IDLE;
}

/*
 * The next server's turn. For the silence of this one EDNS may be the reason, or just loss: next
 * time it is asked the other way [DNS-12].
 */
void dns_poll(struct net *net, uint32_t now_ms)
{
	struct dns *d = &net->dns;

	if (d->state != DNS_ASKING || !clock_reached(now_ms, d->next_ms))
		return;
	d->plain ^= server_bit(d) & (uint8_t)~d->old;
	d->failed = 0;
	d->server = (uint8_t)((d->server + 1) % DNS_SERVERS_MAX);
	ask(net);
}

bool dns_done(void *net)
{
	return ((struct net *)net)->dns.state > DNS_ASKING;
}
