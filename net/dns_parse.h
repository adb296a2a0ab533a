/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wire form of DNS (RFC 1035 4): questions written, answers read. No state, no network: bytes
 * in, verdict out. dns.c calls, and DHCP for the names in option 119.
 */
#ifndef NET_DNS_PARSE_H
#define NET_DNS_PARSE_H

#include "core/types.h"
#include "net/dns.h"

#define DNS_CNAMES_MAX 8 /* steps of a chain [DNS-06] */
#define DNS_QUESTION_MAX (12 + 255 + 4 + 11)

enum dns_verdict {
	DNS_FOREIGN,   /* not an answer to this question, or malformed: as if it had not come */
	DNS_TRUNCATED, /* TC, and no address in what is there */
	DNS_ERROR,     /* rcode says what */
	DNS_ADDRESSES, /* at least one */
	DNS_ALIAS,     /* name is the end of a chain now, and its address is not in the answer */
	DNS_EMPTY,     /* no address, no alias, or a chain too long */
};

enum dns_rcode {
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
};

struct dns_answer {
	uint8_t rcode;
	uint32_t addresses;
	uint32_t address[DNS_ADDRESSES_MAX]; /* host order */
};

/*
 * Writes a question for the A records of name (text, an optional dot at the end). udp_size: how
 * long an answer may be, said by EDNS; 0: without EDNS, which means 512. Returns its length; 0 if
 * name is no host name: an empty label or one of more than 63 bytes, more than 255 bytes in all,
 * other characters than letters, digits, '-' and '_'.
 */
uint32_t dns_question_write(uint8_t question[DNS_QUESTION_MAX], uint16_t id, const char *name,
			    uint16_t udp_size) MUST_CHECK;

/*
 * Reads msg as the answer to the question for name under id. name follows the aliases in the
 * message, and changes only with DNS_ADDRESSES, DNS_ALIAS and DNS_EMPTY. Of a message that was cut
 * the addresses count that are whole: any one of them will do.
 */
enum dns_verdict dns_answer_read(struct span msg, uint16_t id, char name[DNS_NAME_MAX],
				 struct dns_answer *a) MUST_CHECK;

/*
 * Reads the name at *off of msg as text, without a dot at the end and with '?' for what stands in
 * no host name, and moves *off behind it. Compression pointers count from the start of msg. False,
 * and *off as it was, if it is malformed.
 */
bool dns_name_read(struct span msg, uint32_t *off, char name[DNS_NAME_MAX]) MUST_CHECK;

#endif
