/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An HTTP/1.1 response, byte by byte (RFC 9112): status line, headers, and how long the body is.
 * The bytes are a stranger's; they are private by the time they come here. Called by http.c.
 */
#include "core/mem.h"
#include "core/text.h"
#include "net/http_parse.h"

void http_parse_init(struct http_parse *p, struct image *image, struct failure *failure)
{
	memset(p, 0, sizeof(*p));
	p->state = HTTP_STATUS_LINE;
	p->image = image;
	p->failure = failure;
	p->length = IMAGE_LEN_UNKNOWN;
}

void http_parse_idle(struct http_parse *p, struct failure *failure)
{
	http_parse_init(p, NULL, failure);
	p->state = HTTP_DONE;
}

/* The body of an answer that is not the file is of no use: how it is made does not matter. */
static void broken(struct http_parse *p, const char *what)
{
	if (p->body_at && !p->image) {
		p->close = true;
		p->state = HTTP_DONE;
		return;
	}
	p->state = HTTP_FAILED;
	fail(p->failure, RUNG_TRANSFER, ERR_PROTO, "the server's answer is not HTTP: %s", what);
}

/* The image has said no and why. */
static void refused(struct http_parse *p)
{
	p->state = HTTP_FAILED;
}

bool http_parse_redirect(const struct http_parse *p)
{
	switch (p->status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308: /* RFC 9110 15.4 [HTTP-08] */
		return p->location[0] != 0;
	default:
		return false;
	}
}

bool http_parse_reusable(const struct http_parse *p)
{
	if (p->state != HTTP_DONE || p->surplus || p->close) /* RFC 9112 9.3 [HTTP-16, HTTP-17] */
		return false;
	return !p->http_1_0 || p->keep_alive;
}

/* RFC 9112 4: HTTP/1.x, three digits; the reason may be missing [HTTP-04]. */
static void status_line(struct http_parse *p)
{
	const char *s = p->line;
	uint64_t status;

	if (p->line_len < 12 || memcmp(s, "HTTP/1.", 7) != 0 || s[7] < '0' || s[7] > '9' ||
	    s[8] != ' ' || !text_to_u64(s + 9, 3, &status) || status < 100 ||
	    (s[12] != 0 && s[12] != ' ')) {
		broken(p, "no status line");
		return;
	}
	p->status = (unsigned)status;
	p->http_1_0 = s[7] == '0';
	text_print(p->reason, sizeof(p->reason), "%s", s[12] ? s + 13 : "");
	p->state = HTTP_HEADERS;
}

/* Whether the comma-separated list names token, parameters left out. */
static bool list_has(const char *list, const char *token)
{
	size_t len;

	while (*list) {
		while (*list == ' ' || *list == '\t' || *list == ',')
			list++;
		for (len = 0; list[len] && list[len] != ',' && list[len] != ';' &&
			      list[len] != ' ' && list[len] != '\t';
		     len++)
			;
		if (len && text_eq_nocase(list, len, token))
			return true;
		list += len;
		while (*list && *list != ',')
			list++;
	}
	return false;
}

/*
 * RFC 9110 8.6: digits only; the same value repeated is harmless, two different ones are an attack
 * [HTTP-10].
 */
static void content_length(struct http_parse *p, const char *value)
{
	uint64_t length;
	size_t len;

	for (;;) {
		for (len = 0;
		     value[len] && value[len] != ',' && value[len] != ' ' && value[len] != '\t';
		     len++)
			;
		if (!text_to_u64(value, len, &length) || length == IMAGE_LEN_UNKNOWN) {
			broken(p, "its Content-Length is not a number");
			return;
		}
		if (p->length != IMAGE_LEN_UNKNOWN && p->length != length) {
			broken(p, "it has two different Content-Lengths");
			return;
		}
		p->length = length;
		value += len;
		while (*value == ' ' || *value == '\t' || *value == ',')
			value++;
		if (!*value)
			return;
	}
}

/* No encoding was asked for, so none is undone [HTTP-15]. */
static void content_encoding(struct http_parse *p, const char *value)
{
	if (p->status != 200 || !*value || text_eq_nocase(value, text_len(value), "identity"))
		return;
	p->state = HTTP_FAILED;
	fail(p->failure, RUNG_TRANSFER, ERR_UNSUPPORTED,
	     "the server sends the file with Content-Encoding %.*s, which was not asked for; "
	     "switch it off there",
	     40, value);
}

/* RFC 9112 6.1: what is not plain chunked cannot be read, nor its end be found. */
static void transfer_encoding(struct http_parse *p, const char *value)
{
	if (text_eq_nocase(value, text_len(value), "identity"))
		return;
	p->chunked = true;
	if (text_eq_nocase(value, text_len(value), "chunked"))
		return;
	p->close = true;
	if (p->status == 200)
		broken(p, "its Transfer-Encoding is not chunked");
}

static void header(struct http_parse *p, const char *name, size_t name_len, const char *value)
{
	if (text_eq_nocase(name, name_len, "content-length")) {
		content_length(p, value);
	} else if (text_eq_nocase(name, name_len, "transfer-encoding")) {
		transfer_encoding(p, value);
	} else if (text_eq_nocase(name, name_len, "content-encoding")) {
		content_encoding(p, value);
	} else if (text_eq_nocase(name, name_len, "connection")) {
		p->close |= list_has(value, "close");
		p->keep_alive |= list_has(value, "keep-alive");
	} else if (text_eq_nocase(name, name_len, "location")) {
		text_print(p->location, sizeof(p->location), "%s", value);
		if (p->line_cut && http_parse_redirect(p))
			broken(p, "its Location has more than 4096 characters");
	}
}

/* RFC 9112 5: a name, a colon, a value between white space [HTTP-05]. */
static void header_line(struct http_parse *p)
{
	char *colon = p->line, *value;
	uint32_t end = p->line_len;

	while (*colon && *colon != ':')
		colon++;
	if (!*colon || colon == p->line || colon[-1] == ' ' || colon[-1] == '\t') {
		broken(p, "a header line has no name");
		return;
	}
	while (end && (p->line[end - 1] == ' ' || p->line[end - 1] == '\t'))
		p->line[--end] = 0;
	for (value = colon + 1; *value == ' ' || *value == '\t'; value++)
		;
	header(p, p->line, (size_t)(colon - p->line), value);
}

static void done(struct http_parse *p)
{
	if (p->image && image_end(p->image))
		refused(p);
	else
		p->state = HTTP_DONE;
}

/*
 * RFC 9110 15.2: an interim answer; the real one follows. A flood of them ends at HTTP_HEADERS_MAX
 * [HTTP-06].
 */
static void forget_interim(struct http_parse *p)
{
	uint32_t headers_len = p->headers_len;
	uint64_t seen = p->seen;

	http_parse_init(p, p->image, p->failure);
	p->headers_len = headers_len;
	p->seen = seen;
}

/* RFC 9112 6.3: chunked first, then Content-Length, then until close [HTTP-09]. */
static void headers_end(struct http_parse *p)
{
	if (p->status < 200) {
		forget_interim(p);
		return;
	}
	if (p->status != 200)
		p->image = NULL;
	if (p->status == 204 || p->status == 304)
		p->length = 0;
	if (p->chunked) {
		p->close |= p->length != IMAGE_LEN_UNKNOWN; /* both: somebody smuggles */
		p->length = IMAGE_LEN_UNKNOWN;
	}
	p->body_at = p->seen;
	p->left = p->length;
	p->state = p->chunked ? HTTP_CHUNK_SIZE : HTTP_BODY;
	if (p->image && image_begin(p->image, p->length))
		refused(p);
	else if (!p->left)
		done(p);
}

/*
 * RFC 9112 7.1: hexadecimal digits, then extensions that mean nothing to us [HTTP-11]. Of chunks
 * there may be any number, so their lines do not add up; trailers begin to count behind the last.
 */
static void chunk_size(struct http_parse *p)
{
	size_t len = 0;

	while (p->line[len] && p->line[len] != ';' && p->line[len] != ' ' && p->line[len] != '\t')
		len++;
	if (p->line[0] == '0' && (p->line[1] == 'x' || p->line[1] == 'X'))
		len = 0; /* a prefix that the parser for users' numbers would take */
	p->headers_len = 0;
	if (p->line_cut || !text_hex_to_u64(p->line, len, &p->left) || p->left == IMAGE_LEN_UNKNOWN)
		broken(p, "a chunk's size is not a number");
	else
		p->state = p->left ? HTTP_CHUNK_DATA : HTTP_TRAILERS;
}

static void line(struct http_parse *p)
{
	p->line[p->line_len] = 0;
	switch (p->state) {
	case HTTP_STATUS_LINE:
		status_line(p);
		break;
	case HTTP_HEADERS:
		if (p->line_len)
			header_line(p);
		else
			headers_end(p);
		break;
	case HTTP_CHUNK_SIZE:
		chunk_size(p);
		break;
	case HTTP_CHUNK_END:
		if (p->line_len)
			broken(p, "a chunk is longer than its size");
		else
			p->state = HTTP_CHUNK_SIZE;
		break;
	default: /* HTTP_TRAILERS */
		if (!p->line_len)
			done(p);
	}
	p->line_len = 0;
	p->line_cut = p->line_ended = false;
}

/* Takes one byte of a line. CR before LF is dropped, a bare LF ends a line too (RFC 9112 2.2). */
static void line_byte(struct http_parse *p, uint8_t byte)
{
	if (byte == '\n') {
		if (p->line_len && p->line[p->line_len - 1] == '\r')
			p->line_len--;
		/* RFC 9112 5.2: a header may go on in the next line, so look at that first. */
		if (p->state == HTTP_HEADERS && p->line_len)
			p->line_ended = true;
		else
			line(p);
		return;
	}
	if (!byte)
		byte = '?'; /* a NUL must not hide what follows it */
	if (p->line_len < HTTP_LINE_MAX - 1)
		p->line[p->line_len++] = (char)byte;
	else
		p->line_cut = true;
}

static void header_byte(struct http_parse *p, uint8_t byte)
{
	if (++p->headers_len > HTTP_HEADERS_MAX) {
		broken(p, "its headers, or a chunk's, are longer than 64 KiB");
		return;
	}
	if (p->line_ended) {
		if (byte == ' ' || byte == '\t') {
			p->line_ended = false;
		} else {
			line(p);
			if (p->state == HTTP_FAILED)
				return;
		}
	}
	p->seen++;
	line_byte(p, byte);
}

/* len bytes of the body, or of the chunk, are in. */
static void body_advance(struct http_parse *p, uint64_t len)
{
	p->seen += len;
	if (p->left == IMAGE_LEN_UNKNOWN)
		return;
	p->left -= len;
	if (p->left)
		return;
	if (p->state == HTTP_BODY)
		done(p);
	else
		p->state = HTTP_CHUNK_END;
}

/* Stores what belongs to the body, or to the chunk. Returns how many bytes that were. */
static uint32_t body_bytes(struct http_parse *p, struct span data)
{
	uint32_t len = data.len < p->left ? data.len : (uint32_t)p->left;

	if (p->image && image_store(p->image, data.at, len))
		refused(p);
	else
		body_advance(p, len);
	return len;
}

void http_parse_bytes(struct http_parse *p, struct span data)
{
	uint32_t used;

	while (data.len && p->state != HTTP_FAILED) {
		used = 1;
		if (p->state == HTTP_BODY || p->state == HTTP_CHUNK_DATA) {
			used = body_bytes(p, data);
		} else if (p->state == HTTP_DONE) {
			p->surplus = true; /* never reaches the image [HTTP-13] */
			return;
		} else {
			header_byte(p, *data.at);
		}
		data.at += used;
		data.len -= used;
	}
}

void http_parse_landed(struct http_parse *p, uint64_t len)
{
	image_advance(p->image, len);
	body_advance(p, len);
}

static void cut_short(struct http_parse *p)
{
	char of[32] = "";

	if (p->state == HTTP_BODY)
		text_print(of, sizeof(of), " of %llu", (unsigned long long)p->length);
	p->state = HTTP_FAILED;
	if (!p->seen)
		fail(p->failure, RUNG_TRANSFER, ERR_PROTO,
		     "the server closed the connection without an answer");
	else if (!p->body_at)
		fail(p->failure, RUNG_TRANSFER, ERR_PROTO,
		     "the server closed the connection in the middle of its headers");
	else
		fail(p->failure, RUNG_TRANSFER, ERR_PROTO,
		     "the body is cut short: the connection ended after %llu%s bytes; nothing was "
		     "started",
		     (unsigned long long)p->image->stored, of);
}

void http_parse_eof(struct http_parse *p)
{
	if (p->state == HTTP_DONE || p->state == HTTP_FAILED)
		return;
	p->close = true;
	if (p->state == HTTP_BODY && p->length == IMAGE_LEN_UNKNOWN)
		done(p);
	else
		cut_short(p); /* never taken for the whole [HTTP-12] */
}
