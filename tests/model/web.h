/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scripted network on virtual time, for tests of what stands on TCP: every address of the link is
 * a web server whose answers the test writes, and one of them answers DNS. All behind one fake nic,
 * on a wire that loses nothing. What the client sends is checked segment by segment.
 *
 * A test says in serve() what becomes of a request: each web_...(c, …) below is a step, and a
 * connection takes its steps one after the other as time and the client's window allow. Time passes
 * in net_wait(), by port_idle(), or by hosted_time_advance() and web_poll().
 */
#ifndef TESTS_MODEL_WEB_H
#define TESTS_MODEL_WEB_H

#include "net/net.h"
#include "tests/model/fake_nic.h"
#include "tests/model/segment.h"

#define WEB_CONNS_MAX 64
#define WEB_REQUEST_MAX 8192
#define WEB_ADDRESSES_MAX 8

struct web;
struct web_step;

/* A name that DNS knows; the list ends with a NULL one. Every other one does not exist. */
struct web_name {
	const char *name;
	uint32_t ip[WEB_ADDRESSES_MAX]; /* until the first 0 */
};

/* An address that is not a web server; the list ends with ip 0. */
struct web_host {
	uint32_t ip;
	enum { WEB_GONE, WEB_SILENT, WEB_REFUSES } how; /* no ARP; no SYN-ACK; a RST */
};

struct web_conn {
	uint32_t number; /* from 1, in the order of their SYNs */
	uint32_t ip;     /* the server's */
	uint16_t port;
	bool open;                     /* neither end has reset it; cleared by a test: it is gone */
	uint32_t requests;             /* on this connection, the one in `request` included */
	char request[WEB_REQUEST_MAX]; /* the newest, headers and all, NUL-terminated */
	uint32_t request_len, pieces;  /* and in how many segments it came */
	bool fin_got, rst_got;
	uint64_t sent; /* bytes of the stream so far */
	/* Set by the test: what the client sends is served, and never acknowledged. */
	bool deaf;

	struct web *web;
	uint16_t client_port;
	uint32_t iss, seq, irs, client_seq, client_una, edge;
	uint32_t client_shift, client_mss;
	uint8_t client_mac[6];
	struct web_step *first, **last;
	uint32_t piece, every_ms; /* as web_pace() has it; 0: no such bound */
	bool waits;
	uint32_t until_ms;
};

struct web {
	struct fake_nic *nic;

	/* Set by the test. */
	void (*serve)(struct web_conn *c);    /* a whole request has come: c->request */
	void (*accepted)(struct web_conn *c); /* the handshake is complete; NULL: nothing */
	void *ctx;                            /* the test's */
	const struct web_name *names;         /* NULL: DNS knows none */
	const struct web_host *hosts;         /* NULL: all addresses are servers */
	bool dns_mute;
	void (*dns_edit)(uint8_t *answer); /* before it leaves; NULL: nothing */
	uint16_t port;                     /* 80; every other one refuses */
	uint16_t mss;                      /* 1460: what the servers announce */
	uint32_t path_mtu;                 /* what is longer never arrives; 0: all does */

	/* What became of it. */
	uint32_t connections, requests, questions;
	char complaint[160]; /* about the client, the first; empty: none */
	struct web_conn conn[WEB_CONNS_MAX];
};

/* Takes the nic's transmit side and the hook of port_idle(). */
void web_init(struct web *w, struct fake_nic *nic);
void web_free(struct web *w);
/* The steps that are due; port_idle() does this by itself. */
void web_poll(struct web *w);
/* The path that was asked for last on a connection; valid until the next call. */
const char *web_path(const struct web_conn *c);

/* --- steps of a connection -------------------------------------------------------------------- */

/* Text, as printf() makes it. */
void web_say(struct web_conn *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The status line and a Content-Length ("200 OK"), then len bytes of the pattern (segment.h). */
void web_answer(struct web_conn *c, const char *status, uint64_t len);
/* Bytes off … off + len of the pattern. */
void web_file(struct web_conn *c, uint64_t off, uint64_t len);
/* The text n times; UINT64_MAX: until the client has enough. */
void web_repeat(struct web_conn *c, const char *text, uint64_t n);
/* From here on at most `bytes` at a time, one such piece in every_ms. 0, 0: as fast as it can. */
void web_pace(struct web_conn *c, uint32_t bytes, uint32_t every_ms);
void web_pause(struct web_conn *c, uint32_t ms);
void web_fin(struct web_conn *c);
void web_rst(struct web_conn *c);

#endif
