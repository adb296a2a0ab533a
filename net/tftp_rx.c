/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a TFTP server answers, or whoever answers in its stead: who it is, which block is next, what
 * is an echo. The bytes are udp.c's private copy; tftp_packet.c reads the small packets. udp_rx()
 * calls.
 */
#include "core/clock.h"
#include "core/wire.h"
#include "net/tftp_impl.h"

#define RTO_LEAST_MS 100
#define RTO_KEPT_MS 500 /* after losses */
#define ECHO_MS 500     /* less than any server waits before it repeats a block */

/* --- the first answer ------------------------------------------------------------------------ */

/*
 * RFC 6298 2: from what was sent once to its first answer. After a loss the longer pause stays
 * until there is such an answer again, or a slow server would never get one; but not much longer.
 */
static void take_time(struct tftp *t)
{
	uint32_t ms = clock_now_ms() - t->sent_ms, off;

	t->tries = 0;
	if (!t->timed) {
		if (t->rto_ms > RTO_KEPT_MS)
			t->rto_ms = RTO_KEPT_MS;
		return;
	}
	t->timed = false;
	if (!t->rtt_ms) {
		t->rtt_dev_ms = ms / 2;
		t->rtt_ms = ms ? ms : 1;
	} else {
		off = ms < t->rtt_ms ? t->rtt_ms - ms : ms - t->rtt_ms;
		t->rtt_dev_ms = (3 * t->rtt_dev_ms + off) / 4;
		t->rtt_ms = (7 * t->rtt_ms + ms) / 8;
	}
	t->rto_ms = t->rtt_ms + 4 * t->rtt_dev_ms;
	if (t->rto_ms < RTO_LEAST_MS)
		t->rto_ms = RTO_LEAST_MS;
	if (t->rto_ms > TFTP_RTO_MOST_MS)
		t->rto_ms = TFTP_RTO_MOST_MS;
}

/* What became of the file is not the server's fault, and it need not wait for us [TFTP-16]. */
static void sink_failed(struct tftp *t, int err)
{
	tftp_send_error(t, t->peer_port, err == ERR_NO_SPACE ? TFTP_DISK_FULL : TFTP_NOT_DEFINED,
			"the client cannot use this file");
	tftp_fail(t, TFTP_SINK, err);
}

/* Its port is the server's end from now on [TFTP-02]. */
static bool begin(struct tftp *t, uint16_t port, const struct tftp_options *agreed, uint64_t size)
{
	int err;

	t->state = TFTP_READING;
	t->peer_port = port;
	t->blksize = agreed->blksize ? agreed->blksize : TFTP_BLKSIZE_DEFAULT;
	t->windowsize = agreed->windowsize ? agreed->windowsize : 1;
	t->size = size;
	take_time(t);
	if (t->request.size_only)
		return true;
	if (!size) /* some servers send back what we sent, and an empty file ends at once */
		t->size = TFTP_SIZE_UNKNOWN;
	err = t->sink.begin(t->sink.ctx, t->size);
	if (err)
		sink_failed(t, err);
	return !err;
}

static void size_is_known(struct tftp *t)
{
	tftp_abort(t, TFTP_NOT_DEFINED, "only its size was wanted");
	t->state = TFTP_DONE;
}

/* The next window is asked for; its first block is worth a look at the clock. */
static void ask_for_more(struct tftp *t)
{
	if (t->request.pull)
		t->owed = true;
	else
		tftp_send_ack(t);
}

/*
 * Whether what the peer says twice is to be answered again. Sooner than its timer can have run out
 * it is an echo of the network's, or crossed ours: whoever answers that doubles all that follows
 * [TFTP-10]. If the ACK was lost, ours is not the last.
 */
static void answer_again(struct tftp *t)
{
	uint32_t pause_ms = t->rto_ms / 2 < ECHO_MS ? t->rto_ms / 2 : ECHO_MS;

	if (t->owed || !clock_reached(clock_now_ms(), t->sent_ms + pause_ms))
		return;
	tftp_send_ack(t);
	t->timed = false;
}

static void oack_rx(struct tftp *t, uint16_t port, struct span packet)
{
	struct tftp_options agreed;
	uint64_t size;

	if (t->state == TFTP_READING && !t->has_data)
		answer_again(t);
	if (t->state != TFTP_ASKING)
		return;
	if (!tftp_oack_read(packet, &t->asked, &agreed, &size)) {
		tftp_send_error(t, port, TFTP_BAD_OPTION,
				"an option that was not asked for, or larger");
		if (!tftp_ask_bare(t))
			tftp_fail(t, TFTP_BAD_ANSWER, ERR_PROTO);
	} else if (begin(t, port, &agreed, size)) {
		if (t->request.size_only)
			size_is_known(t);
		else
			ask_for_more(t);
	}
}

/* --- blocks ---------------------------------------------------------------------------------- */

static void bad_length(struct tftp *t, enum tftp_cause cause)
{
	tftp_send_error(t, t->peer_port, TFTP_NOT_DEFINED, "not as long as tsize said");
	tftp_fail(t, cause, ERR_PROTO);
}

/* The block behind the newest one, which is part of the file. */
static void deliver(struct tftp *t, uint16_t block, struct span bytes)
{
	int err;

	take_time(t);
	t->sent_ms = clock_now_ms(); /* the peer is at work: silence begins now */
	if (bytes.len > t->size - t->off) {
		bad_length(t, TFTP_TOO_LONG);
		return;
	}
	err = bytes.len ? t->sink.data(t->sink.ctx, t->off, bytes) : 0;
	if (err) {
		sink_failed(t, err);
		return;
	}
	t->off += bytes.len;
	t->last = block;
	t->has_data = true;
	t->gap = false;
	t->run++;
	if (bytes.len < t->blksize && t->size != TFTP_SIZE_UNKNOWN && t->off != t->size) {
		bad_length(t, TFTP_TOO_SHORT);
	} else if (bytes.len < t->blksize) { /* RFC 1350 6 */
		t->state = TFTP_DONE;
		tftp_send_ack(t);
	} else if (t->run == t->windowsize) {
		ask_for_more(t);
	}
}

/*
 * Block 65535 is followed by 0, at some servers by 1; that can be told from a block that was lost
 * only where one is sent at a time [TFTP-09].
 */
static bool is_next(const struct tftp *t, uint16_t block)
{
	return block == (uint16_t)(t->last + 1) ||
	       (t->last == UINT16_MAX && block == 1 && t->windowsize == 1);
}

/*
 * RFC 7440 4: of a window with a gap what is before it is acknowledged, once; the rest comes again
 * [TFTP-14].
 */
static void out_of_order(struct tftp *t, uint16_t block)
{
	uint16_t ahead = (uint16_t)(block - t->last);

	if (block == t->last && t->has_data) {
		answer_again(t);
	} else if (ahead > 1 && ahead <= t->windowsize && !t->gap) {
		t->gap = true;
		if (!t->owed)
			tftp_send_ack(t);
	}
}

static void data_rx(struct tftp *t, uint16_t port, struct span packet)
{
	struct span bytes = { packet.at + TFTP_HEADER_LEN, packet.len - TFTP_HEADER_LEN };
	static const struct tftp_options none;
	uint16_t block = get_be16(packet.at + 2);

	if (t->state == TFTP_ASKING) {
		if (block != 1 || bytes.len > TFTP_BLKSIZE_DEFAULT)
			return;
		if (!begin(t, port, &none, TFTP_SIZE_UNKNOWN)) /* [TFTP-06] */
			return;
		if (t->request.size_only) {
			if (bytes.len < t->blksize)
				t->size = bytes.len;
			size_is_known(t);
			return;
		}
	}
	if (t->state == TFTP_DONE) {
		if (block == t->last)
			answer_again(t);
	} else if (bytes.len <= t->blksize) { /* [TFTP-17] */
		if (is_next(t, block) && !t->owed)
			deliver(t, block, bytes);
		else
			out_of_order(t, block);
	}
}

static void error_rx(struct tftp *t, struct span packet)
{
	uint16_t code = tftp_error_read(packet, t->text);

	/* That there is no such file has nothing to do with options. */
	if (code != TFTP_NOT_FOUND && code != TFTP_NO_ACCESS && tftp_ask_bare(t))
		return;
	t->code = code;
	tftp_fail(t, TFTP_SAID_NO, ERR_REFUSED);
}

void tftp_rx(void *ctx, uint32_t src, uint16_t src_port, struct span packet)
{
	uint16_t opcode = tftp_opcode(packet);
	struct tftp *t = ctx;

	(void)src; /* the socket has seen to it that it is the server's [TFTP-03] */
	if (t->peer_port && src_port != t->peer_port) {
		if (opcode != TFTP_ERROR) /* RFC 1350 4: the transfer is not disturbed [TFTP-02] */
			tftp_send_error(t, src_port, TFTP_UNKNOWN_ID, "unknown transfer ID");
		return;
	}
	switch (opcode) {
	case TFTP_DATA:
		data_rx(t, src_port, packet);
		break;
	case TFTP_OACK:
		oack_rx(t, src_port, packet);
		break;
	case TFTP_ERROR:
		if (t->state != TFTP_DONE)
			error_rx(t, packet);
		break;
	default:
		break;
	}
}
