/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TFTP client (RFC 1350, 2347, 2348, 2349, 7440): one read at a time, block by block to whoever
 * wants the file. All state is in a struct tftp of its user's; it waits for nothing, tells nobody
 * anything by itself, and needs of the stack a UDP socket only.
 *
 * Whole files, as net/boot/fetch.c takes them: tftp_start(), then net_poll() and tftp_poll() until
 * tftp_done(); the server sends windows of blocks as fast as it may.
 *
 * A block at a time, as a boot program asks for them (PXE's TFTP_OPEN, READ, CLOSE): `pull`, and no
 * windowsize. The ACK for a block that data() got, which asks for the next one, leaves when
 * tftp_more() says so, and not by a timer either: there is never a block that nobody has asked for,
 * so the user copies it from data() to its place, and nothing else is buffered. The ACK of the last
 * block leaves at once. With options the server's first answer carries no data, and state
 * TFTP_READING says that blksize and size are known; without, it is block 1, and data() gets it
 * before anybody has called tftp_more().
 *
 * Only a file's length (TFTP_GET_FSIZE): `size_only`. Ends in TFTP_DONE with `size`, or
 * TFTP_SIZE_UNKNOWN where the server has no option tsize; it is told that no more is wanted
 * [TFTP-16].
 *
 * Silence is answered by what was sent last, again, in intervals that adapt to the server and have
 * a bound [TFTP-12]. It is no end: whoever waits knows how long he wants to.
 */
#ifndef NET_TFTP_H
#define NET_TFTP_H

#include "net/net.h"
#include "net/tftp_packet.h"
#include "net/udp.h"

/* At a distance of a millisecond as good as any number, and small beside a nic's slots. */
#define TFTP_WINDOWSIZE 16

struct tftp_request {
	uint32_t server; /* host order; no other address is heard [TFTP-03] */
	uint16_t port;   /* TFTP_PORT */
	/* As the server gets it [TFTP-18], less than TFTP_NAME_MAX; stays until TFTP_READING. */
	const char *name;
	/*
	 * At most this; 0: whatever no packet has to be taken apart for [TFTP-08], which is the
	 * bound anyway. Without option blksize it is 512, whatever was asked for.
	 */
	uint16_t blksize;
	uint16_t windowsize; /* at most this; 0 or 1: an ACK for each block */
	bool pull;
	bool size_only;
};

/*
 * Where the file goes. Called from net_poll(), or tftp_poll(); both return 0, or an error that ends
 * the transfer in TFTP_FAILED, cause TFTP_SINK. They may not call the functions below.
 */
struct tftp_sink {
	/* Once, before data: the file's length, or TFTP_SIZE_UNKNOWN. */
	int (*begin)(void *ctx, uint64_t size);
	/* In order, each byte once; bytes are valid until it returns. */
	int (*data)(void *ctx, uint64_t off, struct span bytes);
	void *ctx;
};

enum tftp_state {
	TFTP_IDLE,
	TFTP_ASKING,  /* no answer yet */
	TFTP_READING, /* blksize, windowsize and size are agreed on */
	TFTP_DONE,    /* all of it was delivered (`off` bytes) */
	TFTP_FAILED,  /* `cause` says why, err what kind of failure it is */
};

enum tftp_cause {
	TFTP_NO_CAUSE,
	TFTP_SAID_NO,    /* an ERROR: code, text [TFTP-13] */
	TFTP_CLOSED,     /* ICMP says that nobody listens there [ICMP-04] */
	TFTP_NO_ROUTE,   /* to the server */
	TFTP_NOBODY,     /* on this link answers for it [ARP-04] */
	TFTP_BAD_ANSWER, /* options that were not asked for, or more than was [TFTP-05] */
	TFTP_TOO_LONG,   /* the file, for `size` [TFTP-15] */
	TFTP_TOO_SHORT,  /* the same */
	TFTP_SINK,       /* refused it: err */
};

struct tftp {
	struct net *net;
	struct tftp_request request;
	struct tftp_sink sink;
	enum tftp_state state;
	enum tftp_cause cause;
	int err;                  /* of TFTP_FAILED */
	uint16_t code;            /* of TFTP_SAID_NO */
	char text[TFTP_TEXT_MAX]; /* the same; printable, perhaps empty */
	uint16_t blksize, windowsize;
	uint64_t size; /* or TFTP_SIZE_UNKNOWN */
	uint64_t off;  /* bytes delivered: the offset of the next */

	struct udp_socket socket;
	uint16_t peer_port; /* the server's TID; 0: none yet [TFTP-02] */
	struct tftp_options asked;
	bool bare;     /* asks without options: the server did not like them [TFTP-07] */
	bool has_data; /* a block has come */
	uint16_t last; /* the number of the newest block in order; 0 before the first */
	uint16_t run;  /* blocks since the last ACK */
	bool gap;      /* one was told of since then */
	bool owed;     /* pull: the ACK that tftp_more() sends */
	uint8_t tries; /* of what was sent last, beyond the first */
	bool timed;    /* its answer is worth a look at the clock (Karn's rule) */
	uint32_t sent_ms, rtt_ms, rtt_dev_ms, rto_ms;
};

/*
 * Asks the server for a file, at once. t: of any content on first use, if zeroed; else the state of
 * an earlier transfer, which is over for good: it no longer answers its server.
 */
void tftp_start(struct tftp *t, struct net *net, const struct tftp_request *request,
		const struct tftp_sink *sink);

/* pull: what data() got last has its place; the next block may come. Nothing to do: nothing. */
void tftp_more(struct tftp *t);

/* Timers. To be called beside net_poll(). */
void tftp_poll(struct tftp *t, uint32_t now_ms);

static inline bool tftp_done(const struct tftp *t)
{
	return t->state >= TFTP_DONE;
}

/*
 * No more is wanted, for a reason that the server is told by an ERROR if it is sending [TFTP-16].
 * Ends what tftp_close() ends. Harmless in any state.
 */
void tftp_abort(struct tftp *t, enum tftp_code code, const char *text);

/*
 * After TFTP_DONE the socket stays open, and answers a server that repeats its last block because
 * the ACK was lost [TFTP-11]: nobody need wait for that, other work goes on meanwhile. It ends
 * here, with tftp_abort() or the next tftp_start(). Harmless in any state.
 */
void tftp_close(struct tftp *t);

#endif
