/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watching ring. The used ring is the device's; descriptors, the avail ring and readable
 * buffers are ours, and are compared with what they were. Little-endian machines only, as this
 * program's are. Called by station*.c.
 */
#include "tests/conform/ring_impl.h"

#include "core/assert.h"
#include "core/err.h"
#include "core/mem.h"
#include "drivers/virtio.h"

#define USED_ALIGN 4096

_Static_assert(!VIRTIO_BIG_ENDIAN, "rings are read and written as they are");

/*
 * 2.7, 2.7.2: descriptor table, avail ring with used_event, used ring with avail_event on the next
 * page.
 */
static bool split_init(struct ring *r, const struct ring_shape *shape, struct arena *arena)
{
	uint32_t avail_off = shape->size * (uint32_t)sizeof(struct virtq_desc);
	uint32_t used_off = (avail_off + 6 + 2u * shape->size + USED_ALIGN - 1) &
			    ~(USED_ALIGN - 1u);
	uint32_t len = used_off + 6 + 8u * shape->size;
	uint8_t *memory = arena_take(arena, len, ARENA_PAGE);

	if (!memory)
		return false;
	memset(memory, 0, len);
	r->desc = (volatile struct virtq_desc *)(void *)memory;
	r->avail = (volatile struct virtq_avail *)(void *)(memory + avail_off);
	r->used = (volatile struct virtq_used *)(void *)(memory + used_off);
	r->avail_event = (const volatile uint16_t *)(void *)(memory + used_off + 4 +
							     8u * shape->size);
	r->place.size = shape->size;
	r->place.desc_dev = arena_dev(arena, memory);
	r->place.avail_dev = r->place.desc_dev + avail_off;
	r->place.used_dev = r->place.desc_dev + used_off;
	/* 2.7.7.1: with EVENT_IDX flags is 0, and used_event far away keeps the device silent. */
	r->avail->flags = shape->event_idx ? 0 : VRING_AVAIL_F_NO_INTERRUPT;
	return true;
}

bool ring_init(struct ring *r, const struct ring_shape *shape, struct arena *arena,
	       struct ledger *ledger)
{
	memset(r, 0, sizeof(*r));
	r->shape = *shape;
	r->arena = arena;
	r->ledger = ledger;
	assert(shape->slots * ring_per_slot(r) <= shape->size && shape->slots <= RING_SLOTS_MAX);
	return shape->packed ? packed_init(r) : split_init(r, shape, arena);
}

/* Descriptor i of n that begin at `first` in a table, as it was written and has to stay. */
static struct virtq_desc describe(const struct ring *r, const struct ring_slot *s, unsigned i,
				  unsigned first)
{
	unsigned flags = (r->shape.receives ? VRING_DESC_F_WRITE : 0u) |
			 (i + 1u < s->pieces ? VRING_DESC_F_NEXT : 0u);

	return (struct virtq_desc){
		.addr = arena_dev(r->arena, s->piece[i].at),
		.len = s->piece[i].len,
		.flags = (uint16_t)flags,
		.next = flags & VRING_DESC_F_NEXT ? (uint16_t)(first + i + 1) : 0,
	};
}

/* The one descriptor that stands in the ring for a table (2.7.5.3). */
static struct virtq_desc describe_table(const struct ring *r, const struct ring_slot *s)
{
	return (struct virtq_desc){
		.addr = arena_dev(r->arena, (const uint8_t *)s->table),
		.len = s->pieces * (uint32_t)sizeof(struct virtq_desc),
		.flags = VRING_DESC_F_INDIRECT,
	};
}

static void store(volatile struct virtq_desc *to, struct virtq_desc d)
{
	to->addr = d.addr;
	to->len = d.len;
	to->flags = d.flags;
	to->next = d.next;
}

static bool same(const volatile struct virtq_desc *at, struct virtq_desc d)
{
	return at->addr == d.addr && at->len == d.len && at->flags == d.flags && at->next == d.next;
}

static void store_slot(struct ring *r, unsigned slot)
{
	struct ring_slot *s = &r->slot[slot];
	unsigned first = slot * ring_per_slot(r);

	s->room = 0;
	for (unsigned i = 0; i < s->pieces; i++)
		s->room += s->piece[i].len;
	if (r->shape.packed) {
		packed_bind_table(r, slot);
		return;
	}
	for (unsigned i = 0; i < s->pieces; i++) {
		store(s->table ? &s->table[i] : &r->desc[first + i],
		      describe(r, s, i, s->table ? 0 : first));
	}
	if (s->table)
		store(&r->desc[first], describe_table(r, s));
}

/* A descriptor is as it was; otherwise both are shown [DEV-25]. */
static bool check_desc(struct ring *r, unsigned slot, const volatile struct virtq_desc *at,
		       struct virtq_desc was)
{
	struct virtq_desc is = { at->addr, at->len, at->flags, at->next };

	if (same(at, was))
		return true;
	ledger_broken(r->ledger, DEV_25,
		      "a descriptor of buffer %u of the %s queue was addr 0x%llx len %u flags %u "
		      "next %u and is addr 0x%llx len %u flags %u next %u",
		      slot, ring_name(r), (unsigned long long)was.addr, (unsigned)was.len,
		      was.flags, was.next, (unsigned long long)is.addr, (unsigned)is.len, is.flags,
		      is.next);
	return false;
}

static bool check_descs(struct ring *r, unsigned slot)
{
	const struct ring_slot *s = &r->slot[slot];
	unsigned first = slot * ring_per_slot(r);
	bool good = true;

	for (unsigned i = 0; i < s->pieces; i++)
		good &= check_desc(r, slot, s->table ? &s->table[i] : &r->desc[first + i],
				   describe(r, s, i, s->table ? 0 : first));
	return s->table ? good & check_desc(r, slot, &r->desc[first], describe_table(r, s)) : good;
}

bool ring_bind(struct ring *r, unsigned slot, const struct ring_piece *pieces)
{
	struct ring_slot *s = &r->slot[slot];

	assert(slot < r->shape.slots && !s->in_flight);
	s->pieces = r->shape.pieces;
	for (unsigned i = 0; i < s->pieces; i++)
		s->piece[i] = pieces[i];
	if (r->shape.indirect && !s->table) {
		uint8_t *at = arena_take(r->arena, s->pieces * (uint32_t)sizeof(struct virtq_desc),
					 16);

		if (!at)
			return false;
		s->table = (struct virtq_desc *)(void *)at;
	}
	store_slot(r, slot);
	return true;
}

void ring_set_len(struct ring *r, unsigned slot, uint32_t len)
{
	struct ring_slot *s = &r->slot[slot];

	assert(slot < r->shape.slots && !s->in_flight && len > 0);
	s->piece[s->pieces - 1].len = len;
	store_slot(r, slot);
}

void ring_post(struct ring *r, unsigned slot)
{
	assert(slot < r->shape.slots && !r->slot[slot].in_flight);
	r->slot[slot].in_flight = true;
	r->slot[slot].posted_idx = r->avail_idx;
	r->book[r->avail_idx % RING_SLOTS_MAX] = (uint16_t)slot;
	if (r->shape.packed)
		packed_post(r, slot);
	else
		r->avail->ring[r->avail_idx & (r->shape.size - 1)] = (uint16_t)(slot *
										ring_per_slot(r));
	r->avail_idx++;
}

/* 2.7.10.1: without EVENT_IDX by flags; with it if avail_event is among what was just published. */
bool ring_publish(struct ring *r)
{
	uint16_t old = r->published_idx, avail_event;

	if (r->shape.packed)
		return packed_publish(r);
	if (r->published_idx == r->avail_idx)
		return false;
	r->published_idx = r->avail_idx;
	if (r->shape.event_idx) /* used_event: just behind what was taken last */
		r->avail->ring[r->shape.size] = (uint16_t)(r->used_idx - 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	r->avail->idx = r->avail_idx;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!r->shape.event_idx)
		return !(r->used->flags & VRING_USED_F_NO_NOTIFY);
	avail_event = *r->avail_event;
	return (uint16_t)(r->avail_idx - avail_event - 1) < (uint16_t)(r->avail_idx - old);
}

int ring_broken(struct ring *r)
{
	r->broken = true;
	return ERR_DEVICE;
}

/* 2.7.10.2. */
static void check_flags(struct ring *r)
{
	uint16_t flags = r->used->flags;

	ledger_seen(r->ledger, DEV_26);
	if (flags > 1 || (flags && r->shape.event_idx))
		ledger_broken(r->ledger, DEV_26, "used.flags of the %s queue is 0x%04x%s",
			      ring_name(r), flags, r->shape.event_idx ? ", with EVENT_IDX" : "");
}

/* The index, a barrier, then elements and buffers (2.7.14). */
int ring_arrived(struct ring *r)
{
	uint16_t idx, arrived, outstanding = (uint16_t)(r->published_idx - r->used_idx);

	if (r->shape.packed)
		return packed_arrived(r);
	if (r->broken)
		return ERR_DEVICE;
	check_flags(r);
	idx = r->used->idx;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	arrived = (uint16_t)(idx - r->used_idx);
	if (arrived)
		ledger_seen(r->ledger, DEV_21);
	if (arrived <= outstanding)
		return arrived;
	ledger_broken(
		r->ledger, DEV_21,
		"used.idx of the %s queue is 0x%04x; 0x%04x were taken, %u buffers were with the "
		"device",
		ring_name(r), idx, r->used_idx, outstanding);
	return ring_broken(r);
}

/* Descriptors of a buffer that has come back are as they were. */
static void check_memory(struct ring *r, unsigned slot)
{
	ledger_seen(r->ledger, DEV_25);
	if (!check_descs(r, slot))
		store_slot(r, slot);
}

void ring_check_guards(struct ring *r, unsigned slot)
{
	struct ring_slot *s = &r->slot[slot];
	const uint8_t *wrong;

	for (unsigned i = 0; i < s->pieces; i++) {
		if (arena_untouched(r->arena, s->piece[i].at + s->piece[i].len, ARENA_GUARD,
				    &wrong))
			continue;
		ledger_broken(r->ledger, r->shape.receives ? DEV_23 : DEV_25,
			      "piece %u of buffer %u of the %s queue has %u bytes; byte %u was "
			      "0x%02x and is 0x%02x",
			      i, slot, ring_name(r), (unsigned)s->piece[i].len,
			      (unsigned)(wrong - s->piece[i].at), arena_byte(r->arena, wrong),
			      *wrong);
	}
}

bool ring_with_device(const struct ring *r, uint32_t slot)
{
	const struct ring_slot *s = &r->slot[slot];

	return s->in_flight && (uint16_t)(r->avail_idx - s->posted_idx) >
				       (uint16_t)(r->avail_idx - r->published_idx);
}

/*
 * The slot that descriptor id is the head of and that is with the device; otherwise the ring
 * breaks. [DEV-20]
 */
static int check_id(struct ring *r, uint32_t id)
{
	uint32_t slot = id / ring_per_slot(r);

	ledger_seen(r->ledger, DEV_20);
	if (id % ring_per_slot(r) == 0 && slot < r->shape.slots && ring_with_device(r, slot))
		return (int)slot;
	ledger_broken(r->ledger, DEV_20, "the %s queue's element %u has id %u, %s", ring_name(r),
		      r->used_idx & (r->shape.size - 1u), (unsigned)id,
		      id % ring_per_slot(r) || slot >= r->shape.slots ?
			      "which is the head of no buffer" :
			      "which the device did not have");
	return ring_broken(r);
}

/* Receiving: what was written fits, and holds a header. Transmitting: nothing was written. */
int ring_check_len(struct ring *r, unsigned slot, uint32_t len)
{
	enum row row;

	if (!r->shape.receives) {
		ledger_seen(r->ledger, DEV_24);
		if (len)
			ledger_broken(r->ledger, DEV_24, "len is %u for transmitted buffer %u",
				      (unsigned)len, slot);
		return 0;
	}
	ledger_seen(r->ledger, DEV_23);
	ledger_seen(r->ledger, DEV_30);
	if (len <= r->slot[slot].room && len >= r->shape.header_len)
		return 0;
	row = len < r->shape.header_len ? DEV_30 : DEV_23;
	ledger_broken(r->ledger, row,
		      "len is %u for receive buffer %u of %u bytes; virtio_net_hdr has %u",
		      (unsigned)len, slot, (unsigned)r->slot[slot].room,
		      (unsigned)r->shape.header_len);
	return ring_broken(r);
}

/*
 * 2.7.9, 6.2: an element closes the batch from the oldest buffer in flight to its own; it stands at
 * the batch's first place and used.idx passes all of it. Sets r->behind.
 */
int ring_check_order(struct ring *r, unsigned slot, unsigned arrived)
{
	unsigned n = 0, in_flight = ring_in_flight(r);

	ledger_seen(r->ledger, DEV_27);
	while (n < in_flight && r->book[(uint16_t)(r->used_idx + n) % RING_SLOTS_MAX] != slot)
		n++;
	if (n < arrived) {
		r->behind = (uint16_t)n;
		return 0;
	}
	ledger_broken(
		r->ledger, DEV_27,
		"buffer %u was used as number %u of those in flight, while used.idx moved by %u",
		slot, n + 1, arrived);
	return ring_broken(r);
}

static int take_done(struct ring *r, unsigned slot)
{
	r->slot[slot].in_flight = false;
	r->used_idx++;
	check_memory(r, slot);
	ring_check_guards(r, slot);
	return (int)slot;
}

static int split_take(struct ring *r, uint32_t *len)
{
	volatile struct virtq_used_elem *elem = &r->used->ring[r->used_idx & (r->shape.size - 1)];
	int slot, arrived = ring_arrived(r);
	uint32_t id;

	if (arrived <= 0)
		return arrived ? arrived : ERR_AGAIN;
	id = elem->id; /* not before the index says that it is there (2.7.14) */
	*len = elem->len;
	if (r->behind) { /* in the middle of a batch that one element closed */
		*len = --r->behind ? RING_LEN_UNKNOWN : r->last_len;
		return take_done(r, r->book[r->used_idx % RING_SLOTS_MAX]);
	}
	slot = check_id(r, id);
	if (slot < 0 || ring_check_len(r, (unsigned)slot, *len) ||
	    (r->shape.in_order && ring_check_order(r, (unsigned)slot, (unsigned)arrived)))
		return ERR_DEVICE;
	if (r->behind) {
		r->last_len = *len;
		*len = RING_LEN_UNKNOWN;
		slot = r->book[r->used_idx % RING_SLOTS_MAX];
	}
	return take_done(r, (unsigned)slot);
}

int ring_take(struct ring *r, uint32_t *len)
{
	return r->shape.packed ? packed_take(r, len) : split_take(r, len);
}

bool ring_touched(const struct ring *r)
{
	return r->shape.packed ? packed_touched(r) : r->used->idx != 0;
}

const struct ring_slot *ring_peek(struct ring *r)
{
	uint32_t slot;

	if (r->shape.packed)
		return packed_peek(r);
	if (ring_arrived(r) <= 0)
		return NULL;
	if (r->shape.in_order) /* whose elements may stand for others */
		return &r->slot[r->book[r->used_idx % RING_SLOTS_MAX]];
	slot = r->used->ring[r->used_idx & (r->shape.size - 1)].id / ring_per_slot(r);
	return slot < r->shape.slots ? &r->slot[slot] : NULL;
}
