/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watching ring, packed: one table that both sides write, in turn. Buffer ids are slots. A
 * descriptor is copied once, when its flags first say that it is used; all that is judged or
 * believed is the copy. Called by ring.c.
 */
#include "core/clock.h"
#include "core/err.h"
#include "core/mem.h"
#include "tests/conform/ring_impl.h"

#define EVENT_LEN 4
#define STRAY_MS 100 /* that descriptors may be used out of their order (2.8.12) */
#define AVAIL_USED (PACKED_AVAIL | PACKED_USED)
#define OFF 0x7fff

bool packed_init(struct ring *r)
{
	struct packed *p = &r->packed;
	uint32_t len = r->shape.size * (uint32_t)sizeof(struct packed_desc);
	uint8_t *desc = arena_take(r->arena, len, 16), *driver = arena_take(r->arena, EVENT_LEN, 8),
		*device = arena_take(r->arena, EVENT_LEN, 8);

	if (!desc || !driver || !device || r->shape.size > PACKED_SIZE_MAX)
		return false;
	memset(desc, 0, len);
	memset(driver, 0, EVENT_LEN);
	memset(device, 0, EVENT_LEN);
	p->desc = (volatile struct packed_desc *)(void *)desc;
	p->driver = (volatile struct packed_event *)(void *)driver;
	p->device = (const volatile struct packed_event *)(void *)device;
	p->driver->flags = PACKED_DISABLE;
	p->next_wrap = p->used_wrap = true; /* 2.8.1 */
	r->place.size = r->shape.size;
	r->place.desc_dev = arena_dev(r->arena, desc);
	r->place.avail_dev = arena_dev(r->arena, driver);
	r->place.used_dev = arena_dev(r->arena, device);
	return true;
}

/* --- the driver's side ----------------------------------------------------------------------- */

/* 2.8.19: no flag but WRITE inside a table. */
void packed_bind_table(struct ring *r, unsigned slot)
{
	struct ring_slot *s = &r->slot[slot];
	volatile struct packed_desc *table = (volatile struct packed_desc *)(void *)s->table;

	for (unsigned i = 0; i < s->pieces && table; i++) {
		table[i].addr = arena_dev(r->arena, s->piece[i].at);
		table[i].len = s->piece[i].len;
		table[i].id = 0;
		table[i].flags = r->shape.receives ? PACKED_WRITE : 0;
	}
}

/* Descriptor i of a slot, at a place that is passed with this wrap counter. */
static struct packed_desc describe(const struct ring *r, unsigned slot, unsigned i, bool wrap)
{
	const struct ring_slot *s = &r->slot[slot];
	unsigned flags = wrap ? PACKED_AVAIL : PACKED_USED;

	if (s->table)
		return (struct packed_desc){
			.addr = arena_dev(r->arena, (const uint8_t *)s->table),
			.len = s->pieces * (uint32_t)sizeof(struct packed_desc),
			.id = (uint16_t)slot,
			.flags = (uint16_t)(flags | PACKED_INDIRECT),
		};
	flags |= r->shape.receives ? PACKED_WRITE : 0u;
	flags |= i + 1u < s->pieces ? PACKED_NEXT : 0u;
	return (struct packed_desc){
		.addr = arena_dev(r->arena, s->piece[i].at),
		.len = s->piece[i].len,
		.id = (uint16_t)slot,
		.flags = (uint16_t)flags,
	};
}

static struct packed_desc load(const volatile struct packed_desc *d)
{
	return (struct packed_desc){ d->addr, d->len, d->id, d->flags };
}

static bool same(const struct packed_desc *a, const struct packed_desc *b)
{
	return a->addr == b->addr && a->len == b->len && a->id == b->id && a->flags == b->flags;
}

/* 2.8.15 [DEV-28]: a used one that the driver has not taken for another buffer. */
static void check_used_stays(struct ring *r, unsigned place)
{
	const struct packed_desc *was = &r->packed.shadow[place], is = load(&r->packed.desc[place]);

	if (!r->packed.is_used[place])
		return;
	ledger_seen(r->ledger, DEV_28);
	if (!same(&is, was))
		ledger_broken(r->ledger, DEV_28,
			      "descriptor %u of the %s queue was used with id %u, len %u, flags "
			      "0x%04x; later it has id %u, len %u, flags 0x%04x",
			      place, ring_name(r), was->id, (unsigned)was->len, was->flags, is.id,
			      (unsigned)is.len, is.flags);
}

static void step(const struct ring *r, uint16_t *place, bool *wrap, unsigned n)
{
	*place = (uint16_t)(*place + n);
	if (*place < r->shape.size)
		return;
	*place = (uint16_t)(*place - r->shape.size);
	*wrap = !*wrap;
}

/* Everything but the head's flags, which packed_publish() writes (2.8.17). */
void packed_post(struct ring *r, unsigned slot)
{
	struct packed *p = &r->packed;

	r->slot[slot].place = p->next;
	for (unsigned i = 0; i < ring_per_slot(r); i++) {
		struct packed_desc d = describe(r, slot, i, p->next_wrap);
		volatile struct packed_desc *at = &p->desc[p->next];

		check_used_stays(r, p->next);
		p->shadow[p->next] = d;
		p->is_used[p->next] = false;
		at->addr = d.addr;
		at->len = d.len;
		at->id = d.id;
		if (i > 0)
			at->flags = d.flags;
		step(r, &p->next, &p->next_wrap, 1);
		p->unpublished++;
	}
}

/* 2.8.10, 2.8.14 [DEV-84] */
static void check_event(struct ring *r, uint16_t flags)
{
	ledger_seen(r->ledger, DEV_84);
	if (flags > PACKED_DESC || (flags == PACKED_DESC && !r->shape.event_idx))
		ledger_broken(r->ledger, DEV_84,
			      "flags of the device event suppression of the %s queue are 0x%04x%s",
			      ring_name(r), flags, r->shape.event_idx ? "" : ", without EVENT_IDX");
}

/* 2.8.10.1: whether a descriptor that was just published is the one that the device waits for. */
static bool wants_doorbell(struct ring *r, unsigned published)
{
	const struct packed *p = &r->packed;
	uint16_t flags = p->device->flags, off_wrap = p->device->off_wrap, event;

	check_event(r, flags);
	if ((flags & 3) != PACKED_DESC)
		return (flags & 3) != PACKED_DISABLE;
	event = off_wrap & OFF;
	if ((off_wrap >> 15 & 1) != p->next_wrap)
		event = (uint16_t)(event - r->shape.size);
	return (uint16_t)(p->next - event - 1) < published;
}

bool packed_publish(struct ring *r)
{
	struct packed *p = &r->packed;
	unsigned published = p->unpublished;

	if (r->published_idx == r->avail_idx)
		return false;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (; r->published_idx != r->avail_idx; r->published_idx++) {
		uint16_t place = r->slot[r->book[r->published_idx % RING_SLOTS_MAX]].place;

		p->desc[place].flags = p->shadow[place].flags;
	}
	p->unpublished = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return wants_doorbell(r, published);
}

/* --- the device's side ----------------------------------------------------------------------- */

/* What flags a used descriptor has, of the two that tell. */
static bool say_used(uint16_t flags, bool wrap)
{
	return (flags & AVAIL_USED) == (wrap ? AVAIL_USED : 0);
}

/*
 * Whether the descriptor of a buffer in flight is used. Then its shadow is what the device has
 * written, as it was when that was first seen. *flags: what the answer rests on.
 */
static bool used_at(struct ring *r, unsigned place, bool wrap, uint16_t *flags)
{
	struct packed *p = &r->packed;

	*flags = p->is_used[place] ? p->shadow[place].flags : p->desc[place].flags;
	if (p->is_used[place] || !say_used(*flags, wrap))
		return p->is_used[place];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	p->shadow[place] = load(&p->desc[place]);
	p->shadow[place].flags = *flags;
	p->is_used[place] = true;
	return true;
}

/*
 * 2.8.1, 2.8.6 [DEV-82]: a descriptor is either as the driver has made it available, or used with
 * the wrap counter of this lap. r has buffers in flight, and the next place, with these flags, is
 * not used.
 */
static int check_wrap(struct ring *r, uint16_t flags)
{
	struct packed *p = &r->packed;

	ledger_seen(r->ledger, DEV_82);
	if ((flags & AVAIL_USED) == (p->used_wrap ? PACKED_AVAIL : PACKED_USED))
		return 0;
	ledger_broken(r->ledger, DEV_82,
		      "descriptor %u of the %s queue has flags 0x%04x; the wrap counter is %u",
		      p->used, ring_name(r), flags, p->used_wrap);
	return ring_broken(r);
}

/* Whether a buffer in flight is marked as used elsewhere than at the next place, for too long. */
static int check_stray(struct ring *r)
{
	struct packed *p = &r->packed;
	uint16_t place = p->used;
	bool wrap = p->used_wrap;

	for (unsigned i = 1; i < r->shape.size; i++) {
		step(r, &place, &wrap, 1);
		if (p->is_used[place] || !p->shadow[place].flags || place == p->next)
			break;
		if (!say_used(p->desc[place].flags, wrap))
			continue;
		if (!p->stray)
			p->stray_ms = clock_now_ms();
		p->stray = true;
		if (!clock_reached(clock_now_ms(), p->stray_ms + STRAY_MS))
			return 0;
		ledger_broken(r->ledger, DEV_82,
			      "descriptor %u of the %s queue is used; the next one is to be %u",
			      place, ring_name(r), p->used);
		return ring_broken(r);
	}
	p->stray = false;
	return 0;
}

/* How many buffers a used descriptor with this id stands for (2.8.8), of those in flight. */
static unsigned batch(const struct ring *r, uint16_t idx, uint32_t id)
{
	unsigned n = 0, left = (uint16_t)(r->published_idx - idx);

	if (!r->shape.in_order)
		return 1;
	while (n < left && r->book[(uint16_t)(idx + n) % RING_SLOTS_MAX] != id)
		n++;
	return n < left ? n + 1 : 1;
}

int packed_arrived(struct ring *r)
{
	uint16_t place = r->packed.used, idx = r->used_idx, flags = 0;
	bool wrap = r->packed.used_wrap;
	int arrived = r->behind, err;

	if (r->broken)
		return ERR_DEVICE;
	/* In the middle of a batch its place is behind it already. */
	idx = (uint16_t)(idx + r->behind);
	while (idx != r->published_idx && used_at(r, place, wrap, &flags)) {
		uint32_t id = r->packed.shadow[place].id;
		unsigned n = batch(r, idx, id);

		arrived += (int)n;
		if (id >= r->shape.slots)
			break;
		idx = (uint16_t)(idx + n);
		step(r, &place, &wrap, n * ring_per_slot(r));
	}
	if (arrived || idx == r->published_idx)
		return arrived;
	err = check_wrap(r, flags);
	return err ? err : check_stray(r);
}

/* [DEV-20] */
static int check_id(struct ring *r, uint32_t id)
{
	ledger_seen(r->ledger, DEV_20);
	if (id < r->shape.slots && ring_with_device(r, id))
		return (int)id;
	ledger_broken(r->ledger, DEV_20,
		      "descriptor %u of the %s queue was used with id %u, which the device did not "
		      "have",
		      r->packed.used, ring_name(r), (unsigned)id);
	return ring_broken(r);
}

/* 2.8.4: len counts with WRITE only, which many devices leave out [DEV-83]. */
static int check_len(struct ring *r, unsigned slot, const struct packed_desc *d)
{
	if (!r->shape.receives)
		return ring_check_len(r, slot, d->flags & PACKED_WRITE ? d->len : 0);
	ledger_seen(r->ledger, DEV_83);
	if (!(d->flags & PACKED_WRITE))
		ledger_broken(r->ledger, DEV_83,
			      "a used descriptor with len %u has flags 0x%04x, without WRITE",
			      (unsigned)d->len, d->flags);
	return ring_check_len(r, slot, d->len);
}

/* What the device had no reason to write: the rest of a list, a table [DEV-25]. */
static void check_rest(struct ring *r, unsigned slot)
{
	uint16_t place = r->slot[slot].place;
	bool wrap = true;

	ledger_seen(r->ledger, DEV_25);
	for (unsigned i = 1; i < ring_per_slot(r); i++) {
		struct packed_desc is;

		step(r, &place, &wrap, 1);
		is = load(&r->packed.desc[place]);
		if (!r->packed.is_used[place] && !same(&is, &r->packed.shadow[place]))
			ledger_broken(r->ledger, DEV_25,
				      "descriptor %u of the %s queue, not the first of its buffer, "
				      "was changed",
				      place, ring_name(r));
	}
}

static int take_done(struct ring *r, unsigned slot)
{
	r->slot[slot].in_flight = false;
	r->used_idx++;
	check_rest(r, slot);
	ring_check_guards(r, slot);
	return (int)slot;
}

int packed_take(struct ring *r, uint32_t *len)
{
	struct packed *p = &r->packed;
	struct packed_desc d;
	int slot, arrived = packed_arrived(r);

	if (arrived <= 0)
		return arrived ? arrived : ERR_AGAIN;
	if (r->behind) {
		*len = --r->behind ? RING_LEN_UNKNOWN : r->last_len;
		return take_done(r, r->book[r->used_idx % RING_SLOTS_MAX]);
	}
	d = p->shadow[p->used];
	slot = check_id(r, d.id);
	if (slot < 0 || check_len(r, (unsigned)slot, &d) ||
	    (r->shape.in_order && ring_check_order(r, (unsigned)slot, ring_in_flight(r))))
		return ERR_DEVICE;
	p->stray = false;
	step(r, &p->used, &p->used_wrap, (r->behind + 1u) * ring_per_slot(r));
	*len = d.len;
	if (r->behind) {
		r->last_len = d.len;
		*len = RING_LEN_UNKNOWN;
		slot = r->book[r->used_idx % RING_SLOTS_MAX];
	}
	return take_done(r, (unsigned)slot);
}

const struct ring_slot *packed_peek(struct ring *r)
{
	uint16_t id;

	if (packed_arrived(r) <= 0)
		return NULL;
	if (r->shape.in_order)
		return &r->slot[r->book[r->used_idx % RING_SLOTS_MAX]];
	id = r->packed.shadow[r->packed.used].id;
	return id < r->shape.slots ? &r->slot[id] : NULL;
}

void ring_look_back(struct ring *r)
{
	for (unsigned place = 0; r->shape.packed && place < r->shape.size; place++)
		check_used_stays(r, place);
}

bool packed_touched(const struct ring *r)
{
	for (unsigned place = 0; place < r->shape.size; place++)
		if (r->packed.desc[place].flags != r->packed.shadow[place].flags)
			return true;
	return false;
}
