/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console, in lines: stable ones, which users' scripts read, and a progress display that is
 * written over in place. Over port_putc(). What comes out is printable ASCII, CR and LF, whatever
 * the arguments quote: any other byte becomes '?'.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "core/types.h"

#define CONSOLE_LINE_MAX 700    /* characters; a longer line is cut and ends with "..." */
#define CONSOLE_PROGRESS_MAX 79 /* columns: stays off the right edge of an 80-column screen */

/* The caller owns it; all zeros to begin with. */
struct console {
	uint8_t progress; /* columns that the progress display fills; 0: there is none */
};

/* A whole line, without "\n" in fmt; formats as text_fmt(). Ends a progress display first. */
void console_line(struct console *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The progress display, in place of the one before. The cursor stays behind it. */
void console_progress(struct console *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Reads all keys that wait, up to one that gives up (Esc or Ctrl-C): true. Of the others the first
 * goes to *key, if that is 0 and key is not NULL; the rest are dropped.
 */
bool console_aborts(char *key);

/* MB of 10^6 bytes with one decimal, rounded: "45.8". They return buf. 0 ms count as 1 ms. */
#define CONSOLE_MB_LEN 24
char *console_mb(char buf[CONSOLE_MB_LEN], uint64_t bytes);
char *console_mb_per_s(char buf[CONSOLE_MB_LEN], uint64_t bytes, uint32_t ms);

#endif
