/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit offloads (VIRTIO 1.4, 5.1.9.2): a checksum that the device completes, and a segment that
 * it cuts. The peer's answers say what has arrived. Called by probes.c.
 */
#include "tests/conform/features.h"
#include "tests/conform/probes.h"
#include "tests/conform/segments.h"

#define BIT(n) (UINT64_C(1) << (n))
#define SHORT 800
#define LONG 3000
#define MSS 1000
#define LONG_V6 SEGMENTS_DATA_MAX
#define MSS_V6 1220 /* 1280, which every link carries (RFC 8200, 5), without headers */

static int open_and_ask(struct conform *c, bool *answered)
{
	static const struct shape shape = {
		.name = "tx-offload",
		.one_descriptor = true,
		.features = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_HOST_TSO4) |
			    BIT(VIRTIO_NET_F_HOST_TSO6),
	};
	int err = probe_open(c, &c->modern, &shape);

	return err ? err : traffic_ask(&c->traffic, PROBE_ANSWER_MS, answered);
}

/* Once more before silence is believed: frames may be lost. */
static int ask(struct conform *c, const struct segment_shape *how, struct segment_answer *answer)
{
	int err = segments_ask(&c->traffic, how, answer);

	return err || answer->whole ? err : segments_ask(&c->traffic, how, answer);
}

/* [DEV-76] */
static int ask_partial(struct conform *c)
{
	static const struct segment_shape how = { .data = SHORT, .partial = true };
	struct segment_answer answer;
	int err = ask(c, &how, &answer);

	if (err || !answer.asked)
		return err;
	ledger_seen(&c->ledger, DEV_76);
	if (!answer.whole)
		ledger_broken(&c->ledger, DEV_76,
			      "a segment of %u bytes with a whole checksum is answered, and the "
			      "same with NEEDS_CSUM is not",
			      SHORT);
	return 0;
}

/* [DEV-77] [DEV-87] */
static int ask_long(struct conform *c, enum row row, const struct segment_shape *how)
{
	struct segment_answer answer;
	int err = ask(c, how, &answer);

	if (err || !answer.asked)
		return err;
	ledger_seen(&c->ledger, row);
	if (!answer.whole || answer.others)
		ledger_broken(&c->ledger, row,
			      "%u bytes were sent with gso_size %u; the last of them is %s, and %u "
			      "answers are for other lengths, such as %u",
			      how->data, how->gso_size,
			      answer.whole ? "acknowledged" : "not acknowledged",
			      (unsigned)answer.others, (unsigned)answer.other);
	return 0;
}

static int ask_over_ipv4(struct conform *c)
{
	static const struct segment_shape plain = { .data = SHORT };
	static const struct segment_shape whole = { .data = LONG,
						    .gso_size = MSS,
						    .partial = true };
	struct segment_answer answer;
	int err = ask(c, &plain, &answer);

	/* Without an answer to a whole one, silence tells nothing. */
	if (err || !answer.whole)
		return err;
	err = ask_partial(c);
	if (!err && c->modern.accepted & BIT(VIRTIO_NET_F_HOST_TSO4))
		err = ask_long(c, DEV_77, &whole);
	return err;
}

static int ask_over_ipv6(struct conform *c)
{
	struct ipv6 v6;
	struct segment_shape plain = { .data = SHORT, .v6 = &v6 };
	struct segment_shape whole = {
		.data = LONG_V6, .gso_size = MSS_V6, .partial = true, .v6 = &v6
	};
	struct segment_answer answer = { .whole = false };
	int err = ipv6_find(&v6, &c->traffic);

	if (!err && v6.found)
		err = ask(c, &plain, &answer);
	return err || !answer.whole ? err : ask_long(c, DEV_87, &whole);
}

static int run(struct conform *c)
{
	bool answered = false;
	int err = open_and_ask(c, &answered), closed;

	if (!err && answered)
		err = ask_over_ipv4(c);
	if (!err && c->modern.accepted & BIT(VIRTIO_NET_F_HOST_TSO6))
		err = ask_over_ipv6(c);
	closed = station_close(&c->station);
	return closed ? closed : err;
}

const struct probe probe_tx_offload = {
	.name = "tx-offload",
	.time = PROBE_TRAFFIC,
	.needs = BIT(VIRTIO_NET_F_CSUM),
	.rows_len = 3,
	.rows = { DEV_76, DEV_77, DEV_87 },
	.run = run,
};
