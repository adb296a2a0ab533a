/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TFTP client's own side: what it asks for, when it says so again, how it ends. What a server
 * answers is tftp_rx.c's. Called by net/boot/fetch.c.
 */
#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "net/tftp_impl.h"

#define DOUBT_TRIES 2 /* after so many its MAC may have changed [ARP-07] */

static void close_socket(struct tftp *t)
{
	if (t->socket.open)
		udp_close(t->net, &t->socket);
}

void tftp_fail(struct tftp *t, enum tftp_cause cause, int err)
{
	close_socket(t);
	t->state = TFTP_FAILED;
	t->cause = cause;
	t->err = err;
}

/* --- out ------------------------------------------------------------------------------------- */

/* A packet that is answered begins a measurement; the same again spoils it. */
static int send(struct tftp *t, uint16_t port, const uint8_t *packet, uint32_t len)
{
	t->sent_ms = clock_now_ms();
	t->timed = t->tries == 0;
	return udp_send(t->net, &t->socket, t->request.server, port, (struct span){ packet, len });
}

static void send_request(struct tftp *t)
{
	uint8_t request[TFTP_REQUEST_MAX];
	uint32_t len = tftp_request_write(request, t->request.name, &t->asked);

	assert(len);
	if (send(t, t->request.port, request, len) == ERR_UNREACHABLE)
		tftp_fail(t, TFTP_NO_ROUTE, ERR_UNREACHABLE);
}

/* What is lost, or finds no buffer, goes out again in time. */
void tftp_send_ack(struct tftp *t)
{
	uint8_t ack[TFTP_HEADER_LEN];

	t->run = 0;
	t->owed = false;
	tftp_ack_write(ack, t->last);
	err_ignore(send(t, t->peer_port, ack, sizeof(ack)));
}

void tftp_send_error(struct tftp *t, uint16_t port, enum tftp_code code, const char *text)
{
	struct udp_socket aside = { .port = t->socket.port };
	uint8_t error[TFTP_HEADER_LEN + TFTP_TEXT_MAX];
	uint32_t len = tftp_error_write(error, code, text);

	err_ignore(udp_send(t->net, &aside, t->request.server, port, (struct span){ error, len }));
}

/* --- asking ---------------------------------------------------------------------------------- */

static void server_gone(void *ctx);

/* A packet that is as long as may be [TFTP-08], and that the stack takes. */
static uint16_t blksize_max(const struct tftp *t)
{
	uint32_t most = (uint32_t)t->net->mtu - IPV4_HEADER_LEN - UDP_HEADER_LEN - TFTP_HEADER_LEN;

	if (most > UDP_DATA_MAX - TFTP_HEADER_LEN)
		most = UDP_DATA_MAX - TFTP_HEADER_LEN;
	if (t->request.blksize && t->request.blksize < most)
		most = t->request.blksize;
	return (uint16_t)(most < TFTP_BLKSIZE_MIN ? TFTP_BLKSIZE_MIN : most);
}

/* What is the default need not be asked for. */
static void choose_options(struct tftp *t)
{
	uint16_t blksize = blksize_max(t);

	memset(&t->asked, 0, sizeof(t->asked));
	if (t->bare)
		return;
	t->asked.tsize = true;
	if (blksize != TFTP_BLKSIZE_DEFAULT)
		t->asked.blksize = blksize;
	if (t->request.windowsize > 1)
		t->asked.windowsize = t->request.windowsize;
}

/* From a port of its own, so that answers to an earlier request are somebody else's [UDP-03]. */
static void ask(struct tftp *t)
{
	close_socket(t);
	choose_options(t);
	t->state = TFTP_ASKING;
	t->peer_port = 0;
	t->tries = 0;
	t->rto_ms = TFTP_RTO_FIRST_MS;
	t->socket = (struct udp_socket){
		.peer_ip = t->request.server,
		.rx = tftp_rx,
		.unreachable = server_gone,
		.ctx = t,
	};
	udp_open(t->net, &t->socket);
	send_request(t);
}

void tftp_start(struct tftp *t, struct net *net, const struct tftp_request *request,
		const struct tftp_sink *sink)
{
	tftp_close(t);
	memset(t, 0, sizeof(*t));
	t->net = net;
	t->request = *request;
	t->sink = *sink;
	t->size = TFTP_SIZE_UNKNOWN;
	ask(t);
}

static void server_gone(void *ctx)
{
	struct tftp *t = ctx;

	if (t->state == TFTP_ASKING || t->state == TFTP_READING)
		tftp_fail(t, TFTP_CLOSED, ERR_REFUSED);
}

bool tftp_ask_bare(struct tftp *t)
{
	if (t->bare || t->state != TFTP_ASKING)
		return false;
	t->bare = true;
	ask(t);
	return true;
}

/* --- the user's side ------------------------------------------------------------------------- */

void tftp_more(struct tftp *t)
{
	if (t->state == TFTP_READING && t->owed) {
		t->tries = 0;
		tftp_send_ack(t);
	}
}

/* RFC 1123 4.2.3.2: what was said last is said again, each time later [TFTP-12]. */
static void say_again(struct tftp *t)
{
	t->rto_ms = 2 * t->rto_ms < TFTP_RTO_MOST_MS ? 2 * t->rto_ms : TFTP_RTO_MOST_MS;
	if (t->tries < DOUBT_TRIES)
		t->tries++;
	else
		arp_doubt(t->net, ipv4_next_hop(t->net, t->request.server));
	t->gap = false;
	if (t->state == TFTP_ASKING)
		send_request(t);
	else
		tftp_send_ack(t);
}

void tftp_poll(struct tftp *t, uint32_t now_ms)
{
	bool asking = t->state == TFTP_ASKING;

	if ((!asking && t->state != TFTP_READING) || t->owed)
		return;
	if (asking && arp_failed(t->net, ipv4_next_hop(t->net, t->request.server)))
		tftp_fail(t, TFTP_NOBODY, ERR_UNREACHABLE);
	else if (clock_reached(now_ms, t->sent_ms + t->rto_ms))
		say_again(t);
}

void tftp_abort(struct tftp *t, enum tftp_code code, const char *text)
{
	if (t->state == TFTP_READING)
		tftp_send_error(t, t->peer_port, code, text);
	if (t->state == TFTP_ASKING || t->state == TFTP_READING)
		t->state = TFTP_IDLE;
	tftp_close(t);
}

void tftp_close(struct tftp *t)
{
	close_socket(t);
	if (t->state == TFTP_ASKING || t->state == TFTP_READING)
		t->state = TFTP_IDLE;
}
