/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text in caller's buffers: formatting that never overruns and never allocates, and the parsers for
 * numbers and addresses that configuration, URLs and protocols share.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdarg.h>

#include "core/types.h"

/* A string being built. Always NUL-terminated; what does not fit is cut and `cut` is set. */
struct text {
	char *buf;
	size_t cap; /* bytes in buf, the NUL included; at least 1 */
	size_t len; /* without the NUL */
	bool cut;
};

void text_init(struct text *t, char *buf, size_t cap);

/* Appends. Knows %s %c %d %u %x %X %%, width, '0', 'l', 'll', 'z', and %.*s. Nothing else. */
void text_fmt(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void text_vfmt(struct text *t, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Appends len bytes as they are. */
void text_add(struct text *t, const char *s, size_t len);

/* c if it is printable ASCII, '?' otherwise: for what came from outside and goes to a console. */
char text_printable(char c);

/* Like snprintf, returns the length that was written (cut to what fits). */
size_t text_print(char *buf, size_t cap, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* "192.0.2.1" and "52:54:00:12:34:56". They return buf. ip is in host order. */
#define IP_TEXT_LEN 16
#define MAC_TEXT_LEN 18
char *ip_text(char buf[IP_TEXT_LEN], uint32_t ip);
char *mac_text(char buf[MAC_TEXT_LEN], const uint8_t mac[6]);

/*
 * Strict parsers: the whole span must be the number, no sign, no white space, at least one digit,
 * no overflow of 64 bits. They return false and leave *out alone otherwise.
 */
bool text_to_u64(const char *s, size_t len, uint64_t *out);
bool text_hex_to_u64(const char *s, size_t len, uint64_t *out); /* an optional 0x in front */

/* A strict dotted quad, no leading zeros, nothing behind it; *ip in host order. */
bool text_to_ip(const char *s, size_t len, uint32_t *ip);

/* The value of a hexadecimal digit of either case; -1 for any other character. */
int text_hex_digit(char c);

/* Freestanding string functions, with the meaning that the C library gives them. */
size_t text_len(const char *s);
bool text_eq(const char *a, const char *b);
/* Whether the len bytes at a are b, which is NUL-terminated. */
bool text_is(const char *a, size_t len, const char *b);
/* ASCII, without regard to case; b is NUL-terminated, a has len bytes. */
bool text_eq_nocase(const char *a, size_t len, const char *b);
/* Text behind the byte order mark (U+FEFF in UTF-8) that some editors put in front of it. */
struct span text_without_bom(struct span text);

/* n / d without a 64-bit division; d > 0; the remainder goes to *rem unless that is NULL. */
uint64_t div_u64(uint64_t n, uint32_t d, uint32_t *rem);

#endif
