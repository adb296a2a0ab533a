/* SPDX-License-Identifier: BSD-2-Clause */
/* net/tftp_rx.c: windows of blocks (RFC 7440). */
#include "tests/unit/tftp_lab.h"

#define SIZE 1000
#define OFFER "blksize\0001000\0windowsize\0004"

static void say_block(uint64_t block)
{
	say_data((uint16_t)block, (block - 1) * SIZE, SIZE);
}

/* The first window is here and acknowledged: what is next is block 5. */
static void begin(void)
{
	BEGIN(16, OFFER);
	expect_ack(0);
	for (uint16_t block = 1; block < 4; block++)
		say_block(block);
	expect_silence();
	say_block(4);
	expect_ack(4);
}

/* [TFTP-14] */
static void a_window_gets_one_ack(void **state)
{
	(void)state;
	begin();
	for (uint16_t block = 5; block < 8; block++)
		say_block(block);
	expect_silence();
	say_block(8);
	expect_ack(8);
	say_block(9);
	say_data(10, 9 * SIZE, 1);
	expect_ack(10);
	assert_true(got == 9 * SIZE + 1);
	expect_end(TFTP_DONE, TFTP_NO_CAUSE);
}

/* [TFTP-14] Its first, its second, its last: what was before it is acknowledged, once. */
static void a_gap_is_told_of_once(void **state)
{
	(void)state;
	begin();
	say_block(6);
	expect_ack(4);
	say_block(7);
	say_block(8);
	expect_silence();
	say_block(5);
	say_block(7);
	expect_ack(5);
	say_block(8);
	say_block(9);
	expect_silence();
	for (uint16_t block = 6; block < 9; block++)
		say_block(block);
	expect_silence();
	pass(99); /* the last one is lost */
	expect_silence();
	pass(1);
	expect_ack(8);
	for (uint16_t block = 9; block < 12; block++)
		say_block(block);
	expect_silence();
	say_block(12);
	expect_ack(12);
	assert_true(got == 12 * SIZE);
}

/* [TFTP-14] [TFTP-12] After a timeout of ours a gap is told of again. */
static void the_same_gap_after_a_pause(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 4; i++) {
		say_block(6);
		expect_ack(4);
		say_block(7);
		expect_silence();
		pass((uint32_t)100 << i);
		expect_ack(4);
	}
}

/* [TFTP-10] [TFTP-14] The server repeats a window whose ACK was lost: its end is answered. */
static void a_window_that_comes_again(void **state)
{
	(void)state;
	begin();
	pass(60);
	for (uint16_t block = 1; block < 4; block++)
		say_block(block);
	expect_silence();
	say_block(4);
	expect_ack(4);
	for (uint16_t block = 1; block < 5; block++) /* and at once: an echo */
		say_block(block);
	expect_silence();
	assert_true(got == 4 * SIZE);
}

/* [TFTP-17] */
static void blocks_ahead_of_the_window(void **state)
{
	(void)state;
	begin();
	say_block(9);
	say_block(10);
	say_block(4 + 32768);
	say_block(0);
	say_block(65535);
	expect_silence();
	say_block(8); /* the last that may be */
	expect_ack(4);
}

/* Each block twice, and each neighbour before the other [TFTP-10]. */
static void doubled_and_swapped(void **state)
{
	uint32_t acks = 0;

	(void)state;
	begin();
	for (uint16_t block = 5; block < 400; block += 2) {
		uint32_t tries = 0;

		while (t.last < block + 1) {
			say_block((uint32_t)block + 1);
			say_block((uint32_t)block + 1);
			say_block(block);
			say_block(block);
			assert_true(++tries < 4);
		}
		acks += count_sent();
	}
	assert_true(got == 400 * SIZE);
	assert_in_range(acks, 100, 400);
}

/* [TFTP-09] Within a window, and between two. */
static void block_numbers_wrap_within_a_window(void **state)
{
	(void)state;
	for (uint32_t lost = 65533; lost < 65540; lost++) {
		gone(state);
		with_a_server(state);
		BEGIN(16, OFFER);
		expect_ack(0);
		got = t.off = 65530u * SIZE;
		t.last = 65530;
		t.has_data = true;
		for (uint32_t block = 65531; block < 65545; block++) {
			if (block == lost) {
				count_sent();
				say_block((uint32_t)block + 1);
				assert_int_equal(count_sent(), 1);
			}
			say_block(block);
		}
		say_data((uint16_t)65545, 65544u * SIZE, 1);
		assert_true(got == 65544u * SIZE + 1);
		count_sent();
		expect_end(TFTP_DONE, TFTP_NO_CAUSE);
	}
}

/* A server that wraps to 1 cannot be told from a block that was lost: nothing wrong is taken. */
static void a_wrap_to_1_is_a_gap(void **state)
{
	(void)state;
	BEGIN(16, OFFER);
	expect_ack(0);
	got = t.off = 65535u * SIZE;
	t.last = 65535;
	t.has_data = true;
	say_data(1, 65536u * SIZE, SIZE);
	expect_ack(65535);
	say_data(1, 65536u * SIZE, SIZE);
	expect_silence();
	say_data(0, 65535u * SIZE, SIZE);
	say_data(1, 65536u * SIZE, SIZE);
	assert_true(got == 65537u * SIZE);
}

/* In pull mode a window at a time. */
static void windows_are_asked_for_when_they_are_wanted(void **state)
{
	(void)state;
	BEGIN(16, OFFER, .pull = true);
	tftp_more(&t);
	expect_ack(0);
	for (uint16_t block = 1; block < 5; block++)
		say_block(block);
	pass(5000);
	expect_silence();
	tftp_more(&t);
	expect_ack(4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_window_gets_one_ack),
		TEST(a_gap_is_told_of_once),
		TEST(the_same_gap_after_a_pause),
		TEST(a_window_that_comes_again),
		TEST(blocks_ahead_of_the_window),
		TEST(doubled_and_swapped),
		TEST(block_numbers_wrap_within_a_window),
		TEST(a_wrap_to_1_is_a_gap),
		TEST(windows_are_asked_for_when_they_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
