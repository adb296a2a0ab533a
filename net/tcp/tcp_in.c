/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 9293 3.10.7, SEGMENT ARRIVES, in its order, with the checks of RFC 5961: for every segment
 * that tcp_rx.c could not simply store. The segment was verified and its payload staged in private
 * memory; what it says is still a stranger's word.
 */
#include "core/clock.h"
#include "core/wire.h"
#include "net/tcp/tcp_impl.h"

#define MSS_MIN 64   /* no link is that small: who says less means mischief [TCP-11] */
#define SHIFT_MAX 14 /* RFC 7323 2.3 [TCP-12] */
#define OPT_END 0
#define OPT_NOP 1
#define OPT_MSS 2
#define OPT_SCALE 3
#define OPT_SACK_OK 4

static void take_option(struct tcp_conn *c, const uint8_t *opt)
{
	if (opt[0] == OPT_MSS && opt[1] == 4) {
		c->snd_mss = get_be16(opt + 2);
	} else if (opt[0] == OPT_SCALE && opt[1] == 3) {
		c->scale_ok = true;
		c->snd_shift = opt[2] > SHIFT_MAX ? SHIFT_MAX : opt[2];
	} else if (opt[0] == OPT_SACK_OK && opt[1] == 2) {
		c->sack_ok = true;
	}
}

/*
 * The options of the peer's SYN. RFC 9293 3.2: unknown ones are skipped, a length that leads
 * nowhere ends the list [TCP-08]. Other segments have none that we look at, timestamps included
 * [TCP-14].
 */
static void take_options(struct tcp_conn *c, const struct tcp_segment *s)
{
	const uint8_t *opt = s->head + TCP_HEADER_LEN, *end = s->head + s->header_len;
	uint16_t mss_max = c->snd_mss;

	c->snd_mss = TCP_MSS_DEFAULT;
	while (opt < end && *opt != OPT_END) {
		if (*opt == OPT_NOP) {
			opt++;
			continue;
		}
		if (end - opt < 2 || opt[1] < 2 || opt[1] > end - opt)
			break;
		take_option(c, opt);
		opt += opt[1];
	}
	if (c->snd_mss < MSS_MIN)
		c->snd_mss = MSS_MIN;
	if (c->snd_mss > mss_max)
		c->snd_mss = mss_max;
	if (c->scale_ok) /* RFC 7323 2.2: both or none [TCP-12] */
		return;
	c->rcv_shift = 0; /* [TCP-13] */
	if (c->rcv_wnd > UINT16_MAX)
		c->rcv_wnd = UINT16_MAX;
}

/* --- SYN-SENT -------------------------------------------------------------------------------- */

/* The peer's SYN: its numbers, and the windows, which no SYN scales (RFC 7323 2.2). */
static void take_syn(struct tcp_conn *c, const struct tcp_segment *s)
{
	c->irs = s->seq;
	c->rcv_nxt = s->seq + 1;
	take_options(c, s);
	c->rcv_adv = c->rcv_nxt + c->rcv_wnd;
	c->snd_wnd = c->snd_max_wnd = s->wnd;
	c->snd_wl1 = s->seq;
	c->due |= TCP_DUE_HEARD;
}

static void become_established(struct tcp_conn *c, const struct tcp_segment *s)
{
	c->state = TCP_ESTABLISHED;
	c->snd_una = s->ack;
	c->due |= TCP_DUE_PROGRESS;
	tcp_timer_syn_acked(c, clock_now_ms());
}

static void in_text(struct net *net, struct tcp_conn *c, struct tcp_segment *s);

/*
 * RFC 9293 3.10.7.3: ACK, RST, SYN in this order [TCP-02]. From SYN-RECEIVED comes here what
 * acknowledges our SYN.
 */
static void in_syn_sent(struct net *net, struct tcp_conn *c, struct tcp_segment *s)
{
	bool acked = (s->flags & TCP_ACK) && s->ack == c->snd_nxt;

	if ((s->flags & TCP_ACK) && !acked) {
		/* Of an older connection, which this RST ends; our SYN tries again [TCP-06]. */
		tcp_out_rst_for(net, s);
		return;
	}
	if (s->flags & TCP_RST) {
		if (acked)
			tcp_end(c, ERR_REFUSED);
		return;
	}
	if (!(s->flags & TCP_SYN))
		return;
	take_syn(c, s);
	if (!acked) { /* RFC 9293 3.5: both opened at once [TCP-03] */
		c->state = TCP_SYN_RECEIVED;
		tcp_out_syn(net, c);
		return;
	}
	become_established(c, s);
	tcp_out_ack(net, c); /* bare and first: some peers lose what rides on it */
	tcp_out_more(net, c);
	/* What came with the SYN [TCP-39]. */
	s->seq++;
	in_text(net, c, s);
}

/* --- synchronised states --------------------------------------------------------------------- */

/* RFC 9293 3.10.7.4, first: one of the four cases [TCP-18]. */
static bool is_acceptable(const struct tcp_conn *c, const struct tcp_segment *s)
{
	uint32_t ahead = s->seq - c->rcv_nxt, wnd = tcp_window_left(c);
	uint32_t len = s->len + (s->flags & TCP_FIN ? 1 : 0);

	if (!len)
		return wnd ? ahead < wnd : !ahead;
	return wnd && (ahead < wnd || ahead + len - 1 < wnd);
}

static void in_unacceptable(struct net *net, struct tcp_conn *c, const struct tcp_segment *s)
{
	bool fin = s->flags & TCP_FIN;

	/* A duplicate, whose ACK may have been lost; a probe; or two ends at odds: no ACK war. */
	if (s->len || fin)
		c->due |= TCP_DUE_ACK;
	else
		tcp_out_challenge(net, c);
	/* RFC 9293 3.10.7.4: restart the 2 MSL timeout [TCP-42] */
	if (fin && c->state == TCP_TIME_WAIT)
		c->since_ms = clock_now_ms();
}

/*
 * RFC 5961 3 [TCP-22]. RFC 1337: nobody ends TIME-WAIT early. In SYN-RECEIVED a RST that does not
 * acknowledge our SYN takes back the peer's, which was an old one or a stranger's, as it does for a
 * listener (RFC 9293 3.5): that we opened actively is no reason to be refused by a blind guess.
 */
static void in_rst(struct net *net, struct tcp_conn *c, const struct tcp_segment *s)
{
	if (c->state == TCP_TIME_WAIT)
		return;
	if (s->seq == c->rcv_nxt && c->state == TCP_SYN_RECEIVED)
		tcp_syn_sent(net, c);
	else if (s->seq == c->rcv_nxt)
		tcp_end(c, ERR_PROTO);
	else if (s->seq - c->rcv_nxt < tcp_window_left(c))
		tcp_out_challenge(net, c);
}

/* Our FIN is acknowledged, as everything is. */
static void in_fin_acked(struct tcp_conn *c)
{
	if (c->state == TCP_FIN_WAIT_1) {
		c->state = TCP_FIN_WAIT_2;
	} else if (c->state == TCP_CLOSING) {
		c->state = TCP_TIME_WAIT;
		c->since_ms = clock_now_ms();
	} else if (c->state == TCP_LAST_ACK) {
		tcp_end(c, 0);
	}
}

static void in_new_ack(struct net *net, struct tcp_conn *c, const struct tcp_segment *s)
{
	c->snd_una = s->ack;
	c->dup_acks = 0;
	tcp_timer_acked(c, clock_now_ms());
	if (c->recovering && tcp_seq_diff(s->ack, c->recover) < 0)
		tcp_out_again(net, c); /* RFC 6582 3.2: the next hole */
	else
		c->recovering = false;
	if (c->snd_una == c->snd_nxt)
		in_fin_acked(c);
}

/* RFC 5681 3.2: the third duplicate says that a segment is lost and others are not [TCP-35]. */
static void in_dup_ack(struct net *net, struct tcp_conn *c, const struct tcp_segment *s)
{
	if (s->len || (s->flags & TCP_FIN) || c->snd_una == c->snd_nxt || !s->wnd ||
	    (uint32_t)s->wnd << c->snd_shift != c->snd_wnd)
		return;
	if (c->dup_acks < UINT8_MAX)
		c->dup_acks++;
	if (c->dup_acks != 3 || c->recovering)
		return;
	c->recovering = true;
	c->recover = c->snd_nxt;
	tcp_out_again(net, c);
}

/* The peer's window. One that opens again is used at once; what had probed it comes first. */
static void in_window(struct net *net, struct tcp_conn *c, const struct tcp_segment *s)
{
	bool was_closed = !c->snd_wnd;

	tcp_update_window(c, s->seq, s->wnd);
	if (!was_closed || !c->snd_wnd || !tcp_has_unacked(c))
		return;
	tcp_timer_reopened(c, clock_now_ms());
	if (c->snd_una != c->snd_nxt)
		tcp_out_again(net, c);
}

/* RFC 9293 3.10.7.4, fifth. False: the segment goes no further. */
static bool in_ack(struct net *net, struct tcp_conn *c, const struct tcp_segment *s)
{
	int32_t news = tcp_seq_diff(s->ack, c->snd_una);

	if (c->state == TCP_SYN_RECEIVED) {
		if (news <= 0 || tcp_seq_diff(s->ack, c->snd_nxt) > 0) {
			tcp_out_rst_for(net, s);
			return false;
		}
		become_established(c, s);
		news = 0;
	}
	/* RFC 5961 5, from SND.UNA - MAX.SND.WND to SND.NXT: far less than 2^32 [TCP-24]. */
	if (c->snd_nxt - s->ack > c->snd_nxt - c->snd_una + c->snd_max_wnd) {
		tcp_out_challenge(net, c);
		return false;
	}
	if (news > 0)
		in_new_ack(net, c, s);
	else if (news == 0)
		in_dup_ack(net, c, s);
	if (news >= 0)
		in_window(net, c, s);
	tcp_out_more(net, c);
	return true;
}

/* The peer's FIN stands next in order [TCP-38]. */
static void in_fin(struct tcp_conn *c)
{
	c->rcv_nxt++;
	c->fin_received = true;
	c->due |= TCP_DUE_ACK | TCP_DUE_PROGRESS;
	if (c->state == TCP_ESTABLISHED) {
		c->state = TCP_CLOSE_WAIT;
	} else if (c->state == TCP_FIN_WAIT_1) {
		c->state = TCP_CLOSING;
	} else if (c->state == TCP_FIN_WAIT_2) {
		c->state = TCP_TIME_WAIT;
		c->since_ms = clock_now_ms();
	}
}

/*
 * RFC 9293 3.10.7.4: old bytes in front and those beyond the window are cut off, and the FIN with
 * the latter [TCP-19]. The segment is acceptable, so it reaches to RCV.NXT, and it begins inside
 * the window.
 */
static void trim(const struct tcp_conn *c, struct tcp_segment *s)
{
	int32_t old = tcp_seq_diff(c->rcv_nxt, s->seq);
	uint32_t room;

	if (old > 0) {
		s->seq += (uint32_t)old;
		s->data += old;
		s->len -= (uint32_t)old;
	}
	room = tcp_window_left(c) - (s->seq - c->rcv_nxt);
	if (s->len >= room) {
		s->flags &= (uint8_t)~TCP_FIN;
		s->len = room;
	}
}

/* A FIN behind bytes that are held already, or a second one elsewhere, is not this stream's. */
static void note_fin(struct tcp_conn *c, uint64_t fin_off)
{
	if (c->fin_known || tcp_store_overlaps(c, fin_off, TCP_WINDOW_MAX))
		return;
	c->fin_known = true;
	c->fin_off = fin_off;
}

/* RFC 9293 3.10.7.4, seventh and eighth: text and FIN. */
static void in_text(struct net *net, struct tcp_conn *c, struct tcp_segment *s)
{
	uint64_t off;
	bool ahead;

	if (c->fin_received || (!s->len && !(s->flags & TCP_FIN)))
		return;
	trim(c, s);
	off = c->rcv_off + (s->seq - c->rcv_nxt);
	if (s->flags & TCP_FIN)
		note_fin(c, off + s->len);
	if (c->fin_known && off + s->len > c->fin_off)
		s->len = off < c->fin_off ? (uint32_t)(c->fin_off - off) : 0;
	ahead = off > c->rcv_off;
	if (!ahead)
		c->asked_ms = net->timers_ms;
	c->due |= TCP_DUE_ACK;
	tcp_store_staged(net, c, off, s->data, s->len);
	if (c->state == TCP_CLOSED) /* by its user, meanwhile */
		return;
	/* RFC 9293 3.10.4, RFC 1122 4.2.2.13: bytes that nobody wants any more [TCP-41] */
	if (!c->user && off + s->len > c->rcv_off) {
		tcp_reset(net, c, 0);
		return;
	}
	if (ahead)
		tcp_out_ack(net, c); /* RFC 5681 4.2: at once, each [TCP-26] */
	if (c->fin_known && c->rcv_off == c->fin_off)
		in_fin(c);
}

static void in_synchronised(struct net *net, struct tcp_conn *c, struct tcp_segment *s)
{
	if (s->flags & TCP_RST) {
		in_rst(net, c, s);
		return;
	}
	if (s->flags & TCP_SYN) { /* RFC 5961 4: wherever it stands [TCP-23] */
		tcp_out_challenge(net, c);
		return;
	}
	if (!is_acceptable(c, s)) {
		in_unacceptable(net, c, s);
		return;
	}
	if (!(s->flags & TCP_ACK))
		return;
	c->due |= TCP_DUE_HEARD;
	if (in_ack(net, c, s))
		in_text(net, c, s);
}

/*
 * A SYN or RST that acknowledges our SYN is the word of who has seen it, and outranks any SYN that
 * has not, and all that was learnt from that: the other half of a simultaneous open as well as the
 * real peer's answer behind a blind SYN [TCP-03].
 */
static bool answers_our_syn(const struct tcp_conn *c, const struct tcp_segment *s)
{
	return c->state == TCP_SYN_RECEIVED && (s->flags & (TCP_SYN | TCP_RST)) &&
	       (s->flags & TCP_ACK) && s->ack == c->snd_nxt;
}

/* RFC 9293 3.3.2: the states of an active opener, all but LISTEN [TCP-01]. */
void tcp_in(struct net *net, struct tcp_conn *c, struct tcp_segment *s)
{
	if (!c) {
		tcp_out_rst_for(net, s);
		return;
	}
	if (answers_our_syn(c, s))
		tcp_syn_sent(net, c);
	if (c->state == TCP_SYN_SENT)
		in_syn_sent(net, c, s);
	else
		in_synchronised(net, c, s);
}
