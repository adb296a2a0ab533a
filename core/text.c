/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text in caller's buffers. Format strings are ours; what %s and the parsers read may come from
 * anywhere: every function is given the length, or a string that its caller ended with NUL.
 */
#include "core/assert.h"
#include "core/mem.h"
#include "core/text.h"

void text_init(struct text *t, char *buf, size_t cap)
{
	assert(cap >= 1);
	t->buf = buf;
	t->cap = cap;
	t->len = 0;
	t->cut = false;
	buf[0] = '\0';
}

void text_add(struct text *t, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len && t->len + 1 < t->cap; i++)
		t->buf[t->len++] = s[i];
	t->buf[t->len] = '\0';
	if (i < len)
		t->cut = true;
}

static void repeat(struct text *t, char c, size_t count)
{
	while (count-- > 0)
		text_add(t, &c, 1);
}

/* --- formatting ---------------------------------------------------------------------------- */

/* One conversion as it stands in the format: %[0][width][.*][l|ll|z]letter. */
struct conversion {
	char pad;
	char size; /* 0, 'l', 'L' for ll, 'z' */
	size_t width;
	size_t precision; /* %s reads no further */
};

/* A va_list that can be passed on: where it is an array, a parameter would not have its type. */
struct args {
	va_list ap;
};

static uint64_t next_unsigned(struct args *args, char size)
{
	if (size == 'L')
		return va_arg(args->ap, unsigned long long);
	if (size == 'l')
		return va_arg(args->ap, unsigned long);
	if (size == 'z')
		return va_arg(args->ap, size_t);
	return va_arg(args->ap, unsigned int);
}

static int64_t next_signed(struct args *args, char size)
{
	if (size == 'L')
		return va_arg(args->ap, long long);
	if (size == 'l')
		return va_arg(args->ap, long);
	if (size == 'z')
		return va_arg(args->ap, ptrdiff_t);
	return va_arg(args->ap, int);
}

static void put_number(struct text *t, const struct conversion *c, bool negative, uint64_t value,
		       char letter)
{
	const char *digits = letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[20]; /* 2^64 - 1 has 20 decimal digits */
	size_t at = sizeof(buf), used;
	uint32_t digit;

	do {
		if (letter == 'u') {
			value = div_u64(value, 10, &digit);
		} else {
			digit = value & 15;
			value >>= 4;
		}
		buf[--at] = digits[digit];
	} while (value != 0);
	used = sizeof(buf) - at + negative;
	if (c->pad == ' ' && used < c->width)
		repeat(t, ' ', c->width - used);
	if (negative)
		text_add(t, "-", 1);
	if (c->pad == '0' && used < c->width)
		repeat(t, '0', c->width - used);
	text_add(t, buf + at, sizeof(buf) - at);
}

static void put_string(struct text *t, const struct conversion *c, const char *s)
{
	size_t len = 0;

	while (len < c->precision && s[len] != '\0')
		len++;
	if (len < c->width)
		repeat(t, ' ', c->width - len);
	text_add(t, s, len);
}

static const char *parse_conversion(struct conversion *c, const char *p, struct args *args)
{
	int precision;

	*c = (struct conversion){ .pad = ' ', .precision = SIZE_MAX };
	if (*p == '0') {
		c->pad = '0';
		p++;
	}
	while (*p >= '0' && *p <= '9')
		c->width = c->width * 10 + (size_t)(*p++ - '0');
	if (p[0] == '.' && p[1] == '*') {
		precision = va_arg(args->ap, int);
		if (precision >= 0)
			c->precision = (size_t)precision;
		p += 2;
	}
	if (*p == 'l' || *p == 'z')
		c->size = *p++;
	if (c->size == 'l' && *p == 'l') {
		c->size = 'L';
		p++;
	}
	return p;
}

static void convert(struct text *t, const struct conversion *c, char letter, struct args *args)
{
	int64_t number;
	char character;

	switch (letter) {
	case '%':
		text_add(t, "%", 1);
		break;
	case 'c':
		character = (char)va_arg(args->ap, int);
		text_add(t, &character, 1);
		break;
	case 's':
		put_string(t, c, va_arg(args->ap, const char *));
		break;
	case 'd':
		number = next_signed(args, c->size);
		put_number(t, c, number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number,
			   'u');
		break;
	case 'u':
	case 'x':
	case 'X':
		put_number(t, c, false, next_unsigned(args, c->size), letter);
		break;
	default:
		assert(false);
	}
}

void text_vfmt(struct text *t, const char *fmt, va_list ap)
{
	struct conversion c;
	struct args args;

	va_copy(args.ap, ap);
	while (*fmt != '\0') {
		if (*fmt != '%') {
			text_add(t, fmt++, 1);
			continue;
		}
		fmt = parse_conversion(&c, fmt + 1, &args);
		convert(t, &c, *fmt++, &args);
	}
	va_end(args.ap);
}

void text_fmt(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vfmt(t, fmt, ap);
	va_end(ap);
}

size_t text_print(char *buf, size_t cap, const char *fmt, ...)
{
	struct text t;
	va_list ap;

	text_init(&t, buf, cap);
	va_start(ap, fmt);
	text_vfmt(&t, fmt, ap);
	va_end(ap);
	return t.len;
}

char *ip_text(char buf[IP_TEXT_LEN], uint32_t ip)
{
	text_print(buf, IP_TEXT_LEN, "%u.%u.%u.%u", (unsigned)(ip >> 24),
		   (unsigned)(ip >> 16 & 255), (unsigned)(ip >> 8 & 255), (unsigned)(ip & 255));
	return buf;
}

char *mac_text(char buf[MAC_TEXT_LEN], const uint8_t mac[6])
{
	text_print(buf, MAC_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		   mac[3], mac[4], mac[5]);
	return buf;
}

char text_printable(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

/* --- parsing ------------------------------------------------------------------------------- */

bool text_to_u64(const char *s, size_t len, uint64_t *out)
{
	uint64_t value = 0;
	unsigned digit;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		digit = (unsigned)(s[i] - '0');
		if (value > UINT64_MAX / 10 || value * 10 > UINT64_MAX - digit)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_hex_to_u64(const char *s, size_t len, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;
	int digit;

	if (len >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		i = 2;
	if (i == len)
		return false;
	for (; i < len; i++) {
		digit = text_hex_digit(s[i]);
		if (digit < 0 || value >> 60 != 0)
			return false;
		value = value << 4 | (uint64_t)digit;
	}
	*out = value;
	return true;
}

/* [DNS-11]: no leading zeros, which some would read as octal; exactly four numbers. */
bool text_to_ip(const char *s, size_t len, uint32_t *ip)
{
	size_t i = 0, digits;
	uint32_t value = 0, number;

	for (size_t part = 0; part < 4; part++) {
		if (part > 0 && (i == len || s[i++] != '.'))
			return false;
		number = 0;
		for (digits = 0; i < len && s[i] >= '0' && s[i] <= '9' && digits < 3; digits++)
			number = number * 10 + (uint32_t)(s[i++] - '0');
		if (digits == 0 || number > 255 || (digits > 1 && s[i - digits] == '0'))
			return false;
		value = value << 8 | number;
	}
	if (i != len)
		return false;
	*ip = value;
	return true;
}

size_t text_len(const char *s)
{
	size_t len = 0;

	while (s[len] != '\0')
		len++;
	return len;
}

bool text_eq(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

bool text_is(const char *a, size_t len, const char *b)
{
	for (size_t i = 0; i < len; i++)
		if (b[i] == '\0' || a[i] != b[i])
			return false;
	return b[len] == '\0';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_eq_nocase(const char *a, size_t len, const char *b)
{
	for (size_t i = 0; i < len; i++)
		if (b[i] == '\0' || lower(a[i]) != lower(b[i]))
			return false;
	return b[len] == '\0';
}

struct span text_without_bom(struct span text)
{
	if (text.len >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
		return (struct span){ text.at + 3, text.len - 3 };
	return text;
}

/* --- arithmetic ---------------------------------------------------------------------------- */

uint64_t div_u64(uint64_t n, uint32_t d, uint32_t *rem)
{
	uint32_t high = (uint32_t)(n >> 32), low = (uint32_t)n;
	uint64_t quotient, r;

	assert(d != 0);
	quotient = (uint64_t)(high / d) << 32;
	r = high % d;
	if (r == 0) {
		quotient |= low / d;
		r = low % d;
	} else {
		for (int bit = 31; bit >= 0; bit--) {
			r = r << 1 | (low >> bit & 1);
			if (r >= d) {
				r -= d;
				quotient |= (uint64_t)1 << bit;
			}
		}
	}
	if (rem)
		*rem = (uint32_t)r;
	return quotient;
}
