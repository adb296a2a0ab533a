/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has arrived of a connection's stream: everything below rcv_off, and a bounded list of ranges
 * above it that lie in their final place already. A byte that is delivered or held is never stored
 * again, so the first verified copy wins. Offsets come from segments that were verified and lie
 * inside the window. Called by tcp_rx.c and tcp_in.c.
 */
#include "core/mem.h"
#include "net/tcp/tcp_impl.h"

_Static_assert(TCP_HELD_MAX >= TCP_WINDOW_MAX / (2 * 1024), "every other segment of 1 KiB");

/* off, here and below: the low half of an offset. */
static bool is_in(const struct tcp_range *r, uint32_t off)
{
	return off - r->from < r->to - r->from;
}

/*
 * The first range that ends behind off: the one that holds it, or the next one above it; held_len
 * if there is none.
 */
static uint32_t range_at(const struct tcp_conn *c, uint32_t off)
{
	uint32_t base = (uint32_t)c->rcv_off, low = 0, high = c->held_len;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (c->held[middle].to - base <= off - base)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool tcp_store_overlaps(const struct tcp_conn *c, uint64_t off, uint32_t len)
{
	uint32_t i = range_at(c, (uint32_t)off);

	return i < c->held_len && (int32_t)(c->held[i].from - (uint32_t)off - len) < 0;
}

/*
 * What lies above it moves, 4 KiB at most; nothing if it is the first, as where a peer fills hole
 * after hole. A segment that fills many at once pays for each of the ranges behind them, which had
 * a segment of its own.
 */
static void remove_range(struct tcp_conn *c, uint32_t i)
{
	c->held_len--;
	if (i == 0)
		c->held++;
	else
		memmove(&c->held[i], &c->held[i + 1], (c->held_len - i) * sizeof(c->held[0]));
}

/*
 * It becomes the i-th; the list is not full. What lies above moves, 4 KiB at most: as a rule
 * nothing. So does all of it when it has come to the end of range[], but not for each segment.
 */
static void insert_range(struct tcp_conn *c, uint32_t i, struct tcp_range r)
{
	if (c->held + c->held_len == c->range + TCP_HELD_MAX) {
		memmove(c->range, c->held, c->held_len * sizeof(r));
		c->held = c->range;
	}
	memmove(&c->held[i + 1], &c->held[i], (c->held_len - i) * sizeof(r));
	c->held_len++;
	c->held[i] = r;
}

/* None of the segments in it is reported as a recent one any more. */
static void forget(struct tcp_conn *c, const struct tcp_range *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->recent_len; i++)
		if (!is_in(r, c->recent[i]))
			c->recent[n++] = c->recent[i];
	c->recent_len = n;
}

/* A segment has come that lies in the i-th: the next ACK reports it first. */
static void remember(struct tcp_conn *c, uint32_t i)
{
	forget(c, &c->held[i]);
	memmove(&c->recent[1], &c->recent[0], sizeof(c->recent) - sizeof(c->recent[0]));
	c->recent[0] = c->held[i].from;
	if (c->recent_len < TCP_SACK_BLOCKS)
		c->recent_len++;
}

/*
 * Bounded: what would need one range too many is refused, and the peer sends it again. Those that
 * are held stay, since the peer may have forgotten them (RFC 2018 8 allows to renege, nobody
 * expects it) [TCP-20] [SEC-02].
 */
bool tcp_store_hold(struct tcp_conn *c, uint64_t off, uint32_t len)
{
	uint32_t from = (uint32_t)off, to = from + len, i = range_at(c, from);
	bool above = i < c->held_len && c->held[i].from == to;

	if (i > 0 && c->held[i - 1].to == from) {
		i--;
		if (above) {
			c->held[i + 1].from = c->held[i].from;
			remove_range(c, i);
		} else {
			c->held[i].to = to;
		}
	} else if (above) {
		c->held[i].from = from;
	} else {
		if (c->held_len == TCP_HELD_MAX)
			return false;
		insert_range(c, i, (struct tcp_range){ from, to });
	}
	c->held_bytes += len;
	c->landing.stride = 0; /* the device may not write there any more */
	remember(c, i);
	return true;
}

void tcp_store_merge(struct tcp_conn *c)
{
	struct tcp_range r;

	if (!c->held_len || c->held[0].from != (uint32_t)c->rcv_off)
		return;
	r = c->held[0];
	tcp_store_advance(c, r.to - r.from);
	c->held_bytes -= r.to - r.from;
	forget(c, &r);
	remove_range(c, 0);
}

void tcp_store_tell(struct tcp_conn *c)
{
	uint32_t len = c->landed_len;

	c->landed_len = 0;
	if (len && c->user)
		c->user->landed(c->user->ctx, c->rcv_off - len, len);
}

void tcp_land(struct tcp_conn *c, uint8_t *at, size_t len)
{
	c->landing.at = at;
	c->landing.len = len;
}

/*
 * New bytes at RCV.NXT: to their landing, then what they join; else to the user, who may close the
 * connection meanwhile.
 */
static void deliver(struct tcp_conn *c, const uint8_t *data, uint32_t len)
{
	uint8_t *dst = tcp_store_landing(c, 0, len);
	uint64_t off = c->rcv_off;

	c->due |= TCP_DUE_ACK;
	if (dst) {
		memcpy(dst, data, len);
		tcp_store_advance(c, len);
		tcp_store_merge(c);
		return;
	}
	tcp_store_tell(c);
	c->rcv_nxt += len;
	c->rcv_off += len;
	c->landing.len = 0;
	if (c->user)
		c->user->data(c->user->ctx, off, (struct span){ data, len });
}

/* New bytes above a hole stay only if they have a landing. */
static void keep(struct net *net, struct tcp_conn *c, uint64_t off, const uint8_t *data,
		 uint32_t len)
{
	uint8_t *dst = tcp_store_landing(c, (uint32_t)(off - c->rcv_off), len);

	if (!dst)
		return;
	memcpy(dst, data, len);
	if (!tcp_store_hold(c, off, len))
		net->count.no_room++;
}

void tcp_store_staged(struct net *net, struct tcp_conn *c, uint64_t off, const uint8_t *data,
		      uint32_t len)
{
	for (uint32_t n; len && c->user; off += n, data += n, len -= n) {
		uint32_t at = (uint32_t)off, i = range_at(c, at), most = len;
		int32_t ahead = (int32_t)(at - (uint32_t)c->rcv_off);
		bool held = i < c->held_len && is_in(&c->held[i], at);

		if (ahead < 0) /* taken over with the range that they lie in */
			most = (uint32_t)-ahead;
		else if (i < c->held_len)
			most = (held ? c->held[i].to : c->held[i].from) - at;
		n = most < len ? most : len;
		if (held)
			remember(c, i); /* the first bytes won */
		else if (ahead == 0)
			deliver(c, data, n);
		else if (ahead > 0)
			keep(net, c, off, data, n);
	}
}

static bool is_among(const struct tcp_range *blocks, uint32_t n, const struct tcp_range *r)
{
	while (n > 0 && blocks[n - 1].from != r->from)
		n--;
	return n > 0;
}

/*
 * RFC 2018 4: those in which the last segments lie, the newest of them first; and as many others as
 * there is room for, for those that came before these have been forgotten.
 */
uint32_t tcp_store_sack(const struct tcp_conn *c, struct tcp_range blocks[TCP_SACK_BLOCKS])
{
	uint32_t n;

	for (n = 0; n < c->recent_len; n++)
		blocks[n] = c->held[range_at(c, c->recent[n])];
	for (uint32_t i = 0; n < TCP_SACK_BLOCKS && i < c->held_len; i++)
		if (!is_among(blocks, n, &c->held[i]))
			blocks[n++] = c->held[i];
	return n;
}
