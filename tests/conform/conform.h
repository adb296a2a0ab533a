/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform: brings a virtio network device up again and again, in one configuration after the
 * other, and reports which rules of VIRTIO 1.4 it broke where. The same driver registers and the
 * same stack as skiff, over rings that watch.
 */
#ifndef TESTS_CONFORM_CONFORM_H
#define TESTS_CONFORM_CONFORM_H

#include "tests/conform/report.h"
#include "tests/conform/station.h"
#include "tests/conform/traffic.h"

#define CONFORM_DMA_LEN (8u << 20)

/* The caller owns it; a few hundred KiB. Nothing to free. */
struct conform {
	uintptr_t fn;
	struct knobs knobs;
	struct report report;
	struct ledger ledger;         /* of the configuration under way */
	struct failure failure;       /* the same */
	struct virtio modern, legacy; /* transport NULL: the device has none such */
	struct registers registers;
	struct record record;
	uint64_t accepted;    /* the first set of features that the device took; 0: none */
	unsigned tried;       /* configurations with traffic */
	unsigned reached;     /* how many of shapes[] were looked at, or left out */
	uint32_t probed;      /* the same of probes: a bit for each */
	uint32_t frames;      /* received in all of them */
	bool asked, somebody; /* whether somebody answers at all was asked, and is so */
	const struct configuration *good; /* the last one in which frames came; NULL: none yet */
	uint64_t mute;                    /* of shapes[]: those before it in which none came */
	struct ledger probe;              /* of a configuration that only asks whether it lives */
	struct dma dma;
	struct station station;
	struct traffic traffic;
};

/* The whole run over the device at fn, printed on the console. The device is reset at the end. */
enum verdict conform_run(struct conform *c, uintptr_t fn, const char *place);

/*
 * Resets the device, whatever is being done with it; bounded. 0, or ERR_DEVICE if it does not stop.
 */
int conform_stop(struct conform *c);

/* --- conform.c and subsets.c --------------------------------------------------------------- */

/* Whether a configuration has that name: for the key `only`. */
bool conform_is_name(const char *name, size_t len);

/*
 * A configuration begins: its ledger is empty. False if the user does not want it, or none of
 * `rows`.
 */
bool conform_begin(struct conform *c, const char *name, struct row_set rows);

/*
 * All that a driver may accept just to see whether it can, as far as it is offered and the user's
 * mask lets it.
 */
uint64_t conform_features(const struct conform *c);

/*
 * Features dropped one after the other, without queues. 0, or ERR_DEVICE for a reset that does not
 * end.
 */
int subsets_run(struct conform *c) MUST_CHECK;

/* Whether the time is up that the user has given to all of it. */
bool conform_at_end(const struct conform *c);

/* --- shapes.c ------------------------------------------------------------------------------ */

/* What is done in a configuration beside traffic. */
enum act { ACT_TRAFFIC, ACT_RESET, ACT_RING_RESET };

struct configuration {
	struct shape shape;
	enum act act;
};

extern const struct configuration shapes[];
extern const unsigned shapes_len;
/* The first of those that drive the legacy interface, which stand last. */
unsigned shapes_legacy(void);

/* --- life.c -------------------------------------------------------------------------------- */

/*
 * After a configuration whose station is closed, before its points are printed: did the device
 * outlive it [DEV-57]? `silent`: it came up, and no frame was received. 0; ERR_DEVICE with a
 * sentence if there is no device any more: the run is over then, and scene->rows holds what was
 * seen; ERR_ABORTED.
 */
int life_check(struct conform *c, const struct configuration *configuration,
	       struct report_scene *scene, bool silent) MUST_CHECK;

/*
 * Behind all of them: points for configurations without a frame that came before any with some. 0;
 * ERR_ABORTED.
 */
int life_conclude(struct conform *c) MUST_CHECK;

/* The rows that the shape can show, once the device runs in it with these features. */
struct row_set shapes_rows(const struct configuration *configuration, const struct virtio *v,
			   bool opened);

#endif
