/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS messages (RFC 1035 4). Whoever can send us a datagram wrote them; they are private copies.
 * dns.c calls, and dhcp_lease.c for names. All names go through next_label(), which alone knows of
 * pointers and their bounds.
 */
#include "core/mem.h"
#include "core/wire.h"
#include "net/dns_parse.h"
#include "net/ipv4.h"

#define HEADER_LEN 12
#define OPT_LEN 11
#define LABEL_MAX 63
#define WIRE_NAME_MAX 255
#define JUMPS_MAX 32

#define FLAG_QR 0x8000
#define OPCODE 0x7800
#define FLAG_TC 0x0200
#define FLAG_RD 0x0100
#define RCODE 0x000f

#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_OPT 41
#define CLASS_IN 1

/* --- names ----------------------------------------------------------------------------------- */

/* A walk along a name. */
struct cursor {
	struct span msg;
	uint32_t off;
	uint32_t end;   /* behind the name: known once its root or first pointer is */
	uint32_t limit; /* a pointer must lead to before this */
	uint32_t wire_len;
	uint32_t jumps;
};

static struct cursor cursor_at(struct span msg, uint32_t off)
{
	return (struct cursor){ .msg = msg, .off = off, .limit = off };
}

/*
 * The next label of the name: its length, 0 for the root, -1 if the name is malformed. RFC 1035
 * 4.1.4; pointers lead strictly backward, to before where the part that holds them began, so that
 * no walk can come by twice [DNS-05] [SEC-04].
 */
static int next_label(struct cursor *c, const uint8_t **label)
{
	uint32_t len, target;

	while (c->off < c->msg.len) {
		len = c->msg.at[c->off];
		if (len <= LABEL_MAX) {
			c->wire_len += len + 1;
			if (len >= c->msg.len - c->off || c->wire_len > WIRE_NAME_MAX)
				return -1;
			*label = c->msg.at + c->off + 1;
			c->off += len + 1;
			if (!len && !c->jumps)
				c->end = c->off;
			return (int)len;
		}
		if (len < 0xc0 || c->msg.len - c->off < 2)
			return -1;
		target = get_be16(c->msg.at + c->off) & 0x3fffu;
		if (!c->jumps++)
			c->end = c->off + 2;
		if (target >= c->limit || c->jumps > JUMPS_MAX)
			return -1;
		c->off = c->limit = target;
	}
	return -1;
}

static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

bool dns_name_read(struct span msg, uint32_t *off, char name[DNS_NAME_MAX])
{
	struct cursor c = cursor_at(msg, *off);
	const uint8_t *label;
	uint32_t len = 0;
	int n;

	/* A label of n bytes takes n + 1 of the 255, and n + 1 here: the text fits with its NUL. */
	while ((n = next_label(&c, &label)) > 0) {
		if (len)
			name[len++] = '.';
		for (int i = 0; i < n; i++)
			name[len++] = is_host_char(label[i]) ? (char)label[i] : '?';
	}
	if (n < 0)
		return false;
	name[len] = '\0';
	*off = c.end;
	return true;
}

/*
 * Whether *text begins with the label and then ends or goes on with a dot, which is skipped. Case
 * does not count: RFC 4343.
 */
static bool skip_label(const char **text, const uint8_t *label, int n)
{
	const char *s = *text;

	for (int i = 0; i < n; i++)
		if (!is_host_char(label[i]) || lower(label[i]) != lower((uint8_t)s[i]))
			return false;
	if (s[n] != '\0' && s[n] != '.')
		return false;
	*text = s + n + (s[n] == '.');
	return true;
}

/* Whether the name at *off is the one given as text; -1: malformed. Moves *off behind it. */
static int name_is(struct span msg, uint32_t *off, const char *text)
{
	struct cursor c = cursor_at(msg, *off);
	const uint8_t *label;
	bool same = true;
	int n;

	while ((n = next_label(&c, &label)) > 0)
		same = same && skip_label(&text, label, n);
	if (n < 0)
		return -1;
	*off = c.end;
	return same && !*text;
}

/* --- questions ------------------------------------------------------------------------------- */

/* The name as labels; their length with the root's, or 0. */
static uint32_t name_write(uint8_t wire[WIRE_NAME_MAX], const char *name)
{
	uint32_t len = 0, label = 0; /* label: where its length byte stands */

	for (; *name; name++) {
		if (++len > WIRE_NAME_MAX - 1)
			return 0;
		if (*name != '.') {
			if (!is_host_char((uint8_t)*name))
				return 0;
			wire[len] = (uint8_t)*name;
			continue;
		}
		if (len - label - 1 == 0 || len - label - 1 > LABEL_MAX)
			return 0;
		wire[label] = (uint8_t)(len - label - 1);
		label = len;
	}
	if (len > label) { /* no dot at the end */
		if (len - label > LABEL_MAX || len == WIRE_NAME_MAX - 1)
			return 0;
		wire[label] = (uint8_t)(len - label);
		label = len + 1;
	}
	if (!label)
		return 0;
	wire[label] = 0;
	return label + 1;
}

uint32_t dns_question_write(uint8_t question[DNS_QUESTION_MAX], uint16_t id, const char *name,
			    uint16_t udp_size)
{
	uint32_t len = name_write(question + HEADER_LEN, name);
	uint8_t *p = question + HEADER_LEN + len;

	if (!len)
		return 0;
	memset(question, 0, HEADER_LEN);
	memset(p, 0, OPT_LEN + 4);
	put_be16(question, id);
	put_be16(question + 2, FLAG_RD); /* [DNS-02] */
	question[5] = 1;
	put_be16(p, TYPE_A);
	put_be16(p + 2, CLASS_IN);
	len += HEADER_LEN + 4;
	if (!udp_size)
		return len;
	question[11] = 1; /* RFC 6891 6.1.2: version 0, no option [DNS-12] */
	put_be16(p + 5, TYPE_OPT);
	put_be16(p + 7, udp_size);
	return len + OPT_LEN;
}

/* --- answers --------------------------------------------------------------------------------- */

struct record {
	bool of_name; /* its owner is the name that we look for */
	uint16_t type, class;
	uint32_t data_off, data_len;
};

/*
 * RFC 1035 3.2.1. False: it does not lie in the message, or is an alias for no name [DNS-07]
 * [SEC-04].
 */
static bool next_record(struct span msg, uint32_t *off, const char *name, struct record *r)
{
	int of_name = name_is(msg, off, name);
	uint32_t target;

	if (of_name < 0 || msg.len - *off < 10)
		return false;
	r->of_name = of_name;
	r->type = get_be16(msg.at + *off);
	r->class = get_be16(msg.at + *off + 2);
	r->data_len = get_be16(msg.at + *off + 8);
	r->data_off = target = *off + 10;
	if (r->data_len > msg.len - r->data_off)
		return false;
	*off = r->data_off + r->data_len;
	if (r->type != TYPE_CNAME || r->class != CLASS_IN)
		return true;
	return name_is(msg, &target, "") >= 0 && target == *off;
}

static void take_address(struct dns_answer *a, uint32_t ip)
{
	if (ipv4_is_unicast(ip) && a->addresses < DNS_ADDRESSES_MAX)
		a->address[a->addresses++] = ip;
}

static bool is_cut(struct span msg)
{
	return get_be16(msg.at + 2) & FLAG_TC;
}

/*
 * One look through the answer section, for addresses of name or else its alias, which name becomes.
 * Records may stand in any order, so the caller comes again for the alias [DNS-06]. DNS_FOREIGN, if
 * at all, at the first look.
 */
static enum dns_verdict scan(struct span msg, uint32_t off, char name[DNS_NAME_MAX],
			     struct dns_answer *a)
{
	uint32_t records = get_be16(msg.at + 6), alias_off = 0;
	struct record r;

	while (records--) {
		if (!next_record(msg, &off, name, &r)) {
			if (is_cut(msg))
				break;
			return DNS_FOREIGN;
		}
		if (!r.of_name || r.class != CLASS_IN) /* [DNS-07] */
			continue;
		if (r.type == TYPE_A && r.data_len == 4)
			take_address(a, get_be32(msg.at + r.data_off));
		else if (r.type == TYPE_CNAME)
			alias_off = r.data_off;
	}
	if (a->addresses)
		return DNS_ADDRESSES;
	if (!alias_off || !dns_name_read(msg, &alias_off, name))
		return DNS_EMPTY;
	return DNS_ALIAS;
}

/*
 * RFC 5452 9.1: id, question and the direction must be right; address and ports are the socket's
 * matter [DNS-01]. Who could not read our question need not repeat it.
 */
static bool is_answer_to(struct span msg, uint16_t id, const char *name, uint32_t *off)
{
	uint16_t flags;

	if (msg.len < HEADER_LEN || get_be16(msg.at) != id)
		return false;
	flags = get_be16(msg.at + 2);
	if ((flags & (FLAG_QR | OPCODE)) != FLAG_QR)
		return false;
	if (!get_be16(msg.at + 4))
		return (flags & RCODE) == DNS_FORMERR || (flags & RCODE) == DNS_NOTIMP;
	*off = HEADER_LEN;
	if (get_be16(msg.at + 4) != 1 || name_is(msg, off, name) != 1 || msg.len - *off < 4)
		return false;
	*off += 4;
	return get_be16(msg.at + *off - 4) == TYPE_A && get_be16(msg.at + *off - 2) == CLASS_IN;
}

enum dns_verdict dns_answer_read(struct span msg, uint16_t id, char name[DNS_NAME_MAX],
				 struct dns_answer *a)
{
	enum dns_verdict verdict, next;
	uint32_t off;

	a->addresses = 0;
	if (!is_answer_to(msg, id, name, &off))
		return DNS_FOREIGN;
	a->rcode = get_be16(msg.at + 2) & RCODE;
	if (a->rcode)
		return DNS_ERROR;
	verdict = is_cut(msg) ? DNS_TRUNCATED : DNS_EMPTY; /* [DNS-04] */
	for (uint32_t steps = 0; steps <= DNS_CNAMES_MAX; steps++) {
		next = scan(msg, off, name, a);
		if (next == DNS_EMPTY)
			return verdict;
		if (next != DNS_ALIAS)
			return next;
		verdict = DNS_ALIAS;
	}
	return DNS_EMPTY;
}
