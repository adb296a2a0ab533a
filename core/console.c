/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines on the console. Arguments may quote the network or the device; formats are ours. */
#include "arch/port.h"
#include "core/console.h"
#include "core/text.h"

/* [SEC-10] */
static void put(const struct text *t)
{
	for (size_t i = 0; i < t->len; i++)
		port_putc(text_printable(t->buf[i]));
}

void console_line(struct console *c, const char *fmt, ...)
{
	char buf[CONSOLE_LINE_MAX + 1];
	struct text t;
	va_list ap;

	text_init(&t, buf, sizeof(buf));
	va_start(ap, fmt);
	text_vfmt(&t, fmt, ap);
	va_end(ap);
	if (t.cut) {
		t.len -= 3;
		text_add(&t, "...", 3);
	}
	if (c->progress > 0)
		port_putc('\n');
	c->progress = 0;
	put(&t);
	port_putc('\n');
}

void console_progress(struct console *c, const char *fmt, ...)
{
	char buf[CONSOLE_PROGRESS_MAX + 1];
	struct text t;
	va_list ap;

	text_init(&t, buf, sizeof(buf));
	va_start(ap, fmt);
	text_vfmt(&t, fmt, ap);
	va_end(ap);
	port_putc('\r');
	put(&t);
	for (size_t i = t.len; i < c->progress; i++)
		port_putc(' ');
	if (c->progress < t.len)
		c->progress = (uint8_t)t.len;
}

#define KEYS_MAX 64 /* read at a time: a key that is stuck must not hold us up */
#define KEY_CTRL_C 3
#define KEY_ESC 27

bool console_aborts(char *key)
{
	for (int i = 0, k; i < KEYS_MAX && (k = port_key()) >= 0; i++) {
		if (k == KEY_CTRL_C || k == KEY_ESC)
			return true;
		if (key && !*key)
			*key = (char)k;
	}
	return false;
}

/*
 * In halves of a tenth of a MB (50,000 bytes), the whole ones: rounds without a sum that could
 * wrap.
 */
static char *tenths(char buf[CONSOLE_MB_LEN], uint64_t halves)
{
	uint32_t tenth;
	uint64_t whole = div_u64((halves + 1) / 2, 10, &tenth);

	text_print(buf, CONSOLE_MB_LEN, "%llu.%u", (unsigned long long)whole, (unsigned)tenth);
	return buf;
}

char *console_mb(char buf[CONSOLE_MB_LEN], uint64_t bytes)
{
	return tenths(buf, div_u64(bytes, 50000, NULL));
}

/* bytes / (50 ms), in two steps because 50 ms can exceed 32 bits. */
char *console_mb_per_s(char buf[CONSOLE_MB_LEN], uint64_t bytes, uint32_t ms)
{
	if (ms == 0)
		ms = 1;
	return tenths(buf, div_u64(div_u64(bytes, 50, NULL), ms, NULL));
}
