/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff-conform over a model device that lies about frames and buffers: exactly the rows that
 * follow are found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/wire.h"
#include "tests/conform/features.h"
#include "tests/model/neighbour.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */
#undef fail

/* How a frame comes to the guest. */
static struct lie {
	uint8_t flags, gso_type;
	uint32_t num_buffers; /* NUMBER(n); 0: what is right */
	int32_t len, id;      /* added to what is right */
	uint16_t jump;        /* added to the used index */
	bool twice, late;     /* late: the last buffer of a frame a little after the others */
	uint32_t unwritten;   /* bytes at the end of a frame */
	uint32_t cut;         /* what is longer than that loses the rest; 0: nothing does */
	uint32_t underfill;   /* MRG_RXBUF: bytes that each buffer but the last lacks */
	uint16_t used_flags;
} lie;
static struct neighbour *who;

#define NUMBER(n) ((n) + 1u)

static const uint8_t *make_header(uint32_t right)
{
	static uint8_t header[12];

	header[0] = lie.flags;
	header[1] = lie.gso_type;
	put_le16(header + 10, (uint16_t)(lie.num_buffers ? lie.num_buffers - 1 : right));
	return header;
}

static uint32_t room(const struct device_chain *chain)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < chain->count; i++)
		sum += chain->piece[i].len;
	return sum;
}

static struct neighbour *liar(struct lie how)
{
	who = neighbour_new();
	lie = how;
	return who;
}

/* In one buffer. */
static void deliver(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	struct device *d = &n->device;
	struct device_chain chain;
	uint32_t header_len = device_header_len(d);

	if (!device_pop(d, 0, &chain) || header_len + len > room(&chain))
		return;
	device_fill(d, &chain, 0, make_header(1), header_len);
	device_fill(d, &chain, header_len, frame, len - lie.unwritten);
	for (unsigned i = 0; i < 1u + lie.twice; i++)
		device_use(d, 0, (uint32_t)(chain.head + lie.id),
			   (uint32_t)((int32_t)(header_len + len) + lie.len));
	device_used_flags(d, 0, lie.used_flags);
	device_show_idx(d, 0, (uint16_t)(d->queue[0].used_idx + lie.jump));
}

/* In as many as it takes. A buffer that is late is shown when the next millisecond begins. */
static bool held;

static void show_late(struct neighbour *n)
{
	if (held && n->device.status)
		device_show(&n->device, 0);
	held = false;
}

static void deliver_merged(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	struct device *d = &n->device;
	uint32_t todo = 12 + len, off = 0, used = 0, underfill = lie.underfill;
	struct device_chain chain[64];
	uint8_t bytes[4096];

	if (lie.cut && len > lie.cut) {
		len = lie.cut;
		todo = 12 + len;
	}
	memcpy(bytes + 12, frame, len);
	/* Of a short frame nobody could say whether its pad is missing. */
	if (len <= 60)
		underfill = 0;
	for (uint32_t left = todo, take; left && used < ARRAY_LEN(chain); used++, left -= take) {
		if (!device_pop(d, 0, &chain[used]))
			return;
		take = room(&chain[used]) - underfill < left ? room(&chain[used]) - underfill :
							       left;
	}
	memcpy(bytes, make_header(used), 12);
	for (uint32_t i = 0; i < used; i++) {
		uint32_t take = room(&chain[i]) - underfill;

		if (take > todo - off)
			take = todo - off;
		if (lie.late && i + 1 == used && used > 1)
			device_show(d, 0);
		device_fill(d, &chain[i], 0, bytes + off, take);
		device_use(d, 0, chain[i].head, take);
		off += take;
	}
	held = lie.late && used > 1;
	if (!held)
		device_show(d, 0);
}

static void assert_finds_with(struct neighbour *n, const char *only, const char *rows)
{
	static const char *keys[3];

	keys[0] = "only";
	keys[1] = only;
	keys[2] = NULL;
	n->keys = keys;
	if (!n->deliver)
		n->deliver = deliver;
	neighbour_run(n);
	if (strcmp(neighbour_broken(n), rows) != 0)
		print_message("%s", hosted_output());
	assert_string_equal(neighbour_broken(n), rows);
}

#define assert_lie(only, rows, ...) assert_finds_with(liar((struct lie){ __VA_ARGS__ }), only, rows)

/* --- one buffer ---------------------------------------------------------------------------- */

static void the_truth(void **state)
{
	(void)state;
	assert_lie("minimal", "", .jump = 0);
	assert_true(who->conform.frames > 5);
}

/* [DEV-31] [DEV-40] [DEV-48] [DEV-49] [DEV-51] */
static void headers(void **state)
{
	(void)state;
	assert_lie("minimal", "DEV-40 ", .flags = 2);
	assert_lie("minimal", "DEV-40 DEV-48 ", .flags = 4);
	assert_lie("minimal", "DEV-40 DEV-49 ", .flags = 8);
	assert_lie("minimal", "DEV-51 ", .gso_type = 0x80);
	assert_lie("minimal", "DEV-31 ", .num_buffers = NUMBER(0));
	assert_lie("minimal", "DEV-31 ", .num_buffers = NUMBER(256));
}

/* [DEV-20] [DEV-21] [DEV-23] [DEV-26] [DEV-30] */
static void used_rings(void **state)
{
	(void)state;
	assert_lie("minimal", "DEV-20 ", .id = 1);
	assert_lie("minimal", "DEV-20 ", .id = 100000);
	assert_lie("minimal", "DEV-20 ", .twice = true);
	assert_lie("queue-smallest", "DEV-21 ", .twice = true);
	assert_lie("minimal", "DEV-21 ", .jump = 300);
	assert_lie("minimal", "DEV-21 ", .jump = UINT16_MAX - 1);
	assert_lie("minimal", "DEV-23 ", .len = 2000);
	assert_lie("minimal", "DEV-30 ", .len = -70);
	assert_lie("minimal", "DEV-26 ", .used_flags = 2);
}

/* [DEV-22] */
static void bytes_that_were_not_written(void **state)
{
	(void)state;
	assert_lie("minimal one-descriptor", "DEV-22 ", .unwritten = 16);
}

/* Takes nothing by itself; once a frame is there, changes it and gives it back. */
static void change_and_use(struct neighbour *n)
{
	struct device_chain chain;
	uint8_t *bytes;

	if (!(n->device.status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	while (device_pop(&n->device, 1, &chain)) {
		bytes = hosted_dma(chain.piece[1].addr, chain.piece[1].len);
		bytes[20] ^= 1;
		device_use(&n->device, 1, chain.head, 0);
		device_show(&n->device, 1);
	}
}

/* TCP has the sum of the pseudo-header for a checksum; behind each packet lie 16 bytes more. */
static void deliver_partial(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	uint8_t copy[2048] = { 0 };
	struct judge_csum c;

	memcpy(copy, frame, len);
	judge_find_csum(&c, (struct span){ copy, len });
	if (c.l4_off && c.proto == 6)
		put_be16(copy + c.l4_off + 16, c.pseudo);
	deliver(n, copy, len + 16);
}

/* [DEV-22] [DEV-42]: 1 frame of 65,536 has that by chance, and is wrong by what is missing. */
static void checksums_of_frames_with_holes(void **state)
{
	struct neighbour *n = liar((struct lie){ .unwritten = 0 });

	(void)state;
	n->deliver = deliver_partial;
	assert_finds_with(n, "minimal", "DEV-42 ");
	n = liar((struct lie){ .unwritten = 16 });
	n->deliver = deliver_partial;
	assert_finds_with(n, "minimal", "DEV-22 ");
}

/* [DEV-25] */
static void transmitted_frames_that_are_changed(void **state)
{
	struct neighbour *n = liar((struct lie){ .jump = 0 });

	(void)state;
	n->device.queue[1].hold = true;
	n->on_idle = change_and_use;
	assert_finds_with(n, "minimal", "DEV-25 ");
	/* ARP: of the Ethernet type, and of the protocol's. */
	assert_true(neighbour_tells(n, "a transmitted frame was changed: from byte 20 on it was 00 "
				       "01 "));
	assert_true(neighbour_tells(n, " and is 01 01 "));
}

/* --- MRG_RXBUF ----------------------------------------------------------------------------- */

static void assert_merged(struct lie how, const char *rows)
{
	struct neighbour *n = liar(how);

	device_offer(&n->device, VIRTIO_NET_F_MRG_RXBUF);
	n->deliver = deliver_merged;
	n->on_idle = show_late;
	held = false;
	assert_finds_with(n, "mrg-64", rows);
	assert_true(n->conform.frames > 5);
}

static void merged_buffers(void **state)
{
	struct lie how = { .jump = 0 };

	(void)state;
	assert_merged(how, "");
}

/* [DEV-32]: whatever it says, the frames are told apart again. */
static void a_number_of_buffers_that_is_wrong(void **state)
{
	static const uint16_t numbers[] = { 0, 40, 256, 65535 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++) {
		struct lie how = { .num_buffers = NUMBER(numbers[i]) };

		assert_merged(how, "DEV-32 ");
	}
}

/* Each frame comes twice, so that there is one behind it. */
static void deliver_merged_twice(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	deliver_merged(n, frame, len);
	deliver_merged(n, frame, len);
}

/* [DEV-55]: the next frame is not taken for what is missing, which would be DEV-32. */
static void frames_of_one_full_buffer(void **state)
{
	struct neighbour *n = liar((struct lie){ .cut = 64 - 12 });

	(void)state;
	device_offer(&n->device, VIRTIO_NET_F_MRG_RXBUF);
	n->deliver = deliver_merged_twice;
	assert_finds_with(n, "mrg-64", "DEV-55 ");
	assert_null(strstr(hosted_output(), "in 2 buffers"));
	assert_non_null(strstr(hosted_output(), "the frame has 52 bytes, its headers want"));
}

/*
 * The frame behind comes at the worst moment: just after somebody has looked whether there is one.
 * The linker puts this in ring_peek()'s place.
 */
static struct {
	const uint8_t *frame;
	uint32_t len;
} behind;
const struct ring_slot *__real_ring_peek(struct ring *r);
const struct ring_slot *__wrap_ring_peek(struct ring *r);

const struct ring_slot *__wrap_ring_peek(struct ring *r)
{
	const struct ring_slot *slot = __real_ring_peek(r);
	const uint8_t *frame = behind.frame;

	behind.frame = NULL;
	if (!slot && frame)
		deliver_merged(who, frame, behind.len);
	return slot;
}

static void deliver_merged_with_one_behind(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	static uint8_t copy[4096];

	deliver_merged(n, frame, len);
	behind.frame = memcpy(copy, frame, len);
	behind.len = len;
}

/* [DEV-55]: nor is the one that is not there yet. */
static void a_frame_that_comes_while_somebody_looks(void **state)
{
	struct neighbour *n = liar((struct lie){ .cut = 64 - 12 });

	(void)state;
	device_offer(&n->device, VIRTIO_NET_F_MRG_RXBUF);
	n->deliver = deliver_merged_with_one_behind;
	assert_finds_with(n, "mrg-64", "DEV-55 ");
	assert_null(strstr(hosted_output(), "in 2 buffers"));
}

/* [DEV-33] */
static void a_buffer_that_is_not_filled(void **state)
{
	struct lie how = { .underfill = 8 };

	(void)state;
	assert_merged(how, "DEV-33 ");
}

/* [DEV-34] */
static void a_buffer_that_comes_later(void **state)
{
	struct lie how = { .late = true };

	(void)state;
	assert_merged(how, "DEV-34 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_truth),
		cmocka_unit_test(headers),
		cmocka_unit_test(used_rings),
		cmocka_unit_test(bytes_that_were_not_written),
		cmocka_unit_test(checksums_of_frames_with_holes),
		cmocka_unit_test(transmitted_frames_that_are_changed),
		cmocka_unit_test(merged_buffers),
		cmocka_unit_test(a_number_of_buffers_that_is_wrong),
		cmocka_unit_test(frames_of_one_full_buffer),
		cmocka_unit_test(a_frame_that_comes_while_somebody_looks),
		cmocka_unit_test(a_buffer_that_is_not_filled),
		cmocka_unit_test(a_buffer_that_comes_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
