/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the back end does wrong: rules, each with actions and conditions, and the one generator of
 * chance. The user wrote the rules. actions.c knows the words, rules.c decides; the parts ask a
 * frame's plan.
 */
#ifndef BACKEND_RULES_H
#define BACKEND_RULES_H

#include "tests/backend/backend.h"

/* In the order in which they happen to a frame. */
enum action {
	/* on the wire, before the device has seen the frame: wire.c */
	LOSE,
	CORRUPT,
	FRAGMENT,
	DUPLICATE,
	REORDER,
	DELAY,
	/* in the frame and its header: header.c */
	CSUM,
	NEEDS_CSUM,
	DATA_VALID,
	RSC_INFO,
	FLAGS,
	GSO_TYPE,
	GSO_SIZE,
	HDR_LEN,
	CSUM_START,
	CSUM_OFFSET,
	NUM_BUFFERS,
	TRAILER,
	CUT,
	/* in the ring: ring.c, mischief.c */
	USED_ID,
	NOT_POSTED,
	TWICE,
	USED_LEN,
	IDX_JUMP,
	USED_FLAGS,
	AVAIL_EVENT,
	OVERRUN,
	UNWRITTEN,
	UNDERFILL,
	PIECEMEAL,
	WRITE_DESC,
	WRITE_SENT,
	STALL,
	/* when the device is reset, not for a frame: mischief.c */
	WRITE_AFTER_RESET,
	ACTIONS
};

/* A number, which may count from something that the part knows. */
enum base {
	FROM_ZERO,
	FROM_HONEST, /* +N, -N: from what would be right */
	FROM_POSTED, /* the bytes that the guest posted */
	FROM_SIZE,   /* the entries of the ring */
};

struct value {
	enum base base;
	int64_t number;
};

/* What `csum` makes of the field. */
enum csum_value { CSUM_GOOD = 1 << 16, CSUM_PSEUDO, CSUM_BAD };

/* The decisions for one frame. */
struct plan {
	uint64_t actions; /* BIT(enum action) */
	struct value value[ACTIONS];
	uint64_t chance; /* for what is left to chance within an action */
};

static inline bool planned(const struct plan *plan, enum action action)
{
	return plan->actions & BIT(action);
}

enum negotiated { EITHER, GUEST_CSUM_ON, GUEST_CSUM_OFF };
enum payload { ANY_PAYLOAD, WITH_PAYLOAD, WITHOUT_PAYLOAD };

struct rule {
	char text[128];
	bool quiet; /* of a profile: counted, not noted */
	struct plan plan;
	unsigned directions; /* BIT(enum direction) */
	unsigned kinds;      /* enum kind; 0: any */
	uint8_t tcp_flags;   /* all of these */
	enum payload payload;
	enum negotiated guest_csum;
	uint64_t nth, from, count, every, per_million; /* 0: no such condition */
	uint64_t matches, hits;
};

#define RULES_MAX 64

struct rules {
	uint64_t seed;
	unsigned count;
	struct rule rule[RULES_MAX];
	uint64_t noted, frames[DIRECTIONS];
};

struct frame;

/*
 * Adds one rule, "ACTION[=VALUE][,CONDITION[=VALUE]]…". A mistake in it ends the program with a
 * sentence that names `where`.
 */
void rules_add(struct rules *rules, const char *text, const char *where, bool quiet);

/* Adds a file's rules, one a line; # begins a comment. */
void rules_add_file(struct rules *rules, const char *path);

/* Decides on one frame, parsed, and fills its plan. */
void rules_decide(struct rules *rules, enum direction dir, bool guest_csum, struct frame *frame);

/* Decides on what happens to no frame (WRITE_AFTER_RESET). */
bool rules_decide_event(struct rules *rules, enum action action, struct value *value);

/* How often each rule was met and carried out, on stderr. */
void rules_summary(const struct rules *rules);

/* The value as a number. */
int64_t value_of(struct value value, int64_t honest, int64_t posted, int64_t size);

/* actions.c: what a word of a rule means. */
void action_parse(struct rule *rule, const char *word, const char *value, const char *where);
void actions_help(void);

#endif
