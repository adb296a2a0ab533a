/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/conform/judge*.c: headers and checksums against what was negotiated, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire.h"
#include "drivers/virtio.h"
#include "drivers/vnet.h"
#include "tests/conform/judge.h"
#include "tests/model/packets.h"
#include "tests/model/segment.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

#define CSUM (UINT64_C(1) << VIRTIO_NET_F_GUEST_CSUM)
#define TSO4 (UINT64_C(1) << VIRTIO_NET_F_GUEST_TSO4)
#define UFO (UINT64_C(1) << VIRTIO_NET_F_GUEST_UFO)
#define USO (UINT64_C(1) << VIRTIO_NET_F_GUEST_USO4)
#define ECN (UINT64_C(1) << VIRTIO_NET_F_GUEST_ECN)
#define MRG (UINT64_C(1) << VIRTIO_NET_F_MRG_RXBUF)
#define FIELD (34 + 16) /* of a TCP frame */

static uint8_t frame[70000];
static uint32_t frame_len;

static void make_tcp(uint32_t len)
{
	struct segment s = {
		.src = PEER_IP,
		.dst = OUR_IP,
		.src_port = 80,
		.dst_port = 4000,
		.seq = 5,
		.ack = 7,
		.flags = 0x18,
		.wnd = 100,
		.data = pattern_at(0, len),
		.len = len,
	};

	frame_len = segment_write(frame, &s);
}

static void make_udp(void)
{
	uint8_t datagram[200];

	frame_len = packet_udp(datagram, PEER_IP, 67, OUR_IP, 68, pattern_at(0, 100), 100);
	frame_len = frame_ipv4(frame, PEER_IP, OUR_IP, 17, datagram, frame_len);
}

static uint16_t pseudo(void)
{
	return packet_sum(packet_pseudo(PEER_IP, OUR_IP, frame[23], get_be16(frame + 16) - 20u),
			  NULL, 0);
}

/* Header members by their order in struct virtio_net_hdr. */
struct header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

static void judge_with(uint64_t accepted, struct header h, struct judgement *j)
{
	struct judge_rules rules = { .accepted = accepted,
				     .modern = true,
				     .has_num_buffers = true };
	uint8_t bytes[12] = { h.flags, h.gso_type };

	put_le16(bytes + 2, h.hdr_len);
	put_le16(bytes + 4, h.gso_size);
	put_le16(bytes + 6, h.csum_start);
	put_le16(bytes + 8, h.csum_offset);
	put_le16(bytes + 10, h.num_buffers ? h.num_buffers : 1);
	judge(&rules, bytes, (struct span){ frame, frame_len }, j);
	assert_int_equal(j->broken & ~j->seen, 0);
}

/* The rows that are broken, as words. */
static const char *broken(uint64_t accepted, struct header h)
{
	static char words[ROWS * 8];
	struct judgement j;
	size_t len = 0;

	judge_with(accepted, h, &j);
	words[0] = '\0';
	for (unsigned row = 0; row < ROWS_OF_FRAMES; row++)
		if (j.broken >> row & 1)
			len += (size_t)sprintf(words + len, "%s%s", len ? " " : "",
					       row_texts[row].id);
	return words;
}

#define assert_broken(accepted, rows, ...) \
	assert_string_equal(broken(accepted, (struct header){ __VA_ARGS__ }), rows)

/* --- flags --------------------------------------------------------------------------------- */

static void an_honest_header_breaks_nothing(void **state)
{
	(void)state;
	make_tcp(100);
	assert_broken(0, "", .flags = 0);
	assert_broken(CSUM, "", .flags = 0);
	assert_broken(CSUM, "", .flags = 2);
	assert_broken(CSUM | TSO4, "", .flags = 0);
	/* What no flag claims means nothing. */
	assert_broken(CSUM, "", .csum_start = 60000, .csum_offset = 60000, .hdr_len = 1,
		      .gso_size = 1);
}

/* [DEV-31] */
static void num_buffers_is_1_without_mrg_rxbuf(void **state)
{
	(void)state;
	make_tcp(100);
	assert_broken(0, "DEV-31", .num_buffers = 2);
	assert_broken(0, "DEV-31", .num_buffers = 256);
	assert_broken(MRG, "", .num_buffers = 2);
}

/* [DEV-40] [DEV-41] [DEV-42] [DEV-42b] */
static void flags_without_guest_csum(void **state)
{
	(void)state;
	make_tcp(100);
	assert_broken(0, "DEV-40", .flags = 2);
	assert_broken(0, "DEV-40", .flags = 0x80);
	assert_broken(0, "DEV-41", .flags = 1, .csum_start = 34, .csum_offset = 16);
	put_be16(frame + FIELD, pseudo());
	assert_broken(0, "DEV-41 DEV-42", .flags = 1, .csum_start = 34, .csum_offset = 16);
	assert_broken(0, "DEV-42", .flags = 0);
	put_be16(frame + FIELD, 0);
	assert_broken(0, "DEV-40 DEV-42b", .flags = 2);
	/* the wire may have done that, or a peer */
	assert_broken(0, "", .flags = 0);
	put_be16(frame + FIELD, 0x1234);
	assert_broken(0, "", .flags = 0);
	assert_broken(0, "DEV-40", .flags = 2);
}

/* [DEV-43] [DEV-43b] */
static void data_valid_is_held_to_its_word(void **state)
{
	(void)state;
	make_tcp(100);
	frame[100] ^= 1;
	assert_broken(CSUM, "DEV-43", .flags = 2);
	assert_broken(CSUM, "", .flags = 0);
	put_be16(frame + FIELD, 0);
	assert_broken(CSUM, "DEV-43b", .flags = 2);
	make_udp();
	assert_broken(CSUM, "", .flags = 2);
	frame[100] ^= 1;
	assert_broken(CSUM, "DEV-43", .flags = 2);
	put_be16(frame + 34 + 6, 0); /* UDP without a checksum */
	assert_broken(CSUM, "", .flags = 2);
	make_tcp(100);
	frame[100] ^= 1;
	put_be16(frame + 20, 0x2000); /* the first of several fragments */
	assert_broken(CSUM, "", .flags = 2);
}

/* [DEV-44] [DEV-45] */
static void needs_csum_is_to_be_completed(void **state)
{
	(void)state;
	make_tcp(100);
	put_be16(frame + FIELD, pseudo());
	assert_broken(CSUM, "", .flags = 1, .csum_start = 34, .csum_offset = 16);
	assert_broken(CSUM, "", .flags = 3, .csum_start = 34, .csum_offset = 16);
	assert_broken(CSUM, "DEV-45", .flags = 1, .csum_start = 38, .csum_offset = 16);
	assert_broken(CSUM, "DEV-45", .flags = 1, .csum_start = 34, .csum_offset = 6);
	assert_broken(CSUM, "DEV-45", .flags = 1, .csum_start = 65535, .csum_offset = 65535);
	assert_broken(CSUM, "DEV-45", .flags = 1, .csum_start = 0, .csum_offset = 0);
	put_be16(frame + FIELD, 0x1234);
	assert_broken(CSUM, "DEV-44", .flags = 1, .csum_start = 34, .csum_offset = 16);
	make_udp();
	put_be16(frame + 40, pseudo());
	assert_broken(CSUM, "", .flags = 1, .csum_start = 34, .csum_offset = 6);
	assert_broken(CSUM, "DEV-45", .flags = 1, .csum_start = 34, .csum_offset = 16);
}

/* [DEV-56] */
static void what_is_partial_says_so(void **state)
{
	(void)state;
	make_tcp(100);
	put_be16(frame + FIELD, pseudo());
	assert_broken(CSUM, "DEV-56", .flags = 0);
	assert_broken(CSUM, "DEV-43", .flags = 2);
	put_be16(frame + FIELD, 0x1234); /* the wire may have done that */
	assert_broken(CSUM, "", .flags = 0);
	make_udp();
	put_be16(frame + 40, pseudo());
	assert_broken(CSUM, "DEV-56", .flags = 0);
}

/* [DEV-55] */
static void a_frame_without_its_end(void **state)
{
	static const uint8_t types[][2] = { { 0x08, 0x06 }, { 0x86, 0xdd }, { 0x88, 0xb5 } };
	static const char *const says[] = { "DEV-55", "DEV-55", "" };

	(void)state;
	make_tcp(0);
	for (frame_len = 53; frame_len; frame_len--)
		assert_broken(0, "DEV-55", .flags = 0);
	assert_broken(0, "DEV-55", .flags = 0);
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		make_tcp(0);
		memcpy(frame + 12, types[i], 2);
		put_be16(frame + 18, 1); /* IPv6: the payload's length */
		frame_len = i == 0 ? 41 : 54;
		assert_broken(0, says[i], .flags = 0);
	}
	put_be16(frame + 12, 0x86dd);
	frame_len = 55;
	assert_broken(0, "", .flags = 0);
}

/* [DEV-46] */
static void checksums_before_csum_start_are_valid(void **state)
{
	struct judgement j;

	(void)state;
	make_udp(); /* as if there were a packet in it, whose TCP header is at 92 */
	judge_with(CSUM, (struct header){ .flags = 1, .csum_start = 92, .csum_offset = 16 }, &j);
	assert_int_equal(j.seen & ROW_BIT(DEV_46), ROW_BIT(DEV_46));
	assert_int_equal(j.broken, 0);
	frame[60] ^= 1;
	assert_broken(CSUM, "DEV-46", .flags = 1, .csum_start = 92, .csum_offset = 16);
}

/* [DEV-48] [DEV-49] [DEV-54] */
static void flags_of_other_features(void **state)
{
	(void)state;
	make_tcp(100);
	assert_broken(CSUM, "DEV-48", .flags = 4);
	assert_broken(0, "DEV-40 DEV-48", .flags = 4);
	assert_broken(CSUM, "DEV-49", .flags = 8);
	assert_broken(CSUM, "DEV-49", .flags = 0x10);
	assert_broken(CSUM, "DEV-49", .flags = 0x40);
	put_be16(frame + FIELD, pseudo());
	assert_broken(CSUM, "DEV-49 DEV-54", .flags = 9, .csum_start = 34, .csum_offset = 16);
	assert_broken(CSUM, "DEV-56", .flags = 0x80);
}

/* --- GSO ----------------------------------------------------------------------------------- */

/* [DEV-50] [DEV-51] [DEV-54] */
static void gso_types_that_were_not_negotiated(void **state)
{
	(void)state;
	make_tcp(100);
	assert_broken(CSUM, "DEV-50 DEV-51", .gso_type = 1);
	assert_broken(0, "DEV-51", .gso_type = 0x80);
	assert_broken(CSUM | TSO4, "DEV-47 DEV-50", .gso_type = 4, .hdr_len = 54);
	assert_broken(CSUM | TSO4, "DEV-47 DEV-50", .gso_type = 3, .hdr_len = 54);
	assert_broken(CSUM | TSO4, "DEV-47 DEV-50", .gso_type = 2, .hdr_len = 54);
	assert_broken(CSUM | UFO, "DEV-47 DEV-50", .gso_type = 5, .hdr_len = 54);
	assert_broken(CSUM, "DEV-50 DEV-51 DEV-54", .gso_type = 0x21);
	assert_broken(CSUM, "DEV-50 DEV-51 DEV-54", .gso_type = 0x61, .flags = 0);
}

/* [DEV-47] [DEV-53] */
static void a_gso_frame_is_complete(void **state)
{
	(void)state;
	make_tcp(20000);
	put_be16(frame + FIELD, pseudo());
	assert_broken(CSUM | TSO4, "", .flags = 1, .gso_type = 1, .gso_size = 1460, .hdr_len = 54,
		      .csum_start = 34, .csum_offset = 16);
	assert_broken(CSUM | TSO4, "DEV-47", .flags = 1, .gso_type = 1, .gso_size = 0,
		      .hdr_len = 54, .csum_start = 34, .csum_offset = 16);
	assert_broken(CSUM | TSO4, "DEV-53", .flags = 1, .gso_type = 1, .gso_size = 1460,
		      .hdr_len = 53, .csum_start = 34, .csum_offset = 16);
	assert_broken(CSUM | TSO4, "DEV-47", .flags = 0, .gso_type = 1, .gso_size = 1460,
		      .hdr_len = 54);
	/* which length the pseudo-header of a GSO frame has is not said */
	put_be16(frame + FIELD, 0x1234);
	assert_broken(CSUM | TSO4, "", .flags = 1, .gso_type = 1, .gso_size = 1460, .hdr_len = 54,
		      .csum_start = 34, .csum_offset = 16);
}

/* [DEV-52] */
static void cwr_on_a_gso_frame_sets_the_ecn_bit(void **state)
{
	const struct header with = { .flags = 1,
				     .gso_type = 0x81,
				     .gso_size = 1460,
				     .hdr_len = 54,
				     .csum_start = 34,
				     .csum_offset = 16 };
	struct header without = with;

	(void)state;
	make_tcp(20000);
	frame[34 + 13] |= 0x80;
	put_be16(frame + FIELD, pseudo());
	without.gso_type = 1;
	assert_string_equal(broken(CSUM | TSO4 | ECN, with), "");
	assert_string_equal(broken(CSUM | TSO4 | ECN, without), "DEV-52");
	assert_string_equal(broken(CSUM | TSO4, without), "");
}

/* --- lengths ------------------------------------------------------------------------------- */

/* [DEV-35] [DEV-36] */
static void frames_that_are_too_long(void **state)
{
	struct judge_rules rules = { .accepted = 0, .modern = true };
	static const uint8_t header[12] = { [10] = 1 };
	struct judgement j;

	(void)state;
	make_tcp(100);
	judge(&rules, header, (struct span){ frame, 1518 }, &j);
	assert_int_equal(j.broken, 0);
	judge(&rules, header, (struct span){ frame, 1519 }, &j);
	assert_int_equal(j.broken, ROW_BIT(DEV_36));
	rules.accepted = CSUM | TSO4;
	judge(&rules, header, (struct span){ frame, 65589 }, &j);
	assert_int_equal(j.broken, 0);
	rules = (struct judge_rules){ .accepted = 0, .modern = true, .mtu = 1400 };
	judge(&rules, header, (struct span){ frame, 1418 }, &j);
	assert_int_equal(j.broken, 0);
	judge(&rules, header, (struct span){ frame, 1419 }, &j);
	assert_int_equal(j.broken, ROW_BIT(DEV_35));
}

/* --- whatever comes ------------------------------------------------------------------------ */

static void frames_of_any_length_and_content_are_read_within_their_bounds(void **state)
{
	uint32_t v = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t header[12], *copy;
		struct judge_rules rules = { .accepted = i % 2 ? CSUM | TSO4 | UFO | USO | ECN : 0,
					     .modern = i % 3 };
		struct judgement j;

		make_tcp(i % 90);
		for (unsigned k = 0; k < 4; k++) {
			v = v * 1664525 + 1013904223;
			frame[12 + (v >> 24) % 40] = (uint8_t)(v >> 16);
		}
		for (unsigned k = 0; k < 12; k++) {
			v = v * 1664525 + 1013904223;
			header[k] = (uint8_t)(v >> 24);
		}
		/* in memory of exactly that length, so that the sanitizer sees what is beyond */
		frame_len = (v >> 8) % (frame_len + 1);
		copy = malloc(frame_len);
		memcpy(copy, frame, frame_len);
		judge(&rules, header, (struct span){ copy, frame_len }, &j);
		assert_int_equal(j.broken & ~j.seen, 0);
		(void)judge_whole_len((struct span){ copy, frame_len });
		free(copy);
	}
}

/* drivers/vnet.c asks the same of a header as far as skiff negotiates. */
static void the_driver_agrees(void **state)
{
	static const struct {
		uint32_t theirs;
		enum row ours;
	} rows[] = {
		{ VNET_BIT(VNET_DEV_31), DEV_31 }, { VNET_BIT(VNET_DEV_40), DEV_40 },
		{ VNET_BIT(VNET_DEV_41), DEV_41 }, { VNET_BIT(VNET_DEV_48), DEV_48 },
		{ VNET_BIT(VNET_DEV_47), DEV_47 }, { VNET_BIT(VNET_DEV_49), DEV_49 },
		{ VNET_BIT(VNET_DEV_50), DEV_50 }, { VNET_BIT(VNET_DEV_51), DEV_51 },
		{ VNET_BIT(VNET_DEV_54), DEV_54 },
	};
	uint8_t header[12] = { 0 };

	(void)state;
	make_tcp(100);
	for (unsigned i = 0; i < 4 * 65536; i++) {
		bool csum = i >> 16 & 1;
		struct vnet_rules theirs = {
			.accepted = csum ? VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) : 0
		};
		struct judge_rules ours = { .accepted = csum ? CSUM : 0, .modern = true };
		struct frame f = { .data = { frame, frame_len }, .head = frame };
		struct judgement j;
		uint32_t found;

		header[0] = (uint8_t)i;
		header[1] = (uint8_t)(i >> 8);
		header[10] = (uint8_t)(1 + (i >> 17));
		found = vnet_police(&theirs, header, &f);
		judge(&ours, header, f.data, &j);
		for (unsigned k = 0; k < ARRAY_LEN(rows); k++) {
			if (!(found & rows[k].theirs) != !(j.broken & ROW_BIT(rows[k].ours)))
				print_error("flags 0x%02x, gso_type 0x%02x: %s\n", header[0],
					    header[1], row_texts[rows[k].ours].id);
			assert_int_equal(!(found & rows[k].theirs),
					 !(j.broken & ROW_BIT(rows[k].ours)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_header_breaks_nothing),
		cmocka_unit_test(num_buffers_is_1_without_mrg_rxbuf),
		cmocka_unit_test(flags_without_guest_csum),
		cmocka_unit_test(data_valid_is_held_to_its_word),
		cmocka_unit_test(needs_csum_is_to_be_completed),
		cmocka_unit_test(what_is_partial_says_so),
		cmocka_unit_test(a_frame_without_its_end),
		cmocka_unit_test(checksums_before_csum_start_are_valid),
		cmocka_unit_test(flags_of_other_features),
		cmocka_unit_test(gso_types_that_were_not_negotiated),
		cmocka_unit_test(a_gso_frame_is_complete),
		cmocka_unit_test(cwr_on_a_gso_frame_sets_the_ecn_bit),
		cmocka_unit_test(frames_that_are_too_long),
		cmocka_unit_test(frames_of_any_length_and_content_are_read_within_their_bounds),
		cmocka_unit_test(the_driver_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
