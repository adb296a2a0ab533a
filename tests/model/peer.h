/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP server that speaks for itself, on virtual time, behind a bad link: waits for a request,
 * sends a file of the pattern (segment.h), closes. Its sender has a congestion window,
 * retransmission by timeout, by duplicate ACKs, and by SACK, in which it trusts: bytes that were
 * reported are never sent again. And it watches the client: what no honest receiver may do becomes
 * a complaint.
 */
#ifndef TESTS_MODEL_PEER_H
#define TESTS_MODEL_PEER_H

#include "net/net.h"
#include "tests/model/fake_nic.h"
#include "tests/model/link.h"
#include "tests/model/segment.h"

#define PEER_SACKED_MAX 256
#define PEER_REQUEST_MAX 4096
#define PEER_RTO_FIRST_MS 300

enum peer_state { PEER_LISTEN, PEER_SYN_RECEIVED, PEER_OPEN, PEER_CLOSED };

struct peer_range {
	uint64_t from, to;
};

struct peer {
	struct fake_nic *nic;
	struct link to_client, to_peer;

	/* Set by the test before the first SYN. */
	uint8_t mac[6];
	uint32_t ip;
	uint16_t port;
	uint32_t iss;
	uint16_t mss; /* what we announce; -1 of shift: no such option */
	int shift;
	bool sack;
	uint32_t request_len; /* bytes to wait for before sending */
	uint64_t file_len;
	bool close;           /* a FIN behind the file */
	uint32_t max_segment; /* bytes in one; 0: what the client's MSS allows */
	/* Each n-th frame has a checksum; the others have 0 there, and the client's nic vouches for
	   them. 0: all have one. */
	uint32_t sum_every;

	/* What became of it. */
	enum peer_state state;
	char complaint[160]; /* the first one; empty: none */
	uint8_t request[PEER_REQUEST_MAX];
	uint32_t request_got;
	bool fin_got, fin_acked, rst_got;
	uint32_t emitted, segments, retransmitted, timeouts, recoveries;

	/* The client. */
	uint8_t client_mac[6];
	uint32_t client_ip, client_irs, client_seq;
	uint16_t client_port, client_mss;
	uint32_t client_shift;
	bool client_sack, client_scale;

	/* Stream offsets: una … nxt is in flight, edge is the end of the client's window. */
	uint64_t una, nxt, high, edge;
	uint64_t cwnd, ssthresh;
	uint32_t dup_acks;
	bool recovering;
	uint64_t recover, hole; /* hole: nothing below it is sent again in this recovery */
	struct peer_range sacked[PEER_SACKED_MAX];
	uint32_t sacked_len;
	uint32_t rto_ms, rto_at_ms;
	bool rto_running;
	/* As the client sent them, before the link: for complaints. */
	uint64_t told_ack, told_edge;
	bool told;
};

/*
 * MAC and address of the gateway in tcp_lab.h, port 80, MSS 1460, scale 7, SACK. Takes the nic's
 * transmit side.
 */
void peer_init(struct peer *p, struct fake_nic *nic, uint32_t seed);
void peer_free(struct peer *p);

/*
 * Turns of link, peer and stack, and time in between, until done(ctx) or limit_ms have passed.
 * Returns done(ctx).
 */
bool peer_run(struct peer *p, struct net *net, bool (*done)(void *ctx), void *ctx,
	      uint32_t limit_ms);

/* --- peer_send.c, for peer.c ----------------------------------------------------------------- */

void peer_send_syn_ack(struct peer *p);
void peer_send_ack(struct peer *p);
/* The handshake is complete. */
void peer_send_start(struct peer *p);
/* What a segment says of our stream. */
void peer_send_acked(struct peer *p, const struct segment *s);
void peer_send_poll(struct peer *p);
/* The 64-bit offset that a 32-bit number near una means. */
uint64_t peer_send_offset(const struct peer *p, uint32_t seq);

#endif
