/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dns.c: questions, and answers by servers that help, that do not, and by whoever else would.
 */
#include "tests/unit/dns_lab.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
