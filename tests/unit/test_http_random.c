/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers that do all of it, right and wrong, by seeded chance: whatever they do, no assertion, an
 * end in time, and no file that is not the one that was sent whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/http_lab.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define SEEDS 500
#define DEADLINE_S 3

struct server {
	uint32_t random;
	bool whole;   /* the last answer was a whole 200 */
	uint64_t len; /* of so many bytes of the pattern */
};

static uint32_t chance(struct server *s, uint32_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 17;
	s->random ^= s->random << 5;
	return (s->random >> 8) % below;
}

static const char *pick(struct server *s, const char *const *texts, uint32_t n)
{
	return texts[chance(s, n)];
}

static void random_pace(struct web_conn *c, struct server *s)
{
	static const uint16_t pieces[] = { 1, 2, 7, 100, 536, 1459 };

	switch (chance(s, 6)) {
	case 0:
		web_pace(c, pieces[chance(s, ARRAY_LEN(pieces))], chance(s, 4));
		break;
	case 1:
		web_pause(c, chance(s, 2 * DEADLINE_S * 1000));
		break;
	default:
		break;
	}
}

static const char *const extra_headers[] = {
	"",
	"",
	"",
	"Connection: close\r\n",
	"Connection: keep-alive\r\n",
	"X:\r\n y\r\n",
	"Content-Encoding: identity\r\n",
	"Location: /elsewhere\r\n",
	"Retry-After: 5\r\n",
};

static const char *const ends_of_chunk_sizes[] = { "", ";x=y", " ", ";\"", "\t;;" };

static void say_chunks(struct web_conn *c, struct server *s, uint64_t len)
{
	uint64_t n;

	for (uint64_t off = 0; off < len; off += n) {
		n = 1 + chance(s, 3000);
		if (n > len - off)
			n = len - off;
		web_say(c, "%llx%s\r\n", (unsigned long long)n,
			pick(s, ends_of_chunk_sizes, ARRAY_LEN(ends_of_chunk_sizes)));
		web_file(c, off, n);
		web_say(c, "\r\n");
	}
	web_say(c, "0\r\n%s\r\n", chance(s, 3) ? "" : "Trailer: x\r\n");
}

/* The file, in one of three ways, and perhaps something behind it. */
static void say_file(struct web_conn *c, struct server *s)
{
	uint64_t len = chance(s, 3) ? chance(s, 20000) : chance(s, 4);
	const char *extra = pick(s, extra_headers, ARRAY_LEN(extra_headers));

	s->whole = true;
	s->len = len;
	web_say(c, "HTTP/1.%u 200 OK\r\n%s", chance(s, 2), extra);
	random_pace(c, s);
	switch (chance(s, 3)) {
	case 0:
		web_say(c, "Content-Length: %llu\r\n\r\n", (unsigned long long)len);
		web_file(c, 0, len);
		if (!chance(s, 6))
			web_say(c, "and more");
		break;
	case 1:
		web_say(c, "Transfer-Encoding: chunked\r\n\r\n");
		say_chunks(c, s, len);
		break;
	default:
		web_say(c, "\r\n");
		web_file(c, 0, len);
		web_fin(c);
	}
}

static void say_other(struct web_conn *c, struct server *s)
{
	static const char *const status[] = {
		"301 x",    "302",   "307 x", "308 x", "303 x", "404 no",
		"408 late", "500 x", "204",   "304 x", "206 x",
	};
	static const char *const bodies[] = {
		"\r\n",
		"Content-Length: 5\r\n\r\nmoved",
		"Content-Length: 500\r\n\r\nmoved",
		"Transfer-Encoding: chunked\r\n\r\n5\r\nmoved\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n5\r\nmo",
		"Transfer-Encoding: br\r\n\r\nxx",
		"Content-Length: 18446744073709551614\r\n\r\nx",
	};
	static const char *const locations[] = {
		"/a",         "b?c#d",    "//10.0.2.7/x", "http://10.0.2.9/y",
		"https://h/", "../../..", "x y",          "",
	};

	web_say(c, "HTTP/1.1 %s\r\nLocation: %s\r\n", pick(s, status, ARRAY_LEN(status)),
		pick(s, locations, ARRAY_LEN(locations)));
	random_pace(c, s);
	web_say(c, "%s", pick(s, bodies, ARRAY_LEN(bodies)));
}

static void say_wrong(struct web_conn *c, struct server *s)
{
	static const char *const answers[] = {
		"",
		"HTTP",
		"SSH-2.0-x\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffe\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551614\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
		"\r\n\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n",
	};

	web_say(c, "%s", pick(s, answers, ARRAY_LEN(answers)));
	random_pace(c, s);
	web_file(c, 0, chance(s, 2000));
	if (chance(s, 2))
		web_fin(c);
}

static void serve(struct web_conn *c)
{
	struct server *s = c->web->ctx;

	s->whole = false;
	random_pace(c, s);
	if (!chance(s, 6))
		web_say(c, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
	switch (chance(s, 5)) {
	case 0:
		say_other(c, s);
		break;
	case 1:
		say_wrong(c, s);
		break;
	default:
		say_file(c, s);
	}
	if (!chance(s, 8)) {
		web_pause(c, chance(s, 100));
		web_fin(c);
	} else if (!chance(s, 8)) {
		web_pause(c, chance(s, 100));
		web_rst(c);
	}
}

static void accepted(struct web_conn *c)
{
	c->deaf = !chance(c->web->ctx, 5);
}

static void run(uint32_t seed, struct http_lab *lab, uint32_t *successes)
{
	struct server s = { .random = seed * 2654435761u | 1 };
	uint32_t files = 1 + chance(&s, 4);

	lab->web.serve = serve;
	lab->web.accepted = accepted;
	lab->web.ctx = &s;
	lab->granted = 32768;
	http_lab_deadline(lab, DEADLINE_S);
	while (files--) {
		int err = http_lab_get(lab, "http://10.0.2.2/file");

		/* Nine requests, each once more, each with a handshake, headers and a body. */
		assert_in_range(lab->took_ms, 0, 18 * 3 * DEADLINE_S * 1000 + 20000);
		if (err)
			return;
		++*successes;
		if (!s.whole || lab->image.stored != s.len || !pattern_is(lab->memory, 0, s.len))
			fail_msg("seed %u: %llu bytes were taken for a file of %llu", seed,
				 (unsigned long long)lab->image.stored,
				 s.whole ? (unsigned long long)s.len : 0);
	}
	assert_int_equal(fetch_close(&lab->fetch), 0);
}

/* [SEC-06] [HTTP-12] [HTTP-13] [HTTP-18] */
static void whatever_servers_do(void **state)
{
	uint32_t successes = 0;
	void *lab;

	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		http_lab_setup(&lab);
		run(seed, lab, &successes);
		http_lab_teardown(&lab);
	}
	assert_in_range(successes, SEEDS / 3, 4 * SEEDS); /* else this would prove nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_servers_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
