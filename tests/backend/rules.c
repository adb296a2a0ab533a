/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deciding: which rules a frame meets, and what they have in store for it. The user wrote the
 * rules, frames are parsed already. Called by main.c and device.c.
 */
#include "tests/backend/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/backend/frame.h"

#define NOTED_MAX 400
#define MILLION 1000000

void rules_add(struct rules *rules, const char *text, const char *where, bool quiet)
{
	struct rule *rule = &rules->rule[rules->count];
	char copy[sizeof(rule->text)], *rest = copy, *word, *value;

	if (rules->count == RULES_MAX)
		fail("%s: there are more than %d rules", where, RULES_MAX);
	if (strlen(text) >= sizeof(copy))
		fail("%s: the rule '%.20s…' is longer than %zu characters", where, text,
		     sizeof(copy) - 1);
	memset(rule, 0, sizeof(*rule));
	strcpy(rule->text, text);
	strcpy(copy, text);
	rule->quiet = quiet;
	while ((word = strsep(&rest, ","))) {
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		action_parse(rule, word, value, where);
	}
	if (!rule->plan.actions)
		fail("%s: the rule '%s' has conditions but no action; --help lists them", where,
		     text);
	if (!rule->directions)
		rule->directions = BIT(RX);
	rules->count++;
}

void rules_add_file(struct rules *rules, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256], where[300];
	unsigned number = 0;

	if (!file)
		fail("--rules %s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		snprintf(where, sizeof(where), "%.250s line %u", path, ++number);
		line[strcspn(line, "#\n")] = '\0';
		for (size_t end = strlen(line); end && isspace((unsigned char)line[end - 1]);)
			line[--end] = '\0';
		if (line[0])
			rules_add(rules, line, where, false);
	}
	fclose(file);
}

/*
 * All chance comes from here: a function (SplitMix64) of the seed, the rule and how often the rule
 * was met. What one rule decides does not depend on frames that only others look at.
 */
static uint64_t chance(const struct rules *rules, const struct rule *rule, unsigned use)
{
	uint64_t x = rules->seed + ((uint64_t)(rule - rules->rule) << 56) + ((uint64_t)use << 48);

	for (int turn = 0; turn < 2; turn++) {
		x += UINT64_C(0x9e3779b97f4a7c15) * (rule->matches + 1);
		x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
		x ^= x >> 31;
	}
	return x;
}

static bool meets(const struct rule *rule, enum direction dir, bool guest_csum,
		  const struct layout *at)
{
	if (!(rule->directions & BIT(dir)) || (rule->kinds && !(rule->kinds & at->kinds)))
		return false;
	if ((at->tcp_flags & rule->tcp_flags) != rule->tcp_flags)
		return false;
	if (rule->payload != ANY_PAYLOAD &&
	    (at->payload_len != 0) != (rule->payload == WITH_PAYLOAD))
		return false;
	return rule->guest_csum == EITHER || guest_csum == (rule->guest_csum == GUEST_CSUM_ON);
}

/* Counts the match; true if this one is to be. */
static bool chosen(const struct rules *rules, struct rule *rule)
{
	uint64_t n = ++rule->matches;

	if ((rule->nth && n != rule->nth) || n < rule->from)
		return false;
	if (rule->every && (n - (rule->from ? rule->from : 1)) % rule->every)
		return false;
	if (rule->count && rule->hits >= rule->count)
		return false;
	if (rule->per_million && chance(rules, rule, 0) % MILLION >= rule->per_million)
		return false;
	rule->hits++;
	return true;
}

static void tell(struct rules *rules, const struct rule *rule, const char *what)
{
	if (rule->quiet || rules->noted > NOTED_MAX)
		return;
	if (rules->noted++ == NOTED_MAX)
		note("fault: more follow; from here on they are only counted");
	else
		note("fault: rule %d match %llu: %s: %s", (int)(rule - rules->rule) + 1,
		     (unsigned long long)rule->matches, what, rule->text);
}

void rules_decide(struct rules *rules, enum direction dir, bool guest_csum, struct frame *frame)
{
	char text[96], what[128];

	rules->frames[dir]++;
	for (unsigned i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];

		if (planned(&rule->plan, WRITE_AFTER_RESET) ||
		    !meets(rule, dir, guest_csum, &frame->at) || !chosen(rules, rule))
			continue;
		for (int action = 0; action < ACTIONS; action++)
			if (planned(&rule->plan, action))
				frame->plan.value[action] = rule->plan.value[action];
		frame->plan.actions |= rule->plan.actions;
		frame->plan.chance = chance(rules, rule, 1);
		frame_text(frame, text, sizeof(text));
		snprintf(what, sizeof(what), "%s %llu %s", dir == RX ? "rx" : "tx",
			 (unsigned long long)rules->frames[dir], text);
		tell(rules, rule, what);
	}
}

bool rules_decide_event(struct rules *rules, enum action action, struct value *value)
{
	bool hit = false;

	for (unsigned i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];

		if (!planned(&rule->plan, action) || !chosen(rules, rule))
			continue;
		*value = rule->plan.value[action];
		hit = true;
		tell(rules, rule, "reset");
	}
	return hit;
}

void rules_summary(const struct rules *rules)
{
	note("frames: rx %llu tx %llu", (unsigned long long)rules->frames[RX],
	     (unsigned long long)rules->frames[TX]);
	for (unsigned i = 0; i < rules->count; i++)
		note("rule %u: %llu of %llu: %s", i + 1, (unsigned long long)rules->rule[i].hits,
		     (unsigned long long)rules->rule[i].matches, rules->rule[i].text);
}

int64_t value_of(struct value value, int64_t honest, int64_t posted, int64_t size)
{
	switch (value.base) {
	case FROM_HONEST:
		return honest + value.number;
	case FROM_POSTED:
		return posted + value.number;
	case FROM_SIZE:
		return size + value.number;
	case FROM_ZERO:
		break;
	}
	return value.number;
}
