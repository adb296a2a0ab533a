/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP over the real stack, against the scripted network of web.h: the fixture of
 * tests/unit/test_http_*.c. What was downloaded is held against the pattern.
 */
#ifndef TESTS_MODEL_HTTP_LAB_H
#define TESTS_MODEL_HTTP_LAB_H

#include "net/boot/fetch.h"
#include "tests/model/packets.h"
#include "tests/model/web.h"

#define LAB_DNS_IP 0x0a000203u /* 10.0.2.3 */
#define LAB_MEMORY (4u << 20)

struct http_lab {
	struct stage stage; /* 10.0.2.15/24, gateway 10.0.2.2 */
	struct web web;
	struct console console;
	struct fetch fetch;
	struct image image;
	size_t granted; /* bytes of memory for a file: LAB_MEMORY */
	uint8_t *memory;
	uint32_t took_ms; /* the last http_lab_get() */
};

/* cmocka's setup and teardown; *state is the lab. At the end nothing was wrong on the wire. */
int http_lab_setup(void **state);
int http_lab_teardown(void **state);

/* The seconds of the key `deadline`. */
void http_lab_deadline(struct http_lab *lab, uint32_t seconds);
/* Downloads the URL; what fetch_get() says. */
int http_lab_get(struct http_lab *lab, const char *url);
/* It says 0, and these bytes of the pattern are in. */
void http_lab_expect(struct http_lab *lab, const char *url, uint64_t len);
/* It says err, and the sentence holds these words. */
void http_lab_expect_failure(struct http_lab *lab, const char *url, enum err err,
			     const char *words);
/* Virtual time passes, with a turn of the stack in each millisecond. */
void http_lab_pass(struct http_lab *lab, uint32_t ms);

#endif
