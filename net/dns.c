/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver's questions: which server, which name, when again. What servers wrote is read by
 * dns_parse.c; http.c starts a question and waits for its end.
 */
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/text.h"
#include "net/dns_parse.h"
#include "net/net.h"

#define DNS_PORT 53
#define TRY_MS 2000             /* RFC 1123 6.1.3.3 wants some patience [DNS-03] */
#define TRIES_MAX 16            /* questions sent in all: 32 s of silence at most */
#define NXDOMAIN 3

static void finish(struct net *net, enum dns_state state)
{
	struct dns *d = &net->dns;

	if (d->socket.open)
		udp_close(net, &d->socket);
	d->state = state;
}

/* --- asking ---------------------------------------------------------------------------------- */

static void answer_rx(void *ctx, uint32_t src, uint16_t src_port, struct span msg);
static void server_gone(void *ctx);

/* The next server from d->server on that may still answer; false: none is left. */
static bool choose_server(const struct net *net, uint8_t *server)
{
	uint8_t i, s;

	for (i = 0; i < DNS_SERVERS_MAX; i++) {
		s = (uint8_t)((net->dns.server + i) % DNS_SERVERS_MAX);
		if (net->dns_servers[s] && !(net->dns.refused & 1u << s)) {
			*server = s;
			return true;
		}
	}
	return false;
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
	len = dns_question_write(question, d->id, d->name);
	if (!len)
		return ERR_FORMAT;
	if (d->socket.open)
		udp_close(net, &d->socket);
	d->socket = (struct udp_socket){
		.peer_ip = net->dns_servers[d->server], .peer_port = DNS_PORT,
		.rx = answer_rx, .unreachable = server_gone, .ctx = net,
	};
	udp_open(net, &d->socket);
	return udp_send(net, &d->socket, d->socket.peer_ip, DNS_PORT,
			(struct span){ question, len });
}

/* Tried with the suffix in vain, there remains the label alone [DNS-10]. False: nothing remains. */
static bool drop_suffix(struct dns *d)
{
	if (!d->label[0])
		return false;
	memcpy(d->name, d->label, sizeof(d->label));
	d->label[0] = '\0';
	return true;
}

static void ask(struct net *net)
{
	struct dns *d = &net->dns;
	int err;

	while (d->tries++ < TRIES_MAX && choose_server(net, &d->server)) {
		err = send_question(net);
		if (!err || err == ERR_AGAIN) {
			d->next_ms = clock_now_ms() + TRY_MS;
			return;
		}
		if (err != ERR_FORMAT) {
			d->refused |= (uint8_t)(1u << d->server);
		} else if (!drop_suffix(d)) {
			finish(net, DNS_NO_NAME);
			return;
		}
	}
	finish(net, DNS_NO_SERVER);
}

/* The server that was asked will not help: the next one at once [DNS-02]. */
static void give_up_server(struct net *net)
{
	net->dns.refused |= (uint8_t)(1u << net->dns.server);
	ask(net);
}

static void server_gone(void *ctx)
{
	give_up_server(ctx);
}

/* --- answers --------------------------------------------------------------------------------- */

static void no_such_name(struct net *net)
{
	if (drop_suffix(&net->dns))
		ask(net);
	else
		finish(net, DNS_NO_NAME);
}

static void take_addresses(struct net *net, const struct dns_answer *a)
{
	memcpy(net->dns.address, a->address, sizeof(a->address));
	net->dns.addresses = a->addresses;
	finish(net, DNS_DONE);
	net_progress(net);
}

static void answer_rx(void *ctx, uint32_t src, uint16_t src_port, struct span msg)
{
	struct net *net = ctx;
	struct dns *d = &net->dns;
	struct dns_answer a;

	(void)src;              /* the socket has seen to it that it is the server */
	(void)src_port;
	switch (dns_answer_read(msg, d->id, d->name, &a)) {
	case DNS_FOREIGN:
		break;
	case DNS_TRUNCATED:
		finish(net, DNS_CUT);
		break;
	case DNS_ERROR:
		d->rcode = a.rcode;
		if (a.rcode == NXDOMAIN)
			no_such_name(net);
		else
			give_up_server(net);
		break;
	case DNS_ADDRESSES:
		take_addresses(net, &a);
		break;
	case DNS_ALIAS:
		if (d->requeries++ < DNS_CNAMES_MAX)    /* [DNS-06] */
			ask(net);
		else
			finish(net, DNS_NO_NAME);
		break;
	case DNS_EMPTY:
		no_such_name(net);
		break;
	}
}

/*
 * --- the user's side
 * -------------------------------------------------------------------------------
 */

static bool is_single_label(const char *name)
{
	while (*name && *name != '.')
		name++;
	return !*name;
}

void dns_start(struct net *net, const char *name, const char *suffix)
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
	if (suffix && is_single_label(name) && len < sizeof(d->label) &&
	    len + 1 + text_len(suffix) < sizeof(d->name)) {
		memcpy(d->label, name, len + 1);
		text_print(d->name, sizeof(d->name), "%s.%s", name, suffix);
	}
	ask(net);
}

void dns_stop(struct net *net)
{
	if (net->dns.socket.open)
		udp_close(net, &net->dns.socket);
	if (net->dns.state == DNS_ASKING)
		net->dns.state = DNS_IDLE;
}

void dns_poll(struct net *net, uint32_t now_ms)
{
	struct dns *d = &net->dns;

	if (d->state != DNS_ASKING || !clock_reached(now_ms, d->next_ms))
		return;
	d->server = (uint8_t)((d->server + 1) % DNS_SERVERS_MAX);
	ask(net);
}

bool dns_done(void *net)
{
	return ((struct net *)net)->dns.state > DNS_ASKING;
}
