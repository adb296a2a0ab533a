/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS messages: as answers to a question that was asked, and as names at any offset.
 * fuzz: -max_len=1500
 */
#include "core/wire.h"
#include "net/dns_parse.h"
#include "tests/fuzz/fuzz.h"

static void must_be_a_name(const char *name)
{
	size_t len = strnlen(name, DNS_NAME_MAX), label = 0;

	must(len < DNS_NAME_MAX, "a name without its end");
	for (size_t i = 0; i < len; i++) {
		must(name[i] > ' ' && name[i] <= '~', "a byte that no name may have");
		label = name[i] == '.' ? 0 : label + 1;
		must(label <= 63, "a label of more than 63 bytes");
	}
}

static void read_names(struct span msg, uint32_t off)
{
	char name[DNS_NAME_MAX];
	uint32_t before = off;

	memset(name, 0xee, sizeof(name));
	if (!dns_name_read(msg, &off, name)) {
		must(off == before, "a bad name that was gone past");
		return;
	}
	must(off > before && off <= msg.len, "a name that ends outside the message");
	must_be_a_name(name);
}

/*
 * The same answer with the question as it would have been asked, so that most inputs are looked at
 * further.
 */
static struct span with_question(uint8_t *buf, struct span rest, uint16_t id, const char *name)
{
	uint8_t question[DNS_QUESTION_MAX];
	uint32_t len = dns_question_write(question, id, name, 0);

	must(len > 12 && len <= DNS_QUESTION_MAX, "a host name that is not asked for");
	memcpy(buf, question, len);
	memcpy(buf + 2, rest.at, rest.len < 2 ? rest.len : 2);
	put_be16(buf + 2, get_be16(buf + 2) | 0x8000);
	if (rest.len > 2) {
		buf[7] = rest.at[2] & 15;
		memcpy(buf + len, rest.at + 3, rest.len - 3);
		len += rest.len - 3;
	}
	return (struct span){ buf, len };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	uint32_t choices = take(&in, 1);
	struct span rest = take_rest(&in);
	char name[DNS_NAME_MAX] = "boot.example", before[DNS_NAME_MAX] = "boot.example";
	struct dns_answer answer = { 0 };
	enum dns_verdict verdict;
	uint8_t *exact = malloc(DNS_QUESTION_MAX + rest.len);
	struct span msg = rest;

	if (choices & 1)
		msg = with_question(exact, rest, 0x1234, name);
	exact = realloc(exact, msg.len ? msg.len : 1); /* so that it ends where it ends */
	if (msg.len)
		memcpy(exact, choices & 1 ? exact : rest.at, msg.len);
	msg.at = exact;
	if (choices & 2)
		read_names(msg, msg.len ? (choices >> 2) % msg.len : 0);
	verdict = dns_answer_read(msg, 0x1234, name, &answer);
	must_be_a_name(name);
	must(answer.addresses <= DNS_ADDRESSES_MAX, "more addresses than there is room for");
	must((verdict == DNS_ADDRESSES) == (answer.addresses > 0) || verdict == DNS_FOREIGN ||
		     verdict == DNS_TRUNCATED || verdict == DNS_ERROR,
	     "a verdict that does not fit the addresses");
	if (verdict == DNS_FOREIGN || verdict == DNS_TRUNCATED || verdict == DNS_ERROR)
		must(!strcmp(name, before), "a name that changed though nothing was answered");
	free(exact);
	return 0;
}
