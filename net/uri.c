/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * URLs, RFC 3986. The bytes come from the user's configuration, from a DHCP server, from a redirect
 * or from a boot entry; what leaves here is safe inside a request line and a Host field, and, taken
 * apart again, a file name without NUL. [SEC-06] Called by config, netboot, fetch and http.
 */
#include "core/assert.h"
#include "net/uri.h"

static const struct {
	const char *name;
	uint16_t port;
} schemes[] = {
	[URI_HTTP] = { "http", 80 },
	[URI_TFTP] = { "tftp", 69 },
	[URI_HTTPS] = { "https", 443 },
};

/* A URL on its way into u, and what a sentence about it needs. */
struct parse {
	struct uri *u;
	const char *s;
	size_t len;
	struct failure *f;
	enum rung rung;
};

#define QUOTE_MAX 160 /* characters of a URL in a sentence */

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(char c, const char *set)
{
	while (*set != '\0')
		if (*set++ == c)
			return true;
	return false;
}

static size_t length_until(const char *s, size_t len, const char *stops)
{
	size_t i = 0;

	while (i < len && !is_one_of(s[i], stops))
		i++;
	return i;
}

#define LONGEST "of more than 4096 characters"

/* Whose URL it is. A key's has the source and the key before it, which config.c knows. */
static const char *whose(const struct parse *p)
{
	return p->rung == RUNG_TRANSFER ? "redirect's " :
	       p->rung == RUNG_IMAGE    ? "boot entry's " :
					  "";
}

static int bad(const struct parse *p, const char *why)
{
	bool secret = length_until(p->s, p->len, "@") < p->len; /* perhaps; consoles are logged */
	size_t len = p->len < QUOTE_MAX ? p->len : QUOTE_MAX;

	if (secret)
		return fail(p->f, p->rung, ERR_CONFIG, "the %sURL with the \"@\" %s", whose(p),
			    why);
	return fail(p->f, p->rung, ERR_CONFIG, "the %sURL \"%.*s%s\" %s", whose(p), (int)len, p->s,
		    len < p->len ? "..." : "", why);
}

/* Its length; and nothing that could end a line or a word of a request. [HTTP-03] */
static int check_bytes(const struct parse *p)
{
	_Static_assert(URI_MAX == 4096, "the sentences say so");
	if (p->len > URI_MAX)
		return bad(p, "is one " LONGEST);
	for (size_t i = 0; i < p->len; i++)
		if ((unsigned char)p->s[i] <= ' ' || p->s[i] == 0x7f)
			return bad(p, "contains a space (write %20) or a control character");
	return 0;
}

/* --- host and port ------------------------------------------------------------------------- */

/* RFC 3986 3.1; 0 if the reference does not begin with a scheme and a colon. */
static size_t scheme_length(const char *s, size_t len)
{
	size_t i = 0;

	if (len == 0 || !is_alpha(s[0]))
		return 0;
	while (i < len && (is_alpha(s[i]) || is_digit(s[i]) || is_one_of(s[i], "+-.")))
		i++;
	return i < len && s[i] == ':' ? i : 0;
}

/* Labels of 1 to 63 letters, digits, "-" and "_", and perhaps a dot at the end. */
static bool is_name(const char *s, size_t len)
{
	size_t label = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (!is_alpha(s[i]) && !is_digit(s[i]) && !is_one_of(s[i], "-_")) {
			return false;
		} else if (++label > 63) {
			return false;
		}
	}
	return len > 0;
}

/* Whether the last label has only digits: then it is an address, or was meant to be one. */
static bool ends_in_number(const char *s, size_t len)
{
	size_t i;

	if (s[len - 1] == '.')
		len--;
	i = len;
	while (i > 0 && is_digit(s[i - 1]))
		i--;
	return i < len && (i == 0 || s[i - 1] == '.');
}

/* Whether s is an address, or no number at the end makes it look like one [DNS-11]. */
static bool is_address_or_name(const char *s, size_t len)
{
	uint32_t ip;

	return !ends_in_number(s, len) || text_to_ip(s, len, &ip);
}

static void copy_host(struct uri *u, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		u->host[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
	u->host[len] = '\0';
}

static int set_host(const struct parse *p, const char *s, size_t len)
{
	if (len == 0)
		return bad(p, "names no host");
	if (len >= URI_HOST_MAX || !is_name(s, len))
		return bad(p, "has a malformed host name");
	if (!is_address_or_name(s, len))
		return bad(p, "has a malformed address (it is not four numbers from 0 to 255)");
	copy_host(p->u, s, len);
	return 0;
}

/* RFC 3986 3.2: what stands between "//" and the path. [HTTP-19] */
static int set_authority(const struct parse *p, const char *s, size_t len)
{
	size_t host_len = length_until(s, len, ":");
	uint64_t port;

	if (length_until(s, len, "@") < len)
		return fail(p->f, p->rung, ERR_UNSUPPORTED,
			    "the %sURL has a user name or password before its host, which skiff "
			    "does not send",
			    whose(p));
	if (len > 0 && s[0] == '[')
		return fail(p->f, p->rung, ERR_UNSUPPORTED,
			    "the %sURL has an IPv6 address (%.*s), and this version of skiff "
			    "speaks only IPv4",
			    whose(p), (int)(len < QUOTE_MAX ? len : QUOTE_MAX), s);
	p->u->port = schemes[p->u->scheme].port;
	if (len - host_len > 1) { /* RFC 3986 6.2.3: an empty port is the default */
		if (!text_to_u64(s + host_len + 1, len - host_len - 1, &port) || port < 1 ||
		    port > 65535)
			return bad(p, "has a port that is no number from 1 to 65535");
		p->u->port = (uint16_t)port;
	}
	return set_host(p, s, host_len);
}

/* --- path and query ------------------------------------------------------------------------ */

/* RFC 3986 2.1: what must not stand in a path or query becomes %XX; %XX stays. [HTTP-02] */
static void add_encoded(struct text *path, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (is_alpha(s[i]) || is_digit(s[i]) || is_one_of(s[i], "-._~!$&'()*+,;=:@/?") ||
		    (s[i] == '%' && len - i > 2 && text_hex_digit(s[i + 1]) >= 0 &&
		     text_hex_digit(s[i + 2]) >= 0))
			text_add(path, s + i, 1);
		else
			text_fmt(path, "%%%02X", (unsigned char)s[i]);
	}
}

/* From ".../a/" to ".../"; "/" stays. */
static void drop_segment(struct text *path)
{
	if (path->len > 1)
		path->len--;
	while (path->buf[path->len - 1] != '/')
		path->len--;
	path->buf[path->len] = '\0';
}

/* Appends segments to a path that ends in "/", less "." and "..": RFC 3986 5.2.3 and 5.2.4. */
static void add_segments(struct text *path, const char *s, size_t len)
{
	size_t n;

	for (;;) {
		n = length_until(s, len, "/");
		if (n == 2 && s[0] == '.' && s[1] == '.')
			drop_segment(path);
		else if (n != 1 || s[0] != '.')
			add_encoded(path, s, n < len ? n + 1 : n); /* with the "/" behind it */
		if (n == len)
			return;
		s += n + 1;
		len -= n + 1;
	}
}

/* Drops the last parameter of path, len bytes of it with its ";", if it is the mode octet. */
static bool drop_octet(struct text *path, size_t len)
{
	if (!text_eq_nocase(path->buf + path->len - len, len, ";mode=octet"))
		return false;
	path->len -= len;
	path->buf[path->len] = '\0';
	return true;
}

static size_t last_parameter(const struct text *path)
{
	size_t len = 0;

	while (len < path->len)
		if (path->buf[path->len - ++len] == ';')
			return len;
	return 0;
}

/* RFC 3617: of the modes only octet leaves a file as it is. A name has no NUL (RFC 1350 5). */
static int check_tftp_path(const struct parse *p, struct text *path)
{
	size_t len;

	do
		len = last_parameter(path);
	while (len && drop_octet(path, len));
	if (len >= 6 && text_eq_nocase(path->buf + path->len - len, 6, ";mode="))
		return bad(p, "asks for a mode other than octet");
	for (size_t i = 0; i + 2 < path->len; i++)
		if (text_is(path->buf + i, 3, "%00"))
			return bad(p, "has a NUL (%00) in its path");
	return path->len > 1 ? 0 : bad(p, "names no file");
}

/* s: a path, and perhaps a query and a fragment, to be joined to path, which ends in "/". */
static int add_path_and_query(const struct parse *p, struct text *path, const char *s, size_t len)
{
	size_t path_len = length_until(s, len, "?#");
	size_t query_len = length_until(s + path_len, len - path_len, "#");

	add_segments(path, s, path_len);
	add_encoded(path, s + path_len, query_len);
	if (path->cut)
		return bad(p, "has a path " LONGEST);
	return p->u->scheme == URI_TFTP ? check_tftp_path(p, path) : 0;
}

/* s: everything behind "//". */
static int set_authority_and_path(const struct parse *p, const char *s, size_t len)
{
	size_t n = length_until(s, len, "/?#");
	struct text path;
	int err = set_authority(p, s, n);

	if (err < 0)
		return err;
	if (n < len && s[n] == '/')
		n++;
	text_init(&path, p->u->path, sizeof(p->u->path));
	text_add(&path, "/", 1);
	return add_path_and_query(p, &path, s + n, len - n);
}

/* --- the whole ----------------------------------------------------------------------------- */

static bool starts_with_slashes(const char *s, size_t len)
{
	return len >= 2 && s[0] == '/' && s[1] == '/';
}

int uri_parse(struct uri *u, const char *s, size_t len, struct failure *f, enum rung rung)
{
	const struct parse p = { u, s, len, f, rung };
	size_t n = scheme_length(s, len);
	int err = check_bytes(&p);

	if (err < 0)
		return err;
	if (n == 0)
		return bad(&p, "does not begin with http:// or tftp://");
	for (u->scheme = URI_HTTP; u->scheme < URI_OTHER; u->scheme++)
		if (text_eq_nocase(s, n, schemes[u->scheme].name))
			break;
	if (u->scheme == URI_OTHER) {
		u->port = 0;
		u->host[0] = u->path[0] = '\0';
		return 0;
	}
	if (!starts_with_slashes(s + n + 1, len - n - 1))
		return bad(&p, "lacks the // behind its scheme");
	return set_authority_and_path(&p, s + n + 3, len - n - 3);
}

/* RFC 3986 5.2.2 [HTTP-08] */
int uri_resolve(struct uri *out, const struct uri *base, const char *ref, size_t len,
		struct failure *f, enum rung rung)
{
	const struct parse p = { out, ref, len, f, rung };
	size_t base_len = length_until(base->path, text_len(base->path), "?");
	struct text path;
	int err = check_bytes(&p);

	assert(out != base && base->scheme != URI_OTHER);
	if (err < 0)
		return err;
	if (scheme_length(ref, len) > 0)
		return uri_parse(out, ref, len, f, rung);
	*out = *base;
	if (starts_with_slashes(ref, len))
		return set_authority_and_path(&p, ref + 2, len - 2);
	text_init(&path, out->path, sizeof(out->path));
	if (len > 0 && ref[0] == '/') {
		text_add(&path, "/", 1);
		return add_path_and_query(&p, &path, ref + 1, len - 1);
	}
	if (length_until(ref, len, "?#") > 0) {
		while (base->path[base_len - 1] != '/')
			base_len--;
	} else if (len == 0 || ref[0] == '#') {
		base_len = text_len(base->path);
	}
	text_add(&path, base->path, base_len);
	return add_path_and_query(&p, &path, ref, len);
}

/* --- a file name for TFTP --------------------------------------------------------------------- */

/*
 * Everything that means something in a path is encoded, but for "/", and so is a dot that begins a
 * segment: relative references find their way, and nothing of the name is changed on it.
 */
static void add_name(struct text *path, const char *s)
{
	for (; *s; s++) {
		if (is_alpha(*s) || is_digit(*s) || is_one_of(*s, "-_~/") ||
		    (*s == '.' && path->buf[path->len - 1] != '/'))
			text_add(path, s, 1);
		else
			text_fmt(path, "%%%02X", (unsigned char)*s);
	}
}

bool uri_is_host(const char *s)
{
	size_t len = text_len(s);

	return len < URI_HOST_MAX && is_name(s, len) && is_address_or_name(s, len);
}

int uri_tftp(struct uri *u, const char *host, const char *name, struct failure *f, enum rung rung)
{
	struct text path;

	if (!uri_is_host(host))
		return fail(f, rung, ERR_CONFIG,
			    "the TFTP server \"%.*s\" is neither a host name nor an address",
			    QUOTE_MAX, host);
	u->scheme = URI_TFTP;
	u->port = schemes[URI_TFTP].port;
	copy_host(u, host, text_len(host));
	text_init(&path, u->path, sizeof(u->path));
	text_add(&path, "/", 1);
	add_name(&path, name);
	if (path.cut)
		return fail(f, rung, ERR_CONFIG, "the file name \"%.*s...\" is too long for TFTP",
			    QUOTE_MAX, name);
	return 0;
}

bool uri_file_name(const struct uri *u, char *name, size_t cap)
{
	const char *s = u->path + 1; /* RFC 3617: the slash behind the host is none of its own */
	struct text t;
	char c;

	text_init(&t, name, cap);
	for (; *s; s++) {
		c = *s;
		if (c == '%') { /* two digits follow, and are not 00 */
			c = (char)(text_hex_digit(s[1]) << 4 | text_hex_digit(s[2]));
			s += 2;
		}
		text_add(&t, &c, 1);
	}
	return !t.cut;
}

/* --- questions ------------------------------------------------------------------------------- */

bool uri_is(const char *s)
{
	for (; *s; s++)
		if (s[0] == ':' && s[1] == '/' && s[2] == '/')
			return true;
	return false;
}

bool uri_host_ip(const struct uri *u, uint32_t *ip)
{
	return text_to_ip(u->host, text_len(u->host), ip);
}

void uri_text(struct text *t, const struct uri *u)
{
	assert(u->scheme != URI_OTHER);
	text_fmt(t, "%s://%s", schemes[u->scheme].name, u->host);
	if (u->port != schemes[u->scheme].port)
		text_fmt(t, ":%u", u->port);
	text_add(t, u->path, text_len(u->path));
}
