/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio network driver: one receive and one transmit queue, polled. A port's main() opens it
 * and gives the struct nic (core/nic.h) to net/.
 */
#ifndef DRIVERS_VIRTIO_NET_H
#define DRIVERS_VIRTIO_NET_H

#include "arch/port.h"
#include "core/nic.h"
#include "core/types.h"
#include "drivers/virtio.h"
#include "drivers/virtq.h"
#include "drivers/vnet.h"

enum virtio_net_queue { VIRTIO_NET_RECEIVEQ, VIRTIO_NET_TRANSMITQ };

/* struct virtio_net_config, 5.1.4: offsets. */
enum virtio_net_config_member {
	VIRTIO_NET_CONFIG_MAC = 0,
	VIRTIO_NET_CONFIG_STATUS = 6,
	VIRTIO_NET_CONFIG_MTU = 10,
};

#define VIRTIO_NET_RX_SLOTS 128
#define VIRTIO_NET_TX_SLOTS 32
#define VIRTIO_NET_PAGE 4096
#define VIRTIO_NET_TX_LEN 2048
/* 5.1.9.3.1 [NET-20]: with the header 65601 bytes, and a VLAN tag. */
#define VIRTIO_NET_RX_TSO (65601 + 4 - VNET_HEADER_LEN)

/*
 * In a buffer the frame begins here and the virtio header, of 12 or 10 bytes, ends here: they are
 * one piece of memory.
 */
#define VIRTIO_NET_FRAME_OFF VNET_HEADER_LEN

/* Header and first bytes of a frame, in the processor's words. */
#define VIRTIO_NET_COPY_WORDS \
	((VIRTIO_NET_FRAME_OFF + FRAME_HEAD_MAX + sizeof(uintptr_t) - 1) / sizeof(uintptr_t))

/*
 * A receive buffer holds the largest frame: 65,535 bytes of IP behind an Ethernet header with a
 * VLAN tag. An odd number of pages, so that the buffers' pages do not fall on the same few entries
 * of a TLB indexed by page number.
 */
#define VIRTIO_NET_RX_LEN (17 * VIRTIO_NET_PAGE)

/*
 * All memory that the device sees, about 9 MiB, for as long as the device is open; with fewer
 * receive buffers only the first of them.
 */
struct virtio_net_memory {
	uint8_t rx_ring[VIRTQ_MEMORY_LEN];
	uint8_t tx_ring[VIRTQ_MEMORY_LEN];
	uint8_t tx[VIRTIO_NET_TX_SLOTS][VIRTIO_NET_TX_LEN];
	uintptr_t rx[VIRTIO_NET_RX_SLOTS][VIRTIO_NET_RX_LEN / sizeof(uintptr_t)];
} __attribute__((aligned(VIRTIO_NET_PAGE)));

struct virtio_net_options {
	enum csum_policy csum;
	uint64_t features; /* the mask: ANDed with what would be accepted, but VERSION_1 */
	/*
	 * Accept GUEST_TSO4 and TSO6 with GUEST_CSUM: TCP comes in frames of up to 64 KiB, larger
	 * than the MTU, most of them CSUM_PARTIAL.
	 */
	bool tso;
	uint16_t rx_slots; /* receive buffers, at most VIRTIO_NET_RX_SLOTS; 0: that many */
};

/* Bytes that the port is asked for (port_dma_alloc) with so many receive buffers. */
#define VIRTIO_NET_MEMORY_LEN(rx_slots) \
	(offsetof(struct virtio_net_memory, rx) + (size_t)(rx_slots)*VIRTIO_NET_RX_LEN)

/* Counted since virtio_net_open(). */
struct virtio_net_counts {
	uint32_t rx, tx;
	uint32_t dev_flags; /* frames with any of VNET_FLAG_ROWS */
	uint32_t dev_ring;  /* faults of a used ring */
	uint32_t tx_len;    /* DEV-24: transmitted buffers with a length */
	uint32_t row[VNET_ROWS];
};

/* The caller owns it; virtio_net_open() fills it in. */
struct virtio_net {
	struct nic nic; /* the first member: nic's operations find us by it */
	/*
	 * Private copy of the current frame's header and first bytes; here it is cheapest to reach.
	 */
	uintptr_t copy[VIRTIO_NET_COPY_WORDS];
	struct virtio virtio;
	struct virtq rx, tx;
	struct vnet_rules rules;
	struct virtio_net_memory *memory;
	struct dma dma;
	struct virtio_net_counts counts;
	uint32_t header_len; /* of struct virtio_net_hdr */
	uint32_t tx_free;    /* one bit per transmit slot that is ours */
	uint16_t mtu_max;
	uint16_t tx_slot; /* what tx_buffer() handed out last */
	bool open, broken;

	/* virtio_net_land.c's */
	uint8_t *landing[VIRTIO_NET_RX_SLOTS]; /* posted, and not processed yet; NULL: none */
	uint8_t *last_landing;                 /* the highest of them */
	uint16_t landings;
	uint16_t idle_count; /* receive slots that are ours */
	uint8_t idle[VIRTIO_NET_RX_SLOTS];

	uint32_t empty_polls; /* since the last frame or look around */
	uint32_t quiet_rx;    /* counts.rx when we last looked */
	uint32_t quiet_since_ms;
};

/*
 * Brings up the device at PCI function fn: reset, features, queues, receive buffers, DRIVER_OK. vn
 * and f stay the caller's until the nic's close(). opt is read now only. 0; ERR_DEVICE with
 * a sentence in f, rung `device` (cannot be driven) or `queues` (cannot be set up), and the device
 * reset again.
 */
int virtio_net_open(struct virtio_net *vn, uintptr_t fn, const struct virtio_net_options *opt,
		    struct failure *f) MUST_CHECK;

/* virtio_net.c's, for virtio_net_open.c. */
extern const struct nic_ops virtio_net_ops;

/* virtio_net_land.c's, for virtio_net.c. */

/* Posts idle slots for nic.landing, as many as are of use. */
void virtio_net_post_landings(struct virtio_net *vn);
/*
 * A frame has come while landings are posted: sets its floor, and what comes of its own being in
 * one. False: it may be spoilt, drop it.
 */
bool virtio_net_landed(struct virtio_net *vn, unsigned slot, struct frame *frame) MUST_CHECK;

/* Where the bytes behind FRAME_APART_OFF lie in a slot's own buffer. */
static inline uint8_t *virtio_net_behind(struct virtio_net *vn, unsigned slot)
{
	return (uint8_t *)vn->memory->rx[slot] + VIRTIO_NET_FRAME_OFF + FRAME_APART_OFF;
}

static inline uint64_t virtio_net_address(const struct virtio_net *vn, const uint8_t *at)
{
	return vn->dma.dev + (uint64_t)(at - vn->dma.va);
}

/* The nic: its rx and rx_ctx are the caller's to set before the first poll(). */
static inline struct nic *virtio_net_nic(struct virtio_net *vn)
{
	return &vn->nic;
}

#endif
