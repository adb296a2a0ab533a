/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has arrived of a connection's stream: everything below rcv_off, and a short list of ranges
 * above it that lie in their final place already. A byte that is delivered or held is never stored
 * again, so the first verified copy wins. Offsets come from segments that were verified and lie
 * inside the window. Called by tcp_rx.c and tcp_in.c.
 */
#include "core/mem.h"
#include "net/tcp/tcp_impl.h"

/*
 * The first range that ends behind off: the one that holds it, or the next one above it; held_len
 * if there is none.
 */
static uint32_t range_at(const struct tcp_conn *c, uint64_t off)
{
	uint32_t i;

	for (i = 0; i < c->held_len && c->held[i].to <= off; i++)
		;
	return i;
}

bool tcp_store_overlaps(const struct tcp_conn *c, uint64_t off, uint32_t len)
{
	uint32_t i = range_at(c, off);

	return i < c->held_len && c->held[i].from < off + len;
}

static void remove_range(struct tcp_conn *c, uint32_t i)
{
	c->held_len--;
	memmove(&c->held[i], &c->held[i + 1], (c->held_len - i) * sizeof(c->held[0]));
}

/*
 * Bounded: what would need one range too many is refused, and the peer sends it again. Those that
 * are held stay, since the peer may have forgotten them (RFC 2018 8 allows to renege, nobody
 * expects it) [TCP-20] [SEC-02].
 */
bool tcp_store_hold(struct tcp_conn *c, uint64_t off, uint32_t len)
{
	uint32_t i = range_at(c, off);
	bool below = i > 0 && c->held[i - 1].to == off;
	bool above = i < c->held_len && c->held[i].from == off + len;
	struct tcp_range *r = &c->held[below ? i - 1 : i];

	if (below && above) {
		r->to = c->held[i].to;
		remove_range(c, i);
	} else if (below) {
		r->to = off + len;
	} else if (above) {
		r->from = off;
	} else {
		if (c->held_len == TCP_HELD_MAX)
			return false;
		memmove(r + 1, r, (c->held_len - i) * sizeof(*r));
		c->held_len++;
		r->from = off;
		r->to = off + len;
	}
	r->grown = ++c->grown;
	return true;
}

uint32_t tcp_store_merge(struct tcp_conn *c)
{
	uint32_t len;

	if (!c->held_len || c->held[0].from != c->rcv_off)
		return 0;
	len = (uint32_t)(c->held[0].to - c->rcv_off); /* inside the window */
	c->rcv_off += len;
	c->rcv_nxt += len;
	remove_range(c, 0);
	return len;
}

/*
 * New bytes at RCV.NXT go to the user, then what they join. The user may close the connection
 * meanwhile.
 */
static void deliver(struct tcp_conn *c, const uint8_t *data, uint32_t len)
{
	uint64_t off = c->rcv_off;
	uint8_t *dst = c->user->place(c->user->ctx, off, len);

	c->rcv_nxt += len;
	c->rcv_off += len;
	c->due |= TCP_DUE_ACK;
	if (dst) {
		memcpy(dst, data, len);
		c->user->landed(c->user->ctx, off, len);
	} else {
		c->user->data(c->user->ctx, off, (struct span){ data, len });
	}
	off += len;
	len = c->user ? tcp_store_merge(c) : 0;
	if (len)
		c->user->landed(c->user->ctx, off, len);
}

/* New bytes above a hole stay only if they have a place. */
static void keep(struct net *net, struct tcp_conn *c, uint64_t off, const uint8_t *data,
		 uint32_t len)
{
	uint8_t *dst = c->user->place(c->user->ctx, off, len);

	if (!dst)
		return;
	memcpy(dst, data, len);
	if (!tcp_store_hold(c, off, len))
		net->count.no_room++;
}

void tcp_store_staged(struct net *net, struct tcp_conn *c, uint64_t off, const uint8_t *data,
		      uint32_t len)
{
	while (len && c->user) {
		uint32_t i = range_at(c, off), n = len;
		const struct tcp_range *r = i < c->held_len ? &c->held[i] : NULL;

		if (r && r->from <= off) { /* held already: the first bytes won */
			if (r->to - off < n)
				n = (uint32_t)(r->to - off);
		} else {
			if (r && r->from - off < n)
				n = (uint32_t)(r->from - off);
			if (off == c->rcv_off)
				deliver(c, data, n);
			else
				keep(net, c, off, data, n);
		}
		off += n;
		data += n;
		len -= n;
		/* A range that joined rcv_off was taken over with its bytes. */
		if (off < c->rcv_off) {
			n = c->rcv_off - off < len ? (uint32_t)(c->rcv_off - off) : len;
			off += n;
			data += n;
			len -= n;
		}
	}
}

uint32_t tcp_store_sack(const struct tcp_conn *c, struct tcp_range blocks[TCP_SACK_BLOCKS])
{
	uint32_t n, age, age_min = 0; /* ages differ: each growth has its number */

	for (n = 0; n < TCP_SACK_BLOCKS && n < c->held_len; n++) {
		uint32_t best = UINT32_MAX;

		for (uint32_t i = 0; i < c->held_len; i++) {
			age = c->grown - c->held[i].grown;
			if (age >= age_min && age < best) {
				best = age;
				blocks[n] = c->held[i];
			}
		}
		age_min = best + 1;
	}
	return n;
}
