/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DHCP client (RFC 2131, 2132, 3396, 4578) that wants one lease and the name of what to boot;
 * that may come from other servers than the lease (PXE 2.1, chapter 2).
 */
#ifndef NET_DHCP_H
#define NET_DHCP_H

#include "core/text.h"
#include "core/types.h"
#include "net/dhcp_vendor.h"
#include "net/lease.h"
#include "net/udp.h"
#include "net/uri.h"

#define DHCP_BOOT_FILE_MAX (URI_MAX + 1)
#define DHCP_VENDOR_MAX 512
#define DHCP_OPTIONS_MAX UDP_DATA_MAX /* one option's parts, joined [DHCP-15, SEC-03] */
#define DHCP_CLIENT_PORT 68
#define DHCP_NAKS_MAX 3 /* answered by a new start; the next one is the end */

struct net;

/*
 * CHOOSING: there is an offer, and a better one may come. In the order in which they are reached.
 */
enum dhcp_state {
	DHCP_IDLE,
	DHCP_SELECTING,
	DHCP_CHOOSING,
	DHCP_REQUESTING,
	DHCP_BOUND,
	DHCP_FAILED
};

/* What became of an answer. All but the first are said when the wait fails. */
enum dhcp_fate {
	DHCP_TAKEN,
	DHCP_REFUSED, /* a NAK: taken, too */
	DHCP_MALFORMED,
	DHCP_FOREIGN,     /* to another machine, or to an earlier question */
	DHCP_BOOTP,       /* no option 53 */
	DHCP_PROXY,       /* taken, too, but no lease [DHCP-21] */
	DHCP_NO_ADDRESS,  /* or one that no host can have */
	DHCP_NO_SERVER,   /* no option 54 */
	DHCP_NOT_CHOSEN,  /* from another server than the one whose offer was taken */
	DHCP_OUT_OF_TURN, /* of a type that does not fit the state */
	DHCP_NO_FILE,     /* to a question what to boot, and says nothing of it */
	DHCP_FATES
};

#define DHCP_PACKET_MAX 1260 /* what a PXE client keeps of a packet: PXE 2.1, 3.3.4 */

/* A DHCP message as it was on the wire; what is beyond the room is cut off. len 0: there was none.
 */
struct dhcp_packet {
	uint16_t len;
	uint8_t data[DHCP_PACKET_MAX];
};

/*
 * Which ones are kept, for programs that ask for them (PXE 2.1, 3.3.4: PXENV_GET_CACHED_INFO's
 * packet types less 1). None where the address is the user's.
 */
enum dhcp_cached {
	DHCP_CACHED_DISCOVER, /* ours, as sent last */
	DHCP_CACHED_ACK,      /* the lease's */
	DHCP_CACHED_REPLY, /* who says what to boot: a proxy, a boot server; else the ACK again */
	DHCP_CACHED_COUNT
};

/* What is named, by whom, and where in the message: for the user, too. */
enum dhcp_by { DHCP_BY_LEASE, DHCP_BY_PROXY, DHCP_BY_BOOT_SERVER };
enum dhcp_server_in {
	DHCP_IN_NOTHING,
	DHCP_IN_SIADDR,
	DHCP_IN_OPTION_66,
	DHCP_IN_SNAME,
	DHCP_IN_OPTION_150,
	DHCP_IN_OPTION_54,
};

/* What a server says about booting [DHCP-16]. */
struct dhcp_boot {
	uint32_t from; /* who says so: option 54, or the sender; host order; 0: nobody */
	enum dhcp_by by;
	enum dhcp_server_in server_in;
	char server[URI_HOST_MAX];     /* where `file` is, by TFTP: an address in text, or a name */
	char file[DHCP_BOOT_FILE_MAX]; /* as it came, a URL perhaps; empty: none */
	bool in_option_67;             /* and not in the field `file` */
	bool pxe;                      /* option 60 says PXEClient */
	uint8_t vendor[DHCP_VENDOR_MAX]; /* option 43 of one that is pxe [DHCP-23] */
	uint32_t vendor_len;             /* 0: none */
};

struct dhcp_lease {
	struct lease address;
	/* Since its REQUEST, in ms: when it is renewed, rebound, and over. 0: never. */
	uint32_t t1_ms, t2_ms, end_ms;
	uint32_t server; /* option 54, host order; 0: none */
	struct dhcp_boot boot;
};

/* uuid: SMBIOS, stored order; arch: RFC 4578 2.1. */
struct dhcp_identity {
	uint8_t uuid[16];
	uint16_t arch;
};

/* A question to PXE servers what to boot, when there is a lease (dhcp_pxe.c). */
enum dhcp_asking { DHCP_NOT_ASKED, DHCP_ASKED, DHCP_ANSWERED, DHCP_UNANSWERED };

struct dhcp_ask {
	enum dhcp_asking state;
	uint8_t tries;
	uint32_t proxy;            /* who is asked; host order; 0: boot servers */
	uint16_t type;             /* of boot servers */
	struct dhcp_vendor vendor; /* how they are found; refers to what it was read from */
};

struct dhcp {
	enum dhcp_state state;
	enum dhcp_state furthest; /* of all attempts */
	struct dhcp_identity id;
	uint8_t tries, naks;
	uint16_t secs; /* from the start to the last DISCOVER */
	uint32_t xid;
	uint32_t started_ms, next_ms;
	uint32_t requested_ms; /* when the REQUEST for the lease left, or for the renewal of it */
	uint32_t asked_ms;     /* when the renewal was asked for first */
	bool renewing;
	uint32_t boot_wait_ms;     /* from the first offer on, for what to boot [DHCP-20] */
	bool url_only;             /* and nothing but a URL counts there */
	uint32_t fate[DHCP_FATES]; /* answers so far */
	struct udp_socket socket;
	struct dhcp_lease offer; /* chosen, or kept while a better one may come */
	struct dhcp_lease lease; /* state DHCP_BOUND */
	struct dhcp_boot proxy;  /* the best of proxies' offers; from 0: none */
	struct dhcp_ask ask;
	struct dhcp_boot answer; /* ask.state DHCP_ANSWERED */
	struct dhcp_packet cached[DHCP_CACHED_COUNT];
	uint8_t buf[DHCP_OPTIONS_MAX]; /* joins an option's parts, or holds a message of ours */
};

/*
 * Starts: the first DISCOVER leaves at once [DHCP-04]. The lease is the caller's to use. The first
 * offer will do if it says what to boot, or a proxy's does, or boot_wait_ms is 0; else that long is
 * waited for one that does, but no longer than half of the net's deadline. url_only: only a URL is
 * of use to the caller, and nothing else says what to boot.
 */
void dhcp_start(struct net *net, const struct dhcp_identity *id, uint32_t boot_wait_ms,
		bool url_only);
/* No more messages; a lease that there is stays readable. */
void dhcp_stop(struct net *net);
void dhcp_poll(struct net *net, uint32_t now_ms);

/*
 * How it ended, for net_wait(): BOUND (lease is valid; not yet in use: net_configure()), or FAILED
 * (refused naks times in a row, the last DHCP_NAKS_MAX of them after a new start). Silence is not
 * FAILED: it resends after 4, 8, 8, 8 … s until the caller's deadline.
 */
bool dhcp_done(void *net);
/* The same: there is an offer; in state CHOOSING it is silent about what to boot. */
bool dhcp_offered(void *net);

/*
 * Appends "; not used: 3 NAK, 1 without option 54 …" about the answers that led nowhere, or
 * nothing.
 */
void dhcp_unused_text(const struct dhcp *d, struct text *t);

/* Whether it says anything, be it only that PXE servers are to be asked. */
static inline bool dhcp_boot_says(const struct dhcp_boot *b)
{
	return b->file[0] || b->pxe;
}

/* Appends who names the file, and where: "DHCP server 10.0.2.2: option 67, siaddr". */
void dhcp_boot_text(const struct dhcp_boot *b, struct text *t);

/*
 * Asks the proxy at that address, by UDP port 4011, what to boot (PXE 2.1, 2.2: a DHCPREQUEST with
 * our address) [DHCP-22]; or the boot servers of a type, found as an option 43 says, which stays as
 * it is meanwhile [DHCP-24]. The lease is in use. Asked again after 1, 2 and 3 s, and given up 4 s
 * later: ask.state.
 */
void dhcp_ask_proxy(struct net *net, uint32_t proxy);
void dhcp_ask_boot_server(struct net *net, const struct dhcp_vendor *vendor, uint16_t type);
/* No more of it, answered or not. */
void dhcp_ask_end(struct net *net);
/* For net_wait(): it is answered, or given up. */
bool dhcp_asked(void *net);

#endif
