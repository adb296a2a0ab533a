/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A nic without a driver or a device behind it, for tests of net/: frames are put in at one end and
 * taken out at the other. Unkind where the contract of core/nic.h lets it be: payload bytes vanish
 * when the callback returns, transmit buffers run out.
 */
#ifndef TESTS_MODEL_FAKE_NIC_H
#define TESTS_MODEL_FAKE_NIC_H

#include "core/nic.h"

#define FAKE_NIC_FRAME_MAX (65535 + 18)

struct fake_frame {
	struct fake_frame *next;
	enum csum_verdict csum;
	uint16_t csum_start, csum_offset;
	uint8_t breach;
	uint32_t len;
	uint8_t bytes[];
};

struct fake_nic {
	struct nic nic;
	struct failure failure;
	bool down; /* what link_up() denies */
	uint16_t mtu_max;
	uint32_t tx_buffers;        /* how many frames may leave between two flushes */
	const char *broken, *stuck; /* poll(), or close(), fails with this sentence; NULL: not */
	void (*on_close)(
		void *ctx); /* called by close() while the device still runs; NULL: nothing */
	void *on_close_ctx;
	/* What becomes of a frame that leaves; NULL: kept, for fake_nic_sent(). */
	void (*tx)(void *ctx, const uint8_t *frame, uint32_t len);
	void *tx_ctx;

	struct fake_frame *rx_first, **rx_last;
	struct fake_frame *sent_first, **sent_last;
	uint32_t sent, unflushed, refused;
	unsigned closed; /* how often close() was called; no frame passes any more */
	uint8_t *tx_buffer;
};

/* MAC 52:54:00:12:34:56, MTU 1500, 64 slots. */
void fake_nic_init(struct fake_nic *f);
void fake_nic_free(struct fake_nic *f);

/*
 * A frame arrives, to be checked by the stack; poll() delivers it. A copy is kept. Its verdict may
 * be changed until then.
 */
struct fake_frame *fake_nic_receive(struct fake_nic *f, const uint8_t *frame, uint32_t len);
/* The oldest frame that was sent and not yet taken, or NULL; the caller frees it. */
struct fake_frame *fake_nic_sent(struct fake_nic *f);
/* Forgets what was sent so far. */
void fake_nic_forget_sent(struct fake_nic *f);

#endif
