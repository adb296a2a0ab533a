/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between a network driver and net/. A driver fills in a struct nic; net/ sets rx and
 * calls the operations. Nobody else stands between them. rx borrows, tx transfers.
 */
#ifndef CORE_NIC_H
#define CORE_NIC_H

#include "core/err.h"
#include "core/frame.h"
#include "core/text.h"
#include "core/types.h"

struct nic;

/* What IPv4 (RFC 791 3.1) and DHCP (RFC 2131 2) need: all that net/ sends but data fits. */
#define NIC_MTU_LEAST 576

/*
 * Where the payload of the next frames belongs, as far as TCP knows. A nic that lands lets the
 * device write it there at once, at the places that frames of this length will have: wherever TCP
 * has not accepted a byte yet, and nowhere else.
 */
struct landing {
	uint8_t *at;     /* of the next byte in order */
	size_t len;      /* bytes from there on; 0: no landing */
	uint32_t stride; /* the longest segment so far; 0: nothing may be written there now */
};

struct nic_ops {
	/*
	 * Hands frames that have arrived to nic->rx, a bounded number, posts their buffers again
	 * and tells the device once. Returns how many frames there were, or ERR_DEVICE: the device
	 * is broken for good and only close() may follow (its `failure` was set, rung `queues`).
	 */
	int (*poll)(struct nic *nic) MUST_CHECK;

	/*
	 * A buffer for one frame of up to tx_max bytes, Ethernet header first; NULL if all are with
	 * the device (a caller drops its packet and counts it; protocols retransmit). The caller
	 * fills it and passes it to tx_send(); asking again without sending returns the same
	 * buffer.
	 */
	MUST_CHECK uint8_t *(*tx_buffer)(struct nic *nic);
	/*
	 * Transfers the buffer that tx_buffer() returned, len bytes of it. Not yet announced to the
	 * device.
	 */
	void (*tx_send)(struct nic *nic, uint32_t len);
	/* Announces what was sent since the last flush, with at most one doorbell. */
	void (*tx_flush)(struct nic *nic);

	/* Whether the link is up now; true where the device cannot tell. */
	bool (*link_up)(struct nic *nic);

	/*
	 * The largest IP packet that a later agreement (DHCP option 26) may set: what posted
	 * buffers hold, never above the device's own limit, and not below mtu.
	 */
	uint16_t (*mtu_max)(struct nic *nic);

	/* Stops the device: reset, read back as reset. 0, or ERR_DEVICE if it does not stop. */
	int (*close)(struct nic *nic) MUST_CHECK;

	/*
	 * Appends what a breach id means, for the failure line: "which the device may not do: …".
	 * The rest of the sentence (how many segments, which address) is net's.
	 */
	void (*breach_text)(struct nic *nic, uint8_t breach, struct text *t);
	/*
	 * Appends "dev_flags N dev_ring N": the driver's share of the counter line. vouched and
	 * partial are net's.
	 */
	void (*count_text)(struct nic *nic, struct text *t);
};

struct nic {
	const struct nic_ops *ops;
	void (*rx)(void *rx_ctx, const struct frame *frame);
	void *rx_ctx;
	struct failure *failure; /* where poll() and close() say what the device did */
	/* net's: read by poll(), where the nic lands. NULL: none; the nic may give it up, too. */
	const struct landing *landing;
	bool lands; /* set by the driver; whoever wants no landings clears it */
	uint8_t mac[6];
	/* Largest IP packet now, both ways: the device's MTU, or 1500; NIC_MTU_LEAST or more. */
	uint16_t mtu;
	uint16_t rx_slots; /* frames that the device can hold at a time */
	uint16_t tx_max;   /* bytes in a transmit buffer: 14 + NIC_MTU_LEAST or more */
};

#endif
