/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * URLs, absolute and resolved against one that was taken: what comes out is safe in a request, and
 * read again it says the same. fuzz: -max_len=5000
 */
#include "net/uri.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX (sizeof(struct uri) + 64)

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool is_unsafe(char c)
{
	switch (c) {
	case '#':
	case '"':
	case '<':
	case '>':
	case '\\':
	case '^':
	case '`':
	case '{':
	case '|':
	case '}':
		return true;
	default:
		return false;
	}
}

/* RFC 3986 5.2.4: segments of one or two dots, before the query. */
static bool has_dots(const char *path)
{
	size_t end = strcspn(path, "?"), n;

	for (size_t i = 0; i < end; i += n + 1) {
		n = strcspn(path + i, "/?");
		if ((n == 1 && path[i] == '.') || (n == 2 && path[i] == '.' && path[i + 1] == '.'))
			return true;
	}
	return false;
}

static void must_be_safe(const struct uri *u)
{
	size_t host_len = strnlen(u->host, sizeof(u->host));
	size_t path_len = strnlen(u->path, sizeof(u->path));

	must(u->scheme <= URI_OTHER, "no such scheme");
	must(host_len < sizeof(u->host) && path_len < sizeof(u->path), "a part without its end");
	if (u->scheme == URI_OTHER) {
		must(!host_len && !path_len && !u->port, "parts of a URL that is not looked at");
		return;
	}
	must(u->port > 0, "no port");
	must(host_len > 0, "no host");
	for (size_t i = 0; i < host_len; i++)
		must(is_host_character(u->host[i]), "a character that no host name has");
	must(u->path[0] == '/', "a path that does not begin with a slash");
	for (size_t i = 0; i < path_len; i++)
		must(u->path[i] > ' ' && u->path[i] < 0x7f && !is_unsafe(u->path[i]),
		     "a character in a path that no request may have");
	must(!has_dots(u->path), "a path that still has . or ..");
}

/* Printed and read again. */
static void must_come_back(const struct uri *u)
{
	static struct uri again;
	static char buf[TEXT_MAX];
	struct failure f = { .err = 0 };
	struct text t;

	text_init(&t, buf, sizeof(buf));
	uri_text(&t, u);
	must(!t.cut, "longer than its parts");
	if (t.len > URI_MAX) /* longer than any that is taken, by what was encoded */
		return;
	must(uri_parse(&again, buf, t.len, &f, RUNG_CONFIG) == 0, "a URL that is not taken again");
	must(again.scheme == u->scheme && again.port == u->port && !strcmp(again.host, u->host) &&
		     !strcmp(again.path, u->path),
	     "a URL that changes when it is read again");
}

/* What a server is asked for: made of two parts it is the same again, and the same URL but for what
 * needed no encoding.
 */
static void must_name_a_file(const struct uri *u)
{
	static char name[URI_PATH_MAX], again[URI_PATH_MAX];
	static struct uri of_parts;
	struct failure f = { .err = 0 };

	must(uri_file_name(u, name, sizeof(name)), "a file name that is longer than its URL");
	must(name[0], "no file name");
	if (uri_tftp(&of_parts, u->host, name, &f, RUNG_CONFIG)) { /* longer, encoded */
		must_be_said(&f);
		return;
	}
	must_be_safe(&of_parts);
	must(uri_file_name(&of_parts, again, sizeof(again)) && !strcmp(name, again),
	     "a file name that changes on its way");
}

static void must_hold(int err, const struct uri *u, const struct failure *f)
{
	must_agree(err, f);
	if (err)
		return;
	must_be_safe(u);
	if (u->scheme != URI_OTHER)
		must_come_back(u);
	if (u->scheme == URI_TFTP)
		must_name_a_file(u);
}

static bool is_alike(const struct uri *a, const struct uri *b)
{
	return a->scheme == b->scheme && a->port == b->port && !strcmp(a->host, b->host) &&
	       !strcmp(a->path, b->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct uri base, out;
	struct failure f = { .err = 0 }, g = { .err = 0 };
	struct input in = { data, len };
	struct span first = take_span(&in, take(&in, 2)), ref = take_rest(&in);
	int err = uri_parse(&base, (const char *)first.at, first.len, &f, RUNG_CONFIG);
	uint32_t ip;

	must_hold(err, &base, &f);
	if (err || base.scheme == URI_OTHER)
		err = uri_parse(&base, "http://10.0.2.2:8080/a/b?c", 26, &g, RUNG_CONFIG);
	must(!err, "the usual URL is refused");
	err = uri_resolve(&out, &base, (const char *)ref.at, ref.len, &g, RUNG_IMAGE);
	must_hold(err, &out, &g);
	if (!err)
		uri_host_ip(&out, &ip);
	/* What stands for itself does not depend on the base. */
	if (!uri_parse(&base, (const char *)ref.at, ref.len, &(struct failure){ .err = 0 },
		       RUNG_IMAGE))
		must(!err && is_alike(&base, &out),
		     "an absolute URL that depends on what it is relative to");
	return 0;
}
