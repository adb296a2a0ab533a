/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of servers that do not answer, or no more, whatever the protocol: with what else is
 * known to be wrong. Called by the other files of fetch.
 */
#include "core/clock.h"
#include "net/boot/fetch_impl.h"
#include "net/ipv4.h"

#define WHY_MAX 300

/* What else is known to be wrong with this rung's packets, and the server's address. */
static void why_text(const struct fetch *f, char why[WHY_MAX], char to[IP_TEXT_LEN])
{
	struct text t;

	text_init(&t, why, WHY_MAX);
	net_breach_text(f->net, fetch_is_tftp(f) ? "datagrams" : "segments", &t);
	icmp_soft_text(f->net, &t);
	if (!fetch_is_tftp(f))
		http_why_text(&f->http, &t);
	ip_text(to, f->ip);
}

int fetch_no_server(struct fetch *f, int err)
{
	char why[WHY_MAX], to[IP_TEXT_LEN];

	why_text(f, why, to);
	if (err == ERR_REFUSED)
		return fail(f->failure, RUNG_CONNECT, err,
			    "%s:%u refuses the connection; is the server running, on this port?",
			    to, f->uri.port);
	if (err == ERR_UNREACHABLE && !ipv4_next_hop(f->net, f->ip))
		return fail(f->failure, RUNG_CONNECT, err,
			    "there is no route to %s; give a gateway by DHCP or the key ip", to);
	if (err == ERR_UNREACHABLE)
		return fail(f->failure, RUNG_CONNECT, err,
			    "nobody on this link answers for %s; check the address, the gateway "
			    "and the cable%s",
			    to, why);
	return fail(f->failure, RUNG_CONNECT, err, "no usable answer from %s:%u%s", to, f->uri.port,
		    why);
}

int fetch_silence(struct fetch *f)
{
	unsigned long long heard = fetch_heard(f);
	char why[WHY_MAX], to[IP_TEXT_LEN];

	why_text(f, why, to);
	if (!heard && !fetch_is_tftp(f))
		return fail(f->failure, RUNG_TRANSFER, ERR_TIMEOUT,
			    "%s:%u accepted the connection and then said nothing to GET %.*s%s", to,
			    f->uri.port, 60, f->uri.path, why);
	if (clock_now_ms() - f->heard_ms < f->net->deadline_ms / 2)
		return fail(f->failure, RUNG_TRANSFER, ERR_TIMEOUT,
			    "%s:%u sends too slowly: %llu bytes so far, and less than 1 kB/s of "
			    "the file%s",
			    to, f->uri.port, heard, why);
	return fail(f->failure, RUNG_TRANSFER, ERR_TIMEOUT,
		    "%s:%u fell silent after %llu bytes of its answer%s", to, f->uri.port, heard,
		    why);
}
