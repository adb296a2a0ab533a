/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * URLs (RFC 3986): what configuration, redirects and boot entries name, taken apart and checked
 * once, so that host and path can be put into a request as they are.
 */
#ifndef NET_URI_H
#define NET_URI_H

#include "core/err.h"
#include "core/text.h"
#include "core/types.h"

/*
 * The longest URL, wherever it comes from: a key, option 67, a redirect, a boot entry; and the
 * longest path in the request that is made of it. Object stores sign URLs with 2,000 and more.
 */
#define URI_MAX 4096
#define URI_HOST_MAX 256 /* with the NUL; RFC 1035 2.3.4 has names of at most 255 */
#define URI_PATH_MAX (URI_MAX + 1)

enum uri_scheme {
	URI_HTTP,
	URI_TFTP,
	URI_HTTPS,
	URI_OTHER, /* some other scheme: host and path are empty, port is 0 */
};

struct uri {
	enum uri_scheme scheme;
	uint16_t port;           /* the scheme's own (80, 69, 443) if the URL has none */
	char host[URI_HOST_MAX]; /* a name in lower case, or a strict dotted quad */
	/*
	 * From the first "/" on, query included, fragment dropped; never empty. No "." and ".."
	 * segments (RFC 3986 5.2.4). %XX stands as it came, bytes that must not stand in a URL are
	 * percent-encoded. Of URI_TFTP: at least one character behind the "/", no %00, and
	 * uri_file_name() has what is sent.
	 */
	char path[URI_PATH_MAX];
};

/*
 * Takes apart an absolute URL of len bytes. 0; ERR_CONFIG, or ERR_UNSUPPORTED (IPv6 literals, user
 * names), with a sentence on the given rung, which quotes the URL unless it may hold a password. On
 * rung transfer it calls it the redirect's, on rung image the boot entry's. *u is undefined then.
 */
int uri_parse(struct uri *u, const char *s, size_t len, struct failure *f, enum rung rung)
	MUST_CHECK;

/* The same for a reference, relative to base or absolute (RFC 3986 5.2.2). out is not base. */
int uri_resolve(struct uri *out, const struct uri *base, const char *ref, size_t len,
		struct failure *f, enum rung rung) MUST_CHECK;

/* Whether s can be a URL's host: a name, or a strict dotted quad. */
bool uri_is_host(const char *s);

/*
 * The same for a server and a file name in two parts, as DHCP and PXE have them: scheme tftp, port
 * 69. host: a name, or an address in text. name: not empty; every byte of it reaches the server,
 * spaces, backslashes, percent signs and dots as they are [TFTP-18], and in u->path all that could
 * be taken for something else is encoded. ERR_CONFIG: host is neither, or name is too long.
 */
int uri_tftp(struct uri *u, const char *host, const char *name, struct failure *f, enum rung rung)
	MUST_CHECK;

/*
 * The file name that a URI_TFTP means, for the wire: the path less the slash behind the host (RFC
 * 3617), %XX decoded; a name that begins with a slash is tftp://host//name. NUL-terminated. False:
 * cap bytes are too few.
 */
bool uri_file_name(const struct uri *u, char *name, size_t cap) MUST_CHECK;

/* Whether s looks like a URL, be it one that skiff can use or not. */
bool uri_is(const char *s);

/* Whether the host is an address and needs no DNS; *ip in host order. */
bool uri_host_ip(const struct uri *u, uint32_t *ip);

/* Appends "http://10.0.2.2:8080/vmlinuz", the scheme's own port left out. Not for URI_OTHER. */
void uri_text(struct text *t, const struct uri *u);

#endif
