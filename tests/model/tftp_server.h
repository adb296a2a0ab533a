/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TFTP server on virtual time, on every address of the link, with the habits that a test gives
 * it, on a wire that loses, doubles and swaps its packets. Written from the RFCs, and apart from
 * net/tftp*. What it sends is the pattern (segment.h). It stands in front of another model on the
 * same nic, which gets what is no concern of TFTP.
 */
#ifndef TESTS_MODEL_TFTP_SERVER_H
#define TESTS_MODEL_TFTP_SERVER_H

#include "tests/model/fake_nic.h"

#define TFTP_SERVER_TRANSFERS 64
#define TFTP_SERVER_PORT_FIRST \
	2000 /* each request begins a transfer, which speaks from a port of its own */

struct tftp_transfer {
	uint32_t ip; /* of the server, as it was asked */
	uint16_t client_port;
	uint16_t blksize, windowsize;
	uint64_t acked; /* blocks; the next window begins behind them */
	bool open, greeted, whole;
	uint32_t due_ms, repeats;
};

struct tftp_server {
	struct fake_nic *nic;

	/* Set by the test. */
	uint64_t len;                 /* of every file but those that are not there */
	const char *missing;          /* a name that gets error 1; NULL: none */
	uint32_t silent_ip;           /* nothing is heard there */
	uint16_t blksize, windowsize; /* what it takes at most; 0: it has no such option */
	bool tsize;
	uint64_t said_len;               /* tsize, where it is not len; 0: it is */
	uint16_t options_error;          /* what a request with options gets; 0: no error */
	bool apprentice;                 /* answers an ACK twice said with a block twice sent */
	uint16_t wrap_to;                /* what follows 65535 */
	uint32_t timeout_ms;             /* then it repeats itself; 1000 */
	uint32_t lost, doubled, swapped; /* per cent, of either direction */
	uint32_t seed;
	/* An event in its life, once so many blocks were acknowledged: */
	uint64_t mute_at;  /* it dies; 0: does not */
	uint64_t error_at; /* it says error 0; 0: does not */
	uint32_t every_ms; /* so long it takes for a window; 0: none */
	bool (*drop)(void *ctx, const uint8_t *packet, uint32_t len, bool ours); /* or NULL */
	void *ctx;

	/* What became of it. */
	uint32_t requests, sent, heard, blocks; /* packets of each kind; blocks sent */
	uint16_t error;                         /* the last that the client sent; 0xffff: none */
	char asked[512];                        /* the last request, from its name on */
	uint32_t asked_len;
	struct tftp_transfer transfer[TFTP_SERVER_TRANSFERS];
	uint32_t transfers;

	void (*tx)(void *ctx, const uint8_t *frame, uint32_t len);
	void *tx_ctx;
	uint8_t held[2][1600]; /* swapped: waits for the next one, ours and theirs */
	uint32_t held_len[2];
};

/* Takes the nic's transmit side, and passes on what is not for it. */
void tftp_server_open(struct tftp_server *s, struct fake_nic *nic);
/* What is due; to be called as time passes. */
void tftp_server_poll(struct tftp_server *s);

#endif
