/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/dns.c and dns_parse.c: servers that help, that do not, and whoever else would like to answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/clock.h"
#include "core/wire.h"
#include "net/dns_parse.h"
#include "tests/model/packets.h"

#include <cmocka.h>

#define SERVER_IP PEER_IP
#define BOOT_IP 0xc6336407u /* 198.51.100.7 */
#define A 1
#define CNAME 5
#define AAAA 28
#define NAME 0xc00c /* a pointer to the question's name */

static struct stage stage;
static uint8_t frame[FAKE_NIC_FRAME_MAX], sent[FAKE_NIC_FRAME_MAX];
/* What the question was: its datagram, and whom it was sent to from which port. */
static uint8_t question[600];
static uint32_t question_len, question_to;
static uint16_t question_port;
/* The answer in the making. */
static uint8_t answer[4000];
static uint32_t answer_len;

static int with_a_server(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	stage.net.dns_servers[0] = SERVER_IP;
	return 0;
}

static int with_two_servers(void **state)
{
	with_a_server(state);
	stage.net.dns_servers[2] = FAR_IP;
	return 0;
}

static int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

/* --- questions ------------------------------------------------------------------------------- */

/* Takes the next question that was sent. */
static void take_question(void)
{
	uint32_t len = stage_tx(&stage, sent);

	assert_true(len >= 42 + 12);
	assert_int_equal(sent[23], 17);
	assert_int_equal(get_be16(sent + 36), 53);
	question_to = get_be32(sent + 30);
	question_port = get_be16(sent + 34);
	question_len = get_be16(sent + 38) - 8u;
	assert_in_range(question_len, 17, sizeof(question));
	memcpy(question, sent + 42, question_len);
}

static void start(const char *name)
{
	dns_start(&stage.net, name);
	take_question();
}

/* The same with domains to search, each with its NUL. */
static void search(const char *name, const void *domains, size_t len)
{
	memset(stage.net.search, 0, sizeof(stage.net.search));
	memcpy(stage.net.search, domains, len);
	start(name);
}

/* RFC 6891 6.1.2: one OPT record behind the question. 0: there is none. */
static uint32_t question_udp_size(void)
{
	const uint8_t *opt = question + question_len - 11;

	if (!get_be16(question + 10))
		return 0;
	assert_int_equal(get_be16(question + 10), 1);
	assert_int_equal(opt[0], 0);
	assert_int_equal(get_be16(opt + 1), 41);
	assert_int_equal(get_be32(opt + 5), 0);
	assert_int_equal(get_be16(opt + 9), 0);
	return get_be16(opt + 3);
}

static void expect_question(const char *wire_name, uint32_t len)
{
	assert_int_equal(question_len, 12 + len + 4 + (question_udp_size() ? 11 : 0));
	assert_memory_equal(question + 12, wire_name, len);
	assert_int_equal(get_be32(question + 12 + len), 0x00010001);
}

/*
 * --- answers
 * ---------------------------------------------------------------------------------------
 */

/* So far without a record, be it that of EDNS, which a server may leave out. */
static void begin(uint16_t flags)
{
	answer_len = question_len - (question_udp_size() ? 11 : 0);
	memcpy(answer, question, answer_len);
	put_be16(answer + 2, flags);
	put_be16(answer + 10, 0);
}

/* Labels of a text; a leading '.' is the root alone. */
static void put_name(const char *name)
{
	const char *dot;

	for (; *name && *name != '.'; name = *dot ? dot + 1 : dot) {
		dot = name + strcspn(name, ".");
		answer[answer_len++] = (uint8_t)(dot - name);
		memcpy(answer + answer_len, name, (size_t)(dot - name));
		answer_len += (uint32_t)(dot - name);
	}
	answer[answer_len++] = 0;
}

static void put_word(uint16_t v)
{
	put_be16(answer + answer_len, v);
	answer_len += 2;
}

/*
 * A record's head; owner NULL: the name in the question. The data follows, and is measured by
 * end_record().
 */
static uint32_t begin_record(const char *owner, uint16_t type, uint16_t class)
{
	put_be16(answer + 6, (uint16_t)(get_be16(answer + 6) + 1));
	if (owner)
		put_name(owner);
	else
		put_word(NAME);
	put_word(type);
	put_word(class);
	put_word(0);
	put_word(60);
	put_word(0);
	return answer_len;
}

static void end_record(uint32_t data_off)
{
	put_be16(answer + data_off - 2, (uint16_t)(answer_len - data_off));
}

static void put_a(const char *owner, uint32_t ip)
{
	uint32_t data = begin_record(owner, A, 1);

	put_be32(answer + answer_len, ip);
	answer_len += 4;
	end_record(data);
}

static void put_cname(const char *owner, const char *target)
{
	uint32_t data = begin_record(owner, CNAME, 1);

	put_name(target);
	end_record(data);
}

static void deliver_from(uint32_t src, uint16_t src_port)
{
	stage_rx(&stage, frame,
		 frame_udp(frame, src, src_port, OUR_IP, question_port, answer, answer_len));
}

static void deliver(void)
{
	deliver_from(question_to, 53);
}

static void answer_with(uint16_t flags)
{
	begin(flags);
	deliver();
}

/*
 * --- asking
 * ------------------------------------------------------------------------------------------
 */

/* [DNS-01] [DNS-02] */
static void a_question_and_its_answer(void **state)
{
	(void)state;
	start("boot.example");
	assert_int_equal(question_to, SERVER_IP);
	assert_in_range(question_port, 49152, 65535);
	assert_int_equal(get_be16(question + 2), 0x0100);
	assert_int_equal(get_be32(question + 4), 0x00010000);
	assert_int_equal(get_be32(question + 8), 1);
	expect_question("\4boot\7example", 14);
	assert_false(dns_done(&stage.net));
	stage_pass(&stage, 1000);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_true(dns_done(&stage.net));
	assert_false(stage.net.dns.socket.open);
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	assert_int_equal(stage.net.dns.addresses, 1);
	assert_int_equal(stage.net.dns.address[0], BOOT_IP);
	assert_int_equal(stage.net.progress_ms, clock_now_ms());
	stage_pass(&stage, 60000);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(bad_frames(&stage.net), 0);
}

static void names_in_answers_need_not_be_compressed_nor_keep_their_case(void **state)
{
	(void)state;
	start("Boot.Example.org");
	begin(0x8180);
	memcpy(answer + 12, "\4bOOT\7exAMple\3oRG", 17);
	put_a("BOOT.EXAMPLE.ORG", BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-01]: everything that a forger would have to know. */
static void answers_that_do_not_match_are_ignored(void **state)
{
	(void)state;
	start("boot.example");
	for (uint32_t i = 0; i < 12; i++) {
		begin(0x8180);
		put_a(NULL, BOOT_IP);
		switch (i) {
		case 0:
			answer[0] ^= 1;
			break; /* id */
		case 1:
			answer[1] ^= 0x80;
			break;
		case 2:
			answer[2] = 0x01;
			break; /* a question */
		case 3:
			answer[2] = 0xa9;
			break; /* opcode 5 */
		case 4:
			answer[13] = 'r';
			break; /* name */
		case 5:
			answer[27] = AAAA;
			break;
		case 6:
			answer[29] = 3;
			break; /* class */
		case 7:
			put_be16(answer + 4, 0);
			break;
		case 8:
			put_be16(answer + 4, 2);
			break;
		default:
			break;
		}
		if (i == 9)
			deliver_from(SERVER_IP + 1, 53);
		else if (i == 10)
			deliver_from(SERVER_IP, 5353);
		else if (i == 11)
			question_port++, deliver(), question_port--;
		else
			deliver();
		assert_int_equal(stage.net.dns.state, DNS_ASKING);
	}
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-01] [UDP-03] */
static void each_question_has_a_new_id_and_port(void **state)
{
	uint16_t id[16], port[16];
	uint32_t ids = 0, ports = 0;

	(void)state;
	for (uint32_t i = 0; i < 16; i++) {
		start("boot.example");
		id[i] = get_be16(question);
		port[i] = question_port;
		for (uint32_t j = 0; j < i; j++) {
			ids += id[j] == id[i];
			ports += port[j] == port[i];
		}
	}
	assert_in_range(ids, 0, 1);
	assert_in_range(ports, 0, 1);
}

/* [DNS-01]: an answer to an earlier try comes to a port that is closed. */
static void a_late_answer_is_not_taken_for_the_next_one_s(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	stage_pass(&stage, 2000);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
}

/* [DNS-02] */
static void a_name_that_does_not_exist_ends_it(void **state)
{
	(void)state;
	start("boot.example");
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage.net.dns.rcode, 3);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-02] */
static void a_server_that_will_not_help_is_left_for_the_next_at_once(void **state)
{
	static const uint8_t rcodes[] = { 5, 6, 9, 15 };

	for (uint32_t i = 0; i < sizeof(rcodes); i++) {
		gone(state);
		with_two_servers(state);
		start("boot.example");
		assert_int_equal(question_to, SERVER_IP);
		answer_with((uint16_t)(0x8180 | rcodes[i]));
		take_question();
		assert_int_equal(question_to, FAR_IP);
		assert_int_equal(stage.net.dns.rcode, rcodes[i]);
		answer_with((uint16_t)(0x8180 | rcodes[i]));
		assert_int_equal(stage.net.dns.state, DNS_NO_SERVER);
		assert_int_equal(stage_tx_count(&stage), 0);
	}
}

/* [DNS-02]: SERVFAIL is of this moment: the other server at once, and both again. */
static void a_server_that_fails_is_asked_again_after_the_others(void **state)
{
	(void)state;
	start("boot.example");
	for (uint32_t i = 0; i < 7; i++) {
		assert_int_equal(question_to, SERVER_IP);
		answer_with(0x8182);
		take_question();
		assert_int_equal(question_to, FAR_IP);
		answer_with(0x8182);
		answer_with(0x8182); /* said twice, as by a network that doubles */
		assert_int_equal(stage.net.dns.state, DNS_ASKING);
		stage_tx_count(&stage); /* "port unreachable", for the second */
		stage_pass(&stage, 1999);
		assert_int_equal(stage_tx_count(&stage), 0);
		stage_pass(&stage, 1);
		take_question();
	}
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-02] [DNS-03]: and a single one as long as a silent one. */
static void a_server_that_fails_for_good_ends_it(void **state)
{
	(void)state;
	start("boot.example");
	for (uint32_t i = 1; i < 16; i++) {
		answer_with(0x8182);
		stage_pass(&stage, 2000);
		take_question();
	}
	answer_with(0x8182);
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	stage_pass(&stage, 2000);
	assert_int_equal(stage.net.dns.state, DNS_NO_SERVER);
	assert_int_equal(stage.net.dns.rcode, 2);
}

/* [DNS-02]: one fails, the other is silent: both have their turns. */
static void a_server_that_fails_has_its_turn_again_if_the_other_is_silent(void **state)
{
	(void)state;
	start("boot.example");
	answer_with(0x8182);
	take_question();
	assert_int_equal(question_to, FAR_IP);
	stage_pass(&stage, 2000);
	take_question();
	assert_int_equal(question_to, SERVER_IP);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* --- EDNS ------------------------------------------------------------------------------------ */

/* [DNS-12]: what fits every path, and a packet of ours. */
static void the_answer_may_be_as_long_as_what_reaches_us(void **state)
{
	static const struct {
		uint16_t mtu, size;
	} cases[] = { { 1500, 1232 }, { 9000, 1232 }, { 1260, 1232 }, { 1259, 1231 },
		      { 576, 548 },   { 539, 512 },   { 68, 512 } };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		stage.net.mtu = cases[i].mtu;
		start("b.example");
		assert_int_equal(question_udp_size(), cases[i].size);
	}
}

/* [DNS-12]: RFC 6891 7: once, and the other server has its own habits. */
static void a_server_that_does_not_know_edns_is_asked_without(void **state)
{
	static const uint8_t rcodes[] = { 1, 4 };

	for (uint32_t i = 0; i < sizeof(rcodes); i++) {
		gone(state);
		with_two_servers(state);
		start("boot.example");
		answer_with((uint16_t)(0x8180 | rcodes[i]));
		take_question();
		assert_int_equal(question_to, SERVER_IP);
		assert_int_equal(question_udp_size(), 0);
		expect_question("\4boot\7example", 14);
		stage_pass(&stage, 2000);
		take_question();
		assert_int_equal(question_to, FAR_IP);
		assert_int_equal(question_udp_size(), 1232);
		stage_pass(&stage, 2000);
		take_question();
		assert_int_equal(question_to, SERVER_IP);
		assert_int_equal(question_udp_size(), 0);
		answer_with((uint16_t)(0x8180 | rcodes[i])); /* then it does not know us at all */
		take_question();
		assert_int_equal(question_to, FAR_IP);
	}
}

/* [DNS-12]: nor repeats what it could not read; no other answer may be so short. */
static void an_error_without_the_question_is_one(void **state)
{
	(void)state;
	start("boot.example");
	for (uint8_t rcode = 0; rcode < 16; rcode++) {
		if (rcode == 1 || rcode == 4)
			continue;
		begin((uint16_t)(0x8180 | rcode));
		put_be16(answer + 4, 0);
		answer_len = 12;
		deliver();
		assert_int_equal(stage_tx_count(&stage), 0);
		assert_int_equal(stage.net.dns.state, DNS_ASKING);
	}
	begin(0x8181);
	put_be16(answer + 4, 0);
	answer_len = 12;
	deliver();
	take_question();
	assert_int_equal(question_udp_size(), 0);
}

/* [DNS-12]: some servers, or what stands before them, drop what they do not know. */
static void silence_is_answered_without_edns_and_then_with(void **state)
{
	(void)state;
	start("boot.example");
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(question_udp_size(), i % 2 ? 0 : 1232);
		stage_pass(&stage, 2000);
		take_question();
	}
}

/* [DNS-12] [DNS-04]: a lost packet must not make an answer too long. */
static void an_answer_cut_without_edns_is_asked_for_with_it(void **state)
{
	(void)state;
	start("boot.example");
	stage_pass(&stage, 2000);
	take_question();
	assert_int_equal(question_udp_size(), 0);
	answer_with(0x8380);
	take_question();
	assert_int_equal(question_udp_size(), 1232);
	answer_with(0x8181);
	take_question();
	answer_with(0x8380); /* without once more, and now for good */
	assert_int_equal(stage.net.dns.state, DNS_CUT);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [ICMP-04] [DNS-02] */
static void a_server_s_closed_port_is_left_for_the_next_at_once(void **state)
{
	uint8_t message[36];

	(void)state;
	start("boot.example");
	packet_icmp(message, 3, 3, 0, sent + 14, 28);
	stage_rx(&stage, frame, frame_ipv4(frame, SERVER_IP, OUR_IP, 1, message, sizeof(message)));
	take_question();
	assert_int_equal(question_to, FAR_IP);
	packet_icmp(message, 3, 3, 0, sent + 14, 28);
	stage_rx(&stage, frame, frame_ipv4(frame, FAR_IP, OUR_IP, 1, message, sizeof(message)));
	assert_int_equal(stage.net.dns.state, DNS_NO_SERVER);
}

/* [DNS-03] */
static void silent_servers_take_turns_every_two_seconds_and_not_for_ever(void **state)
{
	(void)state;
	start("boot.example");
	for (uint32_t i = 1; i < 16; i++) {
		stage_pass(&stage, 1999);
		assert_int_equal(stage_tx_count(&stage), 0);
		stage_pass(&stage, 1);
		take_question();
		assert_int_equal(question_to, i % 2 ? FAR_IP : SERVER_IP);
	}
	stage_pass(&stage, 1999);
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	stage_pass(&stage, 1);
	assert_int_equal(stage.net.dns.state, DNS_NO_SERVER);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_int_equal(stage.net.dns.rcode, 0);
	start("other.example"); /* the next name begins anew */
}

static void without_a_server_there_is_nobody_to_ask(void **state)
{
	(void)state;
	stage.net.dns_servers[0] = 0;
	dns_start(&stage.net, "boot.example");
	assert_int_equal(stage.net.dns.state, DNS_NO_SERVER);
	assert_int_equal(stage_tx_count(&stage), 0);
}

static void a_server_without_a_route_is_left_for_the_next(void **state)
{
	(void)state;
	stage.net.gateway = 0;
	stage.net.dns_servers[0] = FAR_IP;
	stage.net.dns_servers[1] = SERVER_IP;
	start("boot.example");
	assert_int_equal(question_to, SERVER_IP);
}

static void a_nic_without_a_buffer_costs_a_try(void **state)
{
	(void)state;
	stage.fake.tx_buffers = 0;
	dns_start(&stage.net, "boot.example");
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	stage.fake.tx_buffers = 1;
	stage_pass(&stage, 2000);
	take_question();
}

static void stopping_closes_the_port(void **state)
{
	(void)state;
	start("boot.example");
	dns_stop(&stage.net);
	stage_pass(&stage, 10000);
	assert_int_equal(stage_tx_count(&stage), 0);
	assert_false(dns_done(&stage.net));
	start("boot.example");
}

/*
 * --- names
 * -------------------------------------------------------------------------------------------
 */

static void what_is_no_host_name_is_not_asked_for(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"a..b",
		".a",
		"a..",
		"a b",
		"a\nb",
		"b\303\274cher.example",
		"a/b",
		"a:b",
		"*.example",
		"0123456789012345678901234567890123456789012345678901234567890123.example",
	};
	char longest[400];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
		dns_start(&stage.net, bad[i]);
		assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	}
	memset(longest, 'a', sizeof(longest));
	for (uint32_t i = 50; i < sizeof(longest); i += 51)
		longest[i] = '.';
	for (uint32_t i = 254; i < sizeof(longest); i++) {
		longest[i] = '\0';
		dns_start(&stage.net, longest);
		assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
		longest[i] = i % 51 == 50 ? '.' : 'a';
	}
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-05]: 253 characters are 255 bytes, with or without a dot behind them. */
static void the_longest_name_is_asked_for_and_recognized(void **state)
{
	char longest[255];

	(void)state;
	for (uint32_t dot = 0; dot < 2; dot++) {
		memset(longest, 'a', sizeof(longest));
		for (uint32_t i = 50; i < 253; i += 51)
			longest[i] = '.';
		longest[253] = dot ? '.' : '\0';
		longest[254] = '\0';
		start(longest);
		assert_int_equal(question_len, 12 + 255 + 4 + 11);
		begin(0x8180);
		put_a(NULL, BOOT_IP);
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_DONE);
	}
}

/* RFC 1123 2.1, and the underscore that people use. */
static void letters_digits_and_two_signs_make_a_name(void **state)
{
	static const char *const good[] = {
		"az.AZ.09.-_",
		"012345678901234567890123456789012345678901234567890123456789012.example",
		"example.012345678901234567890123456789012345678901234567890123456789012",
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(good); i++) {
		start(good[i]);
		begin(0x8180);
		put_a(good[i], BOOT_IP);
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_DONE);
	}
	start("az.AZ.example");
	begin(0x8180);
	put_a("AZ.az.EXAMPLE", BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-10] */
static void a_single_label_gets_the_suffix_first(void **state)
{
	(void)state;
	search("boot", "example.org", 12);
	expect_question("\4boot\7example\3org", 18);
	answer_with(0x8183);
	take_question();
	expect_question("\4boot", 6);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	start("boot");
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	start("boot");
	answer_with(0x8180);
	take_question();
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

/* [DNS-10]: each has as many tries and aliases as any name. */
static void every_domain_of_the_search_list_is_tried_in_its_order(void **state)
{
	(void)state;
	search("boot", "a.example\0b.example\0c.example", 30);
	expect_question("\4boot\1a\7example", 16);
	for (uint32_t i = 1; i < 16; i++) {
		stage_pass(&stage, 2000);
		take_question();
	}
	answer_with(0x8183);
	take_question();
	expect_question("\4boot\1b\7example", 16);
	stage_pass(&stage, 2000);
	take_question();
	expect_question("\4boot\1b\7example", 16);
	answer_with(0x8180);
	take_question();
	expect_question("\4boot\1c\7example", 16);
	answer_with(0x8183);
	take_question();
	expect_question("\4boot", 6);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-02]: a failure of this moment must not lead to another machine of the same name. */
static void a_server_s_failure_is_no_reason_for_the_next_domain(void **state)
{
	(void)state;
	search("boot", "a.example\0b.example", 20);
	answer_with(0x8182);
	stage_pass(&stage, 2000);
	take_question();
	expect_question("\4boot\1a\7example", 16);
}

/* [DNS-10] */
static void other_names_are_absolute(void **state)
{
	(void)state;
	search("boot.", "example.org", 12);
	expect_question("\4boot", 6);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	start("boot.lan");
	expect_question("\4boot\3lan", 10);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	search("boot", "", 1);
	expect_question("\4boot", 6);
}

/* [DNS-10]: a suffix from DHCP that is no name, or leaves no room. */
static void a_useless_suffix_is_passed_over(void **state)
{
	char longest[256];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[251] = '\0';
	search("boot", "exa mple\0..\0a.example", 22);
	expect_question("\4boot\1a\7example", 16);
	search("boot", "..", 3);
	expect_question("\4boot", 6);
	search("boot", longest, 252);
	expect_question("\4boot", 6);
	longest[251] = 'a';
	longest[255] = '\0';
	search("boot", longest, 256);
	expect_question("\4boot", 6);
	search("boot", "example.org.", 13);
	expect_question("\4boot\7example\3org", 18);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-10]: as DHCP leaves it: full, with two NULs at the end. */
static void the_longest_search_list_ends(void **state)
{
	(void)state;
	memset(stage.net.search, 0, sizeof(stage.net.search));
	for (uint32_t i = 0; i + 2 < sizeof(stage.net.search); i += 2)
		stage.net.search[i] = 'a';
	start("b");
	for (uint32_t i = 0; i + 2 < sizeof(stage.net.search); i += 2) {
		expect_question("\1b\1a", 5);
		answer_with(0x8183);
		take_question();
	}
	expect_question("\1b", 3);
	answer_with(0x8183);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

/* --- records --------------------------------------------------------------------------------- */

static void several_addresses_are_kept_in_their_order(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	for (uint32_t i = 0; i < 12; i++)
		put_a(NULL, BOOT_IP + i);
	deliver();
	assert_int_equal(stage.net.dns.addresses, DNS_ADDRESSES_MAX);
	for (uint32_t i = 0; i < DNS_ADDRESSES_MAX; i++)
		assert_int_equal(stage.net.dns.address[i], BOOT_IP + i);
}

/* [DNS-07] */
static void only_a_records_of_the_name_count(void **state)
{
	uint32_t data;

	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a("other.example", 0x01010101);
	put_a("example", 0x01010102);
	put_a("x.boot.example", 0x01010103);
	put_a("boot.exampl", 0x01010104);
	put_a(".", 0x01010105);
	data = begin_record(NULL, A, 3); /* CHAOS */
	put_word(0x0101), put_word(0x0106);
	end_record(data);
	data = begin_record(NULL, AAAA, 1);
	put_word(0x0101), put_word(0x0107);
	end_record(data);
	data = begin_record(NULL, A, 1);
	put_word(0x0101), put_word(0x0108), answer[answer_len++] = 0;
	end_record(data);
	data = begin_record(NULL, A, 1);
	put_word(0x0101);
	end_record(data);
	put_a(NULL, 0x7f000001); /* no host's */
	put_a(NULL, 0);
	put_a(NULL, 0xe0000001);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	assert_int_equal(stage.net.dns.addresses, 1);
	assert_int_equal(stage.net.dns.address[0], BOOT_IP);
}

/* [DNS-07]: a file cannot come from everybody on this link. */
static void everybody_s_address_is_no_address(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a(NULL, OUR_IP | ~OUR_MASK);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	assert_int_equal(stage.net.dns.addresses, 1);
	assert_int_equal(stage.net.dns.address[0], BOOT_IP);
	start("boot.example");
	begin(0x8180);
	put_a(NULL, OUR_IP | ~OUR_MASK);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage.net.dns.addresses, 0);
}

static void a_label_with_a_dot_in_it_is_not_two_labels(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_be16(answer + 6, 1);
	memcpy(answer + answer_len, "\14boot.example\0\0\1\0\1\0\0\0\74\0\4\6\6\6\6", 28);
	answer_len += 28;
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

static void no_address_behind_a_name_ends_it(void **state)
{
	(void)state;
	start("boot.example");
	answer_with(0x8180);
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage.net.dns.rcode, 0);
}

/* [DNS-04] */
static void a_cut_answer_without_an_address_leads_to_the_next_server(void **state)
{
	(void)state;
	start("boot.example");
	answer_with(0x8380);
	take_question();
	assert_int_equal(question_to, FAR_IP);
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	answer_with(0x8380);
	assert_int_equal(stage.net.dns.state, DNS_CUT);
	assert_int_equal(stage.net.dns.addresses, 0);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-04]: any one address will do; a record that was cut in the middle ends the answer. */
static void of_a_cut_answer_the_whole_addresses_count(void **state)
{
	(void)state;
	for (uint32_t cut = 1; cut <= 16; cut++) {
		start("boot.example");
		begin(0x8380);
		put_cname(NULL, "a.example");
		put_a("a.example", BOOT_IP);
		put_a("a.example", BOOT_IP + 1);
		answer_len -= cut;
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_DONE);
		assert_int_equal(stage.net.dns.addresses, 1);
		assert_int_equal(stage.net.dns.address[0], BOOT_IP);
	}
}

/* [DNS-04] [DNS-06]: the alias is whole, and the answer for it may be shorter. */
static void the_alias_in_a_cut_answer_is_asked_for(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8380);
	put_cname(NULL, "a.example");
	put_a("a.example", BOOT_IP);
	answer_len -= 3;
	deliver();
	take_question();
	expect_question("\1a\7example", 11);
}

/* --- aliases --------------------------------------------------------------------------------- */

/* [DNS-06] */
static void aliases_are_followed_in_any_order(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a("c.example", BOOT_IP);
	put_cname("b.example", "C.example");
	put_cname("a.example", "B.example");
	put_cname(NULL, "A.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	assert_int_equal(stage.net.dns.address[0], BOOT_IP);
}

static void put_chain(uint32_t links)
{
	char from[] = "0.example", to[] = "1.example";

	for (uint32_t i = 0; i < links; i++) {
		from[0] = (char)('0' + i);
		to[0] = (char)('1' + i);
		put_cname(i ? from : NULL, to);
	}
	put_a(to, BOOT_IP);
}

/* [DNS-06] */
static void eight_aliases_are_followed_and_no_more(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_chain(8);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
	start("boot.example");
	begin(0x8180);
	put_chain(9);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
}

/* [DNS-06] */
static void a_loop_of_aliases_ends(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "a.example");
	put_cname("a.example", "boot.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "boot.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/* [DNS-06] */
static void an_alias_without_an_address_is_asked_for(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "a.example");
	put_cname("a.example", "cdn.example");
	deliver();
	take_question();
	expect_question("\3cdn\7example", 13);
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [DNS-06]: a server that has another alias for every name. */
static void aliases_without_end_end(void **state)
{
	char target[] = "a.example";
	uint32_t questions = 1;

	(void)state;
	start("boot.example");
	for (uint32_t i = 0; i < 20 && stage.net.dns.state == DNS_ASKING; i++) {
		begin(0x8180);
		target[0]++;
		put_cname(NULL, target);
		deliver();
		if (!stage.fake.sent_first)
			break;
		take_question();
		questions++;
	}
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(questions, 9);
}

static void an_alias_that_is_no_host_name_ends_it(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_cname(NULL, "a b.example");
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_NO_NAME);
	assert_int_equal(stage_tx_count(&stage), 0);
}

/*
 * --- hostile bytes
 * ---------------------------------------------------------------------------------
 */

/* One A record whose owner is these bytes. Malformed: as if it had not come. */
static void owner_is_refused(const void *owner, uint32_t len)
{
	begin(0x8180);
	put_be16(answer + 6, 2);
	memcpy(answer + answer_len, owner, len);
	answer_len += len;
	memcpy(answer + answer_len, "\0\1\0\1\0\0\0\74\0\4\6\6\6\6", 14);
	answer_len += 14;
	put_be16(answer + 6, 1);
	put_a(NULL, BOOT_IP);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
}

/* [DNS-05] [SEC-04] */
static void pointers_lead_backward_only(void **state)
{
	uint8_t owner[2];

	(void)state;
	start("boot.example");
	for (uint32_t target = 30; target < 0x4000; target++) {
		put_be16(owner, (uint16_t)(0xc000 | target));
		owner_is_refused(owner, 2);
	}
	owner_is_refused("\1x\300\40", 4); /* to itself, at 32 */
	owner_is_refused("\1x\300\36", 4); /* to the beginning of its own name, at 30 */
}

/* [DNS-05] [SEC-04] */
static void labels_have_two_kinds(void **state)
{
	(void)state;
	start("boot.example");
	for (uint32_t tag = 0x40; tag < 0xc0; tag++) {
		uint8_t owner[3] = { (uint8_t)tag, 12, 0 }; /* 0xc00c would be the name asked for */

		owner_is_refused(owner, sizeof(owner));
	}
}

/* [DNS-05] */
static void a_name_of_256_bytes_is_refused(void **state)
{
	struct span msg = { answer, 0 };
	char name[DNS_NAME_MAX];
	uint32_t off = 0;

	(void)state;
	for (uint32_t i = 0; i < 127; i++)
		memcpy(answer + 2 * i, "\1a", 2);
	answer[254] = 0;
	msg.len = 255;
	assert_true(dns_name_read(msg, &off, name));
	assert_int_equal(off, 255);
	assert_int_equal(strlen(name), 253);
	memcpy(answer + 252, "\2aa", 4);
	msg.len = 256;
	off = 0;
	assert_false(dns_name_read(msg, &off, name));
	assert_int_equal(off, 0);
}

/* [DNS-05]: each pointer to the one before it. */
static void a_stair_of_pointers_is_cut_off(void **state)
{
	struct span msg = { answer, 0 };
	char name[DNS_NAME_MAX];
	uint32_t off;

	(void)state;
	memcpy(answer, "\1a", 3);
	for (uint32_t i = 0; i < 100; i++)
		put_be16(answer + 3 + 2 * i, (uint16_t)(0xc000 | (i ? 1 + 2 * i : 0)));
	msg.len = 3 + 200;
	off = 3 + 2 * 31;
	assert_true(dns_name_read(msg, &off, name));
	assert_string_equal(name, "a");
	off = 3 + 2 * 32;
	assert_false(dns_name_read(msg, &off, name));
}

/* [SEC-04]: counts that promise more than there is. */
static void a_count_without_records_is_malformed(void **state)
{
	(void)state;
	start("boot.example");
	begin(0x8180);
	put_a(NULL, BOOT_IP);
	put_be16(answer + 6, 2);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	put_be16(answer + 6, 0xffff);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	put_be16(answer + 6, 1);
	put_be16(answer + 8, 0xffff); /* sections that nobody reads */
	put_be16(answer + 10, 0xffff);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [SEC-04] [DNS-07] */
static void a_record_longer_than_the_message_is_malformed(void **state)
{
	static const uint16_t lens[] = { 5, 100, 0x7fff, 0xffff };

	(void)state;
	start("boot.example");
	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++) {
		begin(0x8180);
		put_a(NULL, BOOT_IP);
		put_be16(answer + answer_len - 6, lens[i]);
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_ASKING);
	}
}

/*
 * [SEC-04]: an alias must fill its record exactly, though the name that it is read from may lie
 * elsewhere.
 */
static void an_alias_that_does_not_fill_its_record_is_malformed(void **state)
{
	uint32_t data;

	(void)state;
	start("boot.example");
	begin(0x8180);
	data = begin_record(NULL, CNAME, 1);
	put_name("a.example");
	answer[answer_len++] = 0;
	end_record(data);
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	begin(0x8180);
	data = begin_record("x.example", CNAME, 1);
	put_word(NAME);
	end_record(data);
	put_be16(answer + data - 2, 1);
	answer_len--;
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_ASKING);
	assert_string_equal(stage.net.dns.name, "boot.example");
}

static void rich_answer(void)
{
	begin(0x8180);
	put_cname(NULL, "a.example");
	put_a("c.example", BOOT_IP);
	put_cname("a.example", "c.example");
}

/* [SEC-04] */
static void no_prefix_of_an_answer_is_an_answer(void **state)
{
	uint32_t whole;

	(void)state;
	start("boot.example");
	rich_answer();
	whole = answer_len;
	for (uint32_t len = 0; len < whole; len++) {
		answer_len = len;
		deliver();
		assert_int_equal(stage.net.dns.state, DNS_ASKING);
		assert_string_equal(stage.net.dns.name, "boot.example");
	}
	answer_len = whole;
	deliver();
	assert_int_equal(stage.net.dns.state, DNS_DONE);
}

/* [SEC-04]: parsed at the very end of its memory, where the sanitizer sees each byte too many. */
static void any_byte_may_be_wrong(void **state)
{
	uint32_t answers = 0;
	struct dns_answer a;
	uint8_t copy[200];
	struct span msg;

	(void)state;
	start("boot.example");
	rich_answer();
	assert_in_range(answer_len, 1, sizeof(copy));
	for (uint32_t i = 0; i < answer_len; i++)
		for (uint32_t flip = 1; flip < 256; flip++) {
			uint8_t *at = copy + sizeof(copy) - answer_len;
			char name[DNS_NAME_MAX] = "boot.example";

			memcpy(at, answer, answer_len);
			at[i] ^= (uint8_t)flip;
			msg = (struct span){ at, answer_len };
			answers += dns_answer_read(msg, get_be16(question), name, &a) ==
				   DNS_ADDRESSES;
			assert_in_range(strnlen(name, sizeof(name)), 0, 253);
			assert_in_range(a.addresses, 0, DNS_ADDRESSES_MAX);
		}
	assert_true(answers > 0);
	for (uint32_t i = 0; i < answer_len; i++) {
		char name[DNS_NAME_MAX] = "boot.example";

		memcpy(copy + sizeof(copy) - i, answer, i);
		msg = (struct span){ copy + sizeof(copy) - i, i };
		assert_int_equal(dns_answer_read(msg, get_be16(question), name, &a), DNS_FOREIGN);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, with_a_server, gone)
#define TEST_TWO(f) cmocka_unit_test_setup_teardown(f, with_two_servers, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_question_and_its_answer),
		TEST(names_in_answers_need_not_be_compressed_nor_keep_their_case),
		TEST(answers_that_do_not_match_are_ignored),
		TEST(each_question_has_a_new_id_and_port),
		TEST(a_late_answer_is_not_taken_for_the_next_one_s),
		TEST(a_name_that_does_not_exist_ends_it),
		TEST_TWO(a_server_that_will_not_help_is_left_for_the_next_at_once),
		TEST_TWO(a_server_that_fails_is_asked_again_after_the_others),
		TEST(a_server_that_fails_for_good_ends_it),
		TEST_TWO(a_server_that_fails_has_its_turn_again_if_the_other_is_silent),
		TEST(the_answer_may_be_as_long_as_what_reaches_us),
		TEST_TWO(a_server_that_does_not_know_edns_is_asked_without),
		TEST(an_error_without_the_question_is_one),
		TEST(silence_is_answered_without_edns_and_then_with),
		TEST(an_answer_cut_without_edns_is_asked_for_with_it),
		TEST_TWO(a_server_s_closed_port_is_left_for_the_next_at_once),
		TEST_TWO(silent_servers_take_turns_every_two_seconds_and_not_for_ever),
		TEST(without_a_server_there_is_nobody_to_ask),
		TEST(a_server_without_a_route_is_left_for_the_next),
		TEST(a_nic_without_a_buffer_costs_a_try),
		TEST(stopping_closes_the_port),
		TEST(what_is_no_host_name_is_not_asked_for),
		TEST(the_longest_name_is_asked_for_and_recognized),
		TEST(letters_digits_and_two_signs_make_a_name),
		TEST(a_single_label_gets_the_suffix_first),
		TEST(every_domain_of_the_search_list_is_tried_in_its_order),
		TEST(a_server_s_failure_is_no_reason_for_the_next_domain),
		TEST(other_names_are_absolute),
		TEST(a_useless_suffix_is_passed_over),
		TEST(the_longest_search_list_ends),
		TEST(several_addresses_are_kept_in_their_order),
		TEST(only_a_records_of_the_name_count),
		TEST(everybody_s_address_is_no_address),
		TEST(a_label_with_a_dot_in_it_is_not_two_labels),
		TEST(no_address_behind_a_name_ends_it),
		TEST_TWO(a_cut_answer_without_an_address_leads_to_the_next_server),
		TEST(of_a_cut_answer_the_whole_addresses_count),
		TEST(the_alias_in_a_cut_answer_is_asked_for),
		TEST(aliases_are_followed_in_any_order),
		TEST(eight_aliases_are_followed_and_no_more),
		TEST(a_loop_of_aliases_ends),
		TEST(an_alias_without_an_address_is_asked_for),
		TEST(aliases_without_end_end),
		TEST(an_alias_that_is_no_host_name_ends_it),
		TEST(pointers_lead_backward_only),
		TEST(labels_have_two_kinds),
		TEST(a_name_of_256_bytes_is_refused),
		TEST(a_stair_of_pointers_is_cut_off),
		TEST(a_count_without_records_is_malformed),
		TEST(a_record_longer_than_the_message_is_malformed),
		TEST(an_alias_that_does_not_fill_its_record_is_malformed),
		TEST(no_prefix_of_an_answer_is_an_answer),
		TEST(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
