/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shape of a DHCP message (RFC 2131 2) and its options (RFC 2132 2, RFC 3396). No state, no
 * network: bytes in, spans out.
 */
#ifndef NET_DHCP_OPTIONS_H
#define NET_DHCP_OPTIONS_H

#include "core/types.h"

/* The message's fixed part. */
#define DHCP_OP_OFF 0
#define DHCP_HTYPE_OFF 1
#define DHCP_HLEN_OFF 2
#define DHCP_XID_OFF 4
#define DHCP_SECS_OFF 8
#define DHCP_CIADDR_OFF 12
#define DHCP_YIADDR_OFF 16
#define DHCP_SIADDR_OFF 20
#define DHCP_CHADDR_OFF 28
#define DHCP_SNAME_OFF 44
#define DHCP_SNAME_LEN 64
#define DHCP_FILE_OFF 108
#define DHCP_FILE_LEN 128
#define DHCP_COOKIE_OFF 236
#define DHCP_OPTIONS_OFF 240
#define DHCP_COOKIE 0x63825363u

enum dhcp_option {
	DHCP_OPTION_PAD = 0,
	DHCP_OPTION_MASK = 1,
	DHCP_OPTION_ROUTER = 3,
	DHCP_OPTION_DNS = 6,
	DHCP_OPTION_DOMAIN = 15,
	DHCP_OPTION_MTU = 26,
	DHCP_OPTION_VENDOR = 43,
	DHCP_OPTION_REQUESTED_IP = 50,
	DHCP_OPTION_LEASE_TIME = 51,
	DHCP_OPTION_OVERLOAD = 52,
	DHCP_OPTION_TYPE = 53,
	DHCP_OPTION_SERVER = 54,
	DHCP_OPTION_WANTED = 55,
	DHCP_OPTION_MAX_LEN = 57,
	DHCP_OPTION_T1 = 58,
	DHCP_OPTION_T2 = 59,
	DHCP_OPTION_VENDOR_CLASS = 60,
	DHCP_OPTION_CLIENT_ID = 61,
	DHCP_OPTION_SERVER_NAME = 66,
	DHCP_OPTION_BOOT_FILE = 67,
	DHCP_OPTION_USER_CLASS = 77,
	DHCP_OPTION_ARCH = 93,
	DHCP_OPTION_UNDI = 94,
	DHCP_OPTION_UUID = 97,
	DHCP_OPTION_SEARCH = 119,
	DHCP_OPTION_ROUTES = 121,
	DHCP_OPTION_TFTP_SERVERS = 150,
	DHCP_OPTION_END = 255,
};

enum dhcp_type { DHCP_DISCOVER = 1, DHCP_OFFER = 2, DHCP_REQUEST = 3, DHCP_ACK = 5, DHCP_NAK = 6 };

/* One option, or a part of one, as it stands there. */
struct dhcp_part {
	uint8_t code;
	struct span value;
};

/*
 * The next option of an area, which shrinks by it; false: there is no more. An area may end without
 * an end, but no option goes beyond it: RFC 2132 2 [DHCP-13].
 */
bool dhcp_options_next(struct span *area, struct dhcp_part *part);

/*
 * Where a message keeps its options, in the order in which they count; and `file` and `sname`,
 * where they are a file's and a server's name.
 */
struct dhcp_options {
	struct span area[3];
	struct span file, sname;
};

/*
 * Finds the options of a message of at least DHCP_OPTIONS_OFF bytes, which o refers to from now on.
 */
void dhcp_options_open(struct dhcp_options *o, struct span message);

/*
 * The value of option code, all its parts joined in buf of cap bytes. at is NULL if it is not
 * there, or does not fit.
 */
struct span dhcp_options_get(const struct dhcp_options *o, enum dhcp_option code, uint8_t *buf,
			     uint32_t cap);

#endif
