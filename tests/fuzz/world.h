/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network that an input writes the script of: DHCP and DNS server, web servers behind every
 * address, and a wire on which frames are lost, doubled, held back and damaged. Where the input has
 * ended all of it is friendly, so that what began badly may still end well. On the hosted port's
 * time; no state but struct world.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "tests/fuzz/fuzz.h"
#include "tests/model/segment.h"

#define WORLD_FILES 8 /* "/f0" … "/f7" */
#define WORLD_LENS 8  /* lengths of one file that a whole answer had */
#define WORLD_CONNS 8
#define WORLD_STREAM_MAX 20000
#define WORLD_FLIGHT 64 /* frames on their way to the client */
#define WORLD_DNS_IP 0x0a000203u
#define WORLD_NAME "boot.example"

struct world_conn {
	bool used, open, fin, fin_sent;
	uint16_t client_port, port;
	uint32_t ip, client_seq, iss, una, nxt, edge, shift, mss, moved_ms;
	uint32_t got; /* bytes of the request being collected */
	char request[4096 + 1];
	uint32_t len;
	uint8_t stream[WORLD_STREAM_MAX];
};

struct world_frame {
	uint32_t due_ms, len;
	uint8_t bytes[1600];
};

struct world {
	struct input *in;
	void (*deliver)(void *ctx, const uint8_t *frame, uint32_t len); /* to the client */
	void *ctx;
	uint32_t now_ms; /* from 0, as hosted_time_advance() was called */
	uint64_t salt;   /* where in the pattern the files of this run lie */

	void (*on_idle)(void *ctx); /* at the end of each turn; may be NULL */
	bool intact;                /* no frame is damaged on its way */

	/* What an honest client may hold for the file N. */
	uint32_t lens[WORLD_FILES], len[WORLD_FILES][WORLD_LENS];

	struct world_conn conn[WORLD_CONNS];
	uint32_t in_flight;
	struct world_frame frame[WORLD_FLIGHT];
};

/* Takes the hook of port_idle(). deliver and ctx are set; in stays the caller's. */
void world_open(struct world *w, struct input *in, uint32_t salt);
/* A frame from the client. */
void world_rx(struct world *w, const uint8_t *frame, uint32_t len);

/*
 * Whether len bytes at `at` are one of the files, whole, as some answer had it; which one goes to
 * *file.
 */
bool world_served(const struct world *w, const uint8_t *at, uint64_t len, unsigned *file);

/* --- world_web.c, for world.c ----------------------------------------------------------------- */

/* A segment of the client's, to anybody. */
void world_web_rx(struct world *w, const struct segment *s);
void world_web_poll(struct world *w);
/* A whole request has come: appends its answer to c->stream (world_serve.c). */
void world_serve(struct world *w, struct world_conn *c);
/* The wire, for those behind it. */
void world_send(struct world *w, const uint8_t *frame, uint32_t len);

#endif
