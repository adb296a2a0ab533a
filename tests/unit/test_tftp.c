/* SPDX-License-Identifier: BSD-2-Clause */
/* net/tftp.c, net/tftp_rx.c: requests, the first answer, one block at a time, the end. */
#include "tests/unit/tftp_lab.h"

#define PLAIN "tsize\0000\0blksize\0001468"
#define WINDOW PLAIN "\0windowsize\00016"

/* --- asking ---------------------------------------------------------------------------------- */

/* [TFTP-01] [TFTP-04] [TFTP-08] */
static void a_request_says_what_we_can(void **state)
{
	static const struct {
		uint16_t mtu, blksize;
	} cases[] = { { 1500, 1468 }, { 1400, 1368 }, { 576, 544 }, { 9000, 4092 } };
	char rest[40] = "a\0octet\0tsize\0000\0blksize\0001468";

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		stage.net.mtu = cases[i].mtu;
		sprintf(rest + 24, "%u", cases[i].blksize);
		start_as((struct tftp_request){ .windowsize = 1 });
		expect_request(rest, 25 + (uint32_t)strlen(rest + 24));
	}
	stage.net.mtu = 1500;
	start_as((struct tftp_request){ .windowsize = 16 });
	EXPECT_REQUEST("a\0octet\0" WINDOW);
	start_as((struct tftp_request){ .blksize = 512 });
	EXPECT_REQUEST("a\0octet\0tsize\0000");
	start_as((struct tftp_request){ .blksize = 1024 });
	EXPECT_REQUEST("a\0octet\0tsize\0000\0blksize\0001024");
	start_as((struct tftp_request){ .blksize = 9000 }); /* never a fragment */
	EXPECT_REQUEST("a\0octet\0" PLAIN);
	assert_int_equal(t.state, TFTP_ASKING);
}

/* [UDP-03] [TFTP-01] */
static void each_request_has_a_port_of_its_own(void **state)
{
	uint16_t before = 0;
	uint32_t same = 0;

	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		start_as((struct tftp_request){ 0 });
		take();
		assert_true(our_port >= 49152);
		same += our_port == before;
		before = our_port;
	}
	assert_in_range(same, 0, 2);
}

/* [TFTP-12] */
static void silence_is_asked_again_at_longer_intervals(void **state)
{
	static const uint32_t after_ms[] = { 1000, 2000, 4000, 4000, 4000, 4000 };

	(void)state;
	start_as((struct tftp_request){ .windowsize = 16 });
	EXPECT_REQUEST("a\0octet\0" WINDOW);
	for (uint32_t i = 0; i < ARRAY_LEN(after_ms); i++) {
		uint16_t port = our_port;

		pass(after_ms[i] - 1);
		expect_silence();
		pass(1);
		EXPECT_REQUEST("a\0octet\0" WINDOW);
		assert_int_equal(our_port, port);
	}
	assert_int_equal(t.state, TFTP_ASKING);
}

/* [ICMP-04] */
static void a_closed_port_ends_it_at_once(void **state)
{
	uint8_t message[36];

	(void)state;
	start_as((struct tftp_request){ 0 });
	take();
	packet_icmp(message, 3, 3, 0, sent + 14, 28);
	stage_rx(&stage, frame, frame_ipv4(frame, SERVER_IP, OUR_IP, 1, message, sizeof(message)));
	assert_int_equal(t.err, ERR_REFUSED);
	expect_end(TFTP_FAILED, TFTP_CLOSED);
}

static void no_route_and_nobody_there(void **state)
{
	const struct tftp_sink sink = { sink_begin, sink_data, &begins };
	struct tftp_request request = { .server = OUR_IP + 9, .port = 69, .name = "a" };

	(void)state;
	tftp_start(&t, &stage.net, &request, &sink);
	pass(6000); /* ARP's queries */
	assert_true(stage_tx_count(&stage) >= 5);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	expect_end(TFTP_FAILED, TFTP_NOBODY);
	stage.net.gateway = 0;
	request.server = FAR_IP;
	tftp_start(&t, &stage.net, &request, &sink);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	expect_end(TFTP_FAILED, TFTP_NO_ROUTE);
}

/* --- the first answer ------------------------------------------------------------------------ */

/* [TFTP-04] */
static void an_oack_gets_ack_0_and_so_does_the_same_again(void **state)
{
	(void)state;
	BEGIN(16, WINDOW);
	assert_int_equal(t.state, TFTP_READING);
	assert_int_equal(t.blksize, 1468);
	assert_int_equal(t.windowsize, 16);
	assert_int_equal(begins, 1);
	assert_true(begun_with == TFTP_SIZE_UNKNOWN); /* "0" is what was asked with */
	expect_ack(0);
	pass(60);
	SAY_OACK(WINDOW);
	expect_ack(0);
	assert_int_equal(begins, 1);
	say_data(1, 0, 1468);
	pass(60);
	SAY_OACK(WINDOW); /* late, and no matter any more */
	expect_silence();
	say_data(2, 1468, 0);
	expect_ack(2);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

static void a_server_may_take_less(void **state)
{
	(void)state;
	BEGIN(16, "blksize\0001000\0windowsize\0002\0tsize\0001001");
	expect_ack(0);
	assert_true(begun_with == 1001 && t.size == 1001);
	say_data(1, 0, 1000);
	expect_silence();
	say_data(2, 1000, 1);
	expect_ack(2);
	assert_true(got == 1001);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* [TFTP-06] */
static void a_server_without_options_sends_512_one_at_a_time(void **state)
{
	(void)state;
	start_as((struct tftp_request){ .windowsize = 16 });
	take();
	say_data(1, 0, 512);
	expect_ack(1);
	assert_int_equal(t.blksize, 512);
	assert_int_equal(t.windowsize, 1);
	assert_true(begun_with == TFTP_SIZE_UNKNOWN);
	say_data(2, 512, 512);
	expect_ack(2);
	say_data(3, 1024, 17);
	expect_ack(3);
	assert_true(got == 1041);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* [TFTP-05] [TFTP-07] */
static void an_answer_that_breaks_the_rules_is_refused_and_asked_for_plainly(void **state)
{
	uint16_t port;

	(void)state;
	BEGIN(16, "blksize\0001469");
	port = our_port;
	take();
	assert_int_equal(get_be16(said), 5);
	assert_int_equal(get_be16(said + 2), 8);
	assert_int_equal(said_to, TID);
	assert_int_equal(our_port, port);
	EXPECT_REQUEST("a\0octet");
	assert_int_not_equal(our_port, port);
	assert_int_equal(begins, 0);
	SAY_OACK("tsize\0001"); /* and now there was nothing to agree to */
	expect_error(8);
	assert_int_equal(t.err, ERR_PROTO);
	expect_end(TFTP_FAILED, TFTP_BAD_ANSWER);
}

/* [TFTP-07] */
static void an_error_about_options_is_answered_without_any(void **state)
{
	static const uint16_t codes[] = { 0, 4, 8, 99 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(codes); i++) {
		gone(state);
		with_a_server(state);
		start_as((struct tftp_request){ .windowsize = 16 });
		take();
		say_error(codes[i], "what is this?");
		EXPECT_REQUEST("a\0octet");
		say_data(1, 0, 100);
		expect_ack(1);
		assert_true(got == 100);
		expect_end(TFTP_DONE, TFTP_NO_CAUSE);
	}
	start_as((struct tftp_request){ 0 });
	take();
	say_error(4, "no");
	EXPECT_REQUEST("a\0octet");
	say_error(4, "really not"); /* once */
	assert_int_equal(t.code, 4);
	assert_string_equal(t.text, "really not");
	expect_end(TFTP_FAILED, TFTP_SAID_NO);
}

/* [TFTP-13] */
static void a_file_that_is_not_there(void **state)
{
	(void)state;
	for (uint16_t code = 1; code < 3; code++) {
		start_as((struct tftp_request){ .windowsize = 16 });
		take();
		say_error(code, "No\nsuch\x1b file");
		assert_int_equal(t.code, code);
		assert_string_equal(t.text, "No?such? file");
		assert_int_equal(t.err, ERR_REFUSED);
		expect_end(TFTP_FAILED, TFTP_SAID_NO);
	}
	BEGIN(1, PLAIN);
	expect_ack(0);
	say_error(0, "disk on fire"); /* in the middle */
	assert_string_equal(t.text, "disk on fire");
	expect_end(TFTP_FAILED, TFTP_SAID_NO);
}

/* --- who it is ------------------------------------------------------------------------------- */

/* [TFTP-02] [TFTP-03] [UDP-02] */
static void strangers_are_turned_away_and_the_transfer_lives(void **state)
{
	uint8_t message[36];

	(void)state;
	start_as((struct tftp_request){ 0 });
	take();
	say_data_from(FAR_IP, TID, 1, 0, 100); /* not the server: not even an answer */
	expect_silence();
	assert_int_equal(t.state, TFTP_ASKING);
	say_data(1, 0, 512);
	expect_ack(1);
	say_data_from(FAR_IP, TID, 2, 512, 100);
	expect_silence();
	say_data_from(SERVER_IP, TID + 1, 2, 512, 100); /* the server, another transfer */
	expect_error_to(TID + 1, 5);
	packet_icmp(message, 3, 3, 0, sent + 14, 28); /* which is over by now */
	stage_rx(&stage, frame, frame_ipv4(frame, SERVER_IP, OUR_IP, 1, message, sizeof(message)));
	say_from(SERVER_IP, TID + 1, "\0\6tsize\0009", 10);
	expect_error_to(TID + 1, 5);
	say_from(SERVER_IP, TID + 1, "\0\5\0\0no", 7); /* RFC 1350 7: not answered */
	expect_silence();
	assert_int_equal(t.state, TFTP_READING);
	say_data(2, 512, 1);
	expect_ack(2);
	assert_true(got == 513);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* [TFTP-02] Only what can be an answer says where the server is. */
static void what_is_no_answer_is_none(void **state)
{
	(void)state;
	start_as((struct tftp_request){ 0 });
	take();
	say_data(2, 0, 100);
	say_data(0, 0, 100);
	say_data(1, 0, 513);
	say("\0\4\0\1", 4);
	say("\0\1a\0octet", 10);
	say("\0\3\0", 3);
	say("\0", 1);
	say("", 0);
	expect_silence();
	assert_int_equal(t.state, TFTP_ASKING);
	say_data_from(SERVER_IP, 99, 1, 0, 100);
	expect_ack_to(99, 1);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* --- blocks ---------------------------------------------------------------------------------- */

/* [TFTP-10] */
static void echoes_are_not_answered_and_repetitions_are(void **state)
{
	(void)state;
	BEGIN(1, PLAIN);
	expect_ack(0);
	say_data(1, 0, 1468);
	expect_ack(1);
	for (uint32_t i = 0; i < 10; i++) { /* the network's, or crossed ours */
		say_data(1, 0, 1468);
		expect_silence();
	}
	pass(60); /* less than it takes us to ask again */
	say_data(1, 0, 1468);
	expect_ack(1);
	say_data(1, 0, 1468);
	expect_silence();
	say_data(2, 1468, 1468);
	expect_ack(2);
	pass(60);
	say_data(1, 0, 1468); /* older than the newest */
	say_data(0, 0, 1468);
	say_data(65535, 0, 1468);
	expect_silence();
	assert_true(got == 2936);
}

/* The server doubles whatever it sends, and answers every ACK [TFTP-10]. */
static void a_sorcerer_s_apprentice_gets_one_ack_for_a_block(void **state)
{
	(void)state;
	BEGIN(1, PLAIN);
	expect_ack(0);
	SAY_OACK(PLAIN);
	expect_silence();
	for (uint16_t block = 1; block < 1000; block++) {
		say_data(block, ((uint32_t)block - 1) * 1468, 1468);
		say_data(block, ((uint32_t)block - 1) * 1468, 1468);
		expect_ack(block);
		if (block % 10 == 0)
			pass(3);
	}
}

/* [TFTP-12] */
static void the_pause_follows_the_server(void **state)
{
	uint32_t acks = 0;

	(void)state;
	BEGIN(1, PLAIN);
	for (uint16_t block = 1; block < 60; block++) {
		pass(300); /* a slow one */
		acks += count_sent();
		say_data(block, ((uint32_t)block - 1) * 1468, 1468);
	}
	assert_in_range(acks, 59, 59 + 3); /* too soon in the beginning, and never again */
	count_sent();
	pass(300);
	expect_silence();
	pass(4000);
	assert_in_range(count_sent(), 2, 6);
	say_data(60, 59u * 1468u, 1);
	expect_ack(60);
}

/* [TFTP-12] The last thing said, again and again, at most every four seconds. */
static void silence_in_the_middle(void **state)
{
	(void)state;
	BEGIN(1, PLAIN);
	expect_ack(0);
	say_data(1, 0, 1468);
	expect_ack(1);
	for (uint32_t ms = 100; ms < 20000; ms *= 2) {
		uint32_t pause = ms < 4000 ? ms : 4000;

		pass(pause - 1);
		expect_silence();
		pass(1);
		expect_ack(1);
	}
	assert_int_equal(t.state, TFTP_READING);
	say_data(2, 1468, 1468);
	expect_ack(2);
	pass(499);
	expect_silence();
	pass(1); /* whoever speaks again is not asked so late */
	expect_ack(2);
	say_data(3, 2936, 1468);
	expect_ack(3);
	say_data(4, 4404, 1468);
	expect_ack(4);
	pass(100);
	expect_ack(4);
}

/* [TFTP-17] */
static void blocks_that_cannot_be(void **state)
{
	(void)state;
	BEGIN(1, "blksize\0001000");
	expect_ack(0);
	pass(60);
	say_data(0, 0, 1000);
	say_data(0, 0, 10);
	say_data(1, 0, 1001);
	say_data(1, 0, 9000 - 32);
	say_data(2, 1000, 1000);
	say_data(65535, 0, 1000);
	expect_silence();
	say_data(1, 0, 1000);
	expect_ack(1);
	say_data(2, 1000, 1001);
	expect_silence();
	say_data(2, 1000, 999);
	expect_ack(2);
	assert_true(got == 1999);
	stage.net.count.no_room = 0; /* the long one */
}

/* [TFTP-09] 65,536 blocks and some more; to: what follows 65535. */
static void wrap(uint16_t to)
{
	uint64_t off = 0;
	uint16_t block = 1;

	BEGIN(1, "blksize\00016");
	expect_ack(0);
	for (uint32_t i = 0; i < 140000; i++, off += 16) {
		say_data(block, off, 16);
		expect_ack(block);
		block = block == 65535 ? to : (uint16_t)(block + 1);
	}
	say_data(block, off, 0);
	expect_ack(block);
	assert_true(got == 140000u * 16u);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

static void block_numbers_wrap_to_0(void **state)
{
	(void)state;
	wrap(0);
}

static void and_at_some_servers_to_1(void **state)
{
	(void)state;
	wrap(1);
}

/* [TFTP-09] What is beyond 4 GiB of a file has its offset. */
static void offsets_have_64_bits(void **state)
{
	(void)state;
	BEGIN(1, "blksize\0001024\0tsize\0005368709121");
	expect_ack(0);
	assert_true(begun_with == 5368709121u);
	got = t.off = 5368709120u - 1024u;
	t.last = 5;
	say_data(6, got, 1024);
	expect_ack(6);
	say_data(7, got, 1);
	expect_ack(7);
	assert_true(t.off == 5368709121u);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* --- the end --------------------------------------------------------------------------------- */

/* [TFTP-11] */
static void a_last_ack_that_is_lost_is_said_again(void **state)
{
	(void)state;
	BEGIN(1, PLAIN);
	expect_ack(0);
	say_data(1, 0, 1468);
	expect_ack(1);
	say_data(2, 1468, 0); /* an exact multiple */
	expect_ack(2);
	assert_int_equal(t.state, TFTP_DONE);
	for (uint32_t i = 0; i < 5; i++) {
		say_data(2, 1468, 0);
		expect_silence();
		pass(1000);
		say_data(2, 1468, 0);
		expect_ack(2);
		say_data(1, 0, 1468);
		say_error(0, "timed out");
		expect_silence();
	}
	assert_true(got == 1468);
	assert_int_equal(t.state, TFTP_DONE);
	tftp_close(&t);
	say_data(2, 1468, 0); /* now the stack says that nobody is there */
	assert_true(next_sent() > 0);
	assert_int_equal(sent[23], 1);
	assert_int_equal(t.state, TFTP_DONE);
}

static void an_empty_file(void **state)
{
	(void)state;
	BEGIN(16, "tsize\0000\0blksize\0001468");
	expect_ack(0);
	say_data(1, 0, 0);
	expect_ack(1);
	assert_true(got == 0 && begins == 1);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* [TFTP-15] */
static void a_file_that_is_not_as_long_as_was_said(void **state)
{
	(void)state;
	BEGIN(1, "tsize\0002000\0blksize\0001468");
	expect_ack(0);
	say_data(1, 0, 1468);
	expect_ack(1);
	say_data(2, 1468, 531);
	expect_error(0);
	assert_int_equal(t.err, ERR_PROTO);
	expect_end(TFTP_FAILED, TFTP_TOO_SHORT);
	got = 0;
	begins = 0;
	BEGIN(1, "tsize\0002000\0blksize\0001468");
	expect_ack(0);
	say_data(1, 0, 1468);
	expect_ack(1);
	say_data(2, 1468, 533);
	expect_error(0);
	expect_end(TFTP_FAILED, TFTP_TOO_LONG);
	assert_true(got == 1468); /* nothing of what is too much */
}

/* [TFTP-16] [TFTP-15] */
static void a_file_that_nobody_wants_any_more(void **state)
{
	(void)state;
	refuse_begin = ERR_NO_SPACE;
	BEGIN(16, "tsize\00099999999999");
	expect_error(3);
	assert_int_equal(t.err, ERR_NO_SPACE);
	expect_end(TFTP_FAILED, TFTP_SINK);
	refuse_begin = 0;
	begins = 0;
	refuse_data = ERR_FORMAT;
	BEGIN(16, PLAIN);
	expect_ack(0);
	say_data(1, 0, 1468);
	expect_error(0);
	assert_int_equal(t.err, ERR_FORMAT);
	expect_end(TFTP_FAILED, TFTP_SINK);
	refuse_data = 0;
	begins = 0;
	BEGIN(16, PLAIN);
	expect_ack(0);
	tftp_abort(&t, TFTP_NOT_DEFINED, "given up");
	expect_error(0);
	assert_string_equal((const char *)said + 4, "given up");
	tftp_abort(&t, TFTP_NOT_DEFINED, "given up");
	expect_silence();
	start_as((struct tftp_request){ 0 });
	take();
	tftp_abort(&t, TFTP_NOT_DEFINED, "given up"); /* nobody to tell */
	expect_silence();
	pass(5000);
	expect_silence();
}

/* [TFTP-16] */
static void only_the_size(void **state)
{
	(void)state;
	BEGIN(1, "tsize\000123456789\0blksize\0001468", .size_only = true);
	expect_error(0);
	assert_true(t.size == 123456789);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
	BEGIN(1, "tsize\0000", .size_only = true);
	expect_error(0);
	assert_true(t.size == 0);
	BEGIN(1, "blksize\000512", .size_only = true);
	expect_error(0);
	assert_true(t.size == TFTP_SIZE_UNKNOWN);
	start_as((struct tftp_request){ .size_only = true });
	take();
	say_data(1, 0, 512); /* a server that has no such option */
	expect_error(0);
	assert_true(t.size == TFTP_SIZE_UNKNOWN);
	start_as((struct tftp_request){ .size_only = true });
	take();
	say_data(1, 0, 100);
	expect_error(0);
	assert_true(t.size == 100);
	assert_int_equal(begins, 0);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
	start_as((struct tftp_request){ .size_only = true });
	take();
	say_error(1, "no such file");
	expect_end(TFTP_FAILED, TFTP_SAID_NO);
}

/* [TFTP-19] */
static void multicast_is_not_for_us(void **state)
{
	(void)state;
	BEGIN(16, "multicast\000224.1.1.1,1758,1");
	take();
	assert_int_equal(get_be16(said), 5);
	EXPECT_REQUEST("a\0octet");
	say_data(1, 0, 5);
	expect_ack(1);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* --- a block at a time ------------------------------------------------------------------------ */

static void the_next_block_is_asked_for_when_it_is_wanted(void **state)
{
	(void)state;
	BEGIN(1, PLAIN, .pull = true);
	assert_int_equal(t.state, TFTP_READING);
	assert_int_equal(t.blksize, 1468);
	pass(10000);
	SAY_OACK(PLAIN); /* the server is impatient; nobody has asked */
	expect_silence();
	tftp_more(&t);
	expect_ack(0);
	tftp_more(&t);
	expect_silence();
	pass(100); /* lost */
	expect_ack(0);
	say_data(1, 0, 1468);
	assert_true(got == 1468);
	pass(10000);
	say_data(1, 0, 1468);
	say_data(2, 1468, 1468); /* which it must not */
	expect_silence();
	assert_true(got == 1468);
	tftp_more(&t);
	expect_ack(1);
	say_data(2, 1468, 100);
	expect_ack(2); /* the last one: there is nothing to ask for */
	tftp_more(&t);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

static void a_server_without_options_sends_before_anybody_asks(void **state)
{
	(void)state;
	start_as((struct tftp_request){ .pull = true });
	take();
	say_data(1, 0, 512);
	assert_true(got == 512);
	expect_silence();
	tftp_more(&t);
	expect_ack(1);
	say_data(2, 512, 512);
	pass(5000);
	expect_silence();
	tftp_abort(&t, TFTP_NOT_DEFINED, "closed");
	expect_error(0);
	expect_silence();
}

/* --- below ------------------------------------------------------------------------------------ */

/* No buffer for a packet: it is as good as lost. */
static void packets_that_found_no_buffer(void **state)
{
	(void)state;
	stage.fake.tx_buffers = 0;
	start_as((struct tftp_request){ 0 });
	expect_silence();
	stage.fake.tx_buffers = 1;
	pass(1000);
	take();
	stage.fake.tx_buffers = 0;
	SAY_OACK(PLAIN);
	expect_silence();
	stage.fake.tx_buffers = 1;
	pass(1000);
	expect_ack(0);
	stage.net.count.no_room = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_says_what_we_can),
		TEST(each_request_has_a_port_of_its_own),
		TEST(silence_is_asked_again_at_longer_intervals),
		TEST(a_closed_port_ends_it_at_once),
		TEST(no_route_and_nobody_there),
		TEST(an_oack_gets_ack_0_and_so_does_the_same_again),
		TEST(a_server_may_take_less),
		TEST(a_server_without_options_sends_512_one_at_a_time),
		TEST(an_answer_that_breaks_the_rules_is_refused_and_asked_for_plainly),
		TEST(an_error_about_options_is_answered_without_any),
		TEST(a_file_that_is_not_there),
		TEST(strangers_are_turned_away_and_the_transfer_lives),
		TEST(what_is_no_answer_is_none),
		TEST(echoes_are_not_answered_and_repetitions_are),
		TEST(a_sorcerer_s_apprentice_gets_one_ack_for_a_block),
		TEST(the_pause_follows_the_server),
		TEST(silence_in_the_middle),
		TEST(blocks_that_cannot_be),
		TEST(block_numbers_wrap_to_0),
		TEST(and_at_some_servers_to_1),
		TEST(offsets_have_64_bits),
		TEST(a_last_ack_that_is_lost_is_said_again),
		TEST(an_empty_file),
		TEST(a_file_that_is_not_as_long_as_was_said),
		TEST(a_file_that_nobody_wants_any_more),
		TEST(only_the_size),
		TEST(multicast_is_not_for_us),
		TEST(the_next_block_is_asked_for_when_it_is_wanted),
		TEST(a_server_without_options_sends_before_anybody_asks),
		TEST(packets_that_found_no_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
