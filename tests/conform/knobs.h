/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user asks of a run: url, ip, features and deadline as skiff has them, and `only`, `seed`
 * and `limit`. From boot_config_each(). Whatever is unknown or malformed stops with a sentence.
 */
#ifndef TESTS_CONFORM_KNOBS_H
#define TESTS_CONFORM_KNOBS_H

#include "net/boot/config.h"
#include "tests/conform/rows.h"

#define KNOBS_ONLY_MAX 256

struct knobs {
	struct config config; /* url, ip, features, deadline */
	struct row_set rows;  /* those that are asked for; all if none is named */
	bool has_names, has_only, has_seed;
	bool hostile;              /* the user wants the device to be driven as no driver may */
	char only[KNOBS_ONLY_MAX]; /* as the user wrote it */
	uint64_t seed;
	uint32_t deadline_ms; /* how long the network may take for its first answer */
	uint32_t limit_ms;    /* how long the run may take; 0: as long as it takes */
};

/* A name that `only` may have beside row ids: whether there is a configuration of that name. */
typedef bool (*knobs_name_fn)(const char *name, size_t len);

/* Everything at its default. */
void knobs_init(struct knobs *k);

/* One key. 0; ERR_CONFIG with a sentence. The first value of a key counts. */
int knobs_set(struct knobs *k, knobs_name_fn is_name, const char *source, const char *key,
	      const char *value, uint32_t len, struct failure *f) MUST_CHECK;

/* Whether the configuration is to be run. */
bool knobs_wants(const struct knobs *k, const char *name);

#endif
