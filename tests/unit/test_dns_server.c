/* SPDX-License-Identifier: BSD-2-Clause */
/* net/dns.c: EDNS, and servers that are silent, closed or out of reach. */
#include "tests/unit/dns_lab.h"

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
