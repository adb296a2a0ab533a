/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/vnet.c: the checksum decision, the table of drivers/README.md row by row, for
 * csum=auto, off and trust. A policy of `off` differs from `auto` in that GUEST_CSUM is not
 * negotiated, so both are the rows "no" here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "drivers/vnet.h"

#include <cmocka.h>

enum { NEEDS = 1, VALID = 2, RSC = 4, TUNNEL_CSUM = 8 };
enum { TCPV4 = 1, UDP = 3, TCPV6 = 4, UDP_L4 = 5, TUNNEL4 = 0x20, TUNNEL6 = 0x40, ECN = 0x80 };

/* csum=auto without an offer, csum=off */
static const struct vnet_rules no = { 0 };
static const struct vnet_rules no_trust = { .trust = true }; /* csum=trust without an offer */
static const struct vnet_rules yes = { .accepted = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) };
static const struct vnet_rules yes_trust = { .accepted = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM),
					     .trust = true };
static const struct vnet_rules tso4 = {
	.accepted = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) | VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO4),
};
static const struct vnet_rules *const all[] = { &no, &no_trust, &yes, &yes_trust };

struct header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

static uint32_t police(const struct vnet_rules *rules, const struct header *h, uint32_t len,
		       struct frame *frame)
{
	uint8_t bytes[VNET_HEADER_LEN] = { h->flags, h->gso_type };

	put_le16(bytes + 2, h->hdr_len);
	put_le16(bytes + 4, h->gso_size);
	put_le16(bytes + 6, h->csum_start);
	put_le16(bytes + 8, h->csum_offset);
	put_le16(bytes + 10, h->num_buffers);
	memset(frame, 0x5a, sizeof(*frame));
	frame->data.len = len;
	return vnet_police(rules, bytes, frame);
}

/* Flags and gso_type with an ordinary rest; a frame of 100 bytes. */
static uint32_t ordinary(const struct vnet_rules *rules, unsigned flags, unsigned gso_type,
			 struct frame *frame)
{
	const struct header h = { (uint8_t)flags, (uint8_t)gso_type, 54, 0, 34, 16, 1 };

	return police(rules, &h, 100, frame);
}

#define assert_judged(rules, flags, gso_type, verdict, rows, breach_id) \
	do { \
		struct frame judged; \
		assert_int_equal(ordinary(rules, flags, gso_type, &judged), rows); \
		assert_int_equal(judged.csum, verdict); \
		assert_int_equal(judged.breach, breach_id); \
	} while (0)

/* --- GUEST_CSUM was not negotiated ------------------------------------------------------------ */

/* [NET-24] [NET-25] row "no, 0" */
static void no_flags_unnegotiated_verify(void **state)
{
	(void)state;
	assert_judged(&no, 0, 0, CSUM_CHECK, 0, 0);
	assert_judged(&no_trust, 0, 0, CSUM_CHECK, 0, 0);
}

/* [DEV-40] [NET-25] row "no, DATA_VALID" */
static void data_valid_unnegotiated_is_counted_and_verified(void **state)
{
	(void)state;
	assert_judged(&no, VALID, 0, CSUM_CHECK, VNET_BIT(VNET_DEV_40), VNET_BREACH_DATA_VALID);
}

/* [DEV-40] row "no, trust, DATA_VALID without NEEDS_CSUM" */
static void data_valid_unnegotiated_is_counted_and_believed_under_trust(void **state)
{
	(void)state;
	assert_judged(&no_trust, VALID, 0, CSUM_VOUCHED, VNET_BIT(VNET_DEV_40),
		      VNET_BREACH_DATA_VALID);
}

/* [DEV-41] [NET-25] row "no, NEEDS_CSUM": also under trust, also beside DATA_VALID */
static void needs_csum_unnegotiated_is_counted_and_verified(void **state)
{
	const uint32_t both = VNET_BIT(VNET_DEV_40) | VNET_BIT(VNET_DEV_41);

	(void)state;
	assert_judged(&no, NEEDS, 0, CSUM_CHECK, VNET_BIT(VNET_DEV_41), VNET_BREACH_NEEDS_CSUM);
	assert_judged(&no_trust, NEEDS, 0, CSUM_CHECK, VNET_BIT(VNET_DEV_41),
		      VNET_BREACH_NEEDS_CSUM);
	assert_judged(&no, NEEDS | VALID, 0, CSUM_CHECK, both, VNET_BREACH_NEEDS_CSUM);
	assert_judged(&no_trust, NEEDS | VALID, 0, CSUM_CHECK, both, VNET_BREACH_NEEDS_CSUM);
}

/* [NET-23]: csum_start and csum_offset are not looked at, however wild. */
static void csum_fields_mean_nothing_without_a_negotiated_needs_csum(void **state)
{
	static const struct header wild[] = {
		{ NEEDS, 0, 0xffff, 0xffff, 0xfffe, 4, 1 },
		{ VALID, 0, 0, 0, 0xffff, 0xffff, 1 },
		{ 0, 0, 0, 0, 34, 6, 1 },
	};
	struct frame frame;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(wild); i++) {
		(void)police(&no, &wild[i], 100, &frame);
		assert_int_equal(frame.csum, CSUM_CHECK);
		assert_int_equal(frame.csum_start | frame.csum_offset, 0);
	}
}

/* --- GUEST_CSUM was negotiated ---------------------------------------------------------------- */

/* [NET-24] row "yes, 0" */
static void no_flags_negotiated_verify(void **state)
{
	(void)state;
	assert_judged(&yes, 0, 0, CSUM_CHECK, 0, 0);
	assert_judged(&yes_trust, 0, 0, CSUM_CHECK, 0, 0);
}

/* row "yes, DATA_VALID" */
static void data_valid_negotiated_vouches(void **state)
{
	(void)state;
	assert_judged(&yes, VALID, 0, CSUM_VOUCHED, 0, 0);
	assert_judged(&yes_trust, VALID, 0, CSUM_VOUCHED, 0, 0);
}

/* row "yes, NEEDS_CSUM" and row "yes, both" */
static void needs_csum_negotiated_names_the_field(void **state)
{
	struct frame frame;

	(void)state;
	for (unsigned flags = NEEDS; flags <= (NEEDS | VALID); flags += VALID) {
		assert_int_equal(ordinary(&yes, flags, 0, &frame), 0);
		assert_int_equal(frame.csum, CSUM_PARTIAL);
		assert_int_equal(frame.csum_start, 34);
		assert_int_equal(frame.csum_offset, 16);
		/* if the field turns out not to be the frame's own */
		assert_int_equal(frame.breach, VNET_BREACH_FIELD);
	}
}

/* [NET-32] [DEV-45]: in 32 bits, against the frame. */
static void a_field_outside_the_frame_is_dropped(void **state)
{
	static const struct {
		uint16_t start, offset;
		uint32_t len;
		bool bad;
	} cases[] = {
		{ 34, 16, 52, false },
		{ 34, 16, 51, true },
		{ 0, 0, 2, false },
		{ 0, 0, 1, true },
		{ 0, 0, 0, true },
		{ 0xfffe, 4, 100, true },
		{ 0xffff, 0xffff, 65549, true },
		{ 0x8000, 0x8000, 65535, true },
		{ 0, 0xffff, 65537, false },
		{ 0xffff, 0, 65537, false },
	};
	struct frame frame;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct header h = { NEEDS, 0, 0, 0, cases[i].start, cases[i].offset, 1 };
		uint32_t rows = police(&yes, &h, cases[i].len, &frame);

		assert_int_equal(rows, cases[i].bad ? VNET_BIT(VNET_DEV_45) : 0);
		assert_int_equal(frame.csum, cases[i].bad ? CSUM_BAD : CSUM_PARTIAL);
		assert_int_equal(frame.breach, VNET_BREACH_FIELD);
	}
}

/* --- any state ------------------------------------------------------------------------------ */

/* [DEV-50] [DEV-51] row "any, gso_type": no vouching survives it, trust or not. */
static void a_gso_type_is_counted_and_the_frame_verified(void **state)
{
	static const uint8_t types[] = { TCPV4, UDP, TCPV6, UDP_L4, TCPV4 | ECN, 0x1f };

	(void)state;
	for (unsigned r = 0; r < ARRAY_LEN(all); r++) {
		for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
			for (unsigned flags = 0; flags < 4; flags++) {
				struct frame frame;
				uint32_t rows = ordinary(all[r], flags, types[i], &frame);

				assert_int_equal(frame.csum, CSUM_CHECK);
				assert_int_equal(
					rows & (VNET_BIT(VNET_DEV_50) | VNET_BIT(VNET_DEV_51)),
					VNET_BIT(VNET_DEV_50) | VNET_BIT(VNET_DEV_51));
				assert_true(frame.breach != 0);
			}
		}
	}
}

/* [DEV-51]: the ECN bit alone is no type, but it is not 0 either. */
static void the_ecn_bit_alone_is_counted_and_verified(void **state)
{
	(void)state;
	assert_judged(&yes, VALID, ECN, CSUM_CHECK, VNET_BIT(VNET_DEV_51), VNET_BREACH_GSO);
	assert_judged(&yes, 0, ECN, CSUM_CHECK, VNET_BIT(VNET_DEV_51), VNET_BREACH_GSO);
}

/*
 * [NET-27] [DEV-54] row "any, a mix that NET-27 forbids": all 65,536 of them, by the words of the
 * specification.
 */
static void forbidden_mixes_are_dropped_and_nothing_else_is(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 0x10000; v++) {
		unsigned flags = v & 0xff, gso_type = v >> 8, base = gso_type & 0x1f;
		bool v4 = gso_type & TUNNEL4, v6 = gso_type & TUNNEL6;
		bool mix = (v4 && v6) ||
			   ((v4 || v6) && (!(flags & NEEDS) || flags & VALID || base == 0)) ||
			   (flags & TUNNEL_CSUM && flags & NEEDS && !v4 && !v6);

		for (unsigned r = 0; r < ARRAY_LEN(all); r++) {
			struct frame frame;
			uint32_t rows = ordinary(all[r], flags, gso_type, &frame);

			assert_int_equal(frame.csum == CSUM_BAD, mix);
			assert_int_equal(frame.breach == VNET_BREACH_MIX, mix);
			assert_int_equal((rows & VNET_BIT(VNET_DEV_54)) != 0, mix);
		}
	}
}

/* [DEV-48] row "yes, +RSC_INFO": the csum fields are no offsets then. */
static void rsc_info_is_counted_and_verified(void **state)
{
	const uint32_t rsc = VNET_BIT(VNET_DEV_48), dev_40 = VNET_BIT(VNET_DEV_40);

	(void)state;
	assert_judged(&yes, RSC, 0, CSUM_CHECK, rsc, VNET_BREACH_RSC_INFO);
	assert_judged(&yes, RSC | NEEDS, 0, CSUM_CHECK, rsc, VNET_BREACH_RSC_INFO);
	assert_judged(&yes, RSC | VALID, 0, CSUM_CHECK, rsc, VNET_BREACH_RSC_INFO);
	assert_judged(&yes_trust, RSC | VALID, 0, CSUM_CHECK, rsc, VNET_BREACH_RSC_INFO);
	assert_judged(&no_trust, RSC | VALID, 0, CSUM_CHECK, rsc | dev_40, VNET_BREACH_RSC_INFO);
}

/* [DEV-50]: a feature that was accepted covers its own gso_type, and no other. */
static void each_gso_type_needs_its_own_feature(void **state)
{
	static const struct {
		enum virtio_feature feature;
		uint8_t gso_type;
	} cases[] = {
		{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_HDR_GSO_TCPV4 },
		{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_HDR_GSO_TCPV6 },
		{ VIRTIO_NET_F_GUEST_UFO, VIRTIO_NET_HDR_GSO_UDP },
		{ VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_HDR_GSO_UDP_L4 },
		{ VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_HDR_GSO_UDP_L4 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct vnet_rules rules = {
			.accepted = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM) |
				    VIRTIO_BIT(cases[i].feature),
		};

		for (uint8_t type = 1; type < 8; type++) {
			bool accepted = type == cases[i].gso_type;

			assert_judged(&rules, VALID, type, accepted ? CSUM_VOUCHED : CSUM_CHECK,
				      VNET_BIT(accepted ? VNET_DEV_47 : VNET_DEV_50),
				      accepted ? VNET_BREACH_SEGMENTS : VNET_BREACH_GSO);
		}
	}
}

/*
 * [DEV-47] [NET-24]: flags decide, as without a type; what the frame should have said beside it is
 * counted. [DEV-51]: where a type is allowed, so is the ECN bit.
 */
static void a_negotiated_gso_type_needs_needs_csum_and_a_size(void **state)
{
	static const struct {
		uint8_t flags, gso_type;
		uint16_t gso_size;
		enum csum_verdict verdict;
		bool broken;
	} cases[] = {
		{ NEEDS, TCPV4, 1460, CSUM_PARTIAL, false },
		{ NEEDS | VALID, TCPV4, 1, CSUM_PARTIAL, false },
		{ NEEDS, TCPV4 | ECN, 1460, CSUM_PARTIAL, false },
		{ NEEDS, TCPV4, 0, CSUM_PARTIAL, true },
		{ VALID, TCPV4, 1460, CSUM_VOUCHED, true },
		{ 0, TCPV4, 1460, CSUM_CHECK, true },
		{ 0, ECN, 0, CSUM_CHECK, false },
	};
	struct frame frame;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct header h = {
			cases[i].flags, cases[i].gso_type, 54, cases[i].gso_size, 34, 16, 1
		};
		uint32_t rows = police(&tso4, &h, 20000, &frame);

		assert_int_equal(rows, cases[i].broken ? VNET_BIT(VNET_DEV_47) : 0);
		assert_int_equal(frame.csum, cases[i].verdict);
		if (cases[i].verdict != CSUM_PARTIAL)
			assert_int_equal(frame.breach, cases[i].broken ? VNET_BREACH_SEGMENTS : 0);
	}
}

/* [DEV-49] */
static void flags_of_other_features_are_counted_and_change_nothing(void **state)
{
	static const uint8_t flags[] = { TUNNEL_CSUM, 0x10, 0x20, 0x40 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(flags); i++) {
		assert_judged(&yes, flags[i], 0, CSUM_CHECK, VNET_BIT(VNET_DEV_49),
			      VNET_BREACH_FLAG);
		assert_judged(&yes, flags[i] | VALID, 0, CSUM_VOUCHED, VNET_BIT(VNET_DEV_49),
			      VNET_BREACH_FLAG);
		assert_judged(&no, flags[i], 0, CSUM_CHECK,
			      VNET_BIT(VNET_DEV_49) | VNET_BIT(VNET_DEV_40), VNET_BREACH_FLAG);
	}
}

/*
 * [NET-22]: a bit that no specification knows is ignored; without GUEST_CSUM it is counted all the
 * same [DEV-40].
 */
static void an_unknown_flag_is_ignored(void **state)
{
	(void)state;
	assert_judged(&yes, 0x80, 0, CSUM_CHECK, 0, 0);
	assert_judged(&yes, 0x80 | VALID, 0, CSUM_VOUCHED, 0, 0);
	assert_judged(&yes, 0x80 | NEEDS, 0, CSUM_PARTIAL, 0, VNET_BREACH_FIELD);
	assert_judged(&no, 0x80, 0, CSUM_CHECK, VNET_BIT(VNET_DEV_40), VNET_BREACH_FLAG);
}

/* [NET-26] [NET-28]: junk where no flag claims it. */
static void hdr_len_and_gso_size_mean_nothing_without_a_type(void **state)
{
	static const uint16_t junk[] = { 0, 1, 0xffff };
	struct frame frame;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(junk); i++) {
		for (unsigned j = 0; j < ARRAY_LEN(junk); j++) {
			const struct header plain = { 0, 0, junk[i], junk[j], 0xffff, 0xffff, 1 };
			const struct header partial = { NEEDS, 0, junk[i], junk[j], 34, 16, 1 };

			assert_int_equal(police(&yes, &plain, 100, &frame), 0);
			assert_int_equal(frame.csum, CSUM_CHECK);
			assert_int_equal(police(&yes, &partial, 100, &frame), 0);
			assert_int_equal(frame.csum, CSUM_PARTIAL);
		}
	}
}

/* [DEV-31] [NET-31] */
static void num_buffers_is_counted_and_changes_nothing(void **state)
{
	static const uint16_t junk[] = { 0, 2, 0x100, 0xffff };
	struct frame frame;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(junk); i++) {
		const struct header h = { VALID, 0, 0, 0, 0, 0, junk[i] };

		assert_int_equal(police(&yes, &h, 100, &frame), VNET_BIT(VNET_DEV_31));
		assert_int_equal(frame.csum, CSUM_VOUCHED);
		assert_int_equal(frame.breach, 0);
	}
}

/* [NET-L1]: a legacy header ends before num_buffers. */
static void a_legacy_header_has_no_num_buffers(void **state)
{
	const struct vnet_rules legacy = { .accepted = VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM),
					   .legacy = true };
	const struct header h = { VALID, 0, 0, 0, 0, 0, 0x5a5a };
	struct frame frame;

	(void)state;
	assert_int_equal(police(&legacy, &h, 100, &frame), 0);
	assert_int_equal(frame.csum, CSUM_VOUCHED);
}

/* [DEV-35] */
static void a_frame_above_the_mtu_is_counted(void **state)
{
	const struct vnet_rules mtu = { .frame_max = 1418 };
	const struct header h = { .num_buffers = 1 };
	struct frame frame;

	(void)state;
	assert_int_equal(police(&mtu, &h, 1418, &frame), 0);
	assert_int_equal(police(&mtu, &h, 1419, &frame), VNET_BIT(VNET_DEV_35));
	assert_int_equal(frame.csum, CSUM_CHECK);
	assert_int_equal(police(&no, &h, 65549, &frame), 0);
}

/* [DEV-35]: "with gso_type NONE or ECN"; a frame of several segments may be longer. */
static void a_frame_of_several_segments_may_be_longer_than_the_mtu(void **state)
{
	const struct vnet_rules rules = { .accepted = tso4.accepted, .frame_max = 1518 };
	struct header h = { NEEDS, TCPV4, 54, 1460, 34, 16, 1 };
	struct frame frame;

	(void)state;
	assert_int_equal(police(&rules, &h, 65000, &frame), 0);
	h.gso_type = ECN;
	assert_int_equal(police(&rules, &h, 1519, &frame), VNET_BIT(VNET_DEV_35));
}

/* "A flag must never vouch for bytes it does not name": of all 65,536, under every rule. */
static void nothing_is_vouched_for_but_by_data_valid_alone(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 0x10000; v++) {
		unsigned flags = v & 0xff, gso_type = v >> 8;

		for (unsigned r = 0; r < ARRAY_LEN(all); r++) {
			bool may_vouch = (all[r]->accepted || all[r]->trust) && flags & VALID &&
					 !(flags & (NEEDS | RSC)) && gso_type == 0;
			bool may_leave = all[r]->accepted && flags & NEEDS && !(flags & RSC) &&
					 gso_type == 0 && !(flags & TUNNEL_CSUM);
			struct frame frame;

			(void)ordinary(all[r], flags, gso_type, &frame);
			assert_int_equal(frame.csum == CSUM_VOUCHED, may_vouch);
			assert_int_equal(frame.csum == CSUM_PARTIAL, may_leave);
		}
	}
}

/* --- words ---------------------------------------------------------------------------------- */

/* Each continues "N segments had checksum 0", and ends its sentence. */
static void every_breach_has_words(void **state)
{
	(void)state;
	for (unsigned breach = 1; breach < VNET_BREACHES; breach++) {
		char buf[300];
		struct text t;

		text_init(&t, buf, sizeof(buf));
		vnet_breach_text(&no, (uint8_t)breach, &t);
		assert_false(t.cut);
		assert_int_equal(strncmp(buf, " marked ", 8), 0);
		assert_int_equal(buf[t.len - 1], '.');
		assert_non_null(strstr(buf, "(VIRTIO 1.4, 5.1.9.4."));
	}
}

static void the_advice_fits_the_offer(void **state)
{
	static const struct vnet_rules declined = { .offered = VIRTIO_BIT(
							    VIRTIO_NET_F_GUEST_CSUM) };
	static const struct {
		const struct vnet_rules *rules;
		uint8_t breach;
		const char *advice;
	} cases[] = {
		{ &no, VNET_BREACH_DATA_VALID, "csum=trust" },
		{ &declined, VNET_BREACH_DATA_VALID, "csum=auto" },
		{ &declined, VNET_BREACH_NEEDS_CSUM, "csum=auto" },
		{ &no, VNET_BREACH_NEEDS_CSUM, "back end" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char buf[300];
		struct text t;

		text_init(&t, buf, sizeof(buf));
		vnet_breach_text(cases[i].rules, cases[i].breach, &t);
		assert_non_null(strstr(buf, cases[i].advice));
	}
}

static void no_breach_has_no_words(void **state)
{
	char buf[300];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	vnet_breach_text(&no, 0, &t);
	vnet_breach_text(&no, 255, &t);
	assert_string_equal(buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_flags_unnegotiated_verify),
		cmocka_unit_test(data_valid_unnegotiated_is_counted_and_verified),
		cmocka_unit_test(data_valid_unnegotiated_is_counted_and_believed_under_trust),
		cmocka_unit_test(needs_csum_unnegotiated_is_counted_and_verified),
		cmocka_unit_test(csum_fields_mean_nothing_without_a_negotiated_needs_csum),
		cmocka_unit_test(no_flags_negotiated_verify),
		cmocka_unit_test(data_valid_negotiated_vouches),
		cmocka_unit_test(needs_csum_negotiated_names_the_field),
		cmocka_unit_test(a_field_outside_the_frame_is_dropped),
		cmocka_unit_test(a_gso_type_is_counted_and_the_frame_verified),
		cmocka_unit_test(each_gso_type_needs_its_own_feature),
		cmocka_unit_test(a_negotiated_gso_type_needs_needs_csum_and_a_size),
		cmocka_unit_test(the_ecn_bit_alone_is_counted_and_verified),
		cmocka_unit_test(forbidden_mixes_are_dropped_and_nothing_else_is),
		cmocka_unit_test(rsc_info_is_counted_and_verified),
		cmocka_unit_test(flags_of_other_features_are_counted_and_change_nothing),
		cmocka_unit_test(an_unknown_flag_is_ignored),
		cmocka_unit_test(hdr_len_and_gso_size_mean_nothing_without_a_type),
		cmocka_unit_test(num_buffers_is_counted_and_changes_nothing),
		cmocka_unit_test(a_legacy_header_has_no_num_buffers),
		cmocka_unit_test(a_frame_above_the_mtu_is_counted),
		cmocka_unit_test(a_frame_of_several_segments_may_be_longer_than_the_mtu),
		cmocka_unit_test(nothing_is_vouched_for_but_by_data_valid_alone),
		cmocka_unit_test(every_breach_has_words),
		cmocka_unit_test(the_advice_fits_the_offer),
		cmocka_unit_test(no_breach_has_no_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
