/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/boot/fetch_tftp.c and what it shares with HTTP: files by TFTP from servers of every habit, on
 * wires of every kind; what is said when there is none; how long that takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "tests/model/http_lab.h"
#include "tests/model/tftp_server.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define URL "tftp://10.0.2.2/dir/file"
#define DEADLINE_MS 60000

static struct tftp_server server;

static void pass_time(void *ctx)
{
	struct http_lab *lab = ctx;

	web_poll(&lab->web);
	tftp_server_poll(&server);
}

static int setup(void **state)
{
	struct http_lab *lab;

	http_lab_setup(state);
	lab = *state;
	tftp_server_open(&server, &lab->stage.fake);
	server.blksize = 65464;
	server.windowsize = 64;
	server.tsize = true;
	server.len = 100000;
	hosted_idle_hook(pass_time, lab);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, http_lab_teardown)

static const char *failure(const struct http_lab *lab)
{
	return lab->stage.fake.failure.text;
}

/* --- files ------------------------------------------------------------------------------------ */

static void a_file(void **state)
{
	struct http_lab *lab = *state;

	http_lab_expect(lab, URL, 100000);
	assert_string_equal(server.asked, "dir/file");
	assert_int_equal(server.transfer[0].blksize, 1468);
	assert_int_equal(server.transfer[0].windowsize, 16);
	assert_true(server.transfer[0].whole);
	assert_int_equal(server.blocks, 69);
	assert_int_equal(server.heard, 1 + 1 + 4 + 1); /* RRQ, ACK 0, a window each, the end */
	assert_string_equal(fetch_protocol(&lab->fetch), "tftp");
}

/* [TFTP-18] [TFTP-11] Names as they are; lengths around a block's, and one of nothing. */
static void names_and_lengths(void **state)
{
	static const uint64_t lens[] = { 0, 1, 511, 512, 513, 1467, 1468, 1469, 16 * 1468 };
	struct http_lab *lab = *state;

	for (uint32_t i = 0; i < ARRAY_LEN(lens); i++) {
		server.transfers = 0;
		server.len = lens[i];
		http_lab_expect(lab, "tftp://10.0.2.2/%5Ca%20b%255", lens[i]);
		assert_string_equal(server.asked, "\\a b%5");
		assert_true(server.transfer[0].whole);
	}
}

/* [TFTP-06] [TFTP-07] [TFTP-15] Servers of every age. */
static void servers_with_fewer_options(void **state)
{
	struct http_lab *lab = *state;

	for (uint32_t i = 0; i < 16; i++) {
		server.transfers = 0;
		server.blksize = i & 1 ? 1024 : 0;
		server.windowsize = i & 2 ? 4 : 0;
		server.tsize = i & 4;
		server.options_error = i & 8 ? 8 : 0;
		http_lab_expect(lab, URL, 100000);
		if (i & 8)
			assert_int_equal(server.transfer[1].blksize, 512);
		else
			assert_int_equal(server.transfer[0].blksize, i & 1 ? 1024 : 512);
	}
}

/* [TFTP-12] [TFTP-14] [TFTP-10] Whole each time, and not much sent in vain. */
static void wires_of_every_kind(void **state)
{
	static const uint16_t windows[] = { 0, 2, 16, 64 };
	struct http_lab *lab = *state;

	for (uint32_t i = 0; i < 64; i++) {
		server.transfers = server.blocks = 0;
		server.windowsize = windows[i % ARRAY_LEN(windows)];
		server.lost = i & 4 ? 30 : i & 8 ? 3 : 0;
		server.doubled = i & 16 ? 50 : 0;
		server.swapped = i & 32 ? 20 : 0;
		server.seed = i;
		server.timeout_ms = server.windowsize ? 1000 : 250;
		http_lab_expect(lab, URL, 100000);
		assert_in_range(server.blocks, 69,
				server.lost == 30 || server.swapped ? 1500 : 400);
	}
}

/* [TFTP-10] Every packet doubled, and a server that answers each ACK. */
static void a_sorcerer_s_apprentice(void **state)
{
	struct http_lab *lab = *state;

	server.windowsize = 0;
	server.apprentice = true;
	server.doubled = 100;
	http_lab_expect(lab, URL, 100000);
	assert_in_range(server.blocks, 69, 3 * 69);
}

/* [TFTP-09] */
static void more_blocks_than_numbers(void **state)
{
	struct http_lab *lab = *state;

	server.blksize = 16;
	server.len = 2000000;
	for (uint32_t i = 0; i < 3; i++) {
		server.transfers = 0;
		server.wrap_to = i == 1;
		server.windowsize = i == 2 ? 8 : 0;
		http_lab_expect(lab, URL, 2000000);
	}
}

static bool drop_last_ack(void *ctx, const uint8_t *packet, uint32_t len, bool ours)
{
	bool *dropped = ctx;

	(void)len;
	if (ours || *dropped || get_be16(packet) != 4 || get_be16(packet + 2) != 69)
		return false;
	*dropped = true;
	return true;
}

/* [TFTP-11] The server of the first file gets its answer while the second one is on its way. */
static void a_last_ack_that_is_lost(void **state)
{
	struct http_lab *lab = *state;
	bool dropped = false;

	server.drop = drop_last_ack;
	server.ctx = &dropped;
	http_lab_expect(lab, URL, 100000);
	assert_in_range(lab->took_ms, 0, 100);
	assert_true(dropped && server.transfer[0].open);
	server.every_ms = 500;
	http_lab_expect(lab, URL, 100000);
	assert_true(server.transfer[0].whole && server.transfer[1].whole);
	assert_int_equal(server.error, 0xffff);
	assert_int_equal(fetch_close(&lab->fetch), 0);
	for (uint32_t i = 0; i < UDP_SOCKETS_MAX; i++)
		assert_null(lab->stage.net.udp.sockets[i]);
}

static void serve_redirect(struct web_conn *c)
{
	web_say(c, "HTTP/1.1 302 Found\r\nLocation: tftp://boot.example/x\r\n"
		   "Content-Length: 0\r\n\r\n");
}

/* The scheme decides for each URL; and names are looked up whatever it is. */
static void a_redirect_to_tftp(void **state)
{
	static const struct web_name names[] = { { "boot.example", { 0x0a00020c } },
						 { NULL, { 0 } } };
	struct http_lab *lab = *state;

	lab->web.names = names;
	lab->web.serve = serve_redirect;
	http_lab_expect(lab, "http://10.0.2.2/r", 100000);
	assert_int_equal(server.transfer[0].ip, 0x0a00020c);
	assert_string_equal(server.asked, "x");
	assert_non_null(strstr(hosted_output(), "dns: boot.example 10.0.2.12, "));
}

/* --- what is said ------------------------------------------------------------------------------
 */

static void expect_failure(struct http_lab *lab, enum rung rung, enum err err, const char *sentence)
{
	http_lab_expect_failure(lab, URL, err, sentence);
	assert_string_equal(failure(lab), sentence);
	assert_int_equal(lab->stage.fake.failure.rung, rung);
	assert_string_equal(lab->stage.fake.failure.protocol, "tftp");
	for (uint32_t i = 0; i < UDP_SOCKETS_MAX; i++)
		assert_null(lab->stage.net.udp.sockets[i]);
	server.transfers = 0;
}

/* [TFTP-13] */
static void a_file_that_is_not_there(void **state)
{
	struct http_lab *lab = *state;

	server.missing = "dir/file";
	expect_failure(lab, RUNG_TRANSFER, ERR_REFUSED,
		       "the server answered error 1 (File not found) to the request for dir/file; "
		       "check the name");
	assert_int_equal(server.requests, 1);
	server.missing = NULL;
	server.error_at = 32;
	expect_failure(
		lab, RUNG_TRANSFER, ERR_REFUSED,
		"the server broke off after 46976 bytes of the file: error 0 (disk on fire)");
}

/* [TFTP-15] [TFTP-16] */
static void a_file_of_another_length(void **state)
{
	struct http_lab *lab = *state;

	server.said_len = 100001;
	expect_failure(lab, RUNG_TRANSFER, ERR_PROTO,
		       "the file ended after 100000 of 100001 bytes");
	assert_int_equal(server.error, 0);
	server.said_len = 99999;
	expect_failure(lab, RUNG_TRANSFER, ERR_PROTO,
		       "the server sent more than the 99999 bytes it announced");
	server.said_len = LAB_MEMORY + 1;
	expect_failure(lab, RUNG_IMAGE, ERR_NO_SPACE, "the file does not fit");
	assert_int_equal(server.error, 3);
	assert_int_equal(server.blocks, 69 + 69);
	server.tsize = false;
	server.len = LAB_MEMORY + 1;
	server.error = 0xffff;
	expect_failure(lab, RUNG_IMAGE, ERR_NO_SPACE,
		       "the file is longer than the 4194304 bytes of memory granted for it");
	assert_int_equal(server.error, 3);
}

/* In the server's place, to a request, or to an ACK. */
static void answer_with(struct http_lab *lab, const void *packet, uint32_t len)
{
	const struct udp_socket *socket = lab->stage.net.udp.sockets[0];
	uint8_t frame[200];

	len = frame_udp(frame, PEER_IP, 3000, OUR_IP, socket->port, packet, len);
	fake_nic_receive(&lab->stage.fake, frame, len);
}

static bool insist(void *ctx, const uint8_t *packet, uint32_t len, bool ours)
{
	(void)len;
	if (ours || get_be16(packet) != 1)
		return false;
	answer_with(ctx, "\0\6blksize\00065464", 16);
	return true;
}

/* [TFTP-05] */
static void a_server_that_insists(void **state)
{
	struct http_lab *lab = *state;

	server.drop = insist;
	server.ctx = lab;
	expect_failure(lab, RUNG_TRANSFER, ERR_PROTO,
		       "the server insists on TFTP options that were not asked for, or on larger "
		       "values");
}

/* ICMP says that the port is closed, from the fourth packet of ours on, or at once. */
static uint32_t closed_after;

static bool close_port(void *ctx, const uint8_t *packet, uint32_t len, bool ours)
{
	struct http_lab *lab = ctx;
	uint8_t message[36], frame[100];

	(void)len;
	if (ours || server.heard < closed_after)
		return false;
	packet_icmp(message, 3, 3, 0, packet - 28, 28); /* IPv4, UDP */
	fake_nic_receive(&lab->stage.fake, frame,
			 frame_ipv4(frame, PEER_IP, OUR_IP, 1, message, sizeof(message)));
	return true;
}

/* [ICMP-04] */
static void a_server_that_is_off(void **state)
{
	struct http_lab *lab = *state;

	server.drop = close_port;
	server.ctx = lab;
	expect_failure(lab, RUNG_CONNECT, ERR_REFUSED,
		       "10.0.2.2:69 refuses the connection; is the server running, on this port?");
	assert_in_range(lab->took_ms, 0, 1999);
	closed_after = 3;
	expect_failure(lab, RUNG_TRANSFER, ERR_REFUSED,
		       "10.0.2.2:2000 closed its port after 46976 bytes of the file");
	assert_in_range(lab->took_ms, 0, 1999);
}

static void nobody_there_and_no_way(void **state)
{
	static const struct web_host hosts[] = { { PEER_IP, WEB_GONE }, { 0, WEB_GONE } };
	struct http_lab *lab = *state;

	lab->web.hosts = hosts;
	expect_failure(lab, RUNG_CONNECT, ERR_UNREACHABLE,
		       "nobody on this link answers for 10.0.2.2; check the address, the gateway "
		       "and the cable");
	assert_in_range(lab->took_ms, 4000, 7000);
	lab->stage.net.gateway = 0;
	http_lab_expect_failure(lab, "tftp://192.0.2.1/x", ERR_UNREACHABLE,
				"there is no route to 192.0.2.1");
	http_lab_expect_failure(lab, "tftp://255.255.255.255/x", ERR_UNREACHABLE,
				"255.255.255.255 is not the address of one machine");
}

/* --- how long it takes -------------------------------------------------------------------------
 */

/* [TFTP-12] [HTTP-18] */
static void silence(void **state)
{
	struct http_lab *lab = *state;

	server.silent_ip = PEER_IP;
	expect_failure(lab, RUNG_CONNECT, ERR_TIMEOUT, "no usable answer from 10.0.2.2:69");
	assert_in_range(lab->took_ms, DEADLINE_MS, DEADLINE_MS + 100);
	assert_in_range(server.heard, 10, 20);
	server.silent_ip = 0;
	server.mute_at = 32;
	server.heard = 0;
	expect_failure(lab, RUNG_TRANSFER, ERR_TIMEOUT,
		       "10.0.2.2:69 fell silent after 70464 bytes of its answer");
	assert_in_range(lab->took_ms, DEADLINE_MS, DEADLINE_MS + 1000);
	assert_in_range(server.heard, 15, 30);
	assert_int_equal(server.error, 0); /* it is told, be it there or not */
}

/* One of a name's addresses is as good as another. */
static void a_silent_address_and_another(void **state)
{
	static const struct web_name names[] = { { "boot.example", { 0x0a00020b, 0x0a00020c } },
						 { NULL, { 0 } } };
	struct http_lab *lab = *state;

	lab->web.names = names;
	server.silent_ip = 0x0a00020b;
	http_lab_expect(lab, "tftp://boot.example/x", 100000);
	assert_int_equal(server.transfer[0].ip, 0x0a00020c);
	assert_in_range(lab->took_ms, 7000, 7200);
}

/* A window of 16 in 10 s is 2.3 kB/s; one block of 512 in 2.9 s is less than anybody wants. */
static void slow_servers(void **state)
{
	struct http_lab *lab = *state;

	server.timeout_ms = 100000;
	server.every_ms = 10000;
	http_lab_expect(lab, URL, 100000);
	assert_in_range(lab->took_ms, 40000, 50500);
	assert_non_null(strstr(hosted_output(), " of 0.1 MB, 0.0 MB/s"));
	server.every_ms = 2900;
	server.windowsize = 0;
	server.blksize = 512;
	server.transfers = 0;
	http_lab_expect_failure(lab, URL, ERR_TIMEOUT,
				"10.0.2.2:69 sends too slowly: 10240 bytes so far, and less than "
				"1 kB/s of the file");
	assert_in_range(lab->took_ms, DEADLINE_MS, DEADLINE_MS + 100);
}

static bool press_esc(void *ctx, const uint8_t *packet, uint32_t len, bool ours)
{
	(void)ctx;
	(void)len;
	if (!ours && get_be16(packet) == 4)
		hosted_type("\x1b");
	return false;
}

/* [TFTP-16] */
static void given_up_in_the_middle(void **state)
{
	struct http_lab *lab = *state;

	server.drop = press_esc;
	server.every_ms = 1000;
	expect_failure(lab, RUNG_TRANSFER, ERR_ABORTED, "given up by Esc or Ctrl-C");
	assert_int_equal(server.error, 0);
	assert_false(server.transfer[0].open);
}

static void a_name_that_fits_no_request(void **state)
{
	char url[600] = "tftp://10.0.2.2/";
	struct http_lab *lab = *state;

	memset(url + 16, 'a', 463);
	http_lab_expect(lab, url, 100000);
	memset(url + 16, 'a', 464);
	http_lab_expect_failure(lab, url, ERR_UNSUPPORTED, "a...\" is too long for TFTP");
	assert_int_equal(server.requests, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file),
		TEST(names_and_lengths),
		TEST(servers_with_fewer_options),
		TEST(wires_of_every_kind),
		TEST(a_sorcerer_s_apprentice),
		TEST(more_blocks_than_numbers),
		TEST(a_last_ack_that_is_lost),
		TEST(a_redirect_to_tftp),
		TEST(a_file_that_is_not_there),
		TEST(a_file_of_another_length),
		TEST(a_server_that_insists),
		TEST(a_server_that_is_off),
		TEST(nobody_there_and_no_way),
		TEST(silence),
		TEST(a_silent_address_and_another),
		TEST(slow_servers),
		TEST(given_up_in_the_middle),
		TEST(a_name_that_fits_no_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
