/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP on the console. What it quotes of the device are numbers. Called by conform.c. */
#include "tests/conform/report.h"

#include "core/builtin.h"
#include "core/clock.h"
#include "core/mem.h"
#include "drivers/virtio.h"
#include "tests/conform/features.h"

#define COLUMNS 79
#define BYTES_PER_LINE 16
#define LINE_MAX (COLUMNS + 1)
#define NOTE_MAX 1000 /* as much as all names of features need */

/* Words of s in lines, each behind `indent`. */
static void wrapped(struct report *r, const char *indent, const char *s)
{
	size_t room = COLUMNS - text_len(indent), len, cut;

	while (*s) {
		len = text_len(s);
		if (len > room) {
			for (len = room, cut = room; cut && s[cut] != ' '; cut--)
				;
			len = cut ? cut : len;
		}
		console_line(&r->console, "%s%.*s", indent, (int)len, s);
		for (s += len; *s == ' '; s++)
			;
	}
}

void report_begin(struct report *r, const struct knobs *knobs, uintptr_t fn, const char *place)
{
	memset(r, 0, sizeof(*r));
	r->knobs = knobs;
	r->started_ms = clock_now_ms();
	console_line(&r->console, "TAP version 13");
	report_note(r, "skiff-conform %s, VIRTIO 1.4, seed=0x%llx", skiff_version,
		    (unsigned long long)knobs->seed);
	if (knobs->hostile)
		report_note(r,
			    "hostile=1: the device is driven as no driver may; what it runs in may "
			    "end before this report does");
	report_note(r, "virtio-net %s %04x:%04x", place,
		    (unsigned)port_pci_read(fn, PCI_VENDOR_ID, 2),
		    (unsigned)port_pci_read(fn, PCI_DEVICE_ID, 2));
}

void report_note(struct report *r, const char *fmt, ...)
{
	char line[NOTE_MAX];
	struct text t;
	va_list ap;

	text_init(&t, line, sizeof(line));
	va_start(ap, fmt);
	text_vfmt(&t, fmt, ap);
	va_end(ap);
	wrapped(r, "# ", line);
}

static char *feature_words(char words[NOTE_MAX], uint64_t bits)
{
	char name[FEATURES_NAME_MAX];
	struct text t;

	text_init(&t, words, NOTE_MAX);
	text_fmt(&t, "0x%llx", (unsigned long long)bits);
	for (unsigned bit = 0; bit < 64; bit++)
		if (bits >> bit & 1)
			text_fmt(&t, " %s", features_name(name, bit));
	return words;
}

void report_offer(struct report *r, uint64_t offered)
{
	char words[NOTE_MAX];

	report_note(r, "offered %s", feature_words(words, offered));
}

/* --- the block behind a point that is not ok (YAML) ---------------------------------------- */

/* A key whose value is prose, which may have any character in it. */
static void prose(struct report *r, const char *key, const char *value)
{
	console_line(&r->console, "  %s: |", key);
	wrapped(r, "    ", value);
}

static void features(struct report *r, const char *key, uint64_t bits)
{
	char words[NOTE_MAX];

	prose(r, key, feature_words(words, bits));
}

static void bytes(struct report *r, const char *key, const uint8_t *at, uint32_t len)
{
	char line[LINE_MAX];
	struct text t;

	console_line(&r->console, "  %s: |", key);
	for (uint32_t i = 0; i < len; i++) {
		if (i % BYTES_PER_LINE == 0)
			text_init(&t, line, sizeof(line));
		text_fmt(&t, "%s%02x", i % BYTES_PER_LINE ? " " : "", at[i]);
		if (i % BYTES_PER_LINE == BYTES_PER_LINE - 1 || i == len - 1)
			console_line(&r->console, "    %s", line);
	}
}

static void repetition(struct report *r, enum row row, const char *name)
{
	const struct config *config = &r->knobs->config;
	char words[200];
	struct text t;

	text_init(&t, words, sizeof(words));
	text_fmt(&t, "only=%s,%s seed=0x%llx", row_texts[row].id, name,
		 (unsigned long long)r->knobs->seed);
	if (config_has(config, CONFIG_FEATURES))
		text_fmt(&t, " features=0x%llx", (unsigned long long)config->features);
	prose(r, "repeat", words);
}

static void evidence(struct report *r, const struct report_scene *scene, enum row row,
		     enum level level, const struct ledger *l)
{
	const struct evidence *e = &l->evidence[row];

	console_line(&r->console, "  ---");
	prose(r, "rule", row_texts[row].rule);
	console_line(&r->console, "  section: VIRTIO 1.4, %s", row_texts[row].section);
	console_line(&r->console, "  level: %s", level_name(level));
	prose(r, "found", e->what);
	console_line(&r->console, "  times: %u of %u", (unsigned)l->broken[row],
		     (unsigned)l->seen[row]);
	if (e->frame) {
		console_line(&r->console, "  at: frame %u, of %u bytes", (unsigned)e->frame,
			     (unsigned)e->frame_len);
		bytes(r, "virtio_net_hdr", e->header, e->header_len);
		bytes(r, "frame", e->bytes, e->bytes_len);
	}
	features(r, "offered", scene->offered);
	features(r, "negotiated", e->accepted);
	repetition(r, row, scene->name);
	console_line(&r->console, "  ...");
}

/* --- points -------------------------------------------------------------------------------- */

static enum level level_in(const struct report_scene *scene, enum row row)
{
	/* 5.1.9.1: lengths of transmitted buffers are noise on legacy devices. */
	if (scene->legacy && row == DEV_24)
		return LEVEL_HABIT;
	return row_texts[row].level;
}

static void skip(struct report *r, enum row row, const char *name, const char *why)
{
	row_set_add(&r->shown, row);
	console_line(&r->console, "ok %u - %s %s%s%s%s # SKIP %s", ++r->points, row_texts[row].id,
		     row_texts[row].title, *name ? " [" : "", name, *name ? "]" : "", why);
}

static void point(struct report *r, const struct report_scene *scene, enum row row,
		  const struct ledger *l)
{
	enum level level = level_in(scene, row);
	const struct row_text *text = &row_texts[row];

	if (!l->seen[row]) {
		skip(r, row, scene->name, text->unseen);
		return;
	}
	row_set_add(&r->shown, row);
	r->points++;
	if (!l->broken[row]) {
		console_line(&r->console, "ok %u - %s %s [%s]", r->points, text->id, text->title,
			     scene->name);
		return;
	}
	row_set_add(&r->broken[level], row);
	console_line(&r->console, "not ok %u - %s %s [%s]%s%s", r->points, text->id, text->title,
		     scene->name, level == LEVEL_MUST ? "" : " # TODO ",
		     level == LEVEL_MUST ? "" : level_name(level));
	evidence(r, scene, row, level, l);
}

void report_scene_seen(struct report_scene *scene, const struct ledger *l)
{
	for (unsigned row = 0; row < ROWS; row++)
		if (!l->seen[row])
			scene->rows = row_set_without(scene->rows, ROW_SET((enum row)row));
}

void report_scene(struct report *r, const struct report_scene *scene, const struct ledger *l)
{
	struct row_set rows = row_set_and(scene->rows, r->knobs->rows);

	for (unsigned row = 0; row < ROWS; row++)
		if (row_set_has(rows, row) && (l->seen[row] || *row_texts[row].unseen))
			point(r, scene, (enum row)row, l);
}

/* --- the end ------------------------------------------------------------------------------- */

static void list_rows(struct report *r, enum level level)
{
	char words[ROWS * 8];
	struct text t;

	text_init(&t, words, sizeof(words));
	for (unsigned row = 0; row < ROWS; row++)
		if (row_set_has(r->broken[level], row))
			text_fmt(&t, " %s", row_texts[row].id);
	report_note(r, "%s:%s", level_name(level), t.len ? words : " nothing to say");
}

static enum verdict verdict(const struct report *r)
{
	return row_set_any(r->broken[LEVEL_MUST]) ? VERDICT_BROKEN : VERDICT_GOOD;
}

static void summary(struct report *r)
{
	uint32_t ms = clock_now_ms() - r->started_ms;

	for (unsigned level = 0; level <= LEVEL_REPORT; level++)
		list_rows(r, (enum level)level);
	report_note(r, "%u points in %u.%u s", r->points, (unsigned)(ms / 1000),
		    (unsigned)(ms % 1000 / 100));
}

enum verdict report_end(struct report *r)
{
	char why[120];

	for (unsigned row = 0; row < ROWS; row++) {
		if (!row_set_has(row_set_without(r->knobs->rows, r->shown), row))
			continue;
		text_print(why, sizeof(why), "needs %s", row_texts[row].needs);
		skip(r, (enum row)row, "", why);
	}
	console_line(&r->console, "1..%u", r->points);
	summary(r);
	return verdict(r);
}

enum verdict report_bail_out(struct report *r, const char *why)
{
	console_line(&r->console, "1..%u", r->points);
	summary(r);
	console_line(&r->console, "Bail out! %s", why);
	return verdict(r) == VERDICT_BROKEN ? VERDICT_BROKEN : VERDICT_UNTESTED;
}
