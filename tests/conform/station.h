/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device brought up in one shape and watched at work: a struct nic for net/, between which and
 * the device every buffer, header and frame is examined. It is net's nic for the sake of traffic
 * alone, so it passes frames on with the most lenient verdict: what the device did wrong is in the
 * ledger by then.
 */
#ifndef TESTS_CONFORM_STATION_H
#define TESTS_CONFORM_STATION_H

#include "core/nic.h"
#include "drivers/virtio.h"
#include "tests/conform/arena.h"
#include "tests/conform/judge.h"
#include "tests/conform/ledger.h"
#include "tests/conform/record.h"
#include "tests/conform/registers.h"
#include "tests/conform/ring.h"

#define STATION_FRAME_MAX 65600
#define STATION_TX_SLOTS 16
#define STATION_TX_LEN 4200 /* a frame that is to be segmented, header included */
#define STATION_ARENAS 2

#define STATION_STALL_MS 2000 /* that a device may keep what it was to transmit */
#define STATION_START_MS 8000 /* the same of one that has not begun to look at its queues */
#define STATION_STARTS 2      /* configurations in which it has that long, if it never does */
#define STATION_LINK_MS 1000  /* that a link which was up may be down */

enum shape_queue { QUEUE_USUAL, QUEUE_SMALLEST, QUEUE_LARGEST };

struct station;

/* How the device is brought up. */
struct shape {
	const char *name;
	uint64_t features; /* beside features_base; what is not offered is left out */
	uint64_t needs;    /* one of these must be offered for the shape to make sense; 0: none */
	uint64_t all;      /* and all of these */
	/*
	 * Of a receive buffer, header included; 0: the least, 1526. Grown as MTU and guest GSO want
	 * it.
	 */
	uint32_t rx_len;
	uint16_t rx_slots; /* at most, a power of two; 0: 64 */
	enum shape_queue queue;
	bool legacy;
	bool one_descriptor; /* header and payload in one */
	/*
	 * Lengths of the pieces of each buffer but its last, which has the rest; the first 0: as
	 * one_descriptor says.
	 */
	uint8_t rx_layout[RING_PIECES_MAX - 1], tx_layout[RING_PIECES_MAX - 1];
	uint16_t linger_ms; /* between the queues' set-up and DRIVER_OK */
	/* Is called behind FEATURES_OK, before the queues are set up; NULL: nothing. */
	void (*meddle)(struct station *st);
};

struct station_tx {
	/* private: what the device must find, and leave */
	uint8_t header[JUDGE_HEADER_LEN], bytes[STATION_TX_LEN];
	uint32_t len, since_ms;
};

struct station {
	struct nic nic;     /* the first member: nic's operations find us by it */
	struct shape shape; /* of the last bring-up: a copy */
	struct virtio *v;
	struct registers *registers;
	struct ledger *ledger;
	struct record *record;
	struct failure *failure;
	struct arena
		arena[STATION_ARENAS]; /* taken in turn: one is in use, the other one watched */
	unsigned now;                  /* which is in use */
	struct judge_rules rules;
	uint32_t header_len;
	struct ring rx, tx;
	bool live, broken; /* between DRIVER_OK and reset; a ring or the device has given up */
	bool rx_off;       /* the receive queue was reset */
	bool begun;        /* the device has used a buffer since DRIVER_OK */
	uint32_t begun_ms;
	unsigned never_begun; /* configurations in which it did not, although it was given some */
	/* When polls say ERR_TIMEOUT, whatever they are waited for: the run's end, and a step's. */
	bool has_end, has_step_end;
	uint32_t end_ms, step_end_ms;
	uint32_t cut_at; /* reset when so many frames have come; 0: never */

	uint32_t rx_len; /* of each receive buffer, header included */
	uint16_t mtu_max, tx_next;
	uint8_t tx_header[JUDGE_HEADER_LEN]; /* of the next frame; zeros behind it */
	struct station_tx sent[STATION_TX_SLOTS];
	uint32_t looked_ms; /* when status and configuration were looked at */
	/*
	 * LINK_UP, where STATUS is offered: it has been seen; it has fallen, when, and for so long
	 * that it counts as lost.
	 */
	bool link_seen, link_down, link_lost;
	uint32_t link_fell_ms;

	void *meddle_ctx; /* of shape.meddle(); until the close */

	/* Who wants to see each frame, before net does. */
	void (*watch)(void *ctx, struct span frame);
	void *watch_ctx;

	/* The frame under examination, gathered from its buffers. */
	uint32_t frame_len;
	bool num_buffers_written; /* it is not what stood there before */
	bool frame_has_holes;     /* bytes that the device has not written */
	uint8_t header[JUDGE_HEADER_LEN];
	uint8_t frame[STATION_FRAME_MAX] __attribute__((aligned(8)));
};

/* How many pieces a buffer in that layout has: at least 1. */
uint8_t station_pieces(const uint8_t layout[RING_PIECES_MAX - 1]);

/* Once: len bytes of DMA memory for both arenas, page-aligned. */
void station_init(struct station *st, uint8_t *va, uint64_t dev, uint32_t len, uint64_t key);

/*
 * Brings the device up: reset, features (those of shape that are in mask), queues, buffers,
 * DRIVER_OK. v is open. Members v, registers, ledger, record and failure are the caller's to set
 * before. 0; an error with a sentence in failure. Either way station_close() follows.
 */
int station_open(struct station *st, const struct shape *shape, uint64_t mask) MUST_CHECK;

/*
 * Resets the device and leaves its memory full of pattern. 0, or ERR_DEVICE with a sentence if it
 * does not stop.
 */
int station_close(struct station *st) MUST_CHECK;

/* What the last close left behind is still so [DEV-11]; goes to the ledger that is set now. */
void station_watch(struct station *st);

/* From now on polls say ERR_TIMEOUT in so many ms; 0: no longer. The run's end is another bound. */
void station_bound(struct station *st, uint32_t ms);
/* Whether the run is to end. */
bool station_at_end(const struct station *st);

/* Whether LINK_UP is set, or there is no such bit. */
bool station_link(const struct station *st);

/*
 * For net_wait(): whether the device has given back all that it was to transmit; ctx is the
 * station.
 */
bool station_drained(void *ctx);

/* The same: whether it has used any buffer since DRIVER_OK. */
bool station_begun(void *ctx);

/*
 * RING_RESET: the receive queue is reset while frames are on their way (false: that did not end),
 * and begun anew later.
 */
bool station_stop_receiving(struct station *st) MUST_CHECK;
int station_resume_receiving(struct station *st) MUST_CHECK;

extern const struct nic_ops station_ops;

/* --- among station*.c ---------------------------------------------------------------------- */

/* A buffer has come back. */
void station_note_use(struct station *st);
/*
 * Ring and buffers in the shape of the station, told to the device. 0, or an error with a sentence.
 */
int station_start_receiveq(struct station *st) MUST_CHECK;
int station_start_transmitq(struct station *st) MUST_CHECK;
/* Takes back what was transmitted. ERR_DEVICE if that breaks the ring. */
int station_reap(struct station *st) MUST_CHECK;
/*
 * Every frame that is there, at most a bounded number, is examined and goes up. How many;
 * ERR_DEVICE.
 */
int station_receive(struct station *st) MUST_CHECK;
/* After registers_look(). 0; ERR_DEVICE with a sentence if the link has fallen for good. */
int station_look_at_link(struct station *st, uint32_t now_ms) MUST_CHECK;
/* The frame of a slot into the memory that the device reads, and whether it still is so [DEV-25].
 */
void station_put_sent(struct station *st, unsigned slot);
void station_check_sent(struct station *st, unsigned slot);
/* A broadcast of no meaning is posted, if there is a buffer, but not shown. */
void station_post_meaningless(struct station *st);
/* Shows what was posted, and rings if the device wants that. */
void station_publish(struct station *st, struct ring *r);

#endif
