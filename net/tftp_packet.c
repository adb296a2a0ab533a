/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TFTP's packets. A server, or whoever answers in its stead, wrote what is read here; the bytes are
 * a private copy. Called by tftp.c.
 */
#include "core/mem.h"
#include "core/text.h"
#include "core/wire.h"
#include "net/tftp_packet.h"

/* --- out ------------------------------------------------------------------------------------- */

/* A string with its NUL (RFC 1350 5). */
static void add_string(struct text *t, const char *s)
{
	text_add(t, s, text_len(s) + 1);
}

static void add_option(struct text *t, const char *name, uint16_t value)
{
	add_string(t, name);
	text_fmt(t, "%u", value);
	add_string(t, "");
}

uint32_t tftp_request_write(uint8_t request[TFTP_REQUEST_MAX], const char *name,
			    const struct tftp_options *ask)
{
	struct text t;

	text_init(&t, (char *)request, TFTP_REQUEST_MAX);
	text_add(&t, "\0\1", 2); /* TFTP_RRQ */
	add_string(&t, name);
	add_string(&t, "octet");
	if (ask->tsize)
		add_option(&t, "tsize", 0);
	if (ask->blksize)
		add_option(&t, "blksize", ask->blksize);
	if (ask->windowsize)
		add_option(&t, "windowsize", ask->windowsize);
	return t.cut ? 0 : (uint32_t)t.len;
}

void tftp_ack_write(uint8_t ack[TFTP_HEADER_LEN], uint16_t block)
{
	put_be16(ack, TFTP_ACK);
	put_be16(ack + 2, block);
}

uint32_t tftp_error_write(uint8_t error[TFTP_HEADER_LEN + TFTP_TEXT_MAX], enum tftp_code code,
			  const char *text)
{
	size_t len = text_print((char *)error + TFTP_HEADER_LEN, TFTP_TEXT_MAX, "%s", text);

	put_be16(error, TFTP_ERROR);
	put_be16(error + 2, (uint16_t)code);
	return TFTP_HEADER_LEN + (uint32_t)len + 1;
}

/* --- in -------------------------------------------------------------------------------------- */

uint16_t tftp_opcode(struct span packet)
{
	uint16_t opcode = packet.len < 2 ? 0 : get_be16(packet.at);

	switch (opcode) {
	case TFTP_OACK:
		return opcode;
	case TFTP_DATA:
	case TFTP_ERROR:
		return packet.len < TFTP_HEADER_LEN ? 0 : opcode;
	default:
		return 0;
	}
}

/* The next string of *rest, which goes past it and its NUL. False: its NUL is not there. */
static bool take_string(struct span *rest, struct span *s)
{
	for (uint32_t i = 0; i < rest->len; i++) {
		if (rest->at[i])
			continue;
		*s = (struct span){ rest->at, i };
		*rest = (struct span){ rest->at + i + 1, rest->len - i - 1 };
		return true;
	}
	return false;
}

/* Whether the option may be named and has a value from least to most; it may be named once. */
static bool take_value(uint16_t *most, uint16_t least, uint64_t value, uint16_t *got)
{
	if (!*most || value < least || value > *most)
		return false;
	*most = 0;
	*got = (uint16_t)value;
	return true;
}

static bool take_option(struct tftp_options *left, struct tftp_options *got, uint64_t *size,
			struct span name, struct span digits)
{
	const char *s = (const char *)name.at;
	uint64_t value;

	if (!text_to_u64((const char *)digits.at, digits.len, &value))
		return false;
	if (text_eq_nocase(s, name.len, "blksize"))
		return take_value(&left->blksize, TFTP_BLKSIZE_MIN, value, &got->blksize);
	if (text_eq_nocase(s, name.len, "windowsize"))
		return take_value(&left->windowsize, 1, value, &got->windowsize);
	if (!text_eq_nocase(s, name.len, "tsize") || !left->tsize || value == TFTP_SIZE_UNKNOWN)
		return false;
	left->tsize = false;
	got->tsize = true;
	*size = value;
	return true;
}

bool tftp_oack_read(struct span packet, const struct tftp_options *asked, struct tftp_options *got,
		    uint64_t *size)
{
	struct span rest = { packet.at + 2, packet.len - 2 }, name, digits;
	struct tftp_options left = *asked;

	memset(got, 0, sizeof(*got));
	*size = TFTP_SIZE_UNKNOWN;
	while (rest.len)
		if (!take_string(&rest, &name) || !take_string(&rest, &digits) ||
		    !take_option(&left, got, size, name, digits))
			return false;
	return true;
}

uint16_t tftp_error_read(struct span packet, char text[TFTP_TEXT_MAX])
{
	uint32_t len = packet.len - TFTP_HEADER_LEN, i;

	for (i = 0; i < len && i < TFTP_TEXT_MAX - 1 && packet.at[TFTP_HEADER_LEN + i]; i++)
		text[i] = text_printable((char)packet.at[TFTP_HEADER_LEN + i]); /* [SEC-10] */
	text[i] = '\0';
	return get_be16(packet.at + 2);
}
