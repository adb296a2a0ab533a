/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a rule: actions with their values, conditions with theirs. The user wrote them, so
 * each that does not fit ends the program with a sentence. Called by rules.c and for --help.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend/frame.h"
#include "tests/backend/rules.h"

/* Which bases of a number an action takes, and whether it needs one. */
enum takes { NOTHING, NUMBER, NUMBER_MUST, HONEST_MUST, POSTED_MUST, SIZE_MUST, CSUM_MUST };

static const struct {
	const char *name;
	enum takes takes;
	int64_t usual, least, most;
	const char *help;
} actions[ACTIONS] = {
	[LOSE] = { "lose", NOTHING, 0, 0, 0, "the frame is lost" },
	[CORRUPT] = { "corrupt", NOTHING, 0, 0, 0,
		      "one bit of the payload flips behind its complete checksum, on the wire" },
	[FRAGMENT] = { "fragment", NOTHING, 0, 0, 0, "the packet comes as two IPv4 fragments" },
	[DUPLICATE] = { "duplicate", NOTHING, 0, 0, 0, "the frame comes twice" },
	[REORDER] = { "reorder", NUMBER, 3, 1, 1000, "N frames overtake it (at most 50 ms)" },
	[DELAY] = { "delay", NUMBER, 20, 1, 10000, "it comes N ms later" },
	[CSUM] = { "csum", CSUM_MUST, 0, 0, 0xffff,
		   "the TCP or UDP checksum: good, pseudo, bad, zero or N; NEEDS_CSUM is cleared" },
	[NEEDS_CSUM] = { "needs-csum", NOTHING, 0, 0, 0,
			 "NEEDS_CSUM, only the pseudo-header's sum is in the field" },
	[DATA_VALID] = { "data-valid", NOTHING, 0, 0, 0, "DATA_VALID is set" },
	[RSC_INFO] = { "rsc-info", NOTHING, 0, 0, 0, "RSC_INFO is set" },
	[FLAGS] = { "flags", HONEST_MUST, 0, 0, 255, "flags is N; +N adds bits" },
	[GSO_TYPE] = { "gso-type", NUMBER_MUST, 0, 0, 255, "gso_type is N" },
	[GSO_SIZE] = { "gso-size", NUMBER_MUST, 0, 0, 65535, "gso_size is N" },
	[HDR_LEN] = { "hdr-len", NUMBER_MUST, 0, 0, 65535, "hdr_len is N" },
	[CSUM_START] = { "csum-start", HONEST_MUST, 0, 0, 65535, "csum_start is N, or off by N" },
	[CSUM_OFFSET] = { "csum-offset", HONEST_MUST, 0, 0, 65535,
			  "csum_offset is N, or off by N" },
	[NUM_BUFFERS] = { "num-buffers", HONEST_MUST, 0, 0, 65535,
			  "num_buffers is N, or off by N" },
	[TRAILER] = { "trailer", NUMBER, 64, 1, FRAME_SLACK, "N bytes follow the frame" },
	[CUT] = { "cut", NUMBER, 2, 1, 65535, "the frame's last N bytes are lost" },
	[USED_ID] = { "used-id", SIZE_MUST, 0, 0, UINT32_MAX,
		      "the used id is N, off by N, or size" },
	[NOT_POSTED] = { "not-posted", NOTHING, 0, 0, 0,
			 "the used id is of a buffer not in flight" },
	[TWICE] = { "twice", NOTHING, 0, 0, 0, "the buffer is returned twice" },
	[USED_LEN] = { "used-len", POSTED_MUST, 0, 0, UINT32_MAX,
		       "the used length is N, off by N, or posted+N" },
	[IDX_JUMP] = { "idx-jump", NUMBER, 1000, -32768, 32767, "the used index jumps by N more" },
	[USED_FLAGS] = { "used-flags", NUMBER_MUST, 0, 0, 65535, "used.flags is N" },
	[AVAIL_EVENT] = { "avail-event", NUMBER_MUST, 0, 0, 65535,
			  "avail_event is N, though nobody negotiated it" },
	[OVERRUN] = { "overrun", NUMBER, 16, 1, 4096, "N bytes are written behind the buffer" },
	[UNWRITTEN] = { "unwritten", NUMBER, 16, 1, 65535, "the last N bytes are not written" },
	[UNDERFILL] = { "underfill", NUMBER, 1, 1, 65535,
			"with MRG_RXBUF: buffers but the last are left N bytes short" },
	[PIECEMEAL] = { "piecemeal", NOTHING, 0, 0, 0,
			"with MRG_RXBUF: the first buffer is shown before the others, by 20 ms" },
	[WRITE_DESC] = { "write-desc", NOTHING, 0, 0, 0,
			 "the device writes to the descriptor table" },
	[WRITE_SENT] = { "write-sent", NOTHING, 0, 0, 0,
			 "the device writes to a buffer it may read" },
	[STALL] = { "stall", NUMBER, 0, 0, 60000,
		    "the queue stands still for N ms; 0: till reset" },
	[WRITE_AFTER_RESET] = { "write-after-reset", NUMBER, 1, 1, 1000,
				"buffers and used ring are written after the reset, 20 times, "
				"every N ms" },
};

static const struct {
	const char *name;
	unsigned kinds;
	uint8_t tcp_flags;
	const char *help;
} frames[] = {
	{ "any", 0, 0, "every frame (as without any of these)" },
	{ "tcp", KIND_TCP, 0, "TCP, not fragmented" },
	{ "udp", KIND_UDP, 0, "UDP, DHCP and DNS among it" },
	{ "dhcp", KIND_DHCP, 0, "UDP, ports 67 and 68" },
	{ "dns", KIND_DNS, 0, "UDP, port 53" },
	{ "icmp", KIND_ICMP, 0, "ICMP" },
	{ "arp", KIND_ARP, 0, "ARP" },
	{ "fragment", KIND_FRAGMENT, 0, "IPv4 fragments" },
	{ "syn", KIND_TCP, 0x02, "TCP with SYN" },
	{ "fin", KIND_TCP, 0x01, "TCP with FIN" },
	{ "rst", KIND_TCP, 0x04, "TCP with RST" },
	{ "psh", KIND_TCP, 0x08, "TCP with PSH" },
	{ "ack", KIND_TCP, 0x10, "TCP with ACK" },
};

static const struct {
	const char *name;
	size_t member;
	const char *help;
} choices[] = {
	{ "nth", offsetof(struct rule, nth), "only the Nth that meets the rest" },
	{ "from", offsetof(struct rule, from), "the Nth and later ones" },
	{ "every", offsetof(struct rule, every), "one in N" },
	{ "count", offsetof(struct rule, count), "at most N times" },
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool number(const char *text, int64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoll(text, &end, 0);
	return end != text && !*end && !errno;
}

static bool parse_csum(const char *text, struct value *value)
{
	static const struct {
		const char *name;
		int64_t number;
	} words[] = {
		{ "good", CSUM_GOOD },
		{ "pseudo", CSUM_PSEUDO },
		{ "bad", CSUM_BAD },
		{ "zero", 0 },
	};

	for (size_t i = 0; i < LENGTH(words); i++) {
		if (!strcmp(text, words[i].name)) {
			value->number = words[i].number;
			return true;
		}
	}
	return number(text, &value->number) && value->number >= 0 && value->number <= 0xffff;
}

static bool parse_value(enum action action, const char *text, struct value *value)
{
	enum takes takes = actions[action].takes;

	*value = (struct value){ FROM_ZERO, actions[action].usual };
	if (!text)
		return takes == NOTHING || takes == NUMBER;
	if (takes == CSUM_MUST)
		return parse_csum(text, value);
	if (takes == POSTED_MUST && !strncmp(text, "posted", 6))
		value->base = FROM_POSTED, text += 6;
	else if (takes == SIZE_MUST && !strncmp(text, "size", 4))
		value->base = FROM_SIZE, text += 4;
	if (value->base != FROM_ZERO && !*text)
		return true;
	if (value->base == FROM_ZERO && takes >= HONEST_MUST && (*text == '+' || *text == '-'))
		value->base = FROM_HONEST;
	if (takes == NOTHING || !number(text, &value->number))
		return false;
	return value->base != FROM_ZERO ? llabs(value->number) <= UINT32_MAX :
					  value->number >= actions[action].least &&
						  value->number <= actions[action].most;
}

static bool parse_action(struct rule *rule, const char *word, const char *text)
{
	for (int action = 0; action < ACTIONS; action++) {
		if (strcmp(word, actions[action].name))
			continue;
		rule->plan.actions |= BIT(action);
		return parse_value(action, text, &rule->plan.value[action]);
	}
	return false;
}

static bool parse_frames(struct rule *rule, const char *word, const char *text)
{
	for (size_t i = 0; i < LENGTH(frames); i++) {
		if (text || strcmp(word, frames[i].name))
			continue;
		rule->kinds |= frames[i].kinds;
		rule->tcp_flags |= frames[i].tcp_flags;
		return true;
	}
	return false;
}

static bool parse_choice(struct rule *rule, const char *word, const char *text)
{
	int64_t n;

	for (size_t i = 0; i < LENGTH(choices); i++) {
		if (strcmp(word, choices[i].name) || !text || !number(text, &n) || n < 1)
			continue;
		*(uint64_t *)(void *)((char *)rule + choices[i].member) = (uint64_t)n;
		return true;
	}
	return false;
}

static bool parse_rate(struct rule *rule, const char *word, const char *text)
{
	char *end;
	double percent;

	if (strcmp(word, "rate") || !text)
		return false;
	percent = strtod(text, &end);
	if (end == text || strcmp(end, "%") || !(percent > 0.0001 && percent <= 100))
		return false;
	rule->per_million = (uint64_t)(percent * 1e4 + 0.5);
	return true;
}

static bool parse_other(struct rule *rule, const char *word, const char *text)
{
	if (text)
		return false;
	if (!strcmp(word, "rx") || !strcmp(word, "both"))
		rule->directions |= BIT(RX);
	if (!strcmp(word, "tx") || !strcmp(word, "both"))
		rule->directions |= BIT(TX);
	if (!strcmp(word, "payload"))
		rule->payload = WITH_PAYLOAD;
	else if (!strcmp(word, "empty"))
		rule->payload = WITHOUT_PAYLOAD;
	else if (!strcmp(word, "guest-csum"))
		rule->guest_csum = GUEST_CSUM_ON;
	else if (!strcmp(word, "no-guest-csum"))
		rule->guest_csum = GUEST_CSUM_OFF;
	else
		return !strcmp(word, "rx") || !strcmp(word, "tx") || !strcmp(word, "both");
	return true;
}

void action_parse(struct rule *rule, const char *word, const char *value, const char *where)
{
	if (parse_action(rule, word, value) || parse_frames(rule, word, value) ||
	    parse_choice(rule, word, value) || parse_rate(rule, word, value) ||
	    parse_other(rule, word, value))
		return;
	fail("%s: '%s%s%s' of the rule '%s' is no action or condition, or has a value that does "
	     "not fit; "
	     "--help lists them",
	     where, word, value ? "=" : "", value ? value : "", rule->text);
}

static const char *form(enum takes takes)
{
	switch (takes) {
	case NOTHING:
		return "";
	case NUMBER:
		return "[=N]";
	case NUMBER_MUST:
		return "=N";
	case HONEST_MUST:
		return "=[+-]N";
	case POSTED_MUST:
	case SIZE_MUST:
	case CSUM_MUST:
		break;
	}
	return "=V";
}

void actions_help(void)
{
	char text[40];

	printf("\nA rule is actions and conditions, separated by commas: "
	       "num-buffers=256,tcp,rate=1%%\n"
	       "\nActions:\n");
	for (int action = 0; action < ACTIONS; action++) {
		snprintf(text, sizeof(text), "%s%s", actions[action].name,
			 form(actions[action].takes));
		printf("  %-21s %s", text, actions[action].help);
		if (actions[action].takes == NUMBER && actions[action].usual)
			printf("; %lld", (long long)actions[action].usual);
		printf("\n");
	}
	printf("\nConditions, frames that are one of:\n");
	for (size_t i = 0; i < LENGTH(frames); i++)
		printf("  %-21s %s\n", frames[i].name, frames[i].help);
	printf("Conditions, all of:\n"
	       "  %-21s the guest receives (as without any of these), sends, either\n"
	       "  %-21s with payload of TCP or UDP, without any\n"
	       "  %-21s GUEST_CSUM was negotiated\n"
	       "  %-21s it was not\n"
	       "  %-21s so many, by chance\n",
	       "rx, tx, both", "payload, empty", "guest-csum", "no-guest-csum", "rate=P%");
	for (size_t i = 0; i < LENGTH(choices); i++)
		printf("  %s=%-*s %s\n", choices[i].name, 20 - (int)strlen(choices[i].name), "N",
		       choices[i].help);
}
