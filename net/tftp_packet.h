/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TFTP's packets (RFC 1350 5, 2347, 2348, 2349, 7440): bytes in, values out, and back. No state, no
 * network.
 */
#ifndef NET_TFTP_PACKET_H
#define NET_TFTP_PACKET_H

#include "core/types.h"

#define TFTP_PORT 69
#define TFTP_HEADER_LEN 4        /* of DATA, ACK and ERROR */
#define TFTP_REQUEST_MAX 512     /* RFC 2347: of a request, options included */
#define TFTP_NAME_MAX 464        /* bytes of a name, the NUL included, that always fit in one */
#define TFTP_BLKSIZE_DEFAULT 512 /* RFC 1350 2 */
#define TFTP_BLKSIZE_MIN 8       /* RFC 2348 */
#define TFTP_BLKSIZE_MAX 65464
#define TFTP_SIZE_UNKNOWN UINT64_MAX
#define TFTP_TEXT_MAX 128 /* of an ERROR's text, the NUL included */

enum tftp_opcode {
	TFTP_RRQ = 1,
	TFTP_DATA = 3,
	TFTP_ACK = 4,
	TFTP_ERROR = 5,
	TFTP_OACK = 6, /* RFC 2347 */
};

/* RFC 1350, appendix I; 8: RFC 2347. */
enum tftp_code {
	TFTP_NOT_DEFINED = 0,
	TFTP_NOT_FOUND = 1,
	TFTP_NO_ACCESS = 2,
	TFTP_DISK_FULL = 3,
	TFTP_ILLEGAL = 4,
	TFTP_UNKNOWN_ID = 5,
	TFTP_BAD_OPTION = 8,
};

/* What is asked for, or was agreed on. */
struct tftp_options {
	uint16_t blksize, windowsize; /* 0: the option is left out */
	bool tsize;
};

/*
 * A read request: mode octet, then the options [TFTP-01] [TFTP-04]. Its length; 0 if the name is
 * too long for one, which one of less than TFTP_NAME_MAX is not.
 */
uint32_t tftp_request_write(uint8_t request[TFTP_REQUEST_MAX], const char *name,
			    const struct tftp_options *ask);

void tftp_ack_write(uint8_t ack[TFTP_HEADER_LEN], uint16_t block);

/* Its length; a text that does not fit is cut. */
uint32_t tftp_error_write(uint8_t error[TFTP_HEADER_LEN + TFTP_TEXT_MAX], enum tftp_code code,
			  const char *text);

/* The opcode of a packet; 0 if it is too short for what this opcode needs, or unknown here. */
uint16_t tftp_opcode(struct span packet);

/*
 * The answer to a request with these options, of which a server may take what it likes [TFTP-05]:
 * it must not name another one, or one twice, nor a larger value than ours. *got has 0 for what is
 * not named; *size is TFTP_SIZE_UNKNOWN without tsize. False: it is not such an answer [SEC-05].
 */
bool tftp_oack_read(struct span packet, const struct tftp_options *asked, struct tftp_options *got,
		    uint64_t *size);

/* An ERROR's code, and its text as far as it is there, printable. */
uint16_t tftp_error_read(struct span packet, char text[TFTP_TEXT_MAX]);

#endif
