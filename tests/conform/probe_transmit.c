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
#define MSS 1000

static int open_and_ask(struct conform *c, bool *answered)
{
	static const struct shape shape = {
		.name = "tx-offload",
		.one_descriptor = true,
		.features = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_HOST_TSO4),
	};
	int err;

	c->station.v = &c->modern;
	c->station.cut_at = 0;
	err = station_open(&c->station, &shape, c->knobs.config.features);
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

	if (err)
		return err;
	ledger_seen(&c->ledger, DEV_76);
	if (!answer.whole)
		ledger_broken(&c->ledger, DEV_76,
			      "a segment of %u bytes with a whole checksum is answered, and the "
			      "same with NEEDS_CSUM is not",
			      SHORT);
	return 0;
}

/* [DEV-77] */
static int ask_long(struct conform *c)
{
	static const struct segment_shape how = { .data = SEGMENTS_DATA_MAX,
						  .gso_size = MSS,
						  .partial = true };
	struct segment_answer answer;
	int err = ask(c, &how, &answer);

	if (err)
		return err;
	ledger_seen(&c->ledger, DEV_77);
	if (!answer.whole || answer.others)
		ledger_broken(&c->ledger, DEV_77,
			      "%u bytes were sent with gso_size %u; the last of them is %s, and %u "
			      "answers are for other lengths, such as %u",
			      SEGMENTS_DATA_MAX, MSS,
			      answer.whole ? "acknowledged" : "not acknowledged",
			      (unsigned)answer.others, (unsigned)answer.other);
	return 0;
}

static int run(struct conform *c)
{
	static const struct segment_shape plain = { .data = SHORT };
	struct segment_answer answer = { .whole = false };
	bool answered = false;
	int err = open_and_ask(c, &answered), closed;

	/* Without an answer to a whole one, silence tells nothing. */
	if (!err && answered)
		err = ask(c, &plain, &answer);
	if (!err && answer.whole)
		err = ask_partial(c);
	if (!err && answer.whole && c->modern.accepted & BIT(VIRTIO_NET_F_HOST_TSO4))
		err = ask_long(c);
	closed = station_close(&c->station);
	return closed ? closed : err;
}

const struct probe probe_tx_offload = {
	.name = "tx-offload",
	.time = PROBE_TRAFFIC,
	.needs = BIT(VIRTIO_NET_F_CSUM),
	.rows_len = 2,
	.rows = { DEV_76, DEV_77 },
	.run = run,
};
