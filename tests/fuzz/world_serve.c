/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the web servers of world.h answer. Every way in which a body can be whole is noted in
 * world.len, and nothing else is: a client that takes anything else for a file has been deceived.
 */
#include <stdarg.h>

#include "core/wire.h"
#include "tests/fuzz/world.h"

static void add(struct world_conn *c, const void *bytes, uint32_t len)
{
	if (len > WORLD_STREAM_MAX - c->len)
		len = WORLD_STREAM_MAX - c->len;
	memcpy(c->stream + c->len, bytes, len);
	c->len += len;
}

static void say(struct world_conn *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct world_conn *c, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(c, text, (uint32_t)len < sizeof(text) ? (uint32_t)len : sizeof(text) - 1);
}

static const uint8_t *file_at(const struct world *w, unsigned file, uint32_t off, uint32_t len)
{
	return pattern_at(w->salt + file * UINT64_C(4099) + off, len);
}

static void whole(struct world *w, unsigned file, uint32_t len)
{
	if (w->lens[file] < WORLD_LENS)
		w->len[file][w->lens[file]++] = len;
}

static void chunked(struct world *w, struct world_conn *c, unsigned file, uint32_t len)
{
	uint32_t off = 0, n;

	say(c, "Transfer-Encoding: chunked\r\n\r\n");
	while (off < len) {
		n = 1 + take(w->in, 2) % 2000;
		if (n > len - off)
			n = len - off;
		say(c, "%x%s\r\n", (unsigned)n, n & 1 ? ";x=y" : "");
		add(c, file_at(w, file, off, n), n);
		say(c, "\r\n");
		off += n;
	}
	say(c, "0\r\n\r\n");
	whole(w, file, len);
}

/* So much of the body is announced, and so much comes. */
static void announced(struct world *w, struct world_conn *c, unsigned file, uint32_t len,
		      uint32_t comes)
{
	say(c, "Content-Length: %u\r\n\r\n", (unsigned)len);
	add(c, file_at(w, file, 0, comes), comes);
	if (comes >= len)
		whole(w, file, len);
	else
		c->fin = true;
}

static void serve_file(struct world *w, struct world_conn *c, unsigned file)
{
	static const uint16_t lens[] = { 3000, 0, 1, 100, 1024, 1460, 6000, 14000 };
	uint32_t choices = take(w->in, 1), len = lens[choices & 7];

	if (choices & 8)
		len += take(w->in, 1);
	if (len > WORLD_STREAM_MAX - 4000 || c->len > WORLD_STREAM_MAX / 4 ||
	    w->lens[file] == WORLD_LENS) {
		say(c, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
		return;
	}
	if (choices >= 0xf0)
		say(c, "HTTP/1.1 100 Continue\r\n\r\n");
	say(c, "HTTP/1.%c 200 OK\r\n", choices & 0x10 ? '0' : '1');
	switch (choices >> 5) {
	case 1:
		chunked(w, c, file, len);
		break;
	case 2:
		say(c, "Connection: close\r\n\r\n");
		add(c, file_at(w, file, 0, len), len);
		whole(w, file, len);
		c->fin = true;
		break;
	case 3:
		announced(w, c, file, len, len / 2);
		break;
	case 4: /* more than was said */
		announced(w, c, file, len / 2, len);
		break;
	default:
		announced(w, c, file, len, len);
	}
}

static void serve_entry(struct world *w, struct world_conn *c)
{
	char text[400];
	uint32_t choices = take(w->in, 1);
	int len = snprintf(text, sizeof(text), "title x\nlinux %s\noptions a=b\n%s%soptions c\n",
			   choices & 1 ? "/f3" :
			   choices & 2 ? "../f3" :
			   choices & 4 ? "http://192.0.2.7/f3" :
					 "f3",
			   choices & 8 ? "initrd f4\n" : "", choices & 16 ? "initrd /r5\n" : "");
	struct span more = take_span(w->in, choices & 0x80 ? take(w->in, 1) % 60 : 0);

	say(c, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", (unsigned)len + more.len);
	add(c, text, (uint32_t)len);
	/* Text of any kind, or it would be taken for a kernel. */
	for (uint32_t i = 0; i < more.len; i++)
		add(c, more.at[i] >= ' ' && more.at[i] <= '~' ? (const char *)&more.at[i] : "\n",
		    1);
}

static void serve_redirect(struct world *w, struct world_conn *c)
{
	static const char *const to[] = { "/f1",
					  "f2",
					  "http://" WORLD_NAME "/f2",
					  "//192.0.2.7/f1",
					  "/r1",
					  "http://10.0.2.2:81/f1",
					  "https://h/",
					  "?x" };
	static const uint16_t statuses[] = { 301, 302, 303, 307, 308, 404, 500, 204 };
	uint32_t choices = take(w->in, 1);

	say(c, "HTTP/1.1 %u Elsewhere\r\nLocation: %s\r\nContent-Length: 5\r\n\r\nthere",
	    statuses[choices >> 3 & 7], to[choices & 7]);
	if (choices & 0x40)
		c->fin = true;
}

void world_serve(struct world *w, struct world_conn *c)
{
	uint32_t how = take(w->in, 1);
	struct span bytes;

	if (how >= 0xf0) { /* what is not HTTP, or is not finished */
		bytes = take_span(w->in, take(w->in, 1));
		add(c, bytes.at, bytes.len);
		c->fin = how & 1;
		return;
	}
	switch (c->request[5]) {
	case 'f':
		serve_file(w, c, (unsigned)c->request[6] % WORLD_FILES);
		break;
	case 'e':
		serve_entry(w, c);
		break;
	case 'r':
		serve_redirect(w, c);
		break;
	default:
		say(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	}
	if (how >= 0xe0)
		c->fin = true;
}
