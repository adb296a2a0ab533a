/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack on a fake nic, a user who checks what it is told, and a peer whose segments are written
 * by hand, one at a time. The fixture of tests/unit/test_tcp*.c; peer.h has a peer that speaks for
 * itself.
 */
#ifndef TESTS_MODEL_TCP_LAB_H
#define TESTS_MODEL_TCP_LAB_H

#include "net/net.h"
#include "tests/model/fake_nic.h"
#include "tests/model/lease.h"
#include "tests/model/segment.h"

#define LAB_IP 0x0a00020fu      /* 10.0.2.15/24 */
#define LAB_PEER_IP 0x0a000202u /* 10.0.2.2 */
#define LAB_STORE (4u << 20)
#define LAB_ISS 0x11110000u /* the peer's, unless a test says otherwise */

struct tcp_lab {
	struct fake_nic nic;
	struct net *net;
	struct failure failure;
	struct tcp_conn *c;

	/* The user: offsets place_from … place_to have a landing in store, at their offset. */
	struct tcp_user user;
	uint64_t place_from, place_to;
	uint8_t *store;
	uint64_t got; /* bytes landed, or delivered (and then put into store) */
	uint32_t landings, deliveries;
	/* If not NULL: called after each of both. */
	void (*told)(struct tcp_lab *lab);

	/* The peer by hand. */
	uint8_t peer_mac[6];
	uint32_t peer_ip;
	uint16_t peer_port;
	uint32_t iss;     /* SEQ of its SYN; byte off of the stream: iss + 1 + off */
	uint32_t syn_seq; /* of ours */
	uint16_t port;    /* ours, as its SYN had it */
	bool mute_arp;
	uint8_t frame[SEGMENT_FRAME_MAX]; /* that s of lab_take() points into */
};

/*
 * cmocka's setup and teardown; *state is the lab. Checks at the end that nothing arrived that is
 * not a right segment.
 */
int lab_setup(void **state);
int lab_teardown(void **state);

/* The user lands what is next, if it has a place; after tcp_open() and after data(). */
void lab_land(struct tcp_lab *lab);

/* Virtual time passes, a millisecond at a time, with a turn of the stack in each. */
void lab_pass(struct tcp_lab *lab, uint32_t ms);
/* One turn; ARP requests for peers are answered. */
void lab_poll(struct tcp_lab *lab);

/* The next segment that we sent; the test fails if there is none, or it is not well-formed. */
void lab_take(struct tcp_lab *lab, struct segment *s);
/* The next one, or false. */
bool lab_next(struct tcp_lab *lab, struct segment *s);
/* Fails if anything was sent. */
void lab_expect_silence(struct tcp_lab *lab);
/* Takes everything; the number of segments that were RST / all. */
uint32_t lab_drain(struct tcp_lab *lab);
uint32_t lab_drain_rst(struct tcp_lab *lab);

/*
 * A segment from the peer to the connection: byte off of its stream, acknowledging `ack` bytes of
 * ours (beyond our SYN).
 */
struct segment lab_segment(const struct tcp_lab *lab, uint16_t flags, uint64_t off, uint32_t ack);
/* The same with pattern bytes off … off + len. */
struct segment lab_data(const struct tcp_lab *lab, uint64_t off, uint32_t len);
/*
 * It arrives, and the stack has its turn. lab_put(): arrives, and waits for the batch to be
 * complete.
 */
void lab_send(struct tcp_lab *lab, const struct segment *s);
struct fake_frame *lab_put(struct tcp_lab *lab, const struct segment *s);

/* tcp_open() and its SYN. */
void lab_open(struct tcp_lab *lab, struct segment *syn);
/* The peer's SYN-ACK: MSS 1460, SACK, scale 7. */
struct segment lab_syn_ack(const struct tcp_lab *lab);
/* All of it: the connection is ESTABLISHED and nothing is left unread. */
void lab_connect(struct tcp_lab *lab);

/* The user forgets all bytes: a new stream begins. */
void lab_forget(struct tcp_lab *lab);
/* That the user has got exactly this much of the pattern. */
void lab_expect_got(struct tcp_lab *lab, uint64_t len);

#endif
