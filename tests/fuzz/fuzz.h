/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all fuzz targets share. A target is one file, tests/fuzz/fuzz_NAME.c: it takes its input
 * apart from the front (choices first, the bytes of the stranger last, so that reading behind their
 * end is seen), runs the sources as they are in the ROM, and holds the outcome against an oracle. A
 * run depends on its input alone.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/types.h"

/* The target; libFuzzer calls it. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/*
 * An oracle: what must hold whatever the input was. Ends the process otherwise, which is a finding.
 */
#define must(condition, what) ((condition) ? (void)0 : fuzz_found(__FILE__, __LINE__, what))

static inline _Noreturn void fuzz_found(const char *file, int line, const char *what)
{
	fprintf(stderr, "oracle: %s (%s:%d)\n", what, file, line);
	abort();
}

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next bytes as a little-endian number; zeros where the input has ended. */
static inline uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < bytes && in->left; i++, in->at++, in->left--)
		v |= (uint32_t)*in->at << 8 * i;
	return v;
}

/* The next len bytes, or as many as there are. */
static inline struct span take_span(struct input *in, size_t len)
{
	struct span s = { in->at, (uint32_t)(len < in->left ? len : in->left) };

	in->at += s.len;
	in->left -= s.len;
	return s;
}

static inline struct span take_rest(struct input *in)
{
	return take_span(in, in->left);
}

/*
 * Numbers that follow from one of the input's: for what is to vary and is not worth bytes of its
 * own.
 */
static inline uint32_t next_chance(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* A failure is a sentence: there is one, it ends, and no byte of it can steer a console. */
static inline void must_be_said(const struct failure *f)
{
	size_t len = strnlen(f->text, sizeof(f->text));

	must(f->err != 0, "a failure without an error in struct failure");
	must(len > 0, "a failure without a sentence");
	must(len < sizeof(f->text), "a sentence without its end");
	for (size_t i = 0; i < len; i++)
		must(f->text[i] >= ' ' && f->text[i] <= '~', "a control byte in a sentence");
}

/* err is what a function returned that says why in f. */
static inline void must_agree(int err, const struct failure *f)
{
	if (err)
		must_be_said(f);
	else
		must(f->err == 0, "a success that left a failure behind");
}

#endif
