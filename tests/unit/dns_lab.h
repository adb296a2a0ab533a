/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of net/dns*.c have in common: the question that was sent, and an answer in the
 * making. Included by each of them once.
 */
#ifndef TESTS_UNIT_DNS_LAB_H
#define TESTS_UNIT_DNS_LAB_H

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

static inline int with_a_server(void **state)
{
	(void)state;
	stage_open_configured(&stage);
	stage.net.dns_servers[0] = SERVER_IP;
	return 0;
}

static inline int with_two_servers(void **state)
{
	with_a_server(state);
	stage.net.dns_servers[2] = FAR_IP;
	return 0;
}

static inline int gone(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

/* Takes the next question that was sent. */
static inline void take_question(void)
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

static inline void start(const char *name)
{
	dns_start(&stage.net, name);
	take_question();
}

/* RFC 6891 6.1.2: one OPT record behind the question. 0: there is none. */
static inline uint32_t question_udp_size(void)
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

static inline void expect_question(const char *wire_name, uint32_t len)
{
	assert_int_equal(question_len, 12 + len + 4 + (question_udp_size() ? 11 : 0));
	assert_memory_equal(question + 12, wire_name, len);
	assert_int_equal(get_be32(question + 12 + len), 0x00010001);
}

/* So far without a record, be it that of EDNS, which a server may leave out. */
static inline void begin(uint16_t flags)
{
	answer_len = question_len - (question_udp_size() ? 11 : 0);
	memcpy(answer, question, answer_len);
	put_be16(answer + 2, flags);
	put_be16(answer + 10, 0);
}

/* Labels of a text; a leading '.' is the root alone. */
static inline void put_name(const char *name)
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

static inline void put_word(uint16_t v)
{
	put_be16(answer + answer_len, v);
	answer_len += 2;
}

/*
 * A record's head; owner NULL: the name in the question. The data follows, and is measured by
 * end_record().
 */
static inline uint32_t begin_record(const char *owner, uint16_t type, uint16_t class)
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

static inline void end_record(uint32_t data_off)
{
	put_be16(answer + data_off - 2, (uint16_t)(answer_len - data_off));
}

static inline void put_a(const char *owner, uint32_t ip)
{
	uint32_t data = begin_record(owner, A, 1);

	put_be32(answer + answer_len, ip);
	answer_len += 4;
	end_record(data);
}

static inline void put_cname(const char *owner, const char *target)
{
	uint32_t data = begin_record(owner, CNAME, 1);

	put_name(target);
	end_record(data);
}

static inline void deliver_from(uint32_t src, uint16_t src_port)
{
	stage_rx(&stage, frame,
		 frame_udp(frame, src, src_port, OUR_IP, question_port, answer, answer_len));
}

static inline void deliver(void)
{
	deliver_from(question_to, 53);
}

static inline void answer_with(uint16_t flags)
{
	begin(flags);
	deliver();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, with_a_server, gone)
#define TEST_TWO(f) cmocka_unit_test_setup_teardown(f, with_two_servers, gone)

#endif
