/* SPDX-License-Identifier: BSD-2-Clause */
/* A struct nic between a test and net/; see fake_nic.h. */
#include "tests/model/fake_nic.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

static struct fake_nic *self(struct nic *nic)
{
	return (struct fake_nic *)nic; /* its first member */
}

static struct fake_frame *frame_new(const uint8_t *bytes, uint32_t len)
{
	struct fake_frame *f = malloc(sizeof(*f) + len);

	assert(f && len <= FAKE_NIC_FRAME_MAX);
	memset(f, 0, sizeof(*f));
	f->csum = CSUM_CHECK;
	f->len = len;
	memcpy(f->bytes, bytes, len);
	return f;
}

static void deliver(struct fake_nic *f, struct fake_frame *in)
{
	uint32_t head_len = in->len < FRAME_HEAD_MAX ? in->len : FRAME_HEAD_MAX;
	uint8_t *head = malloc(head_len ? head_len : 1);
	struct frame frame = {
		.head = head,
		.data = { in->bytes, in->len },
		.csum = in->csum,
		.csum_start = in->csum_start,
		.csum_offset = in->csum_offset,
		.breach = in->breach,
	};

	assert(head);
	memcpy(head, in->bytes, head_len); /* both end where the sanitizer sees it */
	f->nic.rx(f->nic.rx_ctx, &frame);
	free(head);
	free(in);
}

static int poll(struct nic *nic)
{
	struct fake_nic *f = self(nic);
	int frames = 0;

	assert(!f->closed);
	if (f->broken)
		return fail(nic->failure, RUNG_QUEUES, ERR_DEVICE, "%s", f->broken);
	while (f->rx_first && frames < nic->rx_slots) {
		struct fake_frame *in = f->rx_first;

		f->rx_first = in->next;
		if (!f->rx_first)
			f->rx_last = &f->rx_first;
		deliver(f, in);
		frames++;
	}
	return frames;
}

static uint8_t *tx_buffer(struct nic *nic)
{
	struct fake_nic *f = self(nic);

	if (f->unflushed >= f->tx_buffers) {
		f->refused++;
		return NULL;
	}
	if (!f->tx_buffer) {
		f->tx_buffer = malloc(nic->tx_max);
		assert(f->tx_buffer);
		memset(f->tx_buffer, 0xa5, nic->tx_max); /* what an earlier frame left */
	}
	return f->tx_buffer;
}

static void tx_send(struct nic *nic, uint32_t len)
{
	struct fake_nic *f = self(nic);
	struct fake_frame *out;

	assert(f->tx_buffer && len <= nic->tx_max && !f->closed);
	f->unflushed++;
	f->sent++;
	if (f->tx) {
		f->tx(f->tx_ctx, f->tx_buffer, len);
	} else {
		out = frame_new(f->tx_buffer, len);
		*f->sent_last = out;
		f->sent_last = &out->next;
	}
	free(f->tx_buffer);
	f->tx_buffer = NULL;
}

static void tx_flush(struct nic *nic)
{
	self(nic)->unflushed = 0;
}

static bool link_up(struct nic *nic)
{
	return !self(nic)->down;
}

static uint16_t mtu_max(struct nic *nic)
{
	return self(nic)->mtu_max;
}

static int close_nic(struct nic *nic)
{
	struct fake_nic *f = self(nic);

	if (f->on_close && !f->closed)
		f->on_close(f->on_close_ctx);
	f->closed++;
	return f->stuck ? fail(nic->failure, RUNG_DEVICE, ERR_DEVICE, "%s", f->stuck) : 0;
}

static void breach_text(struct nic *nic, uint8_t breach, struct text *t)
{
	(void)nic;
	text_fmt(t, " (breach %u)", breach);
}

static void count_text(struct nic *nic, struct text *t)
{
	(void)nic;
	text_fmt(t, "dev_flags 0 dev_ring 0");
}

static const struct nic_ops ops = {
	.poll = poll,
	.tx_buffer = tx_buffer,
	.tx_send = tx_send,
	.tx_flush = tx_flush,
	.link_up = link_up,
	.mtu_max = mtu_max,
	.close = close_nic,
	.breach_text = breach_text,
	.count_text = count_text,
};

void fake_nic_init(struct fake_nic *f)
{
	memset(f, 0, sizeof(*f));
	f->nic = (struct nic){
		.ops = &ops,
		.failure = &f->failure,
		.mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
		.mtu = 1500,
		.rx_slots = 64,
		.tx_max = 1518,
	};
	f->mtu_max = 1500;
	f->tx_buffers = UINT32_MAX;
	f->rx_last = &f->rx_first;
	f->sent_last = &f->sent_first;
}

void fake_nic_forget_sent(struct fake_nic *f)
{
	while (f->sent_first)
		free(fake_nic_sent(f));
}

void fake_nic_free(struct fake_nic *f)
{
	fake_nic_forget_sent(f);
	while (f->rx_first) {
		struct fake_frame *in = f->rx_first;

		f->rx_first = in->next;
		free(in);
	}
	free(f->tx_buffer);
}

struct fake_frame *fake_nic_receive(struct fake_nic *f, const uint8_t *frame, uint32_t len)
{
	struct fake_frame *in = frame_new(frame, len);

	*f->rx_last = in;
	f->rx_last = &in->next;
	return in;
}

struct fake_frame *fake_nic_sent(struct fake_nic *f)
{
	struct fake_frame *out = f->sent_first;

	if (!out)
		return NULL;
	f->sent_first = out->next;
	if (!f->sent_first)
		f->sent_last = &f->sent_first;
	return out;
}
